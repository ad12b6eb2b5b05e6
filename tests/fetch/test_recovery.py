import gzip
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from tasks.fetch.archive import (
    ArchiveWriter,
    RecordPlace,
    Revisit,
    Segment,
    payload_digest,
    read_answer,
    scan_members,
    segment_path,
    segments_in,
)
from tasks.fetch.ledger import FILE, Ledger, LedgerEntry, NewUrl, UrlState, with_record
from tasks.fetch.records import Answer
from tasks.fetch.recovery import Recovered, recover
from tasks.outcome import Dropped, DropReason
from tests.cpu_time import least_s
from tests.fetch.killed_writer import RUN, URLS, answer_to

ROOT = Path(__file__).parents[2]
A, B, C = (f"https://bote.example/{letter}" for letter in "abc")
BODY = "<p>Die Brücke bleibt geschlossen.</p>".encode()


def answer(url: str, body: bytes = BODY, status: int = 200, trouble: Dropped | None = None) -> Answer:
    head = f'HTTP/1.1 {status} Whatever\r\nETag: "{status}"\r\nContent-Length: {len(body)}\r\n\r\n'.encode()
    return Answer(
        url,
        datetime(2026, 11, 25, 12, tzinfo=UTC),
        "192.0.2.7",
        status,
        head,
        body,
        etag=f'"{status}"',
        trouble=trouble,
    )


def judge(answer: Answer, entry: LedgerEntry) -> LedgerEntry:
    """Judge in short: 200 is a page, 304 an unchanged one, 503 is to be tried again, and trouble is a reject."""
    entry = replace(entry, attempts=entry.attempts + 1)
    if answer.trouble is not None:
        return replace(entry, state=UrlState.REJECTED, reason=answer.trouble.reason, detail=answer.trouble.detail)
    states = {200: UrlState.PAGE, 304: UrlState.UNCHANGED, 503: UrlState.WAITING}
    return replace(entry, state=states[answer.status])


@dataclass
class Killed:
    """What a writer left that was killed after it had settled A and archived more: its folder, and where A ends."""

    folder: Path
    segment: str
    committed: int
    places: list[RecordPlace]

    @property
    def path(self) -> Path:
        return self.folder / f"{self.segment}.open"

    def recover(self) -> Recovered:
        with ArchiveWriter(self.folder) as archive, Ledger(self.folder) as ledger:
            return recover(archive, ledger, judge)

    def entry(self, url: str) -> LedgerEntry:
        with Ledger(self.folder) as ledger:
            found = ledger.get(url)
        assert found is not None
        return found


def killed(
    folder: Path, *unsettled: Answer | tuple[Answer, Revisit], prepare: Callable[[Ledger], None] = lambda _: None
) -> Killed:
    """Copy what is on the disk while a writer is at work, as a kill would leave it."""
    at_work = folder / "at-work"
    with ArchiveWriter(at_work) as archive, Ledger(at_work) as ledger:
        ledger.add([NewUrl(url, is_source=False, hops=0) for url in (A, B, C)], "run-1")
        prepare(ledger)
        first = answer(A)
        place = archive.append(first)
        archive.sync()
        ledger.settle(
            [with_record(judge(first, LedgerEntry(A, "run-1")), first, place, is_revisit=False)], {}, archive.segments()
        )
        committed = archive.segments()[0].n_bytes
        places = [archive.append(*one) if isinstance(one, tuple) else archive.append(one) for one in unsettled]
        archive.sync()
        shutil.copytree(at_work, folder / "left")
    return Killed(folder / "left", place.segment, committed, places)


# What is whole is entered


def test_answers_that_the_ledger_does_not_know_are_judged_and_entered(tmp_path: Path) -> None:
    torn = Dropped(DropReason.BODY_TRUNCATED, "5 of 9 bytes")
    left = killed(tmp_path, answer(B), answer("https://bote.example/robots.txt"), answer(C, trouble=torn))
    before = left.path.read_bytes()
    assert left.recover() == Recovered(adopted=2, unknown=1, cut_bytes=0)
    page = left.entry(B)
    assert (page.state, page.attempts, page.place, page.etag) == (UrlState.PAGE, 1, left.places[0], '"200"')
    assert page.fetched_at == datetime(2026, 11, 25, 12, tzinfo=UTC)
    reject = left.entry(C)
    assert (reject.state, reject.reason, reject.detail) == (UrlState.REJECTED, torn.reason, torn.detail)
    assert reject.place is None
    assert (left.folder / left.segment).read_bytes() == before, "sealed, and not a byte changed"
    with Ledger(left.folder) as ledger:
        assert ledger.segments() == {left.segment: Segment(left.segment, len(before), is_sealed=True)}


