"""Documents that do to a worker process what a stage must survive. Imported by worker processes, so a module."""

import os
import signal
import time
from dataclasses import dataclass

from tasks.fetch.records import Origin
from tasks.outcome import Dropped, DropReason, Kept, Retryable, Unusable
from tasks.workers import Watch


@dataclass(frozen=True, slots=True)
class Prank:
    """A document that plays `trick` on whoever works on it."""

    origin: Origin
    trick: str


def endure(document: Prank) -> Kept[Prank] | Dropped:  # noqa: C901  (one branch a trick)
    """The core of a stage: keep the document, if it lets us."""
    match document.trick:
        case "spin":
            while True:
                pass
        case "sleep":
            time.sleep(3600)
        case "pause":
            time.sleep(0.01)
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(3)
        case "memory":
            bytearray(1 << 40)
        case "raise":
            raise ZeroDivisionError("a defect")
        case "unusable":
            raise Unusable(DropReason.TYPE_BINARY, "bytes")
        case "surrogate":
            return Kept(Prank(document.origin, "\ud800"))
        case "disk":
            raise Retryable("the disk is full")
        case "drop":
            return Dropped(DropReason.NO_MAIN_CONTENT, "nothing in it")
    return Kept(document)


def die_outside(*, watch: Watch) -> None:
    """A job that dies when no document is at work."""
    del watch
    os._exit(7)


def loaded_modules(*, watch: Watch) -> list[str]:
    """Say which of the modules that a worker must not load are there."""
    import sys  # noqa: PLC0415

    del watch
    return [name for name in ("prefect", "pytest", "flows", "flows.clean") if name in sys.modules]


def process_id(*, watch: Watch) -> int:
    """Say which process this is."""
    del watch
    return os.getpid()
