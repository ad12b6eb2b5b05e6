"""What a line says of itself: label one line by the rule tables, without looking at its neighbours.

Tables in `rules/`. White space is folded before all of them; where case does not count, the line is in lower case and
words grown together in menus ("articleComments") are parted, and `found` is written in lower case.

    lines           the whole line, up to 140 characters
    passages        the whole line, up to 600 characters
    phrases         from the start of any word in a line of up to 300 characters: wording that news prose does not use
    cased_lines     as `lines`, and `cased_passages` as `passages`, for rules that need capitals
    agencies        names of news agencies as they stand alone on a line, in a dateline or in a byline; case counts
    houses          names of broadcasters and newspapers whose copy others reprint under their name; case counts

In the first five the `meaning` of a row is a label, in the last two the canonical name. The rows of a table are one
alternation, and the short tables are not tried on long lines: a page has hundreds of lines, and most of them come here
(about 30 microseconds each on the 80 development pages of article-extraction-benchmark).

Refused here: anything that needs context. A paragraph is only labelled by rows that spell out wording of that length.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from tasks.rule_table import Rule, read_rules

ROOM = "boilerplate"
PHRASES = "phrases"
GROWN_TOGETHER_RE = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")
NAME_EDGES = " .,;:()[]|/–—-"
# A rule row is a judgement on wording; what surrounds the line may still overrule it.
RULE_CONFIDENCE = 0.9
PHRASE_CONFIDENCE = 0.8
# Pages of one site share their menus; 8192 lines are those of some 50 sites, and about 1 MB.
CACHED_LINES = 8192


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a line is, which rule says so, and how sure it is (0 to 1)."""

    label: str
    rule: str
    confidence: float = RULE_CONFIDENCE


@dataclass(frozen=True, slots=True)
class Alternation:
    """A rule table as one pattern. Group `r7` is row 7."""

    pattern: re.Pattern[str]
    rules: tuple[Rule, ...]

    def rule_of(self, match: re.Match[str]) -> Rule:
        """Return the row that matched. Groups inside a row close before the row's own, so the last one is the row."""
        return self.rules[int((match.lastgroup or "r0")[1:])]


@cache
def read_alternation(table: str) -> Alternation:
    """Read and compile a rule table of this room."""
    rules = read_rules(ROOM, table)
    rows = "|".join(f"(?P<r{n}>{rule.found})" for n, rule in enumerate(rules))
    return Alternation(re.compile(rf"\b(?:{rows})" if table == PHRASES else rows), rules)


@dataclass(frozen=True, slots=True)
class Table:
    """How a table of labels is matched: whether case counts, whether it is the whole line, its longest line."""

    name: str
    is_cased: bool
    is_whole: bool
    longest: int

    def match(self, line: str, plain: str) -> Verdict | None:
        """Return the verdict of the first row that matches `line`, or where case does not count, `plain`."""
        if len(line) > self.longest:
            return None
        rows = read_alternation(self.name)
        text = line if self.is_cased else plain
        match = rows.pattern.fullmatch(text) if self.is_whole else rows.pattern.search(text)
        if match is None:
            return None
        rule = rows.rule_of(match)
        return Verdict(rule.meaning, f"{self.name}/{rule.id}", RULE_CONFIDENCE if self.is_whole else PHRASE_CONFIDENCE)


TABLES = (
    Table("lines", is_cased=False, is_whole=True, longest=140),
    Table("cased_lines", is_cased=True, is_whole=True, longest=140),
    Table("passages", is_cased=False, is_whole=True, longest=600),
    Table("cased_passages", is_cased=True, is_whole=True, longest=600),
    Table(PHRASES, is_cased=False, is_whole=False, longest=300),
)
# Compiled with the module (0.1 s), once for all worker processes of the fork server and not in the first document.
for _table in TABLES:
    read_alternation(_table.name)


def fold_space(line: str) -> str:
    """Fold runs of white space (with no-break and thin spaces) to one blank and strip the ends."""
    return " ".join(line.split())


def fold_case(line: str) -> str:
    """Return a line as rules see it for which case does not count. The Turkish capital dotted i becomes a plain i."""
    folded = GROWN_TOGETHER_RE.sub(" ", line).lower()
    return folded if folded.isascii() else folded.replace("i\u0307", "i")


@lru_cache(maxsize=CACHED_LINES)
def judge_line(line: str) -> Verdict | None:
    """Label a folded line by its wording alone; None where no rule knows it.

    >>> judge_line("Share this article").label
    'share-bar'
    >>> judge_line("The bridge was closed to traffic on Monday.") is None
    True
    """
    plain = fold_case(line)
    verdicts = (table.match(line, plain) for table in TABLES)
    return next((verdict for verdict in verdicts if verdict is not None), None)


@lru_cache(maxsize=CACHED_LINES)
def find_name(table: str, text: str) -> str | None:
    """Return the canonical name if `text` is a name of the table (`agencies`, `houses`), edges and "the" aside.

    >>> find_name("agencies", "(Reuters)")
    'Reuters'
    """
    names = read_alternation(table)
    match = names.pattern.fullmatch(text.strip(NAME_EDGES))
    return names.rule_of(match).meaning if match else None


def find_agency(text: str) -> str | None:
    """Return the canonical name of the news agency that `text` consists of, if any."""
    return find_name("agencies", text)


def find_house(text: str) -> str | None:
    """Return the canonical name of the broadcaster or newspaper that `text` consists of, if any."""
    return find_name("houses", text)
