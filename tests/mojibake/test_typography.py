"""Every row of the typography table matches its example and spares its counter-example."""

import re
from pathlib import Path

import pytest

from tasks.mojibake.repair import repair_text
from tasks.mojibake.typography import CONDITIONS, UNSEEN, UNSEEN_RE
from tasks.rule_table import Rule, canonical, read_rules

RULES = read_rules("mojibake", "typography")
ESCAPE_RE = re.compile(r"\\(?:n|t|r|x[0-9a-f]{2}|u[0-9a-f]{4})")
# Rules that hold only where the language is known to be the one in which the example is written.
LANGS = {
    "currency-space-euro": "en",
    "guillemet-space-close": "es",
    "guillemet-space-open": "es",
    "quote-straight-close": "en",
    "quote-straight-open": "en",
}


def show_characters(cell: str) -> str:
    r"""Put the characters in place of `\n`, `\xa0` and `\u200b`, as the table writes what can't be seen."""
    return ESCAPE_RE.sub(lambda match: match[0].encode("ascii").decode("unicode_escape"), cell)


def rules_of(text: str, lang: str | None) -> set[str]:
    return {edit.rule for edit in repair_text(text, lang).edits}


def rule_id(rule: Rule) -> str:
    return rule.id


def test_the_table_is_canonical() -> None:
    path = Path(__file__).parents[2] / "tasks" / "mojibake" / "rules" / "typography.tsv"

    assert path.read_text("utf-8") == canonical(RULES), f"run python -m tasks.rule_table {path.relative_to(Path.cwd())}"


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_a_rule_matches_its_example(rule: Rule) -> None:
    assert rules_of(show_characters(rule.example), LANGS.get(rule.id)) == {f"mojibake/{rule.id}"}


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_a_rule_spares_its_counter_example(rule: Rule) -> None:
    assert rules_of(show_characters(rule.counter_example), LANGS.get(rule.id)) == set()


def test_a_rule_that_needs_the_language_spares_its_example_without_it() -> None:
    for rule in RULES:
        if rule.id in LANGS:
            assert rules_of(show_characters(rule.example), None) == set()


def test_every_condition_and_every_unseen_rule_has_its_row() -> None:
    ids = {rule.id for rule in RULES}

    assert set(CONDITIONS) <= ids
    assert ids >= UNSEEN


def test_rules_for_unseen_characters_match_nothing_else() -> None:
    every = [chr(code) for code in range(0x30000)]
    for rule in RULES:
        found = [character for character in every if re.search(rule.found, f"{character}x {character} ")]
        unseen = all(UNSEEN_RE.fullmatch(character) for character in found)
        assert (bool(found) and unseen) == (rule.id in UNSEEN), rule.id
