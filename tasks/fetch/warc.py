"""Records of a WARC archive: found once, read one at a time, and a torn archive known for what it is.

Inputs are the records of type response, resource and revisit, numbered from 1 in that order. A revisit points to a
payload stored elsewhere, so reading it gives a reject. Records of other types (request, metadata, warcinfo, conversion)
are about documents, not documents, and are passed over.

FastWARC parses; it does not tell a torn archive from a whole one, so the bytes reach it through `_Unpacked`, which
undoes gzip itself and notes where members begin and whether the last one is complete. A record that begins a member
of its own, as the standard asks for, is read by seeking to it. In archives packed otherwise (`gzip news.warc`)
no seek finds a record; it is then read by unpacking all that stands before it, which took 3.5 s of CPU a gigabyte
(pages of article-extraction-benchmark): a way for archives of up to 2 GB unpacked; beyond that, records meet their time
limit.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, HeaderMap, WarcRecord, WarcRecordType

from tasks.fetch.body import GZIP_MAGIC, collect, unchunk, unpack
from tasks.fetch.http_head import GONE
from tasks.fetch.media import split_content_type
from tasks.outcome import Dropped, DropReason, Unusable

INPUT_TYPES = (WarcRecordType.response, WarcRecordType.resource, WarcRecordType.revisit)  # its members do not hash
PIECE_BYTES = 65_536
# What a record may hold besides its body: HTTP headers and the framing of chunks.
OVERHEAD_BYTES = 1 << 18
TORN_HEADER_RE = re.compile(rb"(?:^|\n)(?:W|WA|WAR|WARC|WARC/[\d.]{0,3})\Z")
HEADERS_END_RE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record that is an input. `packed` says that `offset` and `length` count unpacked bytes.

    `trouble` is why it can't be read, where that is known already.
    """

    url: str | None
    offset: int
    length: int
    packed: bool
    trouble: Dropped | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """What a record holds: a body with all encodings of its transport undone, and what the server said of it."""

    url: str | None
    fetched_at: datetime | None
    media_type: str
    charset_label: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class _Span:
    """A record of any type while its end is not known yet: where it begins, in the file and unpacked."""

    url: str | None
    is_input: bool
    start: int
    member: int | None
    is_whole: bool


def find_records(file: BinaryIO) -> Iterator[FoundRecord]:
    """Yield the inputs of an archive in their order.

    Where the archive is torn, damaged or no archive, the last one yielded says so in its `trouble`; it is the torn
    record, or stands for the one that should have come next.

    Raises Unusable for an archive without any record that is an input.
    """
    stream = _Unpacked(file)
    last: _Span | None = None
    n_inputs = 0
    failure: str | None = None
    try:
        for record in ArchiveIterator(stream, parse_http=False, stream_detect=False):
            span = _span_of(record, stream)
            if last is not None and last.is_input:
                n_inputs += 1
                yield _found(last, span.start, stream)
            last = span
    except OSError as error:
        failure = str(error)
    trouble = _trouble(stream, last, failure)
    if last is None:
        raise Unusable(*_nothing_in(stream, trouble))
    if last.is_input:
        n_inputs += 1
        torn = trouble is not None and (not last.is_whole or stream.is_torn_from(last.start))
        found = _found(last, stream.at, stream)
        yield replace(found, trouble=trouble) if torn else found
        trouble = None if torn else trouble
    if trouble is not None:
        yield FoundRecord(None, stream.at, 0, stream.is_gzip, trouble)
    elif n_inputs == 0:
        raise Unusable(DropReason.EMPTY_BODY, "the archive holds no response and no resource record")


def read_record(file: BinaryIO, offset: int, *, packed: bool, max_bytes: int) -> Capture:
    """Read the record that `find_records` found at `offset`.

    Raises Unusable, for a record that can't be read and for an answer of the server that is no page.
    """
    stream: _Unpacked
    if packed:
        stream = _Unpacked(file)
        stream.skip(offset)
    else:
        file.seek(offset)
        stream = _Unpacked(file)
    try:
        record = next(iter(ArchiveIterator(stream, parse_http=False, stream_detect=False)), None)
        if record is None:
            raise Unusable(DropReason.RECORD_INVALID, f"no record at byte {offset}; the file changed, run again")
        return _capture(record, stream, max_bytes)
    except OSError as error:
        raise Unusable(DropReason.RECORD_INVALID, f"record at byte {offset}: {error}") from error


