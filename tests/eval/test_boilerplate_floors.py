"""Floors of quality of the boilerplate room on the development data beside the checkout.

Figures are those of `../shared/bench/*/score.py`. A floor lies a little under what was measured on 2026-11-22; raise
it when the room gets better. To lower one, give the reason in the table. The data are named by their digests: other
data need other floors.
"""

import gzip
import hashlib
import importlib.util
import json
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from tasks.boilerplate.main_content import extract_article
from tasks.boilerplate.plain_text import label_lines
from tasks.outcome import Kept

SHARED = Path(__file__).parents[2] / ".." / "shared"
FIGURES_RE = re.compile(r"body R ([\d.]+) +boilerplate P ([\d.]+) R ([\d.]+) F1 ([\d.]+)")


@dataclass(frozen=True)
class Floor:
    """`body_recall` and `f1` (of boilerplate lines) must not be less on the data of this SHA-256."""

    data: str
    sha256: str
    body_recall: float
    f1: float


FLOORS = [
    Floor(
        "gold/seed_lines.jsonl",
        "7f30ec57cb3cd6bb328ccaaafe0618c534598024c37ca50cc969adc1d26853fb",
        body_recall=1.0,
        f1=0.99,
    ),
    Floor(
        "bench/lines/whole_page.dev.jsonl.gz",
        "1dce697931b932a004dd24552d5f83e63107d7b728fb154dde8274bc4d411b6f",
        body_recall=0.89,
        f1=0.965,
    ),
    Floor(
        "bench/lines/residual.dev.jsonl.gz",
        "25664e415626316fbe6464565a49a11ac1113b52e1193fde1aece58c476bb5b6",
        body_recall=0.994,
        f1=0.63,
    ),
]
PAGES_SHA256 = "6445dcaff0dae8056b972b61feb7a1c99bf8f601c574284c9bce99b9b322b8f8"
PAGES_F1 = 0.967


def find_data(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout: the development data are not published")
    return path


def load_scorer(bench: str) -> ModuleType:
    path = find_data(f"bench/{bench}/score.py")
    spec = importlib.util.spec_from_file_location(f"score_{bench}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_digest(paths: list[Path], sha256: str) -> None:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    found = digest.hexdigest()
    assert found == sha256, f"{paths[0].name} is not the data the floors were measured on; measure anew and pin {found}"


@pytest.mark.parametrize("floor", FLOORS, ids=lambda floor: floor.data)
def test_line_labels(floor: Floor, capsys: pytest.CaptureFixture[str]) -> None:
    path = find_data(floor.data)
    check_digest([path], floor.sha256)
    load_scorer("lines").score(path)
    figures = FIGURES_RE.search(capsys.readouterr().out)
    assert figures is not None
    body_recall, _, _, f1 = map(float, figures.groups())
    assert body_recall >= floor.body_recall
    assert f1 >= floor.f1


def test_main_content() -> None:
    truth = find_data("bench/extract/ground-truth.json")
    check_digest([truth, *sorted(truth.parent.glob("html/*.html.gz"))], PAGES_SHA256)
    scorer = load_scorer("extract")
    rows = []
    for key, page in json.loads(truth.read_text("utf-8")).items():
        html = gzip.decompress((truth.parent / "html" / f"{key}.html.gz").read_bytes())
        outcome = extract_article(html, page["url"])
        rows.append(scorer.counts(page["articleBody"], outcome.value.text if isinstance(outcome, Kept) else ""))
    f1, _, _ = scorer.aggregate(rows)
    assert f1 >= PAGES_F1


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
    assert removed_lines(find_data(data), key) == []
