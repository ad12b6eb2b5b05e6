"""The article of an HTML page: its body, its metadata, and every other line of the page with a label.

Main content is trafilatura's work. It is asked for precision first: on the 80 development pages of
article-extraction-benchmark that gives F1 .9654 against .9595 for its defaults. Where precision finds little, the
defaults are asked, too, and win if they find clearly more (`MUCH_MORE`): pages that are no news keep their text.
Then lines of the body that are surely none (share bars, "Read more: …", credits) are taken out by the line rules of
`plain_text`; structures that need a whole page are not used, since trafilatura has already cut it.

The page is parsed once. What trafilatura returns is compared with the lines a reader sees (`visible_text`), so
nothing leaves the page silently. A page without a body is `Dropped`, with what was seen instead. Nesting deeper than
Python's stack and the like end in a fallback on the visible lines, never in an exception.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import lxml.html
from lxml import etree
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Document

from tasks.boilerplate.dateline import Dateline, find_dateline
from tasks.boilerplate.language import detect_language
from tasks.boilerplate.line_rules import Verdict, fold_space, judge_line
from tasks.boilerplate.line_shape import shape_lines
from tasks.boilerplate.line_structures import judge_structures
from tasks.boilerplate.metadata import Metadata, read_page_metadata
from tasks.boilerplate.plain_text import label_lines, spare_text
from tasks.boilerplate.records import Article, Removed
from tasks.boilerplate.visible_text import PARTS, VisibleLine, read_visible_lines
from tasks.charset import decode_bytes
from tasks.outcome import Dropped, DropReason, Kept, Unusable

# trafilatura logs every page it finds nothing on; here that becomes a `Dropped` with a reason.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

# Below this many characters precision may have missed the body. None of the 80 development
# pages is asked twice.
LITTLE = 350
MUCH_MORE = 1.5
# A body of fewer characters is no article: a teaser, a notice, a login page.
SHORTEST_BODY = 60
# trafilatura puts the headline, where it takes it for text, among the first lines.
TITLE_LINES = 3
# A page without a sentence whose text is links to this share is a menu, an index or a login page.
ALL_LINKS = 0.8
# In a line this short, being found somewhere inside a paragraph of the body is chance.
LONG_ENOUGH_TO_FIND = 25
LONGEST_RULED_LINE = 120
MAX_CODE = 0x10FFFF
REFERENCE_RE = re.compile(r"&#(?:[xX]0{0,9}([0-9a-fA-F]{1,6})|0{0,9}([0-9]{1,7}));?")
XML_DECLARATION_RE = re.compile(r"^\s*<\?xml[^>]*\?>")
# lxml can read C0 controls but not write them; and no page may contain the noncharacters that mark blocks.
UNWRITABLE_RE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff]")
CODE_XPATH = etree.XPath('.//script[not(@type="application/ld+json")]')
MAIN_CONTENT = Verdict("boilerplate", "main-content", 0.8)


@dataclass(frozen=True, slots=True)
class Body:
    """The paragraphs of the article, and the lines taken out of them, by their text."""

    paragraphs: tuple[str, ...]
    residue: dict[str, Verdict]

    @property
    def size(self) -> int:
        """Characters of text."""
        return sum(map(len, self.paragraphs))

    @property
    def has_prose(self) -> bool:
        """Whether there is a sentence in it."""
        return any(line.has_stop and not line.is_short for line in shape_lines(list(self.paragraphs)))


def extract_article(html: bytes | str, url: str | None = None) -> Kept[Article] | Dropped:
    """Extract the article of one HTML page. `url` is its address, if known.

    Bytes are decoded as `tasks.charset` says. Never raises on any input; a page without an article gives `Dropped`
    with NO_MAIN_CONTENT and what was seen, bytes that are no text the reason they are none.
    """
    try:
        text = decode_bytes(html, markup=True).text if isinstance(html, bytes) else html
    except Unusable as error:
        return Dropped(error.reason, error.detail)
    tree = parse_html(text)
    if tree is None:
        return Dropped(DropReason.NO_MAIN_CONTENT, f"no element in {len(text)} characters of HTML")
    metadata = read_page_metadata(tree, url)
    _drop_code(tree)
    paragraphs = _ask_trafilatura(tree, url)
    seen = read_visible_lines(tree)
    body = clean_body(label_visible(seen) if paragraphs is None else paragraphs, metadata.title)
    if body.size < SHORTEST_BODY or (not body.has_prose and _linked_share(tree, seen) >= ALL_LINKS):
        return Dropped(DropReason.NO_MAIN_CONTENT, _describe(tree, seen, body))
    return Kept(_make_article(body, seen, metadata))


def parse_html(text: str) -> HtmlElement | None:
    """Parse a page, however broken; None where there is no element in it."""
    text = UNWRITABLE_RE.sub("", XML_DECLARATION_RE.sub("", text))
    text = REFERENCE_RE.sub(_check_reference, text)
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError:
        return None
    return tree if isinstance(tree, HtmlElement) and len(tree) else None


def _check_reference(match: re.Match[str]) -> str:
    """Return a character reference as it stands, or nothing if it stands for a character that can't be written."""
    code = int(match[1], 16) if match[1] else int(match[2])
    return "" if code <= MAX_CODE and UNWRITABLE_RE.fullmatch(chr(code)) else match[0]


def _drop_code(tree: HtmlElement) -> None:
    """Take scripts, styles and drawings out of the tree; JSON-LD stays, since trafilatura reads it.

    It copies the tree several times. Without them its CPU time on the 80 development pages falls by a tenth, and it
    finds the same text on every one.
    """
    for script in CODE_XPATH(tree):
        script.tag = "style"
    etree.strip_elements(tree, "style", "svg", "template", with_tail=False)


