"""The article of an HTML page: its body, its metadata, and every other block of the page with a label.

In this order:

1. The page is parsed once, and what it says of itself is read (`metadata`, `page_kind`).
2. The blocks of the body are selected (`body_selection`): engines say which, the structure of the page corrects them.
3. Blocks of it that are surely none by their wording (share bars, "Read more: …", credits) are taken out by the line
   rules of `plain_text`; structures that need a whole page are not used, since the page is already cut.
4. A page that is no article (a list of articles, an error, a wall) is `Dropped` with the reason and what was seen.

F1 on the 80 development pages of article-extraction-benchmark: .990, against .960 for trafilatura alone. Figures are
held in `tests/eval/`. Nothing leaves a page silently, and nothing on a page makes this raise.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement

from tasks.boilerplate.article import assemble_article
from tasks.boilerplate.body_selection import read_page, select_body
from tasks.boilerplate.dateline import Dateline, find_dateline
from tasks.boilerplate.line_rules import Verdict, judge_line
from tasks.boilerplate.line_structures import judge_structures
from tasks.boilerplate.metadata import Metadata, read_page_metadata
from tasks.boilerplate.page_blocks import Block, letters_of
from tasks.boilerplate.page_kind import judge_page_kind, read_page_signs
from tasks.boilerplate.page_structure import Page, Refined, Structure
from tasks.boilerplate.page_tree import parse_page
from tasks.boilerplate.plain_text import spare_text
from tasks.boilerplate.records import Article, Removed
from tasks.charset import decode_bytes
from tasks.outcome import Dropped, DropReason, Kept, Unusable

# A body of fewer characters is no article: a teaser, a notice.
SHORTEST_BODY = 60
# The headline, where an engine takes it for text, is among the first blocks; one of so many letters is it anywhere.
TITLE_BLOCKS = 3
LONG_TITLE = 20
# A page without a sentence whose text is links to this share is a menu.
ALL_LINKS = 0.8
LONGEST_RULED_LINE = 120
CODE_XPATH = etree.XPath('.//script[not(@type="application/ld+json")]')
# Taking these out saves the engines a tenth of their time, and changes no answer on the 80 development pages.
NO_ENGINE_READS = ("nav", "footer", "noscript", "iframe", "button", "select")
MAIN_CONTENT = Verdict("boilerplate", "main-content", 0.8)
TITLE = Verdict("title", "metadata/title", 0.9)


@dataclass(frozen=True, slots=True)
class Body:
    """The blocks that are the article's text, in order, and why others that were taken for it are not."""

    blocks: tuple[int, ...]
    verdicts: Mapping[int, Verdict]


def extract_article(html: bytes | str, url: str | None = None) -> Kept[Article] | Dropped:
    """Extract the article of one HTML page. `url` is its address, if known.

    Bytes are decoded as `tasks.charset` says. Never raises on any input; a page without an article gives `Dropped`
    with the reason and what was seen, bytes that are no text the reason they are none.
    """
    try:
        text = decode_bytes(html, markup=True).text if isinstance(html, bytes) else html
    except Unusable as error:
        return Dropped(error.reason, error.detail)
    tree = parse_page(text)
    if tree is None:
        return Dropped(DropReason.NO_MAIN_CONTENT, f"no element in {len(text)} characters of HTML")
    metadata = read_page_metadata(tree, url)
    signs = read_page_signs(tree)
    _drop_code(tree)
    page = read_page(tree)
    etree.strip_elements(tree, *NO_ENGINE_READS, with_tail=False)
    selected = select_body(page, tree, url)
    body = clean_body(page, selected, metadata.title)
    paragraphs = [page.blocks[at].text for at in body.blocks]
    not_an_article = judge_page_kind(signs, metadata.title, paragraphs, [block.text for block in page.blocks])
    if not_an_article is not None:
        return not_an_article
    if not is_text(page, body):
        return Dropped(DropReason.NO_MAIN_CONTENT, _describe(tree, page.blocks, sum(map(len, paragraphs))))
    return Kept(_make_article(selected.structure, body, metadata))


