"""A real Prefect server on loopback, for the tests of the flows and for the benchmarks."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 240


@dataclass(frozen=True)
class PrefectServer:
    """A running server: the environment in which Prefect's clients find it, and its process id."""

    environment: dict[str, str]
    pid: int


@contextmanager
def prefect_server(home: Path) -> Iterator[PrefectServer]:
    """Run `prefect server start` with the data folder `home`; end it, with all its children, when the block ends."""
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "UNSPUN_"))},
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    home.mkdir(parents=True, exist_ok=True)
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
        yield PrefectServer(environment, server.pid)
    finally:
        end_group(server)


def end_group(process: subprocess.Popen[str]) -> None:
    """Kill a process that was started in a session of its own, with all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(address: str, server: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the Prefect server ended by itself:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310  (our own server)
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    raise RuntimeError(f"the Prefect server did not answer within {START_S} s:\n{log.read_text()}")
