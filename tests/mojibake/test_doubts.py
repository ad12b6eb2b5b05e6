"""Doubts mark what is lost and what a translation broke, change nothing, and spare what people write."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.edits import apply
from tasks.mojibake.doubts import find_doubts
from tests.cpu_time import least_s

TABLE = Path(__file__).parents[1] / "cases" / "mojibake" / "doubts.jsonl"
ROWS = [json.loads(line) for line in TABLE.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["label"])
def test_a_text_has_these_doubts(row: dict[str, Any]) -> None:
    doubts = find_doubts(row["text"])

    assert [[doubt.before, doubt.rule.removeprefix("mojibake/")] for doubt in doubts] == row["doubts"], row["comment"]


@given(st.text(st.sampled_from("a? \ufffd\nthe in himself.MrsMr/="), max_size=200))
def test_doubts_change_nothing_and_stand_apart(text: str) -> None:
    assert apply(text, find_doubts(text)) == text


@pytest.mark.parametrize(
    "piece", ["?", "a?", "? ", "in the ", "Mrs A himself ", "a/", "www.", "=", "\ufffd", "a b a b "]
)
def test_time_grows_with_the_length_and_not_with_its_square(piece: str) -> None:
    short, long = [piece * (size // len(piece)) for size in (5_000, 40_000)]

    limit_s = max(0.5, 24 * least_s(lambda: find_doubts(short)))
    assert least_s(lambda: find_doubts(long), limit_s) < limit_s
