"""The gate of quality of the stories room, on the half of the pairs that no threshold was set on."""

import pytest

from tests.eval.floor_ledger import check_figures, read_ledger
from tests.eval.story_pairs import data_sets


def test_no_figure_is_below_its_floor() -> None:
    (data,) = data_sets()
    if not data.is_here:
        pytest.skip(data.why_skipped)
    assert check_figures(read_ledger(), data.figures()) == []
