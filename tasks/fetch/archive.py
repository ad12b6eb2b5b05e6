"""The archive: every answer of a server, kept as a WARC 1.1 record for good, so that a changed rule never refetches.

    FOLDER/00000001-20261125T081500123456Z.warc.gz        sealed: whole, and never written to again
    FOLDER/00000002-20261125T093000000000Z.warc.gz.open   being written, or left by a process that was killed

A segment is sealed by a rename, when it is full and when its writer ends. So the name says whether a file is whole,
other tools that look for `*.warc.gz` see whole files only, and nobody ever appends to a file that an earlier process
wrote. The date in the name, to the microsecond, keeps a place in a lost segment from meaning a record in a later one.
A record is known by its segment's sealed name, its offset and its length: one gzip member each, as the standard wants.

What is stored is what was sent, but for the framing that the client undid. As Common Crawl does, a header line
`Transfer-Encoding`, or a `Content-Length` that is not the length of the stored body, gets `X-Crawler-` before its name
(and so does a line that begins like that already), and the right length is added after the status line. Two fields of
our own make the way back exact: `Unspun-Head-Length`, the bytes of the head as stored, and `Unspun-Length-Added` where
that line is not the server's. `Unspun-Outcome` is why the answer could not be used.

An answer that can't be used is kept for the record, not for its text: its body up to `UNUSABLE_BYTES`. Where a body is
not all that the server had to say, `WARC-Truncated` says so, and why. A 304, and a 200 with the body that is archived
already, become `revisit` records that point to it.

Refused: an answer without a head (nobody answered) is no record. Nothing here judges an answer; and a failed write is
never tried again, since after a failed sync the kernel may have dropped what it could not write.
"""

import contextlib
import fcntl
import hashlib
import io
import os
import re
import struct
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import IO, BinaryIO, Self
from urllib.parse import quote, unquote_to_bytes

from fastwarc.warc import ArchiveIterator, HeaderMap, WarcRecord, WarcRecordType
from isal import isal_zlib

from tasks.fetch.body import IDENTITY
from tasks.fetch.http_head import NOT_MODIFIED, Asked, answer_of, read_head
from tasks.fetch.records import Answer
from tasks.outcome import Dropped, DropReason, Fatal, Retryable, Unusable
from tasks.shards import retryable_disk, sync_folder

SEALED = ".warc.gz"
OPEN = ".open"
LOCK = "lock"
SEGMENT_RE = re.compile(r"(\d{8,})-\d{8}T\d{12}Z\.warc\.gz(?:\.open)?")

SEGMENT_BYTES = 1 << 30  # what the WARC standard recommends as the size of a file (annex C)
UNUSABLE_BYTES = 65_536
# FastWARC gives up on a record with more than 32 KB in one field, and each character may take 12 bytes there.
DETAIL_CHARACTERS = 1_000
# Records wait in memory for the next sync; from this size on they are handed to the kernel before.
PENDING_BYTES = 8 << 20
PIECE_BYTES = 65_536

# Measured on two pages of article-extraction-benchmark, 58 kB each: igzip's level 1 packs them to 21 and 28 % in 0.06
# and 0.2 ms (zlib's takes 0.6 and 0.8 ms). Of what gzip packed already nothing more can be taken off: it is stored, in
# 3 µs.
PACK_LEVEL = 1
STORED_BYTES = 65_535  # what one stored block of deflate can hold
GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
GZIP = 16 + zlib.MAX_WBITS

PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))
FRAMING_RE = re.compile(rb"^(?=X-Crawler-|transfer-encoding[ \t]*:)", re.IGNORECASE | re.MULTILINE)
FRAMING_AND_LENGTH_RE = re.compile(
    rb"^(?=X-Crawler-|(?:transfer-encoding|content-length)[ \t]*:)", re.IGNORECASE | re.MULTILINE
)
MARK = b"X-Crawler-"
MARK_RE = re.compile(rb"^X-Crawler-", re.MULTILINE)
LENGTH_RE = re.compile(rb"^content-length[ \t]*:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
TRANSFER_RE = re.compile(rb"^transfer-encoding[ \t]*:", re.IGNORECASE | re.MULTILINE)
ADDED_RE = re.compile(rb"(\n)Content-Length: \d+\r\n")
NUMBER_RE = re.compile(rb"[0-9]{1,18}")
EDGE_SPACES_RE = re.compile(r"^ +| +$")
STATUS_RE = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")

BODILESS = {204, NOT_MODIFIED}
PROFILES = "http://netpreserve.org/warc/1.1/revisit/"
TRUNCATION = {
    DropReason.BODY_TOO_BIG: "length",
    DropReason.BOMB: "length",
    DropReason.HEADERS_TOO_BIG: "length",
    DropReason.DEADLINE: "time",
    DropReason.BODY_TRUNCATED: "disconnect",
    DropReason.CONN_RESET: "disconnect",
    DropReason.EOF_EARLY: "disconnect",
    # Of these the body is not read, or not to its end.
    DropReason.TYPE_UNWANTED: "unspecified",
    DropReason.TYPE_BINARY: "unspecified",
    DropReason.PROTOCOL_ERROR: "unspecified",
    DropReason.ENCODING_CHAIN: "unspecified",
    DropReason.ENCODING_UNKNOWN: "unspecified",
    DropReason.ENCODING_CORRUPT: "unspecified",
}


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a record is: `length` bytes from `offset` of the file whose name, once sealed, is `segment`.

    `payload_digest` is that of the body in the record, or of the one a revisit points to: `sha256:` and 64 hex digits.
    """

    segment: str
    offset: int
    length: int
    payload_digest: str


@dataclass(frozen=True, slots=True)
class Revisit:
    """The archived version that an answer repeats: asked for as `url` at `fetched_at`, with that digest."""

    url: str
    fetched_at: datetime | None
    payload_digest: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of the archive: the name it has once sealed, and how many of its bytes survive a loss of power."""

    name: str
    n_bytes: int
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A whole gzip member of a segment. `answer` is None where it is no answer of a server (a warcinfo record)."""

    place: RecordPlace
    answer: Answer | None
    is_revisit: bool

    @property
    def end(self) -> int:
        """Where the next member begins."""
        return self.place.offset + self.place.length


class ArchiveWriter:
    """Writes answers to the archive at `folder`; as a context, holds its lock, and seals what it wrote at the end.

    Raises Retryable where another process writes there or the disk is in the way; after that it takes nothing more.
    What a killed process left is dealt with by `tasks.fetch.recovery`, before the first `append`.
    """

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Touch nothing yet. A segment of `segment_bytes` or more gets no further record."""
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._lock: IO[str] | None = None
        self._file: io.FileIO | None = None
        self._name = ""
        self._pending: list[bytes] = []
        self._n_pending = 0
        self._n_written = 0
        self._is_broken = False
        self._sealed: list[Segment] = []  # since the latest sync
        self._synced: list[Segment] = []

    def __enter__(self) -> Self:
        """Take the lock of the folder, which is made where it is not there."""
        with retryable_disk(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / LOCK).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            # A killed run's crawl notices within a second, so another try may find it gone.
            message = f"another process writes to the archive {self.folder}: wait for its end, or use another folder"
            raise Retryable(message) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Seal what was written, also when the block failed: recovery enters it in the ledger. Then free the lock."""
        try:
            if not self._is_broken:
                self._seal()
        finally:
            if self._file is not None:
                self._file.close()
                self._file = None
            if self._lock is not None:
                self._lock.close()

    @property
    def is_writing(self) -> bool:
        """Whether a segment of this writer is open."""
        return self._file is not None

    def append(self, answer: Answer, revisit_of: Revisit | None = None) -> RecordPlace:
        """Add a record, which survives once `sync` returned; return where it will be.

        With `revisit_of` the body is left out, since it is archived there: as not modified, for an answer with status
        304, else as the same bytes. Raises ValueError for an answer without a head.
        """
        if not answer.head:
            raise ValueError(f"{answer.url}: an answer without a head is no record; don't archive it")
        if self._file is not None and self._n_written + self._n_pending >= self._segment_bytes:
            self._seal()
        if self._file is None:
            self._begin()
        record, digest = _record(answer, revisit_of)
        is_packed = answer.content_encoding not in IDENTITY
        member = stored(record) if is_packed else isal_zlib.compress(record, PACK_LEVEL, GZIP)
        return self._add(member, digest)

    def sync(self) -> None:
        """Let everything that was appended survive a loss of power; `segments` tells then how far."""
        self._flush()
        self._synced, self._sealed = self._sealed, []
        if self._file is not None:
            with self._breaking():
                os.fdatasync(self._file.fileno())
            self._synced = [*self._synced, Segment(self._name, self._n_written, is_sealed=False)]

    def segments(self) -> list[Segment]:
        """Return what the latest `sync` dealt with: the segments sealed since the one before, and the open one."""
        return self._synced

    def _begin(self) -> None:
        self._name = _next_name(self.folder)
        with self._breaking():
            # The file is closed by _seal or __exit__.
            self._file = io.FileIO(self.folder / (self._name + OPEN), "x")
            sync_folder(self.folder)
        self._n_written = 0
        self._add(isal_zlib.compress(_warcinfo(self._name), PACK_LEVEL, GZIP), "")

    def _add(self, member: bytes, digest: str) -> RecordPlace:
        place = RecordPlace(self._name, self._n_written + self._n_pending, len(member), digest)
        self._pending.append(member)
        self._n_pending += len(member)
        if self._n_pending >= PENDING_BYTES:
            self._flush()
        return place

    def _flush(self) -> None:
        """Hand what waits to the kernel. It may take less at a time than it is given."""
        if self._is_broken:
            raise Retryable(f"{self.folder}: an earlier write failed; begin again, and recovery finds what was kept")
        if self._file is None:
            return
        left = memoryview(b"".join(self._pending))
        with self._breaking():
            while left:
                left = left[self._file.write(left) :]
            self._n_written += self._n_pending
            self._pending.clear()
            self._n_pending = 0

    def _seal(self) -> None:
        if self._file is None:
            return
        self._flush()
        with self._breaking():
            os.fdatasync(self._file.fileno())
            self._file.close()
            seal_segment(self.folder, self._name)
        self._sealed.append(Segment(self._name, self._n_written, is_sealed=True))
        self._file = None

    @contextlib.contextmanager
    def _breaking(self) -> Iterator[None]:
        """Turn an OSError into a Retryable; take nothing more after it, nor when a signal broke in halfway."""
        try:
            with retryable_disk(self.folder / (self._name + OPEN)):
                yield
        except BaseException:
            self._is_broken = True
            raise


def payload_digest(body: bytes) -> str:
    """Return the digest under which a body is known, of its bytes as sent.

    >>> payload_digest(b"")[:20]
    'sha256:e3b0c44298fc1'
    """
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def stored(record: bytes) -> bytes:
    """Return a gzip member that holds `record` as it is (RFC 1951, section 3.2.4, and RFC 1952, section 2.3).

    >>> zlib.decompress(stored(b"news" * 50_000), GZIP) == b"news" * 50_000
    True
    """
    blocks = [record[at : at + STORED_BYTES] for at in range(0, len(record), STORED_BYTES)] or [b""]
    pieces = [GZIP_HEADER]
    for number, block in enumerate(blocks, start=1):
        pieces += (struct.pack("<BHH", number == len(blocks), len(block), len(block) ^ 0xFFFF), block)
    pieces.append(struct.pack("<II", isal_zlib.crc32(record), len(record) & 0xFFFFFFFF))
    return b"".join(pieces)


def segment_path(folder: str | Path, segment: str) -> Path:
    """Return the file of the segment, sealed or not; where there is neither, what it would be called once sealed.

    A writer may seal it before the caller has opened it: `open_segment` deals with that.
    """
    sealed = Path(folder) / segment
    unsealed = sealed.with_name(segment + OPEN)
    return unsealed if not sealed.exists() and unsealed.exists() else sealed


def open_segment(folder: Path, segment: str) -> BinaryIO:
    """Open a segment for reading, also while its writer seals it.

    Raises Unusable where it is gone, Retryable when the disk is in the way.
    """
    sealed = folder / segment
    with retryable_disk(sealed):
        # A segment is sealed once and never opened again, so it is found under the third name at the latest.
        for path in (sealed, folder / (segment + OPEN), sealed):
            with contextlib.suppress(FileNotFoundError):
                return path.open("rb")
    raise Unusable(DropReason.NOT_FOUND, f"{sealed} is gone from the archive; fetch the page anew")


def segments_in(folder: Path) -> list[str]:
    """Return the sealed names of all segments in `folder`, sealed or not, in the order they were begun.

    Raises Fatal where a segment is there both sealed and unsealed.
    """
    with retryable_disk(folder):
        names = {path.name for path in folder.iterdir() if SEGMENT_RE.fullmatch(path.name)}
    for name in names:
        if name + OPEN in names:
            message = f"{folder / name} is there twice, with and without {OPEN}; one is a copy: move it elsewhere"
            raise Fatal(message)
    return sorted((name.removesuffix(OPEN) for name in names), key=lambda name: (_number(name), name))


def seal_segment(folder: Path, segment: str) -> None:
    """Give a segment that will not be written to again its final name. Raises OSError."""
    (folder / (segment + OPEN)).rename(folder / segment)
    sync_folder(folder)


def read_answer(folder: Path, place: RecordPlace) -> Answer:
    """Read an answer back from the archive at `folder`; of an unusable one, what was kept of its body.

    Raises Unusable where the record is gone or damaged, Retryable when the disk is in the way.
    """
    with open_segment(folder, place.segment) as file, retryable_disk(folder / place.segment):
        file.seek(place.offset)
        packed = file.read(place.length)
    try:
        answer, *_ = _parsed(zlib.decompress(packed, GZIP))
    except zlib.error as error:
        raise Unusable(DropReason.RECORD_INVALID, f"{place.segment} at {place.offset}: {error}") from error
    if answer is None:
        raise Unusable(DropReason.RECORD_INVALID, f"{place.segment} at {place.offset}: no answer of a server is there")
    return answer


def scan_members(path: Path, start: int) -> Iterator[Member]:
    """Yield the whole members of the segment at `path` from byte `start` on. A torn tail begins where the last ends.

    A member is whole when gzip's own length and checksum say so. After the first one that is not, nothing is: a killed
    process leaves a beginning of what it wrote, and after a loss of power no sync vouches for what follows.
    Raises Retryable when the disk is in the way.
    """
    segment = path.name.removesuffix(OPEN)
    with retryable_disk(path), path.open("rb") as file:
        file.seek(start)
        waiting = b""
        while True:
            unpacked, length, waiting = _next_member(file, waiting)
            if length == 0:
                return
            answer, digest, is_revisit = _parsed(unpacked)
            yield Member(RecordPlace(segment, start, length, digest), answer, is_revisit)
            start += length


def _next_member(file: BinaryIO, waiting: bytes) -> tuple[bytes, int, bytes]:
    """Unpack the gzip member that begins with `waiting`; return it, its packed length and what was read beyond it.

    The length is 0 where no whole member is there.
    """
    decoder = zlib.decompressobj(GZIP)
    pieces: list[bytes] = []
    n_read = 0
    while not decoder.eof:
        piece = waiting or file.read(PIECE_BYTES)
        waiting = b""
        if not piece:
            return b"", 0, b""
        n_read += len(piece)
        try:
            pieces.append(decoder.decompress(piece))
        except zlib.error:
            return b"", 0, b""
    rest = decoder.unused_data
    return b"".join(pieces), n_read - len(rest), rest


# What a record is made of


def _record(answer: Answer, revisit_of: Revisit | None) -> tuple[bytes, str]:
    """Return the record of an answer, unpacked, and the digest of its payload."""
    body = answer.body if answer.trouble is None else answer.body[:UNUSABLE_BYTES]
    digest = payload_digest(body) if revisit_of is None else revisit_of.payload_digest
    is_unmodified = revisit_of is not None and answer.status == NOT_MODIFIED
    head, is_added = _stored_head(answer.head, None if is_unmodified else len(body))
    trouble_fields = _trouble_fields(answer, len(body))
    if revisit_of is not None:
        body = b""
    fields = [
        "WARC/1.1",
        f"WARC-Type: {'response' if revisit_of is None else 'revisit'}",
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid4()}>",
        f"WARC-Target-URI: {_in_ascii(answer.url)}",
        f"WARC-Date: {_date(answer.asked_at)}",
        *([f"WARC-IP-Address: {_in_ascii(answer.peer)}"] if answer.peer else ()),
        f"WARC-Payload-Digest: {digest}",
        *(_revisit_fields(revisit_of, is_unmodified=is_unmodified) if revisit_of is not None else ()),
        *trouble_fields,
        f"Unspun-Head-Length: {len(head)}",
        *(["Unspun-Length-Added: yes"] if is_added else ()),
        "Content-Type: application/http; msgtype=response",
        f"Content-Length: {len(head) + len(body)}",
        "\r\n",
    ]
    return b"".join(("\r\n".join(fields).encode("ascii"), head, body, b"\r\n\r\n")), digest


def _revisit_fields(revisit: Revisit, *, is_unmodified: bool) -> list[str]:
    fields = [
        f"WARC-Profile: {PROFILES}{'server-not-modified' if is_unmodified else 'identical-payload-digest'}",
        f"WARC-Refers-To-Target-URI: {_in_ascii(revisit.url)}",
    ]
    return fields if revisit.fetched_at is None else [*fields, f"WARC-Refers-To-Date: {_date(revisit.fetched_at)}"]


def _trouble_fields(answer: Answer, n_stored: int) -> list[str]:
    """Say why an answer could not be used, and why its body is not all of it."""
    truncation = _truncation(answer, n_stored)
    fields = [f"WARC-Truncated: {truncation}"] if truncation else []
    if answer.trouble is not None:
        detail = answer.trouble.detail[:DETAIL_CHARACTERS]
        fields.append(f"Unspun-Outcome: {answer.trouble.reason} {_escaped(detail)}")
    return fields


def _truncation(answer: Answer, n_stored: int) -> str:
    """Return the reason for which the body is cut, in the words of the standard; empty for a whole one."""
    if answer.trouble is not None:
        return TRUNCATION.get(answer.trouble.reason, "") or ("length" if n_stored < len(answer.body) else "")
    if answer.status in BODILESS or TRANSFER_RE.search(answer.head):
        return ""
    # The bodies of error pages are read up to a limit only.
    announced = [value.strip() for value in LENGTH_RE.findall(answer.head)]
    is_short = len(announced) == 1 and NUMBER_RE.fullmatch(announced[0]) and int(announced[0]) > n_stored
    return "length" if is_short else ""


def _stored_head(head: bytes, n_body: int | None) -> tuple[bytes, bool]:
    """Return the head with its framing made that of a body of `n_body` bytes, and whether a length was added.

    None leaves the length alone: that of a 304 speaks of a body which is not here.
    """
    if n_body is None:
        return FRAMING_RE.sub(MARK, head), False
    lengths = [value.strip() for value in LENGTH_RE.findall(head)]
    if lengths == [b"%d" % n_body] and TRANSFER_RE.search(head) is None:
        return FRAMING_RE.sub(MARK, head), False
    status_line, line_end, lines = FRAMING_AND_LENGTH_RE.sub(MARK, head).partition(b"\n")
    if not line_end:
        return status_line, False
    return b"%b\nContent-Length: %d\r\n%b" % (status_line, n_body, lines), True


def _sent_head(stored: bytes, *, is_added: bool) -> bytes:
    """Undo `_stored_head`."""
    return MARK_RE.sub(b"", ADDED_RE.sub(rb"\1", stored, count=1) if is_added else stored)


def _escaped(text: str) -> str:
    """Write any text as printable ASCII, so that `_unescaped` gives it back and no line can be smuggled in."""
    escaped = quote(text.encode("utf-8", "surrogatepass"), safe=PRINTABLE.replace("%", ""))
    return EDGE_SPACES_RE.sub(lambda spaces: "%20" * len(spaces[0]), escaped)


def _unescaped(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "surrogatepass")


def _in_ascii(address: str) -> str:
    """Leave an address, which is printable ASCII, as it is, and let nothing else into the head of a record."""
    if address.isascii() and address.isprintable() and " " not in address:
        return address
    return quote(address.encode("utf-8", "surrogatepass"), safe=PRINTABLE.replace(" ", ""))


def _date(moment: datetime) -> str:
    """Write a moment as WARC 1.1 wants it, to the microsecond: `2026-11-25T08:15:00.123456Z`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _warcinfo(segment: str) -> bytes:
    block = (
        f"software: unspun/{metadata.version('unspun')}\r\n"
        "format: WARC File Format 1.1\r\n"
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
        "robots: RFC 9309\r\n"
    )
    fields = [
        "WARC/1.1",
        "WARC-Type: warcinfo",
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid4()}>",
        f"WARC-Date: {_date(datetime.now(UTC))}",
        f"WARC-Filename: {segment}",
        "Content-Type: application/warc-fields",
        f"Content-Length: {len(block)}",
        "\r\n",
    ]
    return ("\r\n".join(fields) + block + "\r\n\r\n").encode("ascii")


