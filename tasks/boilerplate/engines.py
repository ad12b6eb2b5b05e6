"""What several engines for main content take for the body of a page, each as a choice among the page's blocks.

    resiliparse   a fifth of trafilatura's cost; finds nearly everything, and much else
    readability   the algorithm of browsers' reader view, in the version that trafilatura brings along; a third
    trafilatura   the best single one; its quick setting, since structure (`page_structure`) does what its comparison
                  with other algorithms does, at half the cost
    precision     trafilatura asked for precision: finds less, errs otherwise

F1 on the 80 development pages of article-extraction-benchmark, alone and corrected by structure: trafilatura .960 and
.990, readability .934 and .982, resiliparse .917 and .985. What an engine returns is text; which blocks it means is
told by their letters, so that spacing, bullets and bars between cells do not matter. An engine that fails on a page has
no opinion of it: an empty choice.
"""

import logging
from collections.abc import Callable, Sequence
from copy import deepcopy

from lxml import etree
from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text
from trafilatura import bare_extraction
from trafilatura.external import try_readability
from trafilatura.settings import Document

from tasks.boilerplate.page_blocks import letters_of, read_blocks

# trafilatura logs every page it finds nothing on; here that is an empty choice.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

# Shorter than this, being found somewhere inside an engine's line is chance.
LONG_ENOUGH_TO_FIND = 25

Choice = frozenset[int]


def ask_trafilatura(tree: HtmlElement, url: str | None, *, precision: bool = False) -> str:
    """Return what trafilatura takes for the body of the page; empty where it fails. Leaves the tree as it is."""
    # Its `deduplicate` stays off: it remembers pages, so a text would hang on their order.
    return _ask(
        lambda: _text_of(bare_extraction(tree, url=url, include_comments=False, fast=True, favor_precision=precision))
    )


def ask_resiliparse(tree: HtmlElement) -> str:
    """Return what resiliparse takes for the body of the page; empty where it fails. Leaves the tree as it is."""
    # It has a parser of its own, which takes 15 s for 20,000 levels. What it gets is written anew from the tree, which
    # is shallow; without scripts that takes it no longer than the page as it came.
    html = etree.tostring(tree, encoding="unicode", method="html")
    return _ask(
        lambda: str(extract_plain_text(html, main_content=True, links=False, alt_texts=False, list_bullets=False))
    )


def ask_readability(tree: HtmlElement) -> str:
    """Return what readability takes for the body of the page; empty where it fails. Leaves the tree as it is."""
    return _ask(lambda: _lines_of(try_readability(deepcopy(tree))))


def _ask(engine: Callable[[], str]) -> str:
    try:
        return engine()
    except Exception:  # noqa: BLE001  (whatever a page does to its algorithms, the other engines still have their say)
        return ""


def _text_of(document: object) -> str:
    return (document.text or "") if isinstance(document, Document) else ""


def _lines_of(body: HtmlElement | None) -> str:
    return "" if body is None else "\n".join(block.text for block in read_blocks(body))


def choose_blocks(letters: Sequence[str], answer: str) -> Choice:
    r"""Return the positions of the blocks, given as their `letters`, that an engine's `answer` contains.

    >>> sorted(choose_blocks(["home", "snowfell", "itwascold"], "Snow fell.\n- It was cold."))
    [1, 2]
    """
    own = set(letters)
    lines = {letters_of(line) for line in answer.split("\n")}
    rest = "\n".join(sorted(lines - own))  # an engine joins what a line break or a cell parts
    return frozenset(
        at
        for at, found in enumerate(letters)
        if found and (found in lines or (len(found) >= LONG_ENOUGH_TO_FIND and found in rest))
    )
