"""The text a reader sees on a page, line by line, with the part of the page each line stands in.

A line is the text of one block (paragraph, heading, list item, cell). Scripts, styles, templates and what is marked
`hidden` are not seen. This is the measure of what main-content extraction left out: every line that is in neither the
body nor the title ends up in `removed`.

Built for speed, since every page pays for it: the edges of blocks are marked with characters that Unicode reserves for
internal use and that no page may contain, and the tree is serialised once, in C.
"""

import re
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement

from tasks.boilerplate.line_rules import fold_space

UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "object", "head", "select", "math")
BLOCKS = (
    "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "tr", "dt", "dd", "blockquote", "pre", "article",
    "section", "main", "ul", "ol", "dl", "table", "figure", "br", "hr", "address", "button", "option", "label",
    "details", "summary", "caption", "fieldset", "legend", "video", "audio", "body", "center", "textarea",
)  # fmt: skip
# Parts of a page whose lines need no rule, with the label their lines get.
PARTS = {
    "nav": "navigation",
    "header": "page-header",
    "footer": "page-footer",
    "aside": "aside",
    "form": "form",
    "figcaption": "caption",
}
BREAK, END = "\ufdd0", "\ufdd1"
OPENERS = dict(zip(PARTS, "\ufdd2\ufdd3\ufdd4\ufdd5\ufdd6\ufdd7", strict=True))
PART_OF = {mark: tag for tag, mark in OPENERS.items()}
MARK_RE = re.compile("([\ufdd0-\ufdd7])")


@dataclass(frozen=True, slots=True)
class VisibleLine:
    """A line a reader sees. `part` is the innermost of `PARTS` it stands in, or None."""

    text: str
    part: str | None


def read_visible_lines(tree: HtmlElement) -> list[VisibleLine]:
    """Return the lines of the page in document order, white space folded, without empty ones.

    Uses up the tree: whoever still needs it makes a copy.
    """
    etree.strip_elements(tree, *UNSEEN, with_tail=False)
    for block in tree.iter(*BLOCKS):
        block.text = BREAK + (block.text or "")
        block.tail = BREAK + (block.tail or "")
    for part in tree.iter(*PARTS):
        part.text = OPENERS[part.tag] + (part.text or "")
        last = part[-1] if len(part) else None
        if last is None:
            part.text += END
        else:
            last.tail = (last.tail or "") + END
    return _cut(etree.tostring(tree, method="text", encoding="unicode", with_tail=False))


def _cut(text: str) -> list[VisibleLine]:
    lines = []
    parts: list[str] = []
    for piece in MARK_RE.split(text):
        if piece in PART_OF:
            parts.append(PART_OF[piece])
        elif piece == END:
            if parts:
                parts.pop()
        elif piece != BREAK and (folded := fold_space(piece)):
            lines.append(VisibleLine(folded, parts[-1] if parts else None))
    return lines
