"""What an article is about: its words, weighed by how rare they are in text at large, and the rarest of them.

How alike two articles are in topic is the cosine of Salton and Buckley (1988), "Term-weighting approaches in automatic
text retrieval": a word counts 1 + ln(times) as often as its weight, with the fixed frequencies of `rarity` in the place
of those of a corpus. Names that run through an article decide: the same people, places and firms.

`features` are the `FEATURES` words that count most, of those that at most one article in twenty has (`LEAST_WEIGHT`). A
spinner leaves names and numbers as they are, so they find the other copy when no two words in a row are left; three of
them in common are where every comparison begins, see `candidates`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.stories.rarity import Weights, is_of_known_language, look_up
from tasks.stories.shingles import Hashes, hash_words

FEATURES = 24
# A word that makes up 1 in 10,000 of all text is in 5 % of the articles of 500 words.
LEAST_WEIGHT = 1.0
FEATURE_STEPS = 16


@dataclass(frozen=True, slots=True)
class Profile:
    """The words of an article, ready to be compared.

    `words` are the hashes of its distinct words, sorted; `topic` has what each counts, as a vector of length 1 (0 where
    there is no rare word). `features` are upper halves of hashes, sorted; `feature_weights` what each counts, in steps
    of 1/`FEATURE_STEPS`.
    """

    words: Hashes
    topic: Weights
    features: NDArray[np.uint32]
    feature_weights: NDArray[np.uint8]
    is_of_known_language: bool


def profile(text_words: Sequence[str]) -> Profile:
    """Make the profile of a text from its words, folded and in any order."""
    counts = Counter(text_words)
    words = list(counts)
    times = np.fromiter(counts.values(), np.float32, len(words))
    rarity, hashes = look_up(words), hash_words(words)
    order = np.argsort(hashes)
    hashes, weights = hashes[order], rarity.weights[order]
    topic = weights * (1 + np.log(times[order]))
    rare = np.flatnonzero(weights >= LEAST_WEIGHT)
    # Of words that count the same those with the smallest hashes, so that the choice is settled.
    chosen = np.sort(rare[np.lexsort((hashes[rare], -topic[rare]))[:FEATURES]])
    length = float(np.sqrt(topic @ topic))
    return Profile(
        words=hashes,
        topic=topic / np.float32(length) if length else topic,
        features=(hashes[chosen] >> np.uint64(32)).astype(np.uint32),
        feature_weights=np.minimum(np.rint(topic[chosen] * FEATURE_STEPS), 255).astype(np.uint8),
        is_of_known_language=is_of_known_language(rarity, times),
    )


def compare_topics(one: Profile, other: Profile) -> float:
    """Return how alike two articles are in topic: a cosine, 0 to 1."""
    _, here, there = np.intersect1d(one.words, other.words, assume_unique=True, return_indices=True)
    return min(float(one.topic[here] @ other.topic[there]), 1.0)
