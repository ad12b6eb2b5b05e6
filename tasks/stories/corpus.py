"""Relations between all articles of a run, over files, in memory that does not grow with their number.

The same result as `relations.relate` on the same articles, whatever the order and number of the shards:

1. Signatures. Each shard gets a file beside the results with one row for each article: which exact text it is, its
   fingerprints, where its text stands. It is kept under the digest of the shard, so a second run over a corpus that
   grew reads only the new shards.
2. Candidates. DuckDB joins the fingerprints under a memory cap and spills to disk beyond it: exact copies first, of
   which one article stands for all, then the rule of `candidates`, said in SQL.
3. Verification. The texts of the candidates are read again, in batches of bounded size, and compared in full.
4. Groups. Relations and memberships are streamed to disk; only ids that have a relation are held.

Results stand in `folder/stories/<key>/`; the key is made of the digests of the shards, the version of the room and
that of the Unicode tables. A run killed half-way leaves at most a scratch folder, which the next one removes; one run
at a time works in a folder, which the run's own lock sees to.
"""

import contextlib
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.arrow_codec import arrow_type
from tasks.fetch.records import Origin
from tasks.outcome import Fatal, Retryable, StageName
from tasks.rule_table import rules_version
from tasks.shards import (
    Receipt,
    digest_of,
    file_digest,
    read_receipt,
    retryable_disk,
    to_record,
    whole_file,
    write_receipt,
)
from tasks.stories.candidates import CANDIDATE_SHARE, HUBS
from tasks.stories.clusters import cluster
from tasks.stories.records import Membership, Relation, RelationKind, StoriesReceipt, Story
from tasks.stories.relations import compare
from tasks.stories.signatures import Signature, sign
from tasks.workers import Watch

LIBRARIES = ("duckdb", "numpy")

# The join's share of a worker's memory; beyond it DuckDB spills to disk. 24,000 articles of 500 words, a fifth of
# them copies, took 377 MB for the whole process; with a cap of 64 MB the tables were the same.
JOIN_MEMORY = "512MB"
JOIN_THREADS = 2
# How many characters of text are held at once for verification: with their shingles about 5 bytes each.
BATCH_CHARS = 8_000_000
FETCH_ROWS = 4096
WRITE_ROWS = 16_384

SCRATCH_PREFIX = ".join-"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