def _capture(record: WarcRecord, stream: "_Unpacked", max_bytes: int) -> Capture:
    if record.record_type == WarcRecordType.revisit:
        raise Unusable(DropReason.RECORD_WITHOUT_PAYLOAD, f"see {record.headers.get('WARC-Refers-To-Target-URI')}")
    if record.headers.get("WARC-Truncated"):
        raise Unusable(DropReason.BODY_TRUNCATED, f"the archive says: cut off ({record.headers.get('WARC-Truncated')})")
    block = _block(record, stream, max_bytes)
    content_type = record.headers.get("Content-Type") or ""
    if not content_type.lower().startswith("application/http"):
        media_type, label = split_content_type(content_type)
        return Capture(_url_of(record), _date_of(record), media_type, label, collect([block], max_bytes))
    headers, body = _split_http(block)
    _refuse_status(headers.status_code, headers.get("Location"))
    encodings = headers.get("Content-Encoding") or ""
    body = _undo_transfer(body, headers.get("Transfer-Encoding"), headers.get("Content-Length"), encodings)
    media_type, label = split_content_type(headers.get("Content-Type") or "")
    return Capture(_url_of(record), _date_of(record), media_type, label, unpack([body], encodings, max_bytes))


def _block(record: WarcRecord, stream: "_Unpacked", max_bytes: int) -> bytes:
    """Read the whole content of a record."""
    length = record.content_length
    if length > max_bytes + OVERHEAD_BYTES:
        raise Unusable(DropReason.BODY_TOO_BIG, f"a record of {length} bytes, more than {max_bytes}")
    pieces = []
    while piece := record.reader.read(PIECE_BYTES):
        pieces.append(piece)
    block = b"".join(pieces)
    if len(block) < length:
        torn = stream.damage or f"{len(block)} of {length} bytes are there"
        raise Unusable(DropReason.CONTAINER_TRUNCATED, torn)
    return block


def _split_http(block: bytes) -> tuple[HeaderMap, bytes]:
    """Part the headers of an answer from its body; servers that end lines with a bare line feed are many."""
    end = HEADERS_END_RE.search(block)
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    headers = HeaderMap()
    headers.parse(io.BytesIO(b"\r\n".join([*head.splitlines(), b"", b""])))
    return headers, body


def _undo_transfer(raw: bytes, transfer: str | None, announced: str | None, encodings: str) -> bytes:
    """Undo chunks, and refuse a body that is shorter than it was announced to be.

    The announced length is that of the body as sent: where the archive unpacked the body it says nothing.
    """
    if "chunked" in (transfer or "").lower():
        return unchunk(raw)
    if announced and announced.isdigit() and not encodings and len(raw) < int(announced):
        raise Unusable(DropReason.BODY_TRUNCATED, f"{len(raw)} of {announced} bytes are there")
    return raw


def _refuse_status(status: int | None, target: str | None) -> None:
    if status is None:
        raise Unusable(DropReason.PROTOCOL_ERROR, "the record's answer has no HTTP status")
    if status in GONE:
        raise Unusable(DropReason.HTTP_GONE, f"status {status}")
    if 300 <= status < 400:  # noqa: PLR2004  (the class of redirects)
        raise Unusable(DropReason.HTTP_BAD_STATUS, f"status {status}, a redirect to {target}")
    if not 200 <= status < 300:  # noqa: PLR2004  (the class of success)
        raise Unusable(DropReason.HTTP_BAD_STATUS, f"status {status}")


def _url_of(record: WarcRecord) -> str | None:
    url = (record.headers.get("WARC-Target-URI") or "").strip().strip("<>")  # early writers put it in brackets
    return url.encode("utf-8", "backslashreplace").decode() or None


def _date_of(record: WarcRecord) -> datetime | None:
    value = record.headers.get("WARC-Date")
    try:
        date = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    return None if date is None else (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)


def _span_of(record: WarcRecord, stream: "_Unpacked") -> _Span:
    """Note what is needed of a record, and read over its content."""
    start = record.stream_pos
    length = record.content_length
    has_length = (record.headers.get("Content-Length") or "").strip().isdigit()  # a torn header may lack it
    url, is_input = _url_of(record), record.record_type in INPUT_TYPES
    consumed = record.reader.consume()
    return _Span(url, is_input, start, stream.member_at(start), has_length and consumed == length)


def _found(span: _Span, end: int, stream: "_Unpacked") -> FoundRecord:
    if not stream.is_gzip:
        return FoundRecord(span.url, span.start, end - span.start, packed=False)
    if span.member is None:
        return FoundRecord(span.url, span.start, end - span.start, packed=True)
    return FoundRecord(span.url, span.member, stream.member_after(span.start) - span.member, packed=False)


