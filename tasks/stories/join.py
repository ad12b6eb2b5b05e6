"""The join of signatures that finds candidates: DuckDB over Parquet files, under a memory cap, on disk beyond it.

What is said here in SQL is the rule of `candidates`, for a run that adds articles to a history:

1. `articles`: of each article the row of the shard that came last. Of articles with the same words one, that with the
   smallest id, is `alone` and stands for all. An article is `fresh` if it is alone and was not compared before as it is
   now: the same words and the same date.
2. Relations of earlier runs hold where both articles are alone and not fresh. Articles with the same words form a star.
3. Postings are read for the marks of fresh articles only; each fresh article meets its neighbours in them.

Paths never reach DuckDB: data goes in and out as Arrow tables.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from tasks.outcome import Fatal, Retryable
from tasks.stories.candidates import FEATURE_SHARE, FINGERPRINT_SHARE, LEAST_FEATURES, NEIGHBOURS, walk
from tasks.stories.records import RelationKind

# The join's share of a worker's memory. With it and the texts that are compared, the process that related 20,000
# articles of 450 words had 832 MB at its most.
JOIN_MEMORY = "512MB"
JOIN_THREADS = 2
FETCH_ROWS = 4096
SCRATCH_PREFIX = ".join-"

CREATE_TABLES = """
    CREATE TABLE signed (article_id VARCHAR, came INTEGER, row_group INTEGER, text_key BLOB, n_chars BIGINT,
                         n_sentences BIGINT, published_us BIGINT, n_fingerprints BIGINT, feature_weight BIGINT);
    CREATE TABLE compared (article_id VARCHAR, text_key BLOB, published_us BIGINT);
    CREATE TABLE former (article_id VARCHAR, copy_cluster_id VARCHAR, story_id VARCHAR);
    CREATE TABLE walk (n BIGINT, place BIGINT);
    CREATE TABLE parts (n BIGINT, part BIGINT);
    CREATE TABLE memberships (article_id VARCHAR, copy_cluster_id VARCHAR, story_id VARCHAR);
    CREATE TABLE clusters (cluster_id VARCHAR, kind VARCHAR, n_articles BIGINT, earliest_article_id VARCHAR,
                           best_article_id VARCHAR, first_published_at TIMESTAMPTZ, last_published_at TIMESTAMPTZ);
    CREATE TABLE relations (src VARCHAR, dst VARCHAR, kind VARCHAR, score DOUBLE, n_sentences BIGINT,
                            date_gap_days BIGINT);
"""
LOAD_SIGNED = """
    INSERT INTO signed
    SELECT article_id, $came, row_group, text_key, n_chars, n_sentences, published_us, len(fingerprints),
           list_sum(feature_weights)
    FROM batch
"""
FIND_REPEATED = """
    SELECT article_id FROM signed WHERE came >= $first
    GROUP BY article_id HAVING count(*) > 1 ORDER BY article_id LIMIT 5
"""
# Small numbers in the order of the ids take their place in the join.
NUMBER_ARTICLES = """
    CREATE TABLE articles AS
    WITH latest AS (SELECT * FROM signed QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY came DESC) = 1),
         standing AS (
             SELECT *, row_number() OVER (ORDER BY article_id) AS n,
                    text_key IS NOT NULL AND article_id = min(article_id) OVER (PARTITION BY text_key) AS alone
             FROM latest)
    SELECT standing.*, alone AND compared.article_id IS NULL AS fresh
    FROM standing LEFT JOIN compared
         ON standing.article_id = compared.article_id AND standing.text_key = compared.text_key
         AND standing.published_us IS NOT DISTINCT FROM compared.published_us;
    DROP TABLE signed
"""
# What was said of pairs that still stand as they were. A star is told anew: who stands for all may have changed.
KEEP_RELATIONS = """
    DELETE FROM relations
    WHERE src NOT IN (SELECT article_id FROM articles WHERE alone AND NOT fresh)
       OR dst NOT IN (SELECT article_id FROM articles WHERE alone AND NOT fresh)
"""
RELATE_EXACT_COPIES = """
    INSERT INTO relations
    SELECT one.article_id, other.article_id, $kind, 1.0, one.n_sentences,
           abs(one.published_us - other.published_us) // 86400000000
    FROM articles AS one JOIN articles AS other USING (text_key)
    WHERE one.alone AND NOT other.alone
"""
CREATE_POSTINGS = """
    CREATE OR REPLACE TABLE wanted (mark UBIGINT);
    CREATE OR REPLACE TABLE postings (mark UBIGINT, weight BIGINT, n BIGINT, fresh BOOLEAN, published_us BIGINT)
"""
# Fingerprints weigh one each, features what they count in the topic.
MARKS = {
    "fingerprints": "SELECT article_id, unnest(fingerprints)::UBIGINT AS mark, 1 AS weight FROM batch",
    "features": "SELECT article_id, unnest(features)::UBIGINT AS mark, unnest(feature_weights) AS weight FROM batch",
}
LOAD_WANTED = """
    INSERT INTO wanted
    SELECT mark FROM ({marks}) JOIN articles USING (article_id) WHERE fresh AND came = $came
