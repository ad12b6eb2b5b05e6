"""Which articles and inputs a run has: the keys that decide what of earlier runs stays, and who belongs to which group.

A run may have millions of inputs, so the keys live in DuckDB, which moves them to the disk when they need more memory
than it may use. Paths never reach DuckDB: data goes in and out as Arrow tables, so a folder named `news [2026]` is no
pattern to it.

A look-up takes the keys of one shard or one row group and scans the whole index once: 15 ms for 300 keys in a million
memberships, where writing those 300 articles takes 190 ms (made-up articles of 4 kB, one core). A run of ten million
articles would spend as much on looking up as on writing, and is the point at which to join in the order of the shards.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.outcome import Fatal
from tasks.shards import retryable_disk
from tasks.stories.records import Membership

MEMORY = "512MB"
BATCH_ROWS = 65_536

# By the columns that decide it (`Table.superseded_by`): how to find the rows of `batch`, which has these columns and
# `position`, that belong to this run. SEMI JOIN lets DuckDB hash the batch, which is small, and not the index.
OF_RUN = {
    ("article_id",): "FROM batch SEMI JOIN articles USING (article_id)",
    ("input",): "FROM batch SEMI JOIN inputs USING (input)",
    ("src", "dst"): (
        "FROM (FROM batch SEMI JOIN articles ON batch.src = articles.article_id) AS found "
        "SEMI JOIN articles ON found.dst = articles.article_id"
    ),
}


class RunIndex:
    """The keys of the run being published. A context manager: it holds memory, and files under `spill`."""

    def __init__(self, spill: Path, memberships: Path | None) -> None:
        """Begin an empty index; read the memberships of the run's articles, if the stories stage gave any."""
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": str(spill),
            "threads": 1,
        }
        self._duckdb = duckdb.connect(":memory:", config=settings)
        self._duckdb.execute("CREATE TABLE articles (article_id VARCHAR)")
        self._duckdb.execute("CREATE TABLE inputs (input VARCHAR)")
        self.has_memberships = memberships is not None
        if memberships is not None:
            self._read_memberships(memberships)

    def add(self, articles: Sequence[str], inputs: Sequence[str]) -> None:
        """Add ids of articles of the run, and inputs of the run."""
        with self._batch(pa.table({"article_id": pa.array(articles, pa.string())})):
            self._duckdb.execute("INSERT INTO articles FROM batch")
        with self._batch(pa.table({"input": pa.array(inputs, pa.string())})):
            self._duckdb.execute("INSERT INTO inputs FROM batch")

    def memberships_of(self, articles: Sequence[str]) -> dict[str, Membership]:
        """Return the memberships of these articles by article id; all of them are absent without the stories stage."""
        if not self.has_memberships:
            return {}
        with self._batch(pa.table({"article_id": pa.array(articles, pa.string())})):
            found = self._duckdb.execute("SELECT memberships.* FROM memberships SEMI JOIN batch USING (article_id)")
            return {row[0]: Membership(*row) for row in found.fetchall()}

    def repeated_articles(self) -> list[tuple[str, int]]:
        """Return a few article ids that the run has more than once, with how often; none of a sound run."""
        query = "SELECT article_id, count(*) FROM articles GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 5"
        return self._duckdb.execute(query).fetchall()

    def has(self, keys: pa.Table) -> pa.BooleanArray:
        """Say for each row of `keys` whether the run has it.

        That is, by the columns of `keys`: an article of this id, this input, or both articles of a relation.
        """
        numbered = keys.append_column("position", pa.array(range(keys.num_rows), pa.int64()))
        query = f"SELECT position {OF_RUN[tuple(keys.column_names)]}"
        with self._batch(numbered):
            hits = {row[0] for row in self._duckdb.execute(query).fetchall()}
        return pa.array([position in hits for position in range(keys.num_rows)], pa.bool_())

    def _read_memberships(self, path: Path) -> None:
        names = [one.name for one in fields(Membership)]
        self._duckdb.execute("CREATE TABLE memberships (article_id VARCHAR, copy_cluster_id VARCHAR, story_id VARCHAR)")
        for part in read_parts(path, names):
            with self._batch(part):
                self._duckdb.execute("INSERT INTO memberships FROM batch")

    @contextlib.contextmanager
    def _batch(self, part: pa.Table) -> Iterator[None]:
        self._duckdb.register("batch", part)
        try:
            yield
        finally:
            self._duckdb.unregister("batch")

    def __enter__(self) -> Self:
        """Give the index itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of memory and files."""
        self._duckdb.close()


def read_parts(path: Path, columns: Sequence[str]) -> Iterable[pa.Table]:
    """Read these columns of a Parquet file, some ten thousand rows at a time.

    Raises Fatal where a column is missing, Retryable where the disk is in the way.
    """
    with retryable_disk(path), pq.ParquetFile(path) as file:
        missing = set(columns) - set(file.schema_arrow.names)
        if missing:
            raise Fatal(f"{path}: the columns {', '.join(sorted(missing))} are missing; run again with --fresh")
        for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
            yield pa.Table.from_batches([batch])
