"""One stage over one shard: look whether it is done, else do it in a child process, document by document.

This is the shape that all stages which work on single documents share, so that each room's `task.py` only says what is
its own: the pure function, the dataclass it reads, the dataclass it writes, the libraries its results depend on.

A stage's output is stored under a key of three things: the digest of the shard it read, the version of the room (its
code, rules and libraries) and the options that matter to it. What is there is not done again; so a second run does
nothing, a killed run goes on with the shard it was at, and a changed rule redoes its stage and, where the result
differs, those after it.
"""

import importlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from tasks.outcome import Dropped, DropReason, Kept, Reject, Retryable, StageName, Unusable
from tasks.rule_table import rules_version
from tasks.shards import (
    Receipt,
    Row,
    digest_of,
    read_receipt,
    read_shard,
    to_record,
    write_receipt,
    write_shard,
)
from tasks.workers import Job, Limits, Watch, shared_workers

# What a Prefect task waits before it tries again after a Retryable: three more tries, over about 20 s.
RETRY_DELAYS_S = [1.0, 4.0, 16.0]

Core = Callable[..., Kept[Any] | Dropped]


@dataclass(frozen=True, slots=True)
class DocumentStage:
    """A stage that works on one document at a time.

    `core` names the pure function (`package.module:name`), which the flow's own process never imports. It takes a
    document of the dataclass `reads` and, where the stage has any, its frozen `options` (by that name), and returns
    `Kept` with a document of the dataclass `writes`, or `Dropped`.
    """

    name: StageName
    core: str
    reads: type
    writes: type
    libraries: tuple[str, ...] = ()

    def key(self, input_digest: str, options: object | None) -> str:
        """Return the name under which the output for this input, these options and this version is stored."""
        settings = json.dumps(to_record(options), sort_keys=True) if options is not None else ""
        return digest_of(self.name, rules_version(self.name, self.libraries), settings, input_digest)


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a stage works: the folder of its outputs, how many `workers` there are, and their `limits`.

    An output is `folder/<stage>/<key>.parquet`. With `fresh` what is already there is done again. A workplace holds no
    process and no open file, so it can travel.
    """

    folder: str
    workers: int
    limits: Limits
    fresh: bool = False


def run_stage(stage: DocumentStage, shard: Receipt, place: Workplace, options: object | None = None) -> Receipt:
    """Run `stage` over the shard that `shard` is the receipt of, and return the receipt of its output.

    Raises Retryable when the world was in the way.
    """
    target = Path(place.folder) / stage.name / f"{stage.key(shard.digest, options)}.parquet"
    done = None if place.fresh else read_receipt(target)
    if done is not None:
        return done
    job = Job("tasks.stage:clean_shard", (stage, shard.path, str(target), options), place.limits)
    receipt: Receipt = shared_workers(place.workers).run(job)
    return receipt


class FinishedState(Protocol):
    """What this module needs to know of Prefect's states, so that it need not import Prefect."""

    def result(self) -> object:
        """Return the result, or raise the error with which the task ended."""


def is_retryable(_task: object, _run: object, state: FinishedState) -> bool:
    """Say to Prefect whether a failed task is to be tried again: only when the world was in the way."""
    try:
        state.result()
    except Retryable:
        return True
    except Exception:  # noqa: BLE001  (any other error is final; Prefect raises it to the flow)
        return False
    return False


def clean_shard(stage: DocumentStage, source: str, target: str, options: object | None, *, watch: Watch) -> Receipt:
    """Put every document of the shard `source` through the stage's core and write `target`. Runs in a child process."""
    module, name = stage.core.split(":")
    core: Core = getattr(importlib.import_module(module), name)
    if options is not None:
        core = partial(core, options=options)
    clock, cpu = time.monotonic(), time.process_time()
    counts: Counter[str] = Counter()
    dropped: Counter[str] = Counter()

    def rows() -> Iterator[Row[Any]]:
        row: Row[Any]
        for index, row in enumerate(read_shard(Path(source), stage.reads)):
            counts["rows"] += 1
            if row.document is None:
                yield row
                continue
            outcome = _judge(core, row.document, index, watch)
            if isinstance(outcome, Dropped):
                yield Row(None, drop(row.document, outcome))
            else:
                counts["kept"] += 1
                counts["edits"] += _n_edits(outcome.value)
                yield Row(outcome.value, None)

    def drop(document: Any, outcome: Dropped) -> Reject:  # noqa: ANN401  (any room's document)
        dropped[outcome.reason] += 1
        detail = outcome.detail.encode("utf-8", "backslashreplace").decode()
        return Reject(document.origin.input, document.origin.url, stage.name, outcome.reason, detail)

    def refuse(document: Any, error: UnicodeEncodeError) -> Reject:  # noqa: ANN401
        counts["kept"] -= 1
        counts["edits"] -= _n_edits(document)
        return drop(document, Dropped(DropReason.DOCUMENT_ERROR, f"{type(error).__name__}: {error}"))

    digest = write_shard(Path(target), rows(), stage.writes, refuse)
    receipt = Receipt(
        stage=stage.name,
        path=target,
        digest=digest,
        rows=counts["rows"],
        kept=counts["kept"],
        dropped=dict(sorted(dropped.items())),
        edits=counts["edits"],
        cpu_s=round(time.process_time() - cpu, 4),
        wall_s=round(time.monotonic() - clock, 4),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_receipt(receipt)
    return receipt


def _judge(core: Core, document: object, index: int, watch: Watch) -> Kept[Any] | Dropped:
    """One document's outcome; whatever goes wrong with it is its own reject, except a world in the way."""
    if index in watch.lost:
        return Dropped(*watch.lost[index])
    try:
        with watch.at(index):
            return core(document)
    except Retryable:
        raise
    except Unusable as error:
        return Dropped(error.reason, error.detail)
    except MemoryError:
        return Dropped(DropReason.MEMORY_LIMIT)
    except Exception as error:  # noqa: BLE001  (a bad document never fails its shard; the reject says what happened)
        return Dropped(DropReason.DOCUMENT_ERROR, f"{type(error).__name__}: {error}"[:500])


def _n_edits(document: object) -> int:
    return len(getattr(document, "edits", ()))
