"""Where the article is in the text of a whole page: the stretch of lines that is most like running prose.

Every line gets a weight, paragraphs a positive one that grows with their length, fragments and known boilerplate a
negative one; the body is the stretch with the greatest sum (maximum subsequence segmentation, Pasternack and Roth,
WWW 2009). That needs no word of any language. Only a text with the look of a whole page (many fragments outside that
stretch) is cut so; already stripped text is not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

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
# A run of fragments inside the body is a menu or a link list, not a list of the article, if it is this long and its
# items are this short on average.
MENU_RUN = 5
MENU_ITEM_WEIGHT = 28


@dataclass(frozen=True, slots=True)
class Region:
    """Positions `start` to `end` (exclusive) in the list of lines."""

    start: int
    end: int


def find_body_regions(lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> list[Region]:
    """Return the stretch of lines with the greatest sum of weights, and further ones that come near it, in order.

    A long inset can part a body in two. Empty where there is no paragraph.
    """
    weights = [_weight(line, at in verdicts) for at, line in enumerate(lines)]
    best, first = _greatest(weights, Region(0, len(weights)))
    if best <= 0:
        return []
    regions = [first]
    for rest in (Region(0, first.start), Region(first.end, len(weights))):
        total, region = _greatest(weights, rest)
        if total >= SECOND_SHARE * best:
            regions.append(region)
    return sorted((_extend(region, lines, verdicts) for region in regions), key=lambda region: region.start)


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
    """Take in sentences that stand right at the edges, at most one line away."""
    start, end = region.start, region.end
    for gap in (1, 2):
        while start >= gap and _is_prose(start - gap, lines, verdicts):
            start -= gap
        while end + gap <= len(lines) and _is_prose(end + gap - 1, lines, verdicts):
            end += gap
    return Region(start, end)


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
    frame = sum(at in verdicts and verdicts[at].label in FRAME_LABELS for at in outside)
    unknown = sum(at not in verdicts and lines[at].is_short for at in outside)
    return bool(inside) and min(frame, unknown) >= FRAME_LINES and frame + unknown >= PAGE_LINES


def cut_page(lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> dict[int, Verdict]:
    """Return verdicts for what lies around the body of a whole page, and for menus inside it; none for other text."""
    regions = find_body_regions(lines, verdicts)
    inside = {at for region in regions for at in range(region.start, region.end)}
    if not is_whole_page(lines, verdicts, inside):
        return {}
    around = Verdict("navigation", "structure/outside-body", 0.7)
    found = {at: around for at in range(len(lines)) if at not in verdicts and at not in inside}
    menu = Verdict("navigation", "structure/menu-run", 0.6)
    for run in (run for region in regions for run in _fragment_runs(lines, verdicts, region)):
        items = [at for at in run if at not in verdicts]
        mean = sum(lines[at].weight for at in items) / max(len(items), 1)
        if len(run) >= MENU_RUN and (mean < MENU_ITEM_WEIGHT or len(items) < len(run)):
            found.update(dict.fromkeys(items, menu))
    return found


def _fragment_runs(lines: Sequence[Line], verdicts: Mapping[int, Verdict], region: Region) -> list[list[int]]:
    runs: list[list[int]] = [[]]
    for at in range(region.start, region.end):
        if at in verdicts or lines[at].is_short:
            runs[-1].append(at)
        elif runs[-1]:
            runs.append([])
    return runs
