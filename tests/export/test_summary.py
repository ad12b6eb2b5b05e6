"""What a run says at its end: counts from receipts for terminal, logs and Prefect; and code that opens the tables."""

import re
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.export.records import INPUTS, ShardTrail, StageFailure
from tasks.export.summary import how_to_open, plain_table, show_summary, summarise
from tasks.outcome import DropReason, StageName
from tasks.shards import Receipt
from tasks.stories.records import StoriesReceipt
from tests.export.conftest import Publish
from tests.export.corpus import PRICE, WATCHED, Page, request_for, trail_of

PAGES = [
    Page("a.html", mended_by=(PRICE,), unspun_by=(WATCHED,)),
    Page("b.html"),
    Page("menu.html", dies_at="boilerplate"),
    Page("bar.html", dies_at="boilerplate"),
    Page("void.html", dies_at="fetch", reason=DropReason.EMPTY_BODY),
    Page("none.html", dies_at=INPUTS, reason=DropReason.NOT_FOUND),
]
RELATED = StoriesReceipt(
    Receipt("stories", "m.parquet", "digest", rows=2, kept=2, wall_s=0.5),
    relations="r.parquet",
    memberships="m.parquet",
    regrouped="g.parquet",
    clusters="c.parquet",
)


@pytest.fixture
def trail(tmp_path: Path) -> ShardTrail:
    return trail_of(tmp_path / "shard", PAGES)


def test_what_goes_out_of_a_stage_goes_into_the_next(trail: ShardTrail) -> None:
    summary = summarise("one", [trail, trail], RELATED)
    assert [(count.stage, count.rows, count.kept, count.dropped) for count in summary.stages] == [
        ("inputs", 12, 10, 2),
        ("fetch", 10, 8, 2),
        ("boilerplate", 8, 4, 4),
        ("mojibake", 4, 4, 0),
        ("stories", 2, 2, 0),
        ("spinner", 4, 4, 0),
    ]
    assert (summary.n_inputs, summary.n_articles, summary.n_rejects) == (12, 4, 8)
    assert summary.failures == ()


def test_prefect_gets_rows_of_plain_values(trail: ShardTrail) -> None:
    rows = summarise("one", [trail], RELATED).table()
    assert rows[2] == {
        "stage": "boilerplate",
        "in": 4,
        "out": 2,
        "rejected": 2,
        "edits": 0,
        "seconds": 1.5,
        "shards": 1,
        "reused": 0,
        "reasons": "NO_MAIN_CONTENT 2",
    }
    assert {type(cell) for row in rows for cell in row.values()} == {str, int, float}


def test_reasons_are_counted_and_explained(trail: ShardTrail) -> None:
    lines = summarise("one", [trail], RELATED).lines()
    assert lines == [
        "6 inputs = 2 articles + 4 rejects (run one)",
        f"redone: {', '.join(f'{stage} (1 of 1 shard)' for stage in StageName if stage != StageName.EXPORT)}",
        "rejected by inputs: 1 NOT_FOUND (no file or folder of that name)",
        "rejected by fetch: 1 EMPTY_BODY (there is nothing in it)",
        "rejected by boilerplate: 2 NO_MAIN_CONTENT (no article text was found in it)",
    ]


def test_a_run_that_found_everything_done_says_so(tmp_path: Path) -> None:
    done = trail_of(tmp_path / "shard", PAGES, reused=True)
    listed = replace(done, receipts=(replace(done.receipts[0], reused=False), *done.receipts[1:]))
    summary = summarise("two", [listed], replace(RELATED, receipt=replace(RELATED.receipt, reused=True)))
    assert "redone: nothing" in summary.lines(), "the list of inputs is always made anew"
    assert [count.seconds for count in summary.stages] == [1.5, 0, 0, 0, 0, 0]


def test_a_stage_that_failed_for_good_is_counted_and_named(trail: ShardTrail, tmp_path: Path) -> None:
    failed = trail_of(tmp_path / "failed", PAGES, StageFailure(StageName.MOJIBAKE, "Retryable: disk full"))
    summary = summarise("one", [trail, failed], StageFailure(StageName.STORIES, "Fatal: no memory"))
    mojibake = next(count for count in summary.stages if count.stage == "mojibake")
    assert (mojibake.rows, mojibake.kept, mojibake.dropped, mojibake.shards) == (4, 2, 2, 2)
    assert (summary.n_inputs, summary.n_articles, summary.n_rejects) == (12, 2, 10)
    assert summary.failures == (
        "mojibake failed for good on 1 shard of 2, and 2 inputs became rejects: Retryable: disk full",
        "stories failed for good, and no article of the run is in a group: Fatal: no memory",
    )
    assert sum(one.inputs for one in summary.rejects) == summary.n_rejects


def test_a_run_without_inputs_has_a_summary() -> None:
    summary = summarise("one", [], StageFailure(StageName.STORIES, "nothing to do"))
    assert plain_table(summary)
    assert summary.lines()[0] == "0 inputs = 0 articles + 0 rejects (run one)"


def test_lines_are_aligned_and_plain(trail: ShardTrail, capsys: pytest.CaptureFixture[str]) -> None:
    summary = summarise("one", [trail], RELATED)
    show_summary(summary)
    said = capsys.readouterr().out
    assert said.splitlines() == [*plain_table(summary), *summary.lines()]
    assert said.isascii()
    header, *rows = plain_table(summary)
    column = header.index("rejected") + len("rejected")
    assert [row[:column].split()[-1] for row in rows] == ["1", "1", "2", "0", "0", "0"]


def test_a_terminal_gets_a_drawn_table(
    trail: ShardTrail, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    monkeypatch.setenv("COLUMNS", "160")
    show_summary(summarise("one", [trail], RELATED))
    said = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert re.search(r"┃ stage +┃ +in ┃ +out ┃ rejected ┃", said)
    assert re.search(r"│ boilerplate +│ +4 │ +2 │ +2 │", said)
    assert "6 inputs = 2 articles + 4 rejects" in said


def test_the_code_that_opens_the_tables_runs(publish: Publish, tmp_path: Path) -> None:
    out = tmp_path / "news [2026] it's"
    publish(request_for(out, tmp_path / "work", "one", PAGES))
    text = how_to_open(out)
    assert str(out) in text
    blocks = re.split(r"^(\w+):\n", text, flags=re.MULTILINE)
    code = dict(zip(blocks[1::2], blocks[2::2], strict=True))
    assert list(code) == ["pandas", "DuckDB", "Polars"]
    for tool, expected in {"pandas": "Gull Point", "DuckDB": "articles", "Polars": "looked on"}.items():
        lines = "".join(line for line in code[tool].splitlines(keepends=True) if line.startswith("    "))
        assert expected in run_code(textwrap.dedent(lines), tmp_path), tool


def run_code(code: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout
