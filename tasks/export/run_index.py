"""Which articles, inputs and groups a run has: the keys that decide what of earlier runs stays, and in which groups.

A run may have millions of inputs, so the keys live in DuckDB, which moves them to the disk when they need more memory
than it may use. Paths never reach DuckDB: data goes in and out as Arrow tables, so a folder named `news [2026]` is no
pattern to it.

A look-up takes the keys of one shard or one row group and scans the whole index once: 15 ms for 300 keys in a million
memberships, where writing those 300 articles takes 190 ms (made-up articles of 4 kB, one core). A run of ten million
articles would spend as much on looking up as on writing, and is the point at which to join in the order of the shards.

A run's articles are two sets. Those published are what its shards hold at their end. Those related are what the stories
stage saw, which has a membership for each: all the published ones, and those that a later stage lost. An earlier
version of a lost article stays in the data set, and what the stories stage says of it now holds for that version.
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
from tasks.stories.records import Membership, StoriesReceipt

MEMORY = "512MB"
BATCH_ROWS = 65_536

MEMBERSHIP = [one.name for one in fields(Membership)]
CLUSTER_KEY = ["cluster_id", "kind"]

CREATE_TABLES = """
    CREATE TABLE articles (article_id VARCHAR);
    CREATE TABLE earlier (article_id VARCHAR, copy_cluster_id VARCHAR, story_id VARCHAR);
    CREATE VIEW published AS FROM articles UNION ALL SELECT article_id FROM earlier;
    CREATE TABLE inputs (input VARCHAR);
    CREATE TABLE memberships (article_id VARCHAR, copy_cluster_id VARCHAR, story_id VARCHAR);
    CREATE TABLE regrouped (article_id VARCHAR, copy_cluster_id VARCHAR, story_id VARCHAR);
    CREATE TABLE changes (article_id VARCHAR, copy_cluster_id VARCHAR, story_id VARCHAR);
    CREATE TABLE clusters (cluster_id VARCHAR, kind VARCHAR)
"""
# The stories stage may name earlier articles whose groups are the same; most are, so what changed is found once.
FIND_CHANGES = """
    INSERT INTO changes
    SELECT now.*
    FROM (FROM memberships UNION ALL FROM regrouped) AS now JOIN earlier USING (article_id)
    WHERE (now.copy_cluster_id, now.story_id) IS DISTINCT FROM (earlier.copy_cluster_id, earlier.story_id)
"""
FIND_LEFT_GROUPS = """
    INSERT INTO clusters
    SELECT DISTINCT earlier.copy_cluster_id, 'copy'
    FROM earlier JOIN changes USING (article_id)
    WHERE earlier.copy_cluster_id != changes.copy_cluster_id
    UNION ALL
    SELECT DISTINCT earlier.story_id, 'story'
    FROM earlier JOIN changes USING (article_id)
    WHERE earlier.story_id != changes.story_id
"""

# By the columns that decide it (`Table.superseded_by`): how to find the rows of `batch`, which has these columns and
# `position`, that this run tells anew. SEMI JOIN lets DuckDB hash the batch, which is small, and not the index.
TOLD_ANEW = {
    ("article_id",): "FROM batch SEMI JOIN articles USING (article_id)",
    ("input",): "FROM batch SEMI JOIN inputs USING (input)",
    ("src", "dst"): (
        "FROM (FROM batch SEMI JOIN memberships ON batch.src = memberships.article_id "
        "UNION ALL FROM batch SEMI JOIN memberships ON batch.dst = memberships.article_id)"
    ),
    ("cluster_id", "kind"): "FROM batch SEMI JOIN clusters USING (cluster_id, kind)",
}
REGROUP = "SELECT position, changes.copy_cluster_id, changes.story_id FROM batch JOIN changes USING (article_id)"


class RunIndex:
    """The keys of the run being published. A context manager: it holds memory, and files under `spill`."""

    def __init__(self, spill: Path, stories: StoriesReceipt | None) -> None:
        """Begin an index of no articles yet, with the groups that the stories stage gave, if it did not fail."""
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": str(spill),
            "threads": 1,
        }
        self._duckdb = duckdb.connect(":memory:", config=settings)
        self._duckdb.execute(CREATE_TABLES)
        self.has_memberships = stories is not None
        if stories is not None:
            self._read("memberships", Path(stories.memberships), MEMBERSHIP)
            self._read("regrouped", Path(stories.regrouped), MEMBERSHIP)
            self._read("clusters", Path(stories.clusters), CLUSTER_KEY)

    def add(self, articles: Sequence[str], inputs: Sequence[str]) -> None:
        """Add ids of articles of the run, and inputs of the run."""
        with self._batch(pa.table({"article_id": pa.array(articles, pa.string())})):
            self._duckdb.execute("INSERT INTO articles FROM batch")
        with self._batch(pa.table({"input": pa.array(inputs, pa.string())})):
            self._duckdb.execute("INSERT INTO inputs FROM batch")

    def add_earlier(self, articles: Iterable[pa.Table]) -> None:
        """Add all articles that earlier runs published, as memberships; find out which of them changed groups."""
        for part in articles:
            with self._batch(part):
                self._duckdb.execute("INSERT INTO earlier BY NAME FROM batch")
        self._duckdb.execute(FIND_CHANGES)
        self._duckdb.execute(FIND_LEFT_GROUPS)

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

    def tells_anew(self, keys: pa.Table) -> pa.BooleanArray:
        """Say for each row of `keys` whether the run tells it anew.

        That is, by the columns of `keys`: whether the run published an article of this id or was given this input,
        related at least one of the two articles of a relation, or says what became of a group or of a member of it.
        """
        return self._find(keys, TOLD_ANEW[tuple(keys.column_names)])

    def is_published(self, articles: pa.ChunkedArray) -> pa.BooleanArray:
        """Say for each of these article ids whether this run or an earlier one published it; false for a null."""
        keys = pa.table({"article_id": articles})
        return self._find(keys, "FROM batch SEMI JOIN published USING (article_id)")

    def regroup(self, articles: pa.Table) -> pa.Table:
        """Return rows of `articles` with the groups they have now; the same table where no group has changed."""
        with self._batch(_numbered(articles.select(["article_id"]))):
            changes = {position: groups for position, *groups in self._duckdb.execute(REGROUP).fetchall()}
        if not changes:
            return articles
        for at, name in enumerate(MEMBERSHIP[1:]):
            values = articles[name].to_pylist()
            for position, groups in changes.items():
                values[position] = groups[at]
            column = articles.column_names.index(name)
            articles = articles.set_column(column, articles.field(name), pa.array(values, pa.string()))
        return articles

    def _find(self, keys: pa.Table, found: str) -> pa.BooleanArray:
        with self._batch(_numbered(keys)):
            hits = {row[0] for row in self._duckdb.execute(f"SELECT position {found}").fetchall()}
        return pa.array([position in hits for position in range(keys.num_rows)], pa.bool_())

    def _read(self, table: str, path: Path, columns: Sequence[str]) -> None:
        for part in read_parts(path, columns):
            with self._batch(part):
                self._duckdb.execute(f"INSERT INTO {table} BY NAME FROM batch")

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


def _numbered(part: pa.Table) -> pa.Table:
    return part.append_column("position", pa.array(range(part.num_rows), pa.int64()))


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
