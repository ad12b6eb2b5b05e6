"""A page as a tree, whatever its HTML is like: no text lost, no level too deep, no attribute too many.

Two ways through libxml2's parser, for one result:

- **Plain pages** are parsed as they are, with elements of one class (`HtmlElement`) that lxml need not look up.
- **Suspicious pages** go through `ShallowBuilder`, which is told of each tag and builds the tree itself. Suspicious is
  what made the parser stop (it drops what is nested deeper than 256 levels, with all that follows), and what is larger
  than news pages are.

The builder keeps all text, in its order, and as much of the tree as the tools that come after can bear: engines copy
it, and walk down it in C and Python. Beyond a first depth elements that only wrap (`div`, `span`, `font`) are left out,
beyond a second one, or when there are too many, all others; where a block was left out, a `br` keeps its text apart
from what stands around it. Attributes that no rule of ours reads are left out, and elements with nothing in them.

Before all that: characters that no page may contain, and references to them, are taken out; so are the marks of CDATA
sections, which HTML takes for a comment and drops with the text behind them; data written into an attribute (`data:`)
is cut, since the tree is copied several times; and tags with thousands of attributes lose most of them, since the
parser compares each with all others: 50,000 take it 21 s.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from tasks.boilerplate.page_blocks import BLOCK_TAGS, UNSEEN

MAX_CODE = 0x10FFFF
REFERENCE_RE = re.compile(rb"&#(?:[xX]0{0,9}([0-9a-fA-F]{1,6})|0{0,9}([0-9]{1,7}));?")
XML_DECLARATION_RE = re.compile(rb"^\s*<\?xml[^>]*\?>")
# lxml can read C0 controls but not write them; and no page may contain the noncharacters that mark blocks, U+FDD0 to
# U+FDEF, U+FFFE and U+FFFF. Pages are worked on as UTF-8: taking bytes out of 170 kB costs 0.05 ms, characters 0.4.
CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
NONCHARACTER_RE = re.compile(rb"\xef\xb7[\x90-\xaf]|\xef\xbf[\xbe\xbf]")
UNWRITABLE_RE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff]")
CDATA_MARKS = (b"<![CDATA[", b"]]>")
# Data of more characters than this are cut; their type stays. No address of a picture is so long.
LONGEST_DATA_URI = 1_000
DATA_URI_RE = re.compile(rb"(data:[\w.+/-]{0,80}[;,])[^\"'()<>\s]{%d,}" % LONGEST_DATA_URI)
# In fewer characters without a ">" no tag has so many attributes that they take the parser more than a second. On 5 of
# the 80 development pages there are more, all script; the longest tag has 46,920, of 12 attributes.
LONG_STRETCH = 60_000
TAG_RE = re.compile(rb"""<[a-zA-Z](?:[^>"']++|"[^"]*+"|'[^']*+')*+""")
ATTRIBUTE_RE = re.compile(rb"""\s[^\s=>"'/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'>]++))?""")
MOST_ATTRIBUTES = 500
# The largest development page has 1.5 MB, the one with most tags 3,200 of them.
LARGE_PAGE_BYTES = 2_000_000
MANY_TAGS = 60_000
# Deeper than the first, wrappers are left out, deeper than the second, everything. trafilatura finds all paragraphs in
# trees of 200 levels of any element, and loses them in 250; the deepest development page has 38 levels.
DEPTH_OF_WRAPPERS = 60
GREATEST_DEPTH = 120
MOST_ELEMENTS = 60_000
WRAPPERS = frozenset({"div", "span", "font", "b", "i", "em", "strong", "center", "section", "small", "big", "u", "a"})
EMPTY_BY_NATURE = frozenset({"br", "hr", "img", "meta", "link", "base", "input", "source", "col", "wbr"})
TAG_NAME_RE = re.compile(r"[a-zA-Z][\w:.-]{0,60}", re.ASCII)
READ_ATTRIBUTES = frozenset(
    "class id href rel name content property itemprop itemtype itemscope datetime type lang role http-equiv hreflang "
    "style hidden".split()
)
LONGEST_ATTRIBUTE = 2_000
ELEMENTS = etree.ElementDefaultClassLookup(element=HtmlElement)


def parse_page(text: str) -> HtmlElement | None:
    """Parse a page, however broken; None where there is no element in it."""
    markup = clean_markup(text.encode("utf-8", "replace"))
    if len(markup) <= LARGE_PAGE_BYTES and markup.count(b"<") <= MANY_TAGS:
        parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
        parser.set_element_class_lookup(ELEMENTS)
        tree = _parse(markup, parser)
        if not any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
            return _with_children(tree)
    return _with_children(build_shallow(markup))


def clean_markup(markup: bytes) -> bytes:
    """Take out what no tree can hold or no parser can bear, and nothing that a reader sees. `markup` is UTF-8.

    >>> clean_markup(b'<p class="a">2 &lt; 3</p>')
    b'<p class="a">2 &lt; 3</p>'
    """
    markup = XML_DECLARATION_RE.sub(b"", markup.translate(None, CONTROLS))
    if b"\xef\xb7" in markup or b"\xef\xbf" in markup:
        markup = NONCHARACTER_RE.sub(b"", markup)
    markup = REFERENCE_RE.sub(_check_reference, markup)
    for mark in CDATA_MARKS:
        markup = markup.replace(mark, b"")
    if b"data:" in markup:
        markup = DATA_URI_RE.sub(rb"\1", markup)
    if max(map(len, markup.split(b">"))) > LONG_STRETCH:
        markup = _cut_tags(markup)
    return markup


def _check_reference(match: re.Match[bytes]) -> bytes:
    """Return a character reference as it stands, or nothing if it stands for a character that can't be written."""
    code = int(match[1], 16) if match[1] else int(match[2])
    return b"" if code <= MAX_CODE and UNWRITABLE_RE.fullmatch(chr(code)) else match[0]


def _cut_tags(markup: bytes) -> bytes:
    """Leave a tag that has too many attributes the first ones."""
    pieces = []
    end = 0
    for tag in TAG_RE.finditer(markup):
        if tag.end() - tag.start() > 2 * MOST_ATTRIBUTES:
            attributes = islice(ATTRIBUTE_RE.finditer(markup, tag.start(), tag.end()), MOST_ATTRIBUTES, None)
            if (first := next(attributes, None)) is not None:
                pieces.append(markup[end : first.start()])
                end = tag.end()
    return b"".join([*pieces, markup[end:]])


def _parse(markup: bytes, parser: etree.HTMLParser) -> object:
    """Return what lxml makes of a page; None where it finds nothing in it."""
    try:
        return etree.fromstring(markup, parser=parser)
    except etree.LxmlError:
        return None


def _with_children(tree: object) -> HtmlElement | None:
    return tree if isinstance(tree, HtmlElement) and len(tree) else None


def build_shallow(markup: bytes) -> HtmlElement | None:
    """Build a tree of bounded depth and size that has all the text of the page; None where there is none."""
    builder = ShallowBuilder()
    _parse(markup, etree.HTMLParser(target=builder, encoding="utf-8", huge_tree=True))
    return builder.close()


@dataclass(slots=True)
class Open:
    """An open element, and the last thing in it: a child, or text. lxml would count all children to tell."""

    element: HtmlElement
    last_child: HtmlElement | None = None
    has_text: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it yet."""
        return self.last_child is None and not self.has_text

    def add_text(self, text: str) -> None:
        """Put text behind what is there."""
        self.has_text = True
        if self.last_child is None:
            self.element.text = (self.element.text or "") + text
        else:
            self.last_child.tail = (self.last_child.tail or "") + text

    def part(self) -> None:
        """Keep what follows apart from what is there, once."""
        last = self.last_child
        if not self.is_empty and (last is None or last.tag != "br" or last.tail):
            self.last_child = etree.SubElement(self.element, "br")


class ShallowBuilder:
    """A target for lxml's parser. `start`, `end`, `data` and `close` are what the parser calls."""

    def __init__(self) -> None:
        """Begin without an element."""
        self._root: Open | None = None
        self._open: list[Open] = []
        # For each open tag: is its element in the tree? If not, is it a block, whose text must stay apart?
        self._tags: list[tuple[bool, bool]] = []
        self._n_elements = 0
        self._text: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take in a tag, as an element or as nothing."""
        self._flush()
        is_kept, is_block = self._is_kept(tag), tag in BLOCK_TAGS
        self._tags.append((is_kept, is_block))
        if is_kept:
            self._add(tag, dict(_read_attributes(attributes)))
        elif is_block:
            self._around().part()

    def end(self, tag: str) -> None:
        """Close a tag. An element with nothing in it leaves the tree again."""
        self._flush()
        is_kept, is_block = self._tags.pop()
        if is_kept:
            closed = self._open.pop()
            if not closed.is_empty or tag in EMPTY_BY_NATURE or closed is self._root:
                return
            self._take_back(closed)
        if is_block:
            self._around().part()

    def data(self, text: str) -> None:
        """Take in text."""
        self._text.append(text)

    def close(self) -> HtmlElement | None:
        """Return the root of the tree; None where there is none."""
        self._flush()
        return None if self._root is None else self._root.element

    def _is_kept(self, tag: str) -> bool:
        if self._root is None or tag in UNSEEN:
            return True
        if not TAG_NAME_RE.fullmatch(tag):
            return False  # what the parser takes for a name need not be one, and lxml makes no element of it
        depth = len(self._open)
        if depth >= GREATEST_DEPTH or self._n_elements >= MOST_ELEMENTS:
            return False
        return depth < DEPTH_OF_WRAPPERS or tag not in WRAPPERS

    def _around(self) -> Open:
        """Return the innermost open element, or the root where all are closed."""
        around = self._open[-1] if self._open else self._root
        if around is None:
            raise ValueError("there is no element yet")  # the parser opens one before anything else
        return around

    def _add(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._root is None:
            parser = etree.HTMLParser()
            parser.set_element_class_lookup(ELEMENTS)
            opened = self._root = Open(parser.makeelement(tag, attributes))
        else:
            around = self._around()
            opened = Open(etree.SubElement(around.element, tag, attributes))
            around.last_child = opened.element
        self._open.append(opened)
        self._n_elements += 1

    def _take_back(self, closed: Open) -> None:
        """Take the last child out of the innermost open element."""
        around = self._around()
        around.last_child = closed.element.getprevious()
        around.element.remove(closed.element)
        self._n_elements -= 1

    def _flush(self) -> None:
        if self._text and (self._open or self._root is not None):
            self._around().add_text("".join(self._text))
        self._text = []


def _read_attributes(attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        if name in READ_ATTRIBUTES:
            yield name, value[:LONGEST_ATTRIBUTE]