"""
LOAD_POSTINGS = """
    INSERT INTO postings
    SELECT mark, weight, n, fresh, published_us
    FROM ({marks}) JOIN articles USING (article_id)
    WHERE alone AND came = $came AND mark IN (SELECT mark FROM wanted)
"""
MEET = """
    CREATE OR REPLACE TABLE {pairs} AS
    WITH ranked AS (
             SELECT mark, weight, n, fresh, count(*) OVER (PARTITION BY mark) AS n_articles,
                    row_number() OVER (PARTITION BY mark ORDER BY published_us NULLS LAST, n) AS place
             FROM postings),
         reaching AS (
             SELECT mark, weight, n, fresh,
                    unnest(range(place + 1, least(place + $neighbours, n_articles) + 1)) AS place
             FROM ranked
             WHERE n_articles > 1)
    SELECT least(one.n, other.n) AS one, greatest(one.n, other.n) AS other, count(*) AS shared,
           sum(least(one.weight, other.weight)) AS weight
    FROM reaching AS one JOIN ranked AS other USING (mark, place)
    WHERE one.fresh OR other.fresh
    GROUP BY ALL
"""
CHOOSE_CANDIDATES = """
    CREATE TABLE candidates AS
    SELECT pairs.one, pairs.other
    FROM by_wording AS pairs JOIN articles AS one ON one.n = pairs.one JOIN articles AS other ON other.n = pairs.other
    WHERE weight >= $fingerprint_share * least(one.n_fingerprints, other.n_fingerprints)
    UNION
    SELECT pairs.one, pairs.other
    FROM by_topic AS pairs JOIN articles AS one ON one.n = pairs.one JOIN articles AS other ON other.n = pairs.other
    WHERE shared >= $least_features AND weight >= $feature_share * least(one.feature_weight, other.feature_weight)
"""
READ_PAIRS = "SELECT one, other FROM candidates"
# On a walk through the pairs, so that the articles one is compared with are read and signed soon before or after it.
READ_CANDIDATES = """
    SELECT one.article_id, one.came, one.row_group, one.n_chars,
           other.article_id, other.came, other.row_group, other.n_chars
    FROM candidates
    JOIN articles AS one ON one.n = candidates.one
    JOIN articles AS other ON other.n = candidates.other
    JOIN walk AS step ON step.n = candidates.one
    JOIN walk AS other_step ON other_step.n = candidates.other
    ORDER BY greatest(step.place, other_step.place), least(step.place, other_step.place)
"""
# Groups: which articles hang together is found out in memory, by numbers; `parts` brings the answer back.
READ_LINKS = """
    SELECT one.n, other.n
    FROM relations
    JOIN articles AS one ON one.article_id = src
    JOIN articles AS other ON other.article_id = dst
    WHERE kind <> $related
"""
READ_MEMBERS = """
    SELECT part, article_id, text_key, n_chars, published_us, copy_cluster_id, story_id
    FROM parts JOIN articles USING (n) LEFT JOIN former USING (article_id)
    ORDER BY part, article_id
"""
READ_PART_RELATIONS = """
    SELECT part, relations.*
    FROM relations JOIN articles ON article_id = src JOIN parts USING (n)
    WHERE kind <> $related
    ORDER BY part, src, dst
"""
# Of the articles whose shards came as the numbers from `first` to `last`.
READ_MEMBERSHIPS = """
    SELECT article_id, coalesce(copy_cluster_id, article_id), coalesce(story_id, article_id)
    FROM articles LEFT JOIN memberships USING (article_id)
    WHERE came BETWEEN $first AND $last
    ORDER BY article_id
"""
READ_CLUSTERS = "SELECT * FROM clusters ORDER BY cluster_id, kind"
READ_COMPARED = "SELECT article_id, text_key, published_us FROM articles WHERE alone ORDER BY article_id"
READ_RELATIONS = "SELECT src, dst, kind, score, n_sentences, date_gap_days FROM relations ORDER BY src, dst"
READ_RELATIONS_OF_RUN = """
    SELECT src, dst, kind, score, n_sentences, date_gap_days
    FROM relations
    WHERE src IN (SELECT article_id FROM articles WHERE came >= $first)
       OR dst IN (SELECT article_id FROM articles WHERE came >= $first)
    ORDER BY src, dst
