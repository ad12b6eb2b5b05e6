"""How rare a word is in text at large: what tells an article from others is its names, numbers and unusual words.

The weight of a word is how far it lies below the common ones, in powers of ten: 0 for a word that makes up a
thousandth of all text or more ("the", "said"), 1 for one in ten thousand ("council"), 2.5 for a word that is in no
list, as nearly all names are. Frequencies are those of the small lists of wordfreq 3.1.1 (Robyn Speer; web pages, news,
subtitles and books in 40 languages; CC BY-SA 4.0), cut off at ten in a million; `build_rarity` makes the file. All
lists are one: a word counts as often as in the language that has it most often. So a text's language need not be told
first, and a text in two languages is no special case.

Why not count how many articles of the corpus have a word? Such a count changes with every article, and with it would
every decision already made: what is a copy would depend on which article came first, and on the shard it came in.
With fixed frequencies, what two articles are to each other depends on these two alone.

In a language that no list covers every word is rare, and any two texts would seem alike for their articles and
prepositions. `is_of_known_language` tells such texts: that one language which has most of their words has less than
`LEAST_KNOWN` of them. Measured on 741 passages of prose that gflanguages 0.7.11 shows fonts with: of 41 listed
languages in their own script all have 0.62 to 0.97 but Tamil (0.48), Serbian in Cyrillic letters 0.32 (the lists have
it in Latin ones); of the others 79 reach 0.5, most of them next of kin to a listed one (Afrikaans, Galician, Asturian).

Numbers are in no list, but short ones are common: a number weighs by how many digits it has, a year less.

Chinese, Japanese, Thai, Lao, Khmer and Burmese have no words here but windows of characters (see `shingles`), which are
in no list: each weighs as much as an unlisted word, but for one that a stop cut short and one in hiragana alone, which
weigh nothing. Korean nouns carry their particles, so that hardly one is in a list; Hangul counts as known.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.stories.shingles import EAST_ASIAN, EAST_ASIAN_CHARS, SOUTH_EAST_ASIAN, hash_words

MODEL = Path(__file__).with_name("rarity.npz")

# Powers of ten in a billion words (the Zipf scale): from where on a word weighs nothing, and what lists go down to.
COMMON_ZIPF = 6.0
LISTED_ZIPF = 4.0
UNLISTED_WEIGHT = 2.5
STEPS = 20

KEY_BITS = np.uint64(28)
LEAST_KNOWN = 0.5

WINDOW_RE = re.compile(rf"[{EAST_ASIAN}{SOUTH_EAST_ASIAN}]")
EMPTY_WINDOW_RE = re.compile(rf"[\u3041-\u309f]+|.{{1,{EAST_ASIAN_CHARS - 1}}}")
# By the number of digits, from none to four and more. A year tells little of an article of its time.
NUMBER_WEIGHTS = (0.0, 0.0, 1.0, 1.5, 2.5)
YEAR_RE = re.compile(r"(?:19|20)\d\d")
YEAR_WEIGHT = 1.0
OWN_SCRIPT_RE = re.compile(rf"[{EAST_ASIAN}{SOUTH_EAST_ASIAN}\uac00-\ud7a3]")

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rarity:
    """What is known of some words: how rare each is, 0 to 2.5; and the lists that have it, as bits of 64 languages.

    `is_own` marks words in a script that alone tells the language, or in none (numbers).
    """

    weights: Weights
    languages: NDArray[np.uint64]
    is_own: NDArray[np.bool_]


def look_up(words: Sequence[str]) -> Rarity:
    """Return how rare each of `words` is, which are folded.

    >>> [round(float(weight), 1) for weight in look_up(["the", "council", "lukashenko"]).weights]
    [0.0, 0.9, 2.5]
    """
    tables = _tables()
    keys, known = row_keys(words), tables["keys"]
    rows = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found = known[rows] == keys
    weights = np.where(found, tables["weights"][rows], np.float32(UNLISTED_WEIGHT))
    languages = tables["languages"][rows] * found
    is_own = np.zeros(len(words), np.bool_)
    for place, word in enumerate(words):
        if word.isdigit():
            weights[place] = YEAR_WEIGHT if YEAR_RE.fullmatch(word) else NUMBER_WEIGHTS[min(len(word), 4)]
            is_own[place] = True
        elif not word.isascii() and OWN_SCRIPT_RE.match(word):
            is_own[place] = True
            if WINDOW_RE.match(word) and EMPTY_WINDOW_RE.fullmatch(word):
                weights[place] = 0
    return Rarity(weights, languages, is_own)


def is_of_known_language(rarity: Rarity, counts: NDArray[np.float32]) -> bool:
    """Say whether weights mean something for a text that has these distinct words so many times each."""
    listed = rarity.languages[~rarity.is_own].astype("<u8")
    bits = np.unpackbits(listed.view(np.uint8).reshape(-1, 8), axis=1)
    best = float((counts[~rarity.is_own] @ bits).max(initial=0.0))
    return bool(best + counts[rarity.is_own].sum() >= LEAST_KNOWN * counts.sum())


def row_keys(words: Sequence[str]) -> NDArray[np.uint32]:
    """Return what words are found by in the file: 28 bits of their hash, so 1 word in 1,000 is taken for another."""
    return (hash_words(words) >> (np.uint64(64) - KEY_BITS)).astype(np.uint32)


@cache
def _tables() -> dict[str, NDArray[np.generic]]:
    with np.load(MODEL) as file:
        return {
            "keys": np.cumsum(file["gaps"], dtype=np.uint32),
            "weights": file["weights"].astype(np.float32) / STEPS,
            "languages": file["sets"][file["languages"]],
        }
