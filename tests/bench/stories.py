"""What relating articles costs as they become more, beside MinHash with bands (LSH) of datasketch, in one run.

Distinct made-up articles (`made_news`), 2,500 to 20,000, stand in shards as a run leaves them. Both sides read the same
shards, each in a fresh process of its own, and then those of 1,000 articles more. unspun compares every candidate in
full, groups the relations, and writes its results and what the next run needs to disk. datasketch signs each article
(128 permutations of runs of five words), looks it up in an index (threshold 0.5) and adds it; it tells candidates, and
its index is gone with the process. So compare how each grows, and what each finds.

An article has five relatives on average among many as among few, and so has each of the 1,000 among the old ones. That
is more than in real news, where new articles report new events.

CPU time counts all threads; DuckDB has two. Memory is the highest resident size of the process in both runs, with
nothing taken off for interpreter and libraries. State is all that unspun keeps after the first run.

What each finds: among texts made of the development pages beside the checkout (`tests/eval/story_pairs.py`, the half
that has floors), by how they were made. Where the pages are absent this is left out. One word in five replaced leaves
a third of the runs of five words, a Jaccard similarity of 0.2, so datasketch can't find such copies at 0.5.

    python -m tests.bench.stories [SIZE...]
"""

import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import tee
from multiprocessing import Pipe, get_context
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq

from tasks.stories.corpus import relate_shards
from tasks.stories.records import Relation, RelationKind, Story
from tasks.workers import Limits, Watch

SIZES = (2_500, 5_000, 10_000, 20_000)
N_MORE = 1_000
ARTICLES_PER_EVENT = 5  # on average
SHARD_ARTICLES = 300  # as `flows.clean` cuts them
PERMUTATIONS = 128
THRESHOLD = 0.5
SHINGLE_WORDS = 5
WORD_RE = re.compile(r"\w+")

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """What it cost to relate a number of articles, then `N_MORE` more beside them; how many pairs it told."""

    cpu_s: float
    wall_s: float
    more_s: float
    peak_bytes: int
    n_pairs: int
    state_bytes: int = 0


class Clock:
    """Seconds of CPU and on the wall, since it was made."""

    def __init__(self) -> None:
        """Begin."""
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    @property
    def cpu_s(self) -> float:
        """Return the seconds of CPU of all threads of this process."""
        return time.process_time() - self._cpu

    @property
    def wall_s(self) -> float:
        """Return the seconds that passed."""
        return time.perf_counter() - self._wall


def in_own_process(work: Callable[..., T], *arguments: object) -> T:
    """Return what `work` gives in a fresh process, whose memory is nobody else's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def peak_bytes() -> int:
    """Return the highest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# Both sides. What only one of them needs is imported where it is used, or it would count as memory of the other.


