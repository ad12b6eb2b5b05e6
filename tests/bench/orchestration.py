"""What the orchestration costs: the whole run beside the same pure functions in a plain loop, for 80 and 800 pages.

Both sides read the same files in the same bench run, in processes of their own, one worker, one thread. The loop calls
the cores of all stages on each document, makes its rows, and relates the articles; it writes nothing. The run is
`python -m flows.clean` against a Prefect server on loopback, whose CPU time counts too, and writes shards and tables.
What a run costs before its first document (interpreter, imports, Prefect's handshake, warm workers) is measured with a
single page and stated as the fixed start-up; the overhead is what the run costs beyond the loop and the start-up.
A server that does nothing also costs, all day long; that much is measured first and left out.

Memory is the peak of the sum over all processes of the run (proportional set size, so shared pages count once).

    python -m tests.bench.orchestration [PAGES_FOLDER]

Without a folder the development pages are taken where they are there, else pages made here.
"""

import gzip
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.prefect_server import prefect_server

ROOT = Path(__file__).parents[2]
SHARED_PAGES = ROOT.parent / "shared" / "bench" / "extract" / "html"
SIZES = (80, 800)
POLL_S = 0.05
IDLE_S = 20

LOOP = """
import sys, time
from pathlib import Path
from tasks.boilerplate.document import extract_document
from tasks.export.rows import Stamp, document_rows
from tasks.fetch.document import fetch_document
from tasks.fetch.records import FetchOptions
from tasks.fetch.sources import list_inputs
from tasks.mojibake.document import mend_document
from tasks.outcome import Kept
from tasks.spinner.document import unspin_document
from tasks.stories.records import Story
from tasks.stories.relations import relate

def fetch(item):
    return fetch_document(item, FetchOptions())

def documents():
    for row in list_inputs([sys.argv[1]]):
        value = row.document
        for core in (fetch, extract_document, mend_document, unspin_document):
            outcome = core(value)
            if not isinstance(outcome, Kept):
                break
            value = outcome.value
        else:
            yield value

start = time.process_time()
stories, stamp = [], Stamp("", "")
for one in documents():
    stories.append(Story(one.origin.article_id, one.mended.text, one.mended.article.published_at))
    document_rows(one, None, stamp)
relations = list(relate(stories))
print(time.process_time() - start)
"""


@dataclass(frozen=True)
class Cost:
    """CPU seconds and peak bytes of memory of a process with all its children."""

    cpu_s: float
    peak_bytes: int
    wall_s: float


def make_pages(target: Path, count: int, pages: list[bytes]) -> None:
    """Write `count` pages under names of their own, in `target`."""
    target.mkdir(parents=True)
    for number in range(count):
        (target / f"{number:05}.html").write_bytes(pages[number % len(pages)])


def read_pages(folder: Path | None) -> list[bytes]:
    """Return the bytes of the pages to measure on."""
    folder = folder or (SHARED_PAGES if SHARED_PAGES.is_dir() else None)
    if folder is None:
        return [invented_page(number) for number in range(80)]
    packed = [gzip.decompress(path.read_bytes()) for path in sorted(folder.glob("*.html.gz"))]
    return packed + [path.read_bytes() for path in sorted(folder.glob("*.html"))]


def invented_page(number: int) -> bytes:
    """Make a page of news of about 60 kB: a story between menus, scripts and links."""
    dice = random.Random(number)  # noqa: S311  (no secret)
    words = ["the", "council", "of", "harbour", "town", "met", "and", "voted", "on", "new", "homes", "near", "river"]

    def line(length: int) -> str:
        return " ".join(dice.choice(words) for _ in range(length)).capitalize() + "."

    body = "".join(f"<p>{line(30)} {line(20)}</p>" for _ in range(20))
    menu = "".join(f"<li><a href='/{n}'>{line(4)}</a></li>" for n in range(300))
    script = f"<script>{line(3000)}</script>"
    head = f"<head><title>{line(8)}</title>{script}</head>"
    return f"<html>{head}<body><ul>{menu}</ul><article>{body}</article></body></html>".encode()


def idle_rate(server: psutil.Process) -> float:
    """Return what the server costs while nobody asks it anything, in seconds of CPU per second."""
    before = _cpu_s(server)
    time.sleep(IDLE_S)
    return (_cpu_s(server) - before) / IDLE_S


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(command: list[str], environment: dict[str, str], server: psutil.Process, idle: float) -> tuple[Cost, str]:
    """Run `command`; add up the CPU time of all its processes and what `server` spent beyond its `idle` rate."""
    before = _cpu_s(server)
    clock = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True
        )
        spent: dict[tuple[int, float], float] = {}
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(_sample(process.pid, spent)))
            time.sleep(POLL_S)
        wall = time.monotonic() - clock
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        sys.exit(f"{command} ended with status {process.returncode}\n{text}")
    served = _cpu_s(server) - before - idle * wall
    return Cost(sum(spent.values()) + served, peak, wall), text


def _sample(root: int, spent: dict[tuple[int, float], float]) -> Iterator[int]:
    """Note the CPU time of each process of the tree so far; give its memory."""
    try:
        tree = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for one in tree:
        try:
            times = one.cpu_times()
            spent[one.pid, one.create_time()] = times.user + times.system
            yield one.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue


def main() -> None:
    """Measure and print one row per number of pages."""
    pages = read_pages(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    work = Path(tempfile.mkdtemp(prefix="unspun-bench-"))
    run = [sys.executable, "-m", "flows.clean", "--workers", "1", "--out"]
    try:
        with prefect_server(work / "prefect") as running:
            time.sleep(10)  # the server's own start-up work is no cost of a run
            environment, server = {**running.environment, "PYTHONPATH": str(ROOT)}, psutil.Process(running.pid)
            idle = idle_rate(server)
            print(f"the server costs {100 * idle:.1f} % of a core while idle")
            make_pages(work / "warm", 1, pages)
            measure([*run, str(work / "out-warm"), str(work / "warm")], environment, server, idle)
            startup, _ = measure([*run, str(work / "out-one"), str(work / "warm")], environment, server, idle)
            print(f"fixed start-up (one page): {startup.cpu_s:.1f} s of CPU, {startup.wall_s:.1f} s of wall time")
            for size in SIZES:
                make_pages(work / f"in-{size}", size, pages)
                loop, said = measure([sys.executable, "-c", LOOP, str(work / f"in-{size}")], environment, server, idle)
                whole, _ = measure(
                    [*run, str(work / f"out-{size}"), str(work / f"in-{size}")], environment, server, idle
                )
                bare = float(said.strip().splitlines()[-1])
                overhead = (whole.cpu_s - startup.cpu_s - bare) / bare
                print(
                    f"{size:5} pages: loop {bare:6.1f} s of CPU, whole run {whole.cpu_s:6.1f} s, "
                    f"overhead beyond start-up {100 * overhead:5.1f} %; "
                    f"peak memory loop {loop.peak_bytes >> 20} MB, run {whole.peak_bytes >> 20} MB"
                )
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
