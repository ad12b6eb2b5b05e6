"""Worker processes that hang, crash and run out of memory for real; and what a stage makes of that."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.fetch.records import Origin
from tasks.outcome import DropReason, Reject, Retryable, StageName
from tasks.shards import Receipt, Row, read_shard, write_shard
from tasks.stage import DocumentStage, Workplace, run_stage
from tasks.workers import Job, Limits, WorkerDiedError, Workers, close_shared_workers
from tests.misbehaviour import Prank

ROOT = Path(__file__).parents[1]
LIMITS = Limits(document_cpu_s=0.5, memory_bytes=4 << 30)
STAGE = DocumentStage(StageName.FETCH, "tests.misbehaviour:endure", reads=Prank, writes=Prank)


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    workers = Workers(1)
    yield workers
    workers.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    yield Workplace(str(tmp_path / "work"), workers=1, limits=LIMITS)
    close_shared_workers()


def shard_of(folder: Path, *tricks: str) -> Receipt:
    path = folder / "in.parquet"
    rows = [Row(Prank(Origin(f"{number}-{trick}", None), trick), None) for number, trick in enumerate(tricks)]
    return Receipt("inputs", str(path), write_shard(path, rows, Prank), rows=len(rows), kept=len(rows))


def reasons(receipt: Receipt) -> list[DropReason | None]:
    return [row.reject.reason if row.reject else None for row in read_shard(Path(receipt.path), Prank)]


def test_each_bad_document_costs_itself_alone(tmp_path: Path, place: Workplace) -> None:
    tricks = ["", "spin", "raise", "", "segfault", "exit", "unusable", "surrogate", "memory", "drop", "sleep", ""]
    receipt = run_stage(STAGE, shard_of(tmp_path, *tricks), place)
    assert reasons(receipt) == [
        None,
        DropReason.TIME_LIMIT,
        DropReason.DOCUMENT_ERROR,
        None,
        DropReason.WORKER_CRASHED,
        DropReason.WORKER_CRASHED,
        DropReason.TYPE_BINARY,
        DropReason.DOCUMENT_ERROR,
        DropReason.MEMORY_LIMIT,
        DropReason.NO_MAIN_CONTENT,
        DropReason.TIME_LIMIT,
        None,
    ]
    assert (receipt.rows, receipt.kept, sum(receipt.dropped.values())) == (12, 3, 9)


def test_rejects_travel_on_untouched(tmp_path: Path, place: Workplace) -> None:
    path = tmp_path / "in.parquet"
    earlier: Row[Prank] = Row(None, Reject("x", None, StageName.FETCH, DropReason.NOT_FOUND, "gone"))
    write_shard(path, [earlier], Prank)
    receipt = run_stage(STAGE, Receipt("inputs", str(path), "digest", rows=1, kept=0), place)
    assert list(read_shard(Path(receipt.path), Prank)) == [earlier]
    assert receipt.dropped == {}


def test_what_is_done_is_not_done_again(tmp_path: Path, place: Workplace) -> None:
    shard = shard_of(tmp_path, "", "drop")
    first = run_stage(STAGE, shard, place)
    written = os.stat(first.path).st_mtime_ns  # noqa: PTH116
    second = run_stage(STAGE, shard, place)
    assert (first.reused, second.reused) == (False, True)
    assert os.stat(second.path).st_mtime_ns == written  # noqa: PTH116
    assert second.dropped == first.dropped
    fresh = run_stage(STAGE, shard, Workplace(place.folder, 1, LIMITS, fresh=True))
    assert not fresh.reused
    assert fresh.digest == first.digest


def test_options_and_input_are_part_of_the_key() -> None:
    keys = {
        STAGE.key("input", None),
        STAGE.key("other input", None),
        STAGE.key("input", Limits()),
        STAGE.key("input", Limits(document_cpu_s=1)),
        DocumentStage(StageName.FETCH, STAGE.core, Prank, Prank, libraries=("ftfy",)).key("input", None),
        DocumentStage(StageName.SPINNER, STAGE.core, Prank, Prank).key("input", None),
    }
    assert len(keys) == 6


def test_a_world_in_the_way_is_raised_to_be_retried(tmp_path: Path, place: Workplace) -> None:
    with pytest.raises(Retryable, match="disk is full"):
        run_stage(STAGE, shard_of(tmp_path, "", "disk"), place)
    assert not list(Path(place.folder).rglob("*.parquet"))


def test_a_death_outside_any_document_is_raised(pool: Workers) -> None:
    with pytest.raises(WorkerDiedError, match="exit status 7"):
        pool.run(Job("tests.misbehaviour:die_outside", (), LIMITS))
    assert pool.run(Job("tests.misbehaviour:process_id", (), LIMITS)) != os.getpid()


def test_a_worker_stays_warm_and_never_sees_prefect(pool: Workers) -> None:
    ask = Job("tests.misbehaviour:process_id", (), LIMITS)
    assert pool.run(ask) == pool.run(ask)
    assert pool.run(Job("tests.misbehaviour:loaded_modules", (), LIMITS)) == []


def test_a_worker_ends_with_the_pipe() -> None:
    workers = Workers(1)
    process = workers.run(Job("tests.misbehaviour:process_id", (), LIMITS))
    workers.close()
    for _ in range(100):
        if not _is_running(process):
            return
        time.sleep(0.1)
    pytest.fail(f"worker process {process} outlived its pool")


ORPHAN = """
import os, sys, threading
from pathlib import Path
from tasks.shards import Receipt
from tasks.stage import Workplace, run_stage
from tasks.workers import Limits
from tests.test_workers_and_stage import STAGE, shard_of

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    shard = shard_of(folder, *["pause"] * 400)
    threading.Timer(2.0, lambda: os._exit(9)).start()
    run_stage(STAGE, shard, Workplace(str(folder / "work"), 1, Limits()))
"""


def test_an_orphan_leaves_no_shard_behind(tmp_path: Path) -> None:
    """A stage whose parent dies in the middle must not finish the shard with rejects nobody meant."""
    done = subprocess.run([sys.executable, "-c", ORPHAN, str(tmp_path)], check=False, timeout=60, cwd=ROOT)
    assert done.returncode == 9
    time.sleep(6)  # as long as the whole shard would take
    assert not list((tmp_path / "work").rglob("*.parquet"))
    assert not list((tmp_path / "work").rglob("*.tmp"))


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
