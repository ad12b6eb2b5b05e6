"""Which lines only look like boilerplate: a number, a time, "Home", "mais", "Listen", with nothing around that says so.

The wording of some rules is so short or so common that a line of a table, a recipe, a poem or a live report has it,
too. Such a verdict is a doubt. It stands if a line next to it (other doubts aside) is surely boilerplate, or if it
stands at an end of a text that is prose; otherwise the line is text and stays. In the middle of an article that costs
a duration or a "Print" now and then; a score, a step or a verse would be missed more.

Refused here: doubt about structures. What neighbours have said is not doubted again.
"""

from collections.abc import Iterator, Mapping, Sequence

from tasks.boilerplate.line_rules import Verdict
from tasks.boilerplate.line_shape import Line

DOUBTFUL_RULES = frozenset(
    {
        "cased_lines/timestamp-short",
        "cased_lines/timestamp",
        "lines/bare-number",
        "lines/breadcrumb",
        "lines/comment-field",
        "lines/duration",
        "lines/email-protected",
        "lines/form-choice",
        "lines/gallery-counter",
        "lines/home",
        "lines/image-credit-bare",
        "lines/login-en",
        "lines/media-control",
        "lines/nav-legal",
        "lines/nav-pager",
        "lines/nav-world",
        "lines/share-one-en",
        "lines/share-world",
        "lines/stamp-numeric",
        "lines/subscribe-eu",
        "lines/time-ago",
        "lines/weather-strip",
        "phrases/author-box-role",
    }
)
# What recipes, tables and forecasts are full of says nothing of the frame of a page either.
FIGURE_RULES = frozenset(
    {
        "cased_lines/timestamp",
        "cased_lines/timestamp-short",
        "lines/bare-number",
        "lines/duration",
        "lines/gallery-counter",
        "lines/stamp-numeric",
        "lines/time-ago",
        "lines/weather-strip",
    }
)
# A number between a share bar and a table belongs to either: both its neighbours must be boilerplate.
NUMBER_RULES = frozenset({"lines/bare-number"})
# Above the first paragraph this may be the title.
TITLE_LIKE_RULES = frozenset({"lines/headline-with-medium"})
# A text with fewer paragraphs may be a list, a table or a poem down to its last line.
PROSE_PARAGRAPHS = 2


def drop_doubts(lines: Sequence[Line], verdicts: Mapping[int, Verdict]) -> dict[int, Verdict]:
    """Return `verdicts` without the doubtful ones that nothing supports."""
    prose = [at for at, line in enumerate(lines) if line.is_paragraph and at not in verdicts]
    head = prose[0] if len(prose) >= PROSE_PARAGRAPHS else -1
    above = range(prose[0] if prose else len(lines))
    dropped = {at for at in above if at in verdicts and verdicts[at].rule in TITLE_LIKE_RULES}
    for run in _find_runs(verdicts, len(lines)):
        ends = run.stop <= head or (run.stop == len(lines) and head >= 0)
        sides = (run.start - 1 in verdicts) + (run.stop in verdicts) + ends
        dropped.update(at for at in run if sides < (2 if verdicts[at].rule in NUMBER_RULES else 1))
    return {at: verdict for at, verdict in verdicts.items() if at not in dropped}


def _find_runs(verdicts: Mapping[int, Verdict], end: int) -> Iterator[range]:
    """Yield the runs of doubtful lines."""
    start = 0
    for at in range(end + 1):
        if at not in verdicts or verdicts[at].rule not in DOUBTFUL_RULES:
            if start < at:
                yield range(start, at)
            start = at + 1
