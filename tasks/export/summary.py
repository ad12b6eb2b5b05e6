"""What a run did, from its receipts: rows per stage for terminal, logs and Prefect; and how to open the tables.

The functions are pure and need no shard, only receipts; `show_summary` is the one that writes to the screen. The
process of the flow imports this module, so it must stay light: no DuckDB, no Parquet.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tasks.export.records import INPUTS, ShardTrail, StageCount, StageFailure
from tasks.outcome import DropReason, StageName
from tasks.shards import Receipt
from tasks.stories.records import StoriesReceipt

ORDER = (INPUTS, *StageName)
ERROR_LENGTH = 300

# What the two tables of a summary have in their cells.
Cell = str | int | float


@dataclass(frozen=True, slots=True)
class RejectCount:
    """How many inputs became rejects at this stage for this reason."""

    stage: str
    reason: DropReason
    inputs: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did. `failures` has a sentence for each stage that failed for good; empty for a sound run."""

    run_id: str
    n_inputs: int
    n_articles: int
    stages: tuple[StageCount, ...]
    rejects: tuple[RejectCount, ...]
    failures: tuple[str, ...]

    @property
    def n_rejects(self) -> int:
        """How many inputs became no article."""
        return self.n_inputs - self.n_articles

    def table(self) -> list[dict[str, Cell]]:
        """Return a row for each stage, as Prefect's table artifacts take them."""
        return [
            {
                "stage": count.stage,
                "in": count.rows,
                "out": count.kept,
                "rejected": count.dropped,
                "edits": count.edits,
                "seconds": round(count.seconds, 1),
                "shards": count.shards,
                "reused": count.reused_shards,
                "reasons": ", ".join(f"{one.reason} {one.inputs}" for one in self.rejects if one.stage == count.stage),
            }
            for count in self.stages
        ]

    def lines(self) -> list[str]:
        """Return the sentences that stand under the table: totals, what was done again, reasons, failures."""
        again = ", ".join(
            f"{count.stage} ({count.shards - count.reused_shards} of {_number(count.shards, 'shard')})"
            for count in self.stages
            if count.stage != INPUTS and count.reused_shards < count.shards
        )
        articles, rejects = _number(self.n_articles, "article"), _number(self.n_rejects, "reject")
        return [
            f"{_number(self.n_inputs, 'input')} = {articles} + {rejects} (run {self.run_id})",
            f"redone: {again or 'nothing'}",
            *(f"rejected by {one.stage}: {one.inputs} {one.reason} ({one.reason.meaning})" for one in self.rejects),
            *(f"failed: {failure}" for failure in self.failures),
        ]


def summarise(run_id: str, trails: Sequence[ShardTrail], stories: StoriesReceipt | StageFailure) -> RunSummary:
    """Return what a run did, from the trails of its shards and what became of the stories stage."""
    related = stories if isinstance(stories, StoriesReceipt) else None
    return RunSummary(
        run_id=run_id,
        n_inputs=sum(trail.receipts[0].rows for trail in trails),
        n_articles=sum(trail.receipts[-1].kept for trail in trails if trail.failure is None),
        stages=count_stages(trails, related),
        rejects=_count_rejects(trails),
        failures=tuple(_failures(trails, stories)),
    )


def count_stages(trails: Sequence[ShardTrail], stories: StoriesReceipt | None) -> tuple[StageCount, ...]:
    """Return what each stage did, in the order of the stages; without `stories`, where that stage failed, not it.

    A stage that failed for good on a shard is counted with the documents it was given, all of them dropped. The
    stories stage works on all articles at once, which is one shard here.
    """
    receipts: dict[str, list[Receipt]] = {stage: [] for stage in ORDER}
    lost: dict[str, list[int]] = {stage: [] for stage in ORDER}
    for trail in trails:
        for receipt in trail.receipts:
            receipts[receipt.stage].append(receipt)
        if trail.failure is not None:
            lost[trail.failure.stage].append(trail.receipts[-1].kept)
    if stories is not None:
        receipts[StageName.STORIES].append(stories.receipt)
    return tuple(
        _count(stage, receipts[stage], lost[stage])
        for stage in ORDER
        if stage == INPUTS or receipts[stage] or lost[stage]
    )


def stage_table(summary: RunSummary) -> Table:
    """Return the rows of the summary as a table for a terminal."""
    table = Table(title=f"Run {summary.run_id}")
    rows = summary.table()
    for name in rows[0]:
        table.add_column(name, justify="left" if name in {"stage", "reasons"} else "right")
    for row in rows:
        table.add_row(*map(str, row.values()))
    return table


