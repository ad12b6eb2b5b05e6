"""Relations over files: the same as in memory, whatever the shards; done once; in bounded memory."""

import multiprocessing
import random
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.boilerplate.records import Article
from tasks.fetch.records import Origin, Provenance
from tasks.mojibake.records import MendedDocument
from tasks.outcome import DropReason, Fatal, Reject, Retryable, StageName
from tasks.shards import Row, from_record, write_shard
from tasks.stories.candidates import HUBS
from tasks.stories.clusters import cluster
from tasks.stories.corpus import BATCH_CHARS, cut_batches, relate_shards
from tasks.stories.records import Membership, Relation, StoriesReceipt, Story
from tasks.stories.relations import relate
from tasks.workers import Job, Limits, Watch, Workers

SENTENCES = [
    f"On {day} the {who} of {town} said that the {what} would not be ready before the end of the {when} season."
    for day, who, town, what, when in [
        ("Monday", "mayor", "Lenz", "tram line", "fishing"),
        ("Tuesday", "head nurse", "Varrow", "night ward", "rainy"),
        ("Friday", "architect", "Holm", "concert hall", "opera"),
        ("Sunday", "ferry captain", "Tarn", "new pier", "herring"),
        ("Thursday", "baker", "Osk", "village oven", "apple"),
    ]
]
TEXTS = st.lists(st.lists(st.sampled_from(SENTENCES), max_size=5).map("\n".join), max_size=10)


def document(name: str, text: str, published_at: datetime | None = None) -> MendedDocument:
    provenance = Provenance(None, None, "text/plain", "utf-8", "declared", "00")
    article = Article("as extracted", published_at=published_at)
    return MendedDocument(Origin(name, None), provenance, article, text, None, None, None, None, (), (), 0.0)


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


def relations_of(receipt: StoriesReceipt) -> list[Relation]:
    return [from_record(row, Relation) for row in pq.read_table(receipt.relations).to_pylist()]


def memberships_of(receipt: StoriesReceipt) -> list[Membership]:
    return [from_record(row, Membership) for row in pq.read_table(receipt.memberships).to_pylist()]


def parts_of(documents: Sequence[MendedDocument], rng: random.Random) -> Iterator[list[MendedDocument]]:
    """Shuffle and cut at random places; parts may be empty."""
    shuffled = rng.sample(documents, len(documents))
    cuts = sorted([0, len(shuffled), *(rng.randint(0, len(shuffled)) for _ in range(rng.randint(0, 3)))])
    yield from (shuffled[start:end] for start, end in pairwise(cuts))


