"""Changes to a text that can be replayed and undone.

An `Edit` says: the characters `start` to `end` of a text were `before` and became `after`, by this rule, on this
evidence. A list of edits is always read against *one* text, sorted and without overlap, so it can be replayed
(`apply`), undone (`revert`), and, where a second stage worked on the first one's output, folded into one list against
the first text (`compose`). Offsets count Unicode code points, as Python and DuckDB's `substring` do.

Nothing here guesses: an edit whose `before` is not what stands in the text raises `EditMismatchError`.

>>> loan = Edit(4, 12, "mortgage", "loan", rule="spinner/example")
>>> apply("the mortgage", [loan])
'the loan'
>>> revert("the loan", [loan])
'the mortgage'
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.outcome import StageName, UnspunError

RULE_JOIN = " + "


class EditMismatchError(UnspunError):
    """The edits do not belong to this text: a `before` differs, or two edits overlap."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """One replacement.

    `start` and `end` are code point offsets, end exclusive, into the text before any edit of the same list.
    `rule` names the stage and the rule (`mojibake/currency-space`), so that every change leads to a line of data or
    code. `confidence` lies in (0, 1]. `evidence` is for a reader.
    """

    start: int
    end: int
    before: str
    after: str
    rule: str
    confidence: float = 1.0
    evidence: str = ""

    @property
    def stage(self) -> StageName:
        """The stage that made the edit; of a composed edit, the last one."""
        return StageName(self.rule.rsplit(RULE_JOIN, 1)[-1].split("/", 1)[0])


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Replay `edits` (sorted, without overlap) on `text`.

    Raises EditMismatchError if an edit does not fit the text.
    """
    pieces: list[str] = []
    at = 0
    for edit in edits:
        if edit.start < at or text[edit.start : edit.end] != edit.before or edit.end - edit.start != len(edit.before):
            message = f"at {edit.start}-{edit.end} the text has {text[edit.start : edit.end]!r}, not {edit.before!r}"
            raise EditMismatchError(message)
        pieces += (text[at : edit.start], edit.after)
        at = edit.end
    return "".join([*pieces, text[at:]])


def revert(text: str, edits: Iterable[Edit]) -> str:
    """Undo `edits` on `text`, the output of `apply`: the exact inverse.

    Raises EditMismatchError if an edit does not fit the text.
    """
    return apply(text, [_inverse(edit, shift) for edit, shift in _with_shift(edits)])


def compose(text: str, first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """Fold two lists, `second` made on the output of `first`, into one list against `text`.

    `apply(text, compose(text, first, second)) == apply(apply(text, first), second)`. Edits that do not touch each
    other keep their identity, with offsets carried back to `text`. Where they do touch, they become one edit whose
    rule names both, whose confidence is the lower one, and which spans all characters that any of them changed.
    """
    middle = apply(text, first)
    marks = [(edit.start + shift, edit.start + shift + len(edit.after), 0, edit) for edit, shift in _with_shift(first)]
    marks += [(edit.start, edit.end, 1, edit) for edit in second]
    marks.sort(key=lambda mark: (mark[0], mark[1], mark[2]))
    composed = []
    shift = 0  # offset in `middle` minus offset in `text`, for the part left of the group
    for group in _touching(marks):
        low, high = min(mark[0] for mark in group), max(mark[1] for mark in group)
        olds = [edit for *_, layer, edit in group if layer == 0]
        news = [edit for *_, layer, edit in group if layer == 1]
        grown = sum(len(edit.after) - len(edit.before) for edit in olds)
        start, end = low - shift, high - shift - grown
        after = apply(middle[low:high], [_moved(edit, -low) for edit in news]) if news else middle[low:high]
        composed.append(_merged(start, end, text[start:end], after, [*olds, *news]))
        shift += grown
    return composed


def carry_back(text: str, first: Sequence[Edit], edit: Edit) -> Edit:
    """Express `edit`, made on the output of `first`, against `text`: for suggestions, which are never applied."""
    composed = compose(text, first, [edit])
    return next(one for one in composed if one.rule == edit.rule or one.rule.endswith(RULE_JOIN + edit.rule))


def _with_shift(edits: Iterable[Edit]) -> Iterable[tuple[Edit, int]]:
    """Each edit with the number of characters by which the edits before it moved its place in the output."""
    shift = 0
    for edit in edits:
        yield edit, shift
        shift += len(edit.after) - len(edit.before)


def _inverse(edit: Edit, shift: int) -> Edit:
    start = edit.start + shift
    return Edit(start, start + len(edit.after), edit.after, edit.before, edit.rule, edit.confidence, edit.evidence)


def _moved(edit: Edit, by: int) -> Edit:
    return Edit(edit.start + by, edit.end + by, edit.before, edit.after, edit.rule, edit.confidence, edit.evidence)


Mark = tuple[int, int, int, Edit]  # start and end in the middle text, layer (0 first, 1 second), the edit


def _touching(marks: Sequence[Mark]) -> Iterable[list[Mark]]:
    """Group marks of the two layers that overlap; a mark of no length also joins what it touches.

    Without that rule an insertion at the border of another edit would have two possible places in the first text.
    """
    group: list[Mark] = []
    reach = 0
    for mark in marks:
        start, end, *_ = mark
        empty = start == end or any(other[0] == other[1] == start for other in group)
        if group and (start < reach or (empty and start == reach)):
            group.append(mark)
            reach = max(reach, end)
            continue
        if group:
            yield group
        group, reach = [mark], end
    if group:
        yield group


def _merged(start: int, end: int, before: str, after: str, parts: Sequence[Edit]) -> Edit:
    return Edit(
        start,
        end,
        before,
        after,
        rule=RULE_JOIN.join(dict.fromkeys(part.rule for part in parts)),
        confidence=min(part.confidence for part in parts),
        evidence="; ".join(dict.fromkeys(part.evidence for part in parts if part.evidence)),
    )
