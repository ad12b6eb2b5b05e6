"""What a page or a stripped text says of its article: title, authors, agency, publisher, dates, section, address.

A page is walked through once (`page_marks`) and its JSON-LD read (`json_ld`). Each field then has a module of its own
that gathers what the sources state and takes what they agree on: `titles`, `page_authors` (with `bylines`),
`page_dates` (with `dates`), `publishers`, `sections`, `addresses`. How far a value can be trusted, where it was found
and which sources say otherwise is on record in `sources` (`statements.weigh`). A field no source states plainly stays
None.

For stripped text the lines that were labelled title, byline and credit are read instead.

Dates are UTC. A date without a time is midnight UTC; a time without a zone is taken as UTC; both lower the confidence.
Nothing on a page makes this raise. It costs some 2 ms a page on the 80 development pages, half of it for the walk.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from lxml.html import HtmlElement

from tasks.boilerplate.addresses import choose_canonical, host_labels, same_address
from tasks.boilerplate.bylines import read_bylines
from tasks.boilerplate.dates import Locale
from tasks.boilerplate.json_ld import ArticleObject, read_article_object
from tasks.boilerplate.line_rules import find_agency, find_house, fold_space
from tasks.boilerplate.page_authors import read_authors, share_person
from tasks.boilerplate.page_dates import Place, read_dates
from tasks.boilerplate.page_marks import PageMarks, ancestors_of, read_page_marks
from tasks.boilerplate.publishers import (
    choose_publisher,
    list_publishers,
    list_site_names,
    reprinted_agency,
    same_publisher,
)
from tasks.boilerplate.records import FieldSource, LabelledLine
from tasks.boilerplate.sections import list_languages, list_sections, region_of
from tasks.boilerplate.statements import Statement, most_trusted, weigh
from tasks.boilerplate.titles import SiteNames, choose_title, says_same, squash

TITLE_META = (
    ("og:title", "og:title"),
    ("twitter:title", "twitter:title"),
    ("dc.title", "meta"),
    ("headline", "meta"),
    ("title", "meta"),
)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The article's fields as far as its page or text states them, and where each was found.

    `lang` is the language that the page declares, an ISO 639-1 code.
    """

    title: str | None = None
    byline: str | None = None
    agency: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    section: str | None = None
    canonical_url: str | None = None
    lang: str | None = None
    sources: tuple[FieldSource, ...] = ()


def read_page_metadata(tree: HtmlElement, url: str | None = None) -> Metadata:
    """Read the metadata of a page. `url` is its address, for relative links and the date in it."""
    marks = read_page_marks(tree)
    said = read_article_object(marks.scripts)
    addresses = choose_canonical(list(_list_addresses(said, marks)), url)
    address = url or (addresses[0].value if addresses else None)
    publishers = list_publishers(said, marks)
    names = SiteNames(list_site_names(publishers, marks, address), _list_section_names(said, marks))
    title = choose_title(_list_titles(said, marks), marks.headings, marks.lower_headings, names, address)
    place = Place(title.heading, title.order, ancestors_of(title.heading))
    authors = read_authors(said, marks, place, names)
    reprinted = reprinted_agency(publishers, address)
    agencies = (*authors.agencies, *([reprinted] if reprinted else []))
    publisher = choose_publisher(publishers, reprinted) or next(iter(authors.houses), None)
    languages = list_languages(said, marks)
    language = most_trusted(languages, _same)
    published, modified = read_dates(tree, said, marks, place, _find_locale(marks, language, address), address)
    sections = list_sections(said, marks, names, title.chosen.value if title.chosen else None)
    found = {
        "title": _weigh("title", title.chosen, title.statements, says_same),
        "byline": _weigh("byline", authors.chosen, authors.people, share_person),
        "agency": _weigh("agency", next(iter(agencies), None), agencies, _same),
        "publisher": _weigh("publisher", publisher, publishers, same_publisher),
        "published_at": published.source if published else None,
        "modified_at": modified.source if modified else None,
        "section": _weigh("section", next(iter(sections), None), sections, _same_words),
        "canonical_url": _weigh("canonical_url", next(iter(addresses), None), addresses, same_address),
    }
    return Metadata(
        title=title.chosen.value if title.chosen else None,
        byline=", ".join(authors.chosen.value) if authors.chosen else None,
        agency=agencies[0].value if agencies else None,
        publisher=publisher.value if publisher else None,
        published_at=published.moment.instant if published else None,
        modified_at=modified.moment.instant if modified else None,
        section=sections[0].value if sections else None,
        canonical_url=addresses[0].value if addresses else None,
        lang=language.value if language else None,
        sources=tuple(source for source in found.values() if source is not None),
    )


def _weigh(
    field: str,
    chosen: Statement[Value] | None,
    statements: Sequence[Statement[Value]],
    agree: Callable[[Value, Value], bool],
) -> FieldSource | None:
    return None if chosen is None else weigh(field, chosen, statements, agree)


def _same(one: str, other: str) -> bool:
    return one == other


def _same_words(one: str, other: str) -> bool:
    return squash(one) == squash(other)


def _list_addresses(said: ArticleObject, marks: PageMarks) -> Iterator[tuple[str, str]]:
    for link in marks.canonical_links:
        yield "rel=canonical", link
    for name in ("og:url", "twitter:url"):
        if name in marks.meta:
            yield "og:url", marks.meta[name][0]
    if said.url and said.is_article:
        yield "json-ld", said.url


def _list_section_names(said: ArticleObject, marks: PageMarks) -> tuple[str, ...]:
    """Return the names of sections that may stand in a title or as a heading."""
    stated = [marks.first("article:section") or "", said.section or "", *said.crumbs[:-1]]
    return tuple(dict.fromkeys(name for name in stated if name))


def _list_titles(said: ArticleObject, marks: PageMarks) -> list[tuple[str, str]]:
    stated = [("json-ld" if said.is_article else "json-ld page", said.headline or "")]
    stated += [(source, marks.meta[name][0]) for name, source in TITLE_META if name in marks.meta]
    return [(source, text) for source, text in [*stated, ("title element", marks.title)] if text]


def _find_locale(marks: PageMarks, language: Statement[str] | None, url: str | None) -> Locale:
    """Return language and region of the page, for dates in figures. The region may also be that of the host."""
    region = region_of(marks.lang) or region_of(marks.first("og:locale") or "")
    last = (host_labels(url) or [""])[-1]
    country = last if len(last) == 2 else ""  # noqa: PLR2004  (a country's domain)
    return Locale(language.value if language else "", country or region)


def read_text_metadata(labelled: Sequence[LabelledLine]) -> Metadata:
    """Read the metadata of stripped text from its labelled lines."""
    title = next((fold_space(line.text) for line in labelled if line.label == "title"), None)
    bylines = [line.text for line in labelled if line.label == "byline"]
    credited = read_bylines(bylines)
    sources = [line.text for line in labelled if line.label == "credit" and line.rule == "structure/source-name"]
    agency = credited.agency or next(filter(None, map(find_agency, sources)), None)
    house = credited.house or next(filter(None, map(find_house, sources)), None)
    stated = " | ".join(map(fold_space, bylines))
    found = (
        ("title", title, title),
        ("byline", credited.byline, stated),
        ("agency", agency, stated if credited.agency else agency),
        ("publisher", house, stated if credited.house else house),
    )
    return Metadata(
        title=title,
        byline=credited.byline,
        agency=agency,
        publisher=house,
        sources=tuple(
            weigh(field, (said := Statement("text", text, value)), [said], _same)
            for field, value, text in found
            if value and text
        ),
    )
