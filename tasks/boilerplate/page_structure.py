"""What the tree of a page says of an engine's choice: insets to take out of it, paragraphs to take in.

Engines look at one element at a time. Three things they miss show in the tree as a whole, for any language:

- **Insets.** Elements inside the body's frame that hold something else: by their tag (`nav`, `aside`, `figcaption`), by
  the words of their class and id (`rules/element_marks.tsv`), teasers (siblings of the same kind that each have a
  headline in a link), other articles. An element that holds more than a quarter of the prose is no inset, whatever it
  is called: pages are built by people, and "article-with-newsletter" may be the class of the body.
- **Prose the engine left out.** Advertisements part a body into several containers, and engines take the first. A
  paragraph whose element and parent have the same tags and classes as a good part of the prose belongs to it.
- **What stands between two paragraphs of one container**: subheadings, quotations, list items.

Everything outside of the element that holds most of the prose needs a second engine's word.

Refused: position on the screen (no style sheets are read) and rules for single sites. The numbers below were swept on
the 80 development pages of article-extraction-benchmark, of 58 sites: shares from half to one and a half times their
value, and lengths and depths from half to twice, all give F1 between .986 and .989.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain

from lxml.html import HtmlElement

from tasks.boilerplate.engines import Choice
from tasks.boilerplate.line_rules import ROOM, Verdict
from tasks.boilerplate.line_shape import Line, shape_of
from tasks.boilerplate.page_blocks import Block, letters_of
from tasks.rule_table import Rule, read_rules

# The label of what stands in elements whose tag says what they hold.
INSET_TAGS = {
    "nav": "navigation",
    "footer": "page-footer",
    "aside": "aside",
    "form": "form",
    "figcaption": "caption",
    "caption": "caption",
    "button": "ui",
    "label": "form",
    "option": "form",
    "textarea": "form",
    "video": "media-control",
    "audio": "media-control",
}
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
PARAGRAPHS = frozenset({"p", "div"})
ITEMS = frozenset({"li", "dt", "dd"})
# An element with more of the prose than this is no inset.
MOST_IN_INSET = 0.25
# An element with more of the prose than this is not another article.
MOST_IN_OTHER_ARTICLE = 0.5
# The innermost element with so much of the prose is where the body is.
LEAST_IN_BODY = 0.6
# So much of the prose stands in elements of the same kind as a paragraph that is taken in,
LEAST_ALIKE = 0.3
# below the element that holds nearly all of it, or the article around that.
NEARLY_ALL = 0.9
# A block is a link if so much of it stands in one; a headline in a link is at least so long.
WHOLE_LINK = 0.9
SHORTEST_LINKED_HEADLINE = 15
# Teasers come in threes and more, and nearly all of them have their headline in a link.
LEAST_TEASERS = 3
LINKED_TEASERS = 0.8
# How far above its headline the element of a teaser may stand, and a container above what it contains.
TEASER_DEPTH = 8
INTERIOR_DEPTH = 8
# Class names of some 50 sites, about 2 MB.
CACHED_NAMES = 16_384
CAMEL_RE = re.compile(r"(?<=[a-z])(?=[A-Z])")

TITLE = Verdict("title", "html/h1", 0.9)
OTHER_ARTICLE = Verdict("related-link", "structure/other-article", 0.85)
TEASER = Verdict("related-link", "structure/teaser", 0.85)
LINKED_LINE = Verdict("related-link", "structure/linked-line", 0.75)
PAGE_HEADER = Verdict("page-header", "html/header", 0.9)
OUTSIDE = Verdict("boilerplate", "structure/outside-body", 0.7)

Kind = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Refined:
    """A choice after structure was asked, why blocks of the first choice are no longer in it, and that structure."""

    choice: Choice
    verdicts: dict[int, Verdict]
    structure: "Structure"


@dataclass(frozen=True, slots=True)
class Page:
    """The blocks of a page, each with its shape and its letters; which elements hold a headline in a link; the title.

    `linked` gives the position of the first such headline in an element, `titled` the first `h1` and all around it.
    """

    blocks: Sequence[Block]
    lines: Sequence[Line]
    letters: Sequence[str]
    linked: dict[HtmlElement, int]
    titled: tuple[HtmlElement, ...]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> "Page":
        """Measure the blocks, and look through them once for links that stand alone and for the title."""
        linked: dict[HtmlElement, int] = {}
        for at, block in enumerate(blocks):
            if is_whole_link(block):
                for element in _upwards(block.element, TEASER_DEPTH):
                    linked.setdefault(element, at)
        heading = next((block.element for block in blocks if block.element.tag == "h1"), None)
        titled = tuple(_upwards(heading)) if heading is not None else ()
        lines = [shape_of(at, block.text) for at, block in enumerate(blocks)]
        return cls(blocks, lines, [letters_of(block.text) for block in blocks], linked, titled)


def is_whole_link(block: Block) -> bool:
    """Say whether a block is a link and long enough for a headline."""
    return block.linked_share >= WHOLE_LINK and len(block.text) >= SHORTEST_LINKED_HEADLINE


def _upwards(element: HtmlElement, depth: int = 10_000) -> Iterator[HtmlElement]:
    """Yield an element and what it stands in, inside out."""
    while element is not None and depth:
        yield element
        element, depth = element.getparent(), depth - 1


def _kind(element: HtmlElement) -> Kind:
    """Return what siblings made by the same template share."""
    return (element.tag, element.get("class"))


def _kind_in_place(element: HtmlElement) -> Kind:
    parent = element.getparent()
    return (*_kind(element), *(_kind(parent) if parent is not None else ()))


@cache
def _marks() -> tuple[re.Pattern[str], tuple[Rule, ...]]:
    rules = read_rules(ROOM, "element_marks")
    rows = "|".join(f"(?P<r{n}>{rule.found})" for n, rule in enumerate(rules))
    return re.compile(rf"(?:^|[\s_-])(?:{rows})(?=$|[\s_-])"), rules


_marks()  # compiled with the module, once for all worker processes of the fork server and not in the first document


@lru_cache(maxsize=CACHED_NAMES)
def judge_names(names: str) -> Verdict | None:
    """Label an element by its class and id, written one after the other; None where no rule knows them."""
    pattern, rules = _marks()
    match = pattern.search(CAMEL_RE.sub("-", names).lower())
    if match is None:
        return None
    rule = rules[int((match.lastgroup or "r0")[1:])]
    return Verdict(rule.meaning, f"element_marks/{rule.id}", 0.85)


def judge_element(element: HtmlElement) -> Verdict | None:
    """Label an element by its tag, class and id alone; None where they say nothing.

    >>> from lxml.html import fromstring
    >>> judge_element(fromstring('<div class="article__related-links"></div>')).label
    'related-link'
    """
    label = INSET_TAGS.get(element.tag)
    if label is not None:
        return Verdict(label, f"html/{element.tag}", 0.9)
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return judge_names(names) if len(names) > 1 else None


class Structure:
    """The tree as seen from one engine's choice: how much of its prose each element holds."""

    def __init__(self, page: Page, choice: Choice) -> None:
        """Add up the prose of the choice, element by element."""
        self.page = page
        self.prose = [at for at in sorted(choice) if self._is_prose(at)]
        self.total = sum(len(page.blocks[at].text) for at in self.prose)
        self.held: Counter[HtmlElement] = Counter()
        for at in self.prose:
            for element in _upwards(page.blocks[at].element):
                self.held[element] += len(page.blocks[at].text)
        self._insets: dict[HtmlElement, Verdict | None] = {}
        self._rows: dict[HtmlElement, dict[Kind, bool]] = {}
        self._own = [element for element in page.titled if element.tag == "article"]

    def _is_prose(self, at: int) -> bool:
        return self.page.lines[at].is_paragraph and self.page.blocks[at].linked_share < 0.5  # noqa: PLR2004  (mostly text)

    def inset_of(self, element: HtmlElement) -> Verdict | None:
        """Return what inset an element stands in, the innermost first; None where it stands in none."""
        path: list[HtmlElement] = []
        verdict = None
        for above in _upwards(element):
            if above in self._insets:
                verdict = self._insets[above]
                break
            path.append(above)
            verdict = self._judge(above)
            if verdict is not None:
                break
        # What lies inside of an inset is in it; what lies around it need not be.
        for below in path if verdict is not None else ():
            self._insets[below] = verdict
        if verdict is None:
            self._insets.update(dict.fromkeys(path))
        return verdict

    def part_of(self, element: HtmlElement) -> Verdict | None:
        """Return what part of the page an element stands in, for one outside of the body; tags before names."""
        for above in chain((element,), element.iterancestors(*INSET_TAGS)):
            if above.tag in INSET_TAGS and self.held[above] <= MOST_IN_INSET * self.total:
                return judge_element(above)
        inset = self.inset_of(element)
        if inset is None and next(element.iterancestors("header"), None) is not None:
            return PAGE_HEADER
        return inset

    def _judge(self, element: HtmlElement) -> Verdict | None:
        held = self.held[element]
        if held <= MOST_IN_OTHER_ARTICLE * self.total and self._is_other_article(element):
            return OTHER_ARTICLE
        if held > MOST_IN_INSET * self.total:
            return None
        return judge_element(element) or (TEASER if self._is_teaser(element) else None)

    def _is_other_article(self, element: HtmlElement) -> bool:
        """Say whether an `article` is not the one with the title: apart from it, or with its headline in a link."""
        if element.tag != "article" or element in self.page.titled:
            return False
        if self._own and not any(above in self._own for above in _upwards(element)):
            return True
        at = self.page.linked.get(element)
        if at is None:
            return False
        headline = self.page.blocks[at].element
        return any(above.tag in HEADINGS or above.tag == "header" for above in _upwards(headline, 2))

    def _is_teaser(self, element: HtmlElement) -> bool:
        if element not in self.page.linked or element.tag in HEADINGS or element.tag == "p":
            return False
        row = element.getparent()
        if row is None:
            return False
        if row not in self._rows:
            all_of = Counter(map(_kind, row))
            with_link = Counter(_kind(one) for one in row if one in self.page.linked)
            self._rows[row] = {
                kind: n >= LEAST_TEASERS and with_link[kind] >= LINKED_TEASERS * n for kind, n in all_of.items()
            }
        return self._rows[row][_kind(element)]

    def body_element(self, share: float) -> HtmlElement:
        """Return the innermost element that holds this share of the prose."""
        *_, best = _upwards(self.page.blocks[self.prose[0]].element)
        while (inner := next((one for one in best if self.held[one] >= share * self.total), None)) is not None:
            best = inner
        return best


