"""Row groups are bounded in rows and in bytes, and rows that do not fit their table are refused by name."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.export.records import RemovedRow
from tasks.export.schema import RELATIONS, REMOVED
from tasks.export.table_writer import GROUP_BYTES, GROUP_ROWS, TableWriter
from tasks.outcome import Fatal

LINE = RemovedRow("0" * 24, 1, "Share this page", "share-bar", "boilerplate/share", 0.8)


def groups_of(path: Path) -> list[int]:
    metadata = pq.read_metadata(path)
    return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]


def test_short_rows_fill_a_group_by_number(tmp_path: Path) -> None:
    with TableWriter(tmp_path / "removed.parquet", REMOVED) as writer:
        for _ in range(GROUP_ROWS + 10):
            writer.add(LINE)
    assert groups_of(writer.path) == [GROUP_ROWS, 10]
    assert writer.n_rows == GROUP_ROWS + 10


def test_long_rows_fill_a_group_by_size(tmp_path: Path) -> None:
    long = replace(LINE, text="x" * (GROUP_BYTES // 4))
    with TableWriter(tmp_path / "removed.parquet", REMOVED) as writer:
        for _ in range(9):
            writer.add(long)
    assert groups_of(writer.path) == [4, 4, 1]


def test_a_table_of_any_size_is_cut_into_groups(tmp_path: Path) -> None:
    part = pa.Table.from_pylist(
        [{"src": "a", "dst": "b", "kind": "copy", "score": 1.0, "n_sentences": 1, "date_gap_days": None}]
        * (GROUP_ROWS + 1),
        schema=RELATIONS.schema(),
    )
    with TableWriter(tmp_path / "relations.parquet", RELATIONS) as writer:
        writer.add_table(part)
    assert groups_of(writer.path) == [GROUP_ROWS, 1]


@pytest.mark.parametrize(
    "column", [pa.array([None], pa.string()), pa.array([b"\xff"], pa.binary())], ids=["missing value", "wrong type"]
)
def test_a_part_that_does_not_fit_is_refused(tmp_path: Path, column: pa.Array) -> None:
    good = {"src": ["a"], "dst": ["b"], "kind": ["copy"], "score": [1.0], "n_sentences": [1], "date_gap_days": [1]}
    part = pa.table({**good, "kind": column})
    with (
        pytest.raises(Fatal, match="relations: a row does not fit the table"),
        TableWriter(tmp_path / "relations.parquet", RELATIONS) as writer,
    ):
        writer.add_table(part)


def test_a_part_without_a_column_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(Fatal, match="relations: a column is missing"),
        TableWriter(tmp_path / "relations.parquet", RELATIONS) as writer,
    ):
        writer.add_table(pa.table({"src": ["a"]}))
