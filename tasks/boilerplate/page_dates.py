"""When the article of a page was published and last changed: the dates that the page states for it, weighed.

Asked are JSON-LD, meta elements, microdata, `time` elements, texts marked as dates, and the address. Shown dates count
only beside the heading and outside of parts about something else (comments, teasers). A label such as "Updated" makes a
date one of change. Only where a page states nothing at all, short texts beside the heading are read, and then htmldate
is asked, which knows the habits of many sites; prose is never read.

Sources that name the same day speak with one voice; of these the most exact is taken. A date before its publication is
a doubt about both.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement

from tasks.boilerplate.dates import LATEST, LATEST_MONTH, Locale, Moment, find_moment, read_address_date, read_moment
from tasks.boilerplate.json_ld import ArticleObject
from tasks.boilerplate.page_marks import (
    Mark,
    PageMarks,
    belongs_to_article,
    part_words,
    pieces_of,
    text_of,
    texts_after,
)
from tasks.boilerplate.records import FieldSource
from tasks.boilerplate.statements import Statement, most_trusted, weigh

PUBLISHED_META = (
    "article:published_time", "article:published", "og:article:published_time", "og:published_time", "datepublished",
    "date_published", "datecreated", "article.published", "article:publicationdate", "published_time", "publishedtime",
    "pubdate", "publishdate", "publish_date", "publish-date", "published-date", "publication_date", "publicationdate",
    "publish_time", "publishtime", "parsely-pub-date", "sailthru.date", "originalpublicationdate", "dc.date.issued",
    "dc.date.created", "dcterms.created", "dcterms.issued", "dcterms.date", "dc.date", "dcsext.articlefirstpublished",
    "cxenseparse:recs:publishtime", "cxenseparse:publishtime", "article_date_original", "rnews:datepublished", "date",
    "ptime", "pdate", "release_date", "article-publication-date", "article.created", "created", "issued",
    "mediator_published_time",
    "weibo:article:create_at", "bt:pubdate", "vr:published_time", "og:pubdate", "prism.publicationdate",
    "citation_publication_date", "displaydate", "iso-8601-publish-date", "rbpubdate", "timestamp",
)  # fmt: skip
MODIFIED_META = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "article:updated_time", "datemodified",
    "date_modified", "article.updated", "lastmod", "last-modified", "lastmodified", "modified", "dcterms.modified",
    "dc.date.modified", "updated_time", "revision_date", "article:modified", "utime", "dateupdate", "article:updated",
    "weibo:article:update_at",
)  # fmt: skip
MODIFIED_RE = re.compile(
    r"updat|modif|edited|revis|aktualis|geändert|bearbeitet|mis à jour|màj|actualiz|actualis|atualiz|aggiorn|"
    r"bijgewerkt|"
    r"oppdater|opdater|uppdater|päivitet|aktualiz|zaktualiz|обновл|изменен|оновл|güncelle|تحديث|更新|修改|수정|"
    r"cập nhật|"
    r"diperbarui|muutettu|frissít|actualizat|ενημ|מעודכן|עודכן",
    re.IGNORECASE,
)
CHANGE_LABEL_RE = re.compile(
    r"(?=\b(?:last )?(?:updated|modified|aktualisiert|mis à jour|actualizado|atualizado|aggiornato|bijgewerkt|"
    r"обновлено)\b)",
    re.IGNORECASE,
)
MODIFIED_PROPERTIES = frozenset({"datemodified", "modified"})
PROPERTIES = frozenset({"datepublished", "datecreated", "issued", "created", *MODIFIED_PROPERTIES})
LONGEST_SHOWN = 200
LONGEST_BESIDE = 90
# A label such as "Last updated on" is no longer.
LABEL = 40
# A marked date this many elements before or after the heading is the article's. On the development pages the farthest
# stand 28 before and 55 after it.
BEFORE_HEADING = 40
AFTER_HEADING = 90
NO_ZONE = 0.92
NO_TIME = 0.85
OUT_OF_ORDER = 0.7
ONE_DAY = timedelta(hours=24)
# Publishing sets both dates, the one some minutes after the other.
SAME_ACT = timedelta(minutes=10)
# A day is midnight UTC here; what happens on it somewhere on earth begins 14 hours earlier and ends 12 hours later.
DAY_BEGINS, DAY_ENDS = timedelta(hours=-14), timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date chosen for a field, and how far it can be trusted."""

    moment: Moment
    source: FieldSource


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the page dates and bylines are the article's: the heading, its order, and what it stands in."""

    heading: HtmlElement | None = None
    order: int = 0
    around: frozenset[HtmlElement] = frozenset()

    def has(self, mark: Mark, before: int, after: int) -> bool:
        """Say whether a mark is near the heading; where none is known, and for what is not shown, everything is."""
        return self.heading is None or mark.element.tag == "meta" or -before <= mark.order - self.order <= after


