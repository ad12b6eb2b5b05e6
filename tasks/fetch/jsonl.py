r"""Records of a JSON Lines file: `{"url"?, "html" | "text", "fetched_at"?}`, one a line.

Listing finds the lines by offset and length and reads no line whole; whether a line is a record shows when it is
read. Blank lines are no records. Keys beyond these four are somebody else's and are left alone; `null` counts as not
given. JSON can spell half a surrogate pair (`\ud83d`), which is no character: pairs are joined, what stays half
becomes U+FFFD, and the evidence says how many.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from tasks.charset import decode_bytes
from tasks.fetch.records import Markup
from tasks.outcome import DropReason, Unusable

PIECE_BYTES = 1 << 20
LONE_RE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """A record as read. `evidence` says how its bytes became text."""

    url: str | None
    markup: Markup
    text: str
    fetched_at: datetime | None
    evidence: str


def find_lines(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield offset and length (without the line end) of each line that is not blank."""
    offset = at = 0
    blank = True
    while piece := file.readline(PIECE_BYTES):
        at += len(piece)
        blank = blank and not piece.strip(b" \t\r\n\xef\xbb\xbf")
        if piece.endswith(b"\n"):
            if not blank:
                yield offset, at - offset - 1
            offset, blank = at, True
    if not blank:
        yield offset, at - offset


def read_record(line: bytes) -> JsonRecord:
    """Read one line. Raises Unusable(RECORD_INVALID) with what is wrong and what would be right."""
    decoded = decode_bytes(line, markup=False)
    try:
        record = json.loads(decoded.text)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise _invalid(f'a record is an object such as {{"url": ..., "html": ...}}, not {type(record).__name__}')
    given = [key for key in ("html", "text") if record.get(key) is not None]
    if len(given) != 1:
        raise _invalid('both "html" and "text" are there; give one' if given else 'neither "html" nor "text" is there')
    text, n_lone = _whole_characters(_text_of(record, given[0]) or "")
    url, _ = _whole_characters(_text_of(record, "url") or "")
    evidence = f"JSON in {decoded.charset}"
    if n_lone:
        evidence += f"; {n_lone} halves of surrogate pairs read as U+FFFD"
    markup = Markup.HTML if given == ["html"] else Markup.PLAIN
    return JsonRecord(url or None, markup, text, _time_of(_text_of(record, "fetched_at")), evidence)


def _text_of(record: dict[str, object], key: str) -> str | None:
    value = record.get(key)
    if value is None or isinstance(value, str):
        return value
    raise _invalid(f'"{key}" must be a string, not {type(value).__name__}')


def _time_of(value: str | None) -> datetime | None:
    """Read a time; one without a zone is in UTC."""
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _invalid(f'"fetched_at" must be ISO 8601 such as 2026-03-01T08:15:00Z, not {value!r}') from error


def _whole_characters(text: str) -> tuple[str, int]:
    """Join surrogate pairs and replace lone halves; also return how many of these there were."""
    if not LONE_RE.search(text):
        return text, 0
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return LONE_RE.subn("\ufffd", joined)


def _invalid(detail: str) -> Unusable:
    return Unusable(DropReason.RECORD_INVALID, detail)
