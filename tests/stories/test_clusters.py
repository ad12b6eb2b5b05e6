"""Groups: connected components, named after their smallest member, in any order."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.clusters import cluster
from tasks.stories.records import Membership, Relation, RelationKind

IDS = [f"{number:02}" for number in range(12)]
PAIRS = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda pair: pair[0] < pair[1]))


def related(src: str, dst: str, kind: RelationKind = RelationKind.COPY) -> Relation:
    return Relation(src, dst, kind, 1.0, 1, None)


def reached_from(start: str, pairs: list[tuple[str, str]]) -> set[str]:
    """Walk the graph the plain way."""
    reached, waiting = {start}, [start]
    while waiting:
        at = waiting.pop()
        for pair in pairs:
            if at in pair:
                waiting += set(pair) - reached
                reached |= set(pair)
    return reached


@given(PAIRS, st.randoms(use_true_random=False))
def test_groups_are_connected_components(pairs: list[tuple[str, str]], rng: random.Random) -> None:
    memberships = list(cluster(IDS, [related(*pair) for pair in pairs]))
    assert [membership.article_id for membership in memberships] == IDS
    for membership in memberships:
        smallest = min(reached_from(membership.article_id, pairs))
        assert (membership.copy_cluster_id, membership.story_id) == (smallest, smallest)
    shuffled = rng.sample(pairs, len(pairs))
    again = cluster(rng.sample(IDS, len(IDS)), [related(*pair) for pair in shuffled])
    assert sorted(again, key=lambda membership: membership.article_id) == memberships


def test_articles_of_one_story_need_not_be_copies() -> None:
    relations = [related("a", "b"), related("b", "c", RelationKind.SAME_STORY), related("c", "d", RelationKind.RELATED)]
    assert list(cluster("abcd", relations)) == [
        Membership("a", "a", "a"),
        Membership("b", "a", "a"),
        Membership("c", "c", "a"),
        Membership("d", "d", "d"),
    ]


def test_a_stream_of_ids_will_do() -> None:
    assert list(cluster(iter(["x"]), iter([]))) == [Membership("x", "x", "x")]
