"""Relations between the articles of a run, and between these and all that came before: over files, in bounded memory.

The relations are those of `relations.relate` on all articles of the history, whatever the order in which they came, the
number of runs, and the number and order of the shards:

1. Signatures. Each shard gets a file with one row for each article: which exact text it is, its marks (fingerprints and
   features), where its text stands. It is kept under the digest of the shard.
2. Candidates. `join` finds the pairs of a new article and any other one that share enough marks.
3. Verification. The texts of the candidates are read again, in batches of bounded size, and compared in full.
4. Groups. The relations are cut into parts that hang together, and `clusters` groups each.
5. Witnesses. For the articles of the run, sentences of related ones are aligned (`witnesses`), a file for each shard.
6. The results become the next generation of the history (`history`), and those that concern the run are its tables.

Only floods differ: where a mark is in more than 33 articles, each meets its neighbours in the list, and pairs that were
neighbours in an earlier run stay related.

A run killed at any moment leaves the history as it was; one run at a time works in a folder, which the run's own lock
sees to.
"""

import json
import time
import unicodedata
from array import array
from collections.abc import Container, Iterable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.arrow_codec import arrow_type
from tasks.fetch.records import Origin
from tasks.outcome import StageName
from tasks.rule_table import rules_version
from tasks.shards import (
    Receipt,
    Row,
    digest_of,
    file_digest,
    read_receipt,
    receipt_path,
    retryable_disk,
    to_record,
    whole_file,
    write_receipt,
    write_shard,
)
from tasks.stories.candidates import in_utc
from tasks.stories.clusters import Member, group
from tasks.stories.history import (
    GENERATIONS,
    History,
    SignedShard,
    read_history,
    remove_unnamed,
    signatures_file,
    sweep,
    write_history,
)
from tasks.stories.join import (
    COUNT_ARTICLES,
    COUNT_ARTICLES_OF_RUN,
    READ_CANDIDATES,
    READ_CLUSTERS,
    READ_COMPARED,
    READ_LINKS,
    READ_MEMBERS,
    READ_MEMBERSHIPS,
    READ_PART_RELATIONS,
    READ_RELATIONS,
    READ_RELATIONS_OF_RUN,
    READ_WITNESSED,
    Join,
    open_join,
)
from tasks.stories.records import (
    ArticleWitnesses,
    Cluster,
    Membership,
    Relation,
    RelationKind,
    StoriesReceipt,
    Story,
    WitnessFile,
)
from tasks.stories.relations import compare
from tasks.stories.signatures import Signature, sign
from tasks.stories.witnesses import find_witnesses
from tasks.workers import Watch

LIBRARIES = ("duckdb", "numpy", "rapidfuzz")

# How many characters of text are held at once for verification: with their signatures about 8 bytes each.
BATCH_CHARS = 20_000_000
WRITE_ROWS = 16_384
READ_ROWS = 65_536
# Of how many articles the sentences are asked as witnesses for one article.
MOST_WITNESSING_ARTICLES = 8
WITNESSES = "witnesses"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

COLUMNS = ["document.origin.input", "document.text", "document.article.published_at"]
SIGNATURE_SCHEMA = pa.schema(
    [
        ("article_id", pa.string()),
        ("row_group", pa.int32()),
        ("text_key", pa.binary()),
        ("n_chars", pa.int32()),
        ("n_sentences", pa.int32()),
        ("published_us", pa.int64()),  # microseconds since 1970
        ("fingerprints", pa.list_(pa.uint32())),
        ("features", pa.list_(pa.uint32())),
        ("feature_weights", pa.list_(pa.uint8())),
    ]
)
# Ids and hashes don't repeat, so dictionaries only cost; an article's are sorted, so their differences are short.
SIGNATURE_LAYOUT = {
    "compression": "zstd",
    "use_dictionary": False,
    "column_encoding": {f"{name}.list.element": "DELTA_BINARY_PACKED" for name in ("fingerprints", "features")},
}


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