COLUMNS = ["document.origin.input", "document.text", "document.article.published_at"]
SIGNATURE_SCHEMA = pa.schema(
    [
        ("article_id", pa.string()),
        ("row_group", pa.int32()),
        ("text_key", pa.string()),
        ("n_chars", pa.int64()),
        ("n_sentences", pa.int64()),
        ("published_us", pa.int64()),  # microseconds since 1970
        ("fingerprints", pa.list_(pa.uint64())),
    ]
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article's text stands: the shard, the row group in it; and how many characters it has."""

    article_id: str
    shard: str
    row_group: int
    n_chars: int


@dataclass(slots=True)
class Batch:
    """Pairs of articles to verify together, and the places of all articles in them."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    n_chars: int = 0

    def add(self, one: Place, other: Place) -> None:
        """Put one more pair into the batch."""
        self.pairs.append((one.article_id, other.article_id))
        for place in (one, other):
            if place.article_id not in self.places:
                self.places[place.article_id] = place
                self.n_chars += place.n_chars


def relate_shards(shards: Sequence[str], folder: str, fresh: bool, *, watch: Watch) -> StoriesReceipt:  # noqa: ARG001  (every job gets a watch; this one works on no single document)
    """Relate the articles of all `shards` (paths of shards of MendedDocument) and group them; runs in a child process.

    Writes the tables of relations and memberships under `folder`, or, unless `fresh`, finds them there. Raises
    Retryable when the disk is in the way and Fatal when an article occurs twice.
    """
    clock, cpu = time.monotonic(), time.process_time()
    home = Path(folder) / StageName.STORIES
    with retryable_disk(home), _retryable_join(home):
        version = digest_of(rules_version("stories", LIBRARIES), unicodedata.unidata_version)
        ordered = sorted((_digest_of_shard(shard), shard) for shard in shards)
        target = home / digest_of(version, *(digest for digest, _ in ordered))
        relations, memberships = target / "relations.parquet", target / "memberships.parquet"
        done = None if fresh else read_receipt(memberships)
        if done is None or not relations.exists():
            signed = [
                _sign_shard(shard, home / "signatures" / f"{digest_of(version, digest)}.parquet", fresh)
                for digest, shard in ordered
            ]
            n_articles = _write_tables([shard for _, shard in ordered], signed, relations, memberships)
            done = Receipt(
                stage=StageName.STORIES,
                path=str(memberships),
                digest=file_digest(memberships),
                rows=sum(pq.read_metadata(shard).num_rows for shard in shards),
                kept=n_articles,
                cpu_s=round(time.process_time() - cpu, 4),
                wall_s=round(time.monotonic() - clock, 4),
                finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            write_receipt(done)
    return StoriesReceipt(done, str(relations), str(memberships))


def _digest_of_shard(shard: str) -> str:
    """Return the digest that the shard's receipt states, or that of the file where it has none."""
    receipt = read_receipt(Path(shard))
    return file_digest(Path(shard)) if receipt is None else receipt.digest


# Signatures


def _sign_shard(shard: str, target: Path, fresh: bool) -> str:
    """Write the signatures of the articles of one shard, unless they are there; return the path of the file."""
    if fresh or not target.exists():
        with whole_file(target) as temporary, pq.ParquetWriter(temporary, SIGNATURE_SCHEMA, compression="zstd") as out:
            for row_group, stories in _read_stories(shard):
                rows = [_signature_row(sign(story), row_group) for story in stories]
                out.write_table(pa.Table.from_pylist(rows, schema=SIGNATURE_SCHEMA))
    return str(target)


def _signature_row(signature: Signature, row_group: int) -> dict[str, Any]:
    story, published_at = signature.story, signature.story.published_at
    return {
        "article_id": story.article_id,
        "row_group": row_group,
        "text_key": signature.text_key,
        "n_chars": len(story.text),
        "n_sentences": signature.n_sentences,
        "published_us": None if published_at is None else (published_at - EPOCH) // MICROSECOND,
        "fingerprints": signature.fingerprints,
    }


def _read_stories(shard: str, row_groups: Iterable[int] | None = None) -> Iterator[tuple[int, list[Story]]]:
    """Read the articles of a shard, or of some of its row groups, a row group at a time; rejects are passed over."""
    with pq.ParquetFile(shard) as file:
        for row_group in range(file.num_row_groups) if row_groups is None else row_groups:
            records = file.read_row_group(row_group, columns=COLUMNS)["document"].to_pylist()
            yield row_group, [_story_of(record) for record in records if record is not None]


def _story_of(document: dict[str, Any]) -> Story:
    origin = Origin(document["origin"]["input"], url=None)
    return Story(origin.article_id, document["text"], document["article"]["published_at"])


# The join

CREATE_ARTICLES = """
    CREATE TABLE signed (article_id VARCHAR, shard INTEGER, row_group INTEGER, text_key VARCHAR, n_chars BIGINT,
                         n_sentences BIGINT, published_us BIGINT, n_fingerprints BIGINT);
    CREATE TABLE postings (hash UBIGINT, n BIGINT);
    CREATE TABLE relations (src VARCHAR, dst VARCHAR, kind VARCHAR, score DOUBLE, n_sentences BIGINT,
                            date_gap_days BIGINT);
"""
LOAD_SHARD = """
    INSERT INTO signed
    SELECT article_id, $shard, row_group, text_key, n_chars, n_sentences, published_us, len(fingerprints)
    FROM read_parquet($file)
"""
FIND_REPEATED = "SELECT article_id FROM signed GROUP BY article_id HAVING count(*) > 1 ORDER BY article_id LIMIT 5"
# Small numbers in the order of the ids take their place in the join. Of articles with the same words one is `alone`.
NUMBER_ARTICLES = """
    CREATE TABLE articles AS
    SELECT *, row_number() OVER (ORDER BY article_id) AS n,
           article_id = min(article_id) OVER (PARTITION BY text_key) AND text_key IS NOT NULL AS alone
    FROM signed;
    DROP TABLE signed
"""
LOAD_POSTINGS = """
    INSERT INTO postings
    SELECT hash, n
    FROM (SELECT unnest(fingerprints) AS hash, article_id FROM read_parquet($file))
    JOIN articles USING (article_id)
    WHERE alone
"""
# A star: every article with the same words as another is related to the one that stands for them.
RELATE_EXACT_COPIES = """
    INSERT INTO relations
    SELECT one.article_id, other.article_id, $kind, 1.0, one.n_sentences,
           abs(one.published_us - other.published_us) // 86400000000
    FROM articles AS one JOIN articles AS other USING (text_key)
    WHERE one.alone AND NOT other.alone
"""
FIND_HUBS = """
    CREATE TABLE hubs AS
    SELECT hash, n
    FROM postings SEMI JOIN (SELECT hash FROM postings GROUP BY hash HAVING count(*) > 1) USING (hash)
    QUALIFY row_number() OVER (PARTITION BY hash ORDER BY n) <= $hubs
"""
FIND_CANDIDATES = """
    CREATE TABLE candidates AS
    SELECT pairs.one, pairs.other
    FROM (SELECT hubs.n AS one, postings.n AS other, count(*) AS shared
          FROM hubs JOIN postings ON hubs.hash = postings.hash AND hubs.n < postings.n
          GROUP BY hubs.n, postings.n) AS pairs
    JOIN articles AS one ON one.n = pairs.one
    JOIN articles AS other ON other.n = pairs.other
    WHERE shared >= $share * least(one.n_fingerprints, other.n_fingerprints)
"""
READ_CANDIDATES = """
    SELECT one.article_id, one.shard, one.row_group, one.n_chars,
           other.article_id, other.shard, other.row_group, other.n_chars
    FROM candidates
    JOIN articles AS one ON one.n = candidates.one
    JOIN articles AS other ON other.n = candidates.other
    ORDER BY one.n, other.n
"""
READ_RELATIONS = "SELECT src, dst, kind, score, n_sentences, date_gap_days FROM relations ORDER BY src, dst"
READ_IDS = "SELECT article_id FROM articles ORDER BY article_id"


def _write_tables(shards: Sequence[str], signed: Sequence[str], relations: Path, memberships: Path) -> int:
    """Find and verify the relations, write both tables; return the number of articles."""
    home = relations.parent.parent
    home.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(home)
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=home) as scratch, _open_join(scratch) as join:
        _load(join, signed)
        _propose(join, signed)
        for batch in cut_batches(_stream(join, READ_CANDIDATES), shards):
            _store_relations(join, _verify(batch))
        _write_rows(relations, _read_relations(join), Relation)
        ids = (article_id for (article_id,) in _stream(join, READ_IDS))
        return _write_rows(memberships, cluster(ids, _read_relations(join)), Membership)