def test_an_address_that_was_tried_twice_is_judged_twice(tmp_path: Path) -> None:
    left = killed(tmp_path, answer(B, b"later", 503), answer(B), answer(C, b"later", 503), answer(B, b"again"))
    assert left.recover() == Recovered(adopted=3)
    assert (left.entry(B).state, left.entry(B).attempts, left.entry(B).place) == (UrlState.PAGE, 2, left.places[1])
    assert (left.entry(C).state, left.entry(C).attempts) == (UrlState.WAITING, 1)


def test_revisits_leave_the_earlier_body_standing(tmp_path: Path) -> None:
    old = RecordPlace("00000001-20261101T000000000000Z.warc.gz", 400, 900, payload_digest(BODY))
    earlier = Revisit(B, datetime(2026, 11, 1, tzinfo=UTC), old.payload_digest)

    def had(ledger: Ledger) -> None:
        ledger.settle([LedgerEntry(url, "run-1", place=old, fetched_at=earlier.fetched_at) for url in (B, C)])

    left = killed(tmp_path, (answer(B, b"", 304), earlier), (answer(C), earlier), prepare=had)
    assert left.recover() == Recovered(adopted=2)
    for url, state in ((B, UrlState.UNCHANGED), (C, UrlState.REPEATED)):
        entry = left.entry(url)
        assert (entry.state, entry.place, entry.fetched_at) == (state, old, earlier.fetched_at)


