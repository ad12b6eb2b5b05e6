"""Publishing killed with signal 9, at random moments and at each of its changes to the file system.

After each death readers must see all of the old state or all of the new one, and a next try must end as if nothing had
happened.
"""

import pickle
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.export.generations import GENERATIONS, LOCK
from tasks.outcome import DropReason
from tasks.stories.records import Membership
from tests.export.conftest import Publish
from tests.export.corpus import PRICE, WATCHED, Page, cluster_of, request_for, snapshot

PROGRAM = Path(__file__).with_name("killed_publisher.py")
RANDOM_KILLS = 10
# Publishing makes some fifteen of these changes.
LEAST_STEPS, MOST_STEPS = 8, 100
MEND_EVERY = 5

Try = Callable[[str, float, Path], tuple[int, float]]
State = dict[str, list[tuple[Any, ...]]]

OLD = [Page("a.html"), Page("b.html", mended_by=(PRICE,)), Page("c.html", dies_at="fetch"), Page("old.html")]
NEW = [
    Page("a.html", mended_by=(PRICE,), unspun_by=(WATCHED,)),
    Page("b.html", dies_at="fetch", reason=DropReason.HTTP_GONE),
    Page("c.html"),
    Page("new.html"),
]


@pytest.fixture(scope="module")
def states(publish: Publish, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, State, State, Path]:
    """A data set, its state before and after a second run, and the request to publish that run."""
    folder = tmp_path_factory.mktemp("kill")
    work, groups = folder / "work", [cluster_of("copy-one", OLD[0], OLD[3])]
    publish(request_for(folder / "base", work, "one", OLD, related=[(OLD[0], OLD[3])], clusters=groups))
    shutil.copytree(folder / "base", folder / "after", symlinks=True)
    request = request_for(
        folder / "after",
        work,
        "two",
        NEW,
        related=[(NEW[0], NEW[2]), (NEW[0], OLD[3])],
        regrouped=[Membership(OLD[3].article_id, "copy-two", "story-two")],
        clusters=[cluster_of("copy-two", OLD[3], *NEW)],
    )
    publish(request)
    (folder / "request.pickle").write_bytes(pickle.dumps(request))
    return folder / "base", snapshot(folder / "base"), snapshot(folder / "after"), folder / "request.pickle"


@pytest.fixture(scope="module")
def try_to_publish(states: tuple[Path, State, State, Path]) -> Iterator[Try]:
    with subprocess.Popen(
        [sys.executable, PROGRAM, states[-1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        stdin, stdout = program.stdin, program.stdout

        def run(how: str, value: float, out: Path) -> tuple[int, float]:
            stdin.write(f"{how} {value} {out}\n")
            stdin.flush()
            number, seconds = stdout.readline().split()
            return int(number), float(seconds)

        yield run
        stdin.close()


def check_mended(try_to_publish: Try, after: State, out: Path) -> None:
    """Check that the next try ends as if nothing had happened."""
    assert try_to_publish("never", 0, out)[0] == 0
    assert snapshot(out) == after
    generations = [path.name for path in (out / GENERATIONS).iterdir() if path.name != LOCK]
    assert len(generations) == 2, f"the current one and the one before, not {generations}"
    assert not (out / ".current.new").is_symlink()


def test_killed_at_random_moments(try_to_publish: Try, states: tuple[Path, State, State, Path], tmp_path: Path) -> None:
    base, before, after, _ = states
    shutil.copytree(base, tmp_path / "whole", symlinks=True)
    _, whole_s = try_to_publish("never", 0, tmp_path / "whole")
    dice = random.Random(0)  # noqa: S311  (no secret)
    killed = 0
    for number in range(RANDOM_KILLS):
        out = tmp_path / str(number)
        shutil.copytree(base, out, symlinks=True)
        killed += try_to_publish("after", dice.uniform(0, whole_s), out)[0] == signal.SIGKILL
        assert snapshot(out) in (before, after)
        check_mended(try_to_publish, after, out)
    assert killed


def test_killed_before_each_change_to_the_file_system(
    try_to_publish: Try, states: tuple[Path, State, State, Path], tmp_path: Path
) -> None:
    base, before, after, _ = states
    for step in range(1, MOST_STEPS):
        out = tmp_path / str(step)
        shutil.copytree(base, out, symlinks=True)
        if try_to_publish("step", step, out)[0] == 0:
            assert snapshot(out) == after
            assert step > LEAST_STEPS
            return
        assert snapshot(out) == before, "the swap is the last change: a death before any change leaves the old state"
        if step % MEND_EVERY == 0:
            check_mended(try_to_publish, after, out)
    pytest.fail(f"publishing did not end within {MOST_STEPS} changes")


def test_the_first_publication_shows_all_tables_or_none(try_to_publish: Try, tmp_path: Path) -> None:
    for step in range(1, MOST_STEPS):
        out = tmp_path / str(step)
        if try_to_publish("step", step, out)[0] == 0:
            assert all(snapshot(out).keys())
            assert step > LEAST_STEPS
            return
        assert not list(out.glob("*/*.parquet")), "a table is there before the others"
    pytest.fail(f"publishing did not end within {MOST_STEPS} changes")
