"""Relations over files: as in memory, whatever the shards and in however many runs they came; in bounded memory."""

import os
import random
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.mojibake.records import MendedDocument
from tasks.outcome import Fatal, Retryable
from tasks.shards import file_digest
from tasks.stories import corpus
from tasks.stories.candidates import NEIGHBOURS, propose_pairs, walk
from tasks.stories.clusters import Member, group
from tasks.stories.corpus import BATCH_CHARS, cut_batches
from tasks.stories.join import READ_CANDIDATES, open_join
from tasks.stories.records import Cluster, Membership, RelationKind, StoriesReceipt, Story
from tasks.stories.relations import compare, relate
from tasks.stories.signatures import Signature, sign
from tasks.workers import Job, Limits, Workers
from tests.stories.made_stories import (
    DATES,
    DAY,
    SENTENCES,
    TEXTS,
    all_memberships_of,
    all_relations_of,
    clusters_of,
    document,
    id_of,
    memberships_of,
    partition,
    read,
    relations_of,
    run,
    story,
    write,
)

FILES = ["relations", "relations-of-run", "memberships", "regrouped", "clusters", "compared"]
NAMES = [f"http://news.invalid/{number}" for number in range(10)]
# A run: what it finds at some addresses. What was found there in an earlier run is replaced.
ARRIVALS = st.dictionaries(st.sampled_from(NAMES), st.tuples(TEXTS, DATES), max_size=7).map(
    lambda found: [document(name, text, date) for name, (text, date) in found.items()]
)


def parts_of(documents: Sequence[MendedDocument], rng: random.Random) -> Iterator[list[MendedDocument]]:
    """Shuffle and cut at random places; parts may be empty."""
    shuffled = rng.sample(documents, len(documents))
    cuts = sorted([0, len(shuffled), *(rng.randint(0, len(shuffled)) for _ in range(rng.randint(0, 3)))])
    yield from (shuffled[start:end] for start, end in pairwise(cuts))


def member(one: MendedDocument) -> Member:
    return Member(one.origin.article_id, sign(story(one)).text_key, len(one.text), one.article.published_at)


def nameless(clusters: Sequence[Cluster]) -> list[Cluster]:
    """Return all that is said of clusters but their names, in an order that does not depend on them."""
    ordered = sorted(clusters, key=lambda one: (one.kind, one.best_article_id))
    return [replace(cluster, cluster_id="") for cluster in ordered]


def check_history(documents: Sequence[MendedDocument], result: StoriesReceipt) -> None:
    """Check that the history is what comparing all documents at once gives; groups may have other names."""
    relations = relate(map(story, documents))
    memberships, clusters = group([member(one) for one in documents], relations)
    assert all_relations_of(result) == relations
    assert partition(all_memberships_of(result)) == partition(memberships)
    assert nameless(clusters_of(result)) == nameless(clusters)


def check_receipt(documents: Sequence[MendedDocument], result: StoriesReceipt) -> None:
    """Check that the files of a run hold what `StoriesReceipt` says, if these were the run's documents."""
    ours = {one.origin.article_id for one in documents}
    assert result.receipt.kept == len(ours)
    assert [one.article_id for one in memberships_of(result)] == sorted(ours)
    assert relations_of(result) == [one for one in all_relations_of(result) if one.src in ours or one.dst in ours]
    everybody = {one.article_id: one for one in all_memberships_of(result)}
    earlier = [one.article_id for one in all_memberships_of(result)[len(ours) :]]
    assert earlier == sorted(everybody.keys() - ours)
    clusters = clusters_of(result)
    assert clusters == sorted(clusters, key=lambda one: (one.cluster_id, one.kind))
    for cluster in clusters:
        own = [one for one in everybody.values() if cluster.cluster_id in (one.copy_cluster_id, one.story_id)]
        assert cluster.n_articles > 1
        assert {cluster.cluster_id, cluster.best_article_id} <= {one.article_id for one in own}


# The same as in memory


