"""What was answered, written down: first in the archive, then in the ledger, in batches.

The order is what makes a crawl survive `kill -9`. A batch of answers is appended to the archive and synced; only then
is what became of their addresses entered in the ledger, in one transaction. A process that dies between the two
leaves answers that the ledger does not know, which recovery adopts; one that dies before leaves a torn record at
most. The target of a redirect is entered before the redirect itself, so no redirect leads to nowhere.

What waits for the disk is done in one thread, since one at a time may write; the crawl goes on meanwhile. Records are
made in the loop: two threads that take turns at 30 us of work each cost more in turns than in work. A batch is what
came in while the one before was written: a disk takes milliseconds to sync, and a page is fetched in less.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from tasks.fetch.archive import ArchiveWriter, Revisit, payload_digest
from tasks.fetch.ledger import Ledger, LedgerEntry, NewUrl, UrlState, with_record
from tasks.fetch.records import Answer

T = TypeVar("T")

# A batch waits so long for company, and has so many notes at the most. Measured with 2,000 pages a second from
# loopback: batches of 0.1 s cost a tenth more CPU, since by then their memory is cold, and ones of 256 notes a fifth.
BATCH_S = 0.02
MOST_NOTES = 64
# Records of more bytes are made in the thread after all: the loop must not be held up (packing 4 MB takes 15 ms).
BIG_BATCH_BYTES = 4_000_000
# Answers that wait to be written are held in memory: so many bytes of bodies, then the crawl waits for the disk.
MOST_WAITING_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Note:
    """Something to write down: an address as it was judged, with the answer, if there was any.

    A note without `entry` is an answer to be archived only (a robots.txt). `hosts` names the hosts and origins of which
    something new is known.
    """

    entry: LedgerEntry | None
    answer: Answer | None = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A note after it was written: the entry as the ledger has it now, and redirect targets new to the run."""

    entry: LedgerEntry | None
    answer: Answer | None
    target: LedgerEntry | None = None


class Scribe:
    """Writes notes of the run `run` to `archive` and `ledger`.

    `kept` says what is to be kept of a host, once for each batch; `on_written` is told of each batch, in the loop.
    """

    def __init__(
        self,
        archive: ArchiveWriter,
        ledger: Ledger,
        run: str,
        kept: Callable[[str], str],
        on_written: Callable[[Sequence[Written]], Awaitable[None]],
    ) -> None:
        """Start no thread yet."""
        self._archive, self._ledger, self._run = archive, ledger, run
        self._kept, self._on_written = kept, on_written
        self._notes: asyncio.Queue[Note | None] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "scribe")
        self._n_open = 0
        self._n_bytes = 0
        self._room = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether everything was written and told."""
        return self._n_open == 0

    async def put(self, note: Note) -> None:
        """Take a note to be written; waits while the disk is behind."""
        self._n_open += 1
        while self._n_bytes > MOST_WAITING_BYTES:
            self._room.clear()
            await self._room.wait()
        self._n_bytes += _size_of(note)
        self._notes.put_nowait(note)

    async def in_thread(self, work: Callable[..., T], *args: object) -> T:
        """Do something with the archive or the ledger between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def finish(self) -> None:
        """Let `run` end when all notes are written."""
        self._notes.put_nowait(None)

    async def run(self) -> None:
        """Write batch after batch, until `finish`."""
        try:
            is_over = False
            while not is_over:
                batch = [await self._notes.get()]
                if batch[0] is not None and self._notes.qsize() < MOST_NOTES:
                    await asyncio.sleep(BATCH_S)
                while not self._notes.empty() and len(batch) < MOST_NOTES:
                    batch.append(self._notes.get_nowait())
                is_over = None in batch
                notes = [note for note in batch if note is not None]
                if notes:
                    await self._on_written(await self._write(notes))
                    self._n_open -= len(notes)
                    self._n_bytes -= sum(map(_size_of, notes))
                    self._room.set()
        finally:
            self._thread.shutdown()

    async def _write(self, notes: Sequence[Note]) -> list[Written]:
        """Make the records of a batch, and let the thread store them and enter what became of their addresses."""
        hosts = {key: self._kept(key) for key in dict.fromkeys(key for note in notes for key in note.hosts)}
        if sum(map(_size_of, notes)) > BIG_BATCH_BYTES:
            entries = await self.in_thread(self._append, notes)
        else:
            entries = self._append(notes)
        targets = await self.in_thread(self._enter, [entry for entry in entries if entry is not None], hosts)
        return [
            Written(entry, note.answer, targets.get(entry.target or "") if entry is not None else None)
            for note, entry in zip(notes, entries, strict=True)
        ]

    def _append(self, notes: Sequence[Note]) -> list[LedgerEntry | None]:
        return [self._archived(note) for note in notes]

    def _enter(self, entries: Sequence[LedgerEntry], hosts: dict[str, str]) -> dict[str, LedgerEntry]:
        self._archive.sync()
        targets = self._add_targets([entry for entry in entries if entry.target is not None])
        self._ledger.settle(entries, hosts, self._archive.segments())
        return targets

    def _archived(self, note: Note) -> LedgerEntry | None:
        """Archive the answer of a note; return the entry with the place at which its page is now."""
        answer, entry = note.answer, note.entry
        if answer is None or not answer.head:
            return entry
        if entry is None:
            self._archive.append(answer)
            return None
        revisit = _revisit(entry, answer)
        place = self._archive.append(answer, revisit)
        return with_record(entry, answer, place, is_revisit=revisit is not None)

    def _add_targets(self, redirects: Sequence[LedgerEntry]) -> dict[str, LedgerEntry]:
        """Enter the targets of redirects; return those that now wait to be asked."""
        new = {
            entry.target: NewUrl(entry.target, entry.is_source, entry.hops + 1)
            for entry in redirects
            if entry.target is not None
        }
        if not new:
            return {}
        known = {entry.url for entry in self._ledger.get_many(list(new)) if entry.run == self._run}
        self._ledger.add([target for url, target in new.items() if url not in known], self._run)
        return {entry.url: entry for entry in self._ledger.get_many(list(new.keys() - known))}


def _size_of(note: Note) -> int:
    return len(note.answer.body) if note.answer is not None else 0


def _revisit(entry: LedgerEntry, answer: Answer) -> Revisit | None:
    """Return the archived version that `answer` repeats, if it does: the server says so, or the bytes are the same."""
    if entry.place is None or answer.trouble is not None:
        return None
    is_unchanged = entry.state is UrlState.UNCHANGED
    is_same = entry.state in {UrlState.PAGE, UrlState.LISTING} and (
        payload_digest(answer.body) == entry.place.payload_digest
    )
    if not is_unchanged and not is_same:
        return None
    return Revisit(entry.url, entry.fetched_at, entry.place.payload_digest)
