"""The case tables of the mojibake room: broken text with its repair, and text that must stay as it is."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tasks.edits import apply, revert
from tasks.mojibake.repair import repair_text

TABLES = Path(__file__).parents[1] / "cases" / "mojibake"


class Case(NamedTuple):
    label: str
    comment: str
    text: str
    lang: str | None
    expected: str
    rules: list[str]


def read_cases(table: str) -> list[Case]:
    lines = (TABLES / f"{table}.jsonl").read_text("utf-8").rstrip("\n").split("\n")
    rows = [json.loads(line) for line in lines]
    return [Case(**{"expected": row["text"], "rules": [], **row}) for row in rows]


BROKEN = [case for table in ("in_the_wild", "synthetic", "chooser") for case in read_cases(table)]


def label(case: Case) -> str:
    return case.label


@pytest.mark.parametrize("case", BROKEN, ids=label)
def test_broken_text_is_repaired_by_the_named_rules(case: Case) -> None:
    repaired = repair_text(case.text, case.lang)

    assert repaired.text == case.expected, case.comment
    assert [edit.rule for edit in repaired.edits] == case.rules
    assert apply(case.text, repaired.edits) == repaired.text
    assert revert(repaired.text, repaired.edits) == case.text


@pytest.mark.parametrize("case", read_cases("negative"), ids=label)
def test_clean_text_comes_back_as_the_same_object(case: Case) -> None:
    repaired = repair_text(case.text, case.lang)

    assert repaired.text is case.text, f"{case.comment}: {repaired.edits}"
    assert repaired.edits == ()


@pytest.mark.xfail(reason="known failure; move the row to another table once it passes", strict=True)
@pytest.mark.parametrize("case", read_cases("known_failures"), ids=label)
def test_known_failures(case: Case) -> None:
    assert repair_text(case.text, case.lang).text == case.expected


@pytest.mark.parametrize("case", BROKEN, ids=label)
def test_repaired_text_is_clean(case: Case) -> None:
    repaired = repair_text(case.text, case.lang).text

    assert repair_text(repaired, case.lang).text is repaired
