"""Under which names a site goes, and which of them is the name of the publisher.

The names serve two ends: they are taken out of titles, and a "person" of such a name is no author. As publisher a name
is taken as the page writes it; addresses (`www.example.org`), accounts (`@example`) and slogans behind a stroke are no
names. A page whose JSON-LD gives a news agency as publisher, on a site that calls itself otherwise, reprints that
agency.
"""

import re

from tasks.boilerplate.addresses import host_labels, site_of
from tasks.boilerplate.json_ld import ArticleObject
from tasks.boilerplate.line_rules import find_agency, fold_space
from tasks.boilerplate.page_marks import PageMarks
from tasks.boilerplate.statements import Statement
from tasks.boilerplate.titles import is_site_name, squash

SITE_META = ("og:site_name", "application-name", "dc.publisher", "publisher", "apple-mobile-web-app-title", "copyright")
SLOGAN_RE = re.compile(r"\s+(?:[|–—·•»:/]|-{1,2})\s+|\s*[|｜]\s*|:\s+")
ADDRESS_RE = re.compile(r"(?:https?:|//|www\.|@)", re.IGNORECASE)
COPYRIGHT_RE = re.compile(r"©|\(c\)|copyright|\b\d{4}\b|all rights(?: reserved)?", re.IGNORECASE)
YEAR_RE = re.compile(r"\d{4}")
LONGEST = 80
# A site's name has no more words than this.
LONGEST_NAME = 5
# Labels of hosts that are no name of a site.
LOOSE_LABELS = frozenset("www m amp mobile edition en de fr es it pt ru blog news com co org net gov edu ac or".split())
SHORTEST_LABEL = 3


def list_publishers(said: ArticleObject, marks: PageMarks) -> tuple[Statement[str], ...]:
    """Return what the page states as the name of its publisher, the most trusted first, cleaned."""
    stated = [("json-ld", said.publisher), *((name, marks.first(name)) for name in SITE_META), ("json-ld", said.site)]
    titles = {squash(text) for text in (marks.first("og:title") or "", marks.title) if len(text.split()) > LONGEST_NAME}
    return tuple(
        Statement(source, text, name)
        for source, text in stated
        # Some templates put the article's title where the name of the application belongs.
        if text and (name := clean_name(text)) is not None and squash(name) not in titles
    )


def clean_name(text: str) -> str | None:
    """Return the name in a text without a slogan, None where it is an address, an account or a notice.

    >>> clean_name("Example Times | News from the north"), clean_name("www.example.org")
    ('Example Times', None)
    """
    name = SLOGAN_RE.split(fold_space(text))[0].strip(" .,-|")
    is_name = 1 < len(name) <= LONGEST and not ADDRESS_RE.match(name) and not COPYRIGHT_RE.search(name)
    return name if is_name else None


def list_site_names(publishers: tuple[Statement[str], ...], marks: PageMarks, url: str | None) -> tuple[str, ...]:
    """Return all names of the site: of its publisher and owner, of its account, and the telling labels of its host."""
    account = (marks.first("twitter:site") or "").strip().removeprefix("@")
    stated = marks.first("og:site_name") or ""
    owner = YEAR_RE.sub("", COPYRIGHT_RE.sub("", marks.first("copyright") or "")).strip(" .,-|")
    names = [
        *(one.value for one in publishers),
        *_host_names(url),
        account if "/" not in account else "",
        stated,
        owner,
    ]
    return tuple(dict.fromkeys(name for name in names if name and len(name) <= LONGEST))


def _host_names(url: str | None) -> list[str]:
    """Return "example", "example.org" and "sport" for https://sport.example.org/."""
    labels = host_labels(url)
    if not labels:
        return []
    site = site_of(url or "")
    own = [label for label in labels[:-1] if len(label) >= SHORTEST_LABEL and label not in LOOSE_LABELS]
    return [site, site.partition(".")[0], *own]


def reprinted_agency(publishers: tuple[Statement[str], ...], url: str | None) -> Statement[str] | None:
    """Return the agency that is stated as publisher of a page on another's site, if one is."""
    host = squash("".join(host_labels(url)))
    for one in publishers:
        agency = find_agency(one.value)
        others = [other for other in publishers if find_agency(other.value) != agency]
        if agency and others and squash(one.value) not in host and squash(agency) not in host:
            return Statement(one.source, one.stated, agency)
    return None


def choose_publisher(publishers: tuple[Statement[str], ...], agency: Statement[str] | None) -> Statement[str] | None:
    """Return the name of the publisher: the first one stated that is not the agency whose copy this is."""
    own = [one for one in publishers if agency is None or find_agency(one.value) != agency.value]
    return next(iter(own), None)


def same_publisher(one: str, other: str) -> bool:
    """Say whether two names are of one site."""
    return is_site_name(one, (other,)) or is_site_name(other, (one,))
