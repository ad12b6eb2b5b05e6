"""How the structure of a page corrects what an engine takes for the body."""

import pytest
from lxml.html import document_fromstring

from tasks.boilerplate.line_rules import ROOM
from tasks.boilerplate.page_blocks import read_blocks
from tasks.boilerplate.page_structure import Page, Refined, judge_names, refine
from tasks.rule_table import Rule, read_rules

PROSE = [
    "The old bridge over the Aller was closed to all traffic on Monday after engineers found cracks in two piers.",
    "Repairs will take until spring, the district council said, and ferries will carry passengers in the meantime.",
    "“We could not wait any longer,” said the head of the roads department. “The frost would have done the rest.”",
    "Some 9,000 cars used the bridge every day before it was closed; the nearest crossing is 30 kilometres away.",
    "The council will discuss on Thursday who is to pay for the ferries, which cost 4,000 euros for every day at sea.",
    "A new bridge has been planned since 1998, but neither of the two towns has wanted the road through its market.",
]
OTHER = (
    "Wolves have come back to the heath, and shepherds have bought dogs, fences and a donkey against them this year."
)
P = [f"<p>{text}</p>" for text in PROSE]


def page_of(body: str) -> Page:
    return Page.of(read_blocks(document_fromstring(f"<html><body>{body}</body></html>")))


def refined(body: str, *left_out: str, second: bool = True) -> tuple[list[str], Page, Refined]:
    """Refine the choice of everything but what is `left_out`; `second` says whether another engine has all of it."""
    page = page_of(body)
    choice = frozenset(at for at, block in enumerate(page.blocks) if block.text not in left_out)
    answer = refine(page, choice, choice if second else frozenset())
    return [page.blocks[at].text for at in sorted(answer.choice)], page, answer


INSETS = {
    "aside": f"<aside><p>{OTHER}</p></aside>",
    "nav": "<nav><p>Home</p></nav>",
    "caption": f"<figure><figcaption>{OTHER}</figcaption></figure>",
    "related by class": f'<div class="c-related-stories"><p>{OTHER}</p></div>',
    "camel case": f'<div class="ArticleBody-newsletterSignup"><p>{OTHER}</p></div>',
    "id": f'<section id="comments"><p>{OTHER}</p></section>',
    "deep inside": f'<div class="share-bar"><div><div><p>{OTHER}</p></div></div></div>',
    "teasers": f"<ul>{f'<li><h4><a href=/a>Wolves are back on the heath</a></h4><p>{OTHER}</p></li>' * 3}</ul>",
    "other article": f'<article><h3><a href="/w">Wolves are back on the heath</a></h3><p>{OTHER}</p></article>',
    "linked line": '<p><a href="/w">Wolves are back on the heath for good</a></p>',
}


@pytest.mark.parametrize("inset", INSETS.values(), ids=INSETS.keys())
def test_insets_leave_the_body(inset: str) -> None:
    kept, page, answer = refined(f"<main><h1>Cracks</h1>{P[0]}{P[1]}{inset}{''.join(P[2:])}</main>")
    assert kept == PROSE
    assert all(answer.verdicts[at].label for at in range(len(page.blocks)) if at not in answer.choice)


BODIES = {
    "list": "<ul><li>Take the ferry at Rethem, which sails every hour</li><li>Leave an hour earlier</li></ul>",
    "list of links": '<ul><li>The <a href="/t">timetable of the ferries</a>, which changes in May</li></ul>',
    "quotation": f"<blockquote><p>{OTHER}</p></blockquote>",
    "subheading": "<h2>Who is to pay</h2>",
    "linked heading": '<h3><a href="/f">The ferry of Rethem and its captain</a></h3>',
    "table": "<table><tr><th>Day</th><th>Cars</th></tr><tr><td>Monday</td><td>9,112</td></tr></table>",
    "embedded post": f'<div class="social-media-embed"><blockquote><p>{OTHER}</p></blockquote></div>',
    "text about shares": f'<p class="shareholders">{OTHER}</p>',
    "name of a builder": f'<div class="elementor-widget-container"><p>{OTHER}</p></div>',
}


