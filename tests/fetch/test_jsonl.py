import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.jsonl import JsonRecord, find_lines, read_record
from tasks.fetch.records import Markup
from tasks.outcome import DropReason, Unusable

CASES = Path(__file__).parents[1] / "cases" / "fetch"


def invalid() -> list[Any]:
    lines = (CASES / "json_lines.jsonl").read_text("utf-8").splitlines()
    return [pytest.param(row, id=row["label"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("case", invalid())
def test_what_is_no_record(case: dict[str, Any]) -> None:
    with pytest.raises(Unusable) as refused:
        read_record(case["line"].encode())
    assert refused.value.reason is DropReason.RECORD_INVALID
    assert case["says"] in refused.value.detail


def test_a_record_with_everything() -> None:
    line = '{"url": "https://bote.example/ä", "html": "<p>ü", "fetched_at": "2026-03-01T09:15:00+01:00", "id": 7}'
    assert read_record(line.encode()) == JsonRecord(
        "https://bote.example/ä", Markup.HTML, "<p>ü", datetime(2026, 3, 1, 8, 15, tzinfo=UTC), "JSON in utf-8"
    )


@pytest.mark.parametrize("time", ["2026-03-01T08:15:00Z", "2026-03-01 08:15", "2026-03-01T08:15:00.000+00:00"])
def test_times(time: str) -> None:
    record = read_record(json.dumps({"text": "x", "fetched_at": time}).encode())
    assert record.fetched_at == datetime(2026, 3, 1, 8, 15, tzinfo=UTC)


def test_null_is_not_given() -> None:
    record = read_record(b'{"url": null, "html": null, "text": "x", "fetched_at": null}')
    assert record == JsonRecord(None, Markup.PLAIN, "x", None, "JSON in utf-8")


def test_halves_of_characters() -> None:
    record = read_record(rb'{"text": "\ud83d\ude00 \ud83d x \ude00", "url": "http://bote.example/\udc00"}')
    assert record.text == "\U0001f600 \ufffd x \ufffd"
    assert record.url == "http://bote.example/\ufffd"
    assert "2 halves" in record.evidence


def test_a_line_in_an_old_encoding() -> None:
    record = read_record('{"text": "Der Müller aus Köln sagte, die Brücke bleibe zu."}'.encode("cp1252"))
    assert record.text == "Der Müller aus Köln sagte, die Brücke bleibe zu."
    assert record.evidence == "JSON in windows-1252"


@given(st.lists(st.sampled_from([b"", b" ", b"\r", b"{}", b"  x", b"y" * 3_000_000])), st.booleans())
def test_lines_are_found_where_they_are(lines: list[bytes], ends: bool) -> None:
    raw = b"\n".join(lines) + (b"\n" if ends else b"")
    found = [raw[offset : offset + length] for offset, length in find_lines(io.BytesIO(raw))]
    assert found == [line for line in lines if line.strip()]


def test_a_mark_before_the_first_record() -> None:
    raw = b'\xef\xbb\xbf{"text": "x"}\n'
    ((offset, length),) = find_lines(io.BytesIO(raw))
    assert read_record(raw[offset : offset + length]).text == "x"
