"""Stories, and shards of them, for the tests of this room; and what relating shards gave, read back."""

import multiprocessing
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq
from hypothesis import strategies as st

from tasks.boilerplate.records import Article
from tasks.fetch.records import Origin, Provenance
from tasks.mojibake.records import MendedDocument
from tasks.outcome import DropReason, Reject, StageName
from tasks.shards import Row, from_record, write_shard
from tasks.stories.corpus import relate_shards
from tasks.stories.records import Cluster, Membership, Relation, StoriesReceipt, Story
from tasks.stories.relations import SAME_DAYS
from tasks.workers import Limits, Watch

T = TypeVar("T")

DAY = datetime(2020, 9, 14, 22, tzinfo=UTC)

# Sentences of which Hypothesis builds articles: parts of them agree, so all degrees of likeness occur. Each stands here
# as it was written and as a spinner leaves it.
MATTERS = [
    ("harbour", "Lenz", "drivers", "refused", "longer shifts", "May"),
    ("old mill", "Varrow", "nurses", "accepted", "new contract", "June"),
    ("east wing", "Holm", "teachers", "postponed", "inspection", "July"),
    ("upper valley", "Brandt", "farmers", "blocked", "second road", "August"),
    ("town hall", "Tarn", "auditors", "found", "missing ledger", "March"),
    ("night market", "Osk", "traders", "welcomed", "lower rent", "April"),
]
SENTENCES = [
    f"In the {place} of {town} the {people} have {verb} the {thing} that the council had asked for since {month}."
    for place, town, people, verb, thing, month in MATTERS
]
RESPUN = [
    f"At the {place} of {town} these {people} {verb} this {thing} which the board had demanded ever since {month}."
    for place, town, people, verb, thing, month in MATTERS
]
TEXTS = st.lists(st.sampled_from([*SENTENCES, *RESPUN]), max_size=6).map("\n".join)
DATES = st.sampled_from([None, DAY, DAY + timedelta(days=SAME_DAYS), DAY + timedelta(days=SAME_DAYS + 1)])


def document(name: str, text: str, published_at: datetime | None = None) -> MendedDocument:
    provenance = Provenance(None, None, "text/plain", "utf-8", "declared", "00")
    article = Article("as extracted", published_at=published_at)
    return MendedDocument(Origin(name, None), provenance, article, text, None, None, None, None, (), (), 0.0)


def id_of(name: str) -> str:
    return Origin(name, None).article_id


def story(mended: MendedDocument) -> Story:
    return Story(mended.origin.article_id, mended.text, mended.article.published_at)


def reject(name: str) -> Row[MendedDocument]:
    return Row(None, Reject(name, None, StageName.FETCH, DropReason.NOT_FOUND, ""))


def write(folder: Path, parts: Sequence[Sequence[MendedDocument]]) -> list[str]:
    """Write one shard for each part, each with a reject among its documents."""
    paths = []
    for number, part in enumerate(parts):
        path = folder / f"shard-{number}.parquet"
        rows = [Row(one, None) for one in part]
        write_shard(path, [*rows[:1], reject(f"gone-{number}"), *rows[1:]], MendedDocument)
        paths.append(str(path))
    return paths


def run(shards: Sequence[str], folder: Path, *, fresh: bool = False) -> StoriesReceipt:
    """Run the job in this process, under a real watch."""
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        return relate_shards(shards, str(folder), fresh, watch=Watch(theirs, {}, Limits()))


def read(path: str | Path, kind: type[T]) -> list[T]:
    return [from_record(row, kind) for row in pq.read_table(path).to_pylist()]


def relations_of(receipt: StoriesReceipt) -> list[Relation]:
    """Return the relations that concern the run."""
    return read(receipt.relations, Relation)


def all_relations_of(receipt: StoriesReceipt) -> list[Relation]:
    """Return the relations of the whole history."""
    return read(Path(receipt.relations).with_name("relations.parquet"), Relation)


def memberships_of(receipt: StoriesReceipt) -> list[Membership]:
    """Return the groups of the run's articles."""
    return read(receipt.memberships, Membership)


def all_memberships_of(receipt: StoriesReceipt) -> list[Membership]:
    """Return the groups of all articles of the history."""
    return [*memberships_of(receipt), *read(receipt.regrouped, Membership)]


def clusters_of(receipt: StoriesReceipt) -> list[Cluster]:
    return read(receipt.clusters, Cluster)


def partition(memberships: Iterable[Membership]) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """Return who is with whom, in copy clusters and in stories, whatever the groups are called."""
    copies, stories = defaultdict(set), defaultdict(set)
    for one in memberships:
        copies[one.copy_cluster_id].add(one.article_id)
        stories[one.story_id].add(one.article_id)
    return set(map(frozenset, copies.values())), set(map(frozenset, stories.values()))
