"""The floors of quality, as a ledger: `floors.jsonl`, to which entries are added and from which none is ever taken.

The floor in force is the last entry for a figure on the same data. An entry carries its own digest and that of the one
before it, so that a floor lowered by editing the ledger shows, and one lowered by a new entry must say why; the gate
refuses both otherwise. Data of another digest need floors of their own.

    python -m tests.eval.floor_ledger                             show all figures beside their floors
    python -m tests.eval.floor_ledger raise                       enter what got better, and figures that are new
    python -m tests.eval.floor_ledger lower "NAME" --reason TEXT  enter a worse figure; the reason is for a reader
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from tests.eval.data_sets import Measured

LEDGER = Path(__file__).parent / "floors.jsonl"
# Under what was measured, so that another version of a library in the last digit breaks nothing.
SLACK = 0.002
SHORTEST_REASON = 20


@dataclass(frozen=True)
class Entry:
    """One floor. `previous` is the digest of the entry before it."""

    figure: str
    data_sha256: str
    floor: float
    measured: float
    day: str
    reason: str
    previous: str

    @property
    def digest(self) -> str:
        """Return 16 hex digits of all that the entry says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


def read_ledger(path: Path = LEDGER) -> list[Entry]:
    """Read all entries, the oldest first. Raises ValueError for one that was edited."""
    entries = []
    for number, row in enumerate(path.read_text("utf-8").splitlines() if path.exists() else [], start=1):
        record = json.loads(row)
        digest = record.pop("digest")
        entries.append(Entry(**record))
        if entries[-1].digest != digest:
            raise ValueError(f"{path.name}, line {number}: edited by hand; floors are entered by this module")
    return entries


def write_ledger(entries: Sequence[Entry], path: Path = LEDGER) -> None:
    """Write all entries, one to a line."""
    rows = (json.dumps({**asdict(entry), "digest": entry.digest}, ensure_ascii=False) for entry in entries)
    path.write_text("".join(f"{row}\n" for row in rows), "utf-8")


def floors_of(entries: Iterable[Entry]) -> dict[tuple[str, str], Entry]:
    """Return the entry in force for each figure and data."""
    return {(entry.figure, entry.data_sha256): entry for entry in entries}


def check_ledger(entries: Sequence[Entry]) -> list[str]:
    """Return what is wrong with a ledger: a broken chain, a floor above its figure, one lowered without a reason."""
    faults = []
    previous = ""
    for number, entry in enumerate(entries, start=1):
        before = floors_of(entries[: number - 1]).get((entry.figure, entry.data_sha256))
        if entry.previous != previous:
            faults.append(f"line {number}: an entry before it was changed or taken out; floors are only ever added")
        if entry.floor > entry.measured:
            faults.append(f"line {number}: {entry.figure}: a floor above what was measured")
        if before is not None and entry.floor < before.floor and len(entry.reason) < SHORTEST_REASON:
            faults.append(
                f"line {number}: {entry.figure}: lowered from {before.floor} to {entry.floor} without a reason"
            )
        previous = entry.digest
    return faults


def check_figures(entries: Sequence[Entry], figures: Iterable[Measured]) -> list[str]:
    """Return which figures are below their floors, or have none."""
    floors = floors_of(entries)
    faults = []
    for one in figures:
        entry = floors.get((one.figure, one.data_sha256))
        if entry is None:
            faults.append(f"{one.figure}: no floor on these data; run: python -m tests.eval.floor_ledger raise")
        elif one.value < entry.floor:
            faults.append(f"{one.figure}: {one.value:.4f} is below its floor {entry.floor}; mend what made it worse")
    return faults


def enter(entries: Sequence[Entry], one: Measured, reason: str) -> list[Entry]:
    """Return the ledger with one more entry: the figure less the slack."""
    previous = entries[-1].digest if entries else ""
    day = datetime.now(UTC).date().isoformat()
    value = round(one.value, 4)
    return [*entries, Entry(one.figure, one.data_sha256, round(value - SLACK, 4), value, day, reason, previous)]


def raise_floors(entries: Sequence[Entry], figures: Iterable[Measured]) -> list[Entry]:
    """Return the ledger with an entry for each figure that is new or that got better."""
    grown = list(entries)
    for one in figures:
        entry = floors_of(grown).get((one.figure, one.data_sha256))
        if entry is None or round(one.value, 4) > entry.measured:
            grown = enter(grown, one, "measured for the first time" if entry is None else "got better")
    return grown


def lower_floor(entries: Sequence[Entry], figures: Iterable[Measured], name: str, reason: str) -> list[Entry]:
    """Return the ledger with a lower floor for `name`. Raises ValueError where there is no reason or no such figure."""
    if len(reason) < SHORTEST_REASON:
        raise ValueError(f"--reason must say why, in {SHORTEST_REASON} characters or more")
    found = [one for one in figures if one.figure == name]
    if not found:
        raise ValueError(f"there is no figure {name!r}, or its data are not here")
    return enter(entries, found[0], reason)


def measure() -> list[Measured]:
    """Measure all figures whose data are here."""
    from tests.eval import boilerplate_figures, story_pairs  # noqa: PLC0415  (the ledger itself needs no room of ours)

    all_data = chain(boilerplate_figures.data_sets(), story_pairs.data_sets())
    return [figure for data in all_data if data.is_here for figure in data.figures()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Show, raise or lower floors; return 1 where the gate would be shut."""
    parser = argparse.ArgumentParser(prog="python -m tests.eval.floor_ledger", description="The floors of quality.")
    parser.add_argument("action", nargs="?", choices=["show", "raise", "lower"], default="show")
    parser.add_argument("name", nargs="?", default="", help="the figure to lower")
    parser.add_argument("--reason", default="", help="why a floor is lowered")
    options = parser.parse_args(arguments)
    entries, figures = read_ledger(), measure()
    if options.action == "raise":
        write_ledger(raise_floors(entries, figures))
    elif options.action == "lower":
        try:
            write_ledger(lower_floor(entries, figures, options.name, options.reason))
        except ValueError as error:
            parser.error(str(error))
    entries = read_ledger()
    floors = floors_of(entries)
    for one in figures:
        entry = floors.get((one.figure, one.data_sha256))
        print(f"{one.figure:40}{one.value:8.4f}   floor {entry.floor if entry else 'none'}")
    faults = [*check_ledger(entries), *check_figures(entries, figures)]
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