def refine(page: Page, choice: Choice, second: Collection[int]) -> Refined:
    """Take insets out of `choice` and what belongs to the body in. `second` is the choice of another engine.

    A choice without prose is returned as it is.
    """
    structure = Structure(page, choice)
    if not structure.prose:
        return Refined(choice, {}, structure)
    verdicts = dict(_find_insets(structure, choice))
    inside = set(structure.body_element(LEAST_IN_BODY).iter())
    for at in choice:
        if at not in verdicts and at not in second and page.blocks[at].element not in inside:
            verdicts[at] = OUTSIDE
    kept = set(choice) - verdicts.keys()
    kept |= _find_prose_left_out(structure, kept, verdicts)
    kept |= _find_interior(structure, kept, verdicts)
    return Refined(frozenset(kept), verdicts, structure)


def _find_insets(structure: Structure, choice: Choice) -> Iterator[tuple[int, Verdict]]:
    for at in choice:
        block, line = structure.page.blocks[at], structure.page.lines[at]
        if block.element.tag == "h1":
            yield at, TITLE
        elif (inset := structure.inset_of(block.element)) is not None:
            yield at, inset
        elif is_whole_link(block) and block.element.tag in {"p", "li"} and line.is_headline and not line.has_stop:
            yield at, LINKED_LINE


