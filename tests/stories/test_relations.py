"""Who is held to be a copy of whom: case tables, real articles, and whatever the order."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.stories.candidates import HUBS, propose_pairs
from tasks.stories.clusters import cluster
from tasks.stories.records import Relation, RelationKind, Story
from tasks.stories.relations import COPY_CONTAINMENT, compare, relate
from tasks.stories.sentences import split_sentences
from tasks.stories.shingles import containment
from tasks.stories.signatures import sign

CASES = Path(__file__).parents[1] / "cases" / "stories"
SHARED = Path(__file__).parents[2] / ".." / "shared"

# Sentences of which Hypothesis builds articles: parts of them agree, so all degrees of likeness occur.
SENTENCES = [
    f"In the {place} of {town} the {people} have {verb} the {thing} that the council had asked for since {month}."
    for place, town, people, verb, thing, month in [
        ("harbour", "Lenz", "drivers", "refused", "longer shifts", "May"),
        ("old mill", "Varrow", "nurses", "accepted", "new contract", "June"),
        ("east wing", "Holm", "teachers", "postponed", "inspection", "July"),
        ("upper valley", "Brandt", "farmers", "blocked", "second road", "August"),
        ("town hall", "Tarn", "auditors", "found", "missing ledger", "March"),
        ("night market", "Osk", "traders", "welcomed", "lower rent", "April"),
    ]
]
ARTICLES = st.lists(st.lists(st.sampled_from(SENTENCES), max_size=6).map("\n".join), min_size=1, max_size=8).map(
    lambda texts: [Story(f"{number:02}", text) for number, text in enumerate(texts)]
)


def cases(table: str, mark: Callable[[str], pytest.MarkDecorator] | None = None) -> list[object]:
    rows = [json.loads(line) for line in (CASES / f"{table}.jsonl").read_text("utf-8").splitlines()]
    return [
        pytest.param(row, id=row["label"], marks=[mark(row["comment"])] if mark is not None else []) for row in rows
    ]


def found_between(one: str, other: str) -> tuple[str | None, int]:
    relations = relate([Story("a", one), Story("b", other)])
    assert relations == relate([Story("b", other), Story("a", one)])
    return (relations[0].kind.value, relations[0].n_sentences) if relations else (None, 0)


@pytest.mark.parametrize("row", [*cases("in_the_wild"), *cases("synthetic")])
def test_copies(row: dict[str, str]) -> None:
    assert found_between(row["one"], row["other"]) == (row["kind"], int(row["n_sentences"]))


@pytest.mark.parametrize("row", cases("negative"))
def test_no_copies(row: dict[str, str]) -> None:
    assert found_between(row["one"], row["other"])[0] != RelationKind.COPY


@pytest.mark.parametrize("row", cases("known_failures", lambda comment: pytest.mark.xfail(strict=True, reason=comment)))
def test_known_failures(row: dict[str, str]) -> None:
    assert found_between(row["one"], row["other"])[0] == row["kind"]


@pytest.mark.parametrize(
    ("one", "other", "days"),
    [
        (datetime(2020, 9, 14, 22, tzinfo=UTC), datetime(2021, 2, 22, tzinfo=UTC), 160),
        (datetime(2021, 2, 22, tzinfo=UTC), datetime(2020, 9, 14, 22, tzinfo=UTC), 160),
        (datetime(2020, 9, 14, tzinfo=UTC), datetime(2020, 9, 14, 23, tzinfo=UTC), 0),
        (datetime(2020, 9, 14), datetime(2020, 9, 15, tzinfo=UTC), 1),  # noqa: DTZ001  (no zone counts as UTC)
        (None, datetime(2020, 9, 15, tzinfo=UTC), None),
        (None, None, None),
    ],
)
def test_days_between(one: datetime | None, other: datetime | None, days: int | None) -> None:
    (relation,) = relate([Story("a", SENTENCES[0], one), Story("b", SENTENCES[0], other)])
    assert relation == Relation("a", "b", RelationKind.COPY, 1.0, 1, days)


@given(ARTICLES, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_does_not_matter_and_every_relation_holds(articles: list[Story], rng: random.Random) -> None:
    relations = relate(articles)
    shuffled = rng.sample(articles, len(articles))
    assert relate(shuffled) == relations == sorted(relations, key=lambda relation: (relation.src, relation.dst))
    signatures = {story.article_id: sign(story) for story in articles}
    for relation in relations:
        assert relation.src < relation.dst
        one, other = signatures[relation.src], signatures[relation.dst]
        assert one.text_key == other.text_key or relation.score == containment(one.shingles, other.shingles)
        assert COPY_CONTAINMENT <= relation.score <= 1
        assert 0 <= relation.n_sentences <= max(one.n_sentences, other.n_sentences)


@given(ARTICLES)
@settings(max_examples=60, deadline=None)
def test_candidates_lose_no_copy_that_all_pairs_would_find(articles: list[Story]) -> None:
    """The groups are those of the full comparison, though the articles with the same words form only a star."""
    signatures = [sign(story) for story in articles]
    every = [compare(one, other) for one, other in combinations(signatures, 2)]
    ids = [story.article_id for story in articles]
    full = list(cluster(ids, [relation for relation in every if relation is not None]))
    assert list(cluster(ids, relate(articles))) == full


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"more than once: \['a'\]"):
        relate([Story("a", "One."), Story("b", "Two."), Story("a", "Three.")])


def test_a_flood_of_exact_copies_forms_a_star() -> None:
    flood = [Story(f"{number:03}", "\n".join(SENTENCES)) for number in range(500)]
    near = Story("500", "\n".join(SENTENCES[:5]))
    relations = relate([*flood[::-1], near])
    assert [(relation.src, relation.dst) for relation in relations] == [("000", f"{to:03}") for to in range(1, 501)]
    assert {relation.n_sentences for relation in relations} == {5, 6}


def test_a_flood_of_near_copies_stays_one_group_at_linear_cost() -> None:
    flood = [Story(f"{number:03}", "\n".join([*SENTENCES, f"Edition {number}"])) for number in range(200)]
    signatures = [sign(story) for story in flood]
    n_pairs = HUBS * (HUBS - 1) // 2 + HUBS * (len(flood) - HUBS)
    assert len(propose_pairs([signature.fingerprints for signature in signatures])) == n_pairs
    relations = relate(flood)
    assert len(relations) == n_pairs
    groups = cluster([story.article_id for story in flood], relations)
    assert {membership.copy_cluster_id for membership in groups} == {"000"}


# Real articles


def seed_bodies() -> dict[int, str]:
    path = SHARED / "gold" / "seed_lines.jsonl"
    if not path.exists():
        pytest.skip(f"the seeds are not here ({path}); they are no part of the project")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    kept = [line for line in lines if line["keep"] and line["label"] != "title"]
    return {seed: "\n".join(line["text"] for line in kept if line["seed"] == seed) for seed in range(5)}


def gold_bodies() -> list[str]:
    path = SHARED / "bench" / "extract" / "ground-truth.json"
    if not path.exists():
        pytest.skip(f"the development pages are not here ({path}); they are no part of the project")
    return [page["articleBody"] for page in json.loads(path.read_text("utf-8")).values()]


def test_of_the_seeds_only_the_repost_is_a_copy() -> None:
    relations = relate([Story(f"00{seed}", body) for seed, body in seed_bodies().items()])
    assert [(relation.src, relation.dst, relation.kind) for relation in relations] == [
        ("000", "003", RelationKind.COPY)
    ]
    assert relations[0].score == pytest.approx(0.679, abs=0.01)
    assert relations[0].n_sentences == 13


def test_distinct_real_articles_are_no_copies() -> None:
    bodies = gold_bodies()
    signatures = [sign(Story(f"{number:02}", body)) for number, body in enumerate(bodies)]
    assert relate([signature.story for signature in signatures]) == []
    highest = max(containment(one.shingles, other.shingles) for one, other in combinations(signatures, 2))
    assert highest < 0.27, "the margin below the threshold that tasks.stories.relations states"


@pytest.mark.parametrize(("odds", "least"), [(1 / 20, 80), (1 / 10, 80), (1 / 8, 80)])
def test_lightly_edited_real_articles_are_copies(odds: float, least: int) -> None:
    rng = random.Random(3)  # noqa: S311  (a sample, no secret)
    found = 0
    for number, body in enumerate(gold_bodies()):
        words = [f"changed{rng.randrange(10**6)}" if rng.random() < odds else word for word in body.split(" ")]
        found += len(relate([Story("a", body), Story("b", " ".join(words)), Story("c", gold_bodies()[number - 1])]))
    assert found >= least


def test_real_articles_with_forty_per_cent_from_another_are_copies() -> None:
    rng = random.Random(5)  # noqa: S311
    bodies = gold_bodies()
    pairs = [(body, mix(body, bodies[(number + 7) % len(bodies)], rng)) for number, body in enumerate(bodies)]
    found = [relate([Story("a", body), Story("b", mixed)]) for body, mixed in pairs]
    assert all(found)
    assert min(relation.score for relations in found for relation in relations) > 0.355


def mix(source: str, host: str, rng: random.Random) -> str:
    """Take a run of sentences, 40 % of `source`, and put it into half as much again of `host`."""
    sentences = split_sentences(source)
    start = rng.randrange(max(1, len(sentences) // 2))
    taken = take(sentences[start:], 0.4 * sum(map(len, sentences)))
    around = take(split_sentences(host), 1.5 * sum(map(len, taken)))
    middle = len(around) // 2
    return "\n".join([*around[:middle], *taken, *around[middle:]])


def take(sentences: list[str], n_chars: float) -> list[str]:
    taken: list[str] = []
    for sentence in sentences:
        if sum(map(len, taken)) >= n_chars:
            break
        taken.append(sentence)
    return taken
