"""200 kills during a crawl of 20,000 pages on loopback: what was lost, repeated or damaged, and how long recovery took.

python -m tests.bench.kills [PAGES KILLS]
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.fetch.kills import crawl_through_kills


def main() -> None:
    """Crawl, kill, count, print."""
    n_urls, n_kills = (int(number) for number in sys.argv[1:3]) if len(sys.argv) > 2 else (20_000, 200)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="unspun-kills-") as folder:
        outcome = crawl_through_kills(Path(folder), n_urls, n_kills, longest_s=0.25, seed=20261125)
    slowest, n_timed = max(outcome.recoveries_s), len(outcome.recoveries_s)
    print(
        f"{n_urls} pages, {outcome.kills} kills: {len(outcome.lost)} lost, {len(outcome.repeated)} asked again after "
        f"they were written, {len(outcome.damaged)} records damaged; {outcome.requests} requests; "
        f"{n_timed} recoveries timed, the slowest {slowest:.3f} s; {time.monotonic() - started:.0f} s in all"
    )
    if outcome.lost or outcome.repeated or outcome.damaged:
        sys.exit(1)


if __name__ == "__main__":
    main()
