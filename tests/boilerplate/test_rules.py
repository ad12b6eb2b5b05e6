"""Every rule row matches its example and spares its counter-example, and the tables are in order."""

import re
from pathlib import Path

import pytest

from tasks.boilerplate.dateline import match_dateline
from tasks.boilerplate.line_rules import ROOM, TABLES, Table, find_agency, find_house, fold_case
from tasks.rule_table import Rule, canonical, read_rules

RULES = Path(__file__).parents[2] / "tasks" / "boilerplate" / "rules"
LINE_RULES = [pytest.param(table, rule, id=rule.id) for table in TABLES for rule in read_rules(ROOM, table.name)]
# Several ways to write a label must not become several labels in the data.
LABELS = {
    "share-bar", "comment-form", "credit", "caption", "copyright", "source-link", "byline", "timestamp", "related-link",
    "newsletter", "navigation", "paywall", "advertisement", "adblock", "cookie-notice", "gallery-inset",
    "media-control", "tags", "ui", "author-box", "disclosure", "link",
}  # fmt: skip


def matches(table: Table, rule: Rule, line: str) -> bool:
    """Match one row alone, in the way its table is matched."""
    text = line if table.is_cased else fold_case(line)
    pattern = re.compile(rule.found if table.is_whole else rf"\b(?:{rule.found})")
    return bool(pattern.fullmatch(text) if table.is_whole else pattern.search(text))


@pytest.mark.parametrize(("table", "rule"), LINE_RULES)
def test_line_rule_matches_its_example(table: Table, rule: Rule) -> None:
    message = f"{table.name}/{rule.id} must match {rule.example!r}: mend `found` or write an example it is for"
    assert matches(table, rule, rule.example), message


@pytest.mark.parametrize(("table", "rule"), LINE_RULES)
def test_line_rule_spares_its_counter_example(table: Table, rule: Rule) -> None:
    message = f"{table.name}/{rule.id} must not match {rule.counter_example!r}: it takes prose for boilerplate"
    assert not matches(table, rule, rule.counter_example), message


@pytest.mark.parametrize(("table", "rule"), LINE_RULES)
def test_no_line_rule_of_any_table_takes_a_counter_example_of_its_kind(table: Table, rule: Rule) -> None:
    others = [row for row in read_rules(ROOM, table.name) if row.meaning == rule.meaning]
    assert not [row.id for row in others if matches(table, row, rule.counter_example)]


@pytest.mark.parametrize(("table", "rule"), LINE_RULES)
def test_labels_are_known(table: Table, rule: Rule) -> None:
    assert rule.meaning in LABELS, f"{table.name}/{rule.id}: use a label of the list in this test or add one to it"


@pytest.mark.parametrize("rule", read_rules(ROOM, "agencies"), ids=lambda rule: rule.id)
def test_agency_is_found_alone_and_not_inside_other_names(rule: Rule) -> None:
    assert find_agency(rule.example) == rule.meaning
    assert find_agency(rule.counter_example) is None


@pytest.mark.parametrize("rule", read_rules(ROOM, "houses"), ids=lambda rule: rule.id)
def test_house_is_found_alone_and_not_inside_other_names(rule: Rule) -> None:
    assert find_house(rule.example) == rule.meaning
    assert find_house(rule.counter_example) is None


@pytest.mark.parametrize("rule", read_rules(ROOM, "datelines"), ids=lambda rule: rule.id)
def test_dateline_form_matches_its_example_and_spares_its_counter_example(rule: Rule) -> None:
    found = match_dateline(rule.example)
    assert found is not None
    assert found.rule == f"datelines/{rule.id}"
    spared = match_dateline(rule.counter_example)
    assert spared is None or spared.rule != f"datelines/{rule.id}"


@pytest.mark.parametrize("path", sorted(RULES.glob("*.tsv")), ids=lambda path: path.stem)
def test_table_is_canonical(path: Path) -> None:
    message = f"run `python -m tasks.rule_table {path}` to put it in order"
    assert path.read_text("utf-8") == canonical(read_rules(ROOM, path.stem)), message
