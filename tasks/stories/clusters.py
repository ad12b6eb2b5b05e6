"""Groups of articles: what the relations, which are told pair by pair, make of the whole.

Every relation was verified on the texts of its two articles. Still a chain of relations may tie strangers together: a
round-up took over each of ten reports, and a report of Tuesday is close to those of Monday and of Wednesday. So two
groups become one only when more than `LEAST_LINKED` of the pairs between them are related: half, for then a round-up
stays with one of the reports or alone. In a flood of near copies each article was compared with its neighbours only
(`candidates`), so there as many links are enough as a quarter of the smaller group has members, and not less than
`MANY_LINKS`; both figures are set by judgement.

A copy cluster joins articles over *copy* and *spun_copy*, a story joins copy clusters over all relations but *related*.
Articles with the same words count as one. The closest pairs are looked at first, of equals those with smaller ids, so
the groups do not depend on the order in which articles came; only their names do.

A group is named after a member. It keeps its name when others join; when groups merge, the name that most members had
survives, of equals the smaller one; a new group is named after its smallest id.

The earliest member is the one that was published first. The best one to quote is whatever member is no later copy of
another one and has the longest text; who is spun is not known here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.stories.records import Cluster, ClusterKind, Membership, Relation, RelationKind

COPY_KINDS = frozenset({RelationKind.COPY, RelationKind.SPUN_COPY})
STORY_KINDS = COPY_KINDS | {RelationKind.SAME_STORY}

# The closest first.
RANK = {kind: place for place, kind in enumerate(RelationKind)}

LEAST_LINKED = 0.5
MANY_LINKS = 8

Link = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Member:
    """An article as groups know it: `text_key` is shared by articles with the same words; `former` are its groups."""

    article_id: str
    text_key: str | None = None
    n_chars: int = 0
    published_at: datetime | None = None
    former: Membership | None = None


def group(members: Sequence[Member], relations: Sequence[Relation]) -> tuple[list[Membership], list[Cluster]]:
    """Return the memberships of `members`, in their order, and the clusters of two articles or more, copies first.

    `relations` are those between `members`, who need not all hang together. The order of either does not count.
    """
    texts = {member.article_id: member.text_key or member.article_id for member in members}
    closest_first = sorted(
        relations, key=lambda relation: (RANK[relation.kind], -relation.score, relation.src, relation.dst)
    )
    copies = _join({text: text for text in texts.values()}, _links(closest_first, texts, COPY_KINDS))
    stories = _join(copies, _links(closest_first, texts, STORY_KINDS))
    copy_groups = _named(members, [copies[texts[one.article_id]] for one in members], _former_copies)
    story_groups = _named(members, [stories[texts[one.article_id]] for one in members], _former_stories)
    memberships = [
        Membership(member.article_id, copy_id, story_id)
        for member, copy_id, story_id in zip(members, copy_groups, story_groups, strict=True)
    ]
    later = _later_copies(members, relations)
    return memberships, [
        *_clusters(members, copy_groups, ClusterKind.COPY, later),
        *_clusters(members, story_groups, ClusterKind.STORY, later),
    ]


# Joining


def _links(relations: Iterable[Relation], texts: Mapping[str, str], kinds: frozenset[RelationKind]) -> list[Link]:
    """Return which texts the relations of these kinds link, each pair once, in the order of the relations."""
    pairs = ((texts[one.src], texts[one.dst]) for one in relations if one.kind in kinds)
    return list(dict.fromkeys((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]))


def _join(groups: Mapping[str, str], links: Sequence[Link]) -> dict[str, str]:
    """Return the group of each text after joining those of `groups` that are linked well enough."""
    joined = _Joining(groups, links)
    while sum(joined.try_link(link) for link in links):  # a sum: every link gets its turn before the next round
        pass
    return {text: joined.group_of(text) for text in groups}


class _Joining:
    """Groups of texts that grow together, with the number of links between each two of them."""

    def __init__(self, groups: Mapping[str, str], links: Iterable[Link]) -> None:
        self._parents: dict[str, str] = {}
        self._sizes = Counter(groups.values())
        self._groups = groups
        self._links: dict[str, Counter[str]] = {}
        for one, other in links:
            self._count(groups[one], groups[other], 1)

    def group_of(self, text: str) -> str:
        """Return the group that a text is in by now."""
        root = start = self._groups[text]
        while root in self._parents:
            root = self._parents[root]
        while start != root:
            self._parents[start], start = root, self._parents[start]
        return root

    def try_link(self, link: Link) -> bool:
        """Make the groups of two texts one if enough links are between them; say whether it was done."""
        one, other = (self.group_of(text) for text in link)
        if one == other or not self._is_enough(one, other):
            return False
        large, small = sorted((one, other), key=lambda root: (-self._sizes[root], root))
        self._parents[small] = large
        self._sizes[large] += self._sizes.pop(small)
        for neighbour, count in self._links.pop(small).items():
            del self._links[neighbour][small]
            if neighbour != large:
                self._count(large, neighbour, count)
        return True

    def _is_enough(self, one: str, other: str) -> bool:
        count, sizes = self._links[one][other], (self._sizes[one], self._sizes[other])
        return count > LEAST_LINKED * sizes[0] * sizes[1] or count >= max(MANY_LINKS, min(sizes) / 4)

    def _count(self, one: str, other: str, count: int) -> None:
        if one != other:
            self._links.setdefault(one, Counter())[other] += count
            self._links.setdefault(other, Counter())[one] += count


# Names


def _former_copies(member: Member) -> str | None:
    return None if member.former is None else member.former.copy_cluster_id


def _former_stories(member: Member) -> str | None:
    return None if member.former is None else member.former.story_id


def _named(members: Sequence[Member], groups: Sequence[str], former_of: Callable[[Member], str | None]) -> list[str]:
    """Return the name of each member's group."""
    ids: dict[str, set[str]] = {}
    former: dict[str, Counter[str]] = {}
    for member, of in zip(members, groups, strict=True):
        ids.setdefault(of, set()).add(member.article_id)
        name = former_of(member)
        if name is not None:
            former.setdefault(of, Counter())[name] += 1
    names = {}
    for of, own in ids.items():
        kept = {name: count for name, count in former.get(of, Counter()).items() if name in own}
        names[of] = min(kept, key=lambda name: (-kept[name], name)) if kept else min(own)
    return [names[of] for of in groups]


# Who is first, who is best


def _later_copies(members: Sequence[Member], relations: Iterable[Relation]) -> frozenset[str]:
    """Return the members that are a copy of an article that was published before them."""
    dates = {member.article_id: member.published_at for member in members}
    later = set()
    for relation in relations:
        src, dst = dates[relation.src], dates[relation.dst]
        if relation.kind in COPY_KINDS and src is not None and dst is not None and src != dst:
            later.add(relation.src if src > dst else relation.dst)
    return frozenset(later)


def _clusters(
    members: Sequence[Member], names: Sequence[str], kind: ClusterKind, later: frozenset[str]
) -> Iterator[Cluster]:
    """Yield the clusters of two members or more, in the order of their names."""
    of_name: dict[str, list[Member]] = {}
    for member, name in zip(members, names, strict=True):
        of_name.setdefault(name, []).append(member)
    for name, own in sorted(of_name.items()):
        if len(own) > 1:
            dated = sorted((one.published_at, one.article_id) for one in own if one.published_at is not None)
            first, last = (dated[0], dated[-1]) if dated else ((None, None), (None, None))
            best = min(own, key=lambda one: (one.article_id in later, -one.n_chars, one.article_id))
            yield Cluster(name, kind, len(own), first[1], best.article_id, first[0], last[0])
