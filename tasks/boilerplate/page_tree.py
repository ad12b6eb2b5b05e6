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
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from tasks.boilerplate.page_blocks import BLOCK_TAGS, UNSEEN

MAX_CODE = 0x10FFFF
REFERENCE_RE = re.compile(r"&#(?:[xX]0{0,9}([0-9a-fA-F]{1,6})|0{0,9}([0-9]{1,7}));?")
XML_DECLARATION_RE = re.compile(r"^\s*<\?xml[^>]*\?>")
# lxml can read C0 controls but not write them; and no page may contain the noncharacters that mark blocks.
UNWRITABLE_RE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff]")
CDATA_RE = re.compile(r"<!\[CDATA\[|\]\]>")
# Data of more characters than this are cut; their type stays. No address of a picture is so long.
LONGEST_DATA_URI = 1_000
DATA_URI_RE = re.compile(rf"(data:[\w.+/-]{{0,80}}[;,])[^\"'()<>\s]{{{LONGEST_DATA_URI},}}")
# In fewer characters without a ">" no tag has so many attributes that they take the parser more than a second. On 5 of
# the 80 development pages there are more, all script; the longest tag has 46,920, of 12 attributes.
LONG_STRETCH = 60_000
TAG_RE = re.compile(r"""<[a-zA-Z](?:[^>"']++|"[^"]*+"|'[^']*+')*+""")
ATTRIBUTE_RE = re.compile(r"""\s[^\s=>"'/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'>]++))?""")
MOST_ATTRIBUTES = 500
# The largest development page has 1.5 million characters, the one with most tags 3,200 of them.
LARGE_PAGE_CHARACTERS = 2_000_000
MANY_TAGS = 60_000
# Deeper than the first, wrappers are left out, deeper than the second, everything. trafilatura finds all paragraphs in
# trees of 200 levels of any element, and loses them in 250; the deepest development page has 38 levels.
DEPTH_OF_WRAPPERS = 60
GREATEST_DEPTH = 120
MOST_ELEMENTS = 60_000
WRAPPERS = frozenset({"div", "span", "font", "b", "i", "em", "strong", "center", "section", "small", "big", "u", "a"})
EMPTY_BY_NATURE = frozenset({"br", "hr", "img", "meta", "link", "base", "input", "source", "col", "wbr"})
READ_ATTRIBUTES = frozenset(
    "class id href rel name content property itemprop itemtype itemscope datetime type lang role http-equiv hreflang "
    "style hidden".split()
)
LONGEST_ATTRIBUTE = 2_000
ELEMENTS = etree.ElementDefaultClassLookup(element=HtmlElement)


def parse_page(text: str) -> HtmlElement | None:
    """Parse a page, however broken; None where there is no element in it."""
    text = clean_markup(text)
    if len(text) <= LARGE_PAGE_CHARACTERS and text.count("<") <= MANY_TAGS:
        parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
        parser.set_element_class_lookup(ELEMENTS)
        tree = _parse(text, parser)
        if not any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
            return _with_children(tree)
    return _with_children(build_shallow(text))


def clean_markup(text: str) -> str:
    """Take out what no tree can hold or no parser can bear, and nothing that a reader sees.

    >>> clean_markup('<p class="a">2 &lt; 3</p>')
    '<p class="a">2 &lt; 3</p>'
    """
    text = UNWRITABLE_RE.sub("", XML_DECLARATION_RE.sub("", text))
    text = REFERENCE_RE.sub(_check_reference, text)
    if "<![CDATA[" in text:
        text = CDATA_RE.sub("", text)
    if "data:" in text:
        text = DATA_URI_RE.sub(r"\1", text)
    if max(map(len, text.split(">"))) > LONG_STRETCH:
        text = _cut_tags(text)
    return text


def _check_reference(match: re.Match[str]) -> str:
    """Return a character reference as it stands, or nothing if it stands for a character that can't be written."""
    code = int(match[1], 16) if match[1] else int(match[2])
    return "" if code <= MAX_CODE and UNWRITABLE_RE.fullmatch(chr(code)) else match[0]


