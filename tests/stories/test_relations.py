"""Who is held to be related to whom, and how: case tables, real articles, and whatever the order."""

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.stories.candidates import (
    FEATURE_SHARE,
    FINGERPRINT_SHARE,
    LEAST_FEATURES,
    NEIGHBOURS,
    propose_pairs,
)
from tasks.stories.clusters import COPY_KINDS, Member, group
from tasks.stories.records import Relation, RelationKind, Story
from tasks.stories.relations import (
    COPY_CONTAINMENT,
    RELATED_TOPIC,
    SAME_DAYS,
    SAME_TOPIC,
    SPUN_SHARE,
    compare,
    relate,
)
from tasks.stories.sentences import split_sentences
from tasks.stories.shingles import containment
from tasks.stories.signatures import Signature, sign
from tests.stories.made_stories import DATES, DAY, SENTENCES, TEXTS

CASES = Path(__file__).parents[1] / "cases" / "stories"
SHARED = Path(__file__).parents[2] / ".." / "shared"
ARTICLES = st.lists(st.tuples(TEXTS, DATES), min_size=1, max_size=8).map(
    lambda articles: [Story(f"{number:02}", text, date) for number, (text, date) in enumerate(articles)]
)


def cases(table: str, mark: Callable[[str], pytest.MarkDecorator] | None = None) -> list[object]:
    rows = [json.loads(line) for line in (CASES / f"{table}.jsonl").read_text("utf-8").splitlines()]
    return [
        pytest.param(row, id=row["label"], marks=[mark(row["comment"])] if mark is not None else []) for row in rows
    ]


def row_of(table: str, label: str) -> dict[str, str]:
    rows = map(json.loads, (CASES / f"{table}.jsonl").read_text("utf-8").splitlines())
    row: dict[str, str] = next(row for row in rows if row["label"] == label)
    return row


def found_between(one: str, other: str) -> tuple[str | None, int]:
    relations = relate([Story("a", one), Story("b", other)])
    assert relations == relate([Story("b", other), Story("a", one)])
    return (relations[0].kind.value, relations[0].n_sentences) if relations else (None, 0)


@pytest.mark.parametrize("row", [*cases("in_the_wild"), *cases("synthetic")])
def test_relations(row: dict[str, str]) -> None:
    assert found_between(row["one"], row["other"]) == (row["kind"], int(row["n_sentences"]))


@pytest.mark.parametrize("row", cases("negative"))
def test_no_copies(row: dict[str, str]) -> None:
    """A row whose kind is no_copy leaves open what else is found."""
    found, _ = found_between(row["one"], row["other"])
    assert found not in COPY_KINDS
    assert row["kind"] in (found, "no_copy")


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


@pytest.mark.parametrize(
    ("label", "gap", "kind"),
    [
        ("saga-same-weeks", timedelta(0), "same_story"),
        ("saga-same-weeks", timedelta(days=SAME_DAYS), "same_story"),
        ("saga-same-weeks", timedelta(days=SAME_DAYS + 1) - timedelta(microseconds=1), "same_story"),
        ("saga-same-weeks", timedelta(days=SAME_DAYS + 1), "related"),
        ("saga-same-weeks", timedelta(days=-SAME_DAYS - 1), "related"),
        ("saga-same-weeks", None, "same_story"),
        ("saga-five-months-later", timedelta(days=157), "related"),
        ("saga-five-months-later", timedelta(days=3), "same_story"),  # dates are believed, not the months named
        ("saga-five-months-later", None, "related"),
        ("translated-forth-and-back", timedelta(days=157), "spun_copy"),  # a copy is one whenever it comes
        ("light-edits", timedelta(days=157), "copy"),
    ],
)
def test_the_same_topic_is_one_story_for_some_days_only(label: str, gap: timedelta | None, kind: str) -> None:
    row = row_of("synthetic", label)
    later = None if gap is None else DAY + gap
    (relation,) = relate([Story("a", row["one"], DAY), Story("b", row["other"], later)])
    assert (relation.kind, relation.date_gap_days) == (kind, None if gap is None else abs(gap).days)


