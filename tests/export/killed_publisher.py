"""A program that publishes in forked children and kills them on the way, for `test_kill.py`.

    python killed_publisher.py REQUEST.pickle

Each line on standard input is one trial: `after SECONDS OUT` kills the child with signal 9 after that time, `step N
OUT` lets it kill itself before its Nth change to the file system, `never 0 OUT` lets it finish. The answer is a line:
the signal (0 if the child finished), and the seconds it took.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import pandas as pd  # noqa: F401  (Arrow imports it at its first conversion: once here, not in every child)

from tasks.export.publish import publish_run
from tasks.export.records import PublishRequest
from tasks.workers import Limits, Watch

# What Python tells its audit hooks about changes to the names in the file system. The folders of a generation, made
# before anything else, are left out to save time; Parquet files are written by Arrow, unheard.
CHANGES = {"os.rename", "os.symlink", "os.link", "os.remove", "os.rmdir"}


def publish_until(how: str, value: float, request: PublishRequest) -> None:
    """Publish in this process, which ends itself before the change number `value`, if `how` says so."""
    steps = count(1)

    def hear(event: str, _: object) -> None:
        if event in CHANGES and next(steps) == value:
            os.kill(os.getpid(), signal.SIGKILL)

    if how == "step":
        sys.addaudithook(hear)
    pipe, _ = multiprocessing.Pipe()
    publish_run(request, watch=Watch(pipe, {}, Limits()))


def main() -> None:
    request: PublishRequest = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301  (our own, a moment old)
    for line in sys.stdin:
        how, value, out = line.rstrip("\n").split(" ", 2)
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            publish_until(how, float(value), replace(request, out=out))
            os._exit(0)
        if how == "after":
            time.sleep(float(value))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{-os.waitstatus_to_exitcode(status)} {time.monotonic() - begun}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
