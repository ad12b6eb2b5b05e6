"""What a killed crawl left: whole answers that the ledger does not know are entered, and the torn tail is cut.

An answer is archived before the ledger learns of it (`tasks.fetch.scribe`), so past the end of a segment as the ledger
has it there may be whole records, and then a torn one. For each segment that is not both sealed and known as such:

1. Sync it: what the killed process wrote, the kernel has, but perhaps not yet the disk.
2. Read the whole members past that end, and nothing before it.
3. An answer to an address that waits is judged as the crawl would have judged it, and entered. One to an address that
   is settled, or was never added (a robots.txt), stays where it is and means nothing.
4. Cut what follows the last whole member, and sync.
5. Seal the segment: whoever writes next begins one of its own. One without a whole member is removed.

The ledger notes how far it came with each batch, and a step that was done already changes nothing when it is done
again: a recovery that is killed is taken up by the next. A segment that is gone, or shorter than the ledger has it,
stops nobody; who reads a record from it is told then. A ledger that was lost and begins anew knows no address, so there
is nothing to enter: sealed segments are then passed over unread.
"""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.fetch.archive import (
    OPEN,
    ArchiveWriter,
    Member,
    Segment,
    scan_members,
    seal_segment,
    segment_path,
    segments_in,
)
from tasks.fetch.ledger import Ledger, LedgerEntry, UrlState, with_record
from tasks.fetch.records import Answer
from tasks.shards import retryable_disk, sync_folder

Judge = Callable[[Answer, LedgerEntry], LedgerEntry]

# As many answers are in memory at a time, each with a body of up to the size limit.
BATCH_MEMBERS = 64


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found: answers entered in the ledger, answers to addresses it does not know, and bytes cut off."""

    adopted: int = 0
    unknown: int = 0
    cut_bytes: int = 0


def recover(archive: ArchiveWriter, ledger: Ledger, judge: Judge) -> Recovered:
    """Bring archive and ledger together again; `archive` holds the lock and has appended nothing yet.

    `judge` returns a waiting entry as it is after an answer; its place in the archive is put in here.
    Raises Retryable when the disk is in the way, Fatal where the ledger is damaged.
    """
    if archive.is_writing:
        raise ValueError("recover before the first append: the open segment would be taken for one that was left")
    known = ledger.segments()
    counts: Counter[str] = Counter()
    for name in segments_in(archive.folder):
        path = segment_path(archive.folder, name)
        entered = known.get(name, Segment(name, 0, is_sealed=False))
        is_open = path.name.endswith(OPEN)
        if is_open or not entered.is_sealed:
            with retryable_disk(path):
                counts += _recover_segment(path, entered, ledger, judge)
    return Recovered(**counts)


def _recover_segment(path: Path, entered: Segment, ledger: Ledger, judge: Judge) -> Counter[str]:
    """Deal with one segment; return what to count."""
    is_open = path.name.endswith(OPEN)
    size = path.stat().st_size
    _sync(path)
    counts: Counter[str] = Counter()
    end = entered.n_bytes
    unread = ledger.is_empty() and not is_open
    for members in () if unread else _batches(scan_members(path, end)):
        entries = _adopted(members, ledger, judge, counts)
        end = members[-1].end
        ledger.settle(entries, segments=[Segment(entered.name, end, is_sealed=False)])
    counts["cut_bytes"] += max(size - end, 0) if is_open else 0
    if is_open and end == 0:
        path.unlink()
        sync_folder(path.parent)
        return counts
    if is_open:
        _cut(path, size, end)
        seal_segment(path.parent, entered.name)
    ledger.settle([], segments=[Segment(entered.name, size if unread else end, is_sealed=True)])
    return counts


def _adopted(members: Iterable[Member], ledger: Ledger, judge: Judge, counts: Counter[str]) -> list[LedgerEntry]:
    """Return the entries that the answers of `members` settle, one for each address: that after its last answer."""
    answered = [(member, member.answer) for member in members if member.answer is not None]
    entries = {entry.url: entry for entry in ledger.get_many([answer.url for _, answer in answered])}
    adopted: dict[str, LedgerEntry] = {}
    for member, answer in answered:
        entry = entries.get(answer.url)
        if entry is None:
            counts["unknown"] += 1
        elif entry.state is UrlState.WAITING:
            judged = judge(answer, entry)
            entry = with_record(judged, answer, member.place, is_revisit=member.is_revisit)
            entries[answer.url] = adopted[answer.url] = entry
            counts["adopted"] += 1
    return list(adopted.values())


def _cut(path: Path, size: int, end: int) -> None:
    """Cut a segment of `size` bytes off at `end`, durably."""
    if size > end:
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _batches(members: Iterator[Member]) -> Iterator[list[Member]]:
    while batch := list(itertools.islice(members, BATCH_MEMBERS)):
        yield batch
