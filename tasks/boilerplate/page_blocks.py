"""The text a reader sees on a page, block by block, and where in the tree of the page each block stands.

A block is the text of one paragraph, heading, list item or caption, or of one row of a table; a line break parts it in
two. Scripts, styles, templates and drawings are not seen. White space is folded as browsers fold it: no-break and other
special spaces stay, they are for the mojibake room to judge. Blocks are the measure of everything that follows: engines
are asked which of them are the body, and each one that is in neither the body nor the title ends up in `removed`.

Built for speed, since every page pays for it: the edges of blocks and links are marked with characters that Unicode
reserves for internal use and that no page may contain, the tree is serialised once, in C, and cut at the marks. That
takes 1.1 ms a page on the 80 development pages of article-extraction-benchmark, a twelfth of what trafilatura takes.
"""

import re
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement

UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "object", "head", "select", "math")
BLOCK_TAGS = (
    "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "tr", "dt", "dd", "blockquote", "pre", "article",
    "section", "main", "ul", "ol", "dl", "table", "figure", "address", "button", "option", "label", "details",
    "summary", "caption", "fieldset", "legend", "video", "audio", "body", "center", "textarea", "nav", "header",
    "footer", "aside", "form", "figcaption", "dialog", "hgroup",
)  # fmt: skip
# A row with any of these in a cell lays out a page; one without is a row of a table.
PARTS_OF_A_LAYOUT = ("p", "div", "ul", "ol", "dl", "table", "h1", "h2", "h3", "h4", "blockquote", "pre", "br", "form")
OPEN, CLOSE, LINK, END_OF_LINK, LINE_BREAK, CELL = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\ufdd5"
MARK_RE = re.compile("([\ufdd0-\ufdd4])")
HTML_SPACE_RE = re.compile(r"[ \t\n\r\f\v]+")
NO_WORD_RE = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A block a reader sees: its text, the innermost block element around it, how many characters stand in links."""

    text: str
    element: HtmlElement
    n_linked: int

    @property
    def linked_share(self) -> float:
        """The share of the characters that stand in links, 0 to 1."""
        return min(self.n_linked / len(self.text), 1.0)


def letters_of(text: str) -> str:
    """Return the letters and digits of `text` in lower case: the same however it is spaced and marked up.

    >>> letters_of("- “It’s over” ")
    'itsover'
    """
    return NO_WORD_RE.sub("", text).lower()


def read_blocks(tree: HtmlElement) -> list[Block]:
    """Return the blocks of the page in document order, without empty ones.

    Uses up the texts of the tree (not its elements): whoever still needs them reads them before or makes a copy.
    """
    etree.strip_elements(tree, *UNSEEN, with_tail=False)
    opened = _mark(tree)
    text = etree.tostring(tree, method="text", encoding="unicode", with_tail=False)
    return _cut(HTML_SPACE_RE.sub(" ", text), tree, opened)


def _mark(tree: HtmlElement) -> list[HtmlElement]:
    """Mark the edges of blocks, links, cells and lines; return the block elements in the order of their marks."""
    cells = {cell for row in tree.iter("tr") if next(row.iter(*PARTS_OF_A_LAYOUT), None) is None for cell in row}
    opened = []
    for element in tree.iter(*BLOCK_TAGS):
        if element in cells:
            element.tail = CELL + (element.tail or "")
            continue
        opened.append(element)
        element.text = OPEN + (element.text or "")
        element.tail = CLOSE + (element.tail or "")
    for element in tree.iter("br", "hr"):
        element.tail = LINE_BREAK + (element.tail or "")
    for element in tree.iter("a"):
        element.text = LINK + (element.text or "")
        element.tail = END_OF_LINK + (element.tail or "")
    return opened


def _cut(text: str, tree: HtmlElement, opened: list[HtmlElement]) -> list[Block]:
    blocks: list[Block] = []
    around = [tree]
    following = iter(opened)
    pieces: list[str] = []
    n_linked = 0
    in_link = False
    for piece in MARK_RE.split(text):
        if piece == LINK:
            in_link = True
        elif piece == END_OF_LINK:
            in_link = False
        elif piece in (OPEN, CLOSE, LINE_BREAK):
            if pieces and (folded := _fold("".join(pieces))):
                blocks.append(Block(folded, around[-1], n_linked))
            pieces, n_linked = [], 0
            if piece == OPEN:
                around.append(next(following))
            elif piece == CLOSE and len(around) > 1:
                around.pop()
        elif piece:
            pieces.append(piece)
            n_linked += len(piece.strip()) if in_link else 0
    if pieces and (folded := _fold("".join(pieces))):
        blocks.append(Block(folded, around[-1], n_linked))
    return blocks


def _fold(text: str) -> str:
    """Strip what inline elements put together, and join the cells of a row with bars."""
    if CELL in text:
        return " | ".join(cell for part in text.split(CELL) if (cell := part.strip()))
    text = text.strip()
    return HTML_SPACE_RE.sub(" ", text) if "  " in text else text
