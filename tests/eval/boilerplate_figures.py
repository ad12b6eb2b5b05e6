"""The figures of the boilerplate room on the development data beside the checkout, as its scorers define them.

A figure is named `data: measure`. All are better the higher they are.
"""

import gzip
import hashlib
import importlib.util
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from tasks.boilerplate.main_content import extract_article
from tasks.outcome import Kept

SHARED = Path(__file__).parents[2] / ".." / "shared"
LINES_RE = re.compile(r"body R ([\d.]+) +boilerplate P ([\d.]+) R ([\d.]+) F1 ([\d.]+) +char body F1 ([\d.]+)")


@dataclass(frozen=True)
class DataSet:
    """Development data: the files its digest is made of, and how its figures are measured."""

    name: str
    files: tuple[Path, ...]
    measure: Callable[[], dict[str, float]]

    @property
    def is_here(self) -> bool:
        """Whether the data are beside this checkout."""
        return all(path.exists() for path in self.files)

    def digest(self) -> str:
        """Return the SHA-256 of the files, one after the other, in hex."""
        digest = hashlib.sha256()
        for path in self.files:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def load_scorer(bench: str) -> ModuleType:
    """Return the scorer that comes with the data."""
    spec = importlib.util.spec_from_file_location(f"score_{bench}", SHARED / "bench" / bench / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure_pages() -> dict[str, float]:
    """Measure extraction on whole pages: F1, precision, recall of four-word shingles."""
    scorer, folder = load_scorer("extract"), SHARED / "bench" / "extract"
    rows = []
    for key, page in json.loads((folder / "ground-truth.json").read_text("utf-8")).items():
        html = gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes())
        outcome = extract_article(html, page["url"])
        rows.append(scorer.counts(page["articleBody"], outcome.value.text if isinstance(outcome, Kept) else ""))
    return dict(zip(("F1", "precision", "recall"), scorer.aggregate(rows), strict=True))


def measure_lines(path: Path) -> dict[str, float]:
    """Measure line labels: recall of body lines, F1 of boilerplate lines, F1 of body characters."""
    out = io.StringIO()
    with redirect_stdout(out):
        load_scorer("lines").score(path)
    figures = LINES_RE.search(out.getvalue())
    assert figures is not None, out.getvalue()
    body_recall, _, _, f1, characters = map(float, figures.groups())
    return {"body recall": body_recall, "boilerplate F1": f1, "character F1": characters}


def data_sets() -> Iterator[DataSet]:
    """Yield all data sets, also those that are not here."""
    pages = SHARED / "bench" / "extract"
    yield DataSet("pages", (pages / "ground-truth.json", *sorted(pages.glob("html/*.html.gz"))), measure_pages)
    for name, file in (
        ("seeds", "gold/seed_lines.jsonl"),
        ("whole pages", "bench/lines/whole_page.dev.jsonl.gz"),
        ("residue", "bench/lines/residual.dev.jsonl.gz"),
    ):
        path = SHARED / file
        yield DataSet(name, (path,), partial(measure_lines, path))
