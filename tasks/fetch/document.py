"""One input read: its bytes fetched, unpacked and decoded into a `RawDocument`, or the reason why not.

Markup is decided on the text, not on the name (`tasks.fetch.media`). The text of HTML is kept as it came; in plain
text the line ends become line feeds, as an HTML parser would make them, and nothing else changes.

Errors of one file are its reject. `Retryable` is for the machine: no file handles left, a file server gone.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from tasks.charset import decode_bytes
from tasks.fetch.archive import segment_path
from tasks.fetch.body import GZIP_MAGIC, PIECE_BYTES, collect, ungzip
from tasks.fetch.jsonl import read_record as read_json
from tasks.fetch.media import claimed_markup, markup_of, opens_as_html
from tasks.fetch.places import open_location, signature_of, sorted_error
from tasks.fetch.records import FetchOptions, InputItem, InputKind, Markup, Origin, Provenance, RawDocument
from tasks.fetch.warc import read_record as read_capture
from tasks.outcome import Dropped, DropReason, Kept, Unusable

MEDIA_TYPES = {Markup.HTML: "text/html", Markup.PLAIN: "text/plain"}
NOTHING = "\ufeff\0"


@dataclass(frozen=True, slots=True)
class _Body:
    """A document's bytes and what came with them."""

    raw: bytes
    media_type: str
    charset_label: str | None = None
    url: str | None = None
    fetched_at: datetime | None = None


def fetch_document(item: InputItem, options: FetchOptions) -> Kept[RawDocument] | Dropped:
    """Read the input `item`. Raises Retryable where the machine is in the way."""
    try:
        return Kept(READERS[item.kind](item, options))
    except Unusable as error:
        return Dropped(error.reason, error.detail)
    except OSError as error:
        meaning = sorted_error(error)
        if isinstance(meaning, Unusable):
            return Dropped(meaning.reason, meaning.detail)
        raise meaning from error


def _read_file(item: InputItem, options: FetchOptions) -> RawDocument:
    with open_location(item.location) as file:
        status = os.fstat(file.fileno())
        if status.st_size > options.max_bytes:
            raise Unusable(DropReason.BODY_TOO_BIG, f"{status.st_size} bytes, more than {options.max_bytes}")
        pieces = _pieces(file)
        if file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):  # type: ignore[attr-defined]  # it is a BufferedReader
            pieces = ungzip(pieces)
        raw = collect(pieces, options.max_bytes)
    claimed = Markup.HTML if item.kind is InputKind.HTML_FILE else Markup.PLAIN
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return _document(item.origin, _Body(raw, MEDIA_TYPES[claimed], fetched_at=modified))


def _read_json(item: InputItem, options: FetchOptions) -> RawDocument:
    if item.length > options.max_bytes:
        raise Unusable(DropReason.BODY_TOO_BIG, f"a line of {item.length} bytes, more than {options.max_bytes}")
    with _unchanged(item) as file:
        file.seek(item.offset)
        line = file.read(item.length)
    try:
        record = read_json(line)
    except Unusable as error:
        raise Unusable(error.reason, f"the line at byte {item.offset}: {error.detail}") from error
    _refuse_empty(record.text)
    markup = markup_of(record.text, record.markup)
    return RawDocument(
        Origin(item.origin.input, record.url),
        Provenance(
            final_url=record.url,
            fetched_at=record.fetched_at,
            media_type=MEDIA_TYPES[record.markup],
            charset="utf-8",
            charset_evidence=record.evidence,
            raw_sha256=hashlib.sha256(line).hexdigest(),
        ),
        markup,
        _with_line_feeds(record.text, markup),
    )


def _read_warc(item: InputItem, options: FetchOptions) -> RawDocument:
    packed = item.kind is InputKind.PACKED_WARC_RECORD
    with _unchanged(item) as file:
        capture = read_capture(file, item.offset, packed=packed, max_bytes=options.max_bytes)
    url = item.origin.url
    return _document(
        item.origin, _Body(capture.body, capture.media_type, capture.charset_label, url, capture.fetched_at)
    )


def _read_archived(item: InputItem, options: FetchOptions) -> RawDocument:
    """Read a page that the crawl archived: its record never changes, but the segment it stands in grows."""
    segment = segment_path(*os.path.split(item.location))
    with open_location(str(segment)) as file:
        capture = read_capture(file, item.offset, packed=False, max_bytes=options.max_bytes)
    return _document(
        item.origin, _Body(capture.body, capture.media_type, capture.charset_label, capture.url, capture.fetched_at)
    )


READERS: dict[InputKind, Callable[[InputItem, FetchOptions], RawDocument]] = {
    InputKind.HTML_FILE: _read_file,
    InputKind.TEXT_FILE: _read_file,
    InputKind.JSONL_RECORD: _read_json,
    InputKind.WARC_RECORD: _read_warc,
    InputKind.PACKED_WARC_RECORD: _read_warc,
    InputKind.ARCHIVED_PAGE: _read_archived,
}


def _document(origin: Origin, body: _Body) -> RawDocument:
    """Decode a body."""
    claimed = claimed_markup(body.media_type)
    if not body.raw.strip():
        raise Unusable(DropReason.EMPTY_BODY, f"{len(body.raw)} bytes, all of them white space")
    in_markup = claimed is Markup.HTML or opens_as_html(body.raw)
    decoded = decode_bytes(body.raw, body.charset_label, markup=in_markup)
    _refuse_empty(decoded.text)
    markup = markup_of(decoded.text, claimed)
    return RawDocument(
        origin,
        Provenance(
            final_url=body.url,
            fetched_at=body.fetched_at,
            media_type=body.media_type or MEDIA_TYPES[claimed],
            charset=decoded.charset,
            charset_evidence=decoded.evidence,
            raw_sha256=hashlib.sha256(body.raw).hexdigest(),
        ),
        markup,
        _with_line_feeds(decoded.text, markup),
    )


def _refuse_empty(text: str) -> None:
    if not text.strip().strip(NOTHING):
        raise Unusable(DropReason.EMPTY_BODY, "nothing but white space")


def _with_line_feeds(text: str, markup: Markup) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if markup is Markup.PLAIN else text


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


def _unchanged(item: InputItem) -> BinaryIO:
    """Open a container whose records still lie where they were found."""
    file = open_location(item.location)
    if signature_of(os.fstat(file.fileno())) != item.signature:
        file.close()
        raise Unusable(DropReason.RECORD_INVALID, "the file changed after it was listed; run the same again")
    return file
