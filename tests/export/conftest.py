from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.export.records import Published, PublishRequest
from tasks.workers import Job, Limits, Workers

Publish = Callable[[PublishRequest], Published]


@pytest.fixture(scope="session")
def publish() -> Iterator[Publish]:
    """Publish as the flow does: as a job in a worker process, under the limits of one."""
    workers = Workers(1)

    def run(request: PublishRequest) -> Published:
        job = Job("tasks.export.publish:publish_run", (request,), Limits(), isolate=False)
        published: Published = workers.run(job)
        return published

    yield run
    workers.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "tables"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"