def write_news(folder: Path, n_articles: int) -> tuple[list[str], list[str]]:
    """Write shards of `n_articles`, and shards of `N_MORE` others; return the paths of both."""
    from tests.bench.made_news import make_articles  # noqa: PLC0415  (see above)
    from tests.stories.made_stories import write  # noqa: PLC0415

    articles = list(make_articles(n_articles + N_MORE, n_events=max(1, n_articles // ARTICLES_PER_EVENT)))
    paths = []
    for name, some in (("old", articles[:n_articles]), ("new", articles[n_articles:])):
        (folder / name).mkdir()
        parts = [some[at : at + SHARD_ARTICLES] for at in range(0, len(some), SHARD_ARTICLES)]
        paths.append(write(folder / name, parts))
    old, new = paths
    return old, new


def cost_of_unspun(old: Sequence[str], new: Sequence[str], folder: Path) -> Cost:
    """Relate the articles of the old shards, then those of the new ones beside them."""
    ours, theirs = Pipe()
    with ours, theirs:
        watch = Watch(theirs, {}, Limits())
        clock = Clock()
        first = relate_shards(old, str(folder), fresh=False, watch=watch)
        cpu_s, wall_s = clock.cpu_s, clock.wall_s
        state_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        n_pairs = pq.read_metadata(first.relations).num_rows
        clock = Clock()
        relate_shards(new, str(folder), fresh=False, watch=watch)
        return Cost(cpu_s, wall_s, clock.wall_s, peak_bytes(), n_pairs, state_bytes)


def cost_of_datasketch(old: Sequence[str], new: Sequence[str]) -> Cost:
    """Index the articles of the old shards, then those of the new ones beside them."""
    index = Index()
    clock = Clock()
    n_pairs = len(list(index.add(read_stories(old))))
    cpu_s, wall_s = clock.cpu_s, clock.wall_s
    clock = Clock()
    list(index.add(read_stories(new)))
    return Cost(cpu_s, wall_s, clock.wall_s, peak_bytes(), n_pairs)


def read_stories(shards: Sequence[str]) -> Iterator[Story]:
    """Read the articles of shards; their addresses do as ids."""
    for shard in shards:
        with pq.ParquetFile(shard) as file:
            documents = file.read(columns=["document.origin.input", "document.text"])["document"].to_pylist()
        yield from (Story(one["origin"]["input"], one["text"]) for one in documents if one is not None)


class Index:
    """An index of datasketch, as its documentation has it."""

    def __init__(self) -> None:
        """Make an empty one."""
        from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]  # noqa: PLC0415  (see above)

        self._sign = MinHash.generator
        self._index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)

    def add(self, stories: Iterable[Story]) -> Iterator[tuple[str, str]]:
        """Add articles, and yield the ids of each pair that is found on the way, sorted."""
        ids, texts = tee(stories)
        signatures = self._sign((shingles(story.text) for story in texts), num_perm=PERMUTATIONS)
        for story, signature in zip(ids, signatures, strict=True):
            for other in self._index.query(signature):
                yield min(story.article_id, other), max(story.article_id, other)
            self._index.insert(story.article_id, signature)


def shingles(text: str) -> set[bytes]:
    """Return the runs of five words of a text."""
    words = WORD_RE.findall(text.lower())
    starts = range(max(1, len(words) - SHINGLE_WORDS + 1))
    return {" ".join(words[start : start + SHINGLE_WORDS]).encode() for start in starts}


# What they find


def relate_with_datasketch(stories: Iterable[Story]) -> list[Relation]:
    """State a copy for every pair that datasketch finds."""
    return [Relation(*pair, RelationKind.COPY, THRESHOLD, 0, None) for pair in Index().add(stories)]


def print_found() -> None:
    """Print for each way of copying what share of the copies each side finds, and the false ones among distinct pages.

    All that datasketch finds counts as right, of ours only what is called a copy or a spun copy.
    """
    from tests.eval.story_pairs import COPIES, COPY_OR_SPUN, FILES, PARTIAL, SPUN, Bond, score  # noqa: PLC0415

    if not all(path.exists() for path in FILES):
        print("What each finds: left out, the development pages are not beside this checkout")
        return
    ours, theirs = score("test"), score("test", relate_with_datasketch)
    print(f"Copies found among {ours.n_documents} texts")
    strangers = [Bond.STRANGERS, f"{Bond.STRANGERS}, texts made of them"]
    for name, labels in {
        "light copies": COPIES.ways,
        "partial copies": PARTIAL.ways,
        **{way: [way] for way in SPUN.ways},
        "strangers (none is right)": strangers,
    }.items():
        shares = (f"{100 * side.share(labels, COPY_OR_SPUN):5.1f} %" for side in (ours, theirs))
        print("{:26}unspun {}   datasketch {}".format(name, *shares))


def print_cost(side: str, n_articles: int, cost: Cost) -> None:
    """Print what relating so many articles cost one side."""
    cpu_s, wall_s = (1000 * seconds / n_articles for seconds in (cost.cpu_s, cost.wall_s))
    state = f", state {cost.state_bytes / n_articles:,.0f} bytes an article" if cost.state_bytes else ""
    print(
        f"{n_articles:7,} articles, {side:11}{cpu_s:6.2f} s CPU {wall_s:6.2f} s wall per 1,000, {N_MORE:,} more in "
        f"{cost.more_s:6.2f} s wall, peak {cost.peak_bytes / 1e6:5,.0f} MB, {cost.n_pairs:,} pairs{state}",
        flush=True,
    )


def print_growth(side: str, sizes: Sequence[int], costs: Sequence[Cost]) -> None:
    """Print how much longer an article takes among many than among few."""
    cpu, wall = (
        (of(costs[-1]) / sizes[-1]) / (of(costs[0]) / sizes[0]) for of in (attrgetter("cpu_s"), attrgetter("wall_s"))
    )
    print(
        f"{side:11}one of {sizes[-1]:,} articles takes {cpu:.2f} x the CPU time, {wall:.2f} x the wall time of one of "
        f"{sizes[0]:,}"
    )


def main(sizes: Sequence[int] = SIZES) -> None:
    """Measure each size in turn, and print."""
    costs: dict[str, list[Cost]] = {"unspun": [], "datasketch": []}
    for n_articles in sizes:
        with tempfile.TemporaryDirectory(prefix="unspun-stories-") as name:
            folder = Path(name)
            old, new = in_own_process(write_news, folder, n_articles)
            costs["unspun"].append(in_own_process(cost_of_unspun, old, new, folder / "work"))
            costs["datasketch"].append(in_own_process(cost_of_datasketch, old, new))
        for side, measured in costs.items():
            print_cost(side, n_articles, measured[-1])
    for side, measured in costs.items():
        print_growth(side, sizes, measured)
    in_own_process(print_found)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
