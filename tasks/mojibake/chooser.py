"""What ftfy can't tell: which of many encodings a document was written in, and which it was read as.

Only lines that look wrong after ftfy come here: its own test finds them bad, or the character model finds their letters
surprising (`is_surprising`). Each pair of encodings that such a line can have come through is a candidate; the model
says by how many nats its reading is likelier than the line as it stands. Rare pairs must gain more (`_prior`). The
lines of a document then vote: it went through one program, so one pair is chosen for all of them, by the sum of the
gains.

Refused, and left as it was: a gain below `LEAST_GAIN`; a reading that is surprising itself; a winner that leads by less
than `LEAST_LEAD`; one swapped letter among single-byte encodings on an isolated line of a document.

Measured on the development matrix (30 languages, 5,006 broken and 667 clean sentences): the best wrong reading of a
clean sentence stays 4 nats below it, so `LEAST_GAIN` has 12 nats in hand. What no such matrix shows are languages that
the model does not know; the limits for them (`FLUENT`, `LEAST_LETTERS`, `LEAST_NEW`) were set on translations of a
programme into 98 languages, and checked on prose in 607 (`tests/eval/test_clean_prose.py`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize

from tasks.mojibake.chain import COMMON, MULTI_BYTE, SINGLE_BYTE, UTF_8, Chain, decode, encode
from tasks.mojibake.character_model import UNKNOWN_LETTER, character_model

LEAST_GAIN = 8.0
LEAST_LEAD = 2.0
# Clean sentences have 2.0 in the median and 3.3 at the 98th percentile; nine of ten misread ones have 3 and more.
SURPRISING = 3.0
PLAUSIBLE = 4.0
# Clean sentences of languages that the model knows have 2.1 nats a letter in the median, a few of them 2.5; those of
# 30 that it does not know (translations of a programme) have 2.5 to 5.5, nine of ten of them.
FLUENT, FLUENT_IF_SHORT = 2.4, 2.1
ENOUGH_LETTERS, LEAST_LETTERS = 25, 14
# The same for words within ASCII alone, which are commoner: 1.9 in the median.
KNOWN = 2.5
# Letters of a new script, and of one that the model does not know; the share of words that were misread.
LEAST_NEW, LEAST_UNKNOWN, LEAST_WORDS = 4, 10, 0.3
# A valid UTF-8 sequence comes about by chance once in twenty; ten of them are proof enough.
SEQUENCE_NATS, MOST_SEQUENCES = 3.0, 10
USUAL_NATS, UNUSUAL_NATS = 6.0, 10.0
VOTERS, VOTER_CHARACTERS, NOMINEES = 12, 1000, 5
SLICE, SAMPLE = 1000, 500
# What a document must cost to be looked at, and a line of one that is: "Condé" in an English article had 9 nats.
LEAST_SURPRISE, LEAST_LINE_SURPRISE = 12.0, 6.0

# What single-byte text is read as when its encoding is not told: the defaults of browsers, systems and terminals.
READ_AS_FOR_SINGLE = (
    *("latin-1", "cp1252", "cp1250", "cp1251", "koi8-r", "mac_roman", "cp1254", "cp1253", "cp1256", "cp866", "cp437"),
    *("cp850", "mac_cyrillic"),
)
READ_AS_FOR_MULTI = ("latin-1", "cp1252", "mac_roman", "cp1251")
PARTLY = tuple(Chain(UTF_8, read_as) for read_as in SINGLE_BYTE)
AGAIN = (Chain(UTF_8, "cp1252"), Chain(UTF_8, "latin-1"), Chain(UTF_8, "mac_roman"))
HIGH_RE = re.compile(rb"[\x80-\xff]")
SURE_SEQUENCES = 3
NOT_ALPHABETIC_RE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{4}")
# What one valid sequence alone may have been.
USUAL_RE = re.compile(r"[^\W\d_]|[–—‘’“”…€]")
KEPT_LETTERS = 0.9
TORN_WORD_RE = re.compile(r"[^\W\d_][–—“”‘„…«»·]+’?[^\W\d_]")
NON_ASCII_RE = re.compile("[^\x00-\x7f]")
RUBBISH_RE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffe\uffff]")
SEQUENCE_RE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# What prose of any language has beside its letters; by itself no reason to look closer where it stands as it should.
ODD_RE = re.compile("[^\x00-\x7f‘’“”–—…€£\xa0\xad\u200b-\u200f\u2009\u202f\u2060\ufeff]")
ODD_MARK_RE = re.compile("[“‘](?<=[A-Za-z’].)")
# Signs that stand for themselves, and emoji with what joins them; inside a word each is a surprise.
SIGN_RE = re.compile(
    "(?<![^\\W\\d_])[®©™℠°§†•·―₠-⃀←-⇿─-➿⬀-⯿\U0001f000-\U0001faff\ufe0f\u200d]+|[®©™℠°†]+(?![^\\W\\d_])"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The chain that the lines of a document speak for, and by how many nats in all."""

    chain: Chain
    gain: float


