"""One run at a time for each data set, and how an interrupted run is taken up again.

A run leaves a marker, `OUT/.work/unfinished.json`, from its start until it has published, whatever it published. A
run that finds the marker of one with the same sources and settings is that run, continued: it has its start and its
id, and that id is the one under which the ledger knows what was asked already, so that no page is fetched twice.
Where the marker is gone the run is a new one, and asks the web for what is newer than what the archive holds.

A lock (`OUT/.work/lock`, flock) is held for as long as the process lives; the kernel lets go of it, however the
process ends.
"""

import contextlib
import fcntl
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cattrs

from tasks.outcome import Fatal
from tasks.shards import from_record, retryable_disk, to_record, whole_file

WORK = ".work"
ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class RunState:
    """Which run this is. `resumed` says that an earlier process began it; times are UTC, ISO 8601."""

    run_id: str
    started_at: str
    settings_digest: str
    resumed: bool = False


@contextlib.contextmanager
def run_of(out: Path, settings_digest: str) -> Iterator[RunState]:
    """Begin a run over the data set `out`, or continue the one that was interrupted.

    Raises Fatal where another run is at work there. Call `finish` as soon as it has published.
    """
    folder = out / WORK
    with retryable_disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Fatal(f"another run is at work in {out}: wait for its end, or give this one its own --out") from error
        _sweep(folder)
        yield _begun(folder, settings_digest)


def finish(out: Path) -> None:
    """Take the marker away: the run has published."""
    _marker(out / WORK).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove half-written files of runs that were killed. Whoever wrote them is gone: this run has the lock."""
    for left in folder.glob("*/.*.tmp"):
        left.unlink(missing_ok=True)


def _begun(folder: Path, settings_digest: str) -> RunState:
    marker = _marker(folder)
    with contextlib.suppress(FileNotFoundError, ValueError, cattrs.BaseValidationError):  # not there, or half a file
        left = from_record(json.loads(marker.read_text("utf-8")), RunState)
        if left.settings_digest == settings_digest:
            return RunState(left.run_id, left.started_at, settings_digest, resumed=True)
    now = datetime.now(UTC)
    state = RunState(f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", now.isoformat(timespec="seconds"), settings_digest)
    with retryable_disk(marker), whole_file(marker) as temporary:
        temporary.write_text(json.dumps(to_record(state)) + "\n", "utf-8")
    return state


def _marker(folder: Path) -> Path:
    return folder / "unfinished.json"
