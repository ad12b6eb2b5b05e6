"""Who copies whom: relations between articles, decided by the words they have in common.

**copy**: at least `COPY_CONTAINMENT` of the shingles (runs of five words) of the shorter article are in the longer one.
`score` is that share. Articles with exactly the same words are copies whatever their length; very short ones only
then. This finds reposts, agency reports with small edits, abridged and extended versions, and articles of which a
good part was taken over.

What is refused. This version says nothing but *copy*. Articles on the same event written by different people, copies
translated forth and back, and copies whose words were changed by a spinner share next to no run of five words (0 to
1 % on real examples), so nothing here could tell them from strangers; claiming *same story* or *related* from shared
names would be a guess. These kinds need other evidence: rare names and numbers, aligned sentences, dates.

How the threshold was set. Measured on the 80 development pages of article-extraction-benchmark (gold bodies) and on
five real relatives of one story (bodies only):

- distinct articles, 3160 pairs: 0.000 in the median, 3157 pairs under 0.06. Three pairs lie above that: 0.09 (the same
  statement quoted), 0.20 (two pages of one theatre, with the same credits) and 0.27 (two press releases of one firm,
  with the same paragraphs on the firm). These are the hardest negatives and no copies.
- a real repost that took over 13 of 17 sentences: 0.68. The other nine pairs of that story: at most 0.011.
- every word changed with odds of 1 in 20: 0.65 and more; 1 in 10: 0.50 and more; 1 in 8: 0.37 and more.
- an article of which 40 % were taken from another, the rest from a third: 0.36 and more, 0.38 in 95 of 100.

0.33 lies between 0.27 and 0.36. What falls on the wrong side: press releases of one firm that consist of its standing
text for more than a third, and copies of which every seventh word or more was changed (1 of 80 at 1 in 7).

Articles with the same words form a star: each is related to the one with the smallest id, which alone is compared with
other texts. Of many near copies only the first `candidates.HUBS` are related to all others. Groups are whole in both
cases, see `clusters`; the list of pairs is not, and would have a million rows for a report that a thousand sites took.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from tasks.stories.candidates import propose_pairs
from tasks.stories.records import Relation, RelationKind, Story
from tasks.stories.shingles import containment
from tasks.stories.signatures import MIN_SHINGLES, Signature, count_common_sentences, representatives, sign

COPY_CONTAINMENT = 0.33


def relate(articles: Iterable[Story]) -> list[Relation]:
    """Return the relations between `articles`, sorted by ids, whatever the order of `articles`.

    Holds the signatures of all articles in memory, about 5 bytes for each character; `corpus` does the same over
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
    relations += [compare(alone[i], alone[j]) for i, j in propose_pairs([one.fingerprints for one in alone])]
    found = [relation for relation in relations if relation is not None]
    return sorted(found, key=lambda relation: (relation.src, relation.dst))


def compare(one: Signature, other: Signature) -> Relation | None:
    """Return the relation between two articles, or None where they have none or are the same article."""
    src, dst = sorted((one, other), key=lambda signature: signature.story.article_id)
    if src.story.article_id == dst.story.article_id:
        return None
    if src.text_key is not None and src.text_key == dst.text_key:
        score, n_sentences = 1.0, src.n_sentences
    else:
        score = _score_parts(src, dst)
        if score < COPY_CONTAINMENT:
            return None
        # Of two texts of one length the one with the smaller id counts as the shorter, so that the count is settled.
        shorter, longer = (dst, src) if len(dst.shingles) < len(src.shingles) else (src, dst)
        n_sentences = count_common_sentences(shorter, longer)
    gap = count_days_between(src.story.published_at, dst.story.published_at)
    return Relation(src.story.article_id, dst.story.article_id, RelationKind.COPY, score, n_sentences, gap)


def _score_parts(one: Signature, other: Signature) -> float:
    """Return what share of the shorter text is in the longer one; 0 where one of them is too short for a share."""
    if min(len(one.shingles), len(other.shingles)) < MIN_SHINGLES:
        return 0.0
    return containment(one.shingles, other.shingles)


def count_days_between(one: datetime | None, other: datetime | None) -> int | None:
    """Return the number of whole days between two points in time, whichever is first; None where one is unknown.

    >>> count_days_between(datetime(2020, 9, 14, 22), datetime(2020, 9, 16, 21, tzinfo=UTC))
    1
    """
    if one is None or other is None:
        return None
    return abs(_in_utc(one) - _in_utc(other)).days


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _check_ids(signatures: Sequence[Signature]) -> None:
    ids = [signature.story.article_id for signature in signatures]
    repeated = sorted({one for one, other in pairwise(ids) if one == other})
    if repeated:
        raise ValueError(f"each article must have an id of its own, but these occur more than once: {repeated[:5]}")
