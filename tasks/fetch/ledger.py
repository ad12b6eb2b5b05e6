"""The ledger: what became of every address, in one SQLite table with exactly one row and one state for each.

Beside it stand what listings list, what is remembered of hosts, and how far the archive's segments were entered. What
is entered together is entered in one transaction, and survives a loss of power once the call returned (WAL,
`synchronous=FULL`): an answer's place in the archive, its address's state and the end of its segment are never apart.

    waiting → page | unchanged (304) | repeated (the same bytes again) | redirect | listing | rejected (with a reason)

A run begins by adding its addresses: a row of an earlier run waits again and keeps what it knows of the archived
version, so that the server can be asked for a newer one only. What `add` says of an address (is it a source, over how
many redirects was it found) `settle` does not touch, since another page may have said more meanwhile. A row of another
run is not settled either.

One process at a time writes (the archive's lock); others may read meanwhile. A ledger may pass from thread to thread,
but calls must not overlap.

Where the file is lost, the archive stays readable, but nobody knows which of its records are the latest: the next run
begins an empty ledger and fetches its pages anew. Refused: a ledger of a newer version, and a file that is none.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TypeAlias

from tasks.fetch.archive import RecordPlace, Segment
from tasks.fetch.http_head import NOT_MODIFIED
from tasks.fetch.records import Answer
from tasks.outcome import DropReason, Fatal, Retryable
from tasks.shards import retryable_disk, sync_folder

FILE = "ledger.sqlite"
VERSION = 1
BUSY_S = 10.0
PAGE_ROWS = 1_000
MOST_PARAMETERS = 500
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

SqlRow: TypeAlias = tuple[Any, ...]  # what SQLite gives: its columns have no static types


class UrlState(StrEnum):
    """What became of an address in a run."""

    WAITING = "waiting"
    PAGE = "page"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"
    REDIRECT = "redirect"
    LISTING = "listing"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class NewUrl:
    """An address to be asked. `is_source`: it may be a listing; `hops`: redirects between the input and it."""

    url: str
    is_source: bool
    hops: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An address and what became of it in the run `run`.

    `reason` says why it was rejected, or what a listing lacks; `target` is where a redirect leads. It was asked
    `attempts` times in this run, and is not to be asked before `next_at`, in seconds since 1970. `place` is that of the
    latest usable body, of this run or an earlier one, which was asked for at `fetched_at`; `etag` and `last_modified`
    are its validators.
    """

    url: str
    run: str
    state: UrlState = UrlState.WAITING
    is_source: bool = False
    hops: int = 0
    reason: DropReason | None = None
    detail: str = ""
    attempts: int = 0
    next_at: float | None = None
    target: str | None = None
    place: RecordPlace | None = None
    etag: str | None = None
    last_modified: str | None = None
    fetched_at: datetime | None = None


HAS_BODY = {UrlState.PAGE, UrlState.LISTING}
NO_HOSTS: Mapping[str, str] = MappingProxyType({})

STATES = ", ".join(f"'{state}'" for state in UrlState)
# `id` keeps rows in the order they were added in, about that in which they are settled: a batch touches few pages of
# the file. The state has no index: it is asked for when a run begins and ends, and every address would pay for it.
# `listed_in` is the run in which what a listing lists was entered.
SCHEMA = f"""
CREATE TABLE urls (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ({STATES})),
    is_source INTEGER NOT NULL,
    hops INTEGER NOT NULL,
    reason TEXT,
    detail TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL,
    target TEXT,
    segment TEXT,
    offset INTEGER,
    length INTEGER,
    payload_digest TEXT,
    etag TEXT,
    last_modified TEXT,
    fetched_at TEXT,
    listed_in TEXT,
    CHECK (state <> 'rejected' OR reason IS NOT NULL),
    CHECK (state <> 'redirect' OR target IS NOT NULL)
);
CREATE TABLE listed (
    parent INTEGER NOT NULL REFERENCES urls (id),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    url TEXT,
    PRIMARY KEY (parent, position)
) WITHOUT ROWID;
CREATE TABLE hosts (key TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE segments (name TEXT PRIMARY KEY, n_bytes INTEGER NOT NULL, is_sealed INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""

COLUMNS = (
    "url, run, state, is_source, hops, reason, detail, attempts, next_at, target, "
    "segment, offset, length, payload_digest, etag, last_modified, fetched_at"
)
ADD = """
INSERT INTO urls (url, run, state, is_source, hops) VALUES (?, ?, 'waiting', ?, ?)
ON CONFLICT (url) DO UPDATE SET
    is_source = iif(run = excluded.run, max(is_source, excluded.is_source), excluded.is_source),
    hops = iif(run = excluded.run, min(hops, excluded.hops), excluded.hops),
    state = iif(run = excluded.run, state, 'waiting'),
    reason = iif(run = excluded.run, reason, NULL),
    detail = iif(run = excluded.run, detail, ''),
    attempts = iif(run = excluded.run, attempts, 0),
    target = iif(run = excluded.run, target, NULL),
    run = excluded.run
