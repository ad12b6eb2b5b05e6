"""One real Prefect server for all tests of the flows, and runs of the real command against it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.prefect_server import end_group, prefect_server

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"


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


def query(out: Path, sql: str) -> list[tuple[object, ...]]:
    """Ask the tables of a data set as an analyst would: through DuckDB, each table by its name."""
    with duckdb.connect() as connection:
        for table in ("articles", "edits", "removed", "relations", "rejects", "runs"):
            connection.read_parquet(f"{out}/{table}/*.parquet").create_view(table)
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Give the environment in which Prefect's clients find a server of ours."""
    with prefect_server(tmp_path_factory.mktemp("prefect")) as server:
        yield server.environment


@pytest.fixture(scope="session")
def cleaner(environment: dict[str, str]) -> Cleaner:
    return Cleaner(environment)
