"""A writer of archive and ledger, killed again and again: `python -m tests.fetch.killed_writer FOLDER KILLS SEED`.

Forks writers, each of which recovers what the one before left and goes on, and kills each with signal 9 at a random
moment, until `KILLS` are dead; one more is left to finish. A writer notes each address it asks in `FOLDER/asked.log`,
before it archives the answer. Prints how many were killed, what the recoveries adopted, how many of them found a torn
record, and the seconds of the slowest.

A fork is at work at once, so kills come fast and anywhere: of every other writer at any moment of its life, of those
between once it asks for pages, however long a busy machine lets it wait for that.
"""

import contextlib
import itertools
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tasks.fetch.archive import ArchiveWriter
from tasks.fetch.ledger import Ledger, LedgerEntry, NewUrl, UrlState, with_record
from tasks.fetch.records import Answer
from tasks.fetch.recovery import recover

RUN = "run-1"
N_URLS = 5_000
URLS = [f"https://bote.example/{number}" for number in range(N_URLS)]
LONGEST_LIFE_S = 0.1
SEGMENT_BYTES = 2_000_000


def answer_to(url: str) -> Answer:
    """Return the page at `url`, always the same: up to 60 kB that can't be packed, now and then a trifle."""
    dice = random.Random(url)  # noqa: S311  (no secret)
    body = dice.randbytes(dice.choice([10, 500, 12_000, 60_000]))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n"
    return Answer(url, datetime.now(UTC), "192.0.2.7", 200, head, body, content_encoding="br")


def judge(answer: Answer, entry: LedgerEntry) -> LedgerEntry:
    """Call every answer a page."""
    assert answer.url == entry.url
    return replace(entry, state=UrlState.PAGE, attempts=entry.attempts + 1)


def write(folder: Path, seed: int) -> None:
    """Recover, and ask what waits in batches of a random size."""
    dice = random.Random(seed)  # noqa: S311
    with ArchiveWriter(folder, SEGMENT_BYTES) as archive, Ledger(folder) as ledger:
        started = time.perf_counter()
        recovered = recover(archive, ledger, judge)
        seconds = time.perf_counter() - started
        note(folder / "recoveries.log", f"{seconds} {recovered.adopted} {recovered.cut_bytes}")
        ledger.add([NewUrl(url, is_source=False, hops=0) for url in URLS], RUN)
        waiting = iter(list(ledger.waiting(RUN)))
        while batch := list(itertools.islice(waiting, dice.randint(1, 60))):
            settled = []
            for entry in batch:
                note(folder / "asked.log", entry.url)
                answer = answer_to(entry.url)
                place = archive.append(answer)
                settled.append(with_record(judge(answer, entry), answer, place, is_revisit=False))
            archive.sync()
            ledger.settle(settled, {"bote.example": str(len(settled))}, archive.segments())


def note(log: Path, line: str) -> None:
    with log.open("a") as file:
        file.write(f"{line}\n")


@contextlib.contextmanager
def writer(folder: Path, seed: int) -> Iterator[int]:
    """Fork a writer; give its process id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            write(folder, seed)
            status = 0
        finally:
            os._exit(status)
    yield child


def wait_for_work(log: Path, n_bytes: int) -> None:
    """Wait until `log` is longer than `n_bytes`, for some seconds at most."""
    for _ in range(5_000):
        if size(log) > n_bytes:
            return
        time.sleep(0.001)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def main() -> None:
    folder, n_kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    dice = random.Random(seed)  # noqa: S311
    n_died = 0
    for number in range(n_kills):
        n_asked = size(folder / "asked.log")
        with writer(folder, seed + number) as child:
            if number % 2:
                wait_for_work(folder / "asked.log", n_asked)
            time.sleep(dice.uniform(0.0, LONGEST_LIFE_S))
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"writer {number} failed"
        n_died += os.WIFSIGNALED(status)
    with writer(folder, seed) as child:
        _, status = os.waitpid(child, 0)
    assert status == 0, "the last writer failed"
    recoveries = [line.split() for line in (folder / "recoveries.log").read_text().splitlines()]
    n_adopted = sum(int(adopted) for _, adopted, _ in recoveries)
    n_torn = sum(int(cut) > 0 for _, _, cut in recoveries)
    print(n_died, n_adopted, n_torn, max(float(seconds) for seconds, _, _ in recoveries))  # noqa: T201


if __name__ == "__main__":
    main()
