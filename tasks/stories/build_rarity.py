"""Build `rarity.npz` from word lists: `python -m tasks.stories.build_rarity FOLDER`.

FOLDER is the folder `wordfreq/data` of the unpacked wheel wordfreq 3.1.1 (Robyn Speer; the lists are CC BY-SA 4.0, and
so is the file made of them). Reading the lists needs msgpack, which nothing else here does. The same lists give the
same file, byte for byte.

The file has a row for each word of the small lists down to ten in a million, in the order of `rarity.row_keys`: the
difference to the key before, the weight in steps of `STEPS`, and in which set of languages the word is listed. A set is
a number of 64 bits, one for each list.
"""

import gzip
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tasks.stories.rarity import COMMON_ZIPF, LISTED_ZIPF, MODEL, STEPS, row_keys
from tasks.stories.shingles import split_words

# Chinese and Japanese are compared by windows of characters, which no list of words knows.
UNSPACED = frozenset({"ja", "zh"})


def read_list(path: Path) -> dict[str, float]:
    """Return the words of one list with how often they occur, as powers of ten in a billion words (the Zipf scale)."""
    buckets: list[Any] = import_module("msgpack").unpackb(gzip.decompress(path.read_bytes()), raw=False)
    return {word: 9 - place / 100 for place, words in enumerate(buckets[1:]) for word in words}


def main(folder: Path) -> None:
    """Write the file beside `rarity`."""
    highest: dict[str, float] = {}
    languages: dict[str, int] = {}
    paths = [path for path in sorted(folder.glob("small_*.msgpack.gz")) if path.name[6:8] not in UNSPACED]
    for bit, path in enumerate(paths):
        for listed, zipf in read_list(path).items():
            if zipf < LISTED_ZIPF:
                continue
            for word in split_words(listed):
                highest[word] = max(zipf, highest.get(word, 0))
                languages[word] = languages.get(word, 0) | 1 << bit
    words = sorted(highest)
    keys = row_keys(words)
    order = np.argsort(keys, kind="stable")
    weights = np.array([max(0, round((COMMON_ZIPF - highest[word]) * STEPS)) for word in words], np.uint8)
    bits = np.array([languages[word] for word in words], np.uint64)
    gaps = np.diff(keys[order], prepend=np.uint32(0))
    sets, places = np.unique(bits[order], return_inverse=True)
    np.savez_compressed(
        MODEL, gaps=gaps.astype(np.uint16), weights=weights[order], sets=sets, languages=places.astype(np.uint16)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
