r"""Make a text's characters the ones that were written, and write every change down.

A line at a time, what machines did to the encoding is undone: entities left in the text (`entities`), then bytes read
in the wrong encoding (`encoding`: ftfy), until neither finds anything. Lines that look wrong after it, or a text whose
letters surprise, go to the chooser: one chain of encodings for all of them (`chooser`), and the bytes back that UTF-8
lost on the way (`lost_bytes`), where that is far likelier than what stands there. Then come, over the whole text, the
rules of typography and canonical composition (`typography`). Where these change something the lines are looked at once
more, so that repairing a repaired text changes nothing. A line that still looks broken is left to a better repair: to
typography its no-break spaces and soft hyphens would be rubbish, but they may be bytes of letters.

Every change is an `Edit` that spans the changed characters alone. Its rule names what was done: `mojibake/entity`,
`mojibake/ftfy-` and the encodings (the evidence has the whole chain), `mojibake/utf-8-read-as-koi8-r` and its like,
`mojibake/utf-8-lost-bytes`, or `mojibake/` and the id of a typography rule.

Refused: guesses. What was lost (U+FFFD, `?` for a letter) stays where words don't tell; `doubts` marks it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.edits import Edit, apply, compose, revert
from tasks.mojibake.chooser import (
    LEAST_GAIN,
    LEAST_LINE_SURPRISE,
    PLAUSIBLE,
    Choice,
    choose,
    gain,
    is_of_known_language,
    is_surprising,
    undo,
)
from tasks.mojibake.encoding import SURROGATES, Reading, looks_suspicious, read_line
from tasks.mojibake.entities import decode_entities, has_entities
from tasks.mojibake.lost_bytes import restored
from tasks.mojibake.records import Repaired
from tasks.mojibake.spans import Span, replaced_spans
from tasks.mojibake.typography import STAGE, Context, composition_edits, patterns_for, typography_edits

FTFY = "ftfy-"
# Real text settles in the second round. The bound is for text made to keep the rules at work.
ROUNDS = 10
MISREAD_RE = re.compile(f"{STAGE}/(?:{FTFY}|[^ ]*-read-as-)")
LOST_RE = re.compile("[\x80-\x9f\ufffd]")
ENTITY_CONFIDENCE = 0.99
LOST_BYTES, LOST_BYTES_CONFIDENCE = "utf-8-lost-bytes", 0.9
# A text that was misread three times has a plan of six steps; one made to annoy can have thousands.
SHOWN_STEPS = 12


def repair_text(text: str, lang: str | None = None) -> Repaired:
    """Return `text` with its characters repaired, and the edits that led there.

    `lang` is an ISO 639-1 code ("en", "fr-CA") where the language is known: some rules of typography hold for one
    language, and without it only for text that shows which it is. Clean text comes back as the same object. The
    result, repaired again, stays as it is. No text makes this raise.

    >>> repair_text("The cafÃ© said itâ€™s $ 2.50").text
    'The café said it’s $2.50'
    """
    now, edits = text, list[Edit]()
    for _ in range(ROUNDS):
        found, broken = _encoding_edits(now)
        now, edits = _add(text, edits, now, found)
        mended, edits = _mend_typography(text, edits, now, lang, broken)
        if not found and mended == now:
            break
        now = mended
    return Repaired(now, tuple(edit for edit in edits if edit.before != edit.after), _score(text, edits, now))


def _add(text: str, edits: list[Edit], now: str, found: Sequence[Edit]) -> tuple[str, list[Edit]]:
    """Add the edits `found` in `now` to those that led from `text` to it."""
    if not found:
        return now, edits
    return apply(now, found), compose(text, edits, found) if edits else list(found)


def _mend_typography(
    text: str, edits: list[Edit], now: str, lang: str | None, broken: frozenset[str]
) -> tuple[str, list[Edit]]:
    """Run the rules of typography over `now`, one after the other, sparing the lines that are `broken`."""
    context = Context.of(now, lang, broken)
    for pattern in patterns_for(now):
        found = typography_edits(pattern, context)
        if found:
            now, edits = _add(text, edits, now, found)
            context = Context.of(now, lang, broken)
    return _add(text, edits, now, composition_edits(now, broken))


@dataclass(frozen=True, slots=True)
class MendedLine:
    """A line after entities and ftfy.

    `decoded` is the line without its entities, `now` what ftfy made of that, each with the edits that lead there from
    the line as it was. `broken` tells that it still looks wrong, `doubtful` that the chooser should see it.
    """

    decoded: str
    decoded_edits: list[Edit]
    now: str
    edits: list[Edit]
    broken: bool = False
    doubtful: bool = False


def _encoding_edits(text: str) -> tuple[list[Edit], frozenset[str]]:
    """Return the edits that repair the lines of `text`, and the lines that look broken after them."""
    is_suspicious = looks_suspicious(text) or has_entities(text)
    if not is_suspicious and not is_surprising(text):
        return [], frozenset()
    lines = [_mend_line(line) if is_suspicious else MendedLine(line, [], line, []) for line in text.split("\n")]
    lines = _reread(lines)
    edits: list[Edit] = []
    at = 0
    for before, line in zip(text.split("\n"), lines, strict=True):
        edits += [_moved(edit, at) for edit in line.edits]
        at += len(before) + 1
    return edits, frozenset(line.now for line in lines if line.broken)


def _mend_line(line: str) -> MendedLine:
    """Return one line with its entities decoded and repaired by ftfy, as often as that finds something."""
    now, edits = line, list[Edit]()
    first: tuple[str, list[Edit]] | None = None
    reading = Reading(line)
    for _ in range(ROUNDS):
        decoded = decode_entities(now)
        now, edits = _add(line, edits, now, _edits(now, decoded, "entity", ENTITY_CONFIDENCE, "an escaped character"))
        first = first or (now, edits)
        if not looks_suspicious(now):
            reading = Reading(now)
            break
        reading = read_line(now)
        found = _edits(now, reading.line, _rule(reading), reading.confidence, _evidence(reading))
        now, edits = _add(line, edits, now, found)
        if decode_entities(now) == now:
            break
    decoded, decoded_edits = first or (line, [])
    is_unsure = now != decoded and not reading.is_plain
    doubtful = reading.broken or (is_unsure and (reading.is_partial or is_surprising(now)))
    return MendedLine(decoded, decoded_edits, now, edits, reading.broken, doubtful)


def _reread(lines: list[MendedLine]) -> list[MendedLine]:
    """Read lines that look wrong in the encodings that all of them speak for."""
    if any(line.doubtful for line in lines):
        choice = choose([line.decoded for line in lines if line.doubtful])
        return [_filled(_chosen(line, choice)) if line.doubtful else line for line in lines]
    text = "\n".join(line.now for line in lines)
    if not (is_surprising(text) and is_of_known_language(text)):
        return lines
    odd = [is_surprising(line.now, least=LEAST_LINE_SURPRISE) for line in lines]
    choice = choose([line.decoded for line, is_odd in zip(lines, odd, strict=True) if is_odd])
    return [_chosen(line, choice) if is_odd else line for line, is_odd in zip(lines, odd, strict=True)]


def _filled(line: MendedLine) -> MendedLine:
    """Return a line with the bytes put back that its UTF-8 lost, where all of them can be told."""
    reading = restored(line.decoded) if line.broken or line.doubtful else None
    if reading is None or gain(line.now, reading) < LEAST_GAIN:
        return line
    return _read(line, reading, LOST_BYTES, LOST_BYTES_CONFIDENCE, "what the words around it can be")


def _chosen(line: MendedLine, choice: Choice | None) -> MendedLine:
    """Return a line as `choice` reads it, where that is likelier than what ftfy made of it."""
    reading = undo(choice, line.decoded, line.now) if choice else None
    if choice is None or reading is None:
        return line
    evidence = f"{choice.gain:.0f} nats likelier over the lines that look wrong"
    return _read(line, reading, choice.chain.name, _certainty(choice.gain), evidence)


def _read(line: MendedLine, reading: str, rule: str, confidence: float, evidence: str) -> MendedLine:
    original = revert(line.decoded, line.decoded_edits)
    found = _edits(line.decoded, reading, rule, confidence, evidence)
    _, edits = _add(original, line.decoded_edits, line.decoded, found)
    return MendedLine(line.decoded, line.decoded_edits, reading, edits, broken=is_surprising(reading, PLAUSIBLE))


def _certainty(gain: float) -> float:
    """Return the confidence of a repair that is likelier by `gain` nats."""
    return min(0.99, 1 - math.exp(-gain / LEAST_GAIN))


def _rule(reading: Reading) -> str:
    """Return the id of a repair: ftfy and the steps of its plan, each named once."""
    name = "-".join(dict.fromkeys(reading.plan)).replace("_", "-")
    return name if name == SURROGATES else FTFY + name


def _evidence(reading: Reading) -> str:
    """Return the plan of a repair, step by step, for a reader."""
    shown = reading.plan[:SHOWN_STEPS]
    return " > ".join(shown if shown == reading.plan else (*shown, "…"))


def _edits(before: str, after: str, rule: str, confidence: float, evidence: str) -> list[Edit]:
    def edit(span: Span) -> Edit:
        end = span.start + len(span.before)
        return Edit(span.start, end, span.before, span.after, f"{STAGE}/{rule}", confidence, evidence)

    return [edit(span) for span in replaced_spans(before, after)]


def _moved(edit: Edit, by: int) -> Edit:
    return Edit(edit.start + by, edit.end + by, edit.before, edit.after, edit.rule, edit.confidence, edit.evidence)


def _score(text: str, edits: Sequence[Edit], repaired: str) -> float:
    """Return the share of characters that looked broken: repaired by a change of encoding, or lost and left over."""
    if not text:
        return 0.0
    misread = sum(len(edit.before) for edit in edits if MISREAD_RE.search(edit.rule))
    return min(1.0, (misread + len(LOST_RE.findall(repaired))) / len(text))
