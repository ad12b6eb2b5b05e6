"""What a page's JSON-LD (schema.org) says of its article: headline, authors, publisher, date, address.

Pages describe many things at once (the site, its logo, breadcrumbs, ten teasers). Taken is the first object whose
type is an article; what other objects say is no evidence about this one. A script that is not JSON is passed over:
browsers and search engines do the same.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from lxml.html import HtmlElement

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]

ARTICLE_TYPE_RE = re.compile(r"(?:.*(?:Article|Posting|Report|Review)|Recipe)")
# A script larger than this is a data dump of the site, not a description of the page.
LARGEST_SCRIPT = 500_000
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class ArticleObject:
    """What the article object of a page says. Texts as written, not yet checked."""

    headline: str | None = None
    authors: tuple[str, ...] = ()
    publisher: str | None = None
    published: str | None = None
    url: str | None = None


def read_article_object(tree: HtmlElement) -> ArticleObject:
    """Return what the first article object in the JSON-LD of the page says; an empty one where there is none."""
    for script in tree.iterfind('.//script[@type="application/ld+json"]'):
        text = script.text or ""
        if not text.strip() or len(text) > LARGEST_SCRIPT:
            continue
        try:
            value: JsonValue = json.loads(text.strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _walk(value, 0):
            if _is_article(node):
                return _read(node)
    return ArticleObject()


def _walk(value: JsonValue, depth: int) -> Iterator[dict[str, JsonValue]]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _walk(value.get(key), depth + 1)


def _is_article(node: dict[str, JsonValue]) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(kind, str) and bool(ARTICLE_TYPE_RE.fullmatch(kind))
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _read(node: dict[str, JsonValue]) -> ArticleObject:
    return ArticleObject(
        headline=next(_names(node.get("headline") or node.get("name")), None),
        authors=tuple(_names(node.get("author") or node.get("creator"))),
        publisher=next(_names(node.get("publisher")), None),
        published=next(_names(node.get("datePublished") or node.get("dateCreated")), None),
        url=next(_names(node.get("url")), None),
    )


def _names(value: JsonValue) -> Iterator[str]:
    """Yield the names in a text, an object with a name, or a list of these; only people where an object has a type."""
    if isinstance(value, str) and value.strip():
        yield unescape(value).strip()
    elif isinstance(value, dict):
        yield from _names(value.get("name"))
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)
