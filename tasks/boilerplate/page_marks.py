"""What a page marks as its metadata, gathered in one walk through the tree.

Gathered are: meta elements by name, canonical links, the title element, first-level headings, scripts of JSON-LD, and
the elements that class, `itemprop`, `rel` or `property` mark as byline, date or breadcrumb, each with its place in the
document. Nothing is judged here but one thing, in `belongs_to_article`: whether a marked element is in a part of the
page that is about something else (comments, teasers, lists of what is most read, the site's footer, a photo's caption).

The walk reads at most `MOST_ELEMENTS` elements and keeps at most `MOST_MARKS` of a kind, so that its cost is bounded on
any page. It costs 0.4 ms on the mean of the 80 development pages (680 elements).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from tasks.boilerplate.line_rules import fold_space

# The largest of the 80 development pages has 6,400 elements; what is marked on a larger one stands early.
MOST_ELEMENTS = 20_000
MOST_MARKS = 60
MOST_ANCESTORS = 200
LONGEST_CONTENT = 2_000
LONGEST_TITLE = 1_000
# Class names of one site repeat from page to page; 8192 are those of some 40 sites.
CACHED_NAMES = 8192
# Entities that were escaped twice or three times are common; more is an attack or noise.
ESCAPED_AT_MOST = 3

TAGS = (
    "html", "title", "meta", "link", "script", "h1", "h2", "h3", "h4", "h5", "time", "a", "span", "p", "div", "address",
    "li", "strong", "b", "em", "i", "small", "cite", "dd", "td", "header", "section", "ul", "figcaption", "abbr",
)  # fmt: skip
JSON_LD_TYPE_RE = re.compile(r"\s*application/ld\+json\b", re.IGNORECASE)

# Parts of class names and ids, after case changes are parted by hyphens ("articleAuthor" is "article-author").
BYLINE_NAME_RE = re.compile(
    r"(?:^|[-_ ])(?:by-?lines?|authors?|autor(?:es|en|in)?|auteurs?|autore|author-?name|by-?author|writers?|verfasser|"
    r"skribent|forfatter|journalists?|journaliste|redacteur|periodista|reporters?|penulis|yazar|contributors?|creator|"
    r"signature|firma|credit-name|dc-creator|vcard)(?:$|[-_ ])"
)
NO_BYLINE_NAME_RE = re.compile(
    r"avatar|image|img|photo|picture|thumb|social|twitter|facebook|e-?mail|follow|comment|bio(?:$|[-_ ])|biography|"
    r"description|excerpt|more-from|gear|icon|date(?:$|[-_ ])|time(?:$|[-_ ])|timestamp|rss|title(?:$|[-_ ])|role|job|"
    r"position|label|prefix|caption|statement|quote|(?:^|[-_ ])ad(?:$|[-_ ])"
)
DATE_NAME_RE = re.compile(
    r"(?:^|[-_ ])(?:date|dates|dateline|time|timestamp|time-?stamp|published|publish|publication|publicado|pub-?date|"
    r"post(?:ed)?-?on|datum|datetime|fecha|data|pubtime|updated|modified|date-?published|date-?modified|zeit|"
    r"publishtime|article-info|entry-meta|post-meta|article-meta|byline)(?:$|[-_ ])"
)
CRUMB_NAME_RE = re.compile(r"bread-?crumbs?(?:$|[-_ ])")
CASE_CHANGE_RE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LOWER_HEADINGS = frozenset({"h2", "h3"})
NAME_ATTRIBUTES = frozenset({"class", "id", "data-testid", "data-component"})
STATING_ATTRIBUTES = frozenset({"itemprop", "property", "rel"})
STATED = "stated"
MARKED_PROPERTIES = {
    "author": "byline",
    "creator": "byline",
    "has_creator": "byline",
    "datepublished": "date",
    "datemodified": "date",
    "datecreated": "date",
    "issued": "date",
    "modified": "date",
    "created": "date",
}

# Parts of the page that are about something else than its article.
OTHER_PARTS = frozenset({"footer", "nav", "form", "figure", "figcaption", "aside", "noscript", "dialog", "select"})
OTHER_NAME_RE = re.compile(
    r"(?:^|[ ])(?!comments?-(?:open|closed|off)|no-comments?|(?:post|entry|article|story)-footer)(?:"
    r"(?:[\w-]*-)?(?:comments?|commentlist|disqus|respond)(?:-(?:list|section|area|body|author|wrap\w*|item|form|content|"
    r"meta|thread|info|box|container)\w*)*|"
    r"(?:[\w-]*-)?(?:related|recommend\w*|teasers?|recirc\w*|promos?|taboola|outbrain|newsletter|trending|popular|"
    r"most-(?:read|viewed|popular|shared|commented)|mostread|read-(?:next|more|also)|more-(?:from|on|stories|articles)|"
    r"also-like|similar|latest|suggested|next-(?:article|post)|up-next|prev-next|post-navigation|sidebar|side-bar|rail|"
    r"right-col\w*|carousel|slider|gallery|image-credit|photo-credit|caption|wp-caption\w*|modal|popup|menu|navbar|"
    r"footer|reviews?-list|testimonials?|pullquote|advert\w*)(?:[-_][\w-]*)?"
    r")(?=$|[ ])"
)
# Layout classes that name another part only to say that the page has one.
LAYOUT_NAME_RE = re.compile(r"(?:^|[ ])(?:has|with|no|without|hide|show|not|is|single)-[\w-]+(?=$|[ ])")
# A teaser that is no item of a list is a part of so few elements, with the byline this deep in it.
ITEMS = frozenset({"article", "li"})
TEASER_ELEMENTS = 30
TEASER_LEVELS = 3
OTHER_TYPE_RE = re.compile(
    r"/(?:Comment|UserComments|ImageObject|VideoObject|Product|Review|WebSite|WPFooter|WPSideBar)$"
)


# The byline and the date that nothing marks stand among the first texts after the heading.
TEXTS_IN = etree.XPath(
    "descendant-or-self::*[not(self::script or self::style or self::svg)]/text()", smart_strings=False
)
TEXTS_AFTER = etree.XPath(
    "following::text()[normalize-space() and not(parent::script or parent::style or parent::noscript)]"
    "[position() <= 24]"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked element and its place among the elements that were walked through."""

    element: HtmlElement
    order: int
    name: str = ""

    @property
    def is_stated(self) -> bool:
        """Whether an attribute made for that states what the element is, not just its class."""
        return self.name == STATED


