r"""Make a text's characters the ones that were written, and write every change down.

A line at a time, what machines did to the encoding is undone: entities left in the text (`entities`), then bytes read
in the wrong encoding (`encoding`), until neither finds anything. Then come, over the whole text, the rules of
typography and canonical composition (`typography`). Where these change something the lines are looked at once more,
so that repairing a repaired text changes nothing. A line that still looks broken is left to a better repair: to
typography its no-break spaces and soft hyphens would be rubbish, but they may be bytes of letters.

Every change is an `Edit` that spans the changed characters alone. Its rule names what was done: `mojibake/entity`,
`mojibake/ftfy-` and the encodings (the evidence has the whole chain), or `mojibake/` and the id of a typography rule.

Refused: guesses. What was lost (U+FFFD, `?` for a letter) stays; one reading among several is not chosen here.
"""

import re
from collections.abc import Sequence

from tasks.edits import Edit, apply, compose
from tasks.mojibake.encoding import SURROGATES, Reading, looks_suspicious, read_line
from tasks.mojibake.entities import decode_entities, has_entities
from tasks.mojibake.records import Repaired
from tasks.mojibake.spans import Span, replaced_spans
from tasks.mojibake.typography import STAGE, Context, composition_edits, patterns_for, typography_edits

FTFY = "ftfy-"
# Real text settles in the second round. The bound is for text made to keep the rules at work.
ROUNDS = 10
LOST_RE = re.compile("[\x80-\x9f\ufffd]")
ENTITY_CONFIDENCE = 0.99
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
        if mended == now:
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


def _encoding_edits(text: str) -> tuple[list[Edit], frozenset[str]]:
    """Return the edits that repair the lines of `text`, and the lines that look broken after them."""
    edits: list[Edit] = []
    broken: set[str] = set()
    if not (looks_suspicious(text) or has_entities(text)):
        return edits, frozenset()
    at = 0
    for line in text.split("\n"):
        mended, found, is_broken = _mend_line(line)
        edits += [_moved(edit, at) for edit in found]
        if is_broken:
            broken.add(mended)
        at += len(line) + 1
    return edits, frozenset(broken)


def _mend_line(line: str) -> tuple[str, list[Edit], bool]:
    """Return one line repaired, the edits to it, and whether it still looks broken."""
    now, edits = line, list[Edit]()
    for _ in range(ROUNDS):
        decoded = decode_entities(now)
        now, edits = _add(line, edits, now, _edits(now, decoded, "entity", ENTITY_CONFIDENCE, "an escaped character"))
        if not looks_suspicious(now):
            return now, edits, False
        reading = read_line(now)
        found = _edits(now, reading.line, _rule(reading), reading.confidence, _evidence(reading))
        now, edits = _add(line, edits, now, found)
        if decode_entities(now) == now:
            return now, edits, reading.broken
    return now, edits, True


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
    misread = sum(len(edit.before) for edit in edits if f"{STAGE}/{FTFY}" in edit.rule)
    return min(1.0, (misread + len(LOST_RE.findall(repaired))) / len(text))
