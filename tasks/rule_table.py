"""Rules as data: one TSV per rule table, read and checked into frozen `Rule` rows.

A row is `id, found, meaning, example, counter_example, source, added`. What `found` is (a regular expression, a
phrase) and what `meaning` is (a label, a replacement) is for the room to say in the docstring of the module that uses
the table. A rule without an example it matches and a counter-example it spares is an opinion, not a rule: both are
required here and tried out by the tests of each room.

Files are canonical, so that two people's additions merge and differences read well: UTF-8, tabs, the header below,
rows sorted by `id`. `python -m tasks.rule_table FILE ...` puts a file in order; the tests fail on one that is not.
"""

import csv
import hashlib
import io
import re
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import date
from functools import cache
from importlib import metadata
from pathlib import Path

from tasks.outcome import Fatal

ID_RE = re.compile(r"[a-z0-9]+(?:[-.'][a-z0-9]+)*")
ROOMS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a rule table. All fields are text, none is empty; `added` is an ISO date."""

    id: str
    found: str
    meaning: str
    example: str
    counter_example: str
    source: str
    added: str


COLUMNS = tuple(field.name for field in fields(Rule))


def parse_rules(text: str, name: str = "rules") -> tuple[Rule, ...]:
    """Read the text of one rule table.

    Raises Fatal, naming line and mend, for a wrong header, a missing field, a bad id or date, or a repeated id.
    """
    lines = text.split("\n")
    if tuple(lines[0].split("\t")) != COLUMNS:
        raise Fatal(f"{name}: the first line must be the column names {', '.join(COLUMNS)}, parted by tabs")
    rules: dict[str, Rule] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        cells = line.split("\t")
        where = f"{name}, line {number}"
        if len(cells) != len(COLUMNS) or not all(cell.strip() for cell in cells):
            raise Fatal(f"{where}: a rule has {len(COLUMNS)} fields, parted by tabs, none of them empty; found {cells}")
        rule = Rule(*cells)
        if not ID_RE.fullmatch(rule.id):
            raise Fatal(f"{where}: the id {rule.id!r} must be lower-case words joined by hyphens, such as share-bar-2")
        if rule.id in rules:
            raise Fatal(f"{where}: the id {rule.id!r} is taken by an earlier line; choose another")
        try:
            date.fromisoformat(rule.added)
        except ValueError as error:
            raise Fatal(f"{where}: 'added' must be a date such as 2026-11-22, not {rule.added!r}") from error
        rules[rule.id] = rule
    return tuple(rules.values())


@cache
def read_rules(room: str, table: str) -> tuple[Rule, ...]:
    """Read `tasks/<room>/rules/<table>.tsv`. Raises Fatal as `parse_rules` does."""
    path = ROOMS / room / "rules" / f"{table}.tsv"
    return parse_rules(path.read_text("utf-8"), f"{room}/rules/{table}.tsv")


def canonical(rules: Iterable[Rule]) -> str:
    """Return the one right way to write `rules` down: header, rows sorted by id, tabs, a line feed at the end."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(COLUMNS)
    writer.writerows(astuple(rule) for rule in sorted(rules, key=lambda rule: rule.id))
    return buffer.getvalue()


def rules_version(room: str, libraries: Iterable[str] = ()) -> str:
    """Return 16 hex digits that change when anything that decides a room's results changes.

    That is the room's own code, rules and models (its Prefect shell `task.py` aside), the files beside the rooms, the
    `records.py` of all rooms, the tables of Unicode, and the versions of the named distributions.
    """
    digest = hashlib.sha256(f"unicode {unicodedata.unidata_version}\0".encode())
    own = [
        path for path in (ROOMS / room).rglob("*") if path.suffix in {".py", ".tsv", ".npz"} and path.name != "task.py"
    ]
    for path in sorted({*own, *ROOMS.glob("*.py"), *ROOMS.glob("*/records.py")}):
        digest.update(f"{path.relative_to(ROOMS)}\0".encode() + path.read_bytes() + b"\0")
    for library in libraries:
        digest.update(f"{library} {metadata.version(library)}\0".encode())
    return digest.hexdigest()[:16]


def main(paths: Iterable[str]) -> None:
    """Rewrite each rule table in its canonical form."""
    for path in map(Path, paths):
        path.write_text(canonical(parse_rules(path.read_text("utf-8"), str(path))), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
