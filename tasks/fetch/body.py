"""Bodies unpacked: content and transfer encodings undone, within a limit, and never a torn one taken for whole.

What comes out is bounded by `limit` bytes however small the input is: everything is unpacked in pieces of 64 kB, so a
gzip bomb costs its limit and no more. A body that ends before its compression says so is `BODY_TRUNCATED`.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli  # type: ignore[import-untyped]  # it ships no types

from tasks.outcome import DropReason, Unusable

PIECE_BYTES = 65_536
GZIP_MAGIC = b"\x1f\x8b"
HEX_RE = re.compile(rb"[0-9A-Fa-f]{1,15}")


def unpack(pieces: Iterable[bytes], encodings: str, limit: int) -> bytes:
    """Undo the content `encodings` (the value of a Content-Encoding header) of a body and return it whole.

    Raises Unusable: BODY_TOO_BIG, BODY_TRUNCATED, or TYPE_UNWANTED for an encoding that is not known here.
    """
    for encoding in reversed([one.strip().lower() for one in encodings.split(",")]):
        if encoding not in DECODERS:
            raise Unusable(DropReason.TYPE_UNWANTED, f"content encoding {encoding!r}; known are gzip, deflate, br")
        pieces = DECODERS[encoding](pieces)
    return collect(pieces, limit)


def collect(pieces: Iterable[bytes], limit: int) -> bytes:
    """Join `pieces`. Raises Unusable(BODY_TOO_BIG) as soon as they are more than `limit` bytes."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            raise Unusable(DropReason.BODY_TOO_BIG, f"more than {limit} bytes")
    return bytes(body)


def unchunk(raw: bytes) -> bytes:
    """Undo the chunked transfer encoding of HTTP (RFC 9112, section 7.1).

    Bytes that do not begin with a chunk header are returned as they are: many archives store the body unchunked
    beside the server's original headers. Raises Unusable(BODY_TRUNCATED) where the last chunk is missing.
    """
    body = bytearray()
    at = 0
    while True:
        end = raw.find(b"\r\n", at, at + 1024)
        size = _chunk_size(raw[at:end]) if end >= 0 else None
        if size is None:
            if at == 0:
                return raw
            raise Unusable(DropReason.BODY_TRUNCATED, f"no chunk where one should be, after {len(body)} bytes")
        if size == 0:
            return bytes(body)
        at = end + 2
        body += raw[at : at + size]
        if at + size > len(raw):
            raise Unusable(DropReason.BODY_TRUNCATED, f"the chunks end after {len(body)} bytes")
        at += size + 2


def _chunk_size(line: bytes) -> int | None:
    digits = line.split(b";")[0].strip()
    return int(digits, 16) if HEX_RE.fullmatch(digits) else None


def ungzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Undo gzip, member after member.

    What does not begin like gzip is passed on as it is: servers and archives keep the header of what they already
    unpacked. Raises Unusable(BODY_TRUNCATED) for data that are torn or damaged.
    """
    return _inflate(pieces, GZIP_MAGIC, lambda: zlib.decompressobj(16 + zlib.MAX_WBITS))


def _undeflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Undo "deflate", which to half of the servers means zlib and to the other half deflate without its header."""
    head, rest = _head(pieces, 2)
    zlib_header = len(head) > 1 and head[0] & 0x0F == zlib.DEFLATED and (head[0] << 8 | head[1]) % 31 == 0
    bits = zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS
    yield from _inflate(_chain(head, rest), b"", lambda: zlib.decompressobj(bits))


def _inflate(pieces: Iterable[bytes], magic: bytes, start: "Callable[[], zlib._Decompress]") -> Iterator[bytes]:
    """Undo a compression of zlib that begins with `magic`, once or, where `magic` says anything, member by member."""
    head, rest = _head(pieces, len(magic))
    if not head.startswith(magic):
        yield from _chain(head, rest)
        return
    decoder, done, has_begun = start(), 0, False
    for piece in _chain(head, rest):
        waiting, more = piece, False
        while waiting or more:
            has_begun = True
            if decoder.eof:
                if not magic or not magic.startswith(waiting[: len(magic)]):
                    return  # padding after the end
                decoder = start()
            try:
                out = decoder.decompress(waiting, PIECE_BYTES)
            except zlib.error as error:
                raise Unusable(DropReason.BODY_TRUNCATED, f"damaged after {done} bytes: {error}") from error
            done += len(out)
            yield out
            waiting = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            more = len(out) == PIECE_BYTES and not decoder.eof  # zlib may hold some back without needing more input
    if has_begun and not decoder.eof:
        raise Unusable(DropReason.BODY_TRUNCATED, f"the compressed data end after {done} bytes")


def _head(pieces: Iterable[bytes], n_bytes: int) -> tuple[bytes, Iterator[bytes]]:
    """Return at least the first `n_bytes` of `pieces`, where there are so many, and the pieces after them."""
    rest = iter(pieces)
    head = b""
    while len(head) < n_bytes and (piece := next(rest, None)) is not None:
        head += piece
    return head, rest


def _unbrotli(pieces: Iterable[bytes]) -> Iterator[bytes]:
    decoder, done = brotli.Decompressor(), 0
    for piece in pieces:
        waiting = piece
        while not decoder.is_finished():
            try:
                out = decoder.process(waiting, output_buffer_limit=PIECE_BYTES)
            except brotli.error as error:
                raise Unusable(DropReason.BODY_TRUNCATED, f"damaged after {done} bytes: {error}") from error
            waiting = b""
            done += len(out)
            yield out
            if not out and decoder.can_accept_more_data():
                break
    if not decoder.is_finished():
        raise Unusable(DropReason.BODY_TRUNCATED, f"the compressed data end after {done} bytes")


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


DECODERS: dict[str, Callable[[Iterable[bytes]], Iterable[bytes]]] = {
    "": lambda pieces: pieces,
    "identity": lambda pieces: pieces,
    "gzip": ungzip,
    "x-gzip": ungzip,
    "deflate": _undeflate,
    "br": _unbrotli,
}
