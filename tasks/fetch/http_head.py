"""The head of an answer: what the server says of what follows, read once for both clients.

Fields are read as browsers read them where servers are careless: of several Content-Type values the last one that is a
media type counts (the Fetch standard, section 3.6), a value that is none says nothing. Content-Encoding adds up over
its lines (RFC 9110, section 5.3). Of any other field the first line counts.

Texts are UTF-8 or, where that is not valid, ISO-8859-1 (RFC 9110, section 5.5). The bytes of a Location that are not
UTF-8 are percent-encoded one by one, for that is what the server will expect to be asked for.

`refuse_unread` says by the head alone which pages are not worth their body.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.fetch.media import HTML_TYPES, PLAIN_TYPES, split_content_type
from tasks.fetch.records import Answer
from tasks.outcome import Dropped, DropReason, Unusable

# Statuses (RFC 9110, section 15) that more than one module looks for.
PAGE = {200, 203}
NOT_MODIFIED = 304
GONE = {404, 410}
# Feeds and sitemaps, and how servers call them.
XML_TYPES = {"application/xml", "text/xml", "application/rss+xml", "application/atom+xml", "application/rdf+xml"}
GZIP_TYPES = {"application/gzip", "application/x-gzip"}
READ_TYPES = {"", *HTML_TYPES, *PLAIN_TYPES, *XML_TYPES, *GZIP_TYPES}
BYTES_TYPE = "application/octet-stream"
# What a server that does not know its own files calls bytes, but their names tell. Everybody reads robots.txt whatever
# its type (RFC 9309 asks for text/plain and says nothing of other ones).
NAMED_AS_READ_RE = re.compile(r"[^?#]*\.(?:gz|xml)(?:[?#]|$)", re.IGNORECASE)
ROBOTS_RE = re.compile(r"https?://[^/?#]*/robots\.txt(?:[?#]|$)")

FIRST = (b"content-length", b"location", b"etag", b"last-modified", b"retry-after")
ADDED_UP = (b"content-encoding", b"content-type")
WANTED = {*FIRST, *ADDED_UP}
LENGTH_RE = re.compile(rb"\d{1,19}")
NOT_ASCII_RE = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Head:
    """The status line and the headers of an answer; see `tasks.fetch.records.Answer` for the fields they share."""

    status: int
    raw: bytes
    media_type: str
    charset_label: str | None
    content_encoding: str
    content_length: int | None
    location: str | None
    etag: str | None
    last_modified: str | None
    retry_after: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, when, and the IP address that answered, where one did."""

    url: str
    at: datetime
    peer: str | None = None


def read_head(status: int, status_line: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Head:
    """Return the head that consists of `status_line` and `headers`, names and values as sent."""
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        key = name.lower()
        if key in WANTED:
            if key not in fields:
                fields[key] = value
            elif key in ADDED_UP:
                fields[key] += b", " + value
    media_type, charset_label = _media_type(_text(fields.get(b"content-type")) or "")
    length = fields.get(b"content-length", b"")
    return Head(
        status=status,
        raw=b"%b\r\n%b\r\n" % (status_line, b"".join([b"%b: %b\r\n" % header for header in headers])),
        media_type=media_type,
        charset_label=charset_label,
        content_encoding=_text(fields.get(b"content-encoding")) or "",
        content_length=int(length) if LENGTH_RE.fullmatch(length) else None,
        location=_location(fields.get(b"location")),
        etag=_text(fields.get(b"etag")),
        last_modified=_text(fields.get(b"last-modified")),
        retry_after=_text(fields.get(b"retry-after")),
    )


def refuse_unread(head: Head, href: str, max_bytes: int) -> None:
    """Raise Unusable (TYPE_UNWANTED, BODY_TOO_BIG) for a page at `href` whose body need not be read to be refused."""
    if ROBOTS_RE.match(href):  # of which the beginning counts, however long it is
        return
    is_named = head.media_type == BYTES_TYPE and NAMED_AS_READ_RE.match(href)
    if head.media_type not in READ_TYPES and not is_named:
        raise Unusable(DropReason.TYPE_UNWANTED, f"{head.media_type[:80]}; unspun reads HTML, plain text and feeds")
    if head.content_length is not None and head.content_length > max_bytes:
        raise Unusable(DropReason.BODY_TOO_BIG, f"{head.content_length} bytes announced, more than {max_bytes}")


def answer_of(
    asked: Asked, head: Head | None, body: bytes = b"", trouble: Dropped | None = None, opening: bytes = b""
) -> Answer:
    """Return the answer that consists of `head` and `body`; without a head only why there is none."""
    if head is None:
        return Answer(url=asked.url, asked_at=asked.at, peer=asked.peer, trouble=trouble)
    return Answer(
        url=asked.url,
        asked_at=asked.at,
        peer=asked.peer,
        status=head.status,
        head=head.raw,
        body=body,
        media_type=head.media_type,
        charset_label=head.charset_label,
        content_encoding=head.content_encoding,
        location=head.location,
        etag=head.etag,
        last_modified=head.last_modified,
        retry_after=head.retry_after,
        trouble=trouble,
        opening=opening,
    )


def _media_type(values: str) -> tuple[str, str | None]:
    if "," not in values:
        media_type, label = split_content_type(values)
        return (media_type, label) if "/" in media_type else ("", label)
    read = [split_content_type(value) for value in values.split(",")]
    return next(((kind, label) for kind, label in reversed(read) if "/" in kind and kind != "*/*"), ("", None))


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _location(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return NOT_ASCII_RE.sub(lambda found: b"%%%02X" % ord(found[0]), value).decode("ascii")
