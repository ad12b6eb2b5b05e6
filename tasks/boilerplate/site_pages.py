"""The pages of each site that are remembered, so that its templates can be told from its articles.

What is remembered of a page are its lines: the paragraphs that were kept of it, before any template was taken out.
Only a sample is: of each site the pages of the newest months, at most `SAMPLED_PAGES` of them, and inside a month those
whose names have the greatest digests. So the state is bounded, follows a site that changes its look, and does not hang
on the order in which pages come: `merge_pages` is idempotent, commutative and associative, and a page that is merged
twice is there once.

Refused here: any judgement on a line. `site_templates` makes it. And sites larger than a host: what a publisher sets
around the articles of all its titles is learnt title by title.
"""

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import urlsplit

from tasks.boilerplate.line_rules import fold_space

# A line on one page in sixteen is still on five pages of so many. The state of a site is then some 300 kB of text,
# and finding its templates costs 40 ms.
SAMPLED_PAGES = 80
# Stripped text can be a whole page with all its menus; what lies between its ends is forgotten. So is the rest of a
# line that is longer than any template.
REMEMBERED_LINES = 200
REMEMBERED_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page of a site: a row of the state. `lines` are the paragraphs kept of it, in order.

    `page_id` names the page in every run. `seen_on` is an ISO date, "" where none is known; it must come from the page
    or its record, never from the clock, or a second run over the same pages would change the state.
    """

    site: str
    page_id: str
    seen_on: str
    lines: tuple[str, ...]


def site_of(url: str | None, input_name: str) -> str | None:
    """Return the site an input belongs to: its host in lower case, without "www."; None for a file without an address.

    >>> site_of("https://www.Valley-Post.example/a?b=1", "pages/a.html")
    'valley-post.example'
    >>> site_of(None, "pages/a.html") is None
    True
    """
    for address in (url, input_name):
        if address and address.lower().startswith(("http://", "https://")):
            try:
                host = urlsplit(address).hostname
            except ValueError:
                continue
            if host and (site := host.rstrip(".").removeprefix("www.")):
                return site
    return None


def merge_pages(old: Iterable[SitePage], new: Iterable[SitePage]) -> tuple[SitePage, ...]:
    """Return the sample of `old` and `new` together, ordered by site and page; of two states of a page the newer."""
    pages: dict[tuple[str, str], SitePage] = {}
    for page in map(_bound, (*old, *new)):
        key = page.site, page.page_id
        pages[key] = max(pages.get(key, page), page, key=lambda page: (page.seen_on, page.lines))
    ordered = (pages[key] for key in sorted(pages))
    return tuple(page for _, site in groupby(ordered, key=lambda page: page.site) for page in _sample(list(site)))


def _bound(page: SitePage) -> SitePage:
    folded = [text for line in page.lines if (text := fold_space(line[: 2 * REMEMBERED_CHARACTERS]))]
    if len(folded) > REMEMBERED_LINES:
        folded = [*folded[: REMEMBERED_LINES // 2], *folded[-REMEMBERED_LINES // 2 :]]
    return replace(page, lines=tuple(text[:REMEMBERED_CHARACTERS].rstrip() for text in folded))


def _sample(pages: Sequence[SitePage]) -> list[SitePage]:
    """Return the pages with the greatest rank. A page that changes keeps its rank within a month."""
    if len(pages) <= SAMPLED_PAGES:
        return list(pages)
    sampled = heapq.nlargest(SAMPLED_PAGES, pages, key=lambda page: (page.seen_on[:7], _draw(page)))
    return sorted(sampled, key=lambda page: page.page_id)


def _draw(page: SitePage) -> bytes:
    return hashlib.blake2b(page.page_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