@given(ARRIVALS, st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_same_result_as_in_memory_whatever_the_shards(documents: list[MendedDocument], rng: random.Random) -> None:
    expected = relate(map(story, documents))
    ordered = sorted(documents, key=lambda one: one.origin.article_id)
    memberships, clusters = group([member(one) for one in ordered], expected)
    digests = set()
    for parts in ([documents], list(parts_of(documents, rng))):
        with TemporaryDirectory() as folder:
            shards = write(Path(folder), parts)
            result = run(rng.sample(shards, len(shards)), Path(folder) / "work")
            assert relations_of(result) == all_relations_of(result) == expected
            assert memberships_of(result) == all_memberships_of(result) == memberships
            assert clusters_of(result) == sorted(clusters, key=lambda one: (one.cluster_id, one.kind))
            assert (result.receipt.rows, result.receipt.kept) == (len(documents) + len(parts), len(documents))
            digests.add(result.receipt.digest)
    assert len(digests) == 1


@given(st.lists(ARRIVALS, min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_same_history_whatever_the_order_of_arrival(arrivals: list[list[MendedDocument]], rng: random.Random) -> None:
    """Documents come in up to four runs; some come again, with another text or date, or as they were."""
    latest: dict[str, MendedDocument] = {}
    with TemporaryDirectory() as folder:
        for number, documents in enumerate(arrivals):
            came = Path(folder) / str(number)
            came.mkdir()
            latest |= {one.origin.article_id: one for one in documents}
            result = run(write(came, list(parts_of(documents, rng))), Path(folder) / "work")
            check_receipt(documents, result)
            check_history(list(latest.values()), result)


@given(ARRIVALS, st.randoms(use_true_random=False))
@settings(max_examples=4, deadline=None)
def test_the_join_proposes_what_candidates_propose(documents: list[MendedDocument], rng: random.Random) -> None:
    """The rule stands twice. With a flood of near copies, so that lists are longer than what one article meets."""
    dates = [None, *(DAY + timedelta(hours=rng.randint(0, 9)) for _ in range(5))]
    flood = [
        document(f"flood/{number}", f"{SENTENCES[0]} {SENTENCES[1]} Edition {number}.", rng.choice(dates))
        for number in range(NEIGHBOURS + 8)
    ]
    check_candidates([*documents, *flood])


def test_the_join_proposes_what_candidates_propose_at_the_edge_of_the_rule() -> None:
    """Pairs that share from none to fifteen of thirty words."""
    texts = []
    for n_shared in range(16):
        shared = [f"shared{n_shared}x{number}" for number in range(n_shared)]
        own = [[f"own{n_shared}{side}{number}" for number in range(30 - n_shared)] for side in "ab"]
        texts += [" ".join([*shared, *words]) for words in own]
    assert 0 < check_candidates([document(text, text) for text in texts]) < 16


def check_candidates(documents: Sequence[MendedDocument]) -> int:
    signatures = sorted((sign(story(one)) for one in documents), key=lambda one: one.story.article_id)
    first = {one.text_key: one for one in reversed(signatures) if one.text_key is not None}
    alone = [one for one in signatures if one.text_key is not None and first[one.text_key] is one]
    expected = [(alone[i].story.article_id, alone[j].story.article_id) for i, j in propose_pairs(alone)]
    with TemporaryDirectory() as folder:
        run(write(Path(folder), [documents]), Path(folder) / "work")
        (file,) = (Path(folder) / "work" / "stories" / "signatures").iterdir()
        signed = [pq.read_table(file)]
        with open_join(Path(folder) / "join") as join:
            join.add_signatures(signed, 0)
            join.number_articles(0)
            join.find_candidates({0: lambda: signed})
            assert sorted((row[0], row[4]) for row in join.read(READ_CANDIDATES)) == expected
    return len(expected)


def test_heavily_edited_copies_are_the_same_as_in_memory(tmp_path: Path) -> None:
    """Copies near the threshold: with every eighth word changed few runs of five words are left."""
    rng = random.Random(8)  # noqa: S311  (a sample, no secret)
    documents = []
    for number in range(60):
        words = [f"word{rng.randrange(9999)}" for _ in range(60)]
        edited = [f"changed{rng.randrange(9999)}" if rng.random() < 1 / 8 else word for word in words]
        documents += [document(f"{number}/original", " ".join(words)), document(f"{number}/edited", " ".join(edited))]
    expected = relate(map(story, documents))
    assert {relation.kind for relation in expected} == {RelationKind.COPY, RelationKind.SPUN_COPY}
    assert relations_of(run(write(tmp_path, [documents]), tmp_path / "work")) == expected


# Floods


def flood_of(n_articles: int) -> list[MendedDocument]:
    texts = ["\n".join([*SENTENCES, f"Edition {number}"]) for number in range(n_articles)]
    return [document(f"http://news.invalid/{number}", text) for number, text in enumerate([*texts, *texts[:3]])]


def test_flood_of_near_copies_is_the_same_as_in_memory(tmp_path: Path) -> None:
    """More near copies than an article meets, so that the cap on lists is at work in both."""
    documents = flood_of(NEIGHBOURS + 20)
    result = run(write(tmp_path, [documents[:30], documents[30:]]), tmp_path / "work")
    check_history(documents, result)
    assert len({membership.copy_cluster_id for membership in memberships_of(result)}) == 1


def test_flood_over_two_runs_is_one_group_and_has_all_relations_of_one_run(tmp_path: Path) -> None:
    documents = flood_of(NEIGHBOURS + 20)
    shards = write(tmp_path, [documents[::2], documents[1::2]])
    run(shards[:1], tmp_path / "work")
    result = run(shards[1:], tmp_path / "work")
    found, signatures = all_relations_of(result), {one.origin.article_id: sign(story(one)) for one in documents}
    assert set(relate(map(story, documents))) < set(found), "neighbours of the first run stay related"
    assert found == [compare(signatures[relation.src], signatures[relation.dst]) for relation in found]
    assert len({membership.copy_cluster_id for membership in all_memberships_of(result)}) == 1


def test_flood_of_exact_copies_gives_a_star(tmp_path: Path) -> None:
    documents = [document(f"http://news.invalid/{number}", SENTENCES[0]) for number in range(500)]
    shards = write(tmp_path, [documents[:250], documents[250:]])
    run(shards[:1], tmp_path / "work")
    result = run(shards[1:], tmp_path / "work")
    first, *others = sorted(one.origin.article_id for one in documents)
    star = [(relation.src, relation.dst) for relation in all_relations_of(result)]
    assert star == [(first, other) for other in others]
    assert len({membership.story_id for membership in all_memberships_of(result)}) == 1


# Runs over one folder


def test_done_once(tmp_path: Path) -> None:
    texts = ["\n".join(SENTENCES[:3]), "\n".join(SENTENCES[:4]), "\n".join(SENTENCES[3:])]
    shards = write(tmp_path, [[document(name, text)] for name, text in zip(NAMES, texts, strict=False)])
    first = run(shards[:2], tmp_path / "work")
    signatures = tmp_path / "work" / "stories" / "signatures"
    times = {path: path.stat().st_mtime_ns for path in signatures.iterdir()}
    files = contents(tmp_path / "work")
    assert len(times) == 2
    again = run(shards[1::-1], tmp_path / "work")
    assert again.receipt.reused
    assert not first.receipt.reused
    assert replace(again, receipt=replace(again.receipt, reused=False)) == first
    assert contents(tmp_path / "work") == files

    grown = run(shards[2:], tmp_path / "work")
    assert not grown.receipt.reused
    assert [one.article_id for one in read(grown.regrouped, Membership)] == sorted(map(id_of, NAMES[:2]))
    assert len(list(signatures.iterdir())) == 3
    assert all(path.stat().st_mtime_ns == time for path, time in times.items()), "known shards are not signed again"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_fresh_run_uses_no_earlier_result_and_gives_the_same(tmp_path: Path) -> None:
    documents = [document(name, "\n".join(SENTENCES[at : at + 3])) for at, name in enumerate(NAMES[:4])]
    shards = write(tmp_path, [documents[:2], documents[2:]])
    run(shards[:1], tmp_path / "work")
    run(shards[1:], tmp_path / "work")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "work" / "stories" / "signatures").iterdir()}
    fresh = run(shards[1:], tmp_path / "work", fresh=True)
    assert not fresh.receipt.reused
    assert all(path.stat().st_mtime_ns > time for path, time in times.items()), "earlier shards are signed again too"
    check_receipt(documents[2:], fresh)
    check_history(documents, fresh)
    alone = run(shards, tmp_path / "other", fresh=True)
    assert all_relations_of(alone) == all_relations_of(fresh)


def test_a_run_of_the_same_shards_cut_otherwise_is_another_run(tmp_path: Path) -> None:
    """Two runs of one shard each, then one of both: what they leave is the same history, but not the same tables."""
    documents = [document(name, "\n".join(SENTENCES[:4])) for name in NAMES[:2]]
    shards = sorted(write(tmp_path, [[one] for one in documents]), key=lambda path: file_digest(Path(path)))
    for shard in shards:
        run([shard], tmp_path / "work")
    both = run(shards, tmp_path / "work")
    check_receipt(documents, both)
    assert not both.receipt.reused
    nothing = run([], tmp_path / "work")
    check_receipt([], nothing)
    check_history(documents, nothing)


def test_a_group_keeps_its_name_when_an_article_with_a_smaller_id_joins(tmp_path: Path) -> None:
    smaller, first, second = sorted(NAMES[:3], key=id_of)
    text = "\n".join(SENTENCES[:4])
    documents = [document(name, f"{text}\nEdition {at}.") for at, name in enumerate((first, second, smaller))]
    shards = write(tmp_path, [documents[:2], documents[2:]])
    named = run(shards[:1], tmp_path / "work")
    assert {one.copy_cluster_id for one in memberships_of(named)} == {id_of(first)}
    joined = run(shards[1:], tmp_path / "work")
    assert {one.copy_cluster_id for one in all_memberships_of(joined)} == {id_of(first)}
    fresh = run(shards[1:], tmp_path / "work", fresh=True)
    assert {one.copy_cluster_id for one in all_memberships_of(fresh)} == {id_of(smaller)}


def test_an_article_that_comes_again_with_another_text_leaves_its_old_relations(tmp_path: Path) -> None:
    tram, strike = "\n".join(SENTENCES[:3]), "\n".join(SENTENCES[3:])
    shards = write(tmp_path, [[document("a", tram), document("b", tram), document("c", strike)]])
    assert pairs_of(run(shards, tmp_path / "work")) == [names("a", "b")]
    (tmp_path / "later").mkdir()
    changed = run(write(tmp_path / "later", [[document("a", strike)]]), tmp_path / "work")
    assert pairs_of(changed) == [names("a", "c")]
    assert partition(all_memberships_of(changed))[0] == {frozenset(names("a", "c")), frozenset([id_of("b")])}
    back = run(shards, tmp_path / "work")
    assert pairs_of(back) == [names("a", "b")]


def pairs_of(result: StoriesReceipt) -> list[tuple[str, ...]]:
    return [(relation.src, relation.dst) for relation in all_relations_of(result)]


def names(*them: str) -> tuple[str, ...]:
    return tuple(sorted(map(id_of, them)))


def test_a_shard_that_is_gone_takes_its_articles_with_it(tmp_path: Path) -> None:
    """Also those that stood for all articles with the same words, and what they were related to."""
    text, near = "\n".join(SENTENCES), "\n".join(SENTENCES[:5])
    star = sorted(NAMES[:3], key=id_of)
    parts = [[document(star[0], text)], [document(star[1], text), document(star[2], text), document("near", near)]]
    shards = write(tmp_path, [*parts, [document("new", near)]])
    run(shards[:2], tmp_path / "work")
    os.unlink(shards[0])  # noqa: PTH108  (a path as the receipt has it)
    result = run(shards[2:], tmp_path / "work")
    check_history([*parts[1], document("new", near)], result)
    assert len(list((tmp_path / "work" / "stories" / "signatures").iterdir())) == 2


def test_a_shard_written_anew_in_its_place_counts_once(tmp_path: Path) -> None:
    """A run with --fresh may give other articles at the same path, for instance when some took too long."""
    text = "\n".join(SENTENCES)
    run(write(tmp_path, [[document("a", text), document("b", text)]]), tmp_path / "work")
    left = [document("b", text), document("c", "\n".join(SENTENCES[:5]))]
    result = run(write(tmp_path, [left]), tmp_path / "work")
    check_history(left, result)


@pytest.mark.parametrize("damage", ["", "{", "null", "1", "[]", "{}", '{"version": 1}', '"\\ud800"', "\x00"])
def test_a_damaged_history_is_no_history(tmp_path: Path, damage: str) -> None:
    documents = [document(name, "\n".join(SENTENCES[:3])) for name in NAMES[:2]]
    shards = write(tmp_path, [[one] for one in documents])
    run(shards[:1], tmp_path / "work")
    (tmp_path / "work" / "stories" / "history.json").write_text(damage, "utf-8")
    result = run(shards[1:], tmp_path / "work")
    check_receipt(documents[1:], result)
    check_history(documents[1:], result)
    assert len(list((tmp_path / "work" / "stories").glob("generations/*"))) == 1


@pytest.mark.parametrize("lost", [*(f"{name}.parquet" for name in FILES), "memberships.json", "witnesses.json"])
def test_lost_results_are_made_again(tmp_path: Path, lost: str) -> None:
    documents = [document(name, "\n".join(SENTENCES[:3])) for name in NAMES[:3]]
    shards = write(tmp_path, [documents[:2], documents[2:]])
    first = run(shards[:1], tmp_path / "work")
    Path(first.relations).with_name(lost).unlink()
    again = run(shards[:1], tmp_path / "work")
    assert not again.receipt.reused
    check_history(documents[:2], again)
    Path(again.relations).with_name(lost).unlink()
    check_history(documents, run(shards[1:], tmp_path / "work"))


def test_other_rules_sign_and_compare_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [document(name, "\n".join(SENTENCES[:3])) for name in NAMES[:3]]
    shards = write(tmp_path, [documents[:1], documents[1:2], documents[2:]])
    run(shards[:1], tmp_path / "work")
    run(shards[1:2], tmp_path / "work")
    signatures = tmp_path / "work" / "stories" / "signatures"
    old = set(signatures.iterdir())
    monkeypatch.setattr(corpus, "rules_version", lambda *_: "other rules")
    result = run(shards[2:], tmp_path / "work")
    check_history(documents, result)
    assert len(set(signatures.iterdir()) - old) == len(list(signatures.iterdir())) == 3
    assert not run(shards[:1], tmp_path / "work").receipt.reused


def test_scratch_of_a_killed_run_is_removed_and_none_is_left(tmp_path: Path) -> None:
    left = tmp_path / "work" / "stories" / ".join-dead" / "spilled"
    left.mkdir(parents=True)
    (left / "block").write_bytes(b"half a join")
    run(write(tmp_path, [[document("a", SENTENCES[0])]]), tmp_path / "work")
    assert list((tmp_path / "work" / "stories").glob(".*")) == []


def test_nothing_to_relate(tmp_path: Path) -> None:
    result = run([], tmp_path / "work")
    assert (relations_of(result), all_memberships_of(result), clusters_of(result)) == ([], [], [])
    only_rejects = run(write(tmp_path, [[]]), tmp_path / "work")
    assert (relations_of(only_rejects), all_memberships_of(only_rejects)) == ([], [])
    assert (only_rejects.receipt.rows, only_rejects.receipt.kept) == (1, 0)


# Errors and bounds


def test_an_article_given_twice_is_refused(tmp_path: Path) -> None:
    """And leaves the history as it was."""
    shards = write(tmp_path, [[document("a", SENTENCES[0])], [document("a", SENTENCES[1])]])
    run(shards[:1], tmp_path / "work")
    with pytest.raises(Fatal, match=id_of("a")):
        run(shards, tmp_path / "work")
    assert run(shards[:1], tmp_path / "work").receipt.reused


def test_a_missing_shard_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match="check the disk"):
        run([str(tmp_path / "not-there.parquet")], tmp_path / "work")


