"""What a page's JSON-LD (schema.org) says of its article: headline, authors, publisher, dates, section, address.

Pages describe many things at once: the site, its logo, breadcrumbs, ten teasers, comments. Read are the objects whose
type is an article, in all scripts, in `@graph`, in arrays and as main entity of a page. The first one that is more than
a teaser (it has a headline or an author or a date) is the article; further ones count only where their headline or
address is the same, and then fill what it leaves open. An author given as `@id` is looked up in the graph. Where no
object is an article, the object of type WebPage is read instead; what it says is trusted less (`is_article`).

A script that is not JSON is read once more without the slips that are common (a comma too many, comments, line feeds
in texts, CDATA marks), and passed over if that does not help: browsers and search engines do the same.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tasks.boilerplate.line_rules import fold_space
from tasks.boilerplate.page_marks import unescape_all

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]
Node = dict[str, JsonValue]

ARTICLE_TYPE_RE = re.compile(r"(?:https?://schema\.org/)?(?:\w*(?:Article|Posting|Report|Review)|Recipe)")
# Kinds of review that are about a shop or another page.
NO_ARTICLE_TYPE_RE = re.compile(
    r"(?:https?://schema\.org/)?(?:UserReview|EmployerReview|Review|DiscussionForumPosting)"
)
PAGE_TYPE_RE = re.compile(r"(?:https?://schema\.org/)?(?:\w*WebPage|ItemPage|CreativeWork)")
SITE_TYPE_RE = re.compile(r"(?:https?://schema\.org/)?(?:WebSite|\w*Organization|Newspaper)")
ORGANISATION_RE = re.compile(
    r"(?:https?://schema\.org/)?(?:\w*Organi[sz]ation|Corporation|Newspaper|WebSite|Brand|Periodical)"
)
# All scripts of a page together; larger ones are a data dump of the site, not a description of the page.
LARGEST_SCRIPTS = 500_000
DEEPEST = 8
MOST_OBJECTS = 400
MOST_AUTHORS = 20
LARGEST_NAME = 2_000
SLIP_RE = re.compile(r"/\*.*?\*/|^\s*//.*?$|<!--|-->|<!\[CDATA\[|\]\]>", re.DOTALL | re.MULTILINE)
COMMA_RE = re.compile(r",(\s*[}\]])")


@dataclass(frozen=True, slots=True)
class Author:
    """An author as stated. `kind` is `person`, `organisation`, or empty where the page does not say."""

    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ArticleObject:
    """What the article object of a page says. Texts as written, not yet checked."""

    headline: str | None = None
    authors: tuple[Author, ...] = ()
    publisher: str | None = None
    publisher_kind: str = ""
    provider: str | None = None
    published: str | None = None
    modified: str | None = None
    section: str | None = None
    lang: str | None = None
    url: str | None = None
    site: str | None = None
    crumbs: tuple[str, ...] = ()
    is_article: bool = False


def read_article_object(scripts: Sequence[str]) -> ArticleObject:
    """Return what the JSON-LD of a page says of its article; an empty object where it says nothing."""
    nodes = list(_nodes_of(scripts))
    known = {key: node for node in nodes if isinstance(key := node.get("@id"), str) and len(node) > 1}
    articles = [_read(node, known) for node in nodes if _is_article(node)]
    pages = [_read(node, known) for node in nodes if _has_type(node, PAGE_TYPE_RE)]
    site = next((name for node in nodes if _has_type(node, SITE_TYPE_RE) for name in _names(node.get("name"))), None)
    crumbs = next((found for node in nodes if node.get("@type") == "BreadcrumbList" and (found := _crumbs(node))), ())
    said = _merge([said for said in articles if said.headline or said.authors or said.published], pages)
    return replace(said, site=site, crumbs=crumbs)


def _merge(articles: Sequence[ArticleObject], pages: Sequence[ArticleObject]) -> ArticleObject:
    if not articles:
        return next(iter(pages), ArticleObject())
    first = replace(articles[0], is_article=True)
    for other in articles[1:]:
        if (first.headline and other.headline == first.headline) or (first.url and other.url == first.url):
            first = _fill(first, other)
    return first


def _fill(first: ArticleObject, other: ArticleObject) -> ArticleObject:
    return replace(
        first,
        headline=first.headline or other.headline,
        authors=first.authors or other.authors,
        publisher=first.publisher or other.publisher,
        published=first.published or other.published,
        modified=first.modified or other.modified,
        section=first.section or other.section,
        lang=first.lang or other.lang,
    )


def _nodes_of(scripts: Sequence[str]) -> Iterator[Node]:
    size = count = 0
    for text in scripts:
        size += len(text)
        if size > LARGEST_SCRIPTS:
            return
        for node in _walk(_parse(text), 0):
            yield node
            count += 1
            if count >= MOST_OBJECTS:
                return


def _parse(text: str) -> JsonValue:
    text = text.strip().rstrip(";")
    if not text:
        return None
    for attempt in (text, COMMA_RE.sub(r"\1", SLIP_RE.sub("", text)).strip().rstrip(";")):
        try:
            # A number as long as a book is refused by Python's own limit, as a ValueError.
            value: JsonValue = json.JSONDecoder(strict=False).raw_decode(attempt.lstrip())[0]
        except (ValueError, RecursionError):
            continue
        return value
    return None


def _walk(value: JsonValue, depth: int) -> Iterator[Node]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "author", "breadcrumb", "isPartOf", "hasPart"):
            # Parts of an article are articles of their own; only those of a collection or a page may be the article.
            if key != "hasPart" or not _is_article(value):
                yield from _walk(value.get(key), depth + 1)


def _types(node: Node) -> Iterator[str]:
    kinds = node.get("@type")
    yield from (kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str))


def _has_type(node: Node, pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(kind) for kind in _types(node))


def _is_article(node: Node) -> bool:
    return _has_type(node, ARTICLE_TYPE_RE) and not _has_type(node, NO_ARTICLE_TYPE_RE)


def _read(node: Node, known: dict[str, Node]) -> ArticleObject:
    publisher = _resolve(node.get("publisher"), known)
    main = node.get("mainEntityOfPage")
    main_url = main.get("@id") or main.get("url") if isinstance(main, dict) else main
    return ArticleObject(
        headline=next(_names(node.get("headline") or node.get("name")), None),
        authors=tuple(_authors(node.get("author") or node.get("creator"), known, 0))[:MOST_AUTHORS],
        publisher=next(_names(publisher), None),
        publisher_kind=_kind_of(publisher) if isinstance(publisher, dict) else "",
        provider=next(_names(_resolve(node.get("sourceOrganization") or node.get("provider"), known)), None),
        published=_date(node.get("datePublished")) or _date(node.get("dateCreated")),
        modified=_date(node.get("dateModified")),
        section=next(_names(node.get("articleSection")), None),
        lang=next(_names(node.get("inLanguage")), None),
        url=next((text for text in (*_names(node.get("url")), *_names(main_url))), None),
    )


def _resolve(value: JsonValue, known: dict[str, Node]) -> JsonValue:
    """Return the object that `value` points to, if it is a mere reference."""
    if isinstance(value, dict) and "name" not in value and isinstance(key := value.get("@id"), str):
        return known.get(key, value)
    return value


def _authors(value: JsonValue, known: dict[str, Node], depth: int) -> Iterator[Author]:
    if depth > DEEPEST:
        return
    value = _resolve(value, known)
    if isinstance(value, list):
        for item in value[:MOST_AUTHORS]:
            yield from _authors(item, known, depth + 1)
    elif isinstance(value, dict):
        kind = _kind_of(value)
        yield from (Author(name, kind) for name in _person_names(value))
    else:
        yield from (Author(name) for name in _names(value))


def _person_names(node: Node) -> Iterator[str]:
    names = list(_names(node.get("name")))
    if not names:
        given, family = next(_names(node.get("givenName")), ""), next(_names(node.get("familyName")), "")
        names = [f"{given} {family}"] if given and family else []
    yield from names


def _kind_of(node: Node) -> str:
    if _has_type(node, ORGANISATION_RE):
        return "organisation"
    return "person" if any(kind.lower().endswith("person") for kind in _types(node)) else ""


def _date(value: JsonValue) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:20]
    return next(_names(value), None)


def _crumbs(node: Node) -> tuple[str, ...]:
    items = node.get("itemListElement")
    found: list[str] = []
    for item in (items if isinstance(items, list) else [])[:MOST_AUTHORS]:
        inner = item.get("item") if isinstance(item, dict) else None
        named = (item.get("name") if isinstance(item, dict) else None) or inner
        found.extend(_names(named))
    return tuple(found)


def _names(value: JsonValue, depth: int = 0) -> Iterator[str]:
    """Yield the names in a text, an object with a name, or a list of these."""
    if depth > DEEPEST:
        return
    if isinstance(value, str):
        if text := fold_space(unescape_all(value[:LARGEST_NAME])):
            yield text
    elif isinstance(value, dict):
        yield from _names(value.get("name") or value.get("@value"), depth + 1)
    elif isinstance(value, list):
        for item in value[:MOST_AUTHORS]:
            yield from _names(item, depth + 1)