@contextlib.contextmanager
def _open_join(scratch: str) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": JOIN_MEMORY,
        "threads": JOIN_THREADS,
        "temp_directory": scratch,
        "autoinstall_known_extensions": False,  # DuckDB would load them from its own server
    }
    with duckdb.connect(f"{scratch}/join.duckdb", config=settings) as join:
        yield join


def _load(join: duckdb.DuckDBPyConnection, signed: Sequence[str]) -> None:
    """Read all signatures but their fingerprints. Raises Fatal when an article occurs twice."""
    join.execute(CREATE_ARTICLES)
    for number, file in enumerate(signed):
        join.execute(LOAD_SHARD, {"file": file, "shard": number})
    repeated = [article_id for (article_id,) in join.execute(FIND_REPEATED).fetchall()]
    if repeated:
        raise Fatal(
            f"articles that occur more than once: {', '.join(repeated)}; a run must be given each shard once, and "
            "each input must be in one shard"
        )
    join.execute(NUMBER_ARTICLES)


def _propose(join: duckdb.DuckDBPyConnection, signed: Sequence[str]) -> None:
    """Relate exact copies, and find the pairs of other articles that may be copies: the rule of `candidates`."""
    join.execute(RELATE_EXACT_COPIES, {"kind": RelationKind.COPY.value})
    for file in signed:
        join.execute(LOAD_POSTINGS, {"file": file})
    join.execute(FIND_HUBS, {"hubs": HUBS})
    join.execute(FIND_CANDIDATES, {"share": CANDIDATE_SHARE})


