from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.arrow_codec import arrow_type
from tasks.boilerplate.records import Article, ExtractedDocument, Removed
from tasks.fetch.records import Markup, Origin, Provenance, RawDocument
from tasks.outcome import DropReason, Fatal, Reject, Retryable, StageName
from tasks.shards import (
    GROUP_ROWS,
    Receipt,
    Row,
    file_digest,
    read_receipt,
    read_shard,
    receipt_path,
    whole_file,
    write_receipt,
    write_shard,
)

PROVENANCE = Provenance("https://example.org/a", datetime(2026, 11, 1, tzinfo=UTC), "text/html", "utf-8", "valid", "00")
REJECT = Reject("b.html", None, StageName.FETCH, DropReason.EMPTY_BODY, "0 bytes")


def raw(text: str, number: int = 0) -> RawDocument:
    return RawDocument(Origin(f"{number}.html", None), PROVENANCE, Markup.HTML, text)


def test_rows_come_back_as_they_went(tmp_path: Path) -> None:
    removed = (Removed(3, "Share", "ui", "share-bar", 0.9),)
    article = Article("Text", published_at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), removed=removed)
    rows: list[Row[ExtractedDocument]] = [
        Row(ExtractedDocument(Origin("a", "https://example.org"), PROVENANCE, article), None),
        Row(None, REJECT),
        Row(ExtractedDocument(Origin("c", None), PROVENANCE, Article("")), None),
    ]
    path = tmp_path / "folder" / "a.parquet"
    digest = write_shard(path, rows, ExtractedDocument)
    assert list(read_shard(path, ExtractedDocument)) == rows
    assert digest == file_digest(path)


@given(texts=st.lists(st.text(st.characters(codec="utf-8")), max_size=2 * GROUP_ROWS))
def test_any_text_survives_and_the_bytes_depend_on_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, texts: Sequence[str]
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    rows = [Row(raw(text, number), None) for number, text in enumerate(texts)]
    digests = {write_shard(folder / name, rows, RawDocument) for name in ("one.parquet", "two.parquet")}
    assert len(digests) == 1
    assert list(read_shard(folder / "one.parquet", RawDocument)) == rows


def test_duckdb_reads_a_shard(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_shard(path, [Row(raw("one", 1), None), Row(None, REJECT)], RawDocument)
    query = f"SELECT document.origin.input, document.text, reject.reason FROM '{path}'"  # noqa: S608  (our own path)
    assert duckdb.execute(query).fetchall() == [("1.html", "one", None), (None, None, "EMPTY_BODY")]


def test_a_failed_write_leaves_nothing_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_shard(path, [Row(raw("old"), None)], RawDocument)
    before = path.read_bytes()
    with pytest.raises(UnicodeEncodeError):
        write_shard(path, [Row(raw("new"), None), Row(raw("\ud800"), None)], RawDocument)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.parquet"]


def test_a_folder_in_the_way_is_retryable(tmp_path: Path) -> None:
    (tmp_path / "stage").write_text("a file where the folder should be")
    with pytest.raises(Retryable, match="stage"):
        write_shard(tmp_path / "stage" / "a.parquet", [Row(raw("x"), None)], RawDocument)
    with pytest.raises(Retryable, match="nowhere"):
        list(read_shard(tmp_path / "nowhere.parquet", RawDocument))


def test_a_shard_is_done_when_its_receipt_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    assert read_receipt(path) is None
    digest = write_shard(path, [Row(raw("x"), None)], RawDocument)
    assert read_receipt(path) is None
    receipt = Receipt("fetch", str(path), digest, rows=1, kept=1, dropped={"EMPTY_BODY": 2}, cpu_s=0.5)
    write_receipt(receipt)
    found = read_receipt(path)
    assert found is not None
    assert found.reused
    assert found.dropped == {"EMPTY_BODY": 2}
    path.unlink()
    assert receipt_path(path).exists()
    assert read_receipt(path) is None


def test_whole_file_shows_the_old_content_until_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_text("old")
    with whole_file(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


@pytest.mark.parametrize("hint", [dict[str, str], list[int], str | int, tuple[int, int], object])
def test_a_type_without_a_place_is_refused(hint: object) -> None:
    with pytest.raises(TypeError, match="no place in Arrow"):
        arrow_type(hint)


def test_a_damaged_shard_is_done_again_and_says_so_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    digest = write_shard(path, [Row(raw("x"), None)], RawDocument)
    write_receipt(Receipt("fetch", str(path), digest, rows=1, kept=1))
    path.write_bytes(path.read_bytes()[:100])
    assert read_receipt(path) is None
    with pytest.raises(Fatal, match=r"a\.parquet: not a whole Parquet file.*--fresh"):
        list(read_shard(path, RawDocument))