def plain_table(summary: RunSummary) -> list[str]:
    """Return the rows of the summary as lines of aligned text, for logs and pipes."""
    rows = summary.table()
    cells = [list(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in cells]


def show_summary(summary: RunSummary) -> None:
    """Write the summary to standard output: a drawn table on a terminal, aligned lines elsewhere."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    if console.is_terminal:
        console.print(stage_table(summary))
    else:
        console.print("\n".join(plain_table(summary)))
    console.print("\n".join(summary.lines()))


def how_to_open(out: Path) -> str:
    """Return the text that ends a run: where the tables are, and how to open them with three tools.

    The three pieces of code run as they stand (a test runs them).
    """
    folder = out.resolve()
    glob = f"{_escape_glob(str(folder))}/articles/*.parquet"
    return OPENING.format(
        out=folder, articles=repr(str(folder / "articles")), edits=repr(str(folder / "edits")), glob=repr(glob)
    )


OPENING = """\
The tables are in {out}, one folder each:
articles, edits, removed, relations, clusters, rejects, runs

pandas:
    import pandas as pd
    articles = pd.read_parquet({articles})
    print(articles[["title", "host", "n_words", "n_edits"]])

DuckDB:
    import duckdb
    articles = duckdb.read_parquet({glob})
    print(duckdb.sql("SELECT host, count(*) AS articles, sum(n_edits) AS edits FROM articles GROUP BY host"))

Polars:
    import polars as pl
    edits = pl.read_parquet({edits})
    print(edits.filter("applied").select("article_id", "rule", "before", "after"))

What each column means: data/README.md
"""


def _count(stage: str, receipts: Sequence[Receipt], lost: Sequence[int]) -> StageCount:
    """Add up the receipts of one stage; `lost` has the number of documents of each shard that it failed on."""
    kept = sum(one.kept for one in receipts)
    dropped = sum(sum(one.dropped.values()) for one in receipts) + sum(lost)
    return StageCount(
        stage=str(stage),
        rows=kept + dropped,
        kept=kept,
        dropped=dropped,
        edits=sum(one.edits for one in receipts),
        seconds=round(sum((one.wall_s for one in receipts if not one.reused), 0.0), 3),
        reused_shards=sum(one.reused for one in receipts),
        shards=len(receipts) + len(lost),
    )


def _count_rejects(trails: Sequence[ShardTrail]) -> tuple[RejectCount, ...]:
    """Count rejects by stage and reason: stages in order, the most frequent reason first."""
    counts: Counter[tuple[str, DropReason]] = Counter()
    for trail in trails:
        for receipt in trail.receipts:
            counts.update({(receipt.stage, DropReason(reason)): n for reason, n in receipt.dropped.items()})
        if trail.failure is not None and trail.receipts[-1].kept:
            counts[trail.failure.stage, DropReason.STAGE_FAILED] += trail.receipts[-1].kept
    ordered = sorted(counts.items(), key=lambda item: (ORDER.index(item[0][0]), -item[1], item[0][1]))
    return tuple(RejectCount(str(stage), reason, inputs) for (stage, reason), inputs in ordered)


def _failures(trails: Sequence[ShardTrail], stories: StoriesReceipt | StageFailure) -> Iterable[str]:
    shards: Counter[StageFailure] = Counter(trail.failure for trail in trails if trail.failure is not None)
    for failure, number in shards.items():
        lost = sum(trail.receipts[-1].kept for trail in trails if trail.failure == failure)
        yield (
            f"{failure.stage} failed for good on {_number(number, 'shard')} of {len(trails)}, and "
            f"{_number(lost, 'input')} became rejects: {failure.error[:ERROR_LENGTH]}"
        )
    if isinstance(stories, StageFailure):
        yield f"stories failed for good, and no article of the run is in a group: {stories.error[:ERROR_LENGTH]}"


def _number(count: int, noun: str) -> str:
    """Count things in words.

    >>> _number(1, "shard"), _number(2, "shard")
    ('1 shard', '2 shards')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Pad the cells of a row: words to the left (the first and the last column), numbers to the right."""
    last = len(row) - 1
    pairs = zip(row, widths, strict=True)
    return [cell.ljust(width) if at in {0, last} else cell.rjust(width) for at, (cell, width) in enumerate(pairs)]


def _escape_glob(path: str) -> str:
    """Return a pattern that matches this path alone.

    >>> _escape_glob("news [2026]")
    'news [[]2026]'
    """
    return "".join(f"[{character}]" if character in "[*?" else character for character in path)
