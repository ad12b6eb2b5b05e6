"""What a page or a stripped text says of its article: title, byline, agency, publisher, date, canonical address.

For a page, sources are asked in order of how seldom they err: JSON-LD, then the meta elements, then what the page
shows. A field no source states plainly stays None. For stripped text the lines that were labelled byline and credit
are read instead, and the title is the line labelled so.

Dates are UTC. A date without a time is midnight UTC; a time without a zone is taken as UTC. Only dates a page
states for its article count; the clock and dates in addresses or in prose are never used.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from htmldate import find_date
from lxml.html import HtmlElement

from tasks.boilerplate.bylines import Credited, read_bylines
from tasks.boilerplate.json_ld import ArticleObject, read_article_object
from tasks.boilerplate.line_rules import find_agency, find_house, fold_space
from tasks.boilerplate.records import LabelledLine

TITLE_META = ("og:title", "twitter:title", "dc.title", "headline")
AUTHOR_META = ("author", "article:author", "dc.creator", "byl", "parsely-author", "sailthru.author")
PUBLISHER_META = ("og:site_name", "application-name", "dc.publisher", "publisher")
DATE_META = (
    "article:published_time", "og:article:published_time", "datepublished", "date", "dc.date.issued", "dc.date",
    "pubdate", "publishdate", "publish-date", "parsely-pub-date", "sailthru.date", "publication_date",
    "article.published", "dcterms.created", "originalpublicationdate", "cxenseparse:recs:publishtime",
)  # fmt: skip
BYLINE_CLASS_RE = re.compile(r"(?:^|[\s_-])(?:byline|author(?:-?name)?|writer)(?:$|[\s_-])", re.IGNORECASE)
SITE_JOINT_RE = re.compile(r"\s+[|–—·•»:-]+\s+|\s*\|\s*")
ISO_RE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?(?:Z|[+-]\d{2}:?\d{2}))?)?")
BYLINES_READ = 3
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = "2099-12-31"
# More `time` elements than this belong to a list of teasers or comments.
FEW_TIMES = 2


@dataclass(frozen=True, slots=True)
class Metadata:
    """The article's fields as far as its page or text states them."""

    title: str | None = None
    byline: str | None = None
    agency: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None
    canonical_url: str | None = None


def read_page_metadata(tree: HtmlElement, url: str | None = None) -> Metadata:
    """Read the metadata of a page. `url` is its address, for relative links."""
    said = read_article_object(tree)
    meta = _read_meta(tree)
    publisher = said.publisher or _first(meta, PUBLISHER_META)
    credited = read_bylines([*said.authors]) if said.authors else Credited()
    if not credited.people:
        credited = _merge(credited, read_bylines(meta[name] for name in AUTHOR_META if name in meta))
    if not credited.people:
        credited = _merge(credited, read_bylines(_shown_bylines(tree)))
    return Metadata(
        title=_find_title(tree, said, meta, publisher or _site_of(url)),
        byline=_without_publisher(credited, publisher),
        agency=credited.agency,
        publisher=_clean_name(publisher) or credited.house,
        published_at=_find_date(tree, said, meta, url),
        canonical_url=_find_canonical(tree, said, meta, url),
    )


def read_text_metadata(labelled: Sequence[LabelledLine]) -> Metadata:
    """Read the metadata of stripped text from its labelled lines."""
    title = next((fold_space(line.text) for line in labelled if line.label == "title"), None)
    credited = read_bylines(line.text for line in labelled if line.label == "byline")
    agency, house = credited.agency, credited.house
    for line in labelled:
        if line.label == "credit" and line.rule == "structure/source-name":
            agency = agency or find_agency(line.text)
            house = house or find_house(line.text)
    return Metadata(title=title, byline=credited.byline, agency=agency, publisher=house)


def _site_of(url: str | None) -> str | None:
    """Return the telling label of the host of `url`: the longest one ("example" in www.example.co.uk)."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return None
    return max(host.split("."), key=len) or None


def _merge(first: Credited, second: Credited) -> Credited:
    return Credited(second.people, first.agency or second.agency, first.house or second.house)


def _without_publisher(credited: Credited, publisher: str | None) -> str | None:
    """Return the people who are not the site itself."""
    own = set((publisher or "").casefold().removeprefix("the ").split())
    return ", ".join(person for person in credited.people if person.casefold().split()[0] not in own) or None


def _read_meta(tree: HtmlElement) -> dict[str, str]:
    """Return the first content of each meta element, by name, property or itemprop in lower case."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        content = fold_space(element.get("content") or "")
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        if content and name:
            found.setdefault(name.strip().lower(), content)
    return found


def _first(meta: dict[str, str], names: Sequence[str]) -> str | None:
    return next((meta[name] for name in names if name in meta), None)


