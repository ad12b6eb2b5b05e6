"""Where the article is in the text of a whole page: the stretch of lines that is most like running prose.

Every line gets a weight, paragraphs a positive one that grows with their length, fragments and known boilerplate a
negative one; the body is the stretch with the greatest sum (maximum subsequence segmentation, Pasternack and Roth,
WWW 2009). That needs no word of any language. Its edges are then moved outwards to the next line that is surely no
body: what prose leads up to (a list, a table, answers, verses) is not prose itself. Only a text with the look of a
whole page (many fragments outside that stretch) is cut so; already stripped text is not.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tasks.boilerplate.line_doubts import DOUBTFUL_RULES, FIGURE_RULES
from tasks.boilerplate.line_rules import Verdict
from tasks.boilerplate.line_shape import Line

# Swept on the 80 whole pages of bench/lines: boilerplate F1 .968 to .979 over the grid, these are the best.
KNOWN_WEIGHT = -1.5
FRAGMENT_WEIGHT = -0.5
SENTENCE_GAIN = 0.3
PARAGRAPH_UNIT = 100
PARAGRAPH_CAP = 400
# A second stretch belongs to the body if its sum is this share of the first one's.
SECOND_SHARE = 0.5
# What stripping leaves of a page's frame. A whole page has at least so many of these outside of its body, and with the
# fragments that no rule knows at least so many lines in all; a stripped text with a long table has the latter only.
FRAME_LABELS = frozenset(
    {
        "navigation",
        "share-bar",
        "newsletter",
        "cookie-notice",
        "media-control",
        "ui",
        "related-link",
        "copyright",
        "advertisement",
        "tags",
        "author-box",
        "disclosure",
    }
)
FRAME_LINES = 4
PAGE_LINES = 12
# A lede may be parted from the body by this many known lines. Of 3, 5 and 8 the last keeps most on bench/lines, at no
# cost.
LEDE_GAP = 8
# What follows the last paragraph of the body may be its list, table, recipe, verse or answers. Up to the next known
# line it stays, but no more than this many lines. On bench/lines that costs 1.3 points of F1 (.967) and gains 4 points
# of body recall (.944); of 438 lines of hard texts in a frame (lines_hard.jsonl) it keeps 98 % where 28 % were kept.
# Swept 15 to 40: 15 cuts recipes, 40 costs another half point.
STRETCH = 20
# A table that can be the body has so many rows with two numbers each: standings, fixtures, prices. Two pages of
# bench/lines are such tables; with them body recall is .979 instead of .944, at no cost. 8 to 12 find the same, 6 and
# 15 one page less.
TABLE_ROWS = 10
NUMBER_RE = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, slots=True)
class Region:
    """Positions `start` to `end` (exclusive) in the list of lines."""

    start: int
    end: int


def find_body_regions(lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> list[Region]:
    """Return the stretch of lines with the greatest sum of weights, and further ones that come near it, in order.

    A long inset can part a body in two. A long table can be the body; then the text stays as well that would be the
    body if there were no table. Empty where there is neither paragraph nor table.
    """
    weights = [_weight(line, at in verdicts) for at, line in enumerate(lines)]
    regions = _find_greatest(weights)
    if tables := list(_find_tables(lines, verdicts)):
        regions += _find_greatest(_weigh_tables(weights, tables))
    extended = {_extend(region, lines, verdicts) for region in regions}
    return sorted(extended, key=lambda region: (region.start, region.end))


def _find_greatest(weights: Sequence[float]) -> list[Region]:
    """Return the run with the greatest sum, and those above and below it that come near it."""
    best, first = _greatest(weights, Region(0, len(weights)))
    if best <= 0:
        return []
    rests = (_greatest(weights, rest) for rest in (Region(0, first.start), Region(first.end, len(weights))))
    return [first, *(region for total, region in rests if total >= SECOND_SHARE * best)]


def _greatest(weights: Sequence[float], within: Region) -> tuple[float, Region]:
    """Return the greatest sum of a run of `weights` inside `within`, and the run (Kadane's algorithm)."""
    best = total = 0.0
    region = Region(within.start, within.start)
    start = within.start
    for at in range(within.start, within.end):
        if total <= 0:
            total, start = 0.0, at
        total += weights[at]
        if total > best:
            best, region = total, Region(start, at + 1)
    return best, region


def _extend(region: Region, lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> Region:
    """Take in sentences at most one line away, ledes further above, and all that no known line parts from the body."""
    start, end = region.start, region.end
    for gap in (1, 2):
        while start >= gap and _is_prose(start - gap, lines, verdicts):
            start -= gap
        while end + gap <= len(lines) and _is_prose(end + gap - 1, lines, verdicts):
            end += gap
    while (lede := _find_lede(start, lines, verdicts)) is not None:
        start = lede
    return _stretch(Region(start, end), verdicts, len(lines))


def _find_lede(start: int, lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> int | None:
    """Return the position of a sentence that only a few known lines (date, credit, share bar) part from `start`."""
    at = start - 1
    while at >= 0 and at in verdicts and start - at <= LEDE_GAP:
        at -= 1
    return at if at >= 0 and _is_prose(at, lines, verdicts) else None


def _find_tables(lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> Iterator[range]:
    """Yield the runs of rows that are long enough for a table: standings, results, prices."""
    start = 0
    for at in range(len(lines) + 1):
        if at == len(lines) or at in verdicts or not _is_row(lines[at]):
            if at - start >= TABLE_ROWS:
                yield range(start, at)
            start = at + 1


def _weigh_tables(weights: Sequence[float], tables: Iterable[range]) -> list[float]:
    """Return `weights` with the first rows of each table as sentences; further ones neither add nor part."""
    weighed = list(weights)
    for table in tables:
        for at in table:
            weighed[at] = SENTENCE_GAIN if at - table.start < TABLE_ROWS else 0.0
    return weighed


def _is_row(line: Line) -> bool:
    return line.is_short and len(NUMBER_RE.findall(line.text)) > 1


def _stretch(region: Region, verdicts: Mapping[int, Verdict], end: int) -> Region:
    """Take in the unknown lines up to the next known one on either side; lone doubts and figures don't bound it."""
    last = region.end
    while last < min(end, region.end + STRETCH) and not _is_bound(last, verdicts):
        last += 1
    while last > region.end and last - 1 in verdicts:
        last -= 1
    first = region.start
    while first > max(0, region.start - STRETCH) and not _is_bound(first - 1, verdicts):
        first -= 1
    while first < region.start and first in verdicts:
        first += 1
    return Region(first, last)


def _is_bound(at: int, verdicts: Mapping[int, Verdict]) -> bool:
    """Say whether the body can't go past a line: "Menu" or "Next" alone may be part of it, two of them are a menu."""
    if at not in verdicts or verdicts[at].rule in FIGURE_RULES:
        return False
    return verdicts[at].rule not in DOUBTFUL_RULES or at - 1 in verdicts or at + 1 in verdicts


def _is_prose(at: int, lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> bool:
    return at not in verdicts and not lines[at].is_short


def _weight(line: Line, is_known: bool) -> float:
    if is_known:
        return KNOWN_WEIGHT
    if line.is_paragraph:
        return min(line.weight, PARAGRAPH_CAP) / PARAGRAPH_UNIT
    return SENTENCE_GAIN if line.is_sentence else FRAGMENT_WEIGHT


def is_whole_page(lines: Sequence[Line], verdicts: Mapping[int, Verdict], inside: Collection[int]) -> bool:
    """Say whether a page's frame stands around the body: menus, tools, legal notes and fragments that no rule knows."""
    outside = [at for at in range(len(lines)) if at not in inside]
    frame = sum(at in verdicts and _is_frame(verdicts[at]) for at in outside)
    unknown = sum(at not in verdicts and lines[at].is_short for at in outside)
    return bool(inside) and min(frame, unknown) >= FRAME_LINES and frame + unknown >= PAGE_LINES


def _is_frame(verdict: Verdict) -> bool:
    """Say whether a line is surely part of a frame: steps of a recipe and cells of a table are numbers, too."""
    return verdict.label in FRAME_LABELS and verdict.rule not in FIGURE_RULES


def cut_page(lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> dict[int, Verdict]:
    """Return verdicts for what lies around the body of a whole page; none for other text."""
    regions = find_body_regions(lines, verdicts)
    inside = {at for region in regions for at in range(region.start, region.end)}
    if not is_whole_page(lines, verdicts, inside):
        return {}
    around = Verdict("navigation", "structure/outside-body", 0.7)
    return {at: around for at in range(len(lines)) if at not in verdicts and at not in inside}
