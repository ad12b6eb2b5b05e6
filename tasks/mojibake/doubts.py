r"""What is wrong with a text and can't be put right from the text alone: marked for the rooms that know its siblings.

A doubt is an `Edit` that changes nothing (`after` is `before`); it reaches the table of edits as a row that is not
applied. There are two kinds. Characters that are lost: U+FFFD, `?` in place of a letter. And damage by machine
translation: a phrase said twice in a row ("in the in the morning"), a reflexive that can't be the person's of its
sentence ("Mrs Holm had seen it himself").

Refused: guessing what stood there. Spared are addresses, questions without a space behind them ("Why?Because"), what
people do repeat ("again and again and again", "New York, New York"), numbers.

Measured on the body lines and the gold bodies of the development pages (490,000 words, English for the most part): no
doubt at all. Of 180 sentences that lost letters 162 are marked.
"""

import re
from collections.abc import Iterator
from itertools import accumulate

from tasks.edits import Edit
from tasks.outcome import StageName

STAGE = StageName.MOJIBAKE.value
REPLACEMENT_RE = re.compile("\ufffd+")
# Letters on both sides, or three words of nothing but question marks; `o?T` may be the end of a question.
WORD_WITH_QUESTION_RE = re.compile(r"(?<!\S)[^\s?]*+\?\S*+")
QUESTION_RE = re.compile(r"(?:(?<=[^\W\d_])|^)\?{1,3}(?=[^\W\d_A-ZÀ-ÞА-Я])")
ONLY_QUESTIONS_RE = re.compile(r"(?<!\S)\?++(?:[ ,.]++\?++){2,}+")
# What makes a word an address; and no word is longer than this.
ADDRESS_RE = re.compile(r"[=&/@#]|www\.")
LONGEST_WORD = 60
LONGEST_PHRASE = 5
# Of two words alone, one of these must be the first: two nouns in a row may be a name or a cry.
FUNCTION_WORDS = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "has", "have", "in", "into", "is", "of", "on", "that", "the"}
    | {"this", "to", "was", "were", "which", "who", "will", "with"}
)
SENTENCE_RE = re.compile(r"[^.!?\n]+")
TITLE_RE = re.compile(r"\b(?:(?P<he>Mr|Sir|Lord)|(?P<she>Mrs|Ms|Miss|Lady))\.? (?=[A-Z])")
REFLEXIVE_RE = re.compile(r"\b(?:(?P<he>himself)|(?P<she>herself))\b")


def find_doubts(text: str) -> tuple[Edit, ...]:
    """Return the doubts about `text`, in the order of their places, none inside another.

    >>> [doubt.before for doubt in find_doubts("The ferry leaves in the in the morning, said the caf\ufffd.")]
    ['in the in the', '\ufffd']
    """
    found = sorted([*_lost_characters(text), *_doubled_phrases(text), *_wrong_reflexives(text)])
    apart: list[Edit] = []
    for doubt in found:
        if not apart or doubt.start >= apart[-1].end:
            apart.append(doubt)
    return tuple(apart)


def _lost_characters(text: str) -> Iterator[Edit]:
    for match in REPLACEMENT_RE.finditer(text):
        yield _doubt(text, match.span(), "lost-character", 0.99, "a byte that no encoding has")
    if "?" not in text:
        return
    for match in ONLY_QUESTIONS_RE.finditer(text):
        yield _doubt(text, match.span(), "lost-character", 0.9, "question marks in place of letters")
    for word in WORD_WITH_QUESTION_RE.finditer(text):
        if len(word[0]) <= LONGEST_WORD and not ADDRESS_RE.search(word[0]):
            for match in QUESTION_RE.finditer(word[0]):
                place = (word.start() + match.start(), word.start() + match.end())
                yield _doubt(text, place, "lost-character", 0.8, "a question mark in place of a letter")


def _doubled_phrases(text: str) -> Iterator[Edit]:
    at = 0
    for line in text.split("\n"):
        words = line.split(" ")
        starts = list(accumulate((len(word) + 1 for word in words), initial=at))
        for first, n_words in _length_of_doubled(words).items():
            place = (starts[first], starts[first + 2 * n_words] - 1)
            yield _doubt(text, place, "doubled-phrase", 0.8, "the same words twice in a row")
        at += len(line) + 1


def _length_of_doubled(words: list[str]) -> dict[int, int]:
    """Return where a phrase is said twice in a row, and of how many words it is."""
    found: dict[int, int] = {}
    for n_words in range(2, LONGEST_PHRASE + 1):
        for first, (one, other) in enumerate(zip(words, words[n_words:], strict=False)):
            if one != other or words[first : first + n_words] != words[first + n_words : first + 2 * n_words]:
                continue
            if _is_phrase(words[first : first + n_words]):
                found.setdefault(first, n_words)
    return found


def _is_phrase(words: list[str]) -> bool:
    """Tell a phrase that nobody says twice from a name, a refrain, or words that are repeated for their sound."""
    if len(set(words)) < len(words) or not all(word.isalpha() for word in words) or "and" in words:
        return False
    return words[0] in FUNCTION_WORDS if len(words) == 2 else any(word.islower() for word in words)  # noqa: PLR2004


def _wrong_reflexives(text: str) -> Iterator[Edit]:
    if "self" not in text:
        return
    for sentence in SENTENCE_RE.finditer(text):
        titles = list(TITLE_RE.finditer(sentence[0]))
        reflexives = list(REFLEXIVE_RE.finditer(sentence[0]))
        if len(titles) != 1 or len(reflexives) != 1 or reflexives[0].start() < titles[0].end():
            continue
        # Another capital between the two may be another person.
        between = sentence[0][titles[0].end() : reflexives[0].start()].partition(" ")[2]
        if titles[0].lastgroup != reflexives[0].lastgroup and between.islower():
            start = sentence.start() + reflexives[0].start()
            evidence = f"the only person of the sentence is {titles[0][0].strip()}"
            yield _doubt(text, (start, start + len(reflexives[0][0])), "mixed-pronoun", 0.7, evidence)


def _doubt(text: str, place: tuple[int, int], rule: str, confidence: float, evidence: str) -> Edit:
    before = text[slice(*place)]
    return Edit(*place, before, before, f"{STAGE}/{rule}", confidence, evidence)
