"""The bad day: a stage that fails and recovers, a run killed in the middle, two runs at once."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from flows.run_state import run_of
from tests.flows.conftest import Cleaner, query
from tests.prefect_server import end_group

WAIT_S = 120
TOPICS = ["harbour", "railway", "library", "orchard", "observatory", "market", "bridge", "lighthouse", "school", "mill"]


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred small stories, no two alike."""
    folder = tmp_path_factory.mktemp("inbox")
    for number in range(300):
        topic = TOPICS[number % len(TOPICS)]
        paragraphs = [
            f"The {topic} committee number {number} met on day {line} and counted {number * line + 7} votes in favour. "
            f"Its chair said that plan {number}-{line} would open the {topic} to visitors within {line + 2} years."
            for line in range(1, 30)
        ]
        (folder / f"{number:03}.txt").write_text(f"The {topic} plan {number}\n\n" + "\n\n".join(paragraphs), "utf-8")
    return folder


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {WAIT_S} s"
        time.sleep(0.02)


def task_runs(environment: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    """Return the task runs of the newest flow run, by the name of their task."""
    api = environment["PREFECT_API_URL"]
    begun = {"state": {"type": {"any_": ["RUNNING", "COMPLETED", "FAILED"]}}}  # runs the cron has planned sort as newer
    request = {"flow_runs": begun, "sort": "START_TIME_DESC", "limit": 1}
    newest = httpx.post(f"{api}/flow_runs/filter", json=request).raise_for_status().json()
    query = {"task_runs": {"flow_run_id": {"any_": [run["id"] for run in newest]}}}
    found: dict[str, list[dict[str, object]]] = {}
    for run in httpx.post(f"{api}/task_runs/filter", json=query).raise_for_status().json():
        found.setdefault(str(run["name"]).rsplit("-", 1)[0], []).append(run)
    return found


def run_counts(environment: dict[str, str], task: str) -> list[object]:
    return [run["run_count"] for run in task_runs(environment).get(task, [])]


def has_failed_twice(environment: dict[str, str], task: str) -> bool:
    """Say whether the task waits for its third try, and is not still at its second."""
    states = [(run["run_count"], run["state_name"]) for run in task_runs(environment).get(task, [])]
    return states == [(2, "AwaitingRetry")]


def receipts(out: Path, stage: str) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (out / ".work" / stage).glob("*.json")}


def test_a_stage_that_fails_twice_is_retried_alone(
    cleaner: Cleaner, environment: dict[str, str], inbox: Path, tmp_path: Path
) -> None:
    out = tmp_path / "tables"
    obstacle = out / ".work" / "mojibake"
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("a file stands where the stage wants its folder")
    process = cleaner.start(str(inbox), "--out", str(out))
    try:
        wait_until("two failures", lambda: has_failed_twice(environment, "mojibake"))
        obstacle.unlink()
        output, errors = process.communicate(timeout=WAIT_S)
    finally:
        end_group(process)
    assert process.returncode == 0, output + errors
    assert run_counts(environment, "mojibake") == [3]
    assert run_counts(environment, "fetch") == [1]
    assert run_counts(environment, "boilerplate") == [1]
    assert len(query(out, "SELECT * FROM articles")) == 300


