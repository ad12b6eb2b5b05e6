import gzip
import io
import os
import zlib

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.fetch.warc import Capture, FoundRecord, find_records, read_record
from tasks.outcome import DropReason, Unusable
from tests.fetch.warc_bytes import INFO, REQUEST, members, record, resource, response, revisit

BODY = "<p>Die Brücke bleibt geschlossen.</p>".encode()
RECORDS = [INFO, response(BODY), REQUEST, resource(BODY[:20]), revisit(), response(b"<p>last")]
PLAIN = b"".join(RECORDS)
PACKED = members(*RECORDS)
IN_ONE_PIECE = gzip.compress(PLAIN)
IN_BLOCKS = gzip.compress(b"".join(RECORDS[:2])) + gzip.compress(b"".join(RECORDS[2:5])) + gzip.compress(RECORDS[5])
URLS = ["http://bote.example/1", "http://bote.example/2", "http://bote.example/3", "http://bote.example/1"]


def find(archive: bytes) -> list[FoundRecord]:
    return list(find_records(io.BytesIO(archive)))


def read(archive: bytes, found: FoundRecord, max_bytes: int = 100_000) -> Capture:
    return read_record(io.BytesIO(archive), found.offset, packed=found.packed, max_bytes=max_bytes)


def refusal(archive: bytes, max_bytes: int = 100_000) -> Unusable:
    with pytest.raises(Unusable) as refused:
        read(archive, find(archive)[0], max_bytes)
    return refused.value


@pytest.mark.parametrize(
    ("archive", "packed"),
    [
        pytest.param(PLAIN, [False] * 4, id="plain"),
        pytest.param(PACKED, [False] * 4, id="a-member-a-record"),
        pytest.param(IN_ONE_PIECE, [True] * 4, id="gzip-in-one-piece"),
        pytest.param(IN_BLOCKS, [True, True, True, False], id="some-records-a-member"),
        pytest.param(PACKED + b"\0" * 512, [False] * 4, id="padded"),
        pytest.param(PLAIN[:-2], [False] * 4, id="without-the-last-line-end"),
    ],
)
def test_every_record_is_found_and_read(archive: bytes, packed: list[bool]) -> None:
    found = find(archive)
    assert [one.url for one in found] == URLS
    assert [one.trouble for one in found] == [None] * 4
    assert [one.packed for one in found] == packed
    assert [read(archive, one).body for one in (found[0], found[1], found[3])] == [BODY, BODY[:20], b"<p>last"]
    with pytest.raises(Unusable) as refused:
        read(archive, found[2])
    assert refused.value.reason is DropReason.RECORD_WITHOUT_PAYLOAD


def test_a_capture_says_what_the_server_and_the_archive_said() -> None:
    capture = read(PACKED, find(PACKED)[0])
    assert capture.url == "http://bote.example/1"
    assert (capture.media_type, capture.charset_label) == ("text/html", "utf-8")
    assert capture.fetched_at is not None
    assert capture.fetched_at.isoformat() == "2026-03-01T08:15:00+00:00"


@pytest.mark.parametrize("cut", range(1, len(members(RECORDS[-1]))))
def test_a_torn_gzip_archive_gives_its_whole_records_and_one_trouble(cut: int) -> None:
    found = find(PACKED[:-cut])
    assert [one.trouble is None for one in found] == [True, True, True, False]
    assert found[-1].trouble is not None
    assert found[-1].trouble.reason is DropReason.CONTAINER_TRUNCATED


@pytest.mark.parametrize("cut", range(5, len(RECORDS[-1])))
def test_a_torn_plain_archive_too(cut: int) -> None:
    found = find(PLAIN[:-cut])
    assert [one.trouble is None for one in found] == [True, True, True, False]
    assert found[-1].trouble is not None
    assert found[-1].trouble.reason is DropReason.CONTAINER_TRUNCATED


def test_an_archive_torn_between_records_is_whole() -> None:
    assert [one.trouble for one in find(members(*RECORDS[:-1]))] == [None] * 3


@pytest.mark.parametrize("cut", [60, 40, 20])
def test_a_torn_archive_packed_in_one_piece(cut: int) -> None:
    found = find(IN_ONE_PIECE[:-cut])
    assert found[-1].trouble is not None
    assert found[-1].trouble.reason is DropReason.CONTAINER_TRUNCATED
    assert all(one.trouble is None for one in found[:-1])


