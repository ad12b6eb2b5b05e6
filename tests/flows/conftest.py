"""A real Prefect server on loopback for the tests of the flows, and runs of the real command against it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
SERVER_START_S = 180


@dataclass(frozen=True)
class Cleaner:
    """Runs `python -m flows.clean` in processes of their own, all against one Prefect server."""

    environment: Mapping[str, str]

    def start(self, *arguments: str, root: Path = ROOT) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "flows.clean", *arguments],
            cwd=root,
            env={**self.environment, "PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, status: int = 0, root: Path = ROOT) -> str:
        process = self.start(*arguments, root=root)
        try:
            output, errors = process.communicate(timeout=300)
        finally:
            end_group(process)
        assert process.returncode == status, f"exit status {process.returncode}\n{output}\n{errors}"
        return output + errors


def end_group(process: subprocess.Popen[str]) -> None:
    """Kill a process that a test started in a session of its own, with all its children."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def rows(out: Path, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    """Read columns of a table as an analyst would, through DuckDB and a glob."""
    return duckdb.execute(f"SELECT {columns} FROM '{out}/{table}/*.parquet'").fetchall()  # noqa: S608  (our own query)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start `prefect server start` on loopback; give the environment in which Prefect's clients find it."""
    home = tmp_path_factory.mktemp("prefect")
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "UNSPUN_"))},
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/health", server, home / "server.log")
        yield environment
    finally:
        end_group(server)


@pytest.fixture(scope="session")
def cleaner(environment: dict[str, str]) -> Cleaner:
    return Cleaner(environment)


def _wait_for(address: str, server: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + SERVER_START_S
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310  (our own server)
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"the Prefect server did not answer within {SERVER_START_S} s:\n{log.read_text()}")
