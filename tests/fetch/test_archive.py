import gzip
import itertools
import json
import os
import resource
import signal
import tempfile
import threading
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.fetch.archive import (
    DETAIL_CHARACTERS,
    UNUSABLE_BYTES,
    ArchiveWriter,
    RecordPlace,
    Revisit,
    open_segment,
    payload_digest,
    read_answer,
    scan_members,
    seal_segment,
    segment_path,
    segments_in,
)
from tasks.fetch.http_head import Asked, answer_of, read_head
from tasks.fetch.records import Answer
from tasks.fetch.warc import find_records, read_record
from tasks.outcome import Dropped, DropReason, Fatal, Retryable, Unusable

CASES = Path(__file__).parents[1] / "cases" / "fetch"
URL = "https://bote.example/bridge?id=1"
NOON = datetime(2026, 11, 25, 12, 0, 0, 123456, UTC)
PAGE = "<p>Die Brücke bleibt geschlossen.</p>".encode() * 20


def answer(body: bytes = PAGE, *lines: str, status: str = "200 OK", trouble: Dropped | None = None) -> Answer:
    """Make an answer as the client does, of header lines `Name: value`."""
    headers = [(name.encode(), value.encode()) for name, _, value in (line.partition(": ") for line in lines)]
    head = read_head(int(status[:3]), f"HTTP/1.1 {status}".encode(), headers)
    return answer_of(Asked(URL, NOON, "192.0.2.7"), head, body, trouble)


def archived(folder: Path, *answers: Answer) -> list[RecordPlace]:
    with ArchiveWriter(folder) as writer:
        return [writer.append(one) for one in answers]


