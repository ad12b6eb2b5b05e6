"""Build `character_model.npz` from word lists: `python -m tasks.mojibake.build_character_model FOLDER`.

FOLDER is the folder `wordfreq/data` of the unpacked wheel wordfreq 3.1.1 (Robyn Speer; the lists are CC BY-SA 4.0, and
so is the model made of them). Its small lists cover 40 languages; reading them needs msgpack, which nothing else here
does. The same lists give the same model, byte for byte.

For each language of an alphabet: P(letter | two letters before it), the edge of a word being a letter, too, smoothed by
interpolation. Word frequencies are tempered (to the power `TEMPER`), since a few hundred words would else be all there
is. For Chinese, Japanese and Korean: P(character) alone. All are natural logarithms, negated, in steps of 1/16.
"""

import gzip
import sys
import unicodedata
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tasks.mojibake.character_model import (
    ACCENT,
    ALPHABETS,
    BEGINNER,
    CLOSER,
    EDGE,
    IDEOGRAPH,
    IDEOGRAPHIC,
    JOINT,
    MARK,
    MODEL,
    OPENER,
    OTHER,
    PLANE,
    ROW,
    SIGN,
    STEPS,
    SYMBOL,
    UNKNOWN_LETTER,
    UNSEEN_NATS,
    WIDE,
)

# Norwegian stands for both of its names, Croatian for Serbian and Bosnian in Latin letters.
TEMPER = 0.7
# A letter that makes up less of a language than this (a foreign name now and then) is none of its letters.
RARE_LETTER = 2e-5
# A sequence of three letters is kept where one language has at least this share of it.
RARE_TRIGRAM = 1e-6
BACKOFF = 6.0
Words = dict[str, float]

# What is not a letter, and how many nats it costs: about what it would in a newspaper, and far more where it is
# rubbish. Set by eye; the choice between readings did not change for values half as large again.
# Relics of terminals, and what Japanese encodings make of rubbish.
HALF_WIDTH = ("\uff61", "\uffdc")
COSTS = {
    "space": 1.8,
    "digit": 3.0,
    "ascii": 3.5,
    "mark": 4.0,
    "fixed": 6.0,
    "symbol": 8.0,
    "letter": 4.5,
    "rubbish": 14.0,
    "lost": 9.0,
    "accent": 10.0,
}
MARKS = frozenset("‘’“”–—…«»„‚‹›€£¿¡·\xa0،؛؟।״׳־")
WIDE_MARKS = frozenset("、。，：；！？「」『』（）《》〈〉・ー")
OPENERS = "“‘„‚¿¡"
INVERTED = "¿¡"
SIGNS = "€£"  # behind a number or a space
CLOSERS = "”’"
JOINTS = "’־״׳"  # these stand between two letters
_FOLDED = {"ς": "σ", "İ": "i", "ș": "ş", "ț": "ţ"}


def fold_letters(word: str) -> str:
    """Return a word in small letters, a letter for a letter, with the variants that word lists do not tell apart."""
    return "".join(_FOLDED.get(letter, letter.lower()) for letter in word)


def script_of(character: str) -> str:
    """Return the script that a letter or a mark on one belongs to, as far as the model knows it; else an empty name."""
    code = ord(character)
    if character in "ªº" or not (character.isalpha() or unicodedata.category(character).startswith("M")):
        return ""
    for script, ranges in _RANGES.items():
        if any(low <= code <= high for low, high in ranges):
            return script
    return ""


_RANGES = {
    "latin": ((0x41, 0x24F), (0x1E00, 0x1EFF)),
    "greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "cyrillic": ((0x400, 0x52F),),
    "hebrew": ((0x591, 0x5F4),),
    "arabic": ((0x610, 0x6FF),),
    "devanagari": ((0x900, 0x97F),),
    "bengali": ((0x980, 0x9FF),),
    "tamil": ((0xB80, 0xBFF),),
    "ideographic": ((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3)),
}


