"""The reviewed lexicon: which phrases each spinner is known to leave behind, and where they stand in a text.

One table per family, because families contradict each other (one makes data of information, another information of
data), and one, `lexicon_s`, of what they all do:

    A  dictionary news: "stated" for said, "one other" for another, "within the" for in the
    B  the paraphraser of "via way of means of" and "withinside"
    C  the rewriter of "keeping in mind the end goal to"
    S  shared by all three

What a row looks like is told in `notation`. The text is read once: a dictionary from first words to patterns finds
candidates, and a candidate costs more only where its first word is there. So clean text costs next to nothing beyond
being cut into words.

Refused here, for all rows: a phrase that touches a hyphen it does not contain ("shut-down"), and a phrase with a
capital letter that does not open its sentence, which is taken for a name. The lines of a headline, where all words
have capitals, are read for impossible phrases only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tasks.rule_table import read_rules
from tasks.spinner.notation import Grade, Pattern, compile_rule
from tasks.spinner.tokens import Tokens

ROOM = "spinner"
FAMILIES = ("A", "B", "C")
SHARED = "S"
GRADES = tuple(Grade)  # from the surest to the least sure


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern that holds in a text, at the tokens `start` to `end` (exclusive)."""

    start: int
    end: int
    pattern: Pattern


def table_name(family: str) -> str:
    """Return the name of the rule table of a family: `lexicon_a` for A."""
    return f"lexicon_{family.lower()}"


@cache
def word_classes() -> Mapping[str, str]:
    """Return the listed word classes: name to words, parted by `|`."""
    return {rule.id: rule.found for rule in read_rules(ROOM, "word_classes")}


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return all patterns of all tables. Raises Fatal for a row that is not written as it must be."""
    return tuple(
        pattern
        for family in (*FAMILIES, SHARED)
        for rule in read_rules(ROOM, table_name(family))
        for pattern in compile_rule(rule, family, word_classes())
    )


@cache
def _by_first_word() -> Mapping[str, tuple[Pattern, ...]]:
    index: dict[str, list[Pattern]] = {}
    for pattern in patterns():
        index.setdefault(pattern.words[0].lower(), []).append(pattern)
    return {word: tuple(found) for word, found in index.items()}


def find_matches(tokens: Tokens) -> list[Match]:
    """Return every pattern of every family that holds in the text, also where they overlap, from left to right."""
    index = _by_first_word()
    return [
        Match(at, at + len(pattern.words), pattern)
        for at, word in enumerate(tokens.lower)
        if word in index
        for pattern in index[word]
        if pattern.matches(tokens, at) and _may_be_spun(tokens, at, pattern)
    ]


def longest_first(matches: Iterable[Match]) -> Iterator[Match]:
    """Choose among overlapping matches: the longest phrase, then the most context, the surest grade, the leftmost.

    Gives what is chosen from left to right.
    """
    chosen: list[Match] = []
    taken: set[int] = set()
    for match in sorted(matches, key=_preference):
        if taken.isdisjoint(range(match.start, match.end)):
            chosen.append(match)
            taken.update(range(match.start, match.end))
    return iter(sorted(chosen, key=lambda match: match.start))


def _preference(match: Match) -> tuple[int, int, int, int, str]:
    pattern = match.pattern
    context = len(pattern.left) + len(pattern.right)
    return (match.start - match.end, -context, GRADES.index(pattern.grade), match.start, pattern.rule)


def _may_be_spun(tokens: Tokens, start: int, pattern: Pattern) -> bool:
    end = start + len(pattern.words)
    if _touches_hyphen(tokens, start, end):
        return False
    capitals = [at for at in range(start, end) if tokens.is_capitalised(at)]
    if pattern.cased or not capitals:
        return True
    if tokens.is_in_headline(start):
        return pattern.grade is Grade.IMPOSSIBLE
    if capitals != [start] or not tokens.opens_sentence(start):
        return False
    # "Chief Walker said": a first word before a capital is more likely part of a name than a spun word of its own.
    return len(pattern.words) > 1 or not tokens.is_capitalised(end) or bool(pattern.right)


def _touches_hyphen(tokens: Tokens, start: int, end: int) -> bool:
    """Whether the phrase is part of a longer compound: a hyphen before or after it without a space."""
    before = start > 0 and tokens.raw[start - 1] == "-" and tokens.ends[start - 1] == tokens.starts[start]
    after = end < len(tokens) and tokens.raw[end] == "-" and tokens.ends[end - 1] == tokens.starts[end]
    return before or after