def _next_name(folder: Path) -> str:
    number = max((_number(name) for name in segments_in(folder)), default=0) + 1
    return f"{number:08d}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{SEALED}"


def _number(segment: str) -> int:
    return int(segment.partition("-")[0])


# And back


def _parsed(record: bytes) -> tuple[Answer | None, str, bool]:
    """Return the answer of a record, the digest of its payload, and whether it is a revisit.

    The answer is None for a record that is none of a server, or none of ours.
    """
    try:
        found = next(iter(ArchiveIterator(io.BytesIO(record), parse_http=False)), None)
        if found is None or not _field(found.headers, "Unspun-Head-Length"):
            return None, "", False
        return _read_record(found)
    except (OSError, ValueError, OverflowError):  # no WARC, or fields that are not as we write them
        return None, "", False


def _read_record(record: WarcRecord) -> tuple[Answer, str, bool]:
    """Do it for a record of ours. Raises ValueError or OverflowError where it was tampered with."""
    fields, block = record.headers, record.reader.read()
    n_head = int(_field(fields, "Unspun-Head-Length"))
    head = _sent_head(block[:n_head], is_added=bool(_field(fields, "Unspun-Length-Added")))
    asked_at = datetime.fromisoformat(_field(fields, "WARC-Date")).astimezone(UTC)
    asked = Asked(_field(fields, "WARC-Target-URI"), asked_at, _field(fields, "WARC-IP-Address") or None)
    answer = _answer(asked, head, block[n_head:], _trouble(fields))
    return answer, _field(fields, "WARC-Payload-Digest"), record.record_type == WarcRecordType.revisit


def _field(fields: HeaderMap, name: str) -> str:
    return fields.get(name) or ""


def _trouble(fields: HeaderMap) -> Dropped | None:
    outcome = _field(fields, "Unspun-Outcome")
    if not outcome:
        return None
    code, _, detail = outcome.partition(" ")
    if code not in set(DropReason):
        return Dropped(DropReason.RECORD_INVALID, f"{code}, an outcome that this version does not know")
    return Dropped(DropReason(code), _unescaped(detail))


def _answer(asked: Asked, head: bytes, body: bytes, trouble: Dropped | None) -> Answer:
    """Read the fields of a head as the client did, which wrote it line by line."""
    status_line, *lines = head.split(b"\r\n")
    pairs = [line.partition(b":") for line in lines]
    status = STATUS_RE.match(status_line)
    read = read_head(
        int(status[1]) if status else 0,
        status_line,
        [(name, value.removeprefix(b" ")) for name, colon, value in pairs if colon],
    )
    return replace(answer_of(asked, read, body, trouble), head=head)
