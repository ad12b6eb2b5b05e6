"""What ftfy's published test cases show, each in a sentence of our own: the same misreading, or the same near miss.

`kind` says how ftfy's table has it: `positive` is repaired there, `negative` must stay, `known_failure` is beyond it. A
negative that typography mends (a no-break space, a control) says so in `expected`. A row with a `reason` is beyond us,
too, or we are wrong where ftfy is right; it fails as expected, until somebody makes it pass and takes the reason out.

The cases are those of ftfy's repository in autumn 2026. Two of them are newer than ftfy 6.3.1, which we run.
"""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet

from tasks.edits import apply, revert
from tasks.mojibake.repair import repair_text

TABLE = Path(__file__).parents[1] / "cases" / "mojibake" / "ftfy_published.jsonl"


class Case(NamedTuple):
    kind: str
    label: str
    comment: str
    text: str
    expected: str
    lang: str | None
    reason: str | None = None


CASES = [Case(**json.loads(line)) for line in TABLE.read_text("utf-8").rstrip("\n").split("\n")]


def marked(case: Case) -> ParameterSet:
    marks = [pytest.mark.xfail(reason=case.reason, strict=True)] if case.reason else []
    return pytest.param(case, id=case.label, marks=marks)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_a_published_case_comes_out_as_it_should(case: Case) -> None:
    repaired = repair_text(case.text, case.lang)

    assert repaired.text == case.expected, case.comment
    assert (repaired.text is case.text) == (case.text == case.expected)
    assert apply(case.text, repaired.edits) == repaired.text
    assert revert(repaired.text, repaired.edits) == case.text


@pytest.mark.parametrize("case", [case for case in CASES if not case.reason], ids=lambda case: case.label)
def test_what_a_published_case_becomes_stays(case: Case) -> None:
    repaired = repair_text(case.expected, case.lang)

    assert repaired.text is case.expected, repaired.edits


def test_no_published_case_is_left_out() -> None:
    labels, kinds = {case.label for case in CASES}, Counter(case.kind for case in CASES)

    assert len(labels) == len(CASES)
    assert kinds == {"positive": 106, "negative": 46, "known_failure": 11}


def test_of_the_known_failures_these_are_repaired() -> None:
    repaired = [case.label for case in CASES if case.kind == "known_failure" and not case.reason]

    assert repaired == [
        "á before a C1 control",
        "Mac Roman read as latin-1, two letters",
        "Mac Roman, Italian più",
    ]
