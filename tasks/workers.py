"""Processes that may die: CPU work runs in a few persistent child processes, and what kills one costs one document.

A `Job` names a function and gives it paths, never pages: what crosses the pipe is a few hundred bytes. The function
wraps its work on each document in `with watch.at(index):`. That arms two kernel timers, of CPU time and of wall time,
whose signals end the process even inside C code that never returns to Python; it also tells the parent which document
is at work, so that when the process dies (time limit, segmentation fault, out of memory) the parent knows the culprit,
starts a fresh process and gives it the same job with that document named as lost. Every retry loses one more
document, so the loop is bounded by the number of documents.

CPU time is the limit that counts: on a busy machine a healthy document may wait long for its turn. Wall time, six
times as long, is for a document that sleeps or waits.

The children are forked from a fork server that has imported the heavy libraries once and has never imported Prefect
or the parent's `__main__`. They end when the pipe to the parent does, also when the parent is killed with signal 9.
"""

import contextlib
import gc
import importlib
import multiprocessing
import queue
import resource
import signal
import sys
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any, Protocol

from tasks.outcome import DropReason, Fatal

# What every child needs sooner or later; imported once in the fork server, shared by all children.
PRELOADED = [
    "tasks.fetch.document",
    "tasks.boilerplate.document",
    "tasks.mojibake.document",
    "tasks.stories.corpus",
    "tasks.spinner.document",
    "tasks.export.publish",
]
WALL_PER_CPU = 6
# Signals with which a child ends on a limit, and what they mean for the document at work.
DEATHS = {signal.SIGPROF: DropReason.TIME_LIMIT, signal.SIGALRM: DropReason.TIME_LIMIT}

# Documents that cost a process its life: index in the shard -> why, in words.
Lost = dict[int, tuple[DropReason, str]]


class Work(Protocol):
    """What a job's function looks like: its own arguments, then the watch over it."""

    def __call__(self, *args: Any, watch: "Watch") -> Any: ...  # noqa: ANN401, D102


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may use: CPU seconds, and bytes of memory of its whole process."""

    document_cpu_s: float = 10.0
    memory_bytes: int = 4 << 30


@dataclass(frozen=True, slots=True)
class Job:
    """A call of `function` (written `package.module:name`) with picklable `args`, in a child process.

    `isolate` says whether the function names the document at work, so that a death can be laid at its door.
    """

    function: str
    args: tuple[Any, ...]
    limits: Limits
    isolate: bool = True


class WorkerDiedError(Fatal):
    """A child process died and no document can be blamed."""


class Workers:
    """At most `size` child processes, started when first needed and kept warm. Threads may share it."""

    def __init__(self, size: int) -> None:
        """Start nothing yet."""
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(None)

    def run(self, job: Job) -> Any:  # noqa: ANN401  (the job's function decides)
        """Run `job` in a child, waiting for a free one, and return what its function returns.

        Raises what the function raises, and WorkerDiedError where a process died outside any document.
        """
        lost: Lost = {}
        child = self._idle.get()
        try:
            while True:
                if child is None:
                    child = _Child(self._context)
                try:
                    return child.call(job, lost)
                except _ChildDied as death:
                    child = None
                    if not job.isolate or death.index is None or death.index in lost:
                        raise WorkerDiedError(f"a worker process died in {job.function}: {death.cause}") from death
                    lost[death.index] = (death.reason, death.cause)
        finally:
            self._idle.put(child)

    def close(self) -> None:
        """End all idle children. Call it when no job runs."""
        for _ in range(self._idle.qsize()):
            child = self._idle.get_nowait()
            if child is not None:
                child.end()
            self._idle.put(None)


_shared: dict[int, Workers] = {}
_shared_lock = threading.Lock()


def shared_workers(size: int) -> Workers:
    """Return this process's pool of `size` children: the same one at every call, so that it stays warm."""
    with _shared_lock:
        if size not in _shared:
            _shared[size] = Workers(size)
        return _shared[size]