def _cut_tags(text: str) -> str:
    """Leave a tag that has too many attributes the first ones."""
    pieces = []
    end = 0
    for tag in TAG_RE.finditer(text):
        if tag.end() - tag.start() > 2 * MOST_ATTRIBUTES:
            attributes = islice(ATTRIBUTE_RE.finditer(text, tag.start(), tag.end()), MOST_ATTRIBUTES, None)
            if (first := next(attributes, None)) is not None:
                pieces.append(text[end : first.start()])
                end = tag.end()
    return "".join([*pieces, text[end:]])


def _parse(text: str, parser: etree.HTMLParser) -> object:
    """Return what lxml makes of a page; None where it finds nothing in it."""
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError:
        return None


def _with_children(tree: object) -> HtmlElement | None:
    return tree if isinstance(tree, HtmlElement) and len(tree) else None


def build_shallow(text: str) -> HtmlElement | None:
    """Build a tree of bounded depth and size that has all the text of the page; None where there is none."""
    builder = ShallowBuilder()
    _parse(text, etree.HTMLParser(target=builder, encoding="utf-8", huge_tree=True))
    return builder.close()


class ShallowBuilder:
    """A target for lxml's parser. `start`, `end`, `data` and `close` are what the parser calls."""

    def __init__(self) -> None:
        """Begin without an element."""
        self._root: HtmlElement | None = None
        self._open: list[HtmlElement] = []
        # For each open tag: is its element in the tree? If not, is it a block, whose text must stay apart?
        self._tags: list[tuple[bool, bool]] = []
        self._n_elements = 0
        self._text: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take in a tag, as an element or as nothing."""
        self._flush()
        is_kept = self._is_kept(tag)
        is_block = tag in BLOCK_TAGS
        self._tags.append((is_kept, is_block))
        if is_kept:
            self._add(tag, dict(_read_attributes(attributes)))
        elif is_block:
            self._part()

    def end(self, tag: str) -> None:
        """Close a tag. An element with nothing in it leaves the tree again."""
        self._flush()
        is_kept, is_block = self._tags.pop()
        if not is_kept:
            if is_block:
                self._part()
            return
        element = self._open.pop()
        parent = element.getparent()
        if parent is not None and not len(element) and not element.text and tag not in EMPTY_BY_NATURE:
            parent.remove(element)
            self._n_elements -= 1
            if is_block:
                self._part()

    def data(self, text: str) -> None:
        """Take in text."""
        self._text.append(text)

    def close(self) -> HtmlElement | None:
        """Return the root of the tree."""
        self._flush()
        return self._root

    def _is_kept(self, tag: str) -> bool:
        if self._root is None or tag in UNSEEN:
            return True
        depth = len(self._open)
        if depth >= GREATEST_DEPTH or self._n_elements >= MOST_ELEMENTS:
            return False
        return depth < DEPTH_OF_WRAPPERS or tag not in WRAPPERS

    def _add(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._root is None:
            parser = etree.HTMLParser()
            parser.set_element_class_lookup(ELEMENTS)
            element = parser.makeelement(tag, attributes)
            self._root = element
        else:
            element = etree.SubElement(self._open[-1] if self._open else self._root, tag, attributes)
        self._open.append(element)
        self._n_elements += 1

    def _part(self) -> None:
        """Keep the text that follows apart from that before it, once."""
        parent = self._open[-1] if self._open else self._root
        if parent is None or (not len(parent) and not parent.text):
            return
        if not len(parent) or parent[-1].tag != "br" or parent[-1].tail:
            etree.SubElement(parent, "br")

    def _flush(self) -> None:
        if not self._text:
            return
        text, self._text = "".join(self._text), []
        parent = self._open[-1] if self._open else self._root
        if parent is None:
            return
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text


def _read_attributes(attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        if name in READ_ATTRIBUTES:
            yield name, value[:LONGEST_ATTRIBUTE]