def _clean_name(name: str | None) -> str | None:
    name = fold_space(name or "")
    name = SITE_JOINT_RE.split(name)[0]
    return name if name and not name.startswith(("http:", "https:", "@")) else None


def _find_title(tree: HtmlElement, said: ArticleObject, meta: dict[str, str], publisher: str | None) -> str | None:
    headings = [text for text in (_text_of(element) for element in tree.iter("h1")) if text]
    element = tree.find(".//head/title")
    whole = _text_of(element) if element is not None else ""
    stated = [fold_space(text) for text in (said.headline, _first(meta, TITLE_META)) if text]
    # The heading the reader sees, where the page's own data or its title confirm it.
    confirmed = [heading for heading in headings if any(_agree(heading, other) for other in [*stated, whole])]
    own = (publisher or "").casefold()
    longest = max(confirmed, key=len, default="")
    if longest and longest.casefold() != own:
        return longest
    candidates = [*stated, *([whole] if whole else []), *headings[:1]]
    return strip_site(candidates[0], publisher) if candidates else None


def _agree(heading: str, other: str) -> bool:
    one, two = heading.casefold(), other.casefold()
    return len(one) > 8 and (one in two or (len(two) > 8 and two in one))  # noqa: PLR2004  (a section's name is shorter)


def strip_site(title: str, publisher: str | None) -> str:
    """Take the site's name off the end or the beginning of a title.

    >>> strip_site("Snow closes the pass | Example Times", "Example Times")
    'Snow closes the pass'
    """
    parts = SITE_JOINT_RE.split(title)
    if len(parts) < 2 or not publisher:  # noqa: PLR2004
        return title
    own = publisher.casefold()
    for at, kept in ((-1, slice(0, -1)), (0, slice(1, None))):
        part = parts[at].casefold()
        if part and (part in own or own in part):
            core = parts[kept]
            start = title.index(core[0])
            return title[start : title.rindex(core[-1]) + len(core[-1])]
    return title


def _shown_bylines(tree: HtmlElement) -> Iterator[str]:
    """Yield the texts of the first elements that are marked as the byline."""
    found = 0
    for element in tree.iter("a", "span", "p", "div", "address"):
        marks = element.get("class") or ""
        if element.get("rel") == "author" or element.get("itemprop") == "author" or BYLINE_CLASS_RE.search(marks):
            text = fold_space(" ".join(element.itertext()))
            if 0 < len(text) < 120:  # noqa: PLR2004  (a longer one is an author's biography)
                yield text
                found += 1
            if found == BYLINES_READ:
                return


def _text_of(element: HtmlElement) -> str:
    return fold_space("".join(element.itertext()))


def _find_date(tree: HtmlElement, said: ArticleObject, meta: dict[str, str], url: str | None) -> datetime | None:
    stated = [said.published or "", *(meta[name] for name in DATE_META if name in meta)]
    for text in stated:
        moment = parse_moment(text)
        if moment is not None:
            return moment
    shown = [element.get("datetime") or "" for element in tree.iterfind(".//time[@datetime]")]
    moment = parse_moment(shown[0]) if 0 < len(shown) <= FEW_TIMES else None
    return moment or _guess_date(tree, url)


def _guess_date(tree: HtmlElement, url: str | None) -> datetime | None:
    """Ask htmldate, which knows the habits of many sites, without its search through the prose.

    Its latest possible date is fixed: by default it is the day of the run, and the same page must give the same date.
    """
    try:
        found = find_date(tree, url=url, original_date=True, extensive_search=False, max_date=LATEST)
    except (ValueError, TypeError, RecursionError):
        return None
    return parse_moment(found or "")


def parse_moment(text: str) -> datetime | None:
    """Read an ISO 8601 date or time; None for anything else and for years that the web did not have.

    >>> parse_moment("2031-05-04T10:00:00+0200").isoformat()
    '2031-05-04T08:00:00+00:00'
    """
    match = ISO_RE.match(text.strip())
    if not match:
        return None
    try:
        moment = datetime.fromisoformat(match[0].replace(" +", "+").replace(" Z", "Z"))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment >= EARLIEST else None


def _find_canonical(tree: HtmlElement, said: ArticleObject, meta: dict[str, str], url: str | None) -> str | None:
    links = [element.get("href") for element in tree.iterfind('.//link[@rel="canonical"]')]
    for link in [*links, meta.get("og:url"), said.url]:
        if not link:
            continue
        try:
            absolute = urljoin(url or "", link.strip())
            parts = urlsplit(absolute)
        except ValueError:
            continue
        if parts.scheme in {"http", "https"} and parts.hostname and parts.path:
            return str(absolute)
    return None
