import gzip
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.fetch.document import fetch_document
from tasks.fetch.records import FetchOptions, InputItem, InputKind, Markup, Origin, RawDocument
from tasks.fetch.sources import list_inputs
from tasks.outcome import Dropped, DropReason, Kept
from tests.fetch.warc_bytes import members, resource, response

CASES = Path(__file__).parents[1] / "cases" / "fetch"
OPTIONS = FetchOptions(max_bytes=100_000)


def outcomes(path: Path | str, options: FetchOptions = OPTIONS) -> list[Kept[RawDocument] | Dropped]:
    """List and read everything that `path` holds."""
    results: list[Kept[RawDocument] | Dropped] = []
    for row in list_inputs([str(path)]):
        if row.document is not None:
            results.append(fetch_document(row.document, options))
        elif row.reject is not None:
            results.append(Dropped(row.reject.reason, row.reject.detail))
    return results


def kept(path: Path | str, options: FetchOptions = OPTIONS) -> RawDocument:
    (outcome,) = outcomes(path, options)
    assert isinstance(outcome, Kept), outcome
    return outcome.value


def reason(path: Path | str, options: FetchOptions = OPTIONS) -> DropReason:
    (outcome,) = outcomes(path, options)
    assert isinstance(outcome, Dropped), outcome
    assert outcome.detail
    return outcome.reason


def files() -> list[Any]:
    lines = (CASES / "files.jsonl").read_text("utf-8").splitlines()
    return [pytest.param(row, id=row["label"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("case", files())
def test_files(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / case["name"]
    path.write_bytes(case["content"].encode("latin-1"))
    if case["reason"]:
        assert reason(path) == case["reason"]
        return
    document = kept(path)
    assert document.markup == case["markup"]
    assert document.text == case["text"]


def test_provenance_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes("<p>Brücke</p>".encode())
    os.utime(path, (1_772_352_900, 1_772_352_900))
    provenance = kept(path).provenance
    assert provenance.fetched_at == datetime(2026, 3, 1, 8, 15, tzinfo=UTC)
    assert (provenance.media_type, provenance.charset) == ("text/html", "utf-8")
    assert provenance.raw_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


class TestSize:
    def test_a_file_over_the_limit_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.html"
        with path.open("wb") as file:
            file.truncate(100_000_000)
        assert reason(path, FetchOptions()) is DropReason.BODY_TOO_BIG

    def test_the_limit_itself_is_allowed(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_bytes(b"x" * 100_000)
        assert len(kept(path).text) == 100_000
        path.write_bytes(b"x" * 100_001)
        assert reason(path) is DropReason.BODY_TOO_BIG

    @pytest.mark.parametrize("name", ["a.html.gz", "a.html"])
    def test_gzip_counts_by_what_comes_out(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_bytes(gzip.compress(b"<p>" + b"x" * 90_000))
        assert len(kept(path).text) == 90_003
        path.write_bytes(gzip.compress(bytes(50_000_000)))
        assert reason(path) is DropReason.BODY_TOO_BIG
        path.write_bytes(gzip.compress(b"<p>" + b"x" * 90_000)[:-4])
        assert reason(path) is DropReason.BODY_TRUNCATED

    def test_a_long_line_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_bytes(b'{"text": "' + b"x" * 200_000 + b'"}\n{"text": "short"}\n')
        long, short = outcomes(path)
        assert isinstance(long, Dropped)
        assert long.reason is DropReason.BODY_TOO_BIG
        assert isinstance(short, Kept)


def test_a_file_that_went_or_changed_after_it_was_listed(tmp_path: Path) -> None:
    page, records, archive = tmp_path / "a.html", tmp_path / "b.jsonl", tmp_path / "c.warc"
    page.write_bytes(b"<p>News</p>")
    records.write_bytes(b'{"text": "one"}\n')
    archive.write_bytes(response(b"<p>News</p>"))
    items = [row.document for row in list_inputs([str(tmp_path)]) if row.document]
    page.unlink()
    records.write_bytes(b'{"text": "another"}\n')
    archive.write_bytes(b"")
    reasons = [outcome.reason for item in items if isinstance(outcome := fetch_document(item, OPTIONS), Dropped)]
    assert reasons == [DropReason.NOT_FOUND, DropReason.RECORD_INVALID, DropReason.RECORD_INVALID]


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    item = InputItem(Origin("a.html", None), InputKind.HTML_FILE, str(tmp_path), 0, 0, "")
    assert fetch_document(item, OPTIONS) == Dropped(DropReason.UNREADABLE, "not a regular file")


class TestWarc:
    def test_records_are_read_where_they_lie(self, tmp_path: Path) -> None:
        path = tmp_path / "a.warc.gz"
        path.write_bytes(
            members(
                response("<p>Brücke".encode(), url="http://bote.example/b"),
                response(b"\x89PNG\r\n\x1a\n"),
                resource(b"Ohne Auszeichnung.\r\n", "text/plain"),
                resource(b"%PDF-1.7", "application/pdf"),
                response(b" \n "),
            )
        )
        first, image, plain, pdf, empty = outcomes(path)
        assert isinstance(first, Kept)
        assert first.value.origin == Origin(f"{path}#1", "http://bote.example/b")
        assert first.value.provenance.final_url == "http://bote.example/b"
        assert first.value.provenance.fetched_at == datetime(2026, 3, 1, 8, 15, tzinfo=UTC)
        assert isinstance(plain, Kept)
        assert (plain.value.markup, plain.value.text) == (Markup.PLAIN, "Ohne Auszeichnung.\n")
        dropped = [one.reason for one in (image, pdf, empty) if isinstance(one, Dropped)]
        assert dropped == [DropReason.TYPE_BINARY, DropReason.TYPE_UNWANTED, DropReason.EMPTY_BODY]

    def test_an_archive_packed_in_one_piece(self, tmp_path: Path) -> None:
        path = tmp_path / "a.warc.gz"
        path.write_bytes(gzip.compress(b"".join(response(f"<p>{n}".encode()) for n in range(5))))
        assert [one.value.text for one in outcomes(path) if isinstance(one, Kept)] == [f"<p>{n}" for n in range(5)]


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")
    Path(path).write_text("Ein Text.")
    document = kept(path)
    assert document.text == "Ein Text."
    assert document.origin.input.endswith("caf\\xe9.txt")


kinds = st.sampled_from(["a.html", "a.txt", "a.jsonl", "a.warc", "a.warc.gz", "a.html.gz"])


@given(kinds, st.binary(max_size=200))
@example("a.jsonl", b"\xff\xfe{\x00}\x00")
@example("a.jsonl", b'{"text": "\\ud800"}')
@example("a.html.gz", b"\x1f")
@settings(max_examples=150, deadline=None)
def test_any_bytes_under_any_name_end_as_rows(tmp_path_factory: pytest.TempPathFactory, name: str, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(raw)
    results = outcomes(path)
    assert results
    for outcome in results:
        if isinstance(outcome, Kept):
            outcome.value.text.encode()
            assert outcome.value.text.strip()