@given(TEXTS, st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_same_result_as_in_memory_whatever_the_shards(texts: list[str], rng: random.Random) -> None:
    dates = [None, datetime(2024, 2, 28, 23, tzinfo=UTC), datetime(2024, 3, 1, 1, tzinfo=UTC)]
    documents = [document(f"http://news.invalid/{n}", text, rng.choice(dates)) for n, text in enumerate(texts)]
    expected = relate(map(story, documents))
    groups = list(cluster(sorted(one.origin.article_id for one in documents), expected))
    digests = set()
    for parts in ([documents], list(parts_of(documents, rng))):
        with TemporaryDirectory() as folder:
            shards = write(Path(folder), parts)
            result = run(rng.sample(shards, len(shards)), Path(folder) / "work")
            assert relations_of(result) == expected
            assert memberships_of(result) == groups
            assert (result.receipt.rows, result.receipt.kept) == (len(documents) + len(parts), len(documents))
            digests.add(result.receipt.digest)
    assert len(digests) == 1


def test_flood_of_near_copies_is_the_same_as_in_memory(tmp_path: Path) -> None:
    """More near copies than hubs, so that the cap on postings is at work in both."""
    texts = ["\n".join([*SENTENCES, f"Edition {number}"]) for number in range(HUBS + 20)]
    documents = [document(f"http://news.invalid/{number}", text) for number, text in enumerate([*texts, *texts[:3]])]
    expected = relate(map(story, documents))
    assert len(expected) == HUBS * (HUBS - 1) // 2 + HUBS * 20 + 3
    result = run(write(tmp_path, [documents[:30], documents[30:]]), tmp_path / "work")
    assert relations_of(result) == expected
    assert len({membership.copy_cluster_id for membership in memberships_of(result)}) == 1


def test_heavily_edited_copies_are_the_same_as_in_memory(tmp_path: Path) -> None:
    """Copies near both thresholds: with every eighth word changed few fingerprints are left to find them by."""
    rng = random.Random(8)  # noqa: S311  (a sample, no secret)
    documents = []
    for number in range(60):
        words = [f"word{rng.randrange(9999)}" for _ in range(60)]
        edited = [f"changed{rng.randrange(9999)}" if rng.random() < 1 / 8 else word for word in words]
        documents += [document(f"{number}/original", " ".join(words)), document(f"{number}/edited", " ".join(edited))]
    expected = relate(map(story, documents))
    assert 40 < len(expected) < 60
    assert relations_of(run(write(tmp_path, [documents]), tmp_path / "work")) == expected


def test_flood_of_exact_copies_gives_a_star(tmp_path: Path) -> None:
    documents = [document(f"http://news.invalid/{number}", SENTENCES[0]) for number in range(500)]
    result = run(write(tmp_path, [documents]), tmp_path / "work")
    first, *others = sorted(one.origin.article_id for one in documents)
    assert [(relation.src, relation.dst) for relation in relations_of(result)] == [(first, other) for other in others]
    assert {membership.story_id for membership in memberships_of(result)} == {first}


def test_done_once(tmp_path: Path) -> None:
    texts = ["\n".join(SENTENCES[:3]), "\n".join(SENTENCES[:4]), "\n".join(SENTENCES[3:])]
    shards = write(tmp_path, [[document(f"http://news.invalid/{n}", text)] for n, text in enumerate(texts)])
    first = run(shards[:2], tmp_path / "work")
    signatures = tmp_path / "work" / "stories" / "signatures"
    times = {path: path.stat().st_mtime_ns for path in signatures.iterdir()}
    assert len(times) == 2
    again = run(shards[1::-1], tmp_path / "work")
    assert again.receipt.reused
    assert not first.receipt.reused
    assert (again.relations, again.memberships) == (first.relations, first.memberships)

    grown = run(shards, tmp_path / "work")
    assert not grown.receipt.reused
    assert grown.memberships != first.memberships
    assert len(list(signatures.iterdir())) == 3
    assert all(path.stat().st_mtime_ns == time for path, time in times.items()), "known shards are not read again"

    fresh = run(shards[:2], tmp_path / "work", fresh=True)
    assert not fresh.receipt.reused
    assert fresh.receipt.digest == first.receipt.digest
    assert all(path.stat().st_mtime_ns > time for path, time in times.items())


def test_lost_relations_are_made_again(tmp_path: Path) -> None:
    shards = write(tmp_path, [[document("a", SENTENCES[0]), document("b", SENTENCES[0])]])
    first = run(shards, tmp_path / "work")
    Path(first.relations).unlink()
    again = run(shards, tmp_path / "work")
    assert not again.receipt.reused
    assert len(relations_of(again)) == 1


def test_scratch_of_a_killed_run_is_removed_and_none_is_left(tmp_path: Path) -> None:
    left = tmp_path / "work" / "stories" / ".join-dead" / "spilled"
    left.mkdir(parents=True)
    (left / "block").write_bytes(b"half a join")
    run(write(tmp_path, [[document("a", SENTENCES[0])]]), tmp_path / "work")
    assert list((tmp_path / "work" / "stories").glob(".*")) == []


def test_nothing_to_relate(tmp_path: Path) -> None:
    result = run([], tmp_path / "work")
    assert (relations_of(result), memberships_of(result)) == ([], [])
    only_rejects = run(write(tmp_path, [[]]), tmp_path / "work")
    assert (relations_of(only_rejects), memberships_of(only_rejects)) == ([], [])
    assert (only_rejects.receipt.rows, only_rejects.receipt.kept) == (1, 0)


def test_an_article_given_twice_is_refused(tmp_path: Path) -> None:
    shards = write(tmp_path, [[document("a", SENTENCES[0])], [document("a", SENTENCES[1])]])
    with pytest.raises(Fatal, match=Origin("a", None).article_id):
        run(shards, tmp_path / "work")


def test_a_missing_shard_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match="check the disk"):
        run([str(tmp_path / "not-there.parquet")], tmp_path / "work")


def test_in_a_worker_process_within_its_memory_limit(tmp_path: Path) -> None:
    shards = write(tmp_path, [[document("a", SENTENCES[0] * 3), document("b", SENTENCES[0] * 3)]])
    workers = Workers(1)
    try:
        arguments = (shards, str(tmp_path / "work"), False)
        job = Job("tasks.stories.corpus:relate_shards", arguments, Limits(), isolate=False)
        result: StoriesReceipt = workers.run(job)
    finally:
        workers.close()
    assert len(relations_of(result)) == 1


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    """Eight times the articles need about the same memory outside DuckDB, which has a cap of its own."""
    small, large = (peak_bytes(tmp_path / str(n_shards), n_shards) for n_shards in (1, 8))
    assert large < 1.25 * small


def test_texts_of_a_batch_are_bounded() -> None:
    """However many candidates there are, only so much text is read at once; every pair is in one batch, in order."""
    long = BATCH_CHARS // 4
    rows = [(f"{one}", 0, one, long, f"{other}", 0, other, long) for one in range(12) for other in range(one + 1, 12)]
    batches = list(cut_batches(rows, ["shard"]))
    assert [pair for batch in batches for pair in batch.pairs] == [(row[0], row[4]) for row in rows]
    assert len(batches) > 1
    for batch in batches:
        assert sum(place.n_chars for place in batch.places.values()) == batch.n_chars < BATCH_CHARS + 2 * long
        assert set(batch.places) == {name for pair in batch.pairs for name in pair}


def peak_bytes(folder: Path, n_shards: int) -> int:
    rng = random.Random(1)  # noqa: S311  (a sample, no secret)
    folder.mkdir()
    parts = [
        [
            document(f"{shard}/{number}", " ".join(f"word{rng.randrange(9999)}" for _ in range(300)))
            for number in range(64)
        ]
        for shard in range(n_shards)
    ]
    shards = write(folder, parts)
    del parts
    tracemalloc.start()
    try:
        run(shards, folder / "work")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
