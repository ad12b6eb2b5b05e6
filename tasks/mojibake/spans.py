"""Say as small replacements what turned one text into another.

A repair hands back a whole line; the record of it should name the characters that changed and no others. The
repairs of this room leave nearly all ASCII characters where they are, so the runs of other characters between them
can be paired off; where they can't (a letter and its accent became one character), the words can. Both take linear
time. Where spaces changed too (one was byte A0 of a letter), words are aligned with difflib, and only if the line is
too long for that, everything between the common ends becomes one replacement. The time is bounded for every input.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

ASCII_RUN_RE = re.compile(r"([\x00-\x7f]+)")
SPACE_RUN_RE = re.compile(r"([ \t\n]+)")
# difflib takes quadratic time: 250 words against 250 words, with the spaces between them, are about 10 ms.
ALIGNED_PAIRS = 250_000


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `start` to `start + len(before)` were `before` and became `after`."""

    start: int
    before: str
    after: str


def replaced_spans(before: str, after: str) -> list[Span]:
    """Return the replacements that turn `before` into `after`: sorted, apart from each other, none without effect.

    >>> replaced_spans("cafÃ© au lait", "café au lait")
    [Span(start=3, before='Ã©', after='é')]
    """
    if before == after:
        return []
    for between in (ASCII_RUN_RE, SPACE_RUN_RE):
        olds, news = between.split(before), between.split(after)
        if olds[1::2] == news[1::2]:
            return list(_changed(zip(olds, news, strict=True)))
    return list(_changed(_aligned(before, after)))


def trim(span: Span) -> Span:
    """Take away what stands at both ends of `before` and `after` alike."""
    head = _common(span.before, span.after)
    tail = _common(span.before[head:][::-1], span.after[head:][::-1])
    return Span(
        span.start + head,
        span.before[head : len(span.before) - tail],
        span.after[head : len(span.after) - tail],
    )


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))


def _aligned(before: str, after: str) -> Iterator[tuple[str, str]]:
    olds, news = SPACE_RUN_RE.split(before), SPACE_RUN_RE.split(after)
    if len(olds) * len(news) > ALIGNED_PAIRS:
        yield before, after
        return
    for _, old_low, old_high, new_low, new_high in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        yield "".join(olds[old_low:old_high]), "".join(news[new_low:new_high])


def _changed(pairs: Iterable[tuple[str, str]]) -> Iterator[Span]:
    at = 0
    for old, new in pairs:
        if old != new:
            yield trim(Span(at, old, new))
        at += len(old)