def _stream(join: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    """Read the rows of a query bit by bit, on a cursor of its own."""
    with join.cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(FETCH_ROWS):
            yield from rows


def _remove_leftovers(home: Path) -> None:
    """Remove the scratch folders of runs that were killed."""
    for scratch in home.glob(f"{SCRATCH_PREFIX}*"):
        for path in sorted(scratch.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        scratch.rmdir()


@contextlib.contextmanager
def _retryable_join(home: Path) -> Iterator[None]:
    """Turn DuckDB's own trouble with files into a Retryable."""
    try:
        yield
    except duckdb.IOException as error:
        raise Retryable(f"{home}: {error}; check the disk and the rights of its folder") from error


# Verification


def cut_batches(rows: Iterable[tuple[Any, ...]], shards: Sequence[str]) -> Iterator[Batch]:
    """Cut the stream of candidates into batches whose texts together have about `BATCH_CHARS` characters.

    A batch holds at least one pair, however long its texts are.
    """
    batch = Batch()
    for row in rows:
        one, other = (Place(id_, shards[number], group, size) for id_, number, group, size in (row[:4], row[4:]))
        batch.add(one, other)
        if batch.n_chars >= BATCH_CHARS:
            yield batch
            batch = Batch()
    if batch.pairs:
        yield batch


def _verify(batch: Batch) -> list[Relation]:
    """Read the texts of a batch and compare its pairs in full."""
    wanted: dict[str, set[int]] = {}
    for place in batch.places.values():
        wanted.setdefault(place.shard, set()).add(place.row_group)
    signatures = {
        story.article_id: sign(story)
        for shard, row_groups in sorted(wanted.items())
        for _, stories in _read_stories(shard, sorted(row_groups))
        for story in stories
        if story.article_id in batch.places
    }
    relations = (compare(signatures[one], signatures[other]) for one, other in batch.pairs)
    return [relation for relation in relations if relation is not None]


def _store_relations(join: duckdb.DuckDBPyConnection, relations: Sequence[Relation]) -> None:
    found = pa.Table.from_pylist([to_record(relation) for relation in relations], schema=_schema_of(Relation))
    join.register("found", found)
    join.execute("INSERT INTO relations SELECT * FROM found")
    join.unregister("found")


def _read_relations(join: duckdb.DuckDBPyConnection) -> Iterator[Relation]:
    for src, dst, kind, *rest in _stream(join, READ_RELATIONS):
        yield Relation(src, dst, RelationKind(kind), *rest)


# Tables


def _write_rows(target: Path, rows: Iterable[Relation] | Iterable[Membership], kind: type) -> int:
    """Write a table of the dataclass `kind`, whole or not at all; return the number of rows."""
    count, stream = 0, iter(rows)
    with whole_file(target) as temporary, pq.ParquetWriter(temporary, _schema_of(kind), compression="zstd") as out:
        while records := [to_record(row) for row in islice(stream, WRITE_ROWS)]:
            out.write_table(pa.Table.from_pylist(records, schema=_schema_of(kind)))
            count += len(records)
    return count


def _schema_of(kind: type) -> pa.Schema:
    return pa.schema(list(arrow_type(kind)))
