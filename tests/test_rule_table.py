"""Rule tables: every file of the project is canonical, and what is wrong in one is said so that it can be mended."""

from pathlib import Path

import pytest

from tasks.outcome import Fatal
from tasks.rule_table import COLUMNS, Rule, canonical, main, parse_rules, read_rules

TABLES = sorted((Path(__file__).parents[1] / "tasks").glob("*/rules/*.tsv"))
HEADER = "\t".join(COLUMNS)
ROW = "share-bar\t^Share$\tui\tShare\tShare prices fell.\tseen on news pages\t2026-11-22"


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parents[1].name}/{path.name}")
def test_table_is_canonical(path: Path) -> None:
    text = path.read_text("utf-8")
    mend = f"put it in order with: python -m tasks.rule_table {path.relative_to(Path(__file__).parents[1])}"
    assert canonical(parse_rules(text, path.name)) == text, mend
    assert read_rules(path.parents[1].name, path.stem) == parse_rules(text)


def test_there_are_tables() -> None:
    assert {path.parents[1].name for path in TABLES} >= {"boilerplate", "mojibake", "spinner"}


def test_row_is_read() -> None:
    (rule,) = parse_rules(f"{HEADER}\n{ROW}\n")
    assert rule == Rule(*ROW.split("\t"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id\tfound\n", "first line"),
        (f"{HEADER}\n{ROW}\n{ROW}\n", "taken by an earlier line"),
        (f"{HEADER}\n" + ROW.replace("share-bar", "Share Bar") + "\n", "lower-case words"),
        (f"{HEADER}\n" + ROW.replace("2026-11-22", "today") + "\n", "must be a date"),
        (f"{HEADER}\n" + ROW.replace("Share prices fell.", " ") + "\n", "none of them empty"),
        (f"{HEADER}\nshare-bar\t^Share$\n", "7 fields"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(Fatal, match=says):
        parse_rules(text, "some.tsv")


def test_main_puts_rows_in_order(tmp_path: Path) -> None:
    path = tmp_path / "some.tsv"
    first, second = ROW.replace("share-bar", "a-rule"), ROW.replace("share-bar", "b-rule")
    path.write_text(f"{HEADER}\n{second}\n\n{first}\n", "utf-8")
    main([str(path)])
    assert path.read_text("utf-8") == f"{HEADER}\n{first}\n{second}\n"
