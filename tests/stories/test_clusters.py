"""Groups: what holds them together and what does not, what they are called, who is first and best; in any order."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.stories.clusters import COPY_KINDS, MANY_LINKS, Member, group
from tasks.stories.records import Cluster, ClusterKind, Membership, Relation, RelationKind
from tests.cpu_time import least_s
from tests.stories.made_stories import partition

COPY, SPUN_COPY, SAME_STORY, RELATED = RelationKind
IDS = [f"{number:02}" for number in range(12)]
KINDS = st.sampled_from(list(RelationKind))
SCORES = st.sampled_from([0.4, 0.6, 1.0])
PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda pair: pair[0] < pair[1]),
    st.tuples(KINDS, SCORES),
    max_size=40,
)
DATES = st.sampled_from([None, *(datetime(2024, 2, day, tzinfo=UTC) for day in range(1, 5))])
MEMBERS = st.lists(
    st.tuples(st.integers(0, 3), DATES, st.sampled_from([None, *IDS])), min_size=len(IDS), max_size=len(IDS)
).map(
    lambda rows: [
        Member(name, None, length, date, None if former is None else Membership(name, former, former))
        for name, (length, date, former) in zip(IDS, rows, strict=True)
    ]
)


def tie(src: str, dst: str, kind: RelationKind = COPY, score: float = 1.0) -> Relation:
    return Relation(min(src, dst), max(src, dst), kind, score, 1, None)


def ties(pairs: Iterable[Sequence[str]], kind: RelationKind = COPY) -> list[Relation]:
    return [tie(one, other, kind) for one, other in pairs]


def members_of(names: Iterable[str], former: str = "") -> list[Member]:
    """Return a member for each name; `former` has for each the name of the group it was in, "-" for none."""
    return [
        Member(name, former=None if was == "-" else Membership(name, was, was))
        for name, was in zip(names, former or "-" * len(list(names)), strict=True)
    ]


def copies_among(names: str, relations: Sequence[Relation]) -> set[str]:
    """Return the copy clusters, each as the names of its members in a row."""
    copies, _ = partition(group(members_of(names), relations)[0])
    return {"".join(sorted(one)) for one in copies}


def stories_among(names: str, relations: Sequence[Relation]) -> set[str]:
    _, stories = partition(group(members_of(names), relations)[0])
    return {"".join(sorted(one)) for one in stories}


# What is joined


def test_copies_and_spun_copies_are_one_cluster_and_articles_of_one_story_need_not_be_copies() -> None:
    relations = [tie("a", "b"), tie("b", "c", SPUN_COPY), tie("a", "c", SPUN_COPY)]
    relations += [tie("c", "d", SAME_STORY), tie("a", "d", SAME_STORY), tie("d", "e", RELATED)]
    memberships, clusters = group(members_of("abcde"), relations)
    assert memberships == [
        Membership("a", "a", "a"),
        Membership("b", "a", "a"),
        Membership("c", "a", "a"),
        Membership("d", "d", "a"),
        Membership("e", "e", "e"),
    ]
    assert [(one.cluster_id, one.kind, one.n_articles) for one in clusters] == [("a", "copy", 3), ("a", "story", 4)]


@pytest.mark.parametrize(
    ("links", "groups"),
    [
        ("", {"a", "b", "c", "d"}),
        ("ab", {"ab", "c", "d"}),
        ("ab bc", {"ab", "c", "d"}),  # of three pairs two: a and b are one, and c is tied to half of them only
        ("ab bc ac", {"abc", "d"}),
        ("ab cd bc", {"ab", "cd"}),
        ("ab cd bc ad", {"ab", "cd"}),  # half of four pairs is not more than half
        ("ab cd bc ad bd", {"abcd"}),
    ],
)
def test_two_groups_become_one_when_more_than_half_of_the_pairs_between_them_are_tied(
    links: str, groups: set[str]
) -> None:
    assert copies_among("abcd", ties(links.split())) == groups
    assert stories_among("abcd", ties(links.split(), SAME_STORY)) == groups


def test_a_round_up_does_not_tie_the_reports_together_that_it_took_over() -> None:
    """It stays with one of ten: the closest, of equals the one with the smallest id."""
    relations = [tie("x", name, COPY, 0.9 if name == "e" else 0.6) for name in "abcdefghij"]
    assert copies_among("abcdefghijx", relations) == {*"abcdfghij", "ex"}
    assert stories_among("abcdefghijx", relations) == {*"abcdfghij", "ex"}


def test_a_round_up_of_two_stories_leaves_them_apart() -> None:
    relations = ties(["ab", "bc", "ac", "de", "ef", "df"], SAME_STORY) + ties(["xa", "xb", "xd", "xe"], SAME_STORY)
    found = stories_among("abcdefx", relations)
    assert {"".join(sorted(set(one) - {"x"})) for one in found} == {"abc", "def"}


def test_a_chain_of_one_story_does_not_join_its_ends() -> None:
    """Reports of ten days, each tied to those of the day before and the day after."""
    chain = ties(zip("abcdefghi", "bcdefghij", strict=True), SAME_STORY)
    found = stories_among("abcdefghij", chain)
    assert not any({"a", "j"} <= set(one) for one in found)
    assert max(map(len, found)) == 2


def test_in_a_flood_many_links_are_enough() -> None:
    """Each of 400 near copies is tied to the 32 after it: far from half of all pairs, and one cluster still."""
    names = [f"{number:03}" for number in range(400)]
    relations = [tie(one, other) for at, one in enumerate(names) for other in names[at + 1 : at + 33]]
    memberships, _ = group(members_of(names), relations)
    assert {one.copy_cluster_id for one in memberships} == {"000"}


@pytest.mark.parametrize(("n_links", "n_groups"), [(MANY_LINKS - 1, 2), (MANY_LINKS, 1)])
def test_many_links_join_groups_of_which_most_pairs_are_not_tied(n_links: int, n_groups: int) -> None:
    one, other = [[f"{side}{number}" for number in range(10)] for side in "ab"]
    within = [*combinations(one, 2), *combinations(other, 2)]
    between = list(zip(one, other, strict=True))[:n_links]
    memberships, _ = group(members_of([*one, *other]), ties([*within, *between]))
    assert len({membership.copy_cluster_id for membership in memberships}) == n_groups


def test_articles_with_the_same_words_count_as_one() -> None:
    """Thirty reposts of one text are tied to another by one link only; and they do not outvote the others."""
    reposts = [f"r{number:02}" for number in range(30)]
    members = [*(Member(name, "same words") for name in reposts), Member("s"), Member("t")]
    star = ties((reposts[0], name) for name in reposts[1:])
    memberships, clusters = group(members, [*star, tie("r00", "s"), tie("s", "t")])
    assert partition(memberships)[0] == {frozenset([*reposts, "s"]), frozenset("t")}
    assert clusters[0].n_articles == 31


def test_articles_with_the_same_words_are_together_even_without_a_relation() -> None:
    assert partition(group([Member("a", "k"), Member("b", "k")], [])[0]) == ({frozenset("ab")}, {frozenset("ab")})


def test_nobody_and_somebody_alone() -> None:
    assert group([], []) == ([], [])
    assert group([Member("x")], []) == ([Membership("x", "x", "x")], [])


@given(MEMBERS, PAIRS, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_order_does_not_matter(
    members: list[Member], pairs: dict[tuple[str, str], tuple[RelationKind, float]], rng: random.Random
) -> None:
    relations = [tie(*pair, *found) for pair, found in pairs.items()]
    memberships, clusters = group(members, relations)
    assert [one.article_id for one in memberships] == IDS
    again, same = group(rng.sample(members, len(members)), rng.sample(relations, len(relations)))
    assert sorted(again, key=lambda one: one.article_id) == memberships
    assert same == clusters


@given(MEMBERS, PAIRS)
@settings(max_examples=200)
def test_groups_are_what_they_say(
    members: list[Member], pairs: dict[tuple[str, str], tuple[RelationKind, float]]
) -> None:
    """Named after a member; stories made of whole copy clusters; no member without a tie to another one."""
    relations = [tie(*pair, *found) for pair, found in pairs.items()]
    memberships, clusters = group(members, relations)
    of = {one.article_id: one for one in memberships}
    dates = {one.article_id: one.published_at for one in members}
    for one in memberships:
        assert of[one.copy_cluster_id].copy_cluster_id == one.copy_cluster_id
        assert of[one.story_id].story_id == one.story_id
    copies, stories = partition(memberships)
    assert all(any(cluster <= whole for whole in stories) for cluster in copies)
    for own in copies:
        assert len(own) == 1 or all(
            any(pair in pairs and pairs[pair][0] in COPY_KINDS for pair in ties_of(name, own)) for name in own
        )
    assert {(one.kind, one.cluster_id): one.n_articles for one in clusters} == {
        (kind, name): len(own)
        for kind, groups in ((ClusterKind.COPY, copies), (ClusterKind.STORY, stories))
        for own in groups
        if len(own) > 1
        for name in [name_of(kind, of[min(own)])]
    }
    for cluster in clusters:
        own_dates = [dates[one.article_id] for one in memberships if name_of(cluster.kind, one) == cluster.cluster_id]
        known = sorted(date for date in own_dates if date is not None)
        assert (cluster.first_published_at, cluster.last_published_at) == (
            (known[0], known[-1]) if known else (None,) * 2
        )
        assert (
            dates[cluster.earliest_article_id] if cluster.earliest_article_id else None
        ) == cluster.first_published_at


def ties_of(name: str, own: Iterable[str]) -> list[tuple[str, str]]:
    return [(min(name, other), max(name, other)) for other in own if other != name]


def name_of(kind: ClusterKind, membership: Membership) -> str:
    return membership.copy_cluster_id if kind is ClusterKind.COPY else membership.story_id


# Names


@pytest.mark.parametrize(
    ("names", "former", "links", "named"),
    [
        ("bcd", "---", "bc", "bbd"),  # a new group: the smallest id
        ("abc", "-bb", "ab bc ac", "bbb"),  # one with a smaller id joins
        ("abc", "-cc", "ab bc ac", "ccc"),
        ("abcde", "aaddd", "ab ac ad ae bc bd be cd ce de", "ddddd"),  # most members had that name
        ("abcd", "bbcc", "ab cd ac ad bc bd", "bbbb"),  # as many had either: the smaller name
        ("abcd", "aaaa", "ab cd", "aacc"),  # a group comes apart: the name stays with who bears it
        ("abcd", "dddd", "ab cd", "aadd"),
        ("abc", "aaa", "bc", "abb"),
        ("bcd", "aaa", "bc cd bd", "bbb"),  # who bore the name is gone
        ("ab", "bb", "", "ab"),
        ("ab", "-a", "ab", "aa"),
    ],
)
def test_names_last(names: str, former: str, links: str, named: str) -> None:
    memberships, _ = group(members_of(names, former), ties(links.split()))
    assert "".join(one.copy_cluster_id for one in memberships) == named
    assert "".join(one.story_id for one in memberships) == named


def test_copies_and_stories_keep_names_of_their_own() -> None:
    members = [
        Member("a"),
        Member("b", former=Membership("b", "b", "c")),
        Member("c", former=Membership("c", "c", "c")),
    ]
    relations = [tie("a", "b"), tie("a", "c", SAME_STORY), tie("b", "c", SAME_STORY)]
    assert group(members, relations)[0] == [
        Membership("a", "b", "c"),
        Membership("b", "b", "c"),
        Membership("c", "c", "c"),
    ]


@given(MEMBERS, PAIRS)
@settings(max_examples=100)
def test_grouping_again_changes_nothing(
    members: list[Member], pairs: dict[tuple[str, str], tuple[RelationKind, float]]
) -> None:
    relations = [tie(*pair, *found) for pair, found in pairs.items()]
    memberships, clusters = group(members, relations)
    named = [
        Member(one.article_id, one.text_key, one.n_chars, one.published_at, own)
        for one, own in zip(members, memberships, strict=True)
    ]
    assert group(named, relations) == (memberships, clusters)


# Who is first, who is best


def day(number: int) -> datetime:
    return datetime(2024, 2, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dates", "lengths", "earliest", "best"),
    [
        ([None, None, None], [5, 9, 7], None, "b"),  # the longest
        ([None, None, None], [9, 9, 9], None, "a"),  # of equals the smallest id
        ([day(3), day(1), day(2)], [9, 5, 8], "b", "b"),  # a and c are later copies, however long
        ([day(1), day(1), day(2)], [5, 9, 99], "a", "b"),
        ([None, day(2), day(1)], [5, 99, 9], "c", "c"),  # who has no date is no later copy, but shorter
        ([None, day(2), day(1)], [50, 99, 9], "c", "a"),
        ([day(2), None, None], [5, 6, 7], "a", "c"),
    ],
)
def test_earliest_and_best_of_copies(
    dates: list[datetime | None], lengths: list[int], earliest: str | None, best: str
) -> None:
    members = [Member(name, None, length, date) for name, length, date in zip("abc", lengths, dates, strict=True)]
    known = sorted(date for date in dates if date is not None)
    span = (known[0], known[-1]) if known else (None, None)
    _, clusters = group(members, ties(["ab", "bc", "ac"]))
    assert clusters == [Cluster("a", kind, 3, earliest, best, *span) for kind in ClusterKind]


def test_a_later_report_of_the_story_may_be_the_best() -> None:
    members = [Member("a", None, 5, day(1)), Member("b", None, 9, day(2)), Member("c", None, 99, day(3))]
    relations = [*ties(["ab", "ac"], SAME_STORY), tie("b", "c")]
    _, clusters = group(members, relations)
    assert [(one.kind, one.earliest_article_id, one.best_article_id) for one in clusters] == [
        ("copy", "b", "b"),
        ("story", "a", "b"),
    ]


def test_dates_are_compared_across_time_zones() -> None:
    noon_in_tokyo = datetime(2024, 2, 2, 12, tzinfo=timezone(timedelta(hours=9)))
    members = [Member("a", None, 5, day(2) + timedelta(hours=4)), Member("b", None, 5, noon_in_tokyo)]
    _, clusters = group(members, ties(["ab"]))
    assert {(one.earliest_article_id, one.best_article_id) for one in clusters} == {("b", "b")}


# Cost


def test_cost_grows_with_the_number_of_relations() -> None:
    """A flood eight times as large takes about eight times as long: far from the 64 of what is quadratic."""

    def work(n_articles: int) -> None:
        names = [f"{number:05}" for number in range(n_articles)]
        group(members_of(names), [tie(one, other) for at, one in enumerate(names) for other in names[at + 1 : at + 9]])

    small = least_s(lambda: work(500))
    assert least_s(lambda: work(4000), 24 * small) <= 24 * small
