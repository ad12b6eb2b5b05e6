"""Who wrote the article of a page: people, and the agency whose copy it is, out of what the page states and shows.

Asked are JSON-LD, meta elements, elements with `rel=author` or `itemprop=author`, elements whose class says byline or
author, and failing all these the short texts beside the heading that open as bylines do ("By …"). What they credit is
read by `bylines`. Then:

- An organisation is no author, nor is a "person" who goes by the name of the site or its section.
- Bylines in parts of the page about something else (comments, teasers, photos), and those far from the heading that
  nothing but their class marks, are not the article's.
- Sources agree that share a person. Of those that agree, one that names all the people of the chosen one and more is
  complete: content systems often state the first author only.
- A single name ("Catherine") counts where two sources give it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tasks.boilerplate.bylines import Credited, goes_on, opens_byline, read_bylines
from tasks.boilerplate.json_ld import ArticleObject
from tasks.boilerplate.page_dates import Place
from tasks.boilerplate.page_marks import Mark, PageMarks, belongs_to_article, pieces_of, text_of, texts_after
from tasks.boilerplate.statements import Statement, most_trusted
from tasks.boilerplate.titles import SiteNames, is_site_name, squash

AUTHOR_META = (
    "author", "article:author", "article:author:name", "og:article:author", "dc.creator", "dcterms.creator", "creator",
    "dc.contributor", "byl", "byline", "article:byline", "parsely-author", "sailthru.author", "cxenseparse:author",
    "article_author", "article.author", "authors", "author_name", "articleauthor", "citation_author", "rbauthors",
    "mediator_author", "vr:author", "og:author", "twitter:data1", "dcsext.author", "bt:author", "prism.author",
    "weibo:article:author",
)  # fmt: skip
AGENCY_META = (
    "source",
    "news_source",
    "dc.source",
    "article:source",
    "original-source",
    "mediaid",
    "syndication-source",
)
LONGEST_SHOWN = 280
LONGEST_BESIDE = 100
BEFORE_HEADING = 40
AFTER_HEADING = 120
# Bylines of one article stand together: no more elements than these lie between two authors.
BETWEEN_AUTHORS = 14
MOST_READ = 12
TWO_SOURCES = 2
PIECE_JOINT = " | "

People = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Authors:
    """The people chosen, all statements about people, and the first statement of an agency and of a house."""

    chosen: Statement[People] | None
    people: tuple[Statement[People], ...]
    agencies: tuple[Statement[str], ...]
    houses: tuple[Statement[str], ...]


def read_authors(said: ArticleObject, marks: PageMarks, place: Place, names: SiteNames) -> Authors:
    """Return whom the page credits for its article."""
    named = [*_stated(said, marks), *_shown(marks, place)]
    if not any(credited.people or credited.desk or credited.agency for *_, credited in named):
        named += _beside(place)
    owns = said.publisher if said.publisher_kind == "person" else None
    people = tuple(
        Statement(source, stated, found)
        for source, stated, credited in named
        if (found := tuple(name for name in credited.people if name == owns or not _is_own(name, names)))
    ) or _confirmed_singles(named, names)
    agencies = tuple(Statement(source, stated, one.agency) for source, stated, one in named if one.agency)
    houses = tuple(Statement(source, stated, one.house) for source, stated, one in named if one.house)
    return Authors(_choose(people), people, agencies, houses)


def _is_own(name: str, names: SiteNames) -> bool:
    """Say whether a "person" is the site or its section, has only words of the site's name, or all of them."""
    if is_site_name(name, (*names.sites, *names.sections)):
        return True
    words = set(name.casefold().split())
    sites = [set(site.casefold().split()) for site in names.sites]
    return any(words <= own or (len(own) > 1 and own <= words) for own in sites)


Credit = tuple[str, str, Credited]


def _stated(said: ArticleObject, marks: PageMarks) -> Iterator[Credit]:
    """Yield what JSON-LD and meta elements credit. Organisations are read for agencies and houses only."""
    source = "json-ld" if said.is_article else "json-ld page"
    people = [author.name for author in said.authors if author.kind != "organisation"]
    if people:
        yield source, ", ".join(people), read_bylines(people)
    for author in said.authors:
        if author.kind == "organisation":
            read = read_bylines([author.name])
            yield source, author.name, Credited(agency=read.agency, house=read.house)
    if said.provider:
        yield source, said.provider, Credited(agency=read_bylines([said.provider]).agency)
    for name in AUTHOR_META:
        if name in marks.meta:
            yield "meta", ", ".join(marks.meta[name]), read_bylines(marks.meta[name])
    for name in AGENCY_META:
        if name in marks.meta:
            yield "meta", marks.meta[name][0], Credited(agency=read_bylines(marks.meta[name][:1]).agency)


def _shown(marks: PageMarks, place: Place) -> Iterator[Credit]:
    """Yield what the marked bylines of the article credit; those of one group together."""
    read = _prefer_inner(list(_read_group(marks, place)))
    for source in ("microdata", "shown byline"):
        group = [row for row in read if row[0].is_stated == (source == "microdata")]
        if group:
            texts = dict.fromkeys(text for _, text, _ in group)
            yield source, PIECE_JOINT.join(texts), _join([credited for *_, credited in group])


