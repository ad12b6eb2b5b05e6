"""One crawl in a process of its own, to be killed: `python -m tests.fetch.crawl_once ARCHIVE RUN URLS [CONNECTIONS]`.

URLS is a file of addresses, one a line. Ends with status 0 when every address is settled.
"""

import asyncio
import sys
from pathlib import Path

from tasks.fetch.crawl import crawl
from tasks.fetch.records import CrawledRun, CrawlOptions


def main() -> None:
    archive, run, urls, *more = sys.argv[1:]
    connections = int(more[0]) if more else 16
    options = CrawlOptions(
        concurrency=connections, host_connections=connections, host_delay_s=0, allow_private=True, timeout_s=20
    )
    receipt = asyncio.run(crawl(Path(urls).read_text("utf-8").split(), CrawledRun(archive, run, options)))
    print(receipt)  # noqa: T201


if __name__ == "__main__":
    main()
