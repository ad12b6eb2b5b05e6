"""The list of inputs, written down in shards: what every later stage works on, and the key of what it gives.

Before it the addresses among the sources are asked (`crawl_sources`); what they led to is looked up in the ledger. A
shard of inputs is named by the digest of its content, so the same inputs are the same file in every run, and a file
or a page that changed (its signature is part of the row) gives another shard and with it other keys for the stages
that follow.
"""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tasks.fetch.ledger import Ledger
from tasks.fetch.records import CrawledRun, CrawlReceipt, InputItem, InputKind
from tasks.fetch.sources import addresses_in, list_inputs
from tasks.fetch.web_inputs import WebInputs
from tasks.shards import (
    Receipt,
    Row,
    read_receipt,
    retryable_disk,
    sync_folder,
    write_receipt,
    write_shard,
)
from tasks.workers import Watch

STAGE = "inputs"
# Only one run at a time works in a folder, so one name will do; what a killed run left under it is written over.
UNNAMED = ".unnamed.parquet"


@dataclass(slots=True)
class _Tally:
    """Counts of the rows that went by."""

    rows: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def count(self, rows: Iterable[Row[InputItem]]) -> Iterator[Row[InputItem]]:
        for row in rows:
            self.rows += 1
            if row.reject is not None:
                self.dropped[row.reject.reason] += 1
            yield row


def crawl_sources(sources: Sequence[str], crawled: CrawledRun, *, watch: Watch) -> CrawlReceipt:
    """Ask all addresses among `sources`, and those they lead to. Runs in a child process, as `plan_shards` does.

    Sources without an address cost nothing and leave no archive. Raises what `tasks.fetch.crawl.crawl` raises.
    """
    addresses = addresses_in(sources)
    if not addresses:
        return CrawlReceipt()
    from tasks.fetch.crawl import crawl  # noqa: PLC0415  (its clients: 0.2 s and 19 MB that a run over files need not pay)

    return asyncio.run(crawl(addresses, crawled, watch.beat))


def plan_shards(
    sources: Sequence[str],
    folder: str,
    shard_size: int,
    crawled: CrawledRun,
    *,
    watch: Watch,  # noqa: ARG001  (listing works on no document; every job is given a watch)
) -> list[Receipt]:
    """List the inputs of `sources` into `folder/inputs/<digest>.parquet`, at most `shard_size` rows each.

    Returns their receipts in the order of the inputs. Raises Retryable where the machine is in the way.
    """
    home = Path(folder) / STAGE
    with contextlib.ExitStack() as stack:
        rows = _inputs(sources, crawled, stack)
        return [_write(itertools.chain([first], itertools.islice(rows, shard_size - 1)), home) for first in rows]


def _inputs(sources: Sequence[str], crawled: CrawledRun, stack: contextlib.ExitStack) -> Iterator[Row[InputItem]]:
    """List the inputs; the ledger is opened where the first address is met, and stays so until `stack` ends."""
    web: WebInputs | None = None
    for row in list_inputs(sources):
        if row.document is None or row.document.kind is not InputKind.URL:
            yield row
            continue
        if web is None:
            ledger = stack.enter_context(Ledger(Path(crawled.archive)))
            web = WebInputs(ledger, Path(crawled.archive), crawled.run, crawled.options)
        yield from web.behind(row.document.location)


def _write(rows: Iterable[Row[InputItem]], home: Path) -> Receipt:
    """Write one shard and its receipt. What is there from an earlier run is the same file, and stays."""
    clock, cpu, tally = time.monotonic(), time.process_time(), _Tally()
    unnamed = home / UNNAMED
    digest = write_shard(unnamed, tally.count(rows), InputItem)
    target = home / f"{digest[:32]}.parquet"
    with retryable_disk(target):
        unnamed.replace(target)
        sync_folder(home)
    done = read_receipt(target)
    if done is not None:
        return done
    receipt = Receipt(
        stage=STAGE,
        path=str(target),
        digest=digest,
        rows=tally.rows,
        kept=tally.rows - tally.dropped.total(),
        dropped=dict(sorted(tally.dropped.items())),
        cpu_s=round(time.process_time() - cpu, 4),
        wall_s=round(time.monotonic() - clock, 4),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_receipt(receipt)
    return receipt