def _drop_code(tree: HtmlElement) -> None:
    """Take scripts, styles and drawings out of the tree; JSON-LD stays, since trafilatura reads it.

    It copies the tree several times. Without them its CPU time on the 80 development pages falls by a tenth, and it
    finds the same text on every one.
    """
    for script in CODE_XPATH(tree):
        script.tag = "style"
    etree.strip_elements(tree, "style", "svg", "template", with_tail=False)


def is_text(page: Page, body: Body) -> bool:
    """Say whether a body is long enough for an article, and the page more than a menu."""
    size = sum(len(page.blocks[at].text) for at in body.blocks)
    has_prose = any(page.lines[at].has_stop and not page.lines[at].is_short for at in body.blocks)
    return size >= SHORTEST_BODY and (has_prose or linked_share(page.blocks) < ALL_LINKS)


def clean_body(page: Page, selected: Refined, title: str | None) -> Body:
    """Take the title and what is surely no body by its wording out of the selected blocks."""
    chosen = sorted(selected.choice)
    own = letters_of(title or "")
    titled = {at: TITLE for number, at in enumerate(chosen) if is_title(page.letters[at], own, number)}
    chosen = [at for at in chosen if at not in titled]
    lines = [page.lines[at] for at in chosen]
    worded = {number: verdict for number, line in enumerate(lines) if (verdict := judge_line(line.text))}
    judged = spare_text(lines, judge_structures(lines, worded), worded)
    kept = tuple(at for number, at in enumerate(chosen) if number not in judged)
    worded_out = {chosen[number]: verdict for number, verdict in judged.items()}
    return Body(kept, {**selected.verdicts, **titled, **worded_out})


def is_title(text: str, own: str, number: int) -> bool:
    """Say whether the text of block `number` of the body is the title again. `own` are the letters of the title."""
    return (number < TITLE_BLOCKS or len(own) >= LONG_TITLE) and text == own != ""


def linked_share(blocks: Sequence[Block]) -> float:
    """Return the share of the visible characters that stand in links, 0 to 1."""
    return sum(block.n_linked for block in blocks) / (sum(len(block.text) for block in blocks) or 1)


def _make_article(structure: Structure, body: Body, metadata: Metadata) -> Article:
    paragraphs = [structure.page.blocks[at].text for at in body.blocks]
    dateline = find_dateline(paragraphs)
    removed = tuple(_list_removed(structure, body, metadata.title, dateline))
    return assemble_article(paragraphs, dateline, removed, metadata)


def _list_removed(structure: Structure, body: Body, title: str | None, dateline: Dateline | None) -> Iterator[Removed]:
    """Yield every block that is neither in the body nor the title, and the dateline."""
    kept = set(body.blocks)
    own = letters_of(title or "")
    opening = body.blocks[dateline.paragraph] if dateline is not None else None
    for at, block in enumerate(structure.page.blocks):
        if dateline is not None and at == opening:
            yield Removed(at + 1, dateline.prefix, "dateline", dateline.rule, dateline.confidence)
        if at not in kept and not is_title(structure.page.letters[at], own, 0):
            verdict = body.verdicts.get(at) or _judge_rest(structure, at)
            yield Removed(at + 1, block.text, verdict.label, verdict.rule, verdict.confidence)


def _judge_rest(structure: Structure, at: int) -> Verdict:
    """Label a block that no engine took for the body: by what it stands in, else by its wording."""
    part = structure.part_of(structure.page.blocks[at].element)
    if part is not None:
        return part
    text = structure.page.lines[at].text
    return (judge_line(text) if len(text) <= LONGEST_RULED_LINE else None) or MAIN_CONTENT


def _describe(tree: HtmlElement, blocks: Sequence[Block], size: int) -> str:
    """Say what was seen on a page that gave no article."""
    characters = sum(len(block.text) for block in blocks)
    if not characters:
        return f"no visible text in {sum(1 for _ in tree.iter())} elements"
    found = f"{size} characters of body found" if size else "no body found"
    links = f"{linked_share(blocks):.0%} of them in links"
    return f"{found} in {characters} characters of text on {len(blocks)} lines, {links}"
