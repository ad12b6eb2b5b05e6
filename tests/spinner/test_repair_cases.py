"""Texts before and after repair: whole spun texts, single sentences at the end of a carrier, and clean texts."""

import pytest

from tasks.edits import apply, revert
from tasks.spinner.repair import repair_document
from tests.spinner.spun_texts import Case, in_carrier, label_of, read_cases


@pytest.mark.parametrize("case", read_cases("in_the_wild"), ids=label_of)
def test_in_the_wild(case: Case) -> None:
    result = repair_document(case["text"])
    assert result.text == case["expected"]
    assert result.spin_family == case["family"]
    assert result.spin_score >= 0.5
    assert apply(case["text"], result.edits) == result.text
    assert revert(result.text, result.edits) == case["text"]


@pytest.mark.parametrize("case", read_cases("synthetic"), ids=label_of)
def test_synthetic(case: Case) -> None:
    assert repaired_in_carrier(case) == case["expected"]


@pytest.mark.parametrize("case", read_cases("negative"), ids=label_of)
def test_negative(case: Case) -> None:
    result = repair_document(case["text"])
    assert result.text is case["text"]
    assert result.edits == ()
    assert result.suggestions == ()
    assert result.spin_family is None


@pytest.mark.xfail(strict=True, reason="known failure: move the row to another table once it is repaired")
@pytest.mark.parametrize("case", read_cases("known_failures"), ids=label_of)
def test_known_failures(case: Case) -> None:
    assert repaired_in_carrier(case) == case["expected"]


@pytest.mark.parametrize("name", ["in_the_wild", "synthetic", "negative", "known_failures", "carriers"])
def test_labels_are_unique_and_explained(name: str) -> None:
    cases = read_cases(name)
    assert len({case["label"] for case in cases}) == len(cases)
    assert all(case["comment"] for case in cases)


def repaired_in_carrier(case: Case) -> str:
    """Return what becomes of the case's text as the last paragraphs of its carrier."""
    text, _ = in_carrier(case["text"], case["carrier"])
    result = repair_document(text)
    assert result.spin_family == case["carrier"]
    return result.text.split("\n", 1)[1]
