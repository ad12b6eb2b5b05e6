"""Groups of articles: what the relations, which are told pair by pair, make of the whole.

A copy cluster is a connected component over the relations of kind *copy*; a story is one over those kinds that make
two articles the same story. Every relation was verified on the texts of its two articles before it got here, so no
group grows by a mere likeness; but two members of a group need not be alike themselves (a round-up that took over
half of each of two reports ties these together). As long as only *copy* is claimed, both groups are the same.

The id of a group is the smallest article id in it. It is the same whatever the order of articles and relations, and in
every run over the same articles; but it changes when an article with a smaller id joins, and one of two ids vanishes
when a new article ties two groups together. Ids that outlive this need a memory of earlier runs, which is not here yet.
"""

from collections.abc import Iterable, Iterator

from tasks.stories.records import Membership, Relation, RelationKind

COPY_KINDS = frozenset({RelationKind.COPY})
STORY_KINDS = frozenset({RelationKind.COPY, RelationKind.SPUN_COPY, RelationKind.SAME_STORY})


def cluster(article_ids: Iterable[str], relations: Iterable[Relation]) -> Iterator[Membership]:
    """Yield the membership of each of `article_ids`, in their order.

    Reads all `relations` first and keeps only the ids that occur in them, so memory grows with the number of related
    articles; `article_ids` may be a stream.
    """
    copies, stories = Components(), Components()
    for relation in relations:
        if relation.kind in COPY_KINDS:
            copies.join(relation.src, relation.dst)
        if relation.kind in STORY_KINDS:
            stories.join(relation.src, relation.dst)
    for article_id in article_ids:
        yield Membership(article_id, copies.smallest(article_id), stories.smallest(article_id))


class Components:
    """Connected components (union-find) whose root is their smallest member."""

    def __init__(self) -> None:
        """Start with every id alone; an id that was never joined takes no memory."""
        self._parents: dict[str, str] = {}

    def join(self, one: str, other: str) -> None:
        """Make the components of two ids one."""
        low, high = sorted((self.smallest(one), self.smallest(other)))
        if low != high:
            self._parents[high] = low

    def smallest(self, member: str) -> str:
        """Return the smallest id of the component of `member`, and shorten the way to it."""
        root = member
        while root in self._parents:
            root = self._parents[root]
        while member != root:
            self._parents[member], member = root, self._parents[member]
        return root
