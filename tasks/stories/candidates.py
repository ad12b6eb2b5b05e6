"""Which pairs of articles are worth comparing word by word, without looking at all pairs.

Two articles are candidates when they share enough fingerprints, found by way of an inverted index. A fingerprint that
very many articles have would alone make all of these pairs, so its list of articles is capped: of such a list, the
`HUBS` articles with the smallest ids meet all the others, and the others do not meet each other. Up to that many
articles nothing is lost; a thousand near copies of one agency report are tied to the same few hubs, so that they
still form one group, at a cost that grows with their number and not with its square.

`CANDIDATE_SHARE` of the fingerprints of the article that has fewer must agree: about a quarter of the share of
shingles that makes a copy (see `relations`), since fingerprints are a sample. Measured on passages of the 80
development pages of article-extraction-benchmark in which words were changed with odds of 1 in 20, 10 and 8: of the
pairs that are copies none of 4,591 is missed at 120 and 400 words, 1 of 2,775 at 60 words, 3 of 2,699 at 40 words and
2 % at 28 words. Of the 3160 pairs of distinct articles 3 become candidates.

The same rule stands a second time in `corpus`, as SQL over files; a test holds the two together.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

from tasks.stories.shingles import Hashes

HUBS = 32
CANDIDATE_SHARE = 0.09


def propose_pairs(fingerprints: Sequence[Hashes]) -> list[tuple[int, int]]:
    """Return the pairs of places (i < j, sorted) in `fingerprints` that are candidates.

    `fingerprints` stand in the order of the ids of their articles, which decides who is a hub.
    """
    postings: dict[int, list[int]] = {}
    for place, hashes in enumerate(fingerprints):
        for value in hashes.tolist():
            postings.setdefault(value, []).append(place)
    shared = Counter(pair for posting in postings.values() if len(posting) > 1 for pair in _meet(posting))
    return sorted(
        (one, other)
        for (one, other), count in shared.items()
        if count >= CANDIDATE_SHARE * min(len(fingerprints[one]), len(fingerprints[other]))
    )


def _meet(posting: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Yield the pairs that one fingerprint makes of the articles that have it, which are sorted."""
    yield from combinations(posting[:HUBS], 2)
    yield from ((hub, other) for other in posting[HUBS:] for hub in posting[:HUBS])
