"""The hand-over between stages: Parquet shards, one row per input, written whole or not at all.

A shard file has two columns, `document` and `reject`, of which each row fills exactly one: the document (a frozen
dataclass of the stage that wrote the shard, as an Arrow struct) or the `Reject` in whose place it travels on. So a
shard has as many rows after the last stage as before the first, in the same order, and nothing can be lost between.

A file is written under a temporary name, synced and moved into place (`os.replace`), and its `Receipt` (a small JSON
file beside it) after it: a stage's output is there when its receipt is there. A shard holds no clock and no run id:
the same input gives the same bytes, whose SHA-256 is the key that the next stage's output is stored under.

How dataclasses map to Arrow, and which may travel, is told in `tasks.arrow_codec`.
"""

import contextlib
import hashlib
import itertools
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import cattrs
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.arrow_codec import arrow_type, from_arrow, to_arrow
from tasks.outcome import Fatal, Reject, Retryable

T = TypeVar("T")

# Documents are held in memory until a row group is full: 64 documents or 16 MB of text, whichever comes first.
# Measured on the 80 development pages of article-extraction-benchmark (mean 170 kB): larger groups save no space.
GROUP_ROWS = 64
GROUP_BYTES = 16 << 20
PACK_ROWS = 16
PARQUET_END = b"PAR1"
# Texts hardly repeat within a shard and nobody filters one, so dictionaries and statistics only cost: measured on 300
# of those pages, leaving them out saves half the time of writing and reading, at the same size.
LAYOUT = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One input on its way: exactly one of `document` and `reject` is there."""

    document: T | None
    reject: Reject | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a stage did to one shard. Written beside the shard; its presence means that the shard is complete.

    `digest` is the SHA-256 of the shard file. `rows` counts inputs, `kept` those that are still documents, `dropped`
    those this stage turned into rejects, by reason. `edits` counts the changes made to texts. Times are in seconds.
    """

    stage: str
    path: str
    digest: str
    rows: int
    kept: int
    dropped: dict[str, int] = field(default_factory=dict)
    edits: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    finished_at: str = ""
    reused: bool = False


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_unstructure_hook(datetime, lambda value: value)
    converter.register_structure_hook(datetime, lambda value, _: value)
    converter.register_structure_hook(bytes, lambda value, _: value)
    return converter


def to_record(value: object) -> dict[str, Any]:
    """Turn a dataclass into plain dicts, lists and scalars, as Arrow and JSON take them."""
    return cast("dict[str, Any]", _converter().unstructure(value))


def from_record(record: Mapping[str, Any], kind: type[T]) -> T:
    """Turn what `to_record` gave back into the dataclass `kind`."""
    return _converter().structure(record, kind)


def shard_schema(kind: type) -> pa.Schema:
    """Return the Arrow schema of shards of documents of the dataclass `kind`."""
    return pa.schema([("document", arrow_type(kind)), ("reject", arrow_type(Reject))])


def write_shard(
    path: Path, rows: Iterable[Row[T]], kind: type[T], refuse: Callable[[T, UnicodeEncodeError], Reject] | None = None
) -> str:
    """Write `rows` of documents of the dataclass `kind` to `path`, whole or not at all; return the file's SHA-256.

    A text that holds half a surrogate pair can be stored in no Parquet file: its document is handed to `refuse`, and
    what that returns takes its place; without `refuse` the UnicodeEncodeError is raised.
    Raises Retryable when the disk is in the way.
    """
    schema = shard_schema(kind)
    with retryable_disk(path), whole_file(path) as temporary:
        with pq.ParquetWriter(temporary, schema, **LAYOUT) as writer:
            for group in _groups(_packed(rows, kind, refuse)):
                writer.write_table(pa.Table.from_batches(group, schema).combine_chunks())
        return file_digest(temporary)


def read_shard(path: Path, kind: type[T]) -> Iterator[Row[T]]:
    """Read the rows of the shard at `path`, a row group at a time.

    Raises Retryable when the disk is in the way, Fatal when the file is damaged.
    """
    with retryable_disk(path), _legible(path), pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group).combine_chunks()
            documents, rejects = (
                from_arrow(table.column(name).chunk(0), hint) for name, hint in (("document", kind), ("reject", Reject))
            )
            yield from map(Row, documents, rejects)


def write_receipt(receipt: Receipt) -> None:
    """Write the receipt beside its shard: from now on the shard counts as done."""
    target = receipt_path(Path(receipt.path))
    with retryable_disk(target), whole_file(target) as temporary:
        temporary.write_text(json.dumps(to_record(receipt), indent=1, sort_keys=True) + "\n", "utf-8")


def read_receipt(shard: Path) -> Receipt | None:
    """Return the receipt of `shard`, marked as reused, or None where the shard is not there, whole and described."""
    try:
        record = json.loads(receipt_path(shard).read_text("utf-8"))
        receipt = from_record({**record, "path": str(shard), "reused": True}, Receipt)
    except (FileNotFoundError, NotADirectoryError, ValueError, cattrs.BaseValidationError):
        return None
    return receipt if _is_whole(shard) else None


def _is_whole(shard: Path) -> bool:
    """Whether a Parquet file ends as one should: a disk that lost its end would fail every later stage."""
    try:
        with shard.open("rb") as file:
            file.seek(-len(PARQUET_END), os.SEEK_END)
            return file.read() == PARQUET_END
    except OSError:
        return False


def receipt_path(shard: Path) -> Path:
    """Return where the receipt of `shard` stands."""
    return shard.with_suffix(".json")


def digest_of(*parts: str) -> str:
    """Return 32 hex digits for a sequence of strings: keys of stage outputs, ids of articles."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a temporary path in the folder of `target`; when the block ends well, sync it and move it to `target`.

    A reader sees the old file or the new one, never a part. When the block fails, nothing is left behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
        sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def retryable_disk(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a Retryable that names `path`."""
    try:
        yield
    except OSError as error:
        message = f"{path}: {error.strerror or error}; check the disk and the rights of its folder"
        raise Retryable(message) from error


@contextlib.contextmanager
def _legible(path: Path) -> Iterator[None]:
    """Turn what Arrow says of a damaged file into a Fatal that names it and the mend."""
    try:
        yield
    except pa.ArrowInvalid as error:
        raise Fatal(f"{path}: not a whole Parquet file ({error}); run again with --fresh") from error


def _packed(
    rows: Iterable[Row[T]], kind: type[T], refuse: Callable[[T, UnicodeEncodeError], Reject] | None
) -> Iterator[pa.RecordBatch]:
    """Turn rows into Arrow, some at a time: one at a time costs five times as much for documents of many fields."""
    rows = iter(rows)
    while some := list(itertools.islice(rows, PACK_ROWS)):
        try:
            yield _pack(some, kind)
        except UnicodeEncodeError:
            if refuse is None:
                raise
            yield from (_pack([_storable(row, kind, refuse)], kind) for row in some)


def _storable(row: Row[T], kind: type[T], refuse: Callable[[T, UnicodeEncodeError], Reject]) -> Row[T]:
    try:
        _pack([row], kind)
    except UnicodeEncodeError as error:
        if row.document is not None:
            return Row(None, refuse(row.document, error))
        raise
    return row


def _pack(rows: Sequence[Row[T]], kind: type[T]) -> pa.RecordBatch:
    documents = to_arrow([row.document for row in rows], kind)
    rejects = to_arrow([row.reject for row in rows], Reject)
    return pa.RecordBatch.from_arrays([documents, rejects], schema=shard_schema(kind))


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(one.num_rows for one in group) >= GROUP_ROWS or sum(one.nbytes for one in group) >= GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group
