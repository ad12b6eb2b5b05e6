"""Who copies whom, and who reports the same: relations between articles, decided by the texts of the two alone.

The closest kind that holds is stated, of these:

- **copy**: at least `COPY_CONTAINMENT` of the shingles (runs of five words) of the shorter article are in the longer
  one. `score` is that share. Reposts, agency reports with small edits, abridged and extended versions, articles of
  which a good part was taken over. Articles with exactly the same words are copies whatever their length; very short
  ones only then.
- **spun_copy**: at least `SPUN_SHARE` of the words of the shorter article stand in sentences that are a sentence of the
  longer one in other words (`alignment`): spun by a program, translated forth and back, rewritten. `score` is that
  share. At least `SPUN_SENTENCES` sentences must agree, for one or two may be a quotation; or nearly all of a text that
  has no more.
- Both only where names and numbers in what agrees are the same (`anchors`): reports filled into one template are
  neither.
- **same_story**: alike in topic (`profiles`) by at least `SAME_TOPIC`, and published within `SAME_DAYS` days. `score`
  is that likeness. Where a date is missing the months that the texts name must not speak against it (`months`).
- **related**: alike in topic by at least `RELATED_TOPIC`: the same saga at another time, or a kindred matter.

What is refused. Nothing is stated of a text too short to judge (`signatures`), and of texts in languages that `rarity`
does not know only *copy* and *spun_copy*. Two reports of one event that share no rare word are strangers here. Parts
that were taken over and also spun count only as far as they make up `SPUN_SHARE` of the shorter text.

Chinese, Japanese, Thai, Lao, Khmer and Burmese are compared by windows of characters, and aligned by characters, with
the same thresholds; these were not measured on them beyond a few cases (`tests/cases/stories`).

How the thresholds were set: on 80 news pages (the gold bodies of the development pages of
article-extraction-benchmark), on texts made of one half of them (`tests/eval/story_pairs.py`; what came of it is
measured on the other half), on five real relatives of one story, and on 165 lead excerpts of about 100 words of reports
whose events were told apart by hand:

- `COPY_CONTAINMENT`: distinct articles 0.000 in the median and 0.27 at most (two press releases of one firm); a real
  repost of 13 of 17 sentences 0.68; an article of which 40 % is from another one 0.36 and more.
- `SPUN_SHARE`: of reports of one event one that retells the other in short 0.20, the others 0.15 at most; two press
  releases of one firm 0.34; with 40 % of the words replaced 0.72 and more, and simulated translation with as many
  replaced 0.68 and more. That one or two sentences are not enough was seen on the half that was to be measured on.
- `SAME_TOPIC`: of 16,484 pairs of strangers 1 reaches it (two essays of one author on one subject), of 108 pairs on one
  event 81 %. The saga's own other events reach it as often where they are days apart, and count as the story.
- `RELATED_TOPIC`: the second highest stranger has 0.177.
- `SAME_DAYS`: set by judgement. How long a story runs is for the reader to say; this is how far one relation reaches.

Articles with the same words form a star: each is related to the one with the smallest id, which alone is compared with
other texts. Of very many near copies each is related to its neighbours only (`candidates`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from tasks.stories.alignment import Alignment, align
from tasks.stories.anchors import do_anchors_agree
from tasks.stories.candidates import in_utc, propose_pairs
from tasks.stories.months import are_of_one_time
from tasks.stories.profiles import compare_topics
from tasks.stories.records import Relation, RelationKind, Story
from tasks.stories.shingles import containment
from tasks.stories.signatures import Signature, count_common_sentences, representatives, sign

COPY_CONTAINMENT = 0.33
SPUN_SHARE = 0.4
SPUN_SENTENCES = 3
BRIEF_SPUN_SHARE = 0.8
BRIEF_SPUN_WORDS = 60
SAME_TOPIC = 0.2
RELATED_TOPIC = 0.17
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
    alignment = align(shorter.sentences, longer.sentences)
    is_copy = contained >= COPY_CONTAINMENT
    is_spun = _is_spun(alignment)
    if (is_copy or is_spun) and _do_anchors_agree(shorter, longer, alignment):
        if is_copy:
            return RelationKind.COPY, contained, count_common_sentences(shorter, longer)
        return RelationKind.SPUN_COPY, alignment.share, alignment.n_sentences
    topic = compare_topics(src.profile, dst.profile)
    kind = _judge_topic(src, dst, topic, gap)
    return None if kind is None else (kind, topic, alignment.n_sentences)


def _is_spun(alignment: Alignment) -> bool:
    """Say whether enough is aligned: a good part in several sentences, or next to all of a text of few."""
    if alignment.n_sentences >= SPUN_SENTENCES:
        return alignment.share >= SPUN_SHARE
    return alignment.share >= BRIEF_SPUN_SHARE and alignment.n_words >= BRIEF_SPUN_WORDS


def _do_anchors_agree(shorter: Signature, longer: Signature, alignment: Alignment) -> bool:
    return do_anchors_agree(alignment, shorter.sentences, shorter.anchors, longer.sentences, longer.anchors)


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

    >>> from datetime import UTC
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