def is_surprising(text: str, limit: float = SURPRISING, least: float = LEAST_SURPRISE) -> bool:
    """Tell whether the letters outside ASCII in `text` stand where no language has them.

    Of a long text the beginning, the middle and the end are looked at. One name from abroad is no surprise, nor are
    emoji and signs that stand for themselves: all together must cost `least` nats, and each of them `limit`.
    """
    if text.isascii() or not (ODD_RE.search(text) or ODD_MARK_RE.search(text)):
        return False
    if len(text) > 3 * SLICE:
        middle = len(text) // 2
        text = f"{text[:SLICE]} {text[middle : middle + SLICE]} {text[-SLICE:]}"
    words = dict.fromkeys(word for word in text.split() if not word.isascii())
    sample = normalize("NFC", SIGN_RE.sub("", " ".join(words)[:SAMPLE]))
    nats, n_characters = character_model().surprise(sample)
    return nats > max(limit * n_characters, least)


def is_of_known_language(text: str) -> bool:
    """Tell whether the words of `text` that no misreading can have changed are of a language that the model knows.

    True, too, where there are too few of them to tell. Of others nothing would be repaired, at twenty times the cost.
    """
    plain = " ".join(word for word in text[: 3 * SLICE].split() if word.isascii() and word.isalpha())
    return len(plain) < ENOUGH_LETTERS or character_model().fluency(plain) <= KNOWN


def choose(lines: Sequence[str]) -> Choice | None:
    """Return the chain that explains `lines`, the ones of a document that look wrong, or None where none is sure."""
    voters = _voters(lines)
    nominated = {chain: None for line in voters for chain in _nominees(line)}
    polls = [_poll(chain, voters) for chain in nominated]
    if not polls:
        return None
    best = max(polls, key=lambda poll: poll.gain)
    rival = max((poll.gain for poll in polls if poll.readings != best.readings), default=0.0)
    if best.gain < LEAST_GAIN or best.gain - rival < LEAST_LEAD or 2 * best.n_for < len(voters):
        return None
    if best.chain.written_in != UTF_8 and not _is_fluent("\n".join(best.readings)):
        return None
    return Choice(best.chain, best.gain)


def _is_fluent(text: str) -> bool:
    """Tell whether `text` reads like a language that the model knows."""
    n_letters = sum(character_model().scripts(text).values())
    if n_letters < LEAST_LETTERS and not NOT_ALPHABETIC_RE.search(text):
        return False
    limit = FLUENT if n_letters >= ENOUGH_LETTERS else FLUENT_IF_SHORT
    return character_model().fluency(normalize("NFC", text)) <= limit and not is_surprising(text, PLAUSIBLE)


@dataclass(frozen=True, slots=True)
class Poll:
    """What the voters say of one chain: its gain over all that are for it, less its prior, and their readings."""

    chain: Chain
    gain: float
    n_for: int
    readings: tuple[str, ...]


def _poll(chain: Chain, voters: Sequence[str]) -> Poll:
    gain, n_for = -_prior(chain), 0
    readings = list(voters)
    for at, line in enumerate(voters):
        reading = chain.undone(line) or _by_words(line, chain)
        if reading is None or reading == line or RUBBISH_RE.search(reading) or not _keeps_words(line, reading, chain):
            continue
        found = _gain(line, reading, chain)
        if found > 0:
            gain, n_for = gain + found, n_for + 1
            readings[at] = reading
    return Poll(chain, gain, n_for, tuple(readings))


def _nominees(line: str) -> list[Chain]:
    """Return the chains that suit one line best."""
    gains = {chain: _gain(line, reading, chain) - _prior(chain) for chain, reading in _candidates(line)}
    if not any(chain.written_in == UTF_8 for chain in gains):
        gains |= {chain: gain for chain in PARTLY if (gain := _gain_by_words(line, chain)) > 0}
    return sorted(gains, key=lambda chain: gains[chain], reverse=True)[:NOMINEES]


def _by_words(line: str, chain: Chain) -> str | None:
    """Return a line of which only some words were misread, or None where those are few, and so may be chance."""
    reading = chain.undone_by_words(line)
    words = [word for word in line.split(" ") if not word.isascii()]
    n_read = len(words) - len(set(words).intersection(reading.split(" ")))
    if n_read < LEAST_WORDS * len(words) or RUBBISH_RE.search(reading):
        return None
    new = [one for one in NON_ASCII_RE.findall(reading) if one not in line and character_model().is_used(one)]
    return reading if len(new) >= SURE_SEQUENCES else None


