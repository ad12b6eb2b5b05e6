"""prefect.yaml for real: server and process worker on loopback, a Scheduled run from the cron, a run to Completed."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.flows.conftest import ROOT, query
from tests.prefect_server import end_group

T = TypeVar("T")
WAIT_S = 150


def prefect(environment: dict[str, str], *arguments: str, cwd: Path = ROOT) -> str:
    command = [sys.executable, "-m", "prefect", *arguments]
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(1)
    pytest.fail(f"{what}: not within {WAIT_S} s")


@pytest.fixture(scope="module")
def deployed(environment: dict[str, str]) -> dict[str, str]:
    """The README's commands, up to the worker."""
    prefect(environment, "work-pool", "create", "local", "--type", "process", "--overwrite")
    prefect({**environment, "UNSPUN_HOME": str(ROOT)}, "deploy", "--all", "--no-prompt")
    return environment


@pytest.fixture
def worker(deployed: dict[str, str], tmp_path: Path) -> Iterator[None]:
    with (tmp_path / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "worker", "start", "--pool", "local", "--type", "process"],
            env=deployed,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    yield
    end_group(process)


def flow_runs(environment: dict[str, str], state: str) -> list[dict[str, object]]:
    query = {"flow_runs": {"state": {"type": {"any_": [state]}}}, "deployments": {"name": {"any_": ["daily"]}}}
    answer = httpx.post(f"{environment['PREFECT_API_URL']}/flow_runs/filter", json=query)
    found: list[dict[str, object]] = answer.raise_for_status().json()
    return found


def test_cron_schedules_runs(deployed: dict[str, str]) -> None:
    scheduled = wait_for("a Scheduled run", lambda: flow_runs(deployed, "SCHEDULED") or None)
    assert all(run["auto_scheduled"] for run in scheduled)
    assert all("T05:00:00" in str(run["expected_start_time"]) for run in scheduled)


def test_one_run_at_a_time(deployed: dict[str, str]) -> None:
    answer = httpx.get(f"{deployed['PREFECT_API_URL']}/deployments/name/clean/daily").raise_for_status().json()
    assert answer["entrypoint"] == "flows.clean.clean"
    assert answer["global_concurrency_limit"]["limit"] == 1
    assert answer["concurrency_options"]["collision_strategy"] == "ENQUEUE"


@pytest.mark.usefixtures("worker")
def test_a_triggered_run_completes_and_writes_the_tables(deployed: dict[str, str], tmp_path: Path) -> None:
    source, out = tmp_path / "inbox", tmp_path / "tables"
    source.mkdir()
    sentence = "The harbour council of Port Almery approved the new ferry timetable on Tuesday after a long debate. "
    (source / "ferry.txt").write_text("Ferry timetable approved\n\n" + sentence * 4, "utf-8")
    parameters = json.dumps({"sources": [str(source)], "out": str(out), "workers": 1})
    prefect(deployed, "deployment", "run", "clean/daily", "--params", parameters)
    done = wait_for(
        "the end of the run", lambda: flow_runs(deployed, "COMPLETED") or flow_runs(deployed, "FAILED") or None
    )
    assert [run["state_type"] for run in done] == ["COMPLETED"], (tmp_path / "worker.log").read_text()
    assert query(out, "SELECT title FROM articles") == [("Ferry timetable approved",)]
    assert query(out, "SELECT * FROM rejects") == []
