"""Which blocks of a page are its body: several engines asked, each corrected by structure, the best answer taken.

1. Resiliparse and readability, both cheap, are asked on every page. Where their corrected answers are the same and
   leave no prose out, that is the body: 63 of the 80 development pages of article-extraction-benchmark.
2. Else trafilatura is asked, the best single engine and the dearest, and its corrected answer stands if resiliparse's
   is near it.
3. Else its setting for precision is asked, too, and the medoid is taken: the answer that shares most with all others.

How near two answers are is measured in characters (Dice). F1 on the 80 pages: .990; with trafilatura asked first on
every page .990 as well, at a third more CPU; with unanimity alone, prose left out or not, .989, but on other pages up
to a third of a body was lost. Without any answer the line labels of stripped text decide: cruder, but nothing on a
page can make them fail.
"""

from collections.abc import Sequence
from copy import deepcopy

from lxml.html import HtmlElement

from tasks.boilerplate.engines import Choice, ask_readability, ask_resiliparse, ask_trafilatura, choose_blocks
from tasks.boilerplate.page_blocks import Block, read_blocks
from tasks.boilerplate.page_structure import OUTSIDE, Page, Refined, Structure, refine
from tasks.boilerplate.plain_text import label_lines

# Two answers that share so much of their characters are one answer,
UNANIMITY = 0.98
# if no more prose than this share of it is in neither, and in no part of the page that is set apart.
LEFT_OUT = 0.05
# Two that share less than this disagree.
AGREEMENT = 0.8


def read_page(tree: HtmlElement) -> Page:
    """Return the blocks of a page, measured. Leaves the tree as it is."""
    return Page.of(read_blocks(deepcopy(tree)))


def select_body(page: Page, tree: HtmlElement, url: str | None) -> Refined:
    """Return which blocks of `page` are the body, and why others that an engine wanted are not.

    `tree` is the same page, for the engines. Leaves it as it is. Never raises.
    """
    resiliparse = choose_blocks(page.letters, ask_resiliparse(tree))
    readability = choose_blocks(page.letters, ask_readability(tree))
    answers = [refine(page, resiliparse, readability), refine(page, readability, resiliparse)]
    unanimous = agreement(page.blocks, answers[0].choice, answers[1].choice) >= UNANIMITY
    if unanimous and prose_left_out(page, answers[0]) <= LEFT_OUT:
        return answers[0]
    best = refine(page, choose_blocks(page.letters, ask_trafilatura(tree, url)), resiliparse)
    if agreement(page.blocks, best.choice, answers[0].choice) < AGREEMENT:
        precise = choose_blocks(page.letters, ask_trafilatura(tree, url, precision=True))
        answers = [best, *answers, refine(page, precise, resiliparse)]
        best = find_medoid(page.blocks, answers)
    if best.choice:
        return best
    labelled = label_blocks(page)
    return Refined(labelled, {}, Structure(page, labelled))


def prose_left_out(page: Page, answer: Refined) -> float:
    """Return how much prose there is outside of an answer and of all insets, as a share of what is inside."""
    outside = sum(
        len(block.text)
        for at, block in enumerate(page.blocks)
        if at not in answer.choice
        and answer.verdicts.get(at, OUTSIDE) is OUTSIDE
        and page.lines[at].is_paragraph
        and block.linked_share < 0.5  # noqa: PLR2004  (mostly text)
        and answer.structure.part_of(block.element) is None
    )
    return outside / (_size(page.blocks, answer.choice) or 1)


def find_medoid(blocks: Sequence[Block], answers: Sequence[Refined]) -> Refined:
    """Return the answer that agrees best with all of them; of equals the first."""
    return max(answers, key=lambda one: sum(agreement(blocks, one.choice, other.choice) for other in answers))


def agreement(blocks: Sequence[Block], one: Choice, other: Choice) -> float:
    """Return how far two choices agree: twice the characters in both by the characters in each, 0 to 1 (Dice)."""
    in_each = _size(blocks, one) + _size(blocks, other)
    return 2 * _size(blocks, one & other) / in_each if in_each else 0.0


def _size(blocks: Sequence[Block], choice: Choice) -> int:
    return sum(len(blocks[at].text) for at in choice)


def label_blocks(page: Page) -> Choice:
    """Return the body as the line labels of stripped text see it, without the parts that the page itself sets apart."""
    if not page.blocks:
        return frozenset()
    structure = Structure(page, frozenset())
    apart = {at for at, block in enumerate(page.blocks) if structure.part_of(block.element) is not None}
    rest = [at for at in range(len(page.blocks)) if at not in apart] or range(len(page.blocks))
    labelled = label_lines("\n".join(page.blocks[at].text for at in rest))
    return frozenset(at for at, line in zip(rest, labelled, strict=True) if line.label == "body")