@pytest.mark.parametrize(
    ("archive", "n_good", "reason"),
    [
        pytest.param(PACKED + b"no gzip" * 30, 4, DropReason.RECORD_INVALID, id="something-after-the-end"),
        pytest.param(
            INFO + RECORDS[1] + b"no record\r\n\r\n" + RECORDS[5], 1, DropReason.RECORD_INVALID, id="in-the-middle"
        ),
        pytest.param(
            members(*RECORDS[:2]) + members(RECORDS[3])[:30] + b"\xff" * 60 + members(RECORDS[5]),
            1,
            DropReason.RECORD_INVALID,
            id="a-damaged-member",
        ),
        pytest.param(members(*RECORDS[:2], RECORDS[2])[:-20], 1, DropReason.CONTAINER_TRUNCATED, id="a-torn-request"),
    ],
)
def test_an_archive_with_something_wrong(archive: bytes, n_good: int, reason: DropReason) -> None:
    found = find(archive)
    assert [one.trouble is None for one in found] == [True] * n_good + [False]
    assert found[-1].trouble is not None
    assert found[-1].trouble.reason is reason
    assert bodies(archive) == [*bodies(b"".join(RECORDS))[:n_good], reason]


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        pytest.param(b"", DropReason.EMPTY_BODY, id="empty"),
        pytest.param(os.urandom(3000), DropReason.RECORD_INVALID, id="random"),
        pytest.param(b"\x1f\x8b\x08" + b"\xff" * 900, DropReason.RECORD_INVALID, id="like-gzip"),
        pytest.param(gzip.compress(b"no archive " * 90), DropReason.RECORD_INVALID, id="gzip-of-something"),
        pytest.param(b"<html>" + BODY, DropReason.RECORD_INVALID, id="html"),
        pytest.param(PACKED[:15], DropReason.CONTAINER_TRUNCATED, id="torn-in-the-first-header"),
        pytest.param(members(INFO, REQUEST), DropReason.EMPTY_BODY, id="no-inputs"),
    ],
)
def test_what_is_no_archive(archive: bytes, reason: DropReason) -> None:
    with pytest.raises(Unusable) as refused:
        find(archive)
    assert refused.value.reason is reason


CHUNKS = b"".join(b"%x\r\n%s\r\n" % (len(BODY[at : at + 9]), BODY[at : at + 9]) for at in range(0, len(BODY), 9))


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (CHUNKS + b"0\r\n\r\n", "Transfer-Encoding: chunked\r\n"),
        (BODY, "Transfer-Encoding: chunked\r\n"),
        (gzip.compress(BODY), "Content-Encoding: gzip\r\n"),
        (BODY, "Content-Encoding: gzip\r\n"),
        (zlib.compress(BODY), "Content-Encoding: deflate\r\n"),
        (brotli.compress(BODY), "Content-Encoding: br\r\n"),
        (BODY, f"Content-Length: {len(BODY)}\r\n"),
        (BODY, "Content-Encoding: gzip\r\nContent-Length: 5000\r\n"),
    ],
)
def test_encodings_of_the_transport_are_undone(body: bytes, headers: str) -> None:
    archive = response(body, headers=headers)
    assert read(archive, find(archive)[0]).body == BODY


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (response(BODY, status="404 Not Found"), DropReason.HTTP_GONE),
        (response(BODY, status="410 Gone"), DropReason.HTTP_GONE),
        (response(BODY, status="500 Oops"), DropReason.HTTP_BAD_STATUS),
        (response(BODY, status="301 Moved", headers="Location: /x\r\n"), DropReason.HTTP_BAD_STATUS),
        (response(CHUNKS, headers="Transfer-Encoding: chunked\r\n"), DropReason.BODY_TRUNCATED),
        (response(CHUNKS[:-4], headers="Transfer-Encoding: chunked\r\n"), DropReason.BODY_TRUNCATED),
        (response(gzip.compress(BODY)[:-9], headers="Content-Encoding: gzip\r\n"), DropReason.BODY_TRUNCATED),
        (response(BODY, headers="Content-Length: 5000\r\n"), DropReason.BODY_TRUNCATED),
        (response(gzip.compress(bytes(9_000_000)), headers="Content-Encoding: gzip\r\n"), DropReason.BOMB),
        (response(bytes(900_000)), DropReason.BODY_TOO_BIG),
        (record("response", BODY, WARC_Truncated="length"), DropReason.BODY_TRUNCATED),
        (record("response", b"no HTTP at all"), DropReason.PROTOCOL_ERROR),
        (revisit(), DropReason.RECORD_WITHOUT_PAYLOAD),
    ],
)
def test_records_that_are_no_page(archive: bytes, reason: DropReason) -> None:
    error = refusal(archive)
    assert error.reason is reason, error.detail


def test_headers_that_end_their_lines_like_unix() -> None:
    block = b"HTTP/1.1 200 OK\nContent-Type: text/plain; charset=koi8-r\n\n" + BODY
    archive = record("response", block)
    capture = read(archive, find(archive)[0])
    assert (capture.media_type, capture.charset_label, capture.body) == ("text/plain", "koi8-r", BODY)


def test_a_redirect_says_where_to() -> None:
    assert "/x" in refusal(response(b"", status="302 Found", headers="Location: /x\r\n")).detail


@given(
    st.lists(
        st.sampled_from([*RECORDS, response(bytes(70_000)), response(os.urandom(70_000))]), min_size=1, max_size=6
    ),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_however_packed_the_records_are_the_same(records: list[bytes], data: st.DataObject) -> None:
    """Cut the archive into gzip members anywhere: what is found, and read, does not change."""
    plain = b"".join(records)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(plain)), max_size=4)))
    packed = b"".join(gzip.compress(plain[a:b], 1) for a, b in zip([0, *cuts], [*cuts, len(plain)], strict=True))
    assert bodies(packed) == bodies(plain)


def bodies(archive: bytes) -> list[bytes | DropReason]:
    result: list[bytes | DropReason] = []
    try:
        found = find(archive)
    except Unusable as refused:
        return [refused.reason]
    for one in found:
        try:
            result.append(one.trouble.reason if one.trouble else read(archive, one).body)
        except Unusable as refused:
            result.append(refused.reason)
    return result


@given(st.binary(max_size=300), st.integers(0, len(PACKED)))
@settings(deadline=None)
def test_any_damage_ends_in_reasons(noise: bytes, at: int) -> None:
    assert bodies(PACKED[:at] + noise + PACKED[at + len(noise) :])