def read_words(folder: Path, lang: str) -> Words:
    """Return the words of one list with their tempered frequencies."""
    packed = gzip.decompress((folder / f"small_{lang}.msgpack.gz").read_bytes())
    buckets: list[Any] = import_module("msgpack").unpackb(packed, raw=False)
    return {
        word: 10 ** (-TEMPER * level / 100)
        for level, words in enumerate(buckets[1:])
        for word in words
        if "0" not in word
    }


def letters_of(words: Words, script: str) -> tuple[dict[str, float], Words]:
    """Count the letters of a language, and keep the words that are written with them alone."""
    counts: dict[str, float] = defaultdict(float)
    for word, weight in words.items():
        for letter in fold_letters(word):
            counts[letter] += weight
    total = sum(counts.values())
    kept = {letter: n for letter, n in counts.items() if n > RARE_LETTER * total and script_of(letter) == script}
    own = {folded: weight for word, weight in words.items() if set(folded := fold_letters(word)) <= kept.keys()}
    return kept, own


def alphabet_tables(folder: Path, script: str, langs: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return the tables of one script: its letters, P of pairs (dense) and of triples (sorted by key)."""
    lists = {lang: letters_of(read_words(folder, lang), script) for lang in langs}
    letters = sorted(set().union(*(counts for counts, _ in lists.values())))
    index = {letter: at for at, letter in enumerate(letters, 1)}
    size = len(letters) + 1
    pairs = np.zeros((len(langs), size, size))
    triples: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(len(langs)))
    for column, (_, words) in enumerate(lists.values()):
        for word, weight in words.items():
            codes = [0, 0, *(index[letter] for letter in word), 0]
            for first, second, third in zip(codes, codes[1:], codes[2:], strict=False):
                pairs[column, second, third] += weight
                triples[(first * ROW + second) * ROW + third][column] += weight
    known = pairs.sum(axis=1) > 0
    totals = pairs.sum(axis=(1, 2), keepdims=True)
    single = pairs.sum(axis=1, keepdims=True) / totals
    starts = pairs.sum(axis=2, keepdims=True)
    scale = totals * 1e-4  # so that smoothing does not depend on how much a list holds
    pair_p = (pairs + scale * single) / (starts + scale)
    keys = np.array(sorted(triples), dtype=np.int64)
    counts = np.array([triples[key] for key in keys]).T
    contexts: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(len(langs)))
    for key, row in zip(keys, counts.T, strict=True):
        contexts[int(key) // ROW] += row
    context = np.array([contexts[int(key) // ROW] for key in keys]).T
    middle, last = keys // ROW % ROW, keys % ROW
    weight = BACKOFF * totals[:, :, 0] * 1e-6
    triple_p = (counts + weight * pair_p[:, middle, last]) / (context + weight)
    often = (counts / totals[:, :, 0] > RARE_TRIGRAM).any(axis=0)
    pair_p = np.where(known[:, None, :], pair_p, 0)
    return {
        "letters": np.array([ord(letter) for letter in letters], dtype=np.uint32),
        "pairs": quantise(pair_p),
        "keys": keys[often].astype(np.int32),
        "triples": quantise(np.where(counts[:, often] > 0, triple_p[:, often], 0)),
    }


def ideographic_table(folder: Path, langs: tuple[str, ...]) -> np.ndarray:
    """Return P(character) for each language, by code point of the basic plane."""
    mapping: dict[int, str] = import_module("msgpack").unpackb(
        gzip.decompress((folder / "_chinese_mapping.msgpack.gz").read_bytes()), raw=False, strict_map_key=False
    )
    table = np.zeros((len(langs), PLANE))
    for row, lang in zip(table, langs, strict=True):
        for word, weight in read_words(folder, lang).items():
            for character in word:
                if ord(character) < PLANE and script_of(character) == "ideographic":
                    row[ord(character)] += weight
        if lang == "zh":  # the list has simplified characters alone; a traditional one is as frequent as its other form
            for traditional, simplified in mapping.items():
                if traditional < PLANE:
                    row[traditional] = max(
                        [row[traditional], *(row[ord(one)] for one in simplified if ord(one) < PLANE)]
                    )
    return quantise(table / table.sum(axis=1, keepdims=True))


def quantise(probability: np.ndarray) -> np.ndarray:
    """Return -log P in steps of 1 / STEPS, at most UNSEEN_NATS."""
    with np.errstate(divide="ignore"):
        nats = -np.log(probability)
    steps: np.ndarray = np.round(np.minimum(nats, UNSEEN_NATS) * STEPS).astype(np.uint8)
    return steps


def character_tables(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what the model knows of each character of the basic plane.

    Its kind, its number in its alphabet, its nats where those do not depend on neighbours, its case (1 capital, 2
    small), and where it may stand if it is a mark.
    """
    kind = np.full(PLANE, SYMBOL, dtype=np.uint8)
    index = np.zeros(PLANE, dtype=np.uint16)
    nats = np.full(PLANE, COSTS["symbol"], dtype=np.float32)
    case = np.zeros(PLANE, dtype=np.uint8)
    numbers = {
        chr(code): (number, at)
        for number, script in enumerate(ALPHABETS, 1)
        for at, code in enumerate(tables[f"{script}_letters"], 1)
    }
    for code in range(PLANE):
        character = chr(code)
        category = unicodedata.category(character)
        folded = "s" if character == "ß" else fold_letters(character)  # lists write ss
        if folded in numbers:
            (kind[code], index[code]), nats[code] = numbers[folded], 0
        elif script_of(character):
            kind[code], nats[code] = (IDEOGRAPH, 0) if script_of(character) == "ideographic" else (OTHER, UNSEEN_NATS)
        else:
            kind[code], nats[code] = _other_kind(character, category)
        case[code] = {"Lu": 1, "Lt": 1, "Ll": 2}.get(category, 0)
    place = np.zeros(PLANE, dtype=np.uint8)
    flags = {MARK: MARKS, OPENER: OPENERS, CLOSER: CLOSERS, JOINT: JOINTS, BEGINNER: INVERTED, SIGN: SIGNS}
    for flag, characters in flags.items():
        place[[ord(one) for one in characters]] |= flag
    return {"kind": kind, "index": index, "nats": nats, "case": case, "place": place}


def _other_kind(character: str, category: str) -> tuple[int, float]:
    """Return kind and nats of what is no letter of a script that the model knows."""
    if character.isascii() or character in MARKS:
        return EDGE, COSTS[_plain_kind(character)]
    if character in WIDE_MARKS:
        return WIDE, COSTS["mark"]
    if "\u0300" <= character <= "\u036f":
        return ACCENT, COSTS["accent"]  # text is composed; what is left is rare
    is_letter = category[0] in "LM" and character not in "ªº"
    if is_letter and not HALF_WIDTH[0] <= character <= HALF_WIDTH[1]:
        return ACCENT if category == "Mn" else UNKNOWN_LETTER, COSTS["letter"]
    return SYMBOL, COSTS["lost" if character == "\ufffd" else "rubbish" if category[0] == "C" else "symbol"]


def _plain_kind(character: str) -> str:
    if character.isspace():
        return "space" if character.isascii() else "fixed"
    if not character.isprintable():
        return "rubbish"
    if character.isdigit():
        return "digit"
    return "ascii" if character.isascii() else "mark"


def main(folder: Path) -> None:
    """Write the model beside this module."""
    tables = {"ideographic": ideographic_table(folder, IDEOGRAPHIC)}
    for script, langs in ALPHABETS.items():
        tables |= {f"{script}_{name}": table for name, table in alphabet_tables(folder, script, langs).items()}
    tables |= character_tables(tables)
    np.savez_compressed(MODEL, **tables)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
