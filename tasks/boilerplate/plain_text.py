"""Label the lines of already stripped text: body and title stay, everything else is named.

In this order: wording (`line_rules`), what neighbours say (`line_structures`), where the body is if the text is that
of a whole page (`body_region`), what of all that is too doubtful to stand alone (`line_doubts`), and the title among
what is left above the first paragraph. What nobody claims is
body: a paragraph in any language, a poem, a list of results has no rule against it and stays.

Body comes before cleanliness. If structures would take nearly all of a text that wording does not know, they are
taken back (`spare_text`): a text of an unusual form must not be lost.

Measured on bench/lines (80 pages of 58 sites) and the five seeds; figures are pinned in
`tests/eval/test_boilerplate_floors.py`.
"""

from collections.abc import Collection, Mapping, Sequence

from tasks.boilerplate.body_region import cut_page
from tasks.boilerplate.line_doubts import drop_doubts
from tasks.boilerplate.line_rules import Verdict, judge_line
from tasks.boilerplate.line_shape import Line, shape_lines
from tasks.boilerplate.line_structures import add_structures
from tasks.boilerplate.records import LabelledLine

BLANK = Verdict("blank", "blank", 1.0)
BODY = Verdict("body", "no-rule", 0.8)
TITLE = Verdict("title", "structure/title", 0.8)
SITE_LINE = Verdict("site-boilerplate", "site-lines", 0.95)
KEPT_LABELS = frozenset({"body", "title"})
# A text that keeps less than this share of what wording left is taken for one the structures misread.
LEAST_KEPT = 0.1


def label_lines(text: str, site_lines: Collection[str] | None = None) -> list[LabelledLine]:
    r"""Label each line of `text` (parted by line feeds, blank ones included), in order.

    `site_lines` are lines, with white space folded, that other pages of the same site also have. Never raises.

    >>> [line.label for line in label_lines("Advertisement\nThe bridge was closed to traffic on Monday.")]
    ['advertisement', 'body']
    """
    raw = text.split("\n")
    lines = shape_lines(raw)
    verdicts = _judge(lines, frozenset(site_lines or ()))
    by_index = {line.index: verdicts.get(at, BODY) for at, line in enumerate(lines)}
    return [_labelled(line, by_index.get(index, BLANK)) for index, line in enumerate(raw)]


def _labelled(text: str, verdict: Verdict) -> LabelledLine:
    return LabelledLine(text, verdict.label, verdict.label in KEPT_LABELS, verdict.rule, verdict.confidence)


def _judge(lines: Sequence[Line], site_lines: Collection[str]) -> dict[int, Verdict]:
    worded = {at: verdict for at, line in enumerate(lines) if (verdict := _judge_wording(line, site_lines))}
    structured = add_structures(lines, worded)
    judged = drop_doubts(lines, {**cut_page(lines, structured), **structured})
    verdicts = spare_text(lines, judged, drop_doubts(lines, worded))
    title = find_title(lines, verdicts)
    return verdicts if title is None else {**verdicts, title: TITLE}


def _judge_wording(line: Line, site_lines: Collection[str]) -> Verdict | None:
    return SITE_LINE if line.text in site_lines else judge_line(line.text)


def spare_text(lines: Sequence[Line], verdicts: dict[int, Verdict], worded: dict[int, Verdict]) -> dict[int, Verdict]:
    """Return `verdicts`, or where they leave nearly nothing of what `worded` leaves, `worded`."""
    spared = _kept_weight(lines, verdicts) < LEAST_KEPT * _kept_weight(lines, worded)
    return worded if spared else verdicts


def _kept_weight(lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> int:
    return sum(line.weight for at, line in enumerate(lines) if at not in verdicts)


def find_title(lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> int | None:
    """Return the position of the title: the first headline that nothing else claims, if a sentence follows.

    In the text of a whole page the title lies outside the body, among the menus; it is not looked for there.
    """
    for at, line in enumerate(lines):
        if at in verdicts:
            continue
        if line.is_headline and any(not other.is_short for other in lines[at + 1 :]):
            return at
        return None
    return None