def _trouble(stream: "_Unpacked", last: _Span | None, failure: str | None) -> Dropped | None:
    """Say what is wrong with the end of an archive."""
    if stream.damage:
        return Dropped(DropReason.RECORD_INVALID, f"{stream.damage}; what follows can't be read")
    torn_header = TORN_HEADER_RE.search(stream.tail) is not None
    if stream.is_torn or torn_header or (last is not None and not last.is_whole):
        return Dropped(DropReason.CONTAINER_TRUNCATED, f"ends in the middle of a record, after {stream.raw_at} bytes")
    if failure is not None:
        return Dropped(
            DropReason.RECORD_INVALID, f"no WARC record where one should be ({failure}); the rest is not read"
        )
    return None


def _nothing_in(stream: "_Unpacked", trouble: Dropped | None) -> tuple[DropReason, str]:
    if stream.raw_at == 0:
        return DropReason.EMPTY_BODY, "0 bytes"
    if trouble is not None and (stream.damage or stream.is_torn):
        return trouble.reason, trouble.detail
    return DropReason.RECORD_INVALID, "not a WARC archive: no record in it"


class _Unpacked:
    """An archive's bytes with gzip undone, as a stream for FastWARC.

    `at` counts unpacked bytes given out, `raw_at` bytes read of the file; `tail` is the last few bytes given out.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._base = file.tell()
        self.is_gzip = file.read(2) == GZIP_MAGIC
        file.seek(self._base)
        self._decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._waiting = b""
        self._members = {0: self._base}  # where members begin: unpacked -> in the file; only the latest are kept
        self.at = 0
        self.raw_at = 0
        self.tail = b""
        self.damage = ""

    @property
    def is_torn(self) -> bool:
        """Whether the file ended inside a gzip member. Known once all of it was read."""
        return self.is_gzip and self.raw_at > 0 and not self._decoder.eof

    def is_torn_from(self, start: int) -> bool:
        """Whether the member that is torn or damaged holds the record at `start`."""
        return (self.is_torn or bool(self.damage)) and max(self._members) <= start

    def member_at(self, start: int) -> int | None:
        """Return where in the file the member begins whose first unpacked byte is `start`."""
        member = self._members.get(start)
        # Everything before this record has been dealt with.
        self._members = {at: raw for at, raw in self._members.items() if at >= start} or self._members
        return member

    def member_after(self, start: int) -> int:
        """Return where the member that begins at `start` ends."""
        return min((raw for at, raw in self._members.items() if at > start), default=self._base + self.raw_at)

    def skip(self, n_bytes: int) -> None:
        """Read over `n_bytes` unpacked bytes."""
        while n_bytes > 0 and (piece := self.read(min(n_bytes, PIECE_BYTES))):
            n_bytes -= len(piece)

    def read(self, size: int = PIECE_BYTES) -> bytes:
        """Return up to `size` bytes, none at the end or where the data are damaged."""
        size = PIECE_BYTES if size < 0 else size
        piece = self._inflate(size) if self.is_gzip else self._raw(size)
        self.at += len(piece)
        self.tail = (self.tail + piece)[-16:]
        return piece

    def tell(self) -> int:
        """Return how many unpacked bytes were given out."""
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Refuse: the stream goes forward only."""
        raise OSError(f"can't seek to {offset} ({whence})")

    def close(self) -> None:
        """Leave the file to whoever opened it."""

    def _raw(self, size: int) -> bytes:
        piece = self._file.read(size)
        self.raw_at += len(piece)
        return piece

    def _inflate(self, size: int) -> bytes:
        while not self.damage:
            if not self._waiting:
                self._waiting = self._raw(PIECE_BYTES)
                if not self._waiting:
                    return b""
            if self._decoder.eof and not self._next_member():
                return b""
            try:
                out = self._decoder.decompress(self._waiting, size)
            except zlib.error as error:
                self.damage = f"the gzip data are damaged before byte {self._base + self.raw_at}: {error}"
                return b""
            self._waiting = self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail
            if out:
                return out
        return b""

    def _next_member(self) -> bool:
        """Begin the next gzip member, if what waits is one; zeros at the end are padding."""
        if len(self._waiting) == 1:
            self._waiting += self._raw(PIECE_BYTES)
        self._members[self.at] = self._base + self.raw_at - len(self._waiting)
        if not GZIP_MAGIC.startswith(self._waiting[:2]):
            if self._waiting.strip(b"\0"):
                self.damage = f"no gzip data before byte {self._base + self.raw_at}"
            return False
        self._decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        return True
