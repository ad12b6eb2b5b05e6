"""Templates of sites: what is learnt from many pages, what is taken out of one, and what must stay."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.boilerplate.line_shape import shape_lines
from tasks.boilerplate.records import Article, Removed
from tasks.boilerplate.site_pages import REMEMBERED_LINES, SAMPLED_PAGES, SitePage, merge_pages, site_of
from tasks.boilerplate.site_templates import (
    LABEL,
    LARGEST_SHARE,
    SiteLine,
    find_lines_to_strip,
    find_site_lines,
    strip_site_lines,
)
from tests.boilerplate.synthetic_sites import Language, tally_sites

SITE = "valley-post.example"
AUTHOR = (
    "Ida Brandt has written about courts, councils and country life for the Valley Post since 2009. "
    "She keeps bees, badly, and answers each letter."
)
CALL = "Support independent journalism: from three crowns a week you read everything we print, without advertisements."
ALWAYS = SiteLine(20, 20, is_inset=False)
INSET = SiteLine(20, 20, is_inset=True)


@pytest.fixture
def language() -> Language:
    return Language("latin", random.Random(7))  # noqa: S311  (no secrets here)


def make_body(language: Language, paragraphs: int = 6) -> list[str]:
    words = language.words(40)
    return [language.paragraph(words) for _ in range(paragraphs)]


def learn(pages: list[list[str]], site: str = SITE) -> dict[str, SiteLine]:
    rows = [SitePage(site, f"page-{n}", "", tuple(lines)) for n, lines in enumerate(pages)]
    return find_site_lines(merge_pages((), rows)).get(site, {})


def strip(lines: list[str], site_lines: dict[str, SiteLine]) -> list[str]:
    return strip_site_lines(Article("\n".join(lines)), site_lines).text.split("\n")


@pytest.mark.parametrize(
    ("url", "name", "site"),
    [
        ("https://www.Valley-Post.example:8443/a?b#c", "x.html", "valley-post.example"),
        ("http://m.valley-post.example./", "x.html", "m.valley-post.example"),
        (None, "HTTPS://VALLEY-POST.EXAMPLE/a", "valley-post.example"),
        (None, "pages/valley-post.example/a.html", None),
        ("http://[::1/a", "dump.warc.gz#3", None),
        ("ftp://valley-post.example/a", "a.txt", None),
        ("", "", None),
    ],
)
def test_site(url: str | None, name: str, site: str | None) -> None:
    assert site_of(url, name) == site


def test_templates_of_synthetic_sites() -> None:
    tally = tally_sites(seed=1)
    assert not tally.wrong
    assert tally.recall >= 0.85


def test_author_box_and_call_are_learnt_and_taken(language: Language) -> None:
    pages = [[*make_body(language), *[AUTHOR] * (n < 6), CALL] for n in range(20)]
    templates = learn(pages)
    assert set(templates) == {AUTHOR, CALL}
    assert templates[CALL].confidence > templates[AUTHOR].confidence
    assert strip(pages[0], templates) == pages[0][:-2]


def test_small_site_has_no_template(language: Language) -> None:
    assert not learn([[*make_body(language), CALL] for _ in range(4)])
    assert learn([[*make_body(language), CALL] for _ in range(5)])


def test_a_report_under_many_addresses_is_no_template(language: Language) -> None:
    others = [make_body(language) for _ in range(10)]
    body = make_body(language)
    assert not learn([*others, *[body] * 8])


def test_states_of_a_live_report_are_no_template(language: Language) -> None:
    others = [make_body(language) for _ in range(10)]
    words = language.words(40)
    body = [language.paragraph(words) for _ in range(4)]
    states = []
    for _ in range(10):
        body = [language.paragraph(words), *body]
        states.append(body)
    assert not learn([*others, *states])
    assert not learn(states)


def test_short_notices_above_one_long_notice_are_many_contents(language: Language) -> None:
    pages = [[*make_body(language, 2), AUTHOR, CALL] for _ in range(12)]
    assert set(learn(pages)) == {AUTHOR, CALL}


@pytest.mark.parametrize("place", [0, 3, 6])
def test_background_of_a_story_stays(language: Language, place: int) -> None:
    words = language.words(40)
    background = language.paragraph(words)
    pages = []
    for _ in range(8):
        body = [language.paragraph(words) for _ in range(6)]
        pages.append([*body[:place], background, *body[place:]])
    assert not learn([*pages, *[make_body(language) for _ in range(10)]])


def test_standing_heads_and_questions_stay(language: Language) -> None:
    questions = ["What did you read last?", "Which book would you give away?", "Where do you write?"]
    pages = []
    for _ in range(10):
        body = make_body(language)
        pages.append([line for question, answer in zip(questions, body, strict=False) for line in (question, answer)])
    templates = learn(pages)
    assert strip(pages[0], templates) == pages[0]
    headed = [[*make_body(language, 3), "Analysis", *make_body(language, 3)] for _ in range(10)]
    assert strip(headed[0], learn(headed)) == headed[0]


def test_column_keeps_its_head(language: Language) -> None:
    pages = [["What to watch tonight", *make_body(language)] for _ in range(10)]
    assert strip(pages[0], learn(pages)) == pages[0]


def test_inset_in_the_middle_goes_with_its_head(language: Language) -> None:
    inset = ["The Morning Letter", "Each morning the news of the valley in your letter box."]
    pages = [[*make_body(language, 4), *inset, *make_body(language, 4)] for _ in range(12)]
    templates = learn([*pages, *[make_body(language) for _ in range(8)]])
    assert set(templates) == set(inset)
    assert strip(pages[0], templates) == [line for line in pages[0] if line not in inset]


def test_agency_copy_on_many_sites_stays(language: Language) -> None:
    copy = make_body(language)
    rows = [SitePage(f"site-{n}.example", "a", "", tuple(copy)) for n in range(20)]
    rows += [
        SitePage(f"site-{n}.example", f"b-{k}", "", tuple(make_body(language))) for n in range(20) for k in range(5)
    ]
    assert not find_site_lines(merge_pages((), rows))


def test_a_site_learns_from_its_own_pages_only(language: Language) -> None:
    rows = [SitePage(f"site-{n % 2}.example", f"{n}", "", (*make_body(language), CALL)) for n in range(9)]
    assert set(find_site_lines(merge_pages((), rows))) == {"site-0.example"}


def test_template_inside_the_body_stays(language: Language) -> None:
    body = make_body(language, 8)
    lines = [*body[:4], AUTHOR, *body[4:]]
    assert strip(lines, {AUTHOR: ALWAYS}) == lines
    assert strip(lines, {AUTHOR: INSET}) == body


def test_an_article_of_templates_is_left(language: Language) -> None:
    body = make_body(language, 1)
    lines = [body[0][:100], AUTHOR, CALL]
    assert strip(lines, {AUTHOR: ALWAYS, CALL: ALWAYS}) == lines


def test_what_is_stripped_is_written_down(language: Language) -> None:
    body = make_body(language)
    menu = Removed(9, "Menu", "navigation", "lines/menu", 0.9)
    article = Article("\n".join([*body, AUTHOR, f" {CALL} "]), removed=(menu,), boilerplate_score=0.01)
    stripped = strip_site_lines(article, {AUTHOR: ALWAYS, CALL: ALWAYS})
    assert stripped.removed[0] == menu
    assert [(line.line_no, line.text, line.label) for line in stripped.removed[1:]] == [
        (10, AUTHOR, LABEL),
        (11, f" {CALL} ", LABEL),
    ]
    assert stripped.text == "\n".join(body)
    assert stripped.boilerplate_score > article.boilerplate_score
    assert replace(stripped, text=article.text, removed=article.removed, boilerplate_score=0.01) == article


def test_a_site_in_a_new_dress_is_learnt_anew(language: Language) -> None:
    old = [SitePage(SITE, f"old-{n}", "2026-01-05", (*make_body(language), AUTHOR)) for n in range(SAMPLED_PAGES)]
    new = [SitePage(SITE, f"new-{n}", "2026-03-05", (*make_body(language), CALL)) for n in range(SAMPLED_PAGES)]
    assert set(find_site_lines(merge_pages(new, old))[SITE]) == {CALL}


def test_the_state_is_bounded() -> None:
    pages = [SitePage(SITE, f"{n}", "", tuple(f"Line {n} {k}" for k in range(500))) for n in range(3 * SAMPLED_PAGES)]
    state = merge_pages((), pages)
    assert len(state) == SAMPLED_PAGES
    assert {len(page.lines) for page in state} == {REMEMBERED_LINES}
    assert state == merge_pages(pages[100:], pages[:150])


SITES = st.sampled_from(["a.example", "b.example"])
TEXTS = st.sampled_from([AUTHOR, CALL, "Analysis", "What next?", "Print", "  Snow   fell. ", "", *map(str, range(20))])
PAGES = st.lists(
    st.builds(
        SitePage,
        SITES,
        st.integers(0, 12).map(str),
        st.sampled_from(["", "2026-01-01", "2026-02-01"]),
        st.lists(st.one_of(TEXTS, st.text(max_size=60)), max_size=12).map(tuple),
    ),
    max_size=30,
)


@given(PAGES, PAGES, PAGES)
def test_merging_does_not_hang_on_order_or_repetition(
    one: list[SitePage], two: list[SitePage], three: list[SitePage]
) -> None:
    state = merge_pages(one, two)
    assert merge_pages(state, two) == state
    assert merge_pages(two, one) == state
    assert merge_pages(state, three) == merge_pages(one, merge_pages(two, three))


@settings(deadline=None)
@given(PAGES)
def test_no_line_of_another_site_is_a_template(pages: list[SitePage]) -> None:
    state = merge_pages((), pages)
    found = find_site_lines(state)
    for site in ("a.example", "b.example"):
        own = [page for page in state if page.site == site]
        assert find_site_lines(own).get(site, {}) == found.get(site, {})
        assert set(found.get(site, {})) <= {line for page in own for line in page.lines}


@settings(deadline=None)
@given(
    st.lists(st.one_of(TEXTS, st.text(max_size=60)), max_size=20),
    st.dictionaries(TEXTS, st.sampled_from([ALWAYS, INSET])),
)
def test_an_article_is_never_emptied(lines: list[str], site_lines: dict[str, SiteLine]) -> None:
    shapes = shape_lines(lines)
    taken = find_lines_to_strip(shapes, site_lines)
    assert sum(shapes[at].weight for at in taken) <= LARGEST_SHARE * sum(line.weight for line in shapes)
    article = Article("\n".join(lines))
    stripped = strip_site_lines(article, site_lines)
    assert bool(stripped.text.strip()) == bool(article.text.strip())