@given(ARTICLES, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_does_not_matter_and_every_relation_holds(articles: list[Story], rng: random.Random) -> None:
    relations = relate(articles)
    shuffled = rng.sample(articles, len(articles))
    assert relate(shuffled) == relations == sorted(relations, key=lambda relation: (relation.src, relation.dst))
    signatures = {story.article_id: sign(story) for story in articles}
    least = {
        RelationKind.COPY: COPY_CONTAINMENT,
        RelationKind.SPUN_COPY: SPUN_SHARE,
        RelationKind.SAME_STORY: SAME_TOPIC,
        RelationKind.RELATED: RELATED_TOPIC,
    }
    for relation in relations:
        assert relation.src < relation.dst
        one, other = signatures[relation.src], signatures[relation.dst]
        assert relation == compare(one, other) == compare(other, one)
        assert least[relation.kind] <= relation.score <= 1
        assert 0 <= relation.n_sentences <= max(len(one.sentences), len(other.sentences), one.n_sentences)
        if relation.kind is RelationKind.COPY:
            assert one.text_key == other.text_key or relation.score == containment(one.shingles, other.shingles)
        if relation.kind is RelationKind.SAME_STORY and relation.date_gap_days is not None:
            assert relation.date_gap_days <= SAME_DAYS


@given(ARTICLES)
@settings(max_examples=60, deadline=None)
def test_candidates_are_all_pairs_that_their_rule_names(articles: list[Story]) -> None:
    """Among so few articles no list is longer than what one article meets, so the index is the plain rule."""
    signatures = [sign(story) for story in articles]
    assert propose_pairs(signatures) == [
        (i, j) for (i, one), (j, other) in combinations(enumerate(signatures), 2) if are_candidates(one, other)
    ]


@given(ARTICLES)
@settings(max_examples=60, deadline=None)
def test_candidates_lose_no_copy_that_all_pairs_would_find(articles: list[Story]) -> None:
    """Kindred articles that share fewer than three rare words may be lost: found by this test, in texts of two lines.

    Articles with the same words form only a star.
    """
    signatures = [sign(story) for story in articles]
    chosen: dict[str | None, Signature] = {}
    for signature in signatures:
        chosen.setdefault(signature.text_key, signature)
    alone = [signature for key, signature in chosen.items() if key is not None]
    every = [compare(one, other) for one, other in combinations(alone, 2)]
    every += [compare(chosen[one.text_key], one) for one in signatures if one.text_key is not None]
    found = set(relate(articles))
    lost = {relation for relation in every if relation is not None} - found
    assert found <= set(every)
    assert copies(list(lost)) == []


def are_candidates(one: Signature, other: Signature) -> bool:
    """Say the rule of `candidates` of two articles alone, the plain way."""
    n_shared = len(set(one.fingerprints.tolist()) & set(other.fingerprints.tolist()))
    if n_shared and n_shared >= FINGERPRINT_SHARE * min(len(one.fingerprints), len(other.fingerprints)):
        return True
    here, there = (
        dict(zip(each.profile.features.tolist(), each.profile.feature_weights.tolist(), strict=True))
        for each in (one, other)
    )
    shared = [min(here[feature], there[feature]) for feature in here.keys() & there.keys()]
    lighter = min(sum(here.values()), sum(there.values()))
    return len(shared) >= LEAST_FEATURES and sum(shared) >= FEATURE_SHARE * lighter


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
    n_pairs = NEIGHBOURS * len(flood) - NEIGHBOURS * (NEIGHBOURS + 1) // 2
    assert len(propose_pairs(signatures)) == n_pairs
    relations = relate(flood)
    assert len(relations) == n_pairs
    memberships, clusters = group([Member(story.article_id) for story in flood], relations)
    assert {(one.copy_cluster_id, one.story_id) for one in memberships} == {("000", "000")}
    assert [(cluster.kind.value, cluster.n_articles) for cluster in clusters] == [("copy", 200), ("story", 200)]


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


@pytest.mark.parametrize(
    ("src", "dst", "kind"),
    [
        ("000", "001", "same_story"),
        ("000", "002", "same_story"),
        ("000", "003", "copy"),
        ("000", "004", "related"),
        ("001", "002", "same_story"),
        ("001", "003", "same_story"),
        ("001", "004", "related"),
        ("002", "003", "same_story"),
        ("002", "004", "related"),
        ("003", "004", "related"),
    ],
)
def test_the_seeds_are_three_reports_of_a_story_one_repost_and_a_sequel(src: str, dst: str, kind: str) -> None:
    bodies = seed_bodies()
    (relation,) = relate([Story(name, bodies[int(name)]) for name in (src, dst)])
    assert relation.kind == kind
    if kind == "copy":
        assert relation.score == pytest.approx(0.679, abs=0.01)
        assert relation.n_sentences == 13
    (among_all,) = [
        one
        for one in relate([Story(f"00{seed}", body) for seed, body in bodies.items()])
        if (one.src, one.dst) == (src, dst)
    ]
    assert among_all == relation, "what two articles are to each other depends on these two alone"


def test_distinct_real_articles_are_no_copies() -> None:
    bodies = gold_bodies()
    signatures = [sign(Story(f"{number:02}", body)) for number, body in enumerate(bodies)]
    assert copies(relate([signature.story for signature in signatures])) == []
    highest = max(containment(one.shingles, other.shingles) for one, other in combinations(signatures, 2))
    assert highest < 0.27, "the margin below the threshold that tasks.stories.relations states"


@pytest.mark.parametrize("odds", [1 / 20, 1 / 10, 1 / 8])
def test_lightly_edited_real_articles_are_copies(odds: float) -> None:
    """Any word may change here, also a name; the third article is another one."""
    rng = random.Random(3)  # noqa: S311  (a sample, no secret)
    bodies = gold_bodies()
    for number, body in enumerate(bodies):
        words = [f"changed{rng.randrange(10**6)}" if rng.random() < odds else word for word in body.split(" ")]
        found = relate([Story("a", body), Story("b", " ".join(words)), Story("c", bodies[number - 1])])
        assert [(relation.src, relation.dst) for relation in copies(found)] == [("a", "b")]


def test_real_articles_with_forty_per_cent_from_another_are_copies() -> None:
    rng = random.Random(5)  # noqa: S311
    bodies = gold_bodies()
    pairs = [(body, mix(body, bodies[(number + 7) % len(bodies)], rng)) for number, body in enumerate(bodies)]
    found = [relate([Story("a", body), Story("b", mixed)]) for body, mixed in pairs]
    assert {relation.kind for relations in found for relation in relations} == {RelationKind.COPY}
    assert all(found)
    assert min(relation.score for relations in found for relation in relations) > 0.355


def copies(relations: Sequence[Relation]) -> list[Relation]:
    return [relation for relation in relations if relation.kind in COPY_KINDS]


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
