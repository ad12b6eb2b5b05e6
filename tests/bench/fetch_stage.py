"""What the fetch stage costs beside a bare aiohttp loop: CPU per page at 1, 32 and 256 requests at a time, and memory.

Both sides ask the same server, in a process of its own on loopback, for the same pages of about 60 kB that it sends
packed with gzip. The loop is `async with session.get(url) as answer: await answer.read()`, unpacked by aiohttp,
nothing kept. The stage guards each address, asks robots.txt, unpacks under limits, archives each answer in a WARC
file and enters it in a ledger that would survive the loss of power. Each measurement runs in a new process and counts
its CPU time, all threads included, from after the imports; the sides take turns, and the ratio is that of the
medians.

    python -m tests.bench.fetch_stage [PAGES [ROUNDS]]
"""

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fetch.kills import ROOT, site_process

CONCURRENCIES = (1, 32, 256)
N_PORTS = 8


def bare(urls: Sequence[str], concurrency: int) -> None:
    """Ask for each address with aiohttp alone."""
    import aiohttp  # noqa: PLC0415  (each side imports its own)

    async def ask() -> None:
        left = iter(urls)

        async def take(session: aiohttp.ClientSession) -> None:
            for url in left:
                async with session.get(url) as answer:
                    await answer.read()

        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(take(session) for _ in range(concurrency)))

    _measured(lambda: asyncio.run(ask()), len(urls))


def stage(urls: Sequence[str], concurrency: int, folder: str) -> None:
    """Ask for each address as the stage does."""
    from tasks.fetch.crawl import crawl  # noqa: PLC0415
    from tasks.fetch.records import CrawledRun, CrawlOptions  # noqa: PLC0415

    options = CrawlOptions(
        concurrency=concurrency, host_connections=concurrency, host_delay_s=0, allow_private=True, timeout_s=60
    )
    receipts = []
    _measured(lambda: receipts.append(asyncio.run(crawl(urls, CrawledRun(folder, "bench", options)))), len(urls))
    if receipts[0].states != {"page": len(urls)}:
        sys.exit(f"not all pages came: {receipts[0]}")


def _measured(work: object, n_pages: int) -> None:
    cpu, wall = time.process_time(), time.monotonic()
    work()  # type: ignore[operator]
    spent = (time.process_time() - cpu) / n_pages * 1e6
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"us": spent, "pages_per_s": n_pages / (time.monotonic() - wall), "peak_mb": peak_mb}))


def _run(side: str, concurrency: int, ports: Sequence[int], n_pages: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="unspun-bench-") as folder:
        command = [sys.executable, "-m", "tests.bench.fetch_stage", side, str(concurrency), str(n_pages), folder]
        done = subprocess.run(
            [*command, *map(str, ports)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=600
        )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def main() -> None:
    """Measure both sides in turn and print a row for each concurrency."""
    n_pages, rounds = (int(sys.argv[1]) if sys.argv[1:] else 8_000), (int(sys.argv[2]) if sys.argv[2:] else 3)
    with (
        tempfile.TemporaryDirectory(prefix="unspun-bench-") as folder,
        site_process(Path(folder), N_PORTS) as (ports, _),
    ):
        for concurrency in CONCURRENCIES:
            turns = [
                (_run("bare", concurrency, ports, n_pages), _run("stage", concurrency, ports, n_pages))
                for _ in range(rounds)
            ]
            loop_us, stage_us = (statistics.median(turn[side]["us"] for turn in turns) for side in (0, 1))
            peaks = [max(turn[side]["peak_mb"] for turn in turns) for side in (0, 1)]
            print(
                f"{concurrency:3} at a time: aiohttp {loop_us:5.0f} us of CPU a page, the stage {stage_us:5.0f} us, "
                f"ratio {stage_us / loop_us:.2f}; peak memory {peaks[0]:.0f} and {peaks[1]:.0f} MB; "
                f"{turns[-1][1]['pages_per_s']:.0f} pages a second",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] in (["bare"], ["stage"]):
        _, _, number, pages, where, *open_ports = sys.argv
        asked = [f"http://127.0.0.1:{open_ports[n % len(open_ports)]}/story/{n}" for n in range(int(pages))]
        if sys.argv[1] == "bare":
            bare(asked, int(number))
        else:
            stage(asked, int(number), where)
    else:
        main()