def test_a_folder_in_the_place_of_the_history_can_be_tried_again(tmp_path: Path) -> None:
    shards = write(tmp_path, [[document("a", SENTENCES[0])]])
    (tmp_path / "work" / "stories" / "history.json").mkdir(parents=True)
    with pytest.raises(Retryable, match="check the disk"):
        run(shards, tmp_path / "work")


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


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the articles need about the same memory outside DuckDB, which has a cap of its own.

    Texts are verified in small batches here, so that both corpora fill one.
    """
    monkeypatch.setattr(corpus, "BATCH_CHARS", 50_000)
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


def test_a_walk_keeps_partners_together() -> None:
    """A chain whose links come in any order is walked from one end to the other."""
    rng = random.Random(5)  # noqa: S311  (a sample, no secret)
    names = rng.sample(range(10_000), 200)
    pairs = [rng.sample(pair, 2) for pair in pairwise(names)]
    rng.shuffle(pairs)
    places = {n: place for place, n in enumerate(walk(np.array(pairs)).tolist())}
    assert sorted(places) == sorted(names)
    assert {abs(places[one] - places[other]) for one, other in pairs} == {1}


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=60))
def test_a_walk_has_every_article_once(pairs: list[tuple[int, int]]) -> None:
    walked = walk(np.array(pairs, np.int64).reshape(-1, 2)).tolist()
    assert sorted(walked) == sorted({n for pair in pairs for n in pair})


def test_a_text_in_consecutive_batches_is_signed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of a chain of texts shares sentences with the next; batches hold about two."""
    base = [" ".join(f"{word}{n}" for word in SENTENCES[0].split()) + "." for n in range(40)]
    parts = [[document(f"c/{n}", " ".join(base[n * 4 : n * 4 + 8])) for n in range(9)]]
    shards = write(tmp_path, parts)
    monkeypatch.setattr(corpus, "BATCH_CHARS", 1)
    signed: list[str] = []

    def counted(one: Story) -> Signature:
        signed.append(one.article_id)
        return sign(one)

    monkeypatch.setattr(corpus, "sign", counted)
    assert len(relations_of(run(shards, tmp_path / "work"))) == 8
    assert len(signed) == 2 * 9


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
    sign(Story("", "Nothing that is loaded once counts."))
    tracemalloc.start()
    try:
        run(shards, folder / "work")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