def _keeps_words(line: str, reading: str, chain: Chain) -> bool:
    """Tell whether `reading` has words as texts have them, and none that chance makes of a language it does not know.

    Letters of a script that `line` has not are enough for a text, since two or three may be chance; and one letter for
    another does not make marks of letters, least of all inside words.
    """
    before = character_model().scripts(line)
    after = character_model().scripts(reading)
    if chain.written_in in SINGLE_BYTE and chain.read_as in SINGLE_BYTE:
        if sum(after.values()) < KEPT_LETTERS * sum(before.values()):
            return False
        if len(TORN_WORD_RE.findall(reading)) > len(TORN_WORD_RE.findall(line)):
            return False
    if chain.written_in == UTF_8:
        decoded = [character for character in NON_ASCII_RE.findall(reading) if character not in line]
        if len(decoded) < SURE_SEQUENCES and not all(map(USUAL_RE.fullmatch, decoded)):
            return False
    new = {kind: n for kind, n in after.items() if kind not in before}
    return all(n >= (LEAST_UNKNOWN if kind == UNKNOWN_LETTER else LEAST_NEW) for kind, n in new.items())


def _gain_by_words(line: str, chain: Chain) -> float:
    """Return what a line gains of which only some words were misread."""
    reading = _by_words(line, chain)
    return 0.0 if reading is None or reading == line else _gain(line, reading, chain) - _prior(chain)


def _gain(line: str, reading: str, chain: Chain) -> float:
    """Return by how many nats `reading` is likelier than `line`, with what its bytes say for it."""
    if chain.written_in != UTF_8:
        return _nats(line) - _nats(reading)
    # Text that was misread twice is still rubbish after one step back: look a step further.
    again = [further for one in AGAIN if (further := one.undone(reading)) is not None]
    decoded = [character for character in NON_ASCII_RE.findall(reading) if character_model().is_used(character)]
    return _nats(line) - min(map(_nats, [reading, *again])) + SEQUENCE_NATS * min(len(decoded), MOST_SEQUENCES)


@lru_cache(maxsize=4096)
def _nats(line: str) -> float:
    return character_model().nats(normalize("NFC", line))


def undo(choice: Choice, line: str, instead: str) -> str | None:
    """Return `line` read as `choice` says, or None where that is no likelier than `instead`.

    Where not all of the line came that way, the words that did are undone.
    """
    reading = choice.chain.undone(line) or choice.chain.undone_by_words(line)
    if reading in {line, instead} or RUBBISH_RE.search(reading) or not _keeps_words(line, reading, choice.chain):
        return None
    return reading if character_model().nats(reading) < character_model().nats(instead) else None


def gain(line: str, reading: str) -> float:
    """Return by how many nats `reading` is likelier than `line`."""
    return _nats(line) - _nats(reading)


def _voters(lines: Sequence[str]) -> list[str]:
    """Return some of `lines`, each once and of bounded length, evenly spread."""
    fit = list(dict.fromkeys(_shortened(line) for line in lines))
    return fit[:: len(fit) // VOTERS + 1]


def _shortened(line: str) -> str:
    """Cut a long line behind a space, which is a byte of its own in every encoding."""
    if len(line) <= VOTER_CHARACTERS:
        return line
    return line[: line.rfind(" ", 0, VOTER_CHARACTERS) + 1] or line[:VOTER_CHARACTERS]


def _candidates(line: str) -> Iterator[tuple[Chain, str]]:
    """Give each chain that `line` can have come through, and its reading: of chains with one reading, the first."""
    sources: dict[bytes, str] = {}
    for read_as in (*SINGLE_BYTE, *MULTI_BYTE):
        data = encode(line, read_as)
        if data is not None:
            sources.setdefault(data, read_as)
    chains = [(data, Chain(UTF_8, read_as)) for data, read_as in sources.items() if SEQUENCE_RE.search(data)]
    chains += [
        (data, Chain(one, read_as))
        for data, read_as in sources.items()
        if not _is_mostly_utf_8(data)
        for one in _written_in(read_as)
    ]
    seen = {line}
    for data, chain in chains:
        reading = decode(data, chain.written_in)
        if reading is not None and reading not in seen and not RUBBISH_RE.search(reading):
            seen.add(reading)
            yield chain, reading


def _is_mostly_utf_8(data: bytes) -> bool:
    """Tell whether most bytes above ASCII stand in valid sequences: no other encoding makes several by chance."""
    sequences = SEQUENCE_RE.findall(data)
    n_high = len(HIGH_RE.findall(data))
    return len(sequences) >= SURE_SEQUENCES and 5 * sum(map(len, sequences)) >= 4 * n_high


def _written_in(read_as: str) -> Iterable[str]:
    if read_as in READ_AS_FOR_SINGLE:
        yield from (one for one in SINGLE_BYTE if one != read_as)
    if read_as in READ_AS_FOR_MULTI:
        yield from MULTI_BYTE


def _prior(chain: Chain) -> float:
    """Return how many nats a chain must gain to be as likely as no chain at all."""
    if chain == Chain("cp1252", "latin-1"):  # C1 controls are never meant, and this is what HTML makes of them
        return 0.0
    if chain.written_in in MULTI_BYTE:
        return USUAL_NATS / 2
    if chain.written_in == UTF_8:
        return USUAL_NATS / 2 if chain.read_as in COMMON else USUAL_NATS
    return USUAL_NATS if chain.written_in in COMMON else UNUSUAL_NATS
