"""The figures of the boilerplate room on the development data beside the checkout, as its scorers define them."""

import gzip
import importlib.util
import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from types import ModuleType

from tasks.boilerplate.main_content import extract_article
from tasks.outcome import Kept
from tests.eval.data_sets import DataSet, digest_of_files

SHARED = Path(__file__).parents[2] / ".." / "shared"
LINES_RE = re.compile(r"body R ([\d.]+) +boilerplate P ([\d.]+) R ([\d.]+) F1 ([\d.]+) +char body F1 ([\d.]+)")


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
    folder = SHARED / "bench" / "extract"
    pages = (folder / "ground-truth.json", *sorted(folder.glob("html/*.html.gz")))
    yield DataSet("pages", pages, partial(digest_of_files, pages), measure_pages)
    for name, file in (
        ("seeds", "gold/seed_lines.jsonl"),
        ("whole pages", "bench/lines/whole_page.dev.jsonl.gz"),
        ("residue", "bench/lines/residual.dev.jsonl.gz"),
    ):
        path = SHARED / file
        yield DataSet(name, (path,), partial(digest_of_files, (path,)), partial(measure_lines, path))