def _find_prose_left_out(structure: Structure, kept: Collection[int], verdicts: Collection[int]) -> set[int]:
    """Return sentences and paragraphs in elements of the same kind as a good part of the prose that was kept."""
    page = structure.page
    alike: Counter[Kind] = Counter()
    for at in structure.prose:
        if at in kept:
            alike[_kind_in_place(page.blocks[at].element)] += len(page.blocks[at].text)
    kinds = {kind for kind, held in alike.items() if held >= LEAST_ALIKE * structure.total}
    around = structure.body_element(NEARLY_ALL)
    article = next((one for one in _upwards(around) if one.tag in {"article", "main"}), None)
    if article is None:
        article = around.getparent() if around.getparent() is not None else around
    inside = set(article.iter())
    return {
        at
        for at, block in enumerate(page.blocks)
        if at not in kept
        and at not in verdicts
        and block.element in inside
        and _kind_in_place(block.element) in kinds
        and block.linked_share < 0.5  # noqa: PLR2004  (mostly text)
        and not page.lines[at].is_short
        and structure.inset_of(block.element) is None
    }


def _find_interior(structure: Structure, kept: Collection[int], verdicts: Collection[int]) -> set[int]:
    """Return subheadings, quotations and list items between the first and the last paragraph of a container."""
    page = structure.page
    spans: dict[HtmlElement, tuple[int, int]] = {}
    for at in sorted(kept):
        container = page.blocks[at].element.getparent()
        if page.lines[at].is_paragraph and container is not None:
            spans[container] = (spans.get(container, (at, at))[0], at)
    said = "\n".join(page.letters[at] for at in sorted(kept))
    return {
        at
        for at in range(min(kept, default=0), max(kept, default=0))
        if at not in kept
        and at not in verdicts
        and _is_interior(page, at, spans)
        and structure.inset_of(page.blocks[at].element) is None
        and (page.blocks[at].element.tag in HEADINGS or page.letters[at] not in said)  # a pull quote is there twice
    }


def _is_interior(page: Page, at: int, spans: dict[HtmlElement, tuple[int, int]]) -> bool:
    block = page.blocks[at]
    quoted = False
    for depth, element in enumerate(_upwards(block.element, INTERIOR_DEPTH)):
        quoted = quoted or element.tag == "blockquote"
        first, last = spans.get(element.getparent(), (at, at))
        if first < at < last:
            return quoted or _is_part_of_text(block, page.lines[at], depth)
    return False


def _is_part_of_text(block: Block, line: Line, depth: int) -> bool:
    tag = block.element.tag
    if tag in ITEMS:
        return block.linked_share < 0.5  # noqa: PLR2004  (mostly text)
    if depth:
        return False
    if tag in HEADINGS:
        return block.linked_share < WHOLE_LINK
    return tag in PARAGRAPHS and block.linked_share < 0.5 and line.is_headline  # noqa: PLR2004