def read_dates(  # noqa: PLR0913, PLR0917  (what a date may hang on: the page, what it says, where, in which language)
    tree: HtmlElement, said: ArticleObject, marks: PageMarks, place: Place, locale: Locale, url: str | None
) -> tuple[Dated | None, Dated | None]:
    """Return when the article was published and when it was changed, each None where the page does not say."""
    published = [*_stated(said, marks, locale, PUBLISHED_META, said.published)]
    modified = [*_stated(said, marks, locale, MODIFIED_META, said.modified)]
    for is_modified, statement in _shown(marks, place, locale):
        (modified if is_modified else published).append(statement)
    published = _first_of_each(published)
    if not published:
        published = _first_of_each([*_beside(place, locale)])
    address = read_address_date(url or "")
    if address is not None:
        published.append(Statement("url", url or "", address, _penalty(address)))
    if not published and not modified:
        published = [*_guess(tree, locale, url)]
    return _in_order(_choose("published_at", published), _choose("modified_at", _first_of_each(modified)))


def _stated(
    said: ArticleObject, marks: PageMarks, locale: Locale, names: Sequence[str], own: str | None
) -> Iterator[Statement[Moment]]:
    """Yield what JSON-LD and meta elements state."""
    texts = [("json-ld" if said.is_article else "json-ld page", own or "")]
    texts += [("meta", marks.meta[name][0]) for name in names if name in marks.meta]
    for source, text in texts:
        moment = read_moment(text, locale)
        if moment is not None:
            yield Statement(source, text, moment, _penalty(moment))


def _penalty(moment: Moment) -> float:
    if not moment.has_time:
        return NO_TIME
    return 1.0 if moment.has_zone else NO_ZONE


def _shown(marks: PageMarks, place: Place, locale: Locale) -> Iterator[tuple[bool, Statement[Moment]]]:
    """Yield the dates that are marked as such on the page, and whether each is one of change."""
    for mark in marks.dates:
        if not place.has(mark, BEFORE_HEADING, AFTER_HEADING):
            continue
        if not belongs_to_article(mark.element, place.around, stated=mark.name in PROPERTIES):
            continue
        if mark.name == "time" or mark.name in PROPERTIES:
            yield from _read_attribute(mark, locale)
        else:
            yield from _read_text(mark, locale)


def _read_attribute(mark: Mark, locale: Locale) -> Iterator[tuple[bool, Statement[Moment]]]:
    element = mark.element
    text = element.get("datetime") or element.get("content") or text_of(element)
    moment = read_moment(text, locale) or find_moment(text_of(element)[:LONGEST_SHOWN], locale)
    if moment is None:
        return
    is_modified = _states_change(element)
    source = "time element" if mark.name == "time" else "microdata"
    yield is_modified, Statement(source, text, moment, _penalty(moment))


def _states_change(element: HtmlElement) -> bool:
    """Say whether a date is one of change: by its property, else by its class or the label before it.

    Of a class that says both ("published updated", as themes of WordPress do) the former counts.
    """
    stated = (element.get("itemprop") or element.get("property") or "").lower().rpartition(":")[2]
    if stated in PROPERTIES:
        return stated in MODIFIED_PROPERTIES
    before, parent = element.getprevious(), element.getparent()
    label = (before.tail if before is not None else parent.text if parent is not None else "") or ""
    if MODIFIED_RE.search(f"{label[-LABEL:]} {(element.text or '')[:LABEL]}"):
        return True
    names = part_words(element.get("class") or "")
    return bool(MODIFIED_RE.search(names)) and "publish" not in names


