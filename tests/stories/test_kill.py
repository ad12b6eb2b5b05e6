"""Killed with signal 9 while a second batch is related: the next run ends as if nothing had happened."""

import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stories.made_stories import (
    DAY,
    RESPUN,
    SENTENCES,
    all_memberships_of,
    all_relations_of,
    document,
    partition,
    run,
    write,
)

PROGRAM = Path(__file__).with_name("killed_relater.py")
RANDOM_KILLS = 12
FRESH_KILLS = 4
# Every change to the file system is a moment to die at; so many there are at least and at most.
LEAST_STEPS, MOST_STEPS = 25, 120
STRIDE = 12

State = dict[str, bytes]


@dataclass(frozen=True)
class Place:
    """A folder in which a first batch was related, kept aside so that each trial begins there; and a second batch.

    The history names its files with their whole paths, so the folder must come back to the same place.
    """

    program: "subprocess.Popen[str]"
    home: Path
    aside: Path
    shards: list[str]
    after: State = field(default_factory=dict)

    def reset(self) -> None:
        shutil.rmtree(self.home)
        shutil.copytree(self.aside, self.home)

    def relate(self, how: str, value: float = 0, *, fresh: bool = False) -> tuple[int, float]:
        """Relate the second batch in a child; return the signal that ended it and the seconds it took."""
        trial = {"how": how, "value": value, "shards": self.shards[1:], "folder": str(self.home), "fresh": fresh}
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps(trial) + "\n")
        self.program.stdin.flush()
        number, seconds = self.program.stdout.readline().split()
        return int(number), float(seconds)

    def check_mended(self) -> None:
        """Check that the next run leaves the same files with the same content, and none beside them."""
        run(self.shards[1:], self.home)
        assert snapshot(self.home) == self.after


def snapshot(folder: Path) -> State:
    """Return all files and folders with what is in them; the receipt tells the time, so it only must be there."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and path.name != "memberships.json" else b""
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("killed")
    rng = random.Random(4)  # noqa: S311  (a sample, no secret)
    documents = [
        document(
            f"http://news.invalid/{number}",
            "\n".join(rng.sample([*SENTENCES, *RESPUN], 4)),
            DAY + timedelta(days=rng.randrange(30)),
        )
        for number in range(24)
    ]
    shards = write(folder, [documents[:12], documents[12:20], documents[20:]])
    home, aside = folder / "work", folder / "aside"
    run(shards[:1], home)
    shutil.copytree(home, aside)
    whole = run(shards[1:], home)
    assert len({relation.kind for relation in all_relations_of(whole)}) == 4, "a history worth losing"
    with subprocess.Popen(
        [sys.executable, PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as program:
        yield Place(program, home, aside, shards, snapshot(home))
        assert program.stdin is not None
        program.stdin.close()


def test_killed_at_random_moments(place: Place) -> None:
    place.reset()
    signal_number, whole_s = place.relate("never")
    assert signal_number == 0
    assert snapshot(place.home) == place.after, "a child gives what this process gives"
    dice = random.Random(0)  # noqa: S311  (no secret)
    killed = 0
    for _ in range(RANDOM_KILLS):
        place.reset()
        killed += place.relate("after", dice.uniform(0, whole_s))[0] == signal.SIGKILL
        place.check_mended()
    assert killed


def test_killed_before_a_change_to_the_file_system(place: Place) -> None:
    for step in range(1, MOST_STEPS, STRIDE):
        place.reset()
        if place.relate("step", step)[0] == 0:
            assert step > LEAST_STEPS
            return
        place.check_mended()
    pytest.fail(f"relating did not end within {MOST_STEPS} changes")


def test_a_fresh_run_killed_in_the_folder_of_its_own_results(place: Place) -> None:
    """It writes over what the history names: what is left must not count as done. Only names may differ then."""
    place.reset()
    expected = run(place.shards[1:], place.home)
    relations, groups = all_relations_of(expected), partition(all_memberships_of(expected))
    dice = random.Random(1)  # noqa: S311
    _, whole_s = place.relate("never", fresh=True)
    for _ in range(FRESH_KILLS):
        place.relate("after", dice.uniform(whole_s / 2, whole_s), fresh=True)
        mended = run(place.shards[1:], place.home)
        assert all_relations_of(mended) == relations
        assert partition(all_memberships_of(mended)) == groups
        assert snapshot(place.home).keys() == place.after.keys()
