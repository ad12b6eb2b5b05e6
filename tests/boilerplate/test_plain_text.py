"""Labels of stripped text: case tables and what holds for any text."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.boilerplate.plain_text import label_lines
from tests.cpu_time import least_s

CASES = Path(__file__).parents[1] / "cases" / "boilerplate"
SLOW_S = 1.0
PROSE = "The old bridge over the river was closed to all traffic on Monday, and the ferry was full."


@dataclass(frozen=True)
class Case:
    label: str
    lines: list[tuple[str, str]]


def read_cases(table: str) -> list[Case]:
    rows = [json.loads(line) for line in (CASES / f"{table}.jsonl").read_text("utf-8").splitlines()]
    return [Case(f"{table}: {row['label']}", [(text, label) for text, label in row["lines"]]) for row in rows]


GOOD = [case for table in ("in_the_wild", "synthetic", "negative") for case in read_cases(table)]


def check(case: Case) -> None:
    labelled = label_lines("\n".join(text for text, _ in case.lines))
    assert [(line.text, line.label) for line in labelled] == case.lines


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.label)
def test_case(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.label)
def test_blank_lines_between_lines_change_nothing(case: Case) -> None:
    labelled = label_lines("\n\n".join(text for text, _ in case.lines))
    assert [(line.text, line.label) for line in labelled if line.text] == case.lines


@pytest.mark.xfail(strict=True, reason="known failures")
@pytest.mark.parametrize("case", read_cases("known_failures"), ids=lambda case: case.label)
def test_known_failure(case: Case) -> None:
    check(case)


# Lines as they come: prose, widgets, and anything at all.
LINES = st.one_of(
    st.sampled_from([PROSE, "Share this article", "Leave a Reply", "Photo: Jon Moe", "02:39", "Read more", "Home", ""]),
    st.text(max_size=90),
)


@given(st.lists(LINES, max_size=30).map("\n".join))
def test_one_label_for_each_line_of_any_text(text: str) -> None:
    labelled = label_lines(text)
    assert [line.text for line in labelled] == text.split("\n")
    for line in labelled:
        assert line.keep == (line.label in {"body", "title"})
        assert (line.label == "blank") == (not line.text.strip())
        assert line.rule
        assert 0 < line.confidence <= 1


@given(st.lists(st.text(max_size=90), max_size=30).map("\n".join))
def test_labels_are_the_same_every_time(text: str) -> None:
    assert label_lines(text) == label_lines(text)


@given(st.lists(LINES, max_size=20))
def test_a_paragraph_that_nothing_surrounds_stays(lines: list[str]) -> None:
    labelled = label_lines("\n".join([PROSE, PROSE.lower(), *lines]))
    assert labelled[0].keep


def test_lines_of_the_site_are_removed_also_where_they_are_prose() -> None:
    slogan = "Independent news from the valley since 1871, printed and online, every day but Sunday."
    labelled = label_lines(f"{PROSE}\n{slogan}", {slogan})
    assert [line.label for line in labelled] == ["body", "site-boilerplate"]


def test_a_text_that_structures_would_take_whole_is_left() -> None:
    lines = []
    for n in range(4):
        lines += [
            f"Station {n}",
            f"This is the story of station number {n}, and it is long enough to be read as such.",
            "Photo: Jon Moe",
        ]
    labelled = label_lines("\n".join(lines))
    assert [line.label for line in labelled[1::3]] == ["body"] * 4


@pytest.mark.parametrize(
    "line",
    ["a" * 300_000, "share " * 50_000, "(" * 50_000, "()" * 50_000, "a:" * 50_000, "home > " * 20, "by " + "A " * 300,
     "reporting by A, " * 37, "." * 100_000, "share on " * 15, "x, left, " * 60 + "2031",
     "updated " + "jan 1:1 " * 16, "updated " + "1" * 120, "1-1-1111 " * 15, "Aa. " * 30 + "- 1", "가 기자" * 140,
     "@a) " * 70, "未经授权" * 140, "get " + "click " * 20, "ab " * 12 + ": 2031-01-01", "hak cipta " * 30],
    ids=lambda line: line[:12],
)  # fmt: skip
def test_no_line_is_slow(line: str) -> None:
    text = f"{PROSE}\n{line}\n{PROSE}"
    assert least_s(lambda: label_lines(text), SLOW_S) < SLOW_S
