"""The texts that the tests of the spinner room share: case tables, and a spun carrier for each family.

A sentence proves nothing to the gate, so a row of a rule table or a sentence of a case is tried at the end of a
carrier: a spun report of some 130 words that is gated without it.
"""

import json
from pathlib import Path

from tasks.rule_table import Rule, read_rules
from tasks.spinner.lexicon import FAMILIES, ROOM, SHARED, table_name

CASES = Path(__file__).parents[1] / "cases" / "spinner"

Case = dict[str, str]
TableRow = tuple[str, Rule]


def read_cases(name: str) -> list[Case]:
    """Return the rows of a case table; all values are text."""
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()]


def label_of(case: Case) -> str:
    return case["label"]


CARRIERS = {case["label"]: case["text"] for case in read_cases("carriers")}


def in_carrier(sentence: str, family: str) -> tuple[str, int]:
    """Return the carrier of the family with `sentence` as its last paragraph, and the offset of that paragraph."""
    carrier = CARRIERS[FAMILIES[0] if family == SHARED else family]
    return f"{carrier}\n{sentence}", len(carrier) + 1


def all_rows() -> list[TableRow]:
    """Return every row of every table of the lexicon with the letter of its family."""
    return [(family, rule) for family in (*FAMILIES, SHARED) for rule in read_rules(ROOM, table_name(family))]


def row_name(row: TableRow) -> str:
    """Return what an edit by this row has after `spinner/`."""
    family, rule = row
    return f"{family.lower()}-{rule.id}"