def _ask_trafilatura(tree: HtmlElement, url: str | None) -> list[str] | None:
    """Return the paragraphs trafilatura takes for the body, maybe none; None where it failed on the page."""
    try:
        paragraphs = _extract(tree, url, precision=True)
        size = sum(map(len, paragraphs))
        if size < LITTLE:
            more = _extract(tree, url, precision=False)
            if sum(map(len, more)) > MUCH_MORE * size:
                return more
    except Exception:  # noqa: BLE001  (whatever a page does to its algorithms, its lines are still there to be labelled)
        return None
    return paragraphs


def _extract(tree: HtmlElement, url: str | None, *, precision: bool) -> list[str]:
    # It works on a copy. Its `deduplicate` stays off: it remembers pages, so a text would hang on their order.
    document = bare_extraction(tree, url=url, include_comments=False, favor_precision=precision)
    text = document.text if isinstance(document, Document) else None
    return [folded for line in (text or "").split("\n") if (folded := fold_space(line))]


def label_visible(seen: Sequence[VisibleLine]) -> list[str]:
    """Return the body as the line labels see it: cruder than trafilatura, but nothing on a page can make it fail."""
    text = "\n".join(line.text for line in seen if line.part is None)
    return [line.text for line in label_lines(text) if line.label == "body"]


def clean_body(paragraphs: Sequence[str], title: str | None) -> Body:
    """Take the title and what is surely no body out of the extracted paragraphs."""
    own = (title or "").casefold()
    paragraphs = [text for at, text in enumerate(paragraphs) if at >= TITLE_LINES or text.casefold() != own]
    lines = shape_lines(list(paragraphs))
    worded = {at: verdict for at, line in enumerate(lines) if (verdict := judge_line(line.text))}
    verdicts = spare_text(lines, judge_structures(lines, worded), worded)
    kept = tuple(line.text for at, line in enumerate(lines) if at not in verdicts)
    return Body(kept, {lines[at].text: verdict for at, verdict in verdicts.items()})


def _make_article(body: Body, seen: Sequence[VisibleLine], metadata: Metadata) -> Article:
    dateline = find_dateline(body.paragraphs)
    paragraphs = list(body.paragraphs)
    if dateline is not None:
        paragraphs[dateline.paragraph] = paragraphs[dateline.paragraph][len(dateline.prefix) :]
    text = "\n".join(paragraphs)
    removed = tuple(_list_removed(body, seen, metadata.title, dateline))
    lang, lang_confidence = detect_language(text)
    return Article(
        text=text,
        title=metadata.title,
        byline=metadata.byline,
        agency=metadata.agency or (dateline.agency if dateline else None),
        publisher=metadata.publisher,
        dateline=dateline.text if dateline else None,
        published_at=metadata.published_at,
        lang=lang,
        lang_confidence=lang_confidence,
        canonical_url=metadata.canonical_url,
        boilerplate_score=score_boilerplate(text, removed),
        removed=removed,
    )


def score_boilerplate(text: str, removed: Sequence[Removed]) -> float:
    """Return the share of the characters that were taken away, 0 to 1."""
    away = sum(len(line.text) for line in removed)
    return round(away / (away + len(text)), 4) if away else 0.0


def _list_removed(
    body: Body, seen: Sequence[VisibleLine], title: str | None, dateline: Dateline | None
) -> Iterator[Removed]:
    """Yield every visible line that is neither in the body nor the title, and the dateline."""
    whole = "\n".join(body.paragraphs)
    pieces = {piece for line in body.paragraphs for piece in _pieces_of(line)} | {title or ""}
    for number, line in enumerate(seen, start=1):
        if dateline is not None and line.text == body.paragraphs[dateline.paragraph]:
            yield Removed(number, dateline.prefix, "dateline", dateline.rule, dateline.confidence)
            dateline = None
        if line.text in pieces or (len(line.text) >= LONG_ENOUGH_TO_FIND and line.text in whole):
            continue
        verdict = body.residue.get(line.text) or _judge_visible(line)
        yield Removed(number, line.text, verdict.label, verdict.rule, verdict.confidence)
    if dateline is not None:
        yield Removed(len(seen) + 1, dateline.prefix, "dateline", dateline.rule, dateline.confidence)


def _pieces_of(line: str) -> Iterator[str]:
    """Yield the forms in which a line of the body may stand on the page: trafilatura writes "- " and " | " itself."""
    yield line
    if line.startswith("- "):
        yield line[2:]
    if " | " in line or line.startswith("| "):
        yield from (cell.strip() for cell in line.split("|"))


def _judge_visible(line: VisibleLine) -> Verdict:
    if line.part is not None:
        return Verdict(PARTS[line.part], f"html/{line.part}", 0.9)
    return (judge_line(line.text) if len(line.text) <= LONGEST_RULED_LINE else None) or MAIN_CONTENT


def _linked_share(tree: HtmlElement, seen: Sequence[VisibleLine]) -> float:
    """Return the share of the visible characters that stand in links."""
    linked = sum(len(fold_space("".join(link.itertext()))) for link in tree.iter("a"))
    return linked / (sum(len(line.text) for line in seen) or 1)


def _describe(tree: HtmlElement, seen: Sequence[VisibleLine], body: Body) -> str:
    """Say what was seen on a page that gave no article."""
    characters = sum(len(line.text) for line in seen)
    if not characters:
        return f"no visible text in {sum(1 for _ in tree.iter())} elements"
    found = f"{body.size} characters of body found" if body.size else "no body found"
    share = _linked_share(tree, seen)
    return f"{found} in {characters} characters of text on {len(seen)} lines, {share:.0%} of them in links"