def test_a_shard_that_fails_for_good_costs_itself_and_is_named(cleaner: Cleaner, inbox: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    arguments = (str(inbox), "--out", str(out), "--shard-size", "100")
    cleaner.run(*arguments)
    victim = min((out / ".work" / "spinner").glob("*.parquet"))
    victim.with_suffix(".json").unlink()
    victim.unlink()
    victim.mkdir()
    said = cleaner.run(*arguments, status=1)
    assert "spinner" in said
    assert victim.name in said
    assert query(out, "SELECT stage, reason, count(*) FROM rejects GROUP BY ALL") == [("spinner", "STAGE_FAILED", 100)]
    victim.rmdir()
    cleaner.run(*arguments)
    assert query(out, "SELECT * FROM rejects") == []
    assert len(query(out, "SELECT * FROM articles")) == 300


SMALL_SHARDS = ("--shard-size", "10", "--workers", "1", "--out")


@pytest.fixture(scope="module")
def undisturbed(cleaner: Cleaner, inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of a run that nobody killed."""
    out = tmp_path_factory.mktemp("undisturbed")
    cleaner.run(str(inbox), *SMALL_SHARDS, str(out))
    return out


@pytest.mark.parametrize("stage", ["fetch", "boilerplate", "spinner"])
def test_a_killed_run_goes_on_where_it_was(
    cleaner: Cleaner, inbox: Path, undisturbed: Path, tmp_path: Path, stage: str
) -> None:
    out = tmp_path / "tables"
    process = cleaner.start(str(inbox), *SMALL_SHARDS, str(out))
    try:
        wait_until(f"the second shard of {stage}", lambda: len(receipts(out, stage)) >= 2)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait(timeout=30)
        assert not (out / "articles").exists()
        wait_until("the end of the workers", lambda: not any(child.is_running() for child in children))
    finally:
        end_group(process)
    done = receipts(out, stage)
    assert 2 <= len(done) < 30
    cleaner.run(str(inbox), *SMALL_SHARDS, str(out))
    after = receipts(out, stage)
    assert len(after) == 30
    assert {name: after[name] for name in done} == done, "a finished shard was done again"
    for sql in ("SELECT * EXCLUDE (run_id) FROM articles", "FROM edits", "FROM removed", "FROM relations"):
        assert sorted(query(out, sql), key=repr) == sorted(query(undisturbed, sql), key=repr)
    assert query(out, "SELECT * FROM rejects") == []
    assert len(query(out, "SELECT * FROM runs")) == 1


def test_a_second_run_over_the_same_tables_is_refused(cleaner: Cleaner, inbox: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    with run_of(out, "the settings of the first run"):
        said = cleaner.run(str(inbox), "--out", str(out), status=1)
    assert "another run is at work" in said
    assert not (out / "articles").exists()


def test_a_run_after_a_failed_one_keeps_what_that_one_published(cleaner: Cleaner, tmp_path: Path) -> None:
    """The failed run is over: the next one is another run, also over a folder from which a file has gone since."""
    folder, out = tmp_path / "inbox", tmp_path / "tables"
    folder.mkdir()
    for name in ("first", "second"):
        (folder / f"{name}.txt").write_text(f"The {name} plan\n\n" + f"The {name} plan was read out in the hall. " * 20)
    obstacle = out / ".work" / "stories"
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("a file stands where the stage wants its folder")
    assert "stories failed for good" in cleaner.run(str(folder), "--out", str(out), status=1)
    assert len(query(out, "FROM articles")) == 2
    obstacle.unlink()
    (folder / "first.txt").unlink()
    cleaner.run(str(folder), "--out", str(out))
    assert sorted(query(out, "SELECT title FROM articles")) == [("The first plan",), ("The second plan",)]
    assert len(query(out, "FROM runs")) == 2


def test_ctrl_c_ends_the_run_at_once_and_the_next_one_goes_on(cleaner: Cleaner, inbox: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    process = cleaner.start(str(inbox), *SMALL_SHARDS, str(out))
    try:
        wait_until("the first shard", lambda: bool(receipts(out, "fetch")))
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    finally:
        end_group(process)
    assert process.returncode == 128 + signal.SIGINT
    assert "the same command goes on where it was" in errors
    assert "Traceback" not in errors
    assert "continuing run" in cleaner.run(str(inbox), *SMALL_SHARDS, str(out))
    assert len(query(out, "FROM articles")) == 300


def test_a_reader_that_goes_away_does_not_fail_the_run(cleaner: Cleaner, inbox: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    process = cleaner.start(str(inbox / "001.txt"), "--out", str(out))
    try:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(timeout=WAIT_S)
    finally:
        end_group(process)
    assert process.returncode == 0
    assert len(query(out, "FROM articles")) == 1
    assert not (out / ".work" / "unfinished.json").exists()