"""
SETTLE = """
UPDATE urls SET state = ?, reason = ?, detail = ?, attempts = ?, next_at = ?, target = ?, segment = ?, offset = ?,
    length = ?, payload_digest = ?, etag = ?, last_modified = ?, fetched_at = ?
WHERE url = ? AND run = ?
"""
MISSING_TARGETS = """
SELECT redirect.target, max(redirect.is_source), min(redirect.hops) + 1
FROM urls AS redirect LEFT JOIN urls AS target ON target.url = redirect.target
WHERE redirect.run = ? AND redirect.state = 'redirect' AND target.run IS NOT redirect.run
GROUP BY redirect.target
"""
UNEXPANDED = """
run = ?1 AND listed_in IS NOT ?1 AND (state = 'listing' OR state IN ('unchanged', 'repeated') AND listed_in IS NOT NULL)
"""
LISTED = """
SELECT listed.name, listed.url FROM urls JOIN listed ON listed.parent = urls.id
WHERE urls.url = ? AND urls.listed_in = ? ORDER BY listed.position
"""


class Ledger:
    """The ledger in `folder`, open as a context.

    All methods raise Retryable where the disk or another process is in the way, Fatal where the file is damaged or of a
    newer version.
    """

    def __init__(self, folder: Path) -> None:
        """Touch nothing yet."""
        self._path = folder / FILE
        self._open: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        """Open the file, which is made where it is not there."""
        with retryable_disk(self._path.parent), self._telling():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=64
            )
        self._open = connection
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; the last one to do so takes the journal into it."""
        with self._telling():
            self._connection.close()
        self._open = None

    # Addresses

    def add(self, urls: Iterable[NewUrl], run: str) -> int:
        """Let addresses wait to be asked in `run`; return how many do so newly.

        Of one that is in the run already nothing changes, except that it is a source if any says so, and that the
        shortest way to it counts.
        """
        new = list(urls)
        with self._transaction():
            known = self._of_run([one.url for one in new], run)
            self._add(new, run)
        return len({one.url for one in new} - known)

    def add_missing_targets(self, run: str) -> int:
        """Add where redirects of `run` lead to, where that is not in the run yet; return how many wait newly."""
        rows = self._rows(MISSING_TARGETS, (run,))
        return self.add([NewUrl(url, bool(is_source), hops) for url, is_source, hops in rows], run)

    def get(self, url: str) -> LedgerEntry | None:
        """Return what became of an address, in whichever run it was asked last; None for one that was never added."""
        return next(iter(self.get_many([url])), None)

    def get_many(self, urls: Sequence[str]) -> list[LedgerEntry]:
        """Return the entries of those of `urls` that were ever added, in no order."""
        return [_entry(row) for row in self._rows_of(COLUMNS, urls)]

    def waiting(self, run: str) -> Iterator[LedgerEntry]:
        """Yield the addresses of `run` that are to be asked, in the order they were first added."""
        return self.of_state(run, UrlState.WAITING)

    def of_state(self, run: str, state: UrlState) -> Iterator[LedgerEntry]:
        """Yield the addresses of `run` that are in `state`, in the order they were first added."""
        return self._entries("run = ? AND state = ?", (run, state))

    def unexpanded(self, run: str) -> Iterator[LedgerEntry]:
        """Yield the listings of `run`, also unchanged ones, of which it was not entered yet what they list."""
        return self._entries(UNEXPANDED, (run,))

    def listing_urls(self) -> set[str]:
        """Return the addresses that were a listing in the last run that had an answer for them."""
        return {url for (url,) in self._rows("SELECT url FROM urls WHERE listed_in IS NOT NULL")}

    def settle(
        self, entries: Sequence[LedgerEntry], hosts: Mapping[str, str] = NO_HOSTS, segments: Iterable[Segment] = ()
    ) -> None:
        """Enter what became of addresses and hosts, and how far the segments go that say so; all of it or nothing.

        Call it when the archive is synced. Raises LookupError for an entry that is not in the run it names.
        """
        with self._transaction():
            self._settle(entries)
            self._connection.executemany("INSERT OR REPLACE INTO hosts VALUES (?, ?)", hosts.items())
            self._connection.executemany(
                "INSERT OR REPLACE INTO segments VALUES (?, ?, ?)",
                [(segment.name, segment.n_bytes, segment.is_sealed) for segment in segments],
            )

    # Listings

    def expand(self, listing: LedgerEntry, children: Sequence[tuple[str, NewUrl | None]]) -> list[LedgerEntry]:
        """Enter `listing` with what it lists, in order: names as given, and what is to be asked for them, if anything.

        What it listed in an earlier run is forgotten. Returns the entries that wait newly.
        """
        new = [child for _, child in children if child is not None]
        with self._transaction():
            self._settle([listing])
            self._connection.execute("UPDATE urls SET listed_in = run WHERE url = ?", (listing.url,))
            ((parent,),) = self._rows("SELECT id FROM urls WHERE url = ?", (listing.url,))
            self._connection.execute("DELETE FROM listed WHERE parent = ?", (parent,))
            self._connection.executemany(
                "INSERT INTO listed VALUES (?, ?, ?, ?)",
                [
                    (parent, position, _stored(name), child.url if child is not None else None)
                    for position, (name, child) in enumerate(children)
                ],
            )
            known = self._of_run([child.url for child in new], listing.run)
            self._add(new, listing.run)
            return self.get_many(list(dict.fromkeys(child.url for child in new if child.url not in known)))

    def children(self, parent: str, run: str) -> list[str]:
        """Return the names that the listing at `parent` lists, as it gives them, if it was entered in `run`."""
        return [_text(name) for name, _ in self._rows(LISTED, (parent, run))]

    def child_urls(self, parent: str, run: str) -> list[str]:
        """Return the addresses that are asked for the names that the listing at `parent` lists."""
        return [url for _, url in self._rows(LISTED, (parent, run)) if url is not None]

    # Hosts, segments, sums

    def hosts(self) -> dict[str, str]:
        """Return what is remembered of hosts, by their key."""
        return dict(self._rows("SELECT key, state FROM hosts"))

    def segments(self) -> dict[str, Segment]:
        """Return how far each segment of the archive is entered, by its name."""
        rows = self._rows("SELECT name, n_bytes, is_sealed FROM segments")
        return {name: Segment(name, n_bytes, bool(is_sealed)) for name, n_bytes, is_sealed in rows}

    def is_empty(self) -> bool:
        """Whether no address was ever added."""
        return not self._rows("SELECT 1 FROM urls LIMIT 1")

    def totals(self, run: str) -> dict[str, int]:
        """Count the addresses of `run` by state, rejected ones by their reason."""
        query = "SELECT iif(state = 'rejected', reason, state), count(*) FROM urls WHERE run = ? GROUP BY 1"
        return dict(self._rows(query, (run,)))

    def n_urls(self, run: str) -> int:
        """Count the addresses of `run`."""
        ((n_urls,),) = self._rows("SELECT count(*) FROM urls WHERE run = ?", (run,))
        return int(n_urls)

    # How it is done

    def _prepare(self) -> None:
        """Make the tables where there are none, and set up the connection."""
        if self._version() == 0:
            with self._transaction():
                if self._version() == 0:  # another process may have been quicker
                    for statement in SCHEMA.split(";\n"):
                        self._connection.execute(statement)
            with retryable_disk(self._path):
                sync_folder(self._path.parent)
        with self._telling():
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")

    def _version(self) -> int:
        """Return the version of the tables, 0 where there are none. Raises Fatal for tables that are not ours."""
        query = "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version"
        ((version, n_tables),) = self._rows(query)
        if version > VERSION:
            raise Fatal(f"{self._path} is of version {version}, of a newer unspun: update it, or choose another --out")
        if version == 0 and n_tables:
            raise Fatal(f"{self._path} is the database of something else: move it elsewhere")
        return int(version)

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            raise ValueError("the ledger is closed: use it as a context")
        return self._open

    def _add(self, new: Iterable[NewUrl], run: str) -> None:
        self._connection.executemany(ADD, [(one.url, run, one.is_source, one.hops) for one in new])

    def _settle(self, entries: Sequence[LedgerEntry]) -> None:
        n_settled = self._connection.executemany(SETTLE, [_settled_row(entry) for entry in entries]).rowcount
        if entries and n_settled != len(entries):
            found = {(entry.url, entry.run) for entry in self.get_many([entry.url for entry in entries])}
            missing = [entry for entry in entries if (entry.url, entry.run) not in found]
            raise LookupError(f"{missing[0].url} is not in run {missing[0].run}: add it before it is settled")

    def _of_run(self, urls: Sequence[str], run: str) -> set[str]:
        return {url for url, of_run in self._rows_of("url, run", urls) if of_run == run}

    def _rows_of(self, columns: str, urls: Sequence[str]) -> Iterator[SqlRow]:
        """Yield columns of the rows of `urls`, some at a time: SQLite takes so many parameters only."""
        remaining = iter(dict.fromkeys(urls))
        while some := list(itertools.islice(remaining, MOST_PARAMETERS)):
            marks = ", ".join("?" * len(some))
            yield from self._rows(f"SELECT {columns} FROM urls WHERE url IN ({marks})", some)  # noqa: S608  (our names)

    def _entries(self, condition: str, values: Sequence[str]) -> Iterator[LedgerEntry]:
        """Yield entries page by page, so that they may be settled meanwhile."""
        query = f"SELECT {COLUMNS}, id FROM urls WHERE {condition} AND id > ? ORDER BY id LIMIT {PAGE_ROWS}"  # noqa: S608
        last = 0
        while page := self._rows(query, (*values, last)):
            yield from (_entry(row[:-1]) for row in page)
            last = page[-1][-1]

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[SqlRow]:
        with self._telling():
            return self._connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do all of the block or nothing."""
        with self._telling():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite itself may have undone it, on a full disk
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn SQLite's errors into ones that say what to do; those of a wrong statement or value are defects."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in DAMAGED:
                message = f"{self._path}: {error}; move it elsewhere: the archive stays, but pages are fetched anew"
                raise Fatal(message) from error
            if isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
                message = f"{self._path}: {error}; check the disk and the rights of its folder"
                raise Retryable(message) from error
            raise


def with_record(entry: LedgerEntry, answer: Answer, place: RecordPlace, *, is_revisit: bool) -> LedgerEntry:
    """Return `entry`, judged by `answer`, which is archived at `place`, with what is now the latest usable body.

    A new page or listing is that; a revisit leaves the earlier one standing, and brings its validators up to date.
    """
    etag, last_modified = answer.etag, answer.last_modified
    if entry.state in HAS_BODY and not is_revisit and answer.status != NOT_MODIFIED:
        return replace(entry, place=place, etag=etag, last_modified=last_modified, fetched_at=answer.asked_at)
    if not is_revisit:
        return entry
    if answer.status == NOT_MODIFIED:
        return replace(entry, etag=etag or entry.etag, last_modified=last_modified or entry.last_modified)
    state = UrlState.REPEATED if entry.state is UrlState.PAGE else entry.state
    return replace(entry, state=state, etag=etag, last_modified=last_modified)


def _entry(row: SqlRow) -> LedgerEntry:
    url, run, state, is_source, hops, reason, detail, attempts, next_at, target, *place = row
    segment, offset, length, payload_digest, etag, last_modified, fetched_at = place
    return LedgerEntry(
        url,
        run,
        UrlState(state),
        bool(is_source),
        hops,
        None if reason is None else DropReason(reason),
        _text(detail),
        attempts,
        next_at,
        target,
        None if segment is None else RecordPlace(segment, offset, length, payload_digest),
        None if etag is None else _text(etag),
        None if last_modified is None else _text(last_modified),
        None if fetched_at is None else datetime.fromisoformat(fetched_at),
    )


def _settled_row(entry: LedgerEntry) -> SqlRow:
    place = entry.place
    return (
        entry.state.value,
        None if entry.reason is None else entry.reason.value,
        _stored(entry.detail),
        entry.attempts,
        entry.next_at,
        entry.target,
        *(
            (None, None, None, None)
            if place is None
            else (place.segment, place.offset, place.length, place.payload_digest)
        ),
        None if entry.etag is None else _stored(entry.etag),
        None if entry.last_modified is None else _stored(entry.last_modified),
        None if entry.fetched_at is None else entry.fetched_at.isoformat(),
        entry.url,
        entry.run,
    )


def _stored(text: str) -> str | bytes:
    """Return what SQLite can store: texts of strangers may hold halves of surrogate pairs, which no UTF-8 has."""
    if text.isascii():
        return text
    packed = text.encode("utf-8", "surrogatepass")
    return text if packed.decode("utf-8", "ignore") == text else packed


def _text(stored: str | bytes) -> str:
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogatepass")