def test_what_is_entered_is_synced_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The killed process may have written it and not synced it; watched, since a loss of power can't be staged."""
    synced: list[str] = []
    call = os.fsync

    def watched(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        call(handle)

    def judge_synced(answer: Answer, entry: LedgerEntry) -> LedgerEntry:
        assert synced == [left.path.name]
        return judge(answer, entry)

    left = killed(tmp_path, answer(B))
    monkeypatch.setattr(os, "fsync", watched)
    with ArchiveWriter(left.folder) as archive, Ledger(left.folder) as ledger:
        assert recover(archive, ledger, judge_synced) == Recovered(adopted=1)


# The torn tail, and only it, is cut

LAST = answer(C, BODY * 2)


def test_wherever_the_last_record_is_torn_it_is_cut_and_no_more(tmp_path: Path) -> None:
    left = killed(tmp_path, answer(B), LAST)
    whole, before = left.path.read_bytes(), (left.folder / FILE).read_bytes()
    journal = left.folder / f"{FILE}-wal"
    journal_before = journal.read_bytes()
    start = left.places[1].offset
    assert left.places[1].offset + left.places[1].length == len(whole)
    torn = tmp_path / left.path.name
    for end in range(start, len(whole)):
        torn.write_bytes(whole[:end])
        assert [member.end for member in scan_members(torn, left.committed)] == [start]
    for end in [start, start + 1, *range(start + 2, len(whole), 16), len(whole) - 1, len(whole)]:
        (left.folder / left.segment).unlink(missing_ok=True)
        left.path.write_bytes(whole[:end])
        (left.folder / FILE).write_bytes(before)
        journal.write_bytes(journal_before)
        is_whole = end == len(whole)
        assert left.recover() == Recovered(adopted=2 if is_whole else 1, cut_bytes=0 if is_whole else end - start)
        assert (left.folder / left.segment).read_bytes() == whole[: end if is_whole else start]
    assert left.entry(C).place == left.places[1]


@pytest.mark.parametrize(
    "tail",
    [b"\0" * 70_000, b"WARC/1.1\r\nWARC-Type: response", os.urandom(5_000), gzip.compress(b"x" * 999)[:-8]],
    ids=["zeros", "text", "noise", "without-its-checksum"],
)
def test_what_is_no_record_at_all_is_cut(tail: bytes, tmp_path: Path) -> None:
    left = killed(tmp_path, answer(B))
    whole = left.path.read_bytes()
    left.path.write_bytes(whole + tail)
    assert left.recover() == Recovered(adopted=1, cut_bytes=len(tail))
    assert (left.folder / left.segment).read_bytes() == whole


def test_a_record_torn_in_its_middle_hides_what_follows(tmp_path: Path) -> None:
    """After a loss of power, blocks may be missing: nothing behind the first one was ever vouched for."""
    left = killed(tmp_path, answer(B, os.urandom(20_000)), answer(C))
    whole = left.path.read_bytes()
    middle = left.places[0].offset + 8_000
    left.path.write_bytes(whole[:middle] + b"\0" * 4_096 + whole[middle + 4_096 :])
    assert left.recover() == Recovered(cut_bytes=len(whole) - left.committed)
    assert left.entry(B).state is left.entry(C).state is UrlState.WAITING
    assert read_answer(left.folder, left.entry(A).place or left.places[0]) == answer(A)


# Moments between two steps


def test_the_segment_was_sealed_and_the_ledger_was_not_told(tmp_path: Path) -> None:
    left = killed(tmp_path, answer(B))
    left.path.rename(left.folder / left.segment)
    assert left.recover() == Recovered(adopted=1)
    assert left.entry(B).place == left.places[0]


def test_the_ledger_was_told_and_the_segment_was_not_sealed(tmp_path: Path) -> None:
    left = killed(tmp_path)
    with Ledger(left.folder) as ledger:
        ledger.settle([], segments=[Segment(left.segment, left.committed, is_sealed=True)])
    assert left.recover() == Recovered()
    assert segment_path(left.folder, left.segment).name == left.segment


def test_recovery_was_killed_after_a_batch(tmp_path: Path) -> None:
    def fail(answer: Answer, entry: LedgerEntry) -> LedgerEntry:
        if answer.url == C:
            raise KeyboardInterrupt
        return judge(answer, entry)

    others = [answer(f"https://bote.example/robots-{n}.txt") for n in range(100)]
    left = killed(tmp_path, answer(B), *others, answer(C))
    with (
        pytest.raises(KeyboardInterrupt),
        ArchiveWriter(left.folder) as archive,
        Ledger(left.folder) as ledger,
    ):
        recover(archive, ledger, fail)
    assert (left.entry(B).state, left.entry(C).state) == (UrlState.PAGE, UrlState.WAITING)
    again = left.recover()
    assert again.adopted == 1
    assert again.unknown < 100, "the first batch was not read again"
    assert left.entry(C).place == left.places[-1]
    assert left.recover() == Recovered()


@pytest.mark.parametrize("n_bytes", [0, 1, 9])
def test_a_segment_was_hardly_begun(n_bytes: int, tmp_path: Path) -> None:
    left = killed(tmp_path)
    fresh = left.folder / "00000002-20261125T120000000000Z.warc.gz.open"
    fresh.write_bytes(gzip.compress(b"WARC/1.1")[:n_bytes])
    assert left.recover() == Recovered(cut_bytes=n_bytes)
    assert segments_in(left.folder) == [left.segment]


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_segment_is_gone(is_sealed: bool, tmp_path: Path) -> None:
    left = killed(tmp_path, answer(B))
    if is_sealed:
        left.recover()
    segment_path(left.folder, left.segment).unlink()
    assert left.recover() == Recovered()
    assert left.entry(A).state is UrlState.PAGE


def test_a_segment_is_shorter_than_the_ledger_has_it(tmp_path: Path) -> None:
    left = killed(tmp_path, answer(B))
    left.path.write_bytes(left.path.read_bytes()[: left.committed - 5])
    assert left.recover() == Recovered()
    assert (left.folder / left.segment).stat().st_size == left.committed - 5, "nothing that was entered is cut"


def test_the_ledger_is_gone(tmp_path: Path) -> None:
    left = killed(tmp_path, answer(B), LAST)
    whole = left.path.read_bytes()
    left.path.write_bytes(whole[:-1])
    sealed = left.folder / "00000000-20261101T000000000000Z.warc.gz"
    sealed.write_bytes(whole)
    for path in left.folder.glob(f"{FILE}*"):
        path.unlink()
    assert left.recover() == Recovered(unknown=2, cut_bytes=left.places[1].length - 1)
    assert read_answer(left.folder, left.places[0]) == answer(B)
    with Ledger(left.folder) as ledger:
        assert ledger.segments()[sealed.name] == Segment(sealed.name, len(whole), is_sealed=True)
        assert ledger.is_empty()


def test_the_ledger_is_an_older_copy(tmp_path: Path) -> None:
    left = killed(tmp_path, answer(B))
    copy = tmp_path / "copy"
    shutil.copytree(left.folder, copy)
    left.recover()
    for name in (FILE, f"{FILE}-wal"):
        shutil.copy(copy / name, left.folder / name)
    assert left.recover() == Recovered(adopted=1)
    assert left.entry(B).place == left.places[0]


def test_recovery_after_the_first_append_is_refused(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as archive, Ledger(tmp_path) as ledger:
        archive.append(answer(A))
        with pytest.raises(ValueError, match="before the first append"):
            recover(archive, ledger, judge)


# Time


def test_what_was_entered_is_not_read_again_however_much_it_is(tmp_path: Path) -> None:
    """The segment is a gigabyte without a single record but those of the tail, so reading it would find nothing."""
    folder, size = tmp_path / "archive", 1 << 30
    name = "00000001-20261125T120000000000Z.warc.gz"
    urls = [f"https://bote.example/{n}" for n in range(128)]
    with ArchiveWriter(tmp_path / "other") as other:
        places = [other.append(answer(url, os.urandom(15_000))) for url in urls]
    tail = (tmp_path / "other" / places[0].segment).read_bytes()
    folder.mkdir()
    with (folder / f"{name}.open").open("wb") as file:
        file.seek(size)
        file.write(tail)
    with ArchiveWriter(folder) as archive, Ledger(folder) as ledger:
        ledger.add([NewUrl(url, is_source=False, hops=0) for url in urls], "run-1")
        ledger.settle([], segments=[Segment(name, size, is_sealed=False)])
        started = time.process_time()
        assert recover(archive, ledger, judge) == Recovered(adopted=128)
        assert time.process_time() - started < 1.0
        assert recover(archive, ledger, judge) == Recovered()
        assert least_s(lambda: recover(archive, ledger, judge), 0.1) < 0.1
    with Ledger(folder) as ledger:
        assert [entry.place for entry in ledger.get_many(urls[:1])] == [
            replace(places[0], segment=name, offset=size + places[0].offset)
        ]


# Kills


def test_a_writer_that_is_killed_again_and_again_loses_nothing_and_asks_nothing_twice(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    command = [sys.executable, "-m", "tests.fetch.killed_writer", str(folder), "25", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    n_died, n_adopted, _, slowest_s = done.stdout.split()
    assert int(n_died) >= 20
    assert int(n_adopted) > 0, "no kill came between the archive and the ledger"
    assert float(slowest_s) < 1.0
    with Ledger(folder) as ledger:
        assert ledger.totals(RUN) == {"page": len(URLS)}
        entries = {entry.url: entry for entry in ledger.get_many(URLS)}
        assert all(segment.is_sealed for segment in list(ledger.segments().values())[:-1])
    records = Counter(record_urls(folder))
    assert records == Counter(URLS), "each page stands in the archive once: none lost, none asked again when whole"
    for url, entry in entries.items():
        assert entry.attempts == 1
        assert entry.place is not None
        kept = read_answer(folder, entry.place)
        assert (kept.url, kept.body) == (url, answer_to(url).body)
    asked = Counter((folder / "asked.log").read_text().split())
    assert sum(asked.values()) > len(URLS), "some answers died with their writer: else no kill came at work"


def record_urls(folder: Path) -> list[str]:
    """Read the addresses of all responses with FastWARC, and with our own reader that nothing is left over."""
    urls: list[str] = []
    for name in segments_in(folder):
        path = folder / name
        assert [member.end for member in scan_members(path, 0)][-1] == path.stat().st_size
        with path.open("rb") as file:
            responses = ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=False)
            urls.extend(record.headers["WARC-Target-URI"] for record in responses)
    return urls
