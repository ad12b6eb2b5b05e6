"""Rows into one Parquet file of one table, a row group at a time, so that memory does not grow with the table.

The files are final when `close` returns, but not yet published: they stand in the folder of a generation that nothing
points to (see `tasks.export.generations`).
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.export.schema import Table
from tasks.outcome import Fatal
from tasks.shards import to_record

# A row group is full at 8192 rows or at 32 MB of text in memory, whichever comes first: news articles with both texts
# are about 8 kB, so a group of articles holds some 4000 rows. Larger groups would only cost memory while writing.
GROUP_ROWS = 8192
GROUP_BYTES = 32 << 20
COMPRESSION_LEVEL = 3

# What Arrow raises where a value does not belong in its column: a null, another type, a text that is not UTF-8.
MISFITS = (ValueError, pa.ArrowException)


class TableWriter:
    """Writes one file of `table`. As a context manager it closes the file, whole and synced, or broken off."""

    def __init__(self, path: Path, table: Table) -> None:
        """Open `path`, whose folder must exist."""
        self.path = path
        self.table = table
        self._written = 0
        self._schema = table.schema()
        self._group: list[dict[str, Any]] = []
        self._size = 0
        self._parts: list[pa.Table] = []
        self._waiting = 0  # rows in parts
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd", compression_level=COMPRESSION_LEVEL)

    def add(self, row: object) -> None:
        """Add one row: a record of `tasks.export.records` that belongs to the table."""
        record = to_record(row)
        self._group.append(record)
        self._size += sum(len(value) for value in record.values() if isinstance(value, str))
        if len(self._group) >= GROUP_ROWS or self._size >= GROUP_BYTES:
            self._flush()

    def add_table(self, part: pa.Table) -> None:
        """Add rows that are Arrow already: the table's columns, in any order.

        Raises Fatal where a column is missing, has another type, or lacks a value it must have.
        """
        try:
            self._parts.append(part.select(self._schema.names).cast(self._schema))
        except KeyError as error:
            raise Fatal(f"{self.table.name}: a column is missing in what is to be published: {error}") from error
        except MISFITS as error:
            raise self._misfit(error) from error
        self._waiting += part.num_rows
        if self._waiting >= GROUP_ROWS:
            self._flush()

    @property
    def n_rows(self) -> int:
        """How many rows were added."""
        return self._written + len(self._group) + self._waiting

    def close(self) -> None:
        """Write what is left, and sync the file to the disk."""
        self._flush()
        self._writer.close()
        with self.path.open("rb") as file:
            os.fsync(file.fileno())

    def __enter__(self) -> Self:
        """Give the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; after an error only let go of it, since nobody will read it."""
        if kind is None:
            self.close()
        else:
            self._writer.close()

    def _flush(self) -> None:
        try:
            if self._group:
                self._write(pa.Table.from_pylist(self._group, schema=self._schema))
            if self._waiting:
                self._write(pa.concat_tables(self._parts).combine_chunks())
        except MISFITS as error:
            raise self._misfit(error) from error
        self._group, self._size = [], 0
        self._parts, self._waiting = [], 0

    def _write(self, part: pa.Table) -> None:
        part.validate()
        self._writer.write_table(part, row_group_size=GROUP_ROWS)
        self._written += part.num_rows

    def _misfit(self, error: Exception) -> Fatal:
        return Fatal(
            f"{self.table.name}: a row does not fit the table: {error}. Nothing was published; please report it"
        )
