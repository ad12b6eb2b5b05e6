"""What mojibake repair reaches on the development data, and what it may change in clean text. Floors, not goals.

A floor is the measured figure less half a point. Lowering one needs a reason in the commit; so does a new change to
clean text, which must be a true repair. The digests say on which data the figures hold.
"""

import gzip
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ftfy
import pytest

from tasks.mojibake.repair import repair_text

SHARED = Path(__file__).parents[2] / ".." / "shared"
MATRIX = SHARED / "bench" / "mojibake" / "matrix.dev.jsonl.gz"
LINES = SHARED / "bench" / "lines"
BODIES = SHARED / "bench" / "extract" / "ground-truth.json"
SEEDS = SHARED / "gold" / "seed_lines.jsonl"

pytestmark = pytest.mark.skipif(not MATRIX.exists(), reason="the development data (../shared) is not here")

# Percent of texts restored exactly, at least, and changed but wrong, at most.
FLOORS = {
    "A": (99.5, 0.5),
    "B": (98.6, 1.1),
    "C": (99.0, 0.8),
    "D": (74.8, 17.2),
    "E": (1.2, 53.0),
    "F": (99.5, 0.5),
    "G": (0.0, 0.5),
    "H": (87.9, 1.1),
    "I": (94.4, 0.5),
    "J": (57.0, 0.8),
    "K": (98.0, 1.4),
}
DIGESTS = {
    "matrix.dev.jsonl.gz": "dfdf6646ce190c27",
    "whole_page.dev.jsonl.gz": "1dce697931b932a0",
    "residual.dev.jsonl.gz": "25664e415626316f",
    "ground-truth.json": "89f7df9ce0ce1dda",
    "seed_lines.jsonl": "7f30ec57cb3cd6bb",
}


def read_data(path: Path) -> str:
    """Read a file whose content must be the one the figures were measured on."""
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest()[:16] == DIGESTS[path.name], f"{path.name} has changed: measure again"
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, read_data(path).rstrip("\n").split("\n"))


def fold(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def changes(texts: Iterator[str]) -> dict[str, int]:
    return dict(Counter(edit.rule.removeprefix("mojibake/") for text in texts for edit in repair_text(text).edits))


def test_restoration_keeps_its_floors_and_is_nowhere_below_ftfy() -> None:
    seen, exact, wrong, by_ftfy = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for row in read_rows(MATRIX):
        group = row["group"][0]
        clean, repaired = fold(row["clean"]), fold(repair_text(row["bad"]).text)
        seen[group] += 1
        exact[group] += repaired == clean
        wrong[group] += repaired not in {clean, fold(row["bad"])}
        by_ftfy[group] += fold("\n".join(map(ftfy.fix_encoding, row["bad"].split("\n")))) == clean
    figures = {group: (100 * exact[group] / n, 100 * wrong[group] / n) for group, n in seen.items()}

    assert {group for group in seen if exact[group] < by_ftfy[group]} == set()
    assert {
        group: figure
        for group, figure in figures.items()
        if figure[0] < FLOORS[group][0] or figure[1] > FLOORS[group][1]
    } == {}


def test_clean_sentences_stay() -> None:
    """Only characters that can't be seen may change; in 30 languages no letter, mark or space between words does."""
    clean = {row["clean"] for row in read_rows(MATRIX)}

    assert [text for text in clean if fold(repair_text(text).text) != fold(text)] == []


def test_body_lines_of_development_pages_change_only_where_they_are_damaged() -> None:
    """Each of these was looked at: a space inside quotation marks, a soft hyphen between two words."""
    found = {
        name: changes(row["text"] for row in read_rows(LINES / f"{name}.dev.jsonl.gz") if row["label"] == 1)
        for name in ("whole_page", "residual")
    }

    assert found == {
        "whole_page": {"quote-space-close": 1, "quote-space-open": 1, "soft-hyphen": 1},
        "residual": {"quote-space-close": 9, "quote-space-open": 7, "soft-hyphen": 5},
    }


def test_gold_bodies_change_only_where_they_are_damaged() -> None:
    bodies = json.loads(read_data(BODIES)).values()

    assert changes(body["articleBody"] for body in bodies) == {
        "quote-space-close": 3,
        "quote-space-open": 3,
        "soft-hyphen": 1,
        "zero-width": 20,
    }


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        ("000", {"no-break-space": 4}),
        ("001", {"no-break-space": 1}),
        (
            "002",
            {
                "currency-space": 3,
                "doubled-stop": 1,
                "quote-space-close": 1,
                "quote-space-word": 1,
                "reversed-apostrophe": 1,
            },
        ),
        ("003", {}),
        ("004", {"currency-space": 2}),
    ],
)
def test_seed_lines_change_only_where_they_are_damaged(seed: str, expected: dict[str, int]) -> None:
    rows = [row for row in read_rows(SEEDS) if row["file"].startswith(seed) and row["keep"]]

    assert rows
    assert changes(row["text"] for row in rows) == expected


def test_the_torn_quotation_of_seed_002_is_joined() -> None:
    path = next((SHARED / "seeds").glob("002_*.txt"))
    text = path.read_text("utf-8")
    repaired = repair_text(text, "en")

    assert "mojibake/torn-quotation" in {edit.rule for edit in repaired.edits}
    assert repaired.text.count("\n") == text.count("\n") - 2
    assert "; " not in {line[:2] for line in repaired.text.split("\n")}
