r"""How likely a text is, as a sequence of characters in the language that suits it best: in nats, less is likelier.

A misread letter makes a sequence that no language has ("r¾a", "▓s"), or a case that no word has ("дБ"). The model
says by how much, so that two readings of one line can be compared; it does not say whether a text is good. It knows
letters in words (trigrams, 36 languages of eight alphabets), Chinese, Japanese and Korean characters one by one, and
of all else only its kind: `COSTS`. A script that it has no language of (Georgian, Thai) costs the same for each letter.

`character_model.npz` is made by `build_character_model` from the word lists of wordfreq 3.1.1; those and so this file
are CC BY-SA 4.0. It takes about 40 ms to load, once a process, and only where a text needs it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

MODEL = Path(__file__).with_name("character_model.npz")
ROW = 512
STEPS = 16
UNSEEN_NATS = 15.5
ALPHABETS = {
    "latin": ("ca", "cs", "da", "de", "en", "es", "fi", "fil", "fr", "hu", "id", "is", "it", "lt", "lv", "ms", "nb",
              "nl", "pl", "pt", "ro", "sh", "sk", "sl", "sv", "tr", "vi"),
    "cyrillic": ("bg", "mk", "ru", "uk"),
    "greek": ("el",),
    "hebrew": ("he",),
    "arabic": ("ar", "fa", "ur"),
    "devanagari": ("hi",),
    "bengali": ("bn",),
    "tamil": ("ta",),
}  # fmt: skip
IDEOGRAPHIC = ("zh", "ja", "ko")
# A trigram that no list has costs its pair and this (`BACKOFF` of the build, on average).
UNSEEN_TRIGRAM = np.uint8(1.5 * STEPS)
UNSEEN = np.uint8(UNSEEN_NATS * STEPS)
MISPLACED = 5.0  # an opening quotation mark inside a word, a symbol beside a letter
MIXED = 6.0  # letters of two alphabets in one word
CAPITAL, SMALL = 1, 2
IDEOGRAPH_NATS = 5.0
RUBBISH_NATS = 8.0
ASCII, SPACE = 0x80, 0x20
EDGES = np.zeros(2, dtype=np.uint8)
CASE = 4.0  # a capital after a small letter; half of it for a small one after two capitals
# Code points beyond the basic plane are one kind: emoji and rare ideographs, costly and equal in all readings.
PLANE = 1 << 16
EDGE, OTHER, UNKNOWN_LETTER, IDEOGRAPH, ACCENT, SYMBOL, WIDE = 0, 200, 201, 202, 203, 204, 205
OPENER, CLOSER, JOINT, MARK, BEGINNER, SIGN = 1, 2, 4, 8, 16, 32


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The tables of one script: `pairs` (languages, letters, letters), `triples` (languages, keys), keys sorted."""

    langs: tuple[str, ...]
    pairs: np.ndarray
    keys: np.ndarray
    triples: np.ndarray

    def nats(self, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> float:
        """Return the nats of letters `third` behind `first` and `second` in the language that suits them best."""
        keys = (first.astype(np.int32) * ROW + second) * ROW + third
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        pairs = np.minimum(self.pairs[:, second, third], UNSEEN - UNSEEN_TRIGRAM) + UNSEEN_TRIGRAM
        triples = self.triples[:, at]
        steps = np.where((self.keys[at] == keys) & (triples < UNSEEN), triples, pairs)
        return float(steps.sum(axis=1, dtype=np.int64).min()) / STEPS


class CharacterModel:
    """The model, read from its file."""

    def __init__(self, path: Path = MODEL) -> None:
        """Read the tables; raises OSError where the file is not there."""
        with np.load(path) as tables:
            self._ideographic = tables["ideographic"]
            self._alphabets = [
                Alphabet(langs, *(tables[f"{script}_{name}"] for name in ("pairs", "keys", "triples")))
                for script, langs in ALPHABETS.items()
            ]
            self._kind, self._index, self._nats = tables["kind"], tables["index"], tables["nats"]
            self._case, self._place = tables["case"], tables["place"]

    def nats(self, text: str) -> float:
        """Return how many nats `text` costs, each script in the language that suits it best."""
        row = self._row(text)
        letters, _ = self._letters(row, row.here[:-1] >= EDGE)
        ideographs, _ = self._ideographs(row)
        return float(self._nats[row.codes].sum()) + letters + ideographs + self._misfits(row)

    def fluency(self, text: str) -> float:
        """Return the nats of a letter of `text` on average: about 2 in a language that the model knows, 3 in others."""
        row = self._row(text)
        nats, n_letters = self._letters(row, row.here[:-1] >= EDGE)
        return nats / max(1, n_letters)

    def scripts(self, text: str) -> dict[int, int]:
        """Return how many letters `text` has of each alphabet, by its number; those of no known one count together."""
        kinds, counts = np.unique(self._row(text).kind, return_counts=True)
        return {int(kind): int(n) for kind, n in zip(kinds, counts, strict=True) if EDGE < kind <= IDEOGRAPH}

    def surprise(self, text: str) -> tuple[float, int]:
        """Return the nats of the characters outside ASCII, beyond what any clean text has, and how many they are.

        Of letters, where they stand and what follows them counts; ideographs may cost `IDEOGRAPH_NATS`; symbols inside
        words, controls and capitals behind small letters make it worse, whatever stands around them.
        """
        row = self._row(text)
        letters, n_letters = self._letters(row, row.codes >= ASCII)
        ideographs, n_ideographs = self._ideographs(row)
        excess = max(0.0, ideographs - IDEOGRAPH_NATS * n_ideographs)
        own = self._nats[row.codes]
        rubbish = float(own[own >= RUBBISH_NATS].sum())
        n_others = int(np.count_nonzero(row.kind == UNKNOWN_LETTER))
        return letters + excess + rubbish + self._misfits(row), n_letters + n_ideographs + n_others

    def is_used(self, character: str) -> bool:
        """Tell whether texts are written with `character`: a letter the model knows, a usual mark, a rarer script."""
        code = min(ord(character), PLANE - 1)
        return bool(self._kind[code] not in {OTHER, SYMBOL} and self._nats[code] < RUBBISH_NATS)

    def _row(self, text: str) -> "Row":
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        codes = np.minimum(codes, PLANE - 1)
        tables = (self._kind, self._index, self._case)
        return Row(codes, *(np.concatenate((EDGES[:2], table[codes], EDGES[:1])) for table in tables))

    def _letters(self, row: "Row", counted: np.ndarray) -> tuple[float, int]:
        """Return the nats of the letters that are `counted` and of what stands behind each, and how many that are."""
        nats, count = 0.0, 0
        for number in np.flatnonzero(np.bincount(row.kind)[1:OTHER]) + 1:
            own = row.kind == number
            letters = np.where(own, row.index, 0)
            chosen = own.copy()
            chosen[2:-1] &= counted
            at = np.flatnonzero(chosen[2:] | chosen[1:-1]) + 2
            if len(at):
                second = letters[at - 1]
                first = np.where(second > 0, letters[at - 2], 0)
                nats += self._alphabets[number - 1].nats(first, second, letters[at])
                count += len(at)
        return nats, count

    def _ideographs(self, row: "Row") -> tuple[float, int]:
        codes = row.codes[row.here[:-1] == IDEOGRAPH]
        if not len(codes):
            return 0.0, 0
        return float(self._ideographic[:, codes].sum(axis=1, dtype=np.int64).min()) / STEPS, len(codes)

    def _misfits(self, row: "Row") -> float:
        """Return the nats of neighbours that no word has."""
        here, before, case = row.here, row.before, row.case
        further = row.kind[:-2]
        behind = np.concatenate((here[1:], EDGES[:1]))
        is_letter, was_letter = (here > EDGE) & (here < IDEOGRAPH), (before > EDGE) & (before < IDEOGRAPH)
        mixed = is_letter & was_letter & (here != before)
        mixed |= (here == IDEOGRAPH) & was_letter & (behind != IDEOGRAPH)
        mixed |= (before == IDEOGRAPH) & is_letter & (further != IDEOGRAPH)
        mixed |= (here == ACCENT) & was_letter
        misplaced = ((here == SYMBOL) & was_letter) | ((before == SYMBOL) & is_letter)
        # Of a mark: what stands before and behind it.
        place, codes = self._place[row.codes], np.concatenate((EDGES[:1], row.codes, EDGES[:1]))
        after_letter, before_letter = was_letter[:-1], is_letter[1:]
        after_space, before_space = codes[:-2] == SPACE, codes[2:] == SPACE
        misplaced[:-1] |= ((place & OPENER) > 0) & (after_letter | before_space)
        misplaced[:-1] |= ((place & SIGN) > 0) & after_letter
        misplaced[:-1] |= ((place & BEGINNER) > 0) & ~before_letter
        misplaced |= (here == WIDE) & was_letter & (behind < IDEOGRAPH)
        misplaced |= (before == WIDE) & is_letter & (further < IDEOGRAPH)
        misplaced[:-1] |= ((place & CLOSER) > 0) & after_space & (before_letter | before_space)
        misplaced[:-1] |= (place > 0) & ((place & JOINT) == 0) & after_letter & before_letter
        # No language doubles letters at every turn; half of a script misread as another does.
        mixed |= (here == UNKNOWN_LETTER) & (before == UNKNOWN_LETTER) & (codes[1:] == codes[:-1])
        risen = (case[2:] == CAPITAL) & (case[1:-1] == SMALL)
        fallen = (case[2:] == SMALL) & (case[1:-1] == CAPITAL) & (case[:-2] == CAPITAL)
        return float(MIXED * mixed.sum() + MISPLACED * misplaced.sum() + CASE * risen.sum() + CASE / 2 * fallen.sum())


@dataclass(frozen=True, slots=True)
class Row:
    """A text as arrays: its `codes`, and kind, index and case of each with two edges before and one behind."""

    codes: np.ndarray
    kind: np.ndarray
    index: np.ndarray
    case: np.ndarray

    @property
    def here(self) -> np.ndarray:
        """The kind of each character, and of the edge behind the last one."""
        return self.kind[2:]

    @property
    def before(self) -> np.ndarray:
        """The kind of what stands before each of `here`."""
        return self.kind[1:-1]


@cache
def character_model() -> CharacterModel:
    """Return the model, read once a process."""
    return CharacterModel()