@dataclass(frozen=True, slots=True)
class PageMarks:
    """All that a page marks as metadata. Names of meta elements are in lower case, contents as the page has them."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    canonical_links: list[str] = field(default_factory=list)
    title: str = ""
    lang: str = ""
    headings: list[Mark] = field(default_factory=list)
    lower_headings: list[Mark] = field(default_factory=list)
    bylines: list[Mark] = field(default_factory=list)
    dates: list[Mark] = field(default_factory=list)
    crumbs: list[Mark] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)

    def first(self, *names: str) -> str | None:
        """Return the first content of the first of `names` that the page has."""
        return next((self.meta[name][0] for name in names if name in self.meta), None)


def read_page_marks(tree: HtmlElement) -> PageMarks:
    """Walk through the page once and gather what it marks."""
    heads: dict[str, str] = {}
    marks = PageMarks()
    for order, element in enumerate(islice(tree.iter(*TAGS), MOST_ELEMENTS)):
        tag = element.tag
        if tag == "meta":
            _take_meta(element, order, marks)
        elif tag == "link":
            _take_link(element, marks)
        elif tag == "script":
            if JSON_LD_TYPE_RE.match(element.get("type") or ""):
                marks.scripts.append(element.text or "")
        elif tag == "title":
            # A drawing (SVG) has a title, too; that of the page comes first.
            heads.setdefault("title", text_of(element)[:LONGEST_TITLE])
        elif tag == "html":
            heads.setdefault("lang", element.get("lang") or element.get("xml:lang") or "")
        else:
            _take_marked(element, order, marks)
    return PageMarks(
        marks.meta,
        marks.canonical_links,
        heads.get("title", ""),
        heads.get("lang", ""),
        marks.headings,
        marks.lower_headings,
        marks.bylines,
        marks.dates,
        marks.crumbs,
        marks.scripts,
    )


def _take_meta(element: HtmlElement, order: int, marks: PageMarks) -> None:
    """Keep a meta element by its names; microdata in the body is a mark, since a teaser or comment may hold it."""
    parent = element.getparent()
    if element.get("itemprop") and parent is not None and parent.tag != "head":
        _take_stated(element, element.get("itemprop") or "", order, marks)
        return
    content = fold_space(unescape_all((element.get("content") or element.get("value") or "")[:LONGEST_CONTENT]))
    if not content:
        return
    for attribute in ("property", "name", "itemprop", "http-equiv"):
        for name in (element.get(attribute) or "").lower().split():
            values = marks.meta.setdefault(name, [])
            if content not in values and len(values) < MOST_MARKS:
                values.append(content)


def _take_link(element: HtmlElement, marks: PageMarks) -> None:
    href = (element.get("href") or "").strip()
    if href and "canonical" in (element.get("rel") or "").lower().split() and len(href) <= LONGEST_CONTENT:
        marks.canonical_links.append(href)


def _take_marked(element: HtmlElement, order: int, marks: PageMarks) -> None:
    tag = element.tag
    if tag == "h1":
        _keep(marks.headings, element, order, "")
    elif tag in LOWER_HEADINGS:
        _keep(marks.lower_headings, element, order, "")
    elif tag == "time":
        _keep(marks.dates, element, order, "time")
    # One call for all attributes: most elements have two or three, and this runs for every element of a page.
    stated = name = ""
    for attribute, value in element.items():
        if attribute in NAME_ATTRIBUTES:
            name = name or value
        elif attribute in STATING_ATTRIBUTES:
            stated = stated or value
    if stated:
        _take_stated(element, stated, order, marks)
    if name:
        for kind in kinds_of(name):
            _keep({"byline": marks.bylines, "date": marks.dates, "crumb": marks.crumbs}[kind], element, order, name)


def _take_stated(element: HtmlElement, stated: str, order: int, marks: PageMarks) -> None:
    name = stated.lower().rpartition(":")[2].partition(" ")[0]
    kind = MARKED_PROPERTIES.get(name)
    if kind == "byline":
        _keep(marks.bylines, element, order, STATED)
    elif kind == "date":
        _keep(marks.dates, element, order, name)


def _keep(kept: list[Mark], element: HtmlElement, order: int, name: str) -> None:
    """Keep a mark, but one element once: what an attribute states of it comes before its class."""
    if len(kept) < MOST_MARKS and not (kept and kept[-1].element is element):
        kept.append(Mark(element, order, name))


@lru_cache(maxsize=CACHED_NAMES)
def kinds_of(name: str) -> tuple[str, ...]:
    """Say what a class name or an id marks: `byline`, `date`, `crumb`, or nothing.

    >>> kinds_of("articleAuthorName")
    ('byline',)
    """
    if len(name) > LONGEST_CONTENT:
        return ()
    plain = part_words(name)
    kinds = []
    if BYLINE_NAME_RE.search(plain) and not NO_BYLINE_NAME_RE.search(plain):
        kinds.append("byline")
    if DATE_NAME_RE.search(plain):
        kinds.append("date")
    if CRUMB_NAME_RE.search(plain):
        kinds.append("crumb")
    return tuple(kinds)


def part_words(name: str) -> str:
    """Return a class name in lower case with its words parted.

    >>> part_words("ArticlePage-authorName  c-byline__item")
    'article-page-author-name c-byline-item'
    """
    return " ".join(CASE_CHANGE_RE.sub("-", name).lower().replace("__", "-").replace("_", "-").split())


@lru_cache(maxsize=CACHED_NAMES)
def _names_other_part(name: str) -> bool:
    if len(name) > LONGEST_CONTENT:
        return False
    return bool(OTHER_NAME_RE.search(LAYOUT_NAME_RE.sub(" ", part_words(name))))


def belongs_to_article(element: HtmlElement, around: frozenset[HtmlElement], *, stated: bool = False) -> bool:
    """Say whether `element` stands in no part of the page that is about something else than its article.

    `around` are the elements that the heading of the article stands in (`ancestors_of`). Whatever their names are, they
    are no other part: "sidebar-right" may be a layout. `stated` elements (`rel=author` and the like) may stand in an
    `aside`: some sites put the byline there.
    """
    if _names_other_part(_names_of(element)):
        return False
    for level, ancestor in enumerate(islice(element.iterancestors(), MOST_ANCESTORS)):
        tag = ancestor.tag
        if tag == "body" or ancestor in around:
            return True
        if (tag in OTHER_PARTS and not (stated and tag == "aside")) or _names_other_part(_names_of(ancestor)):
            return False
        if OTHER_TYPE_RE.search(ancestor.get("itemtype") or ""):
            return False
        if (tag in ITEMS or (around and level < TEASER_LEVELS)) and _is_teaser(ancestor, is_item=tag in ITEMS):
            return False
    return True


def ancestors_of(element: HtmlElement | None) -> frozenset[HtmlElement]:
    """Return the elements that `element` stands in."""
    return frozenset() if element is None else frozenset(islice(element.iterancestors(), MOST_ANCESTORS))


def _names_of(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def _is_teaser(part: HtmlElement, *, is_item: bool) -> bool:
    """Say whether a part of the page has a linked heading and none of the first level, and is an item or small."""
    if not is_item and sum(1 for _ in islice(part.iter(), TEASER_ELEMENTS)) == TEASER_ELEMENTS:
        return False
    titles = islice(part.iter("h2", "h3", "h4"), MOST_MARKS)
    linked = any(title.find(".//a") is not None or title.getparent().tag == "a" for title in titles)
    return linked and next(part.iter("h1"), None) is None


def text_of(element: HtmlElement) -> str:
    """Return the text in an element on one line, entities that were escaped twice resolved."""
    return fold_space(unescape_all("".join(pieces_of(element))))


def pieces_of(element: HtmlElement) -> Iterator[str]:
    """Yield the runs of text in an element, without scripts and styles, up to some length."""
    length = 0
    for piece in TEXTS_IN(element):
        yield str(piece)
        length += len(piece)
        if length > LONGEST_CONTENT:
            return


def texts_after(heading: HtmlElement | None) -> Iterator[str]:
    """Yield the first runs of text of the article after its heading, each folded, without scripts and styles."""
    if heading is None:
        return
    around = ancestors_of(heading)
    for piece in TEXTS_AFTER(heading):
        parent = piece.getparent().getparent() if piece.is_tail else piece.getparent()
        if parent is None or not belongs_to_article(parent, around):
            continue
        if text := fold_space(unescape_all(piece[:LONGEST_CONTENT])):
            yield text


def unescape_all(text: str) -> str:
    """Resolve entities, also where they were escaped more than once.

    >>> unescape_all("Salt &amp;amp; pepper")
    'Salt & pepper'
    """
    for _ in range(ESCAPED_AT_MOST):
        if "&" not in text:
            break
        text = unescape(text)
    return text
