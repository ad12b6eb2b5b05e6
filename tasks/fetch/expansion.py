"""What a source turns out to be: a page, or a listing of other addresses; and how far listings may lead.

A listing may name listings (a sitemap index, a page that announces feeds). How far that goes is bounded for each source
as a person gave it: `MOST_NESTED` levels, `MOST_LISTINGS` listings, `max_listed` addresses in all. Where a bound cuts
something off, the listing keeps a reason, which becomes a reject under its name: nothing is left out in silence.

Only what was given as a source, or named by a sitemap index, is looked at; a feed that an article links to is an
article that can't be read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tasks.fetch.body import IDENTITY, unpack
from tasks.fetch.ledger import Ledger, LedgerEntry, UrlState
from tasks.fetch.listings import LISTING_BYTES, Listing, ListingKind, find_announced, find_listing
from tasks.fetch.media import HEAD, opens_as_html
from tasks.fetch.records import Answer, CrawlOptions
from tasks.outcome import DropReason, Unusable

# An index of indexes of sitemaps is two levels; the protocol allows one.
MOST_NESTED = 3
# The protocol allows 50,000 sitemaps in an index; sites of newspapers have one for each month, a few hundred.
MOST_LISTINGS = 1_000
AS_BEFORE = {UrlState.UNCHANGED, UrlState.REPEATED}


@dataclass(frozen=True, slots=True)
class Found:
    """What a listing lists: addresses as written, and whether they may be listings themselves.

    `reason` and `detail` say what of it is missing; None where nothing is.
    """

    urls: tuple[str, ...]
    are_sources: bool
    reason: DropReason | None = None
    detail: str = ""


@dataclass(slots=True)
class _Source:
    """What one given source led to so far."""

    listings: int = 0
    listed: int = 0


@dataclass(frozen=True, slots=True)
class _Lineage:
    """Which given source an address goes back to, over how many listings."""

    source: _Source
    depth: int = 0


@dataclass(slots=True)
class Expansion:
    """The listings of one crawl, and how much of their bounds is used up."""

    options: CrawlOptions
    _lineages: dict[str, _Lineage] = field(default_factory=dict)
    _were_listings: set[str] = field(default_factory=set)

    def begin(self, ledger: Ledger, run: str, sources: Iterable[str]) -> None:
        """Take the given `sources`, and count what their listings listed before the crawl was interrupted."""
        self._were_listings = ledger.listing_urls()
        open_urls = list(sources)
        for url in open_urls:
            self._lineages[url] = _Lineage(_Source())
        listings = {entry.url: entry for entry in ledger.of_state(run, UrlState.LISTING)}
        redirects = {entry.url: entry.target for entry in ledger.of_state(run, UrlState.REDIRECT)}
        while open_urls:
            url = open_urls.pop()
            target = redirects.get(url)
            if target is not None and target not in self._lineages:
                self.pass_on(url, target)
                open_urls.append(target)
            if url in listings:
                lineage = self._lineages[url]
                lineage.source.listings += 1
                lineage.source.listed += len(ledger.children(url, run))
                new = [child for child in ledger.child_urls(url, run) if child not in self._lineages]
                self.descend(url, new)
                open_urls += new

    def pass_on(self, url: str, target: str) -> None:
        """Say that `url` leads to `target` by a redirect."""
        if url in self._lineages:
            self._lineages.setdefault(target, self._lineages[url])

    def descend(self, url: str, children: Iterable[str]) -> None:
        """Say that the listing at `url` lists `children`."""
        above = self._lineages[url]
        for child in children:
            self._lineages.setdefault(child, _Lineage(above.source, above.depth + 1))

    def marked(self, entry: LedgerEntry, answer: Answer) -> LedgerEntry:
        """Return `entry` as a listing where the page in `answer` may be one: a glance at how it begins."""
        if entry.state is not UrlState.PAGE or not entry.is_source:
            return entry
        if not self.options.discover and opens_as_html(_head_of(answer)):
            return entry
        return replace(entry, state=UrlState.LISTING)

    def is_due(self, entry: LedgerEntry) -> bool:
        """Whether it is to be entered what the page of `entry` lists: it may be a listing, or was one before."""
        return entry.state is UrlState.LISTING or (entry.state in AS_BEFORE and entry.url in self._were_listings)

    def find(self, entry: LedgerEntry, answer: Answer) -> Found | None:
        """Return what the listing in `answer` lists, within the bounds; None where it is a page."""
        lineage = self._lineages.setdefault(entry.url, _Lineage(_Source()))
        source = lineage.source
        try:
            body = unpack([answer.body], answer.content_encoding, LISTING_BYTES)
            left = max(self.options.max_listed - source.listed, 0)
            listing = find_listing(body, answer.url, answer.media_type, left, answer.charset_label)
            if listing is None:
                return self._announced(body, answer, lineage)
        except Unusable as error:
            return Found((), are_sources=False, reason=error.reason, detail=error.detail)
        if lineage.depth > MOST_NESTED or source.listings >= MOST_LISTINGS:
            bounds = (
                f"{MOST_NESTED} levels and {MOST_LISTINGS} listings are read for a source; name this one as a source"
            )
            return Found((), are_sources=False, reason=DropReason.LISTING_LIMIT, detail=bounds)
        source.listings += 1
        source.listed += len(listing.urls)
        return _within(listing, self.options.max_listed)

    def _announced(self, body: bytes, answer: Answer, lineage: _Lineage) -> Found | None:
        """Return the feeds and sitemaps that a page given as a source announces, where these are wanted."""
        if not self.options.discover or lineage.depth > 0:
            return None
        urls = find_announced(body, answer.url)
        return Found(urls, are_sources=True) if urls else None


def _within(listing: Listing, max_listed: int) -> Found:
    are_sources = listing.kind is ListingKind.SITEMAP_INDEX
    if listing.n_more:
        detail = f"{listing.n_more} more than max_listed = {max_listed} for a source; raise it to read them"
        return Found(listing.urls, are_sources, DropReason.LISTING_LIMIT, detail)
    if listing.damage:
        return Found(listing.urls, are_sources, DropReason.RECORD_INVALID, listing.damage)
    if not listing.urls:
        return Found((), are_sources, DropReason.EMPTY_BODY, f"a {listing.kind} that lists nothing")
    return Found(listing.urls, are_sources)


def _head_of(answer: Answer) -> bytes:
    """Return how the body begins; nothing where it would have to be unpacked, so that it is looked at whole."""
    if answer.opening:
        return answer.opening
    return answer.body[:HEAD] if answer.content_encoding in IDENTITY else b""
