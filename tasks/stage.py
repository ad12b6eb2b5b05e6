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

import pyarrow as pa

from tasks.outcome import Dropped, DropReason, Kept, Reject, Retryable, StageName, Unusable
from tasks.rule_table import rules_version
from tasks.shards import (
    Receipt,
    Row,
    digest_of,
    pack_row,
    read_receipt,
    read_shard,
    shard_schema,
    to_record,
    write_packed,
    write_receipt,
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

    schema = shard_schema(stage.writes)

    def rows() -> Iterator[pa.RecordBatch]:
        row: Row[Any]
        for index, row in enumerate(read_shard(Path(source), stage.reads)):
            counts["rows"] += 1
            if row.document is None:
                yield pack_row(row, schema)
                continue
            outcome = _judge(core, row.document, schema, index, watch)
            if isinstance(outcome, Dropped):
                dropped[outcome.reason] += 1
                yield pack_row(Row(None, _reject(row.document, stage.name, outcome)), schema)
            else:
                counts["kept"] += 1
                counts["edits"] += outcome.n_edits
                yield outcome.row

    digest = write_packed(Path(target), rows(), schema)
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


@dataclass(frozen=True, slots=True)
class _Packed:
    """A kept document, as it will stand in the shard."""

    row: pa.RecordBatch
    n_edits: int


def _judge(core: Core, document: object, schema: pa.Schema, index: int, watch: Watch) -> _Packed | Dropped:
    """One document's outcome; whatever goes wrong with it is its own reject, except a world in the way."""
    if index in watch.lost:
        return Dropped(*watch.lost[index])
    try:
        with watch.at(index):
            outcome = core(document)
            if isinstance(outcome, Dropped):
                return outcome
            return _Packed(pack_row(Row(outcome.value, None), schema), len(getattr(outcome.value, "edits", ())))
    except Retryable:
        raise
    except Unusable as error:
        return Dropped(error.reason, error.detail)
    except MemoryError:
        return Dropped(DropReason.MEMORY_LIMIT)
    except Exception as error:  # noqa: BLE001  (a bad document never fails its shard; the reject says what happened)
        return Dropped(DropReason.DOCUMENT_ERROR, f"{type(error).__name__}: {error}"[:500])


def _reject(document: Any, stage: StageName, dropped: Dropped) -> Reject:  # noqa: ANN401  (any room's document)
    origin = document.origin
    detail = dropped.detail.encode("utf-8", "backslashreplace").decode()
    return Reject(origin.input, origin.url, stage, dropped.reason, detail)
