"""A program that relates shards in forked children and kills them on the way, for `test_kill.py`.

Each line on standard input is one trial, in JSON: `how` and `value`, the `shards`, the `folder`, whether `fresh`. How
"after" kills the child with signal 9 after that many seconds, "step" lets it kill itself before that change to the file
system, "never" lets it finish. The answer is a line: the signal (0 if the child finished), and the seconds it took.
"""

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from itertools import count

from tasks.stories.corpus import relate_shards
from tasks.stories.records import Story
from tasks.stories.signatures import sign
from tasks.workers import Limits, Watch

# What Python tells its audit hooks about changes to the names in the file system. What DuckDB does is unheard.
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "tempfile.mkstemp", "tempfile.mkdtemp"}


def relate_until(how: str, value: float, shards: Sequence[str], folder: str, *, fresh: bool) -> None:
    """Relate shards in this process, which ends itself before the change number `value`, if `how` says so."""
    steps = count(1)

    def hear(event: str, _: object) -> None:
        if event in CHANGES and next(steps) == value:
            os.kill(os.getpid(), signal.SIGKILL)

    if how == "step":
        sys.addaudithook(hear)
    pipe, _ = multiprocessing.Pipe()
    relate_shards(shards, folder, fresh, watch=Watch(pipe, {}, Limits()))


def main() -> None:
    sign(Story("", "What is loaded once is loaded here, so that the children spend their time on the shards."))
    for line in sys.stdin:
        trial = json.loads(line)
        how, value = trial.pop("how"), trial.pop("value")
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            relate_until(how, value, **trial)
            os._exit(0)
        if how == "after":
            time.sleep(value)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{-os.waitstatus_to_exitcode(status)} {time.monotonic() - begun}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
