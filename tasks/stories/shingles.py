"""What a text consists of when texts are compared: its words, and every run of five of them.

Two texts that share many runs of five words (5-gram shingles) were copied one from the other, or both from a third;
independent reports of one event share the names and the facts, but hardly ever five words in a row. Broder (1997),
"On the resemblance and containment of documents", is the source of the method and of its terms.

1. Words. For comparing only, a text is brought to NFKC and folded case, and freed of the invisible characters that
   publishing systems scatter (soft hyphens, zero-width spaces and joiners). A word is a run of letters, digits and the
   marks that combine with them (so that words with vowel signs, as in Hindi, stay whole); everything else parts
   words, also apostrophes and hyphens, so that straight and curly ones compare equal.
2. Scripts that put no space between words. No dictionary is asked where the words are. Instead every character opens
   a word of its own, which also holds the characters after it: 4 in all for Chinese and Japanese, 12 for Thai, Lao,
   Khmer and Burmese. So five words in a row are 8 and 16 characters, about as much text as five English words. Both
   figures come from the usual length of words in those scripts; they were not measured on news.
3. Shingles. A word is hashed to 64 bits by BLAKE2b, and five hashes in a row are mixed into one. The hashes are the
   same in every process and on every machine; only new Unicode tables in a new Python can change what a word is.

The module refuses to judge: what share of common shingles makes a copy is for `relations` to say.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

SHINGLE_WORDS = 5
EAST_ASIAN_CHARS = 4
SOUTH_EAST_ASIAN_CHARS = 12

# Radicals, Han and kana; then Thai and Lao, Myanmar, Khmer. Hangul is written with spaces and has no place here.
EAST_ASIAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
SOUTH_EAST_ASIAN = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ece\u1000-\u1049\u1050-\u109f\u1780-\u17d3\ua9e0-\ua9ff\uaa60-\uaa7f"
)

# Soft hyphen, grapheme joiner, marks of direction, zero-width space and joiners, variation selectors, byte order mark.
INVISIBLE_RE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]+"
)


def _combining_marks() -> str:
    """Return ranges for a regex class: all characters that combine with a letter, which the class of words lacks.

    Above U+1F000 only variation selectors are marks; leaving them out keeps the import of this module short.
    """
    marks = {code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code)).startswith("M")}
    starts = sorted(code for code in marks if code - 1 not in marks)
    ends = sorted(code for code in marks if code + 1 not in marks)
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


MARKS = _combining_marks()
WORD_RE = re.compile(rf"\w[\w{MARKS}]*")
# No language stacks more marks than this on a letter (UAX #15, Stream-Safe Text Format). Sorting a run of marks takes
# NFKC time that grows with the square of its length: 3 s for 40,000 of them.
EXCESS_MARKS_RE = re.compile(rf"(?<=[{MARKS}]{{30}})[{MARKS}]+")
UNSPACED_RE = re.compile(rf"(?P<east>[{EAST_ASIAN}]+)|(?P<south_east>[{SOUTH_EAST_ASIAN}]+)")

# Odd, so that no bit of a word's hash is lost in the product; different, so that the order of the words counts.
_PLACES = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    dtype=np.uint64,
)


def fold(text: str) -> str:
    """Return `text` as it is compared: NFKC, folded case, without invisible characters and heaps of marks.

    >>> fold("ＳＴＲＡＳＳＥ of co\u00adffee") == fold("Straße of coffee")
    True
    """
    if text.isascii():
        return text.lower()
    visible = EXCESS_MARKS_RE.sub("", INVISIBLE_RE.sub("", text))
    composed = unicodedata.normalize("NFKC", visible).casefold()
    return unicodedata.normalize("NFKC", composed)


def split_words(text: str) -> list[str]:
    """Return the words of `text`, folded, in their order.

    >>> split_words("The mayor’s 1.5-million plan")
    ['the', 'mayor', 's', '1', '5', 'million', 'plan']
    >>> split_words("港口今天重开")
    ['港口今天', '口今天重', '今天重开', '天重开', '重开', '开']
    """
    folded = fold(text).replace("_", " ")
    words: list[str] = WORD_RE.findall(folded)
    if UNSPACED_RE.search(folded) is None:
        return words
    return [part for word in words for part in _split_unspaced(word)]


def hash_shingles(words: Sequence[str]) -> Hashes:
    """Return the hash of every run of five of `words`, in their order; empty for fewer than five words."""
    return mix_shingles(hash_words(words))


def mix_shingles(hashes: Hashes) -> Hashes:
    """Return what `hash_shingles` does, from the hashes of the words."""
    count = len(hashes) - SHINGLE_WORDS + 1
    if count < 1:
        return np.empty(0, dtype=np.uint64)
    mixed = np.zeros(count, dtype=np.uint64)
    for place, factor in enumerate(_PLACES):
        mixed ^= _scramble(hashes[place : place + count] * factor)
    return _scramble(mixed)


def hash_words(words: Sequence[str]) -> Hashes:
    """Return the hash of each of `words`: 64 bits, the same in every process."""
    return np.array([_hash_word(word) for word in words], dtype=np.uint64)


def hash_text(words: Sequence[str]) -> str:
    """Return 32 hex digits that two texts share if and only if they have the same words in the same order."""
    return hashlib.blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def containment(one: Hashes, other: Hashes) -> float:
    """Return what share of the smaller set of shingles is in the larger one, 0 to 1. Both are sorted, without repeats.

    >>> containment(np.unique(hash_shingles("a b c d e f".split())), np.unique(hash_shingles("b c d e f g h".split())))
    0.5
    """
    smaller, larger = sorted((one, other), key=len)
    return float(is_in(smaller, larger).mean()) if len(smaller) else 0.0


def is_in(wanted: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Say for each of `wanted` whether it is in `known`, which is sorted."""
    if not len(known):
        return np.zeros(len(wanted), dtype=np.bool_)
    places = np.searchsorted(known, wanted)
    found: NDArray[np.bool_] = known[np.minimum(places, len(known) - 1)] == wanted
    return found


@lru_cache(maxsize=1 << 16)
def _hash_word(word: str) -> int:
    """Hash one word. Half the words of a text are among the 65,536 that were last used, which saves half the time."""
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _scramble(values: Hashes) -> Hashes:
    """Spread every bit of each value over all its bits (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    scrambled: Hashes = values ^ (values >> np.uint64(31))
    return scrambled


def _split_unspaced(word: str) -> Iterator[str]:
    """Cut a run of letters where spaced and unspaced script meet, and the unspaced parts as the module says."""
    end = 0
    for run in UNSPACED_RE.finditer(word):
        if run.start() > end:
            yield word[end : run.start()]
        end = run.end()
        length = EAST_ASIAN_CHARS if run.lastgroup == "east" else SOUTH_EAST_ASIAN_CHARS
        letters = run.group()
        yield from (letters[at : at + length] for at in range(len(letters)))
    if end < len(word):
        yield word[end:]
