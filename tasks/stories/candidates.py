"""Which pairs of articles are worth comparing word by word, without looking at all pairs.

Two articles are candidates

- for their wording, when the one that has fewer fingerprints shares at least `FINGERPRINT_SHARE` of them;
- for what they are about, when they share at least `LEAST_FEATURES` features, and these weigh at least
  `FEATURE_SHARE` of all features of the one whose features weigh less.

Pairs are found by way of an inverted index: for each fingerprint and each feature, a list of the articles that have it.
A word that very many articles have would alone make all their pairs. So each list is sorted by date of publication
(articles without one last) and id, and an article meets only the `NEIGHBOURS` that stand next to it. A name that is in
the news all year brings together the reports of a few days; a thousand near copies of one agency report form a chain
that hangs together, at a cost that grows with their number and not with its square. Up to 33 articles nothing is lost.

How the figures were set. Of the texts that `tests/eval/story_pairs.py` makes of 80 news pages, all copies, partial
copies and simulated translations and 399 of 400 spun copies are candidates with their original: by their wording all
copies, but of those with 40 % of the words replaced 1 in 5; by their features all but 5. Of the 3160 pairs of these
pages 31 are candidates, half of which report one event. So bands of MinHash signatures (LSH), the usual index for spun
copies, would find one pair in a thousand more, and are not kept.

The same rule stands a second time in `join`, as SQL over files; a test holds the two together.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tasks.stories.records import Story
from tasks.stories.signatures import Signature

NEIGHBOURS = 32
FINGERPRINT_SHARE = 0.09
LEAST_FEATURES = 3
FEATURE_SHARE = 0.13

Pair = tuple[int, int]


def propose_pairs(signatures: Sequence[Signature]) -> list[Pair]:
    """Return the pairs of places (i < j, sorted) in `signatures` that are candidates, whatever their order."""
    order = sorted(range(len(signatures)), key=lambda place: date_and_id(signatures[place].story))
    wordings = [dict.fromkeys(one.fingerprints.tolist(), 1) for one in signatures]
    topics = [
        dict(zip(one.profile.features.tolist(), one.profile.feature_weights.tolist(), strict=True))
        for one in signatures
    ]
    pairs = set(_alike(order, wordings, 1, FINGERPRINT_SHARE)) | set(
        _alike(order, topics, LEAST_FEATURES, FEATURE_SHARE)
    )
    return sorted(pairs)


def date_and_id(story: Story) -> tuple[bool, float, str]:
    """Return what articles are sorted by: date of publication, those without one last, then id."""
    published_at = story.published_at
    return published_at is None, 0.0 if published_at is None else in_utc(published_at).timestamp(), story.article_id


def in_utc(moment: datetime) -> datetime:
    """Return `moment` with a time zone; without one it counts as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def walk(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the articles in `pairs` (their numbers; shape (pairs, 2)) each once, the two of a pair near each other.

    From neighbour to neighbour, breadth first, beginning at an article with few partners, as Cuthill and McKee order
    the rows of sparse matrices.
    """
    numbers, ends = np.unique(pairs, return_inverse=True)
    ends = ends.reshape(-1, 2)
    starts, goals = np.concatenate([ends, ends[:, ::-1]]).T
    by_start = np.argsort(starts, kind="stable")
    partners, degrees = goals[by_start], np.bincount(starts, minlength=len(numbers))
    limits = np.concatenate([[0], np.cumsum(degrees)])
    met = np.zeros(len(numbers), np.bool_)
    order: list[int] = []
    for first in np.argsort(degrees, kind="stable").tolist():
        if met[first]:
            continue
        met[first] = True
        at = len(order)
        order.append(first)
        while at < len(order):
            own = partners[limits[order[at]] : limits[order[at] + 1]]
            new = np.unique(own[~met[own]])
            met[new] = True
            order += new[np.argsort(degrees[new], kind="stable")].tolist()
            at += 1
    return numbers[np.array(order, np.int64)]


def _alike(order: Sequence[int], marks: Sequence[Mapping[int, int]], least: int, share: float) -> Iterator[Pair]:
    """Yield the pairs that share at least `least` marks, and of the weight of all marks of the lighter one `share`."""
    totals = [sum(weights.values()) for weights in marks]
    for (one, other), (count, weight) in _meet(order, marks).items():
        if count >= least and weight >= share * min(totals[one], totals[other]):
            yield one, other


def _meet(order: Sequence[int], marks: Sequence[Mapping[int, int]]) -> dict[Pair, tuple[int, int]]:
    """Return for each pair that stands close in a list how many marks brought it together, and what these weigh."""
    postings: dict[int, list[int]] = {}
    for place in order:
        for mark in marks[place]:
            postings.setdefault(mark, []).append(place)
    met: dict[Pair, tuple[int, int]] = {}
    for mark, posting in postings.items():
        for at, one in enumerate(posting):
            for other in islice(posting, at + 1, at + 1 + NEIGHBOURS):
                pair = min(one, other), max(one, other)
                count, weight = met.get(pair, (0, 0))
                met[pair] = count + 1, weight + min(marks[one][mark], marks[other][mark])
    return met
