"""What a line looks like: paragraph, sentence, headline or fragment, told from length and punctuation alone.

Length is measured in `weight`: characters, with those of the East Asian scripts counting twice, since they carry
about twice as much. Nothing here knows a word of any language.
"""

import re
from dataclasses import dataclass

from tasks.boilerplate.line_rules import fold_space

WIDE_RE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]")
CLOSERS = "'\"”’»›)]“„"
STOPS = frozenset(".!?…。！？؟۔।")
# A paragraph that announces a list, or a quotation that goes on below, ends in one of these.
PAUSES = frozenset(":;,–—-")
SENTENCES_RE = re.compile(rf"[.!?。！？][{re.escape(CLOSERS)}]* *[\"“‘«(„]?\w")
# Headlines end in no full stop, comma or colon of any script; they may end in "?", "!" and "...".
UNLIKE_HEADLINE_RE = re.compile(rf"(?<!\.\.)[.。:;,；：，।؛،][{re.escape(CLOSERS)}]*$")
# Thai, Lao, Burmese and Khmer end sentences with a blank; their stops are rare.
UNSTOPPED_RE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
WORD_RE = re.compile(r"\w")
URL_RE = re.compile(r"https?://\S+")

# Measured on the 80 whole pages of bench/lines: from 70 to 100 the figures differ by 0.2 points.
PARAGRAPH_WEIGHT = 80
# So long a line is a paragraph even without a full stop (a table row, a broken sentence, a script without stops).
LONG_WEIGHT = 200
# In a script without stops, this length must do; headlines are shorter.
UNSTOPPED_WEIGHT = 110
SENTENCE_WEIGHT = 25
HEADLINE_WEIGHT = 160
HEADLINE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank. `index` counts from 0 in the text it stands in, `text` has its white space folded."""

    index: int
    text: str
    weight: int
    has_stop: bool
    is_paragraph: bool
    is_sentence: bool

    @property
    def is_short(self) -> bool:
        """Neither a paragraph nor a sentence: a heading, an item of a menu, a name."""
        return not self.is_paragraph and not self.is_sentence

    @property
    def is_headline(self) -> bool:
        """Short enough for a headline, of some words, and without the full stop that headlines lack."""
        long_enough = self.text.count(" ") >= HEADLINE_WORDS - 1 or self.weight > 2 * HEADLINE_WORDS
        if not long_enough or self.weight > HEADLINE_WEIGHT:
            return False
        return not UNLIKE_HEADLINE_RE.search(self.text) and bool(WORD_RE.search(self.text))


def shape_of(index: int, text: str) -> Line:
    """Measure one line."""
    text = fold_space(text)
    weight = len(text) if text.isascii() else len(text) + len(WIDE_RE.findall(text))
    last = text.rstrip(CLOSERS)[-1:]
    has_stop = last in STOPS
    ends = has_stop or last in PAUSES
    paragraph = weight >= LONG_WEIGHT or (weight >= PARAGRAPH_WEIGHT and (ends or _runs_on(text, weight)))
    return Line(index, text, weight, has_stop, paragraph, not paragraph and weight >= SENTENCE_WEIGHT and ends)


def _runs_on(text: str, weight: int) -> bool:
    """Say whether a line without a stop at its end is a paragraph nonetheless."""
    return bool(SENTENCES_RE.search(text) or (weight >= UNSTOPPED_WEIGHT and UNSTOPPED_RE.search(text)))


def shape_lines(lines: list[str]) -> list[Line]:
    """Measure all lines that are not blank."""
    return [shape_of(index, line) for index, line in enumerate(lines) if line.strip()]