@dataclass(frozen=True, slots=True)
class Generation:
    """The files of one generation of results, in a folder of their own.

    `relations` and `clusters` are of all articles of the history, `of_run` the relations of the run that made it;
    `memberships` are those of the run's articles, `regrouped` those of earlier runs. `compared` are the texts that need
    not be compared with each other again.
    """

    folder: Path

    @property
    def relations(self) -> Path:
        """Return the file of all relations."""
        return self.folder / "relations.parquet"

    @property
    def memberships(self) -> Path:
        """Return the file of the groups of the run's articles."""
        return self.folder / "memberships.parquet"

    @property
    def regrouped(self) -> Path:
        """Return the file of the groups of earlier runs' articles."""
        return self.folder / "regrouped.parquet"

    @property
    def clusters(self) -> Path:
        """Return the file of all groups of two articles or more."""
        return self.folder / "clusters.parquet"

    @property
    def compared(self) -> Path:
        """Return the file of the texts compared."""
        return self.folder / "compared.parquet"

    @property
    def witnesses(self) -> Path:
        """Return the file that says which file of witnesses each shard of the run has."""
        return self.folder / "witnesses.json"

    @property
    def of_run(self) -> Path:
        """Return the file of the relations that concern the run."""
        return self.folder / "relations-of-run.parquet"

    def is_whole(self) -> bool:
        """Say whether all files are there."""
        tables = (self.relations, self.of_run, self.clusters, self.compared, self.regrouped, self.memberships)
        return all(path.exists() for path in (*tables, self.witnesses))


