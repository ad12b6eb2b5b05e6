"""Which engine's answer is taken, and what happens where there is none."""

import json
from collections.abc import Collection
from pathlib import Path

import pytest
from lxml.html import HtmlElement, document_fromstring

from tasks.boilerplate.body_selection import agreement, find_medoid, label_blocks, read_page, select_body
from tasks.boilerplate.engines import ask_readability, ask_resiliparse, ask_trafilatura, choose_blocks
from tasks.boilerplate.page_structure import Page, Refined, Structure
from tests.boilerplate.test_main_content import PAGE, PARAGRAPHS


def parse(page: str) -> HtmlElement:
    tree: HtmlElement = document_fromstring(page)
    return tree


def refined(page: Page, choice: Collection[int]) -> Refined:
    return Refined(frozenset(choice), {}, Structure(page, frozenset(choice)))


def test_engines_find_the_body_and_leave_the_tree_as_it_is() -> None:
    tree = parse(PAGE)
    page = read_page(tree)
    before = "".join(tree.itertext())
    answers = [ask_trafilatura(tree, None), ask_trafilatura(tree, None, precision=True), ask_readability(tree)]
    answers.append(ask_resiliparse(tree))
    assert "".join(tree.itertext()) == before
    for answer in answers:
        chosen = {page.blocks[at].text for at in choose_blocks(page.letters, answer)}
        assert chosen >= set(PARAGRAPHS)
        assert "Home" not in chosen


def test_an_engine_that_fails_has_no_opinion() -> None:
    assert ask_readability(parse("<p>x</p>")) in {"", "x"}
    assert choose_blocks(["snow", "ice"], "") == frozenset()


def test_a_block_that_an_engine_joined_with_others_is_found() -> None:
    letters = ["thebridgewasclosedtoalltrafficonmonday", "home", "repairswilltakeuntilspringthecouncilsaid"]
    answer = "The bridge was closed to all traffic on Monday. Repairs will take until spring, the council said."
    assert choose_blocks(letters, answer) == {0, 2}


def test_agreement_is_by_characters() -> None:
    page = read_page(parse("<body><p>aaaa</p><p>bb</p><p>cc</p></body>"))
    assert agreement(page.blocks, frozenset({0, 1}), frozenset({0, 2})) == pytest.approx(8 / 12)
    assert agreement(page.blocks, frozenset(), frozenset()) == 0.0


def test_the_medoid_is_nearest_to_all_and_the_first_of_equals() -> None:
    page = read_page(parse("<body><p>aaaa</p><p>bbbb</p><p>cccc</p></body>"))
    one, two, three = (refined(page, choice) for choice in ({0}, {0, 1}, {0, 1, 2}))
    assert find_medoid(page.blocks, [one, two, three]) is two
    twin = refined(page, one.choice)
    assert find_medoid(page.blocks, [one, twin]) is one


def test_the_labels_of_lines_decide_where_no_engine_answers() -> None:
    page = read_page(parse(PAGE))
    assert [page.blocks[at].text for at in sorted(label_blocks(page))] == PARAGRAPHS
    nothing = parse("<body></body>")
    assert select_body(page, nothing, None).choice == label_blocks(page)


CASES = Path(__file__).parents[1] / "cases" / "boilerplate" / "scripts.jsonl"
SCRIPTS = [json.loads(row) for row in CASES.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", SCRIPTS, ids=lambda case: case["label"])
def test_nothing_is_lost_in_any_script(case: dict[str, str]) -> None:
    lang, sentence, home = case["label"], case["sentence"], case["home"]
    direction = "rtl" if lang in {"ar", "he", "fa"} else "ltr"
    paragraphs = [f"{at}. {sentence} {sentence}" for at in range(1, 7)]
    menu = f"<nav><ul>{f'<li><a href=/>{home}</a></li>' * 6}</ul></nav>"
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    html = (
        f'<html lang="{lang}" dir="{direction}"><body>{menu}<div class="content"><h1>{sentence[:30]}</h1>{body}'
        f"</div><footer>{home}</footer></body></html>"
    )
    tree = parse(html)
    page = read_page(tree)
    assert [page.blocks[at].text for at in sorted(select_body(page, tree, None).choice)] == paragraphs