def rows() -> list[dict[str, str]]:
    lines = (CASES / "archived_answers.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["label"])
def test_a_record_is_well_formed_and_gives_back_what_was_sent(row: dict[str, str], tmp_path: Path) -> None:
    reason = row.get("reason")
    trouble = None if reason is None else Dropped(DropReason(reason), row["detail"])
    sent = Answer(URL, NOON, head=row["head"].encode(), body=row["body"].encode(), trouble=trouble)
    (place,) = archived(tmp_path, replace(sent, status=int(row["head"][9:12])))
    (record,) = [one for one in records(tmp_path) if one["type"] == WarcRecordType.response]
    assert record["block"] == (row["stored"] + row["body"]).encode()
    assert record["WARC-Truncated"] == row.get("truncated")
    assert record["Unspun-Outcome"] == row.get("outcome")
    back = read_answer(tmp_path, place)
    assert (back.head, back.body, back.trouble) == (sent.head, sent.body, sent.trouble)


def records(folder: Path) -> list[dict[str, object]]:
    """Read all records of all segments with FastWARC."""
    found: list[dict[str, object]] = []
    wanted = ["WARC-Truncated", "Unspun-Outcome", "WARC-Target-URI", "WARC-Date", "WARC-Payload-Digest", "WARC-Profile"]
    wanted += ["WARC-Refers-To-Target-URI", "WARC-Refers-To-Date", "WARC-IP-Address", "WARC-Record-ID", "Content-Type"]
    for name in segments_in(folder):
        with segment_path(folder, name).open("rb") as file:
            for record in ArchiveIterator(file, parse_http=False):
                fields = {field: record.headers.get(field) for field in wanted}
                found.append({**fields, "type": record.record_type, "block": record.reader.read()})
    return found


# What other readers see


def test_a_segment_opens_with_what_wrote_it_and_each_record_is_a_member_of_its_own(tmp_path: Path) -> None:
    places = archived(tmp_path, answer(), answer(b"<p>Two"))
    info, first, second = records(tmp_path)
    assert info["type"] == WarcRecordType.warcinfo
    assert b"software: unspun/" in info["block"]  # type: ignore[operator]
    assert first["WARC-Target-URI"] == URL
    assert first["WARC-Date"] == "2026-11-25T12:00:00.123456Z"
    assert first["WARC-IP-Address"] == "192.0.2.7"
    assert first["WARC-Payload-Digest"] == places[0].payload_digest == payload_digest(PAGE)
    assert first["Content-Type"] == "application/http; msgtype=response"
    assert first["WARC-Record-ID"] != second["WARC-Record-ID"]
    (name,) = segments_in(tmp_path)
    packed = (tmp_path / name).read_bytes()
    for place in places:
        assert gzip.decompress(packed[place.offset : place.offset + place.length]).startswith(b"WARC/1.1\r\n")
    assert places[1].offset + places[1].length == len(packed)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        pytest.param(PAGE, [f"Content-Length: {len(PAGE)}"], id="plain"),
        pytest.param(PAGE, ["Transfer-Encoding: chunked"], id="was-chunked"),
        pytest.param(gzip.compress(PAGE), ["Content-Encoding: gzip", "Transfer-Encoding: chunked"], id="gzip"),
        pytest.param(b"3\r\n<p>\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"], id="looks-chunked-still"),
    ],
)
def test_the_reader_of_given_archives_reads_ours(body: bytes, lines: list[str], tmp_path: Path) -> None:
    (place,) = archived(tmp_path, answer(body, "Content-Type: text/html; charset=utf-8", *lines))
    with open_segment(tmp_path, place.segment) as file:
        (found,) = find_records(file)
        assert (found.url, found.offset, found.length, found.packed) == (URL, place.offset, place.length, False)
        assert found.trouble is None
        capture = read_record(file, found.offset, packed=False, max_bytes=100_000)
    assert capture.body == (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
    assert (capture.url, capture.fetched_at, capture.charset_label) == (URL, NOON, "utf-8")


def test_to_it_a_cut_body_is_cut_and_a_revisit_has_none(tmp_path: Path) -> None:
    torn = answer(trouble=Dropped(DropReason.BODY_TRUNCATED, "680 of 900 bytes"))
    with ArchiveWriter(tmp_path) as writer:
        writer.append(torn)
        place = writer.append(answer(), Revisit(URL, NOON, payload_digest(PAGE)))
    with open_segment(tmp_path, place.segment) as file:
        reasons = []
        for found in list(find_records(file)):
            with pytest.raises(Unusable) as refused:
                read_record(file, found.offset, packed=False, max_bytes=100_000)
            reasons.append(refused.value.reason)
    assert reasons == [DropReason.BODY_TRUNCATED, DropReason.RECORD_WITHOUT_PAYLOAD]


def test_a_304_and_the_same_bytes_again_become_revisits(tmp_path: Path) -> None:
    earlier = Revisit("https://bote.example/old", NOON - timedelta(days=1), payload_digest(PAGE))
    unmodified = answer(b"", 'ETag: "1"', "Content-Length: 740", "X-Crawler-Age: 1", status="304 Not Modified")
    same = answer(PAGE, "Transfer-Encoding: chunked")
    announced = answer(PAGE, f"Content-Length: {len(PAGE)}")
    with ArchiveWriter(tmp_path) as writer:
        places = [writer.append(one, earlier) for one in (unmodified, same, announced)]
    first, second, third = records(tmp_path)[1:]
    assert third["block"] == announced.head
    assert [record["WARC-Truncated"] for record in (first, second, third)] == [None] * 3, "left out, not cut"
    profiles = "http://netpreserve.org/warc/1.1/revisit/"
    for record, profile in ((first, "server-not-modified"), (second, "identical-payload-digest")):
        assert record["type"] == WarcRecordType.revisit
        assert record["WARC-Profile"] == profiles + profile
        assert record["WARC-Refers-To-Target-URI"] == "https://bote.example/old"
        assert record["WARC-Refers-To-Date"] == "2026-11-24T12:00:00.123456Z"
        assert record["WARC-Payload-Digest"] == payload_digest(PAGE)
    as_stored = unmodified.head.replace(b"X-Crawler-", b"X-Crawler-X-Crawler-")
    assert first["block"] == as_stored, "the length in a 304 is not that of a body here"
    assert f"Content-Length: {len(PAGE)}\r\n".encode() in second["block"]  # type: ignore[operator]
    assert read_answer(tmp_path, places[0]) == unmodified
    assert read_answer(tmp_path, places[1]) == replace(same, body=b"")
    (name,) = segments_in(tmp_path)
    assert [member.is_revisit for member in scan_members(tmp_path / name, 0)] == [False, True, True, True]


def test_bodies_are_packed_once(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(range(256)) * 40 + PAGE * 30)
    plain, stored = archived(tmp_path, answer(PAGE * 30), answer(packed, "Content-Encoding: gzip"))
    assert plain.length < len(PAGE) * 30 / 5
    assert len(packed) < stored.length < len(packed) + 1_000


def test_of_an_unusable_answer_the_beginning_is_kept(tmp_path: Path) -> None:
    trouble = Dropped(DropReason.BODY_TOO_BIG, "more than 10000000 bytes")
    sent = answer(PAGE * 200, trouble=trouble)
    (place,) = archived(tmp_path, sent)
    assert read_answer(tmp_path, place) == replace(sent, body=(PAGE * 200)[:UNUSABLE_BYTES])
    assert place.payload_digest == payload_digest((PAGE * 200)[:UNUSABLE_BYTES])


def test_an_answer_without_a_head_is_no_record(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer, pytest.raises(ValueError, match="without a head"):
        writer.append(Answer(URL, NOON, trouble=Dropped(DropReason.DNS_FAILURE, "no such host")))
    assert segments_in(tmp_path) == [], "who writes nothing leaves nothing"


# Whatever servers send

names = st.text(st.sampled_from("abcXYZ-123"), min_size=1, max_size=12) | st.sampled_from(
    [
        "Transfer-Encoding",
        "content-length",
        "X-Crawler-Content-Length",
        "x-crawler-",
        "Content-Type",
        "Location",
        "ETag",
    ]
)
values = st.binary(max_size=40).map(lambda value: value.translate(None, b"\r\n\0").strip()) | st.sampled_from(
    [b"0", b"5", b"chunked", b"text/html; charset=x", b"gzip, br", b"\xff\xfe", "/Brücke".encode()]
)
urls = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60).map("https://bote.example/".__add__)
troubles = st.none() | st.builds(
    Dropped, st.sampled_from(DropReason), st.text(st.characters() | st.sampled_from("\r\n% \0\ud800"), max_size=80)
)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
bodies = st.binary(max_size=300) | st.sampled_from([b"\r\n\r\nWARC/1.1\r\n", gzip.compress(b"x"), b"x" * 70_000])
hostile_heads = st.binary(min_size=1, max_size=200) | st.lists(
    st.sampled_from(
        [
            b"HTTP/1.1 200 OK",
            b"\r\n",
            b"\n",
            b"\r",
            b"\0",
            b"Content-Length: 3",
            b"X-Crawler-",
            b"transfer-encoding:chunked",
        ]
    ),
    min_size=1,
    max_size=12,
).map(b"".join)


def there_and_back(*answers: Answer) -> list[Answer]:
    """Archive answers; read them as places and as members, which must agree, and have FastWARC count them."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        places = archived(folder, *answers)
        back = [read_answer(folder, place) for place in places]
        (name,) = segments_in(folder)
        members = list(scan_members(folder / name, 0))[1:]
        assert [(member.place, member.answer) for member in members] == list(zip(places, back, strict=True))
        assert [record["type"] for record in records(folder)[1:]] == [WarcRecordType.response] * len(answers)
        return back


@given(
    st.integers(100, 599),
    st.lists(st.tuples(names.map(str.encode), values), max_size=8),
    urls,
    moments,
    st.none() | st.ip_addresses().map(str),
    bodies,
    troubles,
)
@settings(max_examples=100, deadline=None)
def test_an_answer_of_the_client_comes_back_whole(  # noqa: PLR0913, PLR0917  (what an answer is made of)
    status: int,
    headers: list[tuple[bytes, bytes]],
    url: str,
    asked_at: datetime,
    peer: str | None,
    body: bytes,
    trouble: Dropped | None,
) -> None:
    head = read_head(status, b"HTTP/1.1 %d Whatever" % status, headers)
    sent = answer_of(Asked(url, asked_at, peer), head, body, trouble)
    kept = sent if trouble is None else replace(sent, body=body[:UNUSABLE_BYTES])
    assert there_and_back(sent, answer()) == [kept, answer()]


@given(hostile_heads, bodies, troubles)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nContent-Length: 3\r\n\r\n", b"abc", None)
@example(b"Content-Length: 3\nContent-Length: 3\r\n\r\n", b"abc", None)
@example(b"\nContent-Length: 3\r\nX-Crawler-X-Crawler-", b"abc", None)
@settings(max_examples=100, deadline=None)
def test_the_bytes_of_any_head_come_back(head: bytes, body: bytes, trouble: Dropped | None) -> None:
    sent = Answer(URL, NOON, head=head, body=body, trouble=trouble)
    back, after = there_and_back(sent, answer())
    assert (back.head, back.body) == (head, body if trouble is None else body[:UNUSABLE_BYTES])
    assert back.trouble == trouble
    assert after == answer()


def test_an_address_or_a_detail_beyond_measure_makes_a_readable_record(tmp_path: Path) -> None:
    odd = replace(
        answer(trouble=Dropped(DropReason.PROTOCOL_ERROR, "\U0001f4f0" * 50_000)), url="https://ä b\r\nX: \ud800"
    )
    (place,) = archived(tmp_path, odd)
    back = read_answer(tmp_path, place)
    assert back.url == "https://%C3%A4%20b%0D%0AX:%20%ED%A0%80"
    assert back.trouble == Dropped(DropReason.PROTOCOL_ERROR, "\U0001f4f0" * DETAIL_CHARACTERS)
    assert len(records(tmp_path)) == 2


def test_dates_are_written_in_utc(tmp_path: Path) -> None:
    local = replace(answer(), asked_at=NOON.astimezone(timezone(timedelta(hours=5, minutes=45))))
    (place,) = archived(tmp_path, local)
    assert records(tmp_path)[1]["WARC-Date"] == "2026-11-25T12:00:00.123456Z"
    assert read_answer(tmp_path, place) == answer()


# Segments


def test_a_segment_is_open_until_it_is_full_or_its_writer_ends(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path, segment_bytes=1_500) as writer:
        places = [writer.append(answer(bytes([65 + n]) * 900, "Content-Encoding: br")) for n in range(2)]
        assert writer.segments() == []
        writer.sync()
        sealed, current = writer.segments()
        assert (sealed.name, sealed.is_sealed) == (places[0].segment, True)
        assert (current.name, current.is_sealed) == (places[1].segment, False)
        assert sealed.n_bytes == (tmp_path / sealed.name).stat().st_size
        assert current.n_bytes == (tmp_path / f"{current.name}.open").stat().st_size
        assert [read_answer(tmp_path, place).body[:1] for place in places] == [b"A", b"B"]
        writer.sync()
        assert writer.segments() == [current], "what was told once is not told again"
    assert [read_answer(tmp_path, place).body[:1] for place in places] == [b"A", b"B"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*(place.segment for place in places), "lock"])


def test_each_writer_begins_a_segment_of_its_own_with_the_next_number(tmp_path: Path) -> None:
    names = [archived(tmp_path, answer())[0].segment for _ in range(3)]
    assert [name[:9] for name in names] == ["00000001-", "00000002-", "00000003-"]
    (tmp_path / "99999999-20261125T000000000000Z.warc.gz").touch()
    (tmp_path / "00000007-notes.warc.gz").touch()
    assert archived(tmp_path, answer())[0].segment.startswith("100000000-")
    assert segments_in(tmp_path)[-1].startswith("100000000-"), "in the order of numbers, not of letters"


def test_what_was_appended_is_on_the_disk_after_sync_and_not_in_one_piece_before(tmp_path: Path) -> None:
    noise = zlib.compress(PAGE, 0) * 2_000
    with ArchiveWriter(tmp_path) as writer:
        place = writer.append(answer())
        assert segment_path(tmp_path, place.segment).stat().st_size == 0
        for _ in range(6):
            writer.append(answer(noise, "Content-Encoding: br"))
        assert segment_path(tmp_path, place.segment).stat().st_size > 8 << 20, "memory is bounded"
        writer.sync()
        assert segment_path(tmp_path, place.segment).stat().st_size == writer.segments()[0].n_bytes


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path), pytest.raises(Retryable, match="another process writes"), ArchiveWriter(tmp_path):
        pass
    archived(tmp_path, answer())


def test_a_segment_that_is_there_twice_is_not_written_over(tmp_path: Path) -> None:
    (place,) = archived(tmp_path, answer())
    (tmp_path / f"{place.segment}.open").write_bytes(b"")
    with pytest.raises(Fatal, match="is there twice"):
        archived(tmp_path, answer())


def test_a_full_disk_is_told_and_ends_the_writing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = ArchiveWriter(tmp_path)
    with writer:
        first = writer.append(answer())
        writer.sync()
        writer.append(answer(bytes(range(256)) * 200, "Content-Encoding: br"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        try:
            with pytest.raises(Retryable, match="check the disk"):
                writer.sync()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        with pytest.raises(Retryable, match="an earlier write failed"):
            writer.sync()
    assert segment_path(tmp_path, first.segment).name.endswith(".open"), "what may be torn is not called whole"
    assert read_answer(tmp_path, first) == answer()
    (name,) = segments_in(tmp_path)
    assert len(list(scan_members(segment_path(tmp_path, name), 0))) == 2


def test_after_a_signal_in_the_middle_of_a_write_nothing_more_is_written(tmp_path: Path) -> None:
    """A pipe that nobody reads stands in the place of the segment, so that the write waits until the signal comes."""
    main, (read_end, write_end) = threading.main_thread().ident, os.pipe()
    assert main is not None

    def interrupt() -> None:
        signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.2)
        os.close(read_end)  # whoever writes on fails

    with ArchiveWriter(tmp_path) as writer:
        place = writer.append(answer())
        writer.sync()
        writer.append(answer(os.urandom(1 << 20), "Content-Encoding: br"))
        assert writer._file is not None  # noqa: SLF001  (no disk is slow enough)
        os.dup2(write_end, writer._file.fileno())  # noqa: SLF001
        os.close(write_end)
        timer = threading.Timer(0.2, interrupt)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            writer.sync()
    timer.join()
    assert segment_path(tmp_path, place.segment).name.endswith(".open"), "what may be torn is not called whole"
    assert read_answer(tmp_path, place) == answer()


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Retryable, match="file"), ArchiveWriter(tmp_path / "file" / "archive"):
        pass


def test_what_is_synced_was_synced_to_its_last_byte_and_so_is_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss of power can't be staged, so the calls that guard against it are watched as they are made."""
    synced: list[tuple[str, int]] = []

    def watch(name: str) -> None:
        call = getattr(os, name)

        def watched(handle: int) -> None:
            path = Path(f"/proc/self/fd/{handle}").readlink()
            synced.append((path.name, path.stat().st_size if path.is_file() else 0))
            call(handle)

        monkeypatch.setattr(os, name, watched)

    watch("fsync")
    watch("fdatasync")
    with ArchiveWriter(tmp_path) as writer:
        place = writer.append(answer())
        assert synced == [(tmp_path.name, 0)], "its name"
        writer.sync()
        assert synced[1:] == [(f"{place.segment}.open", place.offset + place.length)]
        last = writer.append(answer())
    assert synced[2:] == [(f"{place.segment}.open", last.offset + last.length), (tmp_path.name, 0)], "its new name"


def test_a_reader_finds_a_segment_while_it_is_sealed(tmp_path: Path) -> None:
    names = [f"{number:08d}-20261125T120000000000Z.warc.gz" for number in range(1, 401)]
    begun: list[str] = []

    def seal_one_after_the_other() -> None:
        for name in names:
            (tmp_path / f"{name}.open").touch()
            begun.append(name)
            time.sleep(0.0002)
            seal_segment(tmp_path, name)

    writer = threading.Thread(target=seal_one_after_the_other)
    writer.start()
    while writer.is_alive():
        for name in begun[-1:]:
            open_segment(tmp_path, name).close()
    writer.join()
    assert segments_in(tmp_path) == names


# Damage


@pytest.mark.parametrize("spoil", ["gone", "cut", "turned", "elsewhere"])
def test_a_record_that_is_gone_or_damaged_is_a_reason(spoil: str, tmp_path: Path) -> None:
    place, _ = archived(tmp_path, answer(), answer())
    path = tmp_path / place.segment
    whole = path.read_bytes()
    if spoil == "gone":
        path.unlink()
    elif spoil == "cut":
        path.write_bytes(whole[: place.offset + place.length - 1])
    elif spoil == "turned":
        middle = place.offset + place.length // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    else:
        place = replace(place, offset=0, length=place.offset)
    with pytest.raises(Unusable) as refused:
        read_answer(tmp_path, place)
    assert refused.value.reason is (DropReason.NOT_FOUND if spoil == "gone" else DropReason.RECORD_INVALID)


@pytest.mark.parametrize(
    "tail",
    [
        b"\0" * 100_000,
        b"WARC/1.1\r\n",
        b"\x1f\x8b",
        gzip.compress(b"x" * 500)[:-1],
        b"\x1f\x8b\x08\0" + b"\xff" * 70_000,
    ],
    ids=["zeros", "text", "magic", "without-its-last-byte", "noise"],
)
def test_members_end_where_they_are_not_whole(tail: bytes, tmp_path: Path) -> None:
    places = archived(tmp_path, answer(), answer())
    path = tmp_path / places[0].segment
    path.write_bytes(path.read_bytes() + tail)
    members = list(scan_members(path, 0))
    assert [member.place for member in members[1:]] == places
    assert [member.place for member in scan_members(path, places[1].offset)] == places[1:]


def test_a_member_that_is_no_record_of_ours_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "00000001-20261125T000000000000Z.warc.gz"
    foreign = b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: 2026-11-25T12:00:00Z\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    ours = foreign.replace(b"WARC-Date", b"Unspun-Head-Length: 0\r\nWARC-Date")
    others = [
        b"no WARC at all",
        b"",
        foreign,
        ours.replace(b"WARC-Date", b"X"),
        ours.replace(b"2026-11-25T12:00:00Z", b"0001-01-01T00:00:00+23:00"),
        ours.replace(b": 0", "\N{SUPERSCRIPT TWO}".encode(), 1),
        ours.replace(b"WARC-Date", b"Unspun-Outcome: BOMB %ff\r\nWARC-Date"),
    ]
    path.write_bytes(b"".join(gzip.compress(other) for other in others))
    members = list(scan_members(path, 0))
    assert [member.answer for member in members] == [None] * len(others)
    assert members[-1].end == path.stat().st_size


def test_an_outcome_of_a_later_version_is_not_lost(tmp_path: Path) -> None:
    archived(tmp_path, answer(trouble=Dropped(DropReason.BOMB, "1:4000")))
    (name,) = segments_in(tmp_path)
    members = list(scan_members(tmp_path / name, 0))
    start, end = members[1].place.offset, members[1].end
    record = gzip.decompress((tmp_path / name).read_bytes()[start:end]).replace(b"Outcome: BOMB", b"Outcome: NOVA")
    (tmp_path / name).write_bytes(gzip.compress(record))
    (member,) = scan_members(tmp_path / name, 0)
    assert member.answer is not None
    assert member.answer.trouble == Dropped(
        DropReason.RECORD_INVALID, "NOVA, an outcome that this version does not know"
    )


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_member_whatever_is_in_it_ends_the_reading(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "00000001-20261125T120000000000Z.warc.gz"
        lines = b"WARC/1.1\r\nWARC-Type: response\r\nUnspun-Head-Length: 3\r\nWARC-Date: 2026-11-25T12:00:00Z\r\n"
        path.write_bytes(b"".join(gzip.compress(one) for one in (content, lines + content, lines + b"\r\n" + content)))
        assert len(list(scan_members(path, 0))) == 3


@given(st.lists(st.integers(65_480, 65_540), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_members_are_found_whole_at_any_border(sizes: list[int]) -> None:
    """Members that end before, at and after the border of what is read at a time."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "00000001-20261125T000000000000Z.warc.gz"
        packed = [zlib.compress(bytes(size), 0, 31) for size in sizes]
        path.write_bytes(b"".join(packed))
        assert [member.end for member in scan_members(path, 0)] == list(itertools.accumulate(map(len, packed)))
