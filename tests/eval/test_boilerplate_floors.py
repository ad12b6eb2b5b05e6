"""The gate of quality of the boilerplate room: no figure below its floor, no floor lowered in silence."""

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.boilerplate.plain_text import label_lines
from tests.eval.boilerplate_figures import SHARED, data_sets
from tests.eval.data_sets import DataSet, Measured
from tests.eval.floor_ledger import (
    Entry,
    check_figures,
    check_ledger,
    enter,
    lower_floor,
    raise_floors,
    read_ledger,
    write_ledger,
)

REASON = "the gold lines were corrected, and two lines are body now"


@pytest.mark.parametrize("data", list(data_sets()), ids=lambda data: data.name)
def test_no_figure_is_below_its_floor(data: DataSet) -> None:
    if not data.is_here:
        pytest.skip(data.why_skipped)
    assert check_figures(read_ledger(), data.figures()) == []


def test_the_ledger_is_whole() -> None:
    assert check_ledger(read_ledger()) == []
    figures = {entry.figure for entry in read_ledger()}
    n_figures = Counter(figure.split(": ")[0] for figure in figures)
    assert n_figures == {"pages": 3, "seeds": 3, "whole pages": 3, "residue": 3, "story pairs": 16}


def ledger_of(*values: float) -> list[Entry]:
    entries: list[Entry] = []
    for value in values:
        entries = enter(entries, Measured("pages: F1", "00", value), "got better")
    return entries


def test_a_figure_below_its_floor_or_without_one_shuts_the_gate() -> None:
    ledger = ledger_of(0.96, 0.98)
    assert check_figures(ledger, [Measured("pages: F1", "00", 0.979)]) == []
    assert "below its floor" in check_figures(ledger, [Measured("pages: F1", "00", 0.977)])[0]
    assert "no floor on these data" in check_figures(ledger, [Measured("pages: F1", "01", 0.99)])[0]


def test_a_floor_lowered_in_silence_shuts_the_gate() -> None:
    assert "without a reason" in check_ledger(ledger_of(0.98, 0.96))[0]
    lowered = lower_floor(ledger_of(0.98), [Measured("pages: F1", "00", 0.96)], "pages: F1", REASON)
    assert check_ledger(lowered) == []
    with pytest.raises(ValueError, match="must say why"):
        lower_floor(ledger_of(0.98), [Measured("pages: F1", "00", 0.96)], "pages: F1", "worse")
    with pytest.raises(ValueError, match="there is no figure"):
        lower_floor(ledger_of(0.98), [Measured("pages: F1", "00", 0.96)], "pages: F2", REASON)


def test_a_past_entry_that_was_edited_or_taken_out_shuts_the_gate() -> None:
    ledger = ledger_of(0.96, 0.97, 0.98)
    assert check_ledger(ledger) == []
    assert "only ever added" in check_ledger([ledger[0], replace(ledger[1], floor=0.959), ledger[2]])[0]
    assert "only ever added" in check_ledger([ledger[0], ledger[2]])[0]
    assert "above what was measured" in check_ledger([replace(ledger[0], floor=0.99)])[0]


def test_floors_are_raised_only_by_better_figures(tmp_path: Path) -> None:
    ledger = ledger_of(0.96)
    better = raise_floors(ledger, [Measured("pages: F1", "00", 0.98), Measured("seeds: F1", "02", 1.0)])
    assert [(entry.figure, entry.floor) for entry in better[1:]] == [("pages: F1", 0.978), ("seeds: F1", 0.998)]
    assert raise_floors(better, [Measured("pages: F1", "00", 0.97)]) == better
    write_ledger(better, tmp_path / "floors.jsonl")
    assert read_ledger(tmp_path / "floors.jsonl") == better


def test_an_entry_edited_by_hand_shuts_the_gate(tmp_path: Path) -> None:
    path = tmp_path / "floors.jsonl"
    write_ledger(ledger_of(0.98), path)
    path.write_text(path.read_text("utf-8").replace("0.978", "0.778"), "utf-8")
    with pytest.raises(ValueError, match="line 1: edited by hand"):
        read_ledger(path)


def removed_lines(path: Path, key: str) -> list[str]:
    """Return the lines of the texts in a JSONL file that would be removed."""
    data = path.read_bytes()
    rows = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8").split("\n")
    texts = {json.loads(row)[key] for row in rows if row}
    return [line.text for text in texts for line in label_lines(text) if line.text.strip() and not line.keep]


@pytest.mark.parametrize(
    ("data", "key"), [("bench/spun/clean.dev.jsonl", "text"), ("bench/mojibake/matrix.dev.jsonl.gz", "clean")]
)
def test_nothing_is_removed_from_clean_text(data: str, key: str) -> None:
    path = SHARED / data
    if not path.exists():
        pytest.skip(f"{data} is not beside this checkout: the development data are not published")
    assert removed_lines(path, key) == []
