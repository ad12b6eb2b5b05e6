"""How far a run is: a live bar on a terminal, a plain line now and then elsewhere.

The only place that writes to the screen while a run goes on. Everything goes to standard error, so that standard
output holds the summary alone.
"""

import contextlib
import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PLAIN_EVERY_S = 10.0


class Reporter:
    """Counts the documents of one phase."""

    def advance(self, documents: int) -> None:
        """Say that so many more documents are through."""
        raise NotImplementedError


class _Bar(Reporter):
    def __init__(self, progress: Progress, title: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=total)

    def advance(self, documents: int) -> None:
        self._progress.advance(self._task, documents)


class _Lines(Reporter):
    def __init__(self, title: str, total: int) -> None:
        self._title, self._total, self._done, self._said_at = title, total, 0, 0.0

    def advance(self, documents: int) -> None:
        self._done += documents
        if self._done >= self._total or time.monotonic() - self._said_at >= PLAIN_EVERY_S:
            self._said_at = time.monotonic()
            print(f"{self._title}: {self._done} of {self._total} inputs", file=sys.stderr, flush=True)


@contextlib.contextmanager
def phase(title: str, total: int) -> Iterator[Reporter]:
    """Report on one phase over `total` inputs."""
    if not sys.stderr.isatty():
        yield _Lines(title, total)
        return
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _Bar(progress, title, total)
