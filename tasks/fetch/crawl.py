"""The crawl: every address of a run asked, politely, until it is settled.

    sources → ledger → frontier → robots.txt → client → verdict → scribe → archive, ledger
                 ↑                                          │
                 └── redirects, tries to come, entries of feeds and sitemaps

One event loop asks; at most `concurrency` turns are under way, each host has its own pace (`frontier`, `politeness`).
A redirect is no part of the request that met it: its target is an address of its own, asked in its own host's turn and
under its own robots.txt, once however many redirects lead there. So every address has one answer a run, one record in
the archive and one state in the ledger, and a crawl that was killed goes on with those that still wait.

An address that was given as a source may turn out to be a feed, a sitemap or a list of URLs. What it lists is entered
in the ledger as its children, in the order it lists them; which inputs that makes is told by `tasks.fetch.web_inputs`.

The crawl needs a process of its own, as any job (`tasks.fetch.plan`). Time is the wall clock's, since what is
remembered of hosts must mean the same in the next run.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tasks.fetch.archive import ArchiveWriter, read_answer, segment_path
from tasks.fetch.client import Client
from tasks.fetch.expansion import Expansion, Found
from tasks.fetch.frontier import Frontier, Turn
from tasks.fetch.hosts import Hosts
from tasks.fetch.ledger import Ledger, LedgerEntry, NewUrl, UrlState
from tasks.fetch.records import Answer, CrawledRun, CrawlReceipt, Validators
from tasks.fetch.recovery import recover
from tasks.fetch.scribe import Note, Scribe, Written
from tasks.fetch.url_guard import WebAddress, parse_address
from tasks.fetch.verdict import REDIRECTS, judge, ledger_address, refused, too_early, trouble_of
from tasks.outcome import Dropped, DropReason, Fatal, Unusable

ROBOTS_HOPS = 5  # RFC 9309, section 2.3.1.2
# robots.txt that fails like this says nothing of the site's wishes: nobody is there to be asked for a page either, and
# the page gets the same reason.
UNREACHABLE_HOST = {
    DropReason.DNS_FAILURE,
    DropReason.CONN_RESET,
    DropReason.EOF_EARLY,
    DropReason.TLS_CERT,
    DropReason.TLS_ERROR,
    DropReason.SSRF_PRIVATE_IP,
}
BEAT_S = 1.0


async def crawl(addresses: Sequence[str], crawled: CrawledRun, beat: Callable[[], None] = lambda: None) -> CrawlReceipt:
    """Ask `addresses` and what they lead to. `beat` is called every second; it may end the process.

    Raises Retryable where the disk or another process is in the way, Fatal where the archive is damaged or is of a
    newer version.
    """
    started = time.monotonic()
    folder, options = Path(crawled.archive), crawled.options
    with ArchiveWriter(folder) as archive, Ledger(folder) as ledger:
        expansion = Expansion(options)
        recovered = recover(
            archive, ledger, lambda answer, entry: expansion.marked(judge(answer, entry, options), answer)
        )
        async with Client(options) as client:
            crawler = _Crawler(client, archive, ledger, crawled, expansion)
            crawler.begin(addresses)
            await crawler.run(beat)
        totals = ledger.totals(crawled.run)
        n_urls = ledger.n_urls(crawled.run)
    if sum(totals.values()) != n_urls or totals.get(UrlState.WAITING):
        raise Fatal(f"the ledger has {n_urls} addresses of this run, but states for {totals}; please report it")
    return CrawlReceipt(
        urls=n_urls,
        states=dict(sorted(totals.items())),
        requests=crawler.n_requests,
        adopted=recovered.adopted,
        seconds=round(time.monotonic() - started, 3),
    )


class _Crawler:
    """One crawl under way."""

    def __init__(
        self, client: Client, archive: ArchiveWriter, ledger: Ledger, crawled: CrawledRun, expansion: Expansion
    ) -> None:
        self._client, self._ledger = client, ledger
        self._folder, self._run, self._options = Path(crawled.archive), crawled.run, crawled.options
        self._hosts = Hosts(ledger.hosts(), self._options)
        self._scribe = Scribe(archive, ledger, crawled.run, self._hosts.kept, self._on_written)
        self._frontier = Frontier(self._options.host_connections)
        self._expansion = expansion
        self._waiting: dict[str, tuple[WebAddress, LedgerEntry]] = {}
        self._robots_asked: dict[str, asyncio.Event] = {}
        self._wake = asyncio.Event()
        self._n_busy = 0
        self._ends_at = time.time() + self._options.time_limit_s
        self.n_requests = 0

    # What is to be asked

    def begin(self, addresses: Iterable[str]) -> None:
        """Enter the addresses in the ledger, and take up what waits there from this run."""
        read: dict[str, WebAddress] = {}
        for name in addresses:
            with contextlib.suppress(Unusable):  # its reject is made where the inputs are listed
                address = ledger_address(name, allow_private=self._options.allow_private)
                read[address.href] = address
        self._ledger.add([NewUrl(url, is_source=True, hops=0) for url in read], self._run)
        self._ledger.add_missing_targets(self._run)
        self._expansion.begin(self._ledger, self._run, read)
        # What was never had comes first: where time runs out, it must not be the same addresses in every run.
        for entry in sorted(self._ledger.waiting(self._run), key=lambda entry: entry.place is not None):
            self._push(entry, read.get(entry.url))

    def _push(self, entry: LedgerEntry, read: WebAddress | None = None) -> None:
        address = read or parse_address(entry.url, allow_private=True)  # the guard spoke when it was entered
        if entry.place is not None and not segment_path(self._folder, entry.place.segment).exists():
            entry = replace(entry, place=None, etag=None, last_modified=None, fetched_at=None)
        self._waiting[entry.url] = address, entry
        # A turn that will ask nothing waits for nothing.
        is_refused = too_early(entry, time.time(), self._options) is not None
        self._frontier.push(address.host_key, entry.url, 0.0 if is_refused else entry.next_at or 0.0)
        self._wake.set()

    # Turns

    async def run(self, beat: Callable[[], None]) -> None:
        """Ask until nothing waits and everything is written down, or the time for it is over."""
        async with _bare_errors(), asyncio.TaskGroup() as group:
            pulse = group.create_task(_pulse(beat))
            scribe = group.create_task(self._scribe.run())
            await self._expand([(entry, None) for entry in list(self._ledger.unexpanded(self._run))])
            await self._take_turns(group)
            self._scribe.finish()
            await scribe
            pulse.cancel()

    async def _take_turns(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._wake.clear()
            now = time.time()
            if now >= self._ends_at:
                await self._leave_the_rest()
            turn = self._frontier.pop(now) if self._n_busy < self._options.concurrency else None
            if turn is not None:
                self._n_busy += 1
                group.create_task(self._take(turn))
            elif self._n_busy == 0 and not self._frontier and self._scribe.is_idle:
                return
            else:
                await self._pause(now)

    async def _pause(self, now: float) -> None:
        """Wait until a turn is over or something is written, or the next turn's time has come."""
        next_at = self._frontier.next_at() if self._n_busy < self._options.concurrency else None
        until = self._ends_at if next_at is None else min(next_at, self._ends_at)
        # A clock that is set back must not let the crawl sleep until it has caught up.
        wait_s = min(max(until - now, 0.0), BEAT_S)
        timer = asyncio.get_running_loop().call_later(wait_s, self._wake.set)
        await self._wake.wait()
        timer.cancel()

    async def _leave_the_rest(self) -> None:
        detail = f"the run's {self._options.time_limit_s:g} s for the web were over"
        for url in self._frontier.drain():
            _, entry = self._waiting.pop(url)
            await self._scribe.put(Note(refused(entry, Dropped(DropReason.NOT_REACHED, detail))))

    async def _take(self, turn: Turn | None) -> None:
        """Take turns, one after the other, until none is due."""
        while turn is not None:
            note = await self._take_one(turn)
            if note.entry is not None or note.answer is not None:
                await self._scribe.put(note)
            now = time.time()
            turn = self._frontier.pop(now) if now < self._ends_at else None
        self._n_busy -= 1
        self._wake.set()

    async def _take_one(self, turn: Turn) -> Note:
        """Ask what the turn is for; where its robots.txt must be asked first, that was the turn."""
        address, entry = self._waiting.pop(turn.url)
        try:
            note = await self._visit(turn.host, address, entry)
        except Exception as error:  # noqa: BLE001  (one address costs no other; the reject says what happened)
            note = Note(refused(entry, Dropped(DropReason.DOCUMENT_ERROR, f"{type(error).__name__}: {error}"[:500])))
        self._frontier.release(turn.host, self._hosts.next_at(turn.host, time.time()))
        if note.entry is None:
            self._push(entry)
        return note

    async def _visit(self, host: str, address: WebAddress, entry: LedgerEntry) -> Note:
        """Ask for a page, or for the robots.txt that it waits for; or say why neither."""
        now = time.time()
        refusal = self._hosts.refusal(host, now) or too_early(entry, now, self._options)
        if refusal is None:
            robots = self._hosts.robots(address.origin, now)
            if robots is None:
                return await self._visit_robots(host, address, entry)
            refusal = robots.refuses(address.href)
        if refusal is not None:
            await asyncio.sleep(0)  # thousands of addresses of a dead host must not hold up the others
            return Note(refused(entry, refusal))
        answer = await self._ask(host, address, Validators(entry.etag, entry.last_modified))
        judged = self._expansion.marked(judge(answer, entry, self._options), answer)
        return Note(judged, answer, (host,))

    async def _ask(self, host: str, address: WebAddress, validators: Validators) -> Answer:
        self.n_requests += 1
        self._frontier.hold(host, self._hosts.asked(host, time.time()))
        answer = await self._client.ask(address, validators)
        self._hosts.answered(host, answer, answer.trouble or trouble_of(answer), time.time())
        return answer

    # robots.txt

    async def _visit_robots(self, host: str, address: WebAddress, entry: LedgerEntry) -> Note:
        """Ask for the robots.txt of an origin; several turns that need it ask once.

        Where nobody answers, that is what happened to the page too.
        """
        origin = address.origin
        if origin in self._robots_asked:
            await self._robots_asked[origin].wait()
            return Note(None)
        self._robots_asked[origin] = asyncio.Event()
        try:
            answer = await self._ask_robots(host, origin)
        finally:
            self._robots_asked.pop(origin).set()
        if answer.trouble is not None and answer.trouble.reason in UNREACHABLE_HOST:
            return Note(judge(replace(answer, url=entry.url), entry, self._options), hosts=(host,))
        self._hosts.learn_robots(host, origin, answer, time.time())
        return Note(None, answer, (host, origin))

    async def _ask_robots(self, host: str, origin: str) -> Answer:
        """Follow up to five redirects to a robots.txt, as RFC 9309 wants; beyond them it counts as not there."""
        url = f"{origin}/robots.txt"
        answer = await self._ask(host, parse_address(url, allow_private=True), Validators())
        for _ in range(ROBOTS_HOPS):
            if answer.trouble is not None or answer.status not in REDIRECTS or not answer.location:
                return answer
            try:
                address = parse_address(answer.location, answer.url, allow_private=self._options.allow_private)
            except Unusable as error:
                return replace(answer, trouble=Dropped(error.reason, error.detail))
            self.n_requests += 1
            answer = await self._client.ask(address)
        return answer

    # What was written

    async def _on_written(self, batch: Sequence[Written]) -> None:
        """Go on from what is written: tries to come, redirects, listings."""
        listings: list[tuple[LedgerEntry, Answer | None]] = []
        for written in batch:
            entry = written.entry
            if entry is None:
                continue
            if entry.state is UrlState.WAITING:
                self._push(entry)
            elif entry.target is not None:
                self._expansion.pass_on(entry.url, entry.target)
            elif self._expansion.is_due(entry):
                listings.append((entry, written.answer))
            if written.target is not None:
                self._push(written.target)
        await self._expand(listings)
        self._wake.set()

    async def _expand(self, listings: Iterable[tuple[LedgerEntry, Answer | None]]) -> None:
        """Enter what listings list; one whose body is not at hand, since it is unchanged, is read from the archive."""
        for entry, sent in listings:
            try:
                answer = sent if entry.state is UrlState.LISTING and sent is not None and sent.body else None
                if answer is None:
                    answer = await self._scribe.in_thread(_archived, self._folder, entry)
                found = await asyncio.to_thread(self._expansion.find, entry, answer)
            except Unusable as error:
                found = Found((), are_sources=False, reason=error.reason, detail=error.detail)
            for child in await self._scribe.in_thread(self._enter, entry, found):
                self._push(child)

    def _enter(self, entry: LedgerEntry, found: Found | None) -> list[LedgerEntry]:
        """Enter a listing with its children in the ledger, or that it is a page; return what waits to be asked."""
        if found is None:
            page = UrlState.PAGE if entry.state is UrlState.LISTING else entry.state
            self._ledger.settle([replace(entry, state=page)])
            return []
        entry = replace(entry, state=UrlState.LISTING, reason=found.reason, detail=found.detail)
        children: list[tuple[str, NewUrl | None]] = []
        for name in found.urls:
            try:
                url = ledger_address(name, allow_private=self._options.allow_private).href
            except Unusable:  # its reject is made where the inputs are listed
                children.append((name, None))
            else:
                children.append((name, NewUrl(url, is_source=found.are_sources, hops=0)))
        self._expansion.descend(entry.url, [new.url for _, new in children if new is not None])
        return self._ledger.expand(entry, children)


def _archived(folder: Path, entry: LedgerEntry) -> Answer:
    if entry.place is None:
        raise Fatal(f"the ledger has no place for the listing {entry.url}; please report it")
    return read_answer(folder, entry.place)


@contextlib.asynccontextmanager
async def _bare_errors() -> AsyncIterator[None]:
    """Raise the first error of a group as itself, so that its catcher sees whether to try again."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group


async def _pulse(beat: Callable[[], None]) -> None:
    while True:
        beat()
        await asyncio.sleep(BEAT_S)