Shown = tuple[Mark, str, Credited]


def _read_group(marks: PageMarks, place: Place) -> Iterator[Shown]:
    """Yield the first marked bylines of the article that stand together and name somebody."""
    last: Mark | None = None
    count = 0
    for mark in marks.bylines:
        if count >= MOST_READ or (last is not None and mark.order - last.order > BETWEEN_AUTHORS):
            return
        is_near = place.has(mark, BEFORE_HEADING, AFTER_HEADING)
        if not is_near or not belongs_to_article(mark.element, place.around, stated=mark.is_stated):
            continue
        text, credited = _read_mark(mark)
        if not credited.is_empty:
            yield mark, text, credited
            count += 1
            last = mark if credited.people else last


def _prefer_inner(read: list[Shown]) -> list[Shown]:
    """Take out of a byline what an author marked in it shows to be no author: a text beside that author.

    "Ida Brandt | Example Valley Courier", where only the first is marked as the author.
    """
    return [(mark, text, _without_neighbours(mark, text, credited, read)) for mark, text, credited in read]


def _without_neighbours(mark: Mark, text: str, credited: Credited, read: Sequence[Shown]) -> Credited:
    inner = {
        name
        for other, _, one in read
        if other.element is not mark.element and mark.element in other.element.iterancestors()
        for name in one.people
    }
    if not inner:
        return credited
    alone = set(text.split(PIECE_JOINT))
    return replace(credited, people=tuple(name for name in credited.people if name in inner or name not in alone))


def _read_mark(mark: Mark) -> tuple[str, Credited]:
    """Read a marked element: its runs of text apart, and failing these together, as one name may have two elements."""
    element = mark.element
    if element.tag == "meta":
        text = element.get("content") or ""
        return text, read_bylines([text])
    pieces = [" ".join(piece.split()) for piece in pieces_of(element)]
    text = "\n".join(piece for piece in pieces if piece)
    # "By <a>Ida Brandt</a> and Jon Moe with AFP"
    if text and goes_on(element.tail or ""):
        text = f"{text} {' '.join((element.tail or '')[:LONGEST_BESIDE].split())}"
    if not text or len(text) > LONGEST_SHOWN:
        return text, Credited()
    credited = read_bylines([text])
    return text.replace("\n", PIECE_JOINT), read_bylines([text_of(element)]) if credited.is_empty else credited


def _join(named: Sequence[Credited]) -> Credited:
    ordered: dict[str, str] = {}
    for name in (name for one in named for name in one.people):
        ordered.setdefault(name.casefold(), name)
    return Credited(
        tuple(ordered.values()),
        next((one.agency for one in named if one.agency), None),
        next((one.house for one in named if one.house), None),
        next((one.desk for one in named if one.desk), None),
        tuple(dict.fromkeys(name for one in named for name in one.single_names)),
    )


def _beside(place: Place) -> Iterator[Credit]:
    """Yield what a text after the heading credits that opens as a byline does."""
    texts = list(texts_after(place.heading))
    for at, text in enumerate(texts):
        # "By" may stand in an element of its own before the name.
        whole = f"{text} {texts[at + 1]}" if at + 1 < len(texts) and len(text.split()) == 1 else text
        if len(whole) <= LONGEST_BESIDE and opens_byline(whole):
            credited = read_bylines([whole])
            if not credited.is_empty:
                yield "shown byline", whole, credited
                return


def _confirmed_singles(named: Sequence[Credit], names: SiteNames) -> tuple[Statement[People], ...]:
    """Return the single names that two sources give."""
    found: list[Statement[People]] = []
    for source, stated, credited in named:
        sources = {
            name: {other for other, _, one in named if name in one.single_names} for name in credited.single_names
        }
        singles = tuple(
            name for name in credited.single_names if len(sources[name]) >= TWO_SOURCES and not _is_own(name, names)
        )
        if singles:
            found.append(Statement(source, stated, singles))
    return tuple(found)


def share_person(one: People, other: People) -> bool:
    """Say whether two lists have a person in common; a middle name or initial makes no other person.

    >>> share_person(("Ida M. Brandt",), ("Jon Moe", "Ida Brandt"))
    True
    """
    return any(_same_person(first, second) for first in one for second in other)


def _same_person(one: str, other: str) -> bool:
    if squash(one) == squash(other):
        return True
    first, second = one.casefold().split(), other.casefold().split()
    return len(first) > 1 and len(second) > 1 and (set(first) <= set(second) or set(second) <= set(first))


def _choose(people: Sequence[Statement[People]]) -> Statement[People] | None:
    chosen = most_trusted(people, share_person)
    if chosen is None:
        return None
    fuller = [
        one
        for one in people
        if len(one.value) > len(chosen.value) and all(share_person((name,), one.value) for name in chosen.value)
    ]
    return max(fuller, key=lambda one: len(one.value), default=chosen)