def close_shared_workers() -> None:
    """End the children of all pools of this process."""
    with _shared_lock:
        for workers in _shared.values():
            workers.close()


class _ChildDied(Exception):  # noqa: N818  (internal: never leaves this module)
    def __init__(self, index: int | None, exit_code: int | None) -> None:
        number = -(exit_code or 0)
        name = signal.Signals(number).name if number in set(signal.Signals) else None
        super().__init__(index, exit_code)
        self.index = index
        self.cause = f"ended by {name}" if name else f"exit status {exit_code}"
        self.reason = (
            DEATHS.get(signal.Signals(number), DropReason.WORKER_CRASHED) if name else DropReason.WORKER_CRASHED
        )


class _Child:
    """One child process and the pipe to it."""

    def __init__(self, context: multiprocessing.context.ForkServerContext) -> None:
        self._pipe, theirs = context.Pipe()
        self._process: ForkServerProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _without_main():
            self._process.start()
        theirs.close()

    def call(self, job: Job, lost: Lost) -> Any:  # noqa: ANN401
        index = None
        try:
            self._pipe.send((job, lost))
            while True:
                kind, value = self._pipe.recv()
                if kind == "at":
                    index = value
                elif kind == "done":
                    return value
                else:
                    raise value
        except (EOFError, ConnectionError, BrokenPipeError) as error:
            self._process.join(timeout=10)
            raise _ChildDied(index, self._process.exitcode) from error

    def end(self) -> None:
        self._pipe.close()
        self._process.join(timeout=2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(timeout=10)


_main_lock = threading.Lock()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hide `__main__` while a child starts.

    multiprocessing lets a child import the parent's main module again; here that would be the flow, and with it
    Prefect: 2 to 4 s and 100 MB for each child, and code in the child that has no business there.
    """
    with _main_lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _serve(pipe: Connection) -> None:
    """Work in the child: take jobs until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    gc.freeze()  # what the fork server imported is never garbage: leave it out of every collection
    while True:
        try:
            job, lost = pipe.recv()
        except (EOFError, ConnectionError):
            return
        answer = _answer(job, lost, pipe)
        try:
            pipe.send(answer)
        except (BrokenPipeError, ConnectionError):
            return


class Watch:
    """The watch over a job in a child: which documents were lost before, which one is at work now, and its limits."""

    def __init__(self, pipe: Connection, lost: Lost, limits: Limits) -> None:
        """Watch over one job."""
        self.lost = lost
        self._pipe = pipe
        self._limits = limits

    @contextlib.contextmanager
    def at(self, index: int) -> Iterator[None]:
        """Work on document `index`, within the limits."""
        self._tell(index)
        _arm(self._limits.document_cpu_s)
        try:
            yield
        finally:
            _arm(0)
            self._tell(None)

    def beat(self) -> None:
        """Say that a long job still runs; end the process where nobody waits for it any more."""
        self._tell(None)

    def _tell(self, index: int | None) -> None:
        """Say which document is at work; end the process where nobody listens any more.

        SystemExit, since it must not pass for an error of the document: an orphan that went on would turn every
        document left into a reject, and leave a finished shard that says so.
        """
        try:
            self._pipe.send(("at", index))
        except OSError as error:
            raise SystemExit("the parent is gone") from error


def _answer(job: Job, lost: Lost, pipe: Connection) -> tuple[str, Any]:
    resource.setrlimit(resource.RLIMIT_AS, (job.limits.memory_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        return "done", _resolve(job.function)(*job.args, watch=Watch(pipe, lost, job.limits))
    except Exception as error:  # noqa: BLE001  (it is raised again in the parent)
        return "failed", error


def _arm(cpu_s: float) -> None:
    """Give the process `cpu_s` seconds of CPU time from now, six times as much wall time; 0 lifts both limits."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, cpu_s * WALL_PER_CPU)


def _resolve(function: str) -> Work:
    module, name = function.split(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]
