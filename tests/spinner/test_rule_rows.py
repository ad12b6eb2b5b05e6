"""Every row of the lexicon repairs its example and spares its counter-example."""

import re
from pathlib import Path

import pytest

from tasks.edits import RULE_JOIN, Edit
from tasks.rule_table import canonical, parse_rules, read_rules
from tasks.spinner.lexicon import FAMILIES, ROOM, SHARED, find_matches, patterns, table_name, word_classes
from tasks.spinner.notation import Grade, Pattern, compile_rule
from tasks.spinner.repair import repair_document
from tasks.spinner.tokens import tokenize
from tests.spinner.spun_texts import CARRIERS, TableRow, all_rows, in_carrier, row_name

ROWS = all_rows()
TABLES = [table_name(family) for family in (*FAMILIES, SHARED)]
RULES = Path(__file__).parents[2] / "tasks" / ROOM / "rules"

# An impossible phrase carries the gate, so a family that is to be recognised needs a good number of them.
MIN_IMPOSSIBLE = 40

DOUBLED_RE = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_row_repairs_its_example(row: TableRow) -> None:
    family, rule = row
    text, start = in_carrier(rule.example, family)
    forms = list(compile_rule(rule, family, word_classes()))
    result = repair_document(text)
    is_suggested = forms[0].grade is Grade.SUGGESTION
    edits = result.suggestions if is_suggested else result.edits
    own = [edit for edit in edits if edit.end > start and is_by(edit, row_name(row))]
    assert own, f"{row_name(row)} does nothing in {rule.example!r}: mend the example, or the row that took its place"
    assert all(says_what_the_row_means(edit, forms) for edit in own)
    assert is_suggested or result.text[-len(rule.example) :] != rule.example


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_row_repeats_nothing_of_its_context(row: TableRow) -> None:
    """What stands in brackets stays: an original that says it again doubles it ("as soon as possible possible")."""
    family, rule = row
    text, start = in_carrier(rule.example, family)
    repaired = repair_document(text).text[-len(rule.example) :]
    assert DOUBLED_RE.search(repaired) is None or DOUBLED_RE.search(text[start:]) is not None


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_row_spares_its_counter_example(row: TableRow) -> None:
    family, rule = row
    assert repair_document(rule.counter_example).edits == ()
    if any(form.left or form.right for form in compile_rule(rule, family, word_classes())):
        text, start = in_carrier(rule.counter_example, family)
        tokens = tokenize(text)
        hits = [match for match in find_matches(tokens) if match.pattern.rule == row_name(row)]
        assert not [hit for hit in hits if tokens.ends[hit.end - 1] > start], "its context must keep it away"


@pytest.mark.parametrize("table", [*TABLES, "word_classes"])
def test_table_is_canonical(table: str) -> None:
    path = RULES / f"{table}.tsv"
    text = path.read_text("utf-8")
    assert text == canonical(parse_rules(text)), f"put it in order: python -m tasks.rule_table {path}"


@pytest.mark.parametrize("table", TABLES)
def test_no_phrase_stands_twice_in_a_table(table: str) -> None:
    phrases = [rule.found.lstrip("!~? ") for rule in read_rules(ROOM, table)]
    assert sorted(phrases) == sorted(set(phrases))


def test_all_classes_are_in_use() -> None:
    found = " ".join(rule.found for _, rule in ROWS)
    assert [name for name in word_classes() if f"<{name}>" not in found] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_family_has_impossible_phrases(family: str) -> None:
    own = {pattern.rule for pattern in patterns() if pattern.family == family and pattern.grade is Grade.IMPOSSIBLE}
    assert len(own) >= MIN_IMPOSSIBLE


@pytest.mark.parametrize("family", FAMILIES)
def test_carrier_is_gated_by_itself(family: str) -> None:
    assert repair_document(CARRIERS[family]).spin_family == family


def is_by(edit: Edit, name: str) -> bool:
    return f"spinner/{name}" in edit.rule.split(RULE_JOIN)


def says_what_the_row_means(edit: Edit, forms: list[Pattern]) -> bool:
    """Whether the edit puts in one of the row's originals; an article may be mended in front of it."""
    after = edit.after.lower()
    return RULE_JOIN in edit.rule or any(after.endswith(form.replacement.lower()) for form in forms)
