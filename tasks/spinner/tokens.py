"""The words of a text with their places, and what protects a place from repair.

A text is cut once into words, numbers and single signs; runs of line breaks are a token of their own, so that no
phrase reaches over the end of a paragraph. A possessive or contracted ending (`'s`, `'ve`) and a hyphen are tokens
too: "leader's" is `leader` and `'s`, "know-how" is `know`, `-`, `how`. Web addresses, e-mail addresses, handles and
hashtags are one token each and can't be matched from inside.

A place is protected as part of a name where a word starts with a capital letter without opening a sentence, and as a
quotation between double quotation marks (or single curly ones) on one line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN_RE = re.compile(
    r"""
    (?:https?://|www\.)\S+              # a web address
    | [\w.+-]{1,64}@[\w.-]{1,255}       # an e-mail address
    | [@\#]\w+                          # a handle, a hashtag
    | [\r\n\x0b\x0c\x85\u2028\u2029]+   # line breaks
    | \d+(?:[.,]\d+)+                   # 1.5, 10,000
    | (?<=\w)['’](?:s|t|re|ve|ll|d|m)\b # a contracted ending
    | \w+
    | \S
    """,
    re.VERBOSE | re.IGNORECASE,
)

# Where a mark that is never closed is common (an apostrophe), the search for its end is bounded: a quotation of more
# than 1,000 characters has paragraphs.
QUOTE_RE = re.compile(r"“[^”\r\n]*”?|\"[^\"\r\n]*\"|«[^»\r\n]{0,1000}»|(?<!\w)‘[^\r\n]{0,1000}?’(?!\w)")
SENTENCE_ENDS = frozenset(".!?…:")
OPENERS = frozenset("\"“‘'«([-–—•*")

# A full stop after one of these, or after a single letter, ends no sentence: "Gen. Staff", "U.S. Navy".
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof gov sen rep gen lt col sgt capt maj cmdr rev hon st jr sr no vs inc ltd co corp dept univ "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)

# A line is set like a headline when this share of its longer words starts with a capital letter.
HEADLINE_SHARE = 0.8
HEADLINE_MIN_WORDS = 4
HEADLINE_MAX_TOKENS = 60
LONG_WORD = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text cut into tokens: `raw` as written, `lower` for comparison (straight apostrophes), with their places."""

    text: str
    raw: tuple[str, ...]
    lower: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.raw)

    def is_break(self, at: int) -> bool:
        """Whether the token at `at` is a line break, or lies outside the text."""
        return not 0 <= at < len(self.raw) or self.raw[at][0] in "\r\n\x0b\x0c\x85\u2028\u2029"

    def opens_sentence(self, at: int) -> bool:
        """Whether the token at `at` is the first word of a sentence or line."""
        before = at - 1
        while before >= 0 and self.raw[before] in OPENERS:
            before -= 1
        if self.is_break(before):
            return True
        if self.raw[before] not in SENTENCE_ENDS:
            return False
        if self.raw[before] != "." or before == 0:
            return True
        word = self.lower[before - 1]
        return word not in ABBREVIATIONS and (len(word) > 1 or not word.isalpha())

    def is_capitalised(self, at: int) -> bool:
        """Whether the token at `at` starts with a capital letter."""
        return 0 <= at < len(self.raw) and self.raw[at][:1].isupper()

    def is_in_headline(self, at: int) -> bool:
        """Whether the line of the token at `at` is set like a headline, so that its capitals say nothing."""
        low = high = at
        while high - low < HEADLINE_MAX_TOKENS and not self.is_break(low - 1):
            low -= 1
        while high - low < HEADLINE_MAX_TOKENS and not self.is_break(high + 1):
            high += 1
        if high - low >= HEADLINE_MAX_TOKENS:
            return False
        long_words = [word for word in self.raw[low : high + 1] if len(word) >= LONG_WORD and word.isalpha()]
        capitals = sum(word[0].isupper() for word in long_words)
        return len(long_words) >= HEADLINE_MIN_WORDS and capitals >= HEADLINE_SHARE * len(long_words)


def tokenize(text: str) -> Tokens:
    """Cut `text` into tokens.

    >>> tokenize("The leader’s know-how.").lower
    ('the', 'leader', "'s", 'know', '-', 'how', '.')
    """
    found = [(match.group(), *match.span()) for match in TOKEN_RE.finditer(text)]
    if not found:
        return Tokens(text, (), (), (), ())
    raw, starts, ends = zip(*found, strict=True)
    return Tokens(text, raw, tuple(word.lower().replace("’", "'") for word in raw), starts, ends)


def quotation_spans(text: str) -> Iterator[tuple[int, int]]:
    """Give the character spans of quotations, marks included. One that is not closed ends with its line."""
    return (match.span() for match in QUOTE_RE.finditer(text))
