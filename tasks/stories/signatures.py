"""The short form in which an article is compared: which text it is, what it is about, fingerprints of its wording.

Fingerprints are chosen by winnowing (Schleimer, Wilkerson and Aiken 2003, "Winnowing: local algorithms for document
fingerprinting"): of every eight shingles in a row the one with the smallest hash. Which one that is depends on these
eight alone, so two texts that share any twelve words in a row (eight shingles) also share a fingerprint: a guarantee,
where MinHash and a random sample of shingles only give odds. About two shingles in nine are kept.

Of a long text only the `MAX_FINGERPRINTS` smallest are kept (bottom-k sampling: of two texts that are both cut, the
same ones are likely to stay), and of each only 32 bits: the whole signature takes less than a kilobyte.

A text of fewer than `MIN_SHINGLES` shingles gets no fingerprints and no features. A sentence or two that stand in a
longer article may be a quotation, a standing line, a caption; that is no evidence that the article was copied. Such a
text is related only to one that has exactly the same words. A text without any word is related to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tasks.stories.alignment import MAX_WORDS
from tasks.stories.anchors import find_anchors
from tasks.stories.months import find_months
from tasks.stories.profiles import Profile, profile
from tasks.stories.rarity import WINDOW_RE
from tasks.stories.records import Story
from tasks.stories.sentences import split_sentences
from tasks.stories.shingles import SHINGLE_WORDS, Hashes, hash_text, hash_words, is_in, mix_shingles, split_words

# 24 words: the length of one long lede. Shorter "articles" are flashes, captions and stubs of broken pages.
MIN_SHINGLES = 20
WINDOW = 8
MAX_FINGERPRINTS = 128

Fingerprints = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Signature:
    """An article ready to be compared.

    `sentences` are the hashes of the words of each sentence as they are aligned: in pieces of bounded length, unspaced
    scripts by character. `anchors` are the hashes of its names and numbers, sorted. `profile` says what the article is
    about, `months` which months it names, as bits.
    `text_key` is the same for articles with the same words in the same order, None where there is no word.
    `in_order` are the hashes of all shingles as they follow each other; `shingles` and `fingerprints` are sorted and
    without repeats, fingerprints empty for a very short text. `spans` has for each sentence of five words or more the
    first place and the place after the last of its shingles in `in_order`; `brief` has a key for each shorter one.
    """

    story: Story
    sentences: tuple[Hashes, ...]
    anchors: Hashes
    profile: Profile
    months: int
    text_key: str | None
    in_order: Hashes
    shingles: Hashes
    fingerprints: Fingerprints
    spans: NDArray[np.int64]
    brief: tuple[str, ...]

    @property
    def n_sentences(self) -> int:
        """How many sentences the text has."""
        return len(self.spans) + len(self.brief)


def sign(story: Story) -> Signature:
    """Make the signature of one article: linear in the length of its text."""
    written = split_sentences(story.text)
    sentences = [split_words(sentence) for sentence in written]
    words = [word for sentence in sentences for word in sentence]
    hashes = hash_words(words)
    in_order = mix_shingles(hashes)
    shingles = np.unique(in_order)
    is_brief = len(shingles) < MIN_SHINGLES
    ends = np.cumsum([len(sentence) for sentence in sentences], dtype=np.int64).tolist()
    spans = [
        (end - len(sentence), end - SHINGLE_WORDS + 1)
        for sentence, end in zip(sentences, ends, strict=True)
        if len(sentence) >= SHINGLE_WORDS
    ]
    return Signature(
        story=story,
        sentences=_cut(_hash_letters(words, hashes), ends),
        anchors=find_anchors(written),
        profile=profile([] if is_brief else words),
        months=find_months(words),
        text_key=hash_text(words) if words else None,
        in_order=in_order,
        shingles=shingles,
        fingerprints=winnow(in_order[:0] if is_brief else in_order),
        spans=np.array(spans, dtype=np.int64).reshape(-1, 2),
        brief=tuple(hash_text(sentence) for sentence in sentences if len(sentence) < SHINGLE_WORDS),
    )


def count_common_sentences(shorter: Signature, longer: Signature) -> int:
    """Count the sentences of `shorter` that are word by word in `longer`.

    A sentence of less than five words has no shingle of its own, so it must be a whole sentence there too.
    """
    found = np.concatenate([[0], np.cumsum(is_in(shorter.in_order, longer.shingles))])
    starts, ends = shorter.spans.T
    whole = found[ends] - found[starts] == ends - starts
    known = set(longer.brief)
    return int(whole.sum()) + sum(key in known for key in shorter.brief)


def winnow(in_order: Hashes) -> Fingerprints:
    """Return the smallest of every eight hashes in a row: the upper halves of the smallest of these, sorted, distinct.

    >>> (winnow(np.array([9, 8, 7, 6, 5, 4, 3, 2, 9, 9, 9], dtype=np.uint64) << np.uint64(32))).tolist()
    [2]
    """
    smallest, width = in_order, 1
    while width < WINDOW:  # the smallest of eight is the smaller of the smallest of four and of the next four
        smallest = np.minimum(smallest[:-width], smallest[width:])
        width *= 2
    return np.unique((smallest >> np.uint64(32)).astype(np.uint32))[:MAX_FINGERPRINTS]


def _hash_letters(words: Sequence[str], hashes: Hashes) -> Hashes:
    """Return the hashes of words as they are aligned: a window of unspaced script stands for its first character."""
    windows = [place for place, word in enumerate(words) if not word.isascii() and WINDOW_RE.match(word)]
    if not windows:
        return hashes
    letters = hashes.copy()
    letters[windows] = hash_words([words[place][0] for place in windows])
    return letters


def _cut(hashes: Hashes, ends: Sequence[int]) -> tuple[Hashes, ...]:
    """Cut the words of a text into its sentences, which end at `ends`, and long ones into pieces."""
    return tuple(
        hashes[at : min(at + MAX_WORDS, end)]
        for start, end in pairwise((0, *ends))
        for at in range(start, end, MAX_WORDS)
    )


def representatives(signatures: Sequence[Signature]) -> dict[str, str]:
    """Return for each text key the smallest id of the articles that have it.

    Of articles with exactly the same words, one stands for all: it alone is compared with other texts.
    """
    chosen: dict[str, str] = {}
    for signature in signatures:
        if signature.text_key is not None:
            known = chosen.get(signature.text_key, signature.story.article_id)
            chosen[signature.text_key] = min(known, signature.story.article_id)
    return chosen