def relate_shards(shards: Sequence[str], folder: str, fresh: bool, *, watch: Watch) -> StoriesReceipt:  # noqa: ARG001  (every job gets a watch; this one works on no single document)
    """Relate the articles of all `shards` (paths of shards of MendedDocument), and group them; runs in a child process.

    What earlier runs left in `folder` is taken into account, and the next run will find this one there. With `fresh` no
    result of an earlier run is used: all articles, also those of earlier runs, are signed and compared again. Raises
    Retryable when the disk is in the way and Fatal when an article occurs twice in the run.
    """
    clock, cpu = time.monotonic(), time.process_time()
    home = Path(folder) / StageName.STORIES
    with retryable_disk(home):
        version = digest_of(rules_version("stories", LIBRARIES), unicodedata.unidata_version)
        known = read_history(home, version)
        if fresh or not Generation(Path(known.generation)).is_whole():
            known = replace(known, generation="")
        ordered = sorted((_digest_of_shard(shard), shard) for shard in shards)
        ours = [SignedShard(shard, digest, str(signatures_file(home, version, digest))) for digest, shard in ordered]
        told = known.with_shards(ours)
        generation = Generation(home / GENERATIONS / told.key(len(ours)))
        is_known = told == known and known.generation == str(generation.folder)
        done = read_receipt(generation.memberships) if is_known else None
        if done is None:
            receipt_path(generation.memberships).unlink(missing_ok=True)  # a kill must not leave it beside other files
            n_articles = _make_generation(home, told, len(ours), generation, fresh)
            done = Receipt(
                stage=StageName.STORIES,
                path=str(generation.memberships),
                digest=file_digest(generation.memberships),
                rows=sum(pq.read_metadata(shard).num_rows for shard in shards),
                kept=n_articles,
                cpu_s=round(time.process_time() - cpu, 4),
                wall_s=round(time.monotonic() - clock, 4),
                finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            write_receipt(done)
            write_history(home, History(version, told.shards, str(generation.folder)))
        else:
            remove_unnamed(home, known)
        witnesses = {shard: WitnessFile(file) for shard, file in json.loads(generation.witnesses.read_text()).items()}
        sweep((home / WITNESSES).glob("*"), keep=(Path(file.path) for file in witnesses.values()))
    return StoriesReceipt(
        done,
        relations=str(generation.of_run),
        memberships=str(generation.memberships),
        regrouped=str(generation.regrouped),
        clusters=str(generation.clusters),
        witnesses=witnesses,
    )


def _digest_of_shard(shard: str) -> str:
    """Return the digest that the shard's receipt states, or that of the file where it has none."""
    receipt = read_receipt(Path(shard))
    return file_digest(Path(shard)) if receipt is None else receipt.digest


def _make_generation(home: Path, history: History, n_ours: int, generation: Generation, fresh: bool) -> int:
    """Relate the last `n_ours` shards of the history to all of it; write the results; return the run's articles."""
    signed = dict(enumerate(_sign_shard(one, fresh) for one in history.shards))
    first = len(signed) - n_ours
    with open_join(home) as join:
        for came, file in signed.items():
            join.add_signatures(_read_parts(file), came)
        if history.generation:
            former = Generation(Path(history.generation))
            join.add_rows("compared", _read_parts(former.compared))
            join.add_rows("former", _read_parts(former.memberships))
            join.add_rows("former", _read_parts(former.regrouped))
            join.add_rows("relations", _read_parts(former.relations))
        join.number_articles(first)
        join.find_candidates({came: partial(_read_parts, file) for came, file in signed.items()})
        for found in _verify(cut_batches(join.read(READ_CANDIDATES), [one.shard for one in history.shards])):
            join.add_rows("relations", [_table(found, Relation)])
        _group(join)
        _write(generation.relations, join.read(READ_RELATIONS), Relation)
        _write(generation.of_run, join.read(READ_RELATIONS_OF_RUN, first=first), Relation)
        _write(generation.clusters, join.read(READ_CLUSTERS), Cluster)
        _write(generation.compared, join.read(READ_COMPARED), Compared)
        _write(generation.regrouped, join.read(READ_MEMBERSHIPS, first=0, last=first - 1), Membership)
        _write(generation.memberships, join.read(READ_MEMBERSHIPS, first=first, last=len(signed)), Membership)
        _write_witnesses(join, home, history, first, generation)
        ((n_articles,),) = join.read(COUNT_ARTICLES_OF_RUN, first=first)
        return int(n_articles)


# Signatures


def _sign_shard(one: SignedShard, fresh: bool) -> Path:
    """Write the signatures of the articles of one shard, unless they are there; return the path of the file."""
    target = Path(one.signatures)
    if fresh or not target.exists():
        with whole_file(target) as temporary, pq.ParquetWriter(temporary, SIGNATURE_SCHEMA, **SIGNATURE_LAYOUT) as out:
            for row_group, stories in _read_stories(one.shard):
                rows = [_signature_row(sign(story), row_group) for story in stories]
                out.write_table(pa.Table.from_pylist(rows, schema=SIGNATURE_SCHEMA))
    return target


def _signature_row(signature: Signature, row_group: int) -> dict[str, Any]:
    story = signature.story
    published_at = None if story.published_at is None else in_utc(story.published_at)
    return {
        "article_id": story.article_id,
        "row_group": row_group,
        "text_key": None if signature.text_key is None else bytes.fromhex(signature.text_key),
        "n_chars": len(story.text),
        "n_sentences": signature.n_sentences,
        "published_us": None if published_at is None else (published_at - EPOCH) // MICROSECOND,
        "fingerprints": signature.fingerprints,
        "features": signature.profile.features,
        "feature_weights": signature.profile.feature_weights,
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


# Verification


def cut_batches(rows: Iterable[tuple[Any, ...]], shards: Sequence[str]) -> Iterator[Batch]:
    """Cut the stream of candidates into batches whose texts together have about `BATCH_CHARS` characters.

    A batch holds at least one pair, however long its texts are.
    """
    batch = Batch()
    for row in rows:
        one, other = (Place(id_, shards[came], row_group, size) for id_, came, row_group, size in (row[:4], row[4:]))
        batch.add(one, other)
        if batch.n_chars >= BATCH_CHARS:
            yield batch
            batch = Batch()
    if batch.pairs:
        yield batch


def _verify(batches: Iterable[Batch]) -> Iterator[list[Relation]]:
    """Compare the pairs of each batch in full; what the batch before has signed is not signed again."""
    signatures: dict[str, Signature] = {}
    for batch in batches:
        signatures = {known: signatures[known] for known in batch.places if known in signatures}
        signatures |= {story.article_id: sign(story) for story in _read_texts(batch, known=signatures)}
        relations = (compare(signatures[one], signatures[other]) for one, other in batch.pairs)
        yield [relation for relation in relations if relation is not None]


def _read_texts(batch: Batch, known: Container[str] = ()) -> Iterator[Story]:
    """Read the articles of a batch, but for those `known` already."""
    wanted: dict[str, dict[int, set[str]]] = {}
    for place in batch.places.values():
        if place.article_id not in known:
            wanted.setdefault(place.shard, {}).setdefault(place.row_group, set()).add(place.article_id)
    for shard, by_group in sorted(wanted.items()):
        for row_group, stories in _read_stories(shard, sorted(by_group)):
            yield from (story for story in stories if story.article_id in by_group[row_group])


# Witnesses


def _write_witnesses(join: Join, home: Path, history: History, first: int, generation: Generation) -> None:
    """Write for each shard of the run a file with the witnesses for its articles, and which shard has which file.

    A file is named by what is in it, so that a shard whose witnesses are the same as before need not be repaired again.
    """
    shards = [one.shard for one in history.shards]
    files: dict[str, str] = {}
    rows = join.read(READ_WITNESSED, first=first, most=MOST_WITNESSING_ARTICLES)
    for came, of_shard in groupby(rows, key=itemgetter(1)):
        found = [one for batch in cut_batches(of_shard, shards) for one in _witness(batch)]
        if found:
            written = home / WITNESSES / "new.parquet"
            digest = write_shard(written, (Row(one, None) for one in found), ArticleWitnesses)
            files[shards[came]] = str(written.replace(written.with_stem(digest)))
    with whole_file(generation.witnesses) as temporary:
        temporary.write_text(json.dumps(files, indent=1) + "\n", "utf-8")


def _witness(batch: Batch) -> Iterator[ArticleWitnesses]:
    """Yield the witnesses for each suspect of a batch that has any."""
    stories = {story.article_id: story for story in _read_texts(batch)}
    for suspect, pairs in groupby(batch.pairs, key=itemgetter(0)):
        witnesses = find_witnesses(stories[suspect], [stories[other] for _, other in pairs])
        if witnesses:
            yield ArticleWitnesses(suspect, witnesses)


# Groups


def _group(join: Join) -> None:
    """Put memberships and clusters into the join, one part that hangs together after the other."""
    join.add_rows("parts", _number_parts(join))
    related = RelationKind.RELATED.value
    members = groupby(join.read(READ_MEMBERS), key=itemgetter(0))
    relations = groupby(join.read(READ_PART_RELATIONS, related=related), key=itemgetter(0))
    memberships: list[Membership] = []
    clusters: list[Cluster] = []
    for (_, own), (_, between) in zip(members, relations, strict=True):
        found, groups = group([_member(row) for row in own], [_relation(row[1:]) for row in between])
        memberships += found
        clusters += groups
        if len(memberships) >= WRITE_ROWS:
            _flush(join, memberships, clusters)
    _flush(join, memberships, clusters)


def _flush(join: Join, memberships: list[Membership], clusters: list[Cluster]) -> None:
    join.add_rows("memberships", [_table(memberships, Membership)])
    join.add_rows("clusters", [_table(clusters, Cluster)])
    memberships.clear()
    clusters.clear()


def _number_parts(join: Join) -> Iterator[pa.Table]:
    """Yield for the number of each article that is related to any other the number of the part it hangs in."""
    ((n_articles,),) = join.read(COUNT_ARTICLES)
    parents = array("q", range(n_articles + 1))
    for one, other in join.read(READ_LINKS, related=RelationKind.RELATED.value):
        low, high = sorted((_root(parents, one), _root(parents, other)))
        parents[high] = low
    roots = np.array([_root(parents, n) for n in range(n_articles + 1)], np.int64)
    related = np.flatnonzero(np.bincount(roots, minlength=len(roots))[roots] > 1)
    yield pa.table({"n": related, "part": roots[related]})


def _root(parents: MutableSequence[int], n: int) -> int:
    """Return the smallest number of the part of `n`, and shorten the way to it."""
    root = n
    while parents[root] != root:
        root = parents[root]
    while parents[n] != root:
        parents[n], n = root, parents[n]
    return root


def _member(row: tuple[Any, ...]) -> Member:
    _, article_id, text_key, n_chars, published_us, copy_cluster_id, story_id = row
    published_at = None if published_us is None else EPOCH + published_us * MICROSECOND
    former = None if copy_cluster_id is None else Membership(article_id, copy_cluster_id, story_id)
    return Member(article_id, text_key.hex(), n_chars, published_at, former)


def _relation(row: tuple[Any, ...]) -> Relation:
    src, dst, kind, *rest = row
    return Relation(src, dst, RelationKind(kind), *rest)


# Tables


@dataclass(frozen=True, slots=True)
class Compared:
    """A text that was compared with all others of its generation: the same words and date need not be again."""

    article_id: str
    text_key: bytes
    published_us: int | None


def _write(target: Path, rows: Iterable[tuple[Any, ...]], kind: type) -> None:
    """Write rows that have the fields of the dataclass `kind`, in their order: whole or not at all."""
    schema = pa.schema(list(arrow_type(kind)))
    stream = iter(rows)
    with whole_file(target) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as out:
        while part := list(islice(stream, WRITE_ROWS)):
            columns = [
                pa.array(column, field.type) for column, field in zip(zip(*part, strict=True), schema, strict=True)
            ]
            out.write_table(pa.Table.from_arrays(columns, schema=schema))


def _table(records: Sequence[object], kind: type) -> pa.Table:
    return pa.Table.from_pylist([to_record(record) for record in records], pa.schema(list(arrow_type(kind))))


def _read_parts(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(READ_ROWS):
            yield pa.Table.from_batches([batch])
