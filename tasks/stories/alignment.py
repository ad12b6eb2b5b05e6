"""Which sentences of two texts are the same sentence in other words.

A spinner swaps words where they stand: what is left of a sentence is left in its order. A translation forth and back
changes more, but still says one sentence for one. Reports of one event by different people share names and numbers,
here and there a quotation, but not the order of the words. So two sentences are aligned when they have a long common
subsequence of words (LCS, words in the same order, others in between): at least `LEAST_COMMON` of the longer sentence,
or `LEAST_CONTAINED` of the shorter one, which must have `CONTAINED_WORDS` words, for sentences that were cut in two or
joined.

How the figures were set: on pairs of 80 news pages (the gold bodies of the development pages of
article-extraction-benchmark) and texts made of them. No more than 0.20 of the words of a report are in sentences that
are aligned with another hand's report of the same event; with 0.38 a retelling of a third of a report is taken for a
spun copy, and with 0.6 for `LEAST_CONTAINED` short sentences that have nothing to do with each other are aligned. Where
30 % of all words were replaced, 0.91 of them and more are in aligned sentences; of 40 % of the content words 0.72.

Chinese, Japanese, Thai, Lao, Khmer and Burmese are aligned by characters.

Bounded: of a text only the first `MAX_SENTENCES` sentences are looked at, and a sentence of more than `MAX_WORDS` words
(a table, a text without stops) comes apart into pieces of that many. So two texts take a second at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from tasks.stories.shingles import Hashes

LEAST_COMMON = 0.42
LEAST_CONTAINED = 0.7
CONTAINED_WORDS = 6
LEAST_WORDS = 4
MAX_SENTENCES = 600
MAX_WORDS = 64

# Words become characters, so that the LCS of strings can be asked: from the first plane beyond the surrogates on.
FIRST_CHARACTER = 0x10000

Sentences = Sequence[Hashes]


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the sentences of one text (`shorter`) stand in another one (`longer`).

    `partners` has for each sentence of `shorter` the place of the sentence of `longer` that is most like it, -1 where
    none is alike enough; `agreements` how much the two agree, 0 to 1. Aligned sentences have `n_words` of the words of
    `shorter`, which is `share` of those in sentences of `LEAST_WORDS` words or more.
    """

    partners: NDArray[np.int64]
    agreements: NDArray[np.float64]
    n_words: int
    share: float

    @property
    def n_sentences(self) -> int:
        """How many sentences of the shorter text are aligned."""
        return int((self.partners >= 0).sum())


def align(shorter: Sentences, longer: Sentences) -> Alignment:
    """Align each sentence of `shorter` (hashes of its words, in order) with the sentence of `longer` most like it.

    Sentences beyond `MAX_SENTENCES`, and those of fewer than `LEAST_WORDS` words, are aligned with none.
    """
    one, other = shorter[:MAX_SENTENCES], longer[:MAX_SENTENCES]
    partners = np.full(len(shorter), -1, np.int64)
    agreements = np.zeros(len(shorter), np.float64)
    lengths = np.array([len(sentence) for sentence in one], np.int64)
    others = np.array([len(sentence) for sentence in other], np.int64)
    counted = lengths >= LEAST_WORDS
    if not counted.any() or not (others >= LEAST_WORDS).any():
        return Alignment(partners, agreements, 0, 0.0)
    scores = _agreements(_common_words(one, other), lengths, others)
    best = scores.argmax(axis=1)
    agreements[: len(one)] = scores[np.arange(len(one)), best]
    aligned = agreements[: len(one)] > 0
    partners[: len(one)][aligned] = best[aligned]
    n_words = int(lengths[aligned].sum())
    return Alignment(partners, agreements, n_words, n_words / int(lengths[counted].sum()))


def _agreements(
    common: NDArray[np.int32], lengths: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how much each two sentences agree: what share of the longer is common; 0 where they are not aligned."""
    long = np.maximum.outer(lengths, others)
    short = np.minimum.outer(lengths, others)
    aligned = (common >= LEAST_COMMON * long) | ((common >= LEAST_CONTAINED * short) & (short >= CONTAINED_WORDS))
    return np.where(aligned & (short >= LEAST_WORDS), common / np.maximum(long, 1), 0.0)


def _common_words(one: Sentences, other: Sentences) -> NDArray[np.int32]:
    """Return the length of the longest common subsequence of each two sentences."""
    sentences = [*one, *other]
    _, places = np.unique(np.concatenate(sentences), return_inverse=True)
    letters = (places.astype("<u4") + np.uint32(FIRST_CHARACTER)).tobytes().decode("utf-32-le")
    ends = np.cumsum([len(sentence) for sentence in sentences]).tolist()
    spelled = [letters[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return process.cdist(spelled[: len(one)], spelled[len(one) :], scorer=LCSseq.similarity, dtype=np.int32)