def _read_text(mark: Mark, locale: Locale) -> Iterator[tuple[bool, Statement[Moment]]]:
    text = " ".join("  ".join(pieces_of(mark.element)).split())
    if not text or len(text) > LONGEST_SHOWN or not any(map(str.isdigit, text)):
        return
    is_modified = bool(MODIFIED_RE.search(part_words(mark.name)))
    for part in CHANGE_LABEL_RE.split(text):
        moment = find_moment(part, locale)
        if moment is not None:
            yield (
                is_modified or bool(MODIFIED_RE.search(part)),
                Statement("shown date", text, moment, _penalty(moment)),
            )


def _beside(place: Place, locale: Locale) -> Iterator[Statement[Moment]]:
    """Yield the date among the short texts that follow the heading."""
    for text in texts_after(place.heading):
        if len(text) <= LONGEST_BESIDE and any(map(str.isdigit, text)):
            moment = find_moment(text, locale)
            if moment is not None and not MODIFIED_RE.search(text):
                yield Statement("shown date", text, moment, _penalty(moment))
                return


def _guess(tree: HtmlElement, locale: Locale, url: str | None) -> Iterator[Statement[Moment]]:
    """Ask htmldate, without its search through the prose.

    Its latest possible date is fixed: by default it is the day of the run, and the same page must give the same date.
    Not taken are the first of a year, which is how it reads the year of a copyright, and a date that it read in figures
    whose order nothing settles.
    """
    try:
        found = find_date(tree, url=url, original_date=True, extensive_search=False, max_date=LATEST.date().isoformat())
    except (ValueError, TypeError, RecursionError, AttributeError):
        return
    moment = read_moment(found or "")
    if moment is not None and not _is_new_year(moment) and not _is_unsettled(tree, moment, locale):
        yield Statement("htmldate", found or "", moment, _penalty(moment))


def _is_new_year(moment: Moment) -> bool:
    return (moment.instant.month, moment.instant.day) == (1, 1)


def _is_unsettled(tree: HtmlElement, moment: Moment, locale: Locale) -> bool:
    """Say whether the page shows a date in figures only, which may be `moment` or that with day and month changed."""
    day, month, year = moment.instant.day, moment.instant.month, moment.instant.year
    if locale.day_first is not None or day > LATEST_MONTH or day == month:
        return False
    figures = rf"(?<!\d)(?:0?{day}[/-]0?{month}|0?{month}[/-]0?{day})[/-]{year}(?!\d)"
    return re.search(figures, etree.tostring(tree, method="text", encoding="unicode")) is not None


def _first_of_each(statements: Sequence[Statement[Moment]]) -> list[Statement[Moment]]:
    """Return the first statement of each source, and of its others those of the same day: they may be more exact."""
    first: dict[str, Statement[Moment]] = {}
    for one in statements:
        first.setdefault(one.source, one)
    return [one for one in statements if one is first[one.source] or same_day(one.value, first[one.source].value)]


def same_day(one: Moment, other: Moment) -> bool:
    """Say whether two moments may be of one day, given what each leaves open."""
    if one.has_time and other.has_time:
        return abs(one.instant - other.instant) <= ONE_DAY
    if one.has_time or other.has_time:
        exact, day = (one, other) if one.has_time else (other, one)
        return DAY_BEGINS <= exact.instant - day.instant < DAY_ENDS
    return one.instant == other.instant


def _choose(field: str, statements: Sequence[Statement[Moment]]) -> Dated | None:
    trusted = most_trusted(statements, same_day)
    if trusted is None:
        return None
    agreeing = [one for one in statements if same_day(one.value, trusted.value)]
    chosen = max(agreeing, key=lambda one: (one.value.is_exact, one.value.has_time, one.trust))
    return Dated(chosen.value, weigh(field, chosen, statements, same_day))


def _in_order(published: Dated | None, modified: Dated | None) -> tuple[Dated | None, Dated | None]:
    """Lower the confidence in both where the article was changed before it was published."""
    if not published or not modified or not _is_before(modified.moment, published.moment):
        return published, modified
    return _doubt(published, "modified_at"), _doubt(modified, "published_at")


def _is_before(one: Moment, other: Moment) -> bool:
    """Say whether a moment is surely before another: content systems date both to the minute or the day."""
    if one.has_time and other.has_time:
        return one.instant < other.instant - SAME_ACT
    return one.instant < other.instant and not same_day(one, other)


def _doubt(dated: Dated, field: str) -> Dated:
    source = dated.source
    lowered = round(source.confidence * OUT_OF_ORDER, 3)
    return Dated(dated.moment, replace(source, confidence=lowered, disagreeing=(*source.disagreeing, field)))
