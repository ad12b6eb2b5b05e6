"""Hostile pages through the real stage: in a process with limits, each to its end, none lost in silence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.boilerplate.page_tree import parse_page
from tasks.boilerplate.records import ExtractedDocument
from tasks.boilerplate.task import STAGE
from tasks.fetch.records import RawDocument
from tasks.shards import Receipt, Row, read_shard, write_shard
from tasks.stage import Workplace, run_stage
from tasks.workers import Limits
from tests.boilerplate.hostile_pages import PAGES, PARAGRAPHS, HostilePage, raw_document

ROOT = Path(__file__).parents[2]
MOST_MEMORY_MB = 500


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row[ExtractedDocument]]:
    """What became of each page, by label, in a worker with the limits that documents have by default."""
    folder = tmp_path_factory.mktemp("hostile")
    rows: list[Row[RawDocument]] = [Row(raw_document(page), None) for page in PAGES]
    digest = write_shard(folder / "in.parquet", rows, RawDocument)
    shard = Receipt("fetch", str(folder / "in.parquet"), digest, rows=len(rows), kept=len(rows))
    receipt = run_stage(STAGE, shard, Workplace(str(folder), 1, Limits()))
    found = list(read_shard(Path(receipt.path), ExtractedDocument))
    return {page.label: row for page, row in zip(PAGES, found, strict=True)}


def test_there_are_forty_and_more() -> None:
    assert len({page.label for page in PAGES}) == len(PAGES) >= 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.label)
def test_page_ends_as_it_must(outcomes: dict[str, Row[ExtractedDocument]], page: HostilePage) -> None:
    row = outcomes[page.label]
    if row.document is not None:
        article = row.document.article
        wanted = [text for text in PARAGRAPHS if text in page.html]
        assert [text for text in wanted if text not in article.text] == []
        assert not any("\ufdd0" <= letter <= "\ufdef" for letter in article.text)
    else:
        assert row.reject is not None
        assert row.reject.reason in page.reasons, row.reject
        assert row.reject.detail


def test_all_pages_stay_within_the_limits_of_one_document() -> None:
    command = [sys.executable, "-m", "tests.boilerplate.hostile_pages"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    costs = json.loads(done.stdout.splitlines()[-1])
    assert {label: cost for label, cost in costs["seconds"].items() if cost > Limits().document_cpu_s} == {}
    assert costs["peak_mb"] <= MOST_MEMORY_MB


@pytest.mark.parametrize("tag", ["div", "span", "section", "blockquote", "b", "li", "td", "article"])
@pytest.mark.parametrize("levels", [20, 255, 300, 2000])
def test_a_shallow_tree_has_the_text_of_the_deep_page(tag: str, levels: int) -> None:
    html = (
        f"<html><body>before<{tag}>{f'<{tag}>x' * levels}<p>deep</p>y{f'</{tag}>z' * levels}</{tag}>after</body></html>"
    )
    tree = parse_page(html)
    assert tree is not None
    assert "".join(tree.itertext()) == f"before{'x' * levels}deepy{'z' * levels}after"
    depth = max(sum(1 for _ in element.iterancestors()) for element in tree.iter())
    assert depth <= 260
