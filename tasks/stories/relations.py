"""DOC"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from tasks.stories.alignment import align
from tasks.stories.candidates import in_utc, propose_pairs
from tasks.stories.months import are_of_one_time
from tasks.stories.profiles import compare_topics
from tasks.stories.records import Relation, RelationKind, Story
from tasks.stories.shingles import containment
from tasks.stories.signatures import Signature, count_common_sentences, representatives, sign

COPY_CONTAINMENT = 0.33
SPUN_SHARE = 0.4
SAME_TOPIC = 0.24
RELATED_TOPIC = 0.2
SAME_DAYS = 14


def relate(articles: Iterable[Story]) -> list[Relation]:
    """Return the relations between `articles`, sorted by ids, whatever the order of `articles`.

    Holds the signatures of all articles in memory, about 15 bytes for each character; `corpus` does the same over
    files. Raises ValueError when two articles have the same id.

    >>> words = "the council voted on monday to reopen the old harbour line after two years of repairs and delays"
    >>> first = Story("a1", f"Officially, {words}. Trams will run from the market to the pier every ten minutes.")
    >>> second = Story("b2", first.text.replace("Officially", "On Monday"))
    >>> [(found.src, found.dst, found.kind.value) for found in relate([second, first])]
    [('a1', 'b2', 'copy')]
    """
    signatures = sorted(map(sign, articles), key=lambda signature: signature.story.article_id)
    _check_ids(signatures)
    chosen = representatives(signatures)
    by_id = {signature.story.article_id: signature for signature in signatures}
    alone = [one for one in signatures if one.text_key is not None and chosen[one.text_key] == one.story.article_id]
    relations = [compare(by_id[chosen[one.text_key]], one) for one in signatures if one.text_key is not None]
    relations += [compare(alone[i], alone[j]) for i, j in propose_pairs(alone)]
    found = [relation for relation in relations if relation is not None]
    return sorted(found, key=lambda relation: (relation.src, relation.dst))


def compare(one: Signature, other: Signature) -> Relation | None:
    """Return the relation between two articles, or None where they have none or are the same article."""
    src, dst = sorted((one, other), key=lambda signature: signature.story.article_id)
    if src.story.article_id == dst.story.article_id:
        return None
    gap = count_days_between(src.story.published_at, dst.story.published_at)
    found = _judge(src, dst, gap)
    if found is None:
        return None
    kind, score, n_sentences = found
    return Relation(src.story.article_id, dst.story.article_id, kind, score, n_sentences, gap)


def _judge(src: Signature, dst: Signature, gap: int | None) -> tuple[RelationKind, float, int] | None:
    """Return the closest kind that holds of two articles, its score, and how many sentences agree."""
    if src.text_key is not None and src.text_key == dst.text_key:
        return RelationKind.COPY, 1.0, src.n_sentences
    if not (len(src.fingerprints) and len(dst.fingerprints)):
        return None
    # Of two texts of one length the one with the smaller id counts as the shorter, so that the count is settled.
    shorter, longer = (dst, src) if len(dst.shingles) < len(src.shingles) else (src, dst)
    contained = containment(shorter.shingles, longer.shingles)
    if contained >= COPY_CONTAINMENT:
        return RelationKind.COPY, contained, count_common_sentences(shorter, longer)
    alignment = align(shorter.sentences, longer.sentences)
    if alignment.share >= SPUN_SHARE:
        return RelationKind.SPUN_COPY, alignment.share, alignment.n_sentences
    topic = compare_topics(src.profile, dst.profile)
    kind = _judge_topic(src, dst, topic, gap)
    return None if kind is None else (kind, topic, alignment.n_sentences)


def _judge_topic(src: Signature, dst: Signature, topic: float, gap: int | None) -> RelationKind | None:
    """Tell reports of one event from those of one saga, and these from strangers."""
    is_known = src.profile.is_of_known_language and dst.profile.is_of_known_language
    if not is_known or topic < RELATED_TOPIC:
        return None
    return (
        RelationKind.SAME_STORY if topic >= SAME_TOPIC and _may_be_of_one_time(src, dst, gap) else RelationKind.RELATED
    )


def _may_be_of_one_time(src: Signature, dst: Signature, gap: int | None) -> bool:
    """Say whether two articles came out within the window, by the months they name where a date is missing."""
    return are_of_one_time(src.months, dst.months) if gap is None else gap <= SAME_DAYS


def count_days_between(one: datetime | None, other: datetime | None) -> int | None:
    """Return the number of whole days between two points in time, whichever is first; None where one is unknown.

    >>> count_days_between(datetime(2020, 9, 14, 22), datetime(2020, 9, 16, 21, tzinfo=UTC))
    1
    """
    if one is None or other is None:
        return None
    return abs(in_utc(one) - in_utc(other)).days


def _check_ids(signatures: Sequence[Signature]) -> None:
    ids = [signature.story.article_id for signature in signatures]
    repeated = sorted({one for one, other in pairwise(ids) if one == other})
    if repeated:
        raise ValueError(f"each article must have an id of its own, but these occur more than once: {repeated[:5]}")
