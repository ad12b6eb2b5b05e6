r"""UTF-8 that was misread and then lost bytes: which letters they must have been.

Programs that can't show a byte drop it or put U+FFFD; others make a plain quotation mark or space of what looks like a
curly one or a no-break space. What is left of a sequence ("Ä" and a quotation mark, in "takoÄ'er") allows a handful of
characters, and the character model says which of them the word can be: "također". Every gap is filled by what suits its
word best, twice over, since one word may have several.

Refused: a gap that two characters suit about equally (`LEAST_LEAD`), and more than `MOST_GAPS` of them in a line; the
line then stays as it was, and is marked as broken.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, product

from tasks.mojibake.chain import decode, encode
from tasks.mojibake.character_model import character_model

LEAST_LEAD = 1.0
MOST_GAPS, MOST_OPTIONS = 60, 64
# The bytes that windows-1252 does not define, and what else a character of the broken text may have been.
UNDEFINED = b"\x81\x8d\x8f\x90\x9d"
CONTROLS = bytes(range(0x80, 0xA0))
WAS = {"'": b"\x82\x91\x92", '"': b"\x84\x93\x94", " ": b"\xa0", "\ufffd": UNDEFINED}
# The commonest case of all: windows-1252 reads what it can, and C1 controls stand for the rest.
READ_AS = "cp1252"
MARK_RE = re.compile(f"[{bytes(set(CONTROLS) - set(UNDEFINED)).decode(READ_AS)}]")
TAIL = "[\x80-\xbf]"
PIECE_RE = re.compile(
    rf"(?P<whole>[\xc2-\xdf]{TAIL}|[\xe0-\xef]{TAIL}{{2}}|[\xf0-\xf4]{TAIL}{{3}})"
    "|(?P<gap>[\xc2-\xdf][\x80-\xbf'\" \ufffd]?|[\xe0-\xef][\x80-\xbf'\" \ufffd]{0,2})"
)
PASSES = 2
LEAST_WHOLE = 1


def restored(line: str) -> str | None:
    """Return `line` with all sequences whole and decoded, or None where it is no UTF-8 or a gap stays open."""
    data = "".join(_as_byte(character) for character in line)
    # Latin-1 has controls where windows-1252 has letters and marks: where none of these is left, all were dropped.
    lost = UNDEFINED if MARK_RE.search(line) else CONTROLS
    pieces = list(_pieces(data, lost))
    gaps = [at for at, piece in enumerate(pieces) if len(piece) > 1]
    if (
        not gaps
        or sum(len(match["whole"] or "") > 0 for match in PIECE_RE.finditer(data)) < LEAST_WHOLE
        or len(gaps) > MOST_GAPS
        or max(len(pieces[at]) for at in gaps) > MOST_OPTIONS
    ):
        return None
    text = [piece[0] for piece in pieces]
    for _ in range(PASSES):
        for at in gaps:
            low, high = _word(text, at)
            head, tail = "".join(text[low:at]), "".join(text[at + 1 : high])
            ranked = sorted((_nats(head + option + tail), option) for option in pieces[at])
            text[at] = ranked[0][1]
            if ranked[1][0] - ranked[0][0] < LEAST_LEAD:
                return None
    return "".join(text)


def _as_byte(character: str) -> str:
    """Return the byte that a character was read from, as a character below U+0100; others as they are."""
    data = None if character in WAS else encode(character, READ_AS)
    return data.decode("latin-1") if data else character


def _as_read(data: str) -> str:
    """Return what stands outside of sequences as it was read."""
    return "".join(decode(one.encode("latin-1"), READ_AS) or one if one <= "\xff" else one for one in data)


def _pieces(data: str, lost: bytes) -> Iterator[list[str]]:
    """Split a line into what is sure (one option) and gaps (several), in their order."""
    at = 0
    for match in PIECE_RE.finditer(data):
        yield from ([one] for one in _as_read(data[at : match.start()]))
        at = match.end()
        if match["whole"]:
            yield [match["whole"].encode("latin-1").decode("utf-8", "replace")]
        else:
            options = sorted(set(_options(match["gap"], lost)))
            yield options if len(options) > 1 else [*options, _as_read(match["gap"])]
    yield from ([one] for one in _as_read(data[at:]))


def _options(gap: str, lost: bytes) -> Iterator[str]:
    """Give what a damaged sequence can have been: bytes put back, or marks taken for bytes."""
    length = 2 if gap[0] < "\xe0" else 3
    for n_taken in range(len(gap)):
        taken, rest = gap[1 : n_taken + 1], gap[n_taken + 1 :]
        if any(one not in WAS and n_taken < len(gap) - 1 for one in rest):
            continue
        choices = [WAS.get(one, one.encode("latin-1", "ignore")) for one in taken]
        n_missing = length - 1 - n_taken
        for places in combinations(range(length - 1), n_missing):
            filled = iter(choices)
            columns = [lost if place in places else next(filled) for place in range(length - 1)]
            for tail in product(*columns):
                character = _character(bytes([ord(gap[0]), *tail]))
                if character:
                    yield character + rest


def _character(data: bytes) -> str:
    """Return the character that `data` is in UTF-8 if words are written with it, else nothing."""
    try:
        character = data.decode()
    except UnicodeDecodeError:
        return ""
    return character if character_model().is_used(character) else ""


def _word(text: list[str], at: int) -> tuple[int, int]:
    """Return where the word around piece `at` begins and ends."""
    low = high = at
    while low > 0 and text[low - 1] != " ":
        low -= 1
    while high < len(text) and (high == at or text[high] != " "):
        high += 1
    return low, high


@lru_cache(maxsize=4096)
def _nats(word: str) -> float:
    return character_model().nats(word)
