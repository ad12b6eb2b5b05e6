"""Is this text spun at all, and by which family of spinners?

Spun words are right in other texts: no single one proves anything, and most of the lexicon would damage clean news.
So the verdict is on the whole document, from three signs that do not depend on one another:

1. impossible phrases ("one other mortgage", "go to to", "via way of means of"), which editors don't leave standing;
2. telling phrases, rare in clean text ("stated", "earlier than"), each counted once however often it stands there;
3. displaced function words: the spun form of an everyday word is there and the everyday word itself nowhere, as in a
   text full of "additionally" without one "also".

They are added up in points by family; phrases that all families share count for each. `spin_score` is the points
per 100 words against the threshold, halved and capped: 0.5 is the gate, 1 is twice the gate. A document must also
reach a number of points and of different tells, so that one odd sentence of a short text proves nothing; and where
none of the phrases is impossible, more points, so that an old-fashioned style proves nothing either.

The thresholds were measured on 111 clean passages of 50 to 160 words chosen because tell-tale words are right in them,
and on 80 clean articles, whole and in 1,400 overlapping windows of 80 words: no clean text has two tells, none more
than 3 points; nor is any gated of 1.3 million words of whole web pages, manuals and licences. Spun passages of 60 to
110 words have 4 to 30 points: of 4 of family A all reach the gate, of 17 of family B 16; family C hides best. A passage
of our own that crowds rare but right words ("stated", "navy chief", "one other") reaches 6 points without one
impossible phrase; the least obvious spun passage without one has 7.5.

From 0.5 the document is gated: held to be spun, with a family, and repaired. From `FLAG_SCORE` to 0.5 lies "flag only":
its spun-looking words are suggested, none is changed, and it has no family. Below, nothing is said at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tasks.spinner.lexicon import FAMILIES, SHARED, Match
from tasks.spinner.notation import Grade
from tasks.spinner.tokens import Tokens

POINTS = {Grade.IMPOSSIBLE: 3.0, Grade.TELLING: 1.0, Grade.COMMON: 0.0, Grade.SUGGESTION: 0.0}
DISPLACED_POINTS = 0.5

GATE_RATE = 2.0
GATE_POINTS = 4.0
GATE_POINTS_TELLING_ONLY = 7.0
GATE_TELLS = 2
GATE_SCORE = 0.5
FLAG_SCORE = 0.3

# What a text scores at most that has the rate but too few points (it may still be flagged), or a single tell.
BELOW_GATE = 0.45
BELOW_FLAG = 0.25

# Below this length the rate is taken as if the text were this long: a single sentence has no rate.
MIN_WORDS = 60

# Above this length the rate is taken as if the text were this long: a tell counts once, and a long text repeats itself.
MAX_WORDS = 2500

# Spun and everyday form of function words, by family.
DISPLACED = {
    "A": (("additionally", "also"), ("stated", "said"), ("however", "but"), ("solely", "only")),
    "B": (("additionally", "also"), ("via", "by"), ("whilst", "while"), ("inside", "in")),
    "C": (("likewise", "also"), ("individuals", "people"), ("numerous", "many"), ("utilize", "use")),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a text.

    `score` lies in [0, 1], `points` is what it was made from. `family` is set when the document is gated; `suspect`
    is the family its suggestions are taken from, set when it is gated or flagged.
    """

    score: float
    points: float
    family: str | None
    suspect: str | None


CLEAN = Verdict(score=0.0, points=0.0, family=None, suspect=None)


def judge(tokens: Tokens, matches: Iterable[Match]) -> Verdict:
    """Return the verdict on a text from its tokens and all matches of the lexicon in it."""
    points = _points_by_rule(matches)
    if not points:
        return CLEAN
    n_words = min(max(MIN_WORDS, sum(word[0].isalpha() for word in tokens.lower)), MAX_WORDS)
    vocabulary = frozenset(tokens.lower)
    verdicts = [_verdict(family, points, vocabulary, n_words) for family in FAMILIES]
    # Two families may both have the full score, as they share words: the one with more points is meant.
    return max(verdicts, key=lambda verdict: (verdict.score, verdict.points))


def _points_by_rule(matches: Iterable[Match]) -> dict[tuple[str, str], float]:
    """Return the points of each row that matched, counted once, by family and phrase."""
    points: dict[tuple[str, str], float] = {}
    for match in matches:
        worth = POINTS[match.pattern.grade]
        if worth:
            key = (match.pattern.family, match.pattern.rule)
            points[key] = worth
    return points


def _verdict(family: str, points: dict[tuple[str, str], float], vocabulary: frozenset[str], n_words: int) -> Verdict:
    own = {rule: worth for (table, rule), worth in points.items() if table == family}
    if not own:
        return CLEAN
    shared = {rule: worth for (table, rule), worth in points.items() if table == SHARED}
    tells = own | shared
    total = sum(tells.values()) + DISPLACED_POINTS * _displaced(family, vocabulary)
    score = min(1.0, GATE_SCORE * total / n_words * 100 / GATE_RATE)
    is_beyond_doubt = POINTS[Grade.IMPOSSIBLE] in tells.values()
    if total < (GATE_POINTS if is_beyond_doubt else GATE_POINTS_TELLING_ONLY):
        score = min(score, BELOW_GATE)
    if len(tells) < GATE_TELLS:
        score = min(score, BELOW_FLAG)
    return Verdict(
        score=round(score, 3),
        points=total,
        family=family if score >= GATE_SCORE else None,
        suspect=family if score >= FLAG_SCORE else None,
    )


def _displaced(family: str, vocabulary: frozenset[str]) -> int:
    return sum(spun in vocabulary and plain not in vocabulary for spun, plain in DISPLACED[family])
