"""Pages that are no article, and the articles that look like them: cases by kind, rules, and what no page may do."""

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from tasks.boilerplate.line_rules import ROOM
from tasks.boilerplate.main_content import extract_article
from tasks.boilerplate.page_kind import (
    PageSigns,
    fold_line,
    judge_page_kind,
    judge_text_kind,
    match_title,
    read_page_signs,
)
from tasks.outcome import Dropped, DropReason
from tasks.rule_table import Rule, read_rules

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "boilerplate"
DEVELOPMENT_PAGES = ROOT.parent / "shared" / "bench" / "extract" / "html"
KINDS = ("INDEX_PAGE", "ERROR_PAGE", "CONSENT_WALL", "PAYWALL", "BOT_CHECK", "LOGIN_PAGE")
RULES = read_rules(ROOM, "page_kinds")


def read_cases(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (CASES / f"page_kinds_{name}.jsonl").read_text("utf-8").splitlines()]


def params(*names: str) -> list[object]:
    rows = (row for name in names for row in read_cases(name))
    return [pytest.param(row["html"], row["expected"], id=row["label"]) for row in rows]


def outcome_of(page: str) -> str:
    outcome = extract_article(page)
    return outcome.reason.value if isinstance(outcome, Dropped) else "article"


@pytest.mark.parametrize(("page", "expected"), params("pages", "articles", "held_out"))
def test_page_is_what_it_is(page: str, expected: str) -> None:
    assert outcome_of(page) == expected


@pytest.mark.xfail(strict=True, reason="known failures: move a row to another file of cases when it is mended")
@pytest.mark.parametrize(("page", "expected"), params("known_failures"))
def test_known_failure(page: str, expected: str) -> None:
    assert outcome_of(page) == expected


@pytest.mark.parametrize("row", [pytest.param(row, id=row["label"]) for row in read_cases("texts")])
def test_stripped_text_is_what_it_is(row: dict[str, str]) -> None:
    dropped = judge_text_kind(row["lines"])
    assert (dropped.reason.value if dropped else "article") == row["expected"]


def test_there_are_cases_enough_of_each_kind() -> None:
    expected = [row["expected"] for name in ("pages", "articles", "held_out") for row in read_cases(name)]
    assert {kind: expected.count(kind) for kind in KINDS if expected.count(kind) < 12} == {}
    assert expected.count("article") >= 60


def test_detail_says_what_was_seen_with_figures() -> None:
    row = next(row for row in read_cases("pages") if row["label"] == "not found with popular stories")
    outcome = extract_article(row["html"])
    assert isinstance(outcome, Dropped)
    assert re.search(r"rules error-[\w-]+.*; at most \d+ characters of prose .*; 8 headlines in links", outcome.detail)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_matches_its_example_and_spares_its_counter_example(rule: Rule) -> None:
    message = f"page_kinds/{rule.id}: mend `found`, or write an example it is for and one it must spare"
    assert re.fullmatch(rule.found, fold_line(rule.example)), message
    assert not re.fullmatch(rule.found, fold_line(rule.counter_example)), message


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_rule_of_the_table_takes_a_counter_example_of_its_kind(rule: Rule) -> None:
    others = [row for row in RULES if row.meaning == rule.meaning]
    assert not [row.id for row in others if re.fullmatch(row.found, fold_line(rule.counter_example))]


def test_rules_are_named_after_their_kind() -> None:
    kinds = {"index": "INDEX_PAGE", "error": "ERROR_PAGE", "consent": "CONSENT_WALL", "paywall": "PAYWALL",
             "bot": "BOT_CHECK", "login": "LOGIN_PAGE"}  # fmt: skip
    assert {rule.id: rule.meaning for rule in RULES} == {rule.id: kinds[rule.id.split("-")[0]] for rule in RULES}


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Page not found", DropReason.ERROR_PAGE),
        ("Example Times | Page not found", DropReason.ERROR_PAGE),
        ("404 - Page not found - Example Times", DropReason.ERROR_PAGE),
        ("404 – Film – Culture – Example Times", None),
        ("Page not found: a history", None),
        ("Search for missing boy", None),
        ("", None),
        ("|", None),
    ],
)
def test_title_counts_where_all_of_it_but_the_site_is_known(title: str, reason: DropReason | None) -> None:
    match = match_title(title)
    assert (match.reason if match else None) is reason