@pytest.mark.parametrize("part", BODIES.values(), ids=BODIES.keys())
def test_what_belongs_to_the_text_stays(part: str) -> None:
    kept, page, _ = refined(f"<main>{P[0]}{P[1]}{part}{''.join(P[2:])}</main>")
    assert kept == [block.text for block in page.blocks]


def test_an_element_with_much_of_the_prose_is_no_inset_whatever_its_name() -> None:
    kept, _, _ = refined(f'<div class="related newsletter comments"><aside>{"".join(P)}</aside></div>')
    assert kept == PROSE


def test_prose_behind_an_advertisement_is_taken_in() -> None:
    chunk = '<div class="grid"><div class="body__container">{}</div><div class="ad">Advertisement</div></div>'
    body = "".join(chunk.format("".join(P[at : at + 2])) for at in (0, 2, 4))
    kept, _, _ = refined(f"<article>{body}</article>", *PROSE[2:], "Advertisement")
    assert kept == PROSE


def test_prose_of_another_kind_is_not_taken_in() -> None:
    aside = f'<div class="boxes"><div class="box">{OTHER}</div></div>'
    kept, _, _ = refined(f'<article><div class="text">{"".join(P)}</div>{aside}</article>', OTHER)
    assert kept == PROSE


@pytest.mark.parametrize("part", ["subheading", "quotation", "list", "list of links"])
def test_parts_that_an_engine_dropped_are_taken_in(part: str) -> None:
    page = page_of(f"<main>{P[0]}{P[1]}{BODIES[part]}{''.join(P[2:])}</main>")
    texts = [block.text for block in page.blocks]
    kept, _, _ = refined(
        f"<main>{P[0]}{P[1]}{BODIES[part]}{''.join(P[2:])}</main>", *(text for text in texts if text not in PROSE)
    )
    assert kept == texts


def test_a_pull_quote_is_not_taken_in() -> None:
    quote = f"<blockquote>{PROSE[2].partition(',')[0]}</blockquote>"
    kept, _, _ = refined(f"<main>{P[0]}{P[1]}{quote}{''.join(P[2:])}</main>", PROSE[2].partition(",")[0])
    assert kept == PROSE


def test_outside_of_the_body_a_second_engine_must_agree() -> None:
    body = f'<div><div class="text">{"".join(P)}</div><div class="left"><div>{OTHER}</div></div></div>'
    assert refined(body, second=False)[0] == PROSE
    assert refined(body)[0] == [*PROSE, OTHER]


def test_an_article_apart_from_the_one_with_the_title_leaves() -> None:
    kept, _, _ = refined(
        f"<article><h1>Cracks</h1>{''.join(P)}</article><article><h2>Wolves</h2><p>{OTHER}</p></article>"
    )
    assert kept == PROSE


def test_entries_of_a_live_report_stay() -> None:
    entries = "".join(f"<article><h3>14:0{at}</h3>{text}</article>" for at, text in enumerate(P))
    kept, _, _ = refined(f"<article><h1>Cracks</h1><p>{OTHER}</p>{entries}</article>")
    assert [text for text in kept if len(text) > 10] == [OTHER, *PROSE]


def test_a_choice_without_prose_stays_as_it_is() -> None:
    page = page_of("<ul><li>One</li><li>Two</li></ul>")
    assert refine(page, frozenset({0, 1}), frozenset()).choice == {0, 1}
    assert refine(page, frozenset(), frozenset()).choice == frozenset()


def test_many_equal_siblings_take_linear_time() -> None:
    items = "".join(f"<li><a href=/{at}>A headline of some length, number {at}</a></li>" for at in range(20_000))
    kept, _, _ = refined(f"<div><main>{''.join(P)}</main><ul>{items}</ul></div>")
    assert kept == PROSE


MARKS = read_rules(ROOM, "element_marks")


@pytest.mark.parametrize("rule", MARKS, ids=lambda rule: rule.id)
def test_element_mark_matches_its_example_and_spares_its_counter_example(rule: Rule) -> None:
    found = judge_names(rule.example)
    assert found is not None
    assert (found.rule, found.label) == (f"element_marks/{rule.id}", rule.meaning)
    spared = judge_names(rule.counter_example)
    assert spared is None or spared.rule != found.rule
