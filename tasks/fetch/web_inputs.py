"""From addresses to inputs, after the crawl: which pages they led to, and where in the archive these stand.

An address leads, over its redirects, to a page, to a listing (a feed, a sitemap, a list of URLs) or to a reason. A
page is one input under the name it was asked for by. A listing is no input: it stands for what it lists, as a folder
stands for its files, and each of its addresses is one input under the name the listing gives it; an address that
several listings name is one input all the same. Where a listing is damaged, empty or too long, a reject under its own
name says what is missing.

The row of a page holds the place of its record and the digest of its bytes, no time and no run: a page that did not
change since the last run gives the same row, and what was made of it stands.
"""

from collections.abc import Iterator
from pathlib import Path

from tasks.fetch.ledger import Ledger, LedgerEntry, UrlState
from tasks.fetch.records import CrawlOptions, InputItem, InputKind, Origin
from tasks.fetch.sources import without_credentials
from tasks.fetch.verdict import ledger_address
from tasks.outcome import DropReason, Reject, StageName, Unusable
from tasks.shards import Row

HAS_PAGE = {UrlState.PAGE, UrlState.UNCHANGED, UrlState.REPEATED}

Inputs = Iterator[Row[InputItem]]


class WebInputs:
    """The inputs behind the addresses of one run, read from the ledger that its crawl left in `folder`."""

    def __init__(self, ledger: Ledger, folder: Path, run: str, options: CrawlOptions) -> None:
        """Read from `ledger`, whose archive is at `folder`."""
        self._ledger, self._folder, self._run, self._options = ledger, folder, run, options
        self._named: set[str] = set()
        self._opened: set[str] = set()

    def behind(self, name: str) -> Inputs:
        """Yield the inputs behind the address `name`, as a person or a listing gave it; nothing for one told before."""
        shown = without_credentials(name)
        if shown in self._named:
            return
        self._named.add(shown)
        try:
            entry = self._final(ledger_address(name, allow_private=self._options.allow_private).href)
        except Unusable as error:
            yield _reject(shown, error.reason, error.detail)
            return
        if entry.state is UrlState.LISTING:
            yield from self._listed(shown, entry)
        elif entry.state in HAS_PAGE and entry.place is not None:
            place = entry.place
            location = str(self._folder / place.segment)
            item = InputItem(
                Origin(shown, shown),
                InputKind.ARCHIVED_PAGE,
                location,
                place.offset,
                place.length,
                place.payload_digest,
            )
            yield Row(item, None)
        else:
            yield _reject(shown, entry.reason or DropReason.NOT_REACHED, entry.detail or f"left as {entry.state}")

    def _final(self, url: str) -> LedgerEntry:
        """Follow redirects from `url`. Raises Unusable where they never end."""
        passed: set[str] = set()
        while True:
            entry = self._ledger.get(url)
            if entry is None or entry.run != self._run:
                raise Unusable(DropReason.NOT_REACHED, f"{url} was not asked in this run; run again")
            if entry.state is not UrlState.REDIRECT or entry.target is None:
                return entry
            passed.add(url)
            url = entry.target
            if url in passed:
                raise Unusable(DropReason.REDIRECT_LOOP, f"after {len(passed)} redirects back to {url}")
            if len(passed) > self._options.max_redirects:
                raise Unusable(DropReason.REDIRECT_LIMIT, f"more than {self._options.max_redirects}, the last to {url}")

    def _listed(self, name: str, listing: LedgerEntry) -> Inputs:
        if listing.url in self._opened:  # two names of one feed, or a sitemap that lists itself
            return
        self._opened.add(listing.url)
        if listing.reason is not None:
            yield _reject(name, listing.reason, listing.detail)
        for child in self._ledger.children(listing.url, self._run):
            yield from self.behind(child)


def _reject(name: str, reason: DropReason, detail: str) -> Row[InputItem]:
    return Row(None, Reject(name, name, StageName.FETCH, reason, detail))
