"""The schema, the records that fill it, the files that carry it and the dictionary that explains it all agree."""

import dataclasses
import types
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.arrow_codec import arrow_type
from tasks.export.dictionary import render_dictionary
from tasks.export.records import ArticleRow, ClusterRow, EditRow, RejectRow, RemovedRow, RunRow
from tasks.export.schema import SCHEMA_VERSION, TABLES, Table
from tasks.stories.records import Relation
from tests.export.conftest import Publish
from tests.export.corpus import Page, request_for

RECORDS = {
    "articles": ArticleRow,
    "edits": EditRow,
    "removed": RemovedRow,
    "relations": Relation,
    "clusters": ClusterRow,
    "rejects": RejectRow,
    "runs": RunRow,
}
ROOT = Path(__file__).parents[2]
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def fields_of(kind: pa.DataType) -> list[pa.Field]:
    """Return the fields of a struct, or of the structs in a list; none for a list of plain values."""
    kind = kind.value_type if pa.types.is_list(kind) else kind
    return list(kind) if pa.types.is_struct(kind) else []


def check_agreement(columns: list[pa.Field], record: type) -> None:
    hints = get_type_hints(record)
    assert [column.name for column in columns] == [field.name for field in dataclasses.fields(record)]
    for column in columns:
        hint = hints[column.name]
        assert column.nullable == (isinstance(hint, types.UnionType) and types.NoneType in get_args(hint)), column
        if get_origin(hint) is tuple:
            assert not column.type.value_field.nullable, column
            item = get_args(hint)[0]
            if isinstance(item, type) and dataclasses.is_dataclass(item):
                check_agreement(fields_of(column.type), item)
            else:
                assert column.type.value_type == arrow_type(item), column
        else:
            assert column.type == arrow_type(hint), column


@each_table
def test_columns_and_records_agree(table: Table) -> None:
    check_agreement(list(table.schema()), RECORDS[table.name])


def every_field(columns: list[pa.Field]) -> list[pa.Field]:
    inner = [field for column in columns if pa.types.is_list(column.type) for field in fields_of(column.type)]
    return columns + (every_field(inner) if inner else [])


@each_table
def test_every_field_has_a_description_and_numbers_a_unit(table: Table) -> None:
    for field in every_field(list(table.schema())):
        assert field.metadata[b"description"]
        if pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_timestamp(field.type):
            assert field.metadata[b"unit"], field


@each_table
def test_keys_are_columns(table: Table) -> None:
    assert {*table.key, *table.superseded_by} <= {column.name for column in table.columns}


def test_the_files_carry_the_schema(publish: Publish, out: Path, work: Path) -> None:
    publish(request_for(out, work, "one", [Page("a.html")]))
    for table in TABLES:
        found = pq.read_schema(out / table.name / "run-one.parquet")
        assert found.equals(table.schema(), check_metadata=False)
        assert found.metadata[b"unspun_schema_version"] == str(SCHEMA_VERSION).encode()
        for got, wanted in zip(every_field(list(found)), every_field(list(table.schema())), strict=True):
            assert got.nullable == wanted.nullable, got
            assert wanted.metadata.items() <= got.metadata.items(), got


@each_table
def test_the_files_are_compressed_with_zstd(publish: Publish, out: Path, work: Path, table: Table) -> None:
    publish(request_for(out, work, "one", [Page("a.html"), Page("b.html", dies_at="fetch")]))
    group: Any = pq.read_metadata(out / table.name / "run-one.parquet")
    if group.num_row_groups:
        assert group.row_group(0).column(0).compression == "ZSTD"


def test_the_data_dictionary_is_up_to_date() -> None:
    written = (ROOT / "data" / "README.md").read_text("utf-8")
    assert written == render_dictionary(), "run: python -m tasks.export.dictionary > data/README.md"