SIGNS = """<html><head><title>T &amp; U</title><meta property="og:type" content="Article">
<link rel="canonical" href="https://example.org/"><meta name="pubdate" content="2031-05-04">
<script type="application/ld+json">{"@type": ["NewsArticle", "Thing"], "isAccessibleForFree": "False"}</script></head>
<body class="Home Blog"><h1>Fire  in Celle</h1><input type="PASSWORD">
<a href="/a">Ferry returns to the <b>upper lake</b></a><a href="/b">Weather</a>
<a href="/c"><h3>Council keeps the night bus</h3><p>It was close.</p></a></body></html>"""


def test_signs_are_read() -> None:
    signs = read_page_signs(lxml_html.document_fromstring(SIGNS))
    assert (signs.og_type, signs.schema_types) == ("article", ("NewsArticle", "Thing"))
    assert (signs.is_free, signs.is_dated, signs.is_root, signs.has_password) == (False, True, True, True)
    assert signs.titles == ("T & U", "Fire in Celle")
    assert signs.classes == {"home", "blog"}
    assert signs.linked == frozenset()


def test_links_are_read_where_the_page_does_not_state_that_it_is_an_article() -> None:
    page = SIGNS.replace("NewsArticle", "Thing").replace("2031-05-04", "")
    linked = read_page_signs(lxml_html.document_fromstring(page)).linked
    assert {"Ferry returns to the upper lake", "Council keeps the night bus", "It was close."} <= linked
    assert "Weather" not in linked


@pytest.mark.parametrize(
    ("types", "classes", "is_dated", "article", "index"),
    [
        (("NewsArticle",), (), False, True, ""),
        (("NewsArticle",) * 5, (), False, False, ""),
        (("NewsArticle", "CollectionPage"), (), True, False, "CollectionPage"),
        ((), ("single-post",), False, True, ""),
        ((), ("blog", "single", "postid-7"), False, True, ""),
        ((), ("archive", "tag-12"), False, False, "archive"),
        ((), (), True, True, ""),
        ((), (), False, False, ""),
    ],
)
def test_what_a_page_states(
    types: tuple[str, ...], classes: tuple[str, ...], is_dated: bool, article: bool, index: str
) -> None:
    signs = PageSigns(schema_types=types, classes=frozenset(classes), is_dated=is_dated)
    assert (signs.states_article, signs.states_index) == (article, index)


LINES = st.lists(st.one_of(st.text(max_size=80), st.sampled_from([rule.example for rule in RULES])), max_size=30)


@given(LINES, LINES, st.one_of(st.none(), st.text(max_size=60)))
def test_any_lines_are_judged(body: list[str], lines: list[str], title: str | None) -> None:
    dropped = judge_page_kind(PageSigns(linked=frozenset(lines[::2])), title, body, lines)
    assert dropped is None or (dropped.reason.value in KINDS and dropped.detail)


@given(LINES)
def test_enough_prose_is_an_article_among_any_lines(lines: list[str]) -> None:
    prose = [
        f"On day {day} the river stood {day} centimetres higher than the day before, and the ferry waited for the wind "
        "to turn, as it has done every spring since the bridge was closed to cars and carts and everybody else."
        for day in range(8)
    ]
    assert judge_text_kind([*lines, *prose, *lines]) is None


@pytest.mark.skipif(not DEVELOPMENT_PAGES.is_dir(), reason="the development pages are not beside this checkout")
def test_development_pages_stay_articles() -> None:
    outcomes = {path.name[:8]: outcome_of_file(path) for path in sorted(DEVELOPMENT_PAGES.glob("*.gz"))}
    assert {name: kind for name, kind in outcomes.items() if kind in KINDS} == {}


def outcome_of_file(path: Path) -> str:
    outcome = extract_article(gzip.decompress(path.read_bytes()))
    return outcome.reason.value if isinstance(outcome, Dropped) else "article"