"""
# For each article of the run, the articles that may witness for it: those that have sentences in common with it, or
# with the article that stands for its words, the closest first.
READ_WITNESSED = """
    WITH related AS (SELECT src AS one, dst AS other, score, n_sentences FROM relations
                     UNION ALL SELECT dst, src, score, n_sentences FROM relations)
    SELECT suspect.article_id, suspect.came, suspect.row_group, suspect.n_chars,
           other.article_id, other.came, other.row_group, other.n_chars
    FROM articles AS suspect
    JOIN articles AS standing ON standing.text_key = suspect.text_key AND standing.alone
    JOIN related ON related.one = standing.article_id AND related.n_sentences > 0
    JOIN articles AS other ON other.article_id = related.other AND other.alone
    WHERE suspect.came >= $first
    QUALIFY row_number() OVER (PARTITION BY suspect.article_id ORDER BY score DESC, other.article_id) <= $most
    ORDER BY suspect.came, suspect.article_id, other.article_id
"""
COUNT_ARTICLES = "SELECT count(*) FROM articles"
COUNT_ARTICLES_OF_RUN = "SELECT count(*) FROM articles WHERE came >= $first"


class Join:
    """All signatures of a history, ready to be asked; holds memory, and files under `folder`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Begin with no article; use `open_join`."""
        self._duckdb = connection
        self._duckdb.execute(CREATE_TABLES)

    def add_signatures(self, parts: Iterable[pa.Table], came: int) -> None:
        """Take in the signatures of the shard that came as number `came`."""
        for part in parts:
            with self._batch(part):
                self._duckdb.execute(LOAD_SIGNED, {"came": came})

    def add_rows(self, table: str, parts: Iterable[pa.Table]) -> None:
        """Append rows to one of the tables, going by the names of their columns."""
        for part in parts:
            with self._batch(part):
                self._duckdb.execute(f"INSERT INTO {table} BY NAME SELECT * FROM batch")  # noqa: S608  (our own names)

    def number_articles(self, first_of_run: int) -> None:
        """Settle who is who, once all is loaded. The shards of the run are those from number `first_of_run` on.

        Raises Fatal when the run has an article twice.
        """
        found = self._duckdb.execute(FIND_REPEATED, {"first": first_of_run}).fetchall()
        if found:
            raise Fatal(
                f"articles that occur more than once: {', '.join(article_id for (article_id,) in found)}; a run "
                "must be given each shard once, and each input must be in one shard"
            )
        self._duckdb.execute(NUMBER_ARTICLES)
        self._duckdb.execute(KEEP_RELATIONS)
        self._duckdb.execute(RELATE_EXACT_COPIES, {"kind": RelationKind.COPY.value})

    def find_candidates(self, signatures: Mapping[int, Callable[[], Iterable[pa.Table]]]) -> None:
        """Find the pairs to verify, and an order for them.

        `signatures` gives those of each shard once more, by the number it came as.
        """
        for marks, pairs in (("fingerprints", "by_wording"), ("features", "by_topic")):
            self._duckdb.execute(CREATE_POSTINGS)
            for query in (LOAD_WANTED, LOAD_POSTINGS):
                for came, read in signatures.items():
                    for part in read():
                        with self._batch(part):
                            self._duckdb.execute(query.format(marks=MARKS[marks]), {"came": came})
            self._duckdb.execute(MEET.format(pairs=pairs), {"neighbours": NEIGHBOURS})
        self._duckdb.execute(
            CHOOSE_CANDIDATES,
            {
                "fingerprint_share": FINGERPRINT_SHARE,
                "least_features": LEAST_FEATURES,
                "feature_share": FEATURE_SHARE,
            },
        )
        columns: dict[str, Any] = self._duckdb.execute(READ_PAIRS).fetchnumpy()
        order = walk(np.stack([columns["one"], columns["other"]], axis=1))
        self.add_rows("walk", [pa.table({"n": order, "place": np.arange(len(order))})])

    def read(self, query: str, **values: object) -> Iterator[tuple[Any, ...]]:
        """Read the rows of a query bit by bit, on a cursor of its own."""
        with self._duckdb.cursor() as cursor:
            cursor.execute(query, values)
            while rows := cursor.fetchmany(FETCH_ROWS):
                yield from rows

    @contextlib.contextmanager
    def _batch(self, part: pa.Table) -> Iterator[None]:
        self._duckdb.register("batch", part)
        try:
            yield
        finally:
            self._duckdb.unregister("batch")


@contextlib.contextmanager
def open_join(home: Path) -> Iterator[Join]:
    """Open a join whose files stand in a scratch folder under `home`; what killed runs left there is removed first.

    Raises Retryable when the disk is in its way.
    """
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob(f"{SCRATCH_PREFIX}*"):
        remove_scratch(left)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": JOIN_MEMORY,
        "threads": JOIN_THREADS,
        "autoinstall_known_extensions": False,  # DuckDB would load them from its own server
    }
    try:
        with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=home) as scratch:
            settings["temp_directory"] = scratch
            with duckdb.connect(f"{scratch}/join.duckdb", config=settings) as connection:
                yield Join(connection)
    except duckdb.IOException as error:
        raise Retryable(f"{home}: {error}; check the disk and the rights of its folder") from error


def remove_scratch(folder: Path) -> None:
    """Remove a scratch folder with all that is in it."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
