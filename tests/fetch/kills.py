"""A crawl that is killed again and again with signal 9, and what must hold of what it leaves.

`crawl_through_kills` runs `tests.fetch.crawl_once` against a site in a process of its own and kills it at random
moments until it gets to its end. After each kill it notes which records stand in the archive whole, with a reader
that is not the project's own (zlib, member by member); at the end it counts:

- lost: addresses without a page in the ledger, or without a record that FastWARC reads where the ledger says;
- repeated: addresses with more than one record of a response, so a page that was written whole and asked for again;
- damaged: bytes that were whole after one kill and are not the same at the end.

Every second recovery is done and timed here, the others by the next crawl itself.
"""

import contextlib
import hashlib
import random
import re
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

from tasks.fetch.archive import ArchiveWriter
from tasks.fetch.ledger import Ledger
from tasks.fetch.records import CrawlOptions
from tasks.fetch.recovery import recover
from tasks.fetch.verdict import judge

ROOT = Path(__file__).parents[2]
OPTIONS = CrawlOptions(allow_private=True)
URI_RE = re.compile(rb"WARC-Target-URI: <?([^\r>]*)")
MOST_STARTS = 2_000
RUN = "run-1"


@dataclass
class Outcome:
    """What a crawl through kills came to. `recoveries_s` are the seconds of the recoveries timed here."""

    kills: int = 0
    adopted: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    recoveries_s: list[float] = field(default_factory=list)
    requests: int = 0


@contextlib.contextmanager
def site_process(folder: Path, n_ports: int = 1) -> Iterator[tuple[list[int], Path]]:
    """Serve news pages in a process of its own; give its ports and the log of its requests."""
    log = folder / "requests.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.site_server", str(log), str(n_ports)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield [int(port) for port in process.stdout.readline().split()], log
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def crawl_through_kills(folder: Path, n_urls: int, n_kills: int, longest_s: float, seed: int) -> Outcome:
    """Crawl `n_urls` pages, killing the crawl at least `n_kills` times, each within `longest_s` of its start."""
    dice = random.Random(seed)  # noqa: S311  (no secret)
    outcome = Outcome()
    archive = folder / "archive"
    with site_process(folder, n_ports=4) as (ports, log):
        urls = [f"http://127.0.0.1:{ports[n % len(ports)]}/story/{n}" for n in range(n_urls)]
        (folder / "urls.txt").write_text("\n".join(urls))
        whole = _Whole(archive)
        for start in range(MOST_STARTS):
            is_over = _run(folder, archive, None if outcome.kills >= n_kills else dice.uniform(0, longest_s))
            if is_over:
                break
            outcome.kills += 1
            whole.note()
            if start % 2 and (archive / "ledger.sqlite").exists():
                _recover(archive, outcome)
        outcome.requests = sum(line.split()[1].startswith("/story/") for line in log.read_text().splitlines())
    outcome.damaged = whole.damaged()
    _count(archive, urls, outcome)
    return outcome


def _run(folder: Path, archive: Path, kill_after_s: float | None) -> bool:
    """Start the crawl; say whether it got to its end. The clock of its life runs from its first sign of work."""
    command = [sys.executable, "-m", "tests.fetch.crawl_once", str(archive), RUN, str(folder / "urls.txt")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process.stderr:
        if kill_after_s is not None:
            began = _size(archive)
            deadline = time.monotonic() + 30
            while process.poll() is None and _size(archive) == began and time.monotonic() < deadline:
                time.sleep(0.005)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(kill_after_s)
            process.kill()
        process.wait(timeout=600)
        said = process.stderr.read()
    assert process.returncode in {0, -9}, said
    return process.returncode == 0


def _size(archive: Path) -> int:
    """Return how much was written, the ledger's journal included: that the crawl is past its imports."""
    with contextlib.suppress(FileNotFoundError):
        return sum(path.stat().st_size for path in archive.iterdir())
    return 0


def _recover(archive: Path, outcome: Outcome) -> None:
    started = time.perf_counter()
    with ArchiveWriter(archive) as writer, Ledger(archive) as ledger:
        recovered = recover(writer, ledger, lambda answer, entry: judge(answer, entry, OPTIONS))
    outcome.recoveries_s.append(time.perf_counter() - started)
    outcome.adopted += recovered.adopted


@dataclass
class _Whole:
    """Which bytes of the archive were whole records after some kill, and what they were."""

    archive: Path
    known: dict[str, int] = field(default_factory=dict)
    digests: dict[tuple[str, int, int], str] = field(default_factory=dict)

    def note(self) -> None:
        """Read what was written since the last time, member by member, up to the torn tail."""
        for path in sorted(self.archive.glob("*.warc.gz*")):
            name = path.name.removesuffix(".open")
            at = self.known.get(name, 0)
            with path.open("rb") as file:
                file.seek(at)
                rest = file.read()
            while rest:
                member = zlib.decompressobj(16 + zlib.MAX_WBITS)
                try:
                    member.decompress(rest)
                except zlib.error:
                    break
                if not member.eof:
                    break
                length = len(rest) - len(member.unused_data)
                self.digests[name, at, length] = hashlib.sha256(rest[:length]).hexdigest()
                at, rest = at + length, member.unused_data
            self.known[name] = at

    def damaged(self) -> list[str]:
        """Return the records that are not any more what they were."""
        found = []
        for (name, at, length), digest in self.digests.items():
            path = self.archive / name
            with (path if path.exists() else path.with_name(f"{name}.open")).open("rb") as file:
                file.seek(at)
                if hashlib.sha256(file.read(length)).hexdigest() != digest:
                    found.append(f"{name} at {at}")
        return found


def _count(archive: Path, urls: list[str], outcome: Outcome) -> None:
    records: Counter[str] = Counter()
    for path in sorted(archive.glob("*.warc.gz*")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=False):
                if record.record_type in (WarcRecordType.response, WarcRecordType.revisit):
                    records[record.headers["WARC-Target-URI"].strip("<>")] += 1
    with Ledger(archive) as ledger:
        entries = {entry.url: entry for entry in ledger.get_many(urls)}
    outcome.lost = [url for url in urls if url not in entries or entries[url].place is None or not records[url]]
    outcome.repeated = [url for url in urls if records[url] > 1]
