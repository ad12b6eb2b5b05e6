"""Spun words made true again, where that is safe; else only suggested.

`repair_document` is the room's public function. The order of things:

1. The text is cut into words and read against the lexicon (`lexicon`), and the gate judges it as a whole (`gate`).
   A text that is not gated is given back as the same object, without an edit.
2. In a gated text the rows of its family and the shared ones are repaired where their conditions hold. Where two
   phrases overlap, the longest wins.
3. Inside quotations only impossible phrases are repaired: a speaker may have said the rest. Rows that are right too
   often even in spun text (grade `?`) are suggested.
4. A repair keeps the capital letter of what it replaces, and mends `a` or `an` before it as part of the edit.
5. A repair can complete the context of another one, so the text is read again until nothing more is found. What is
   returned is therefore a fixed point: repairing it once more changes nothing.

Witnesses are sentences of other copies of the same story. One that has the original between the same neighbouring
words turns a suggestion into an edit and names itself in the evidence; one that has the spun-looking word itself
there proves that it was never spun, and it is left alone. Nothing is repaired from witnesses that the lexicon does
not propose.

Refused: names, numbers (but for a small numeral that stands for a word: "the 2 leaders"), web and e-mail addresses,
anything in a text the gate holds to be clean. English only: other languages have no tells.

Confidence is by grade; see the table `CONFIDENCE`. Its figures are set by judgement: they order the grades, and are not
yet calibrated on judged edits.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasks.edits import Edit, apply, compose
from tasks.spinner.gate import judge
from tasks.spinner.lexicon import SHARED, Match, find_matches, longest_first
from tasks.spinner.notation import Grade
from tasks.spinner.records import SpinnerResult
from tasks.spinner.tokens import LONG_WORD, Tokens, quotation_spans, tokenize
from tasks.spinner.witnesses import Testimony, WitnessIndex
from tasks.stories.records import Witness

CONFIDENCE = {Grade.IMPOSSIBLE: 0.98, Grade.TELLING: 0.95, Grade.COMMON: 0.9, Grade.SUGGESTION: 0.5}
WITNESSED_CONFIDENCE = 0.99

# A repair rarely completes another one's context, and then once; the limit is for texts made to go on for ever.
MAX_ROUNDS = 8

VOWEL_SOUND_RE = re.compile(r"(?!uni|use|usu|uti|eu|one\b|once\b)[aeiou]|hour|honest|hono|heir", re.IGNORECASE)


def repair_document(text: str, witnesses: Sequence[Witness] = ()) -> SpinnerResult:
    """Repair the spun words of a whole document.

    `text` is the article's text, paragraphs parted by line feeds; `witnesses` are sentences of other copies of its
    story, in any order. Gives the repaired text (the same object where nothing was repaired), the edits that lead to
    it, suggestions that were not applied (offsets count in `text`), the gate's score and, for a text held to be spun,
    the family. Never raises on any text.

    >>> repair_document("The bank stated that it would grant a loan.").edits
    ()
    """
    tokens = tokenize(text)
    matches = find_matches(tokens)
    verdict = judge(tokens, matches)
    if verdict.suspect is None:
        return SpinnerResult(text, (), (), verdict.score, None)
    index = WitnessIndex(witnesses)
    proposals = list(_propose(tokens, matches, verdict.suspect, index))
    if verdict.family is None:
        suggestions = tuple(_as_suggestion(edit) for edit, _ in proposals)
        return SpinnerResult(text, (), suggestions, verdict.score, None)
    edits = [edit for edit, is_safe in proposals if is_safe]
    repaired, edits = _repair_rest(text, edits, index)
    suggestions = tuple(_as_suggestion(edit) for edit, is_safe in proposals if not is_safe and _is_free(edit, edits))
    return SpinnerResult(repaired if edits else text, tuple(edits), suggestions, verdict.score, verdict.family)


def repair_field(value: str, family: str) -> tuple[Edit, ...]:
    """Return the edits that repair a short text, such as a title, of a document gated as `family`."""
    tokens = tokenize(value)
    proposals = _propose(tokens, find_matches(tokens), family, WitnessIndex(()))
    return tuple(edit for edit, is_safe in proposals if is_safe)


def _repair_rest(text: str, edits: list[Edit], index: WitnessIndex) -> tuple[str, list[Edit]]:
    """Read the repaired text again, as a new document, until it gives no more edits."""
    repaired = apply(text, edits)
    for _ in range(MAX_ROUNDS):
        tokens = tokenize(repaired)
        matches = find_matches(tokens)
        family = judge(tokens, matches).family
        more = [edit for edit, is_safe in _propose(tokens, matches, family, index) if is_safe] if family else []
        if not more:
            break
        edits = compose(text, edits, more)
        repaired = apply(text, edits)
    return repaired, edits


def _propose(tokens: Tokens, matches: list[Match], family: str, index: WitnessIndex) -> Iterator[tuple[Edit, bool]]:
    """Give an edit for every match of the family, and whether it is safe to apply."""
    quotations = list(quotation_spans(tokens.text))
    reach = 0  # where the edit before this one ends: an article belongs to one edit only
    for match in longest_first(match for match in matches if match.pattern.family in {family, SHARED}):
        testimony = index.ask(tokens, match)
        if testimony is Testimony.AGAINST:
            continue
        edit = _edit(tokens, match, reach)
        if edit.before == edit.after:
            continue
        if isinstance(testimony, str):
            evidence = f"{edit.evidence}; witness {testimony}"
            edit = replace(edit, confidence=WITNESSED_CONFIDENCE, evidence=evidence)
        is_quoted = any(low <= edit.start < high for low, high in quotations)
        grade = match.pattern.grade
        is_safe = grade is Grade.IMPOSSIBLE or not (is_quoted or grade is Grade.SUGGESTION)
        yield edit, is_safe or isinstance(testimony, str)
        reach = edit.end


def _edit(tokens: Tokens, match: Match, reach: int) -> Edit:
    pattern = match.pattern
    start, end = tokens.starts[match.start], tokens.ends[match.end - 1]
    after = _with_case(tokens, match)
    article = _right_article(tokens, match.start - 1, after)
    if article is not None and tokens.starts[match.start - 1] >= reach:
        after = article + tokens.text[tokens.ends[match.start - 1] : start] + after
        start = tokens.starts[match.start - 1]
    evidence = f"family {pattern.family}: {pattern.source}"
    if pattern.others:
        evidence += f"; or: {', '.join(pattern.others)}"
    before = tokens.text[start:end]
    return Edit(start, end, before, after, f"spinner/{pattern.rule}", CONFIDENCE[pattern.grade], evidence)


def _right_article(tokens: Tokens, at: int, after: str) -> str | None:
    """Return what the article at token `at` must be before `after`; None where there is none, or it is right."""
    if at < 0 or tokens.lower[at] not in {"a", "an"}:
        return None
    is_capital = tokens.is_capitalised(at)
    if is_capital and not tokens.opens_sentence(at):  # the letter of "Vitamin A", "Serie A"
        return None
    right = "an" if VOWEL_SOUND_RE.match(after) else "a"
    if right == tokens.lower[at]:
        return None
    return right.capitalize() if is_capital else right


def _with_case(tokens: Tokens, match: Match) -> str:
    """Return the replacement with the capital letters of what it replaces."""
    after = match.pattern.replacement
    first = tokens.raw[match.start]
    if match.pattern.cased or not first[:1].isupper():
        return after
    if len(first) > 1 and first.isupper():
        return after.upper()
    if tokens.is_in_headline(match.start):
        return " ".join(word[:1].upper() + word[1:] if len(word) >= LONG_WORD else word for word in after.split(" "))
    return after[:1].upper() + after[1:]


def _as_suggestion(edit: Edit) -> Edit:
    return replace(edit, confidence=min(edit.confidence, CONFIDENCE[Grade.SUGGESTION]))


def _is_free(edit: Edit, taken: Sequence[Edit]) -> bool:
    return all(edit.end <= other.start or edit.start >= other.end for other in taken)
