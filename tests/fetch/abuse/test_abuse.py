"""The abuse matrix: what each hostile or careless server comes to, how long it takes, and what memory it costs.

Rows stand in `tests/cases/fetch/abuse.jsonl`:

    label, comment   what the server does
    behaviour, with  one of `tests.fetch.abuse.behaviours` and its parameters; or `answer` (bytes as ISO-8859-1), `then`
    reason           the code expected, null where the answer is kept; then `status`, 200 if not said
    text             what a kept page must say; by default the sentence that all of them do
    listener, scheme, host, suffix, lookups, options, validators, times, slow
                     where and how it is asked, see `tests.fetch.abuse.ask`
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fetch.abuse.behaviours import TEXT

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases" / "fetch" / "abuse.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]
MAX_PEAK_BYTES = 128_000_000
PATIENCE_S = 120

TIME_WASTERS = (
    *("silence", "slow-status-line", "slow-headers", "slow-header-value", "silence-after-100", "stall-in-head"),
    *("stall-after-head", "stall-in-body", "stall-without-length", "stall-in-chunk", "stall-before-last-chunk"),
    *("drip-body", "drip-body-with-length", "drip-chunks", "drip-chunk-extension", "drip-trailers", "drip-gzip"),
    *("tls-silence", "tcp-silence"),
)
# With a limit on bytes that they never reach, these flood until their time is over.
FLOODS = ("flood-of-chunk-extensions", "endless-chunk-extension", "endless-chunk-size", "endless-tiny-chunks")
ENDED_EARLY = ("endless-trailers", "headers-by-the-million", "flood-103", "bomb-endless-gzip", "members-many")
GOOD = ("right-gzip", "chunks-whole", "tls-good", "right-zstd")
LIMIT_S = 5.0


@dataclass
class Hostile:
    """The hostile servers while they run, and what they counted once they ended."""

    process: subprocess.Popen[str]
    ports: str
    authority: Path
    counts: dict[str, Any]

    def ask(self, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """Let a fresh process ask for the rows, and return what became of them."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.fetch.abuse.ask", self.ports],
            input="".join(json.dumps(row) + "\n" for row in rows),
            env={**os.environ, "SSL_CERT_FILE": str(self.authority)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
        return {result["label"]: result for result in map(json.loads, done.stdout.splitlines())}


@contextlib.contextmanager
def hostile(folder: Path) -> Iterator[Hostile]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fetch.abuse.hostile", str(CASES), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    with process:
        assert process.stdin
        assert process.stdout
        servers = Hostile(process, process.stdout.readline(), folder / "ca.pem", {})
        yield servers
        process.stdin.close()
        servers.counts.update(json.loads(process.stdout.readline()))


@dataclass
class Outcome:
    results: dict[str, Any]
    counts: dict[str, Any]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    with hostile(tmp_path_factory.mktemp("authority")) as servers:
        results = servers.ask(ROWS)
    return Outcome(results, servers.counts)


@pytest.mark.parametrize("row", [pytest.param(row, id=row["label"]) for row in ROWS])
def test_each_case_comes_to_its_code(row: dict[str, Any], outcome: Outcome) -> None:
    result = outcome.results[row["label"]]
    assert result["reason"] == row["reason"], result
    assert result["peak_bytes"] <= MAX_PEAK_BYTES, result
    if row["reason"]:
        assert result["detail"]
        return
    assert result["status"] == row.get("status", 200)
    if result["status"] == 200:
        assert row.get("text", TEXT) in result["text"]


@pytest.mark.parametrize("row", [pytest.param(row, id=row["label"]) for row in ROWS if row.get("slow")])
def test_no_case_outlasts_its_time(row: dict[str, Any], outcome: Outcome) -> None:
    # The limits are a second or less here, and 40 cases wait for them at once. The tenth that is allowed is measured
    # below, where it is half a second.
    assert outcome.results[row["label"]]["seconds"] <= 1.5


def test_nobody_disturbs_the_canary(outcome: Outcome) -> None:
    assert outcome.counts["canary"] == 0


def test_nobody_is_asked_more_often_than_said(outcome: Outcome) -> None:
    """Once, and where HTTP went wrong once more by the second client, which may make a page of it, or an empty one."""
    for row in ROWS:
        hits = outcome.counts["hits"].get(f"/{row['label']}{row.get('suffix', '')}", 0)
        may_be_asked_again = row["reason"] in {None, "PROTOCOL_ERROR", "EMPTY_BODY"}
        assert hits <= (2 if may_be_asked_again else 1) * row.get("times", 1), row["label"]


def test_the_matrix_is_as_large_as_it_was_promised() -> None:
    assert len(ROWS) >= 110
    assert len({row["label"] for row in ROWS}) == len(ROWS)
    assert all(row["comment"] for row in ROWS)
    assert set(TIME_WASTERS) | set(FLOODS) | set(ENDED_EARLY) | set(GOOD) <= {row["label"] for row in ROWS}


def test_deadlines_hold_among_hostile_neighbours(tmp_path: Path) -> None:
    """All in one event loop: whoever wastes time, whoever floods it, and good pages that must arrive."""
    limits = {"connect_timeout_s": LIMIT_S, "first_byte_timeout_s": LIMIT_S, "timeout_s": LIMIT_S}
    by_label = {row["label"]: row for row in ROWS}
    neighbours = [by_label[label] | {"options": limits} for label in (*TIME_WASTERS, *ENDED_EARLY)]
    neighbours += [by_label[label] | {"options": limits | {"max_bytes": 10**11}} for label in FLOODS]
    good = [by_label[label] | {"options": limits, "times": 50} for label in GOOD]
    with hostile(tmp_path) as servers:
        results = servers.ask([row | {"slow": True} for row in (*neighbours, *good)])
    for label in (*TIME_WASTERS, *FLOODS):
        assert results[label]["reason"] == "DEADLINE", results[label]
    for label in (*TIME_WASTERS, *ENDED_EARLY, *FLOODS):
        assert results[label]["seconds"] <= LIMIT_S * 1.1, results[label]
    for label in GOOD:
        assert results[label]["reason"] is None, results[label]
        assert TEXT in results[label]["text"]
