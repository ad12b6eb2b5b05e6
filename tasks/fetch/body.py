"""Bodies unpacked: content and transfer encodings undone, within limits, and never a torn one taken for whole.

A body is fed to an `Unpacker` as it comes in and comes out in pieces of at most 64 kB, so a caller that does other
things between them is never held up, and a bomb costs what it took to notice it. What is noticed, by its code:

    ENCODING_CHAIN    packed more than `MAX_CODINGS` times, declared or not, or in more than `MAX_MEMBERS` members
    ENCODING_UNKNOWN  a declared coding that is none of gzip, deflate, br, zstd
    ENCODING_CORRUPT  the packed data are damaged, or want a larger window than RFC 9659 allows
    BODY_TRUNCATED    the packed data end before they say so
    BOMB              more than `BOMB_BYTES` come out of less than a 250th of it; on any layer
    BODY_TOO_BIG      more than the limit comes out; on any layer

Servers declare what they did not do, and do what they did not declare. The bytes decide, for each layer:

    what begins like gzip or zstd                        is unpacked, whatever was declared
    declared gzip or zstd, and begins like neither       is taken as it is
    declared br or deflate, and begins like HTML or XML  is taken as it is
    declared br or deflate, anything else                is unpacked, and is ENCODING_CORRUPT where that fails
    nothing (more) declared                              is taken as it is

No text begins like gzip or zstd: the bytes are not valid UTF-8 and begin with a control character or a lone byte order
of no encoding. "deflate" is to half of the servers zlib and to the other half deflate without its header: both are
read. Bytes after the end of the packed data are padding and are not looked at.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types
from backports import zstd
from isal import isal_zlib
from isal.igzip_lib import IsalError

from tasks.outcome import DropReason, Unusable

PIECE_BYTES = 65_536
# What goes into a decoder at once: as many empty gzip members as fit into it (800) took 1.5 ms.
SLICE_BYTES = 16_384
# Nobody needs more than one; two happen where a cache packs what the server behind it packed.
MAX_CODINGS = 3
# The highest of 80 pages of article-extraction-benchmark, packed as tightly as gzip, br and zstd can, was 11.8; of a
# generated sitemap of 30,000 numbered addresses 21 (gzip) to 91 (zstd). Zeros are 1,030 in gzip, and 10,000 and more
# in the others. Small bodies are cheap whatever the ratio, hence the floor.
BOMB_RATIO = 250
BOMB_BYTES = 1_000_000
# gzip and zstd may consist of many members, each of which costs its time even where nothing is in it (3 us in gzip, 20
# in zstd). Writers that make a member of each block make 160 of a body of 10 MB.
MAX_MEMBERS = 10_000
# So far a slice is unpacked beyond the limit, though not passed on, to tell a bomb from a page that is too big.
BEYOND_BYTES = BOMB_RATIO * SLICE_BYTES

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# RFC 8878, section 3.1.2: any of sixteen first bytes. Or as much of it as is there.
ZSTD_SKIPPABLE_RE = re.compile(rb"[\x50-\x5f](?:\x2a(?:\x4d(?:\x18|\Z)|\Z)|\Z)")
# RFC 9659: content encoded as zstd must do with a window of 8 MB.
ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
# By accident a packed body begins like this once in 2**32: `<` alone would be too little, raw deflate may begin so.
MARKUP_START_RE = re.compile(
    rb"[\s\xef\xbb\xbf]*<(?:!--|!doctype|\?xml|html|head|body|rss|feed|urlset|sitemapindex)", re.IGNORECASE
)
# Enough to tell what a layer begins like.
HEAD_BYTES = 64
HEX_RE = re.compile(rb"[0-9A-Fa-f]{1,15}")
IDENTITY = {"", "identity"}
ALIASES = {"x-gzip": "gzip"}


class Decoder(Protocol):
    """One compression being undone."""

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Yield what comes out of the next bytes. Raises Unusable(ENCODING_CORRUPT)."""

    def is_whole(self) -> bool:
        """Whether the packed data came to their end."""


class _Members:
    """gzip or zstd, member after member; what follows the last one and begins like no member is padding."""

    def __init__(self, start: "Callable[[], _Stream]", is_start: Callable[[bytes], bool]) -> None:
        self._start, self._is_start = start, is_start
        self._stream = start()
        self._n_members = 1
        self._is_over = False

    def feed(self, packed: bytes) -> Iterator[bytes]:
        waiting = packed
        while not self._is_over:
            if self._stream.eof:
                if not waiting:
                    return
                self._is_over = not self._is_start(waiting)
                if not self._is_over:
                    self._begin_member()
                continue
            yield from self._stream.feed(waiting)
            if not self._stream.eof:
                return
            waiting = self._stream.unused_data

    def is_whole(self) -> bool:
        return self._stream.eof

    def _begin_member(self) -> None:
        self._n_members += 1
        if self._n_members > MAX_MEMBERS:
            raise Unusable(DropReason.ENCODING_CHAIN, f"more than {MAX_MEMBERS} members")
        self._stream = self._start()


class _Stream(Protocol):
    """One member, which knows its end."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def feed(self, packed: bytes) -> Iterator[bytes]: ...


class _Inflate:
    """One stream of deflate: gzip, zlib or raw by its window bits. igzip unpacks it at more than twice zlib's speed."""

    def __init__(self, window_bits: int) -> None:
        self._decoder = isal_zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def feed(self, packed: bytes) -> Iterator[bytes]:
        decoder, waiting, more = self._decoder, packed, True
        while (waiting or more) and not decoder.eof:
            try:
                out = decoder.decompress(waiting, PIECE_BYTES)
            except IsalError as error:  # type: ignore[misc]  # the stub says that it is an instance
                raise _corrupt(error) from error
            yield out
            waiting = decoder.unconsumed_tail
            more = len(out) == PIECE_BYTES  # zlib may hold some back without needing more input

    def is_whole(self) -> bool:
        return self._decoder.eof


class _Zstd:
    """One frame of zstd."""

    def __init__(self) -> None:
        self._decoder = zstd.ZstdDecompressor(options=ZSTD_OPTIONS)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def feed(self, packed: bytes) -> Iterator[bytes]:
        waiting = packed
        while not self._decoder.eof:
            try:
                out = self._decoder.decompress(waiting, max_length=PIECE_BYTES)
            except zstd.ZstdError as error:
                raise _corrupt(error) from error
            yield out
            if self._decoder.needs_input:
                return
            waiting = b""


class _Brotli:
    """One stream of brotli."""

    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def feed(self, packed: bytes) -> Iterator[bytes]:
        waiting = packed
        while not self._decoder.is_finished():
            try:
                out = self._decoder.process(waiting, output_buffer_limit=PIECE_BYTES)
            except brotli.error as error:
                raise _corrupt(error) from error
            yield out
            if not out and self._decoder.can_accept_more_data():
                return
            waiting = b""

    def is_whole(self) -> bool:
        return bool(self._decoder.is_finished())


class _AsItIs:
    """No compression at all."""

    def feed(self, packed: bytes) -> Iterator[bytes]:
        yield packed

    def is_whole(self) -> bool:
        return True


def _corrupt(error: Exception) -> Unusable:
    return Unusable(DropReason.ENCODING_CORRUPT, str(error))


def _gunzip() -> Decoder:
    return _Members(lambda: _Inflate(16 + zlib.MAX_WBITS), lambda data: GZIP_MAGIC.startswith(data[:2]))


def _unzstd() -> Decoder:
    return _Members(_Zstd, _may_be_zstd)


def _decoder_for(coding: str, head: bytes) -> Decoder:
    """Return what undoes a layer that was declared as `coding` ("" for none) and begins with `head`."""
    if head.startswith(GZIP_MAGIC + b"\x08") or (coding == "gzip" and head.startswith(GZIP_MAGIC)):
        return _gunzip()
    if head.startswith(ZSTD_MAGIC) or (coding == "zstd" and _begins_zstd(head)):
        return _unzstd()
    if coding == "br" and not MARKUP_START_RE.match(head):
        return _Brotli()
    if coding == "deflate" and not MARKUP_START_RE.match(head):
        is_zlib = len(head) > 1 and head[0] & 0x0F == zlib.DEFLATED and (head[0] << 8 | head[1]) % 31 == 0
        return _Inflate(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
    return _AsItIs()


def _begins_zstd(head: bytes) -> bool:
    """Whether a body declared as zstd begins like it. Less than this could be a short text, as `(` and `P*` are."""
    torn_magic = len(head) > 1 and ZSTD_MAGIC.startswith(head)
    return torn_magic or (len(head) >= len(ZSTD_MAGIC) and ZSTD_SKIPPABLE_RE.match(head) is not None)


def _may_be_zstd(waiting: bytes) -> bool:
    """Whether another frame follows, as far as can be told."""
    return ZSTD_MAGIC.startswith(waiting[:4]) or ZSTD_SKIPPABLE_RE.match(waiting) is not None


class _Layer:
    """One declared coding, or the absence of one, whose decoder is chosen by how its bytes begin."""

    def __init__(self, coding: str) -> None:
        self.coding = coding
        self.n_out = 0
        self._head = b""
        self._decoder: Decoder | None = None

    @property
    def is_packed(self) -> bool:
        """Whether something is unpacked here. Known once something came out."""
        return not isinstance(self._decoder, _AsItIs)

    def feed(self, packed: bytes) -> Iterator[bytes]:
        if self._decoder is None:
            self._head += packed
            if len(self._head) < HEAD_BYTES:
                return
            packed = self._begin()
        yield from self._checked(packed)

    def finish(self) -> Iterator[bytes]:
        """Yield what is left. Raises Unusable(BODY_TRUNCATED) where the packed data do not end."""
        if self._decoder is None:
            if not self._head:
                return
            yield from self._checked(self._begin())
        if self._decoder is not None and not self._decoder.is_whole():
            name = self.coding or "undeclared compression"
            raise Unusable(DropReason.BODY_TRUNCATED, f"the {name} data end after {self.n_out} bytes")

    def _begin(self) -> bytes:
        head, self._head = self._head, b""
        self._decoder = _decoder_for(self.coding, head)
        return head

    def _checked(self, packed: bytes) -> Iterator[bytes]:
        decoder = self._decoder
        if decoder is None:
            return
        try:
            for out in decoder.feed(packed):
                self.n_out += len(out)
                yield out
        except Unusable as error:
            name = self.coding or "undeclared compression"
            raise Unusable(error.reason, f"{name} after {self.n_out} bytes: {error.detail}") from error


class Unpacker:
    """A body being unpacked, in pieces.

    `encodings` is the value of the Content-Encoding header, `limit` bounds in bytes what comes out of each layer.
    Feed it the body as it comes, take what comes out, and `finish` in the end. Raises Unusable with the codes of this
    module, ENCODING_CHAIN and ENCODING_UNKNOWN at once.
    """

    def __init__(self, encodings: str, limit: int) -> None:
        """Read the declaration."""
        self._layers = [_Layer(coding) for coding in reversed(declared_codings(encodings))]
        self._layers.append(_Layer(""))
        self._limit = limit
        self.n_in = 0

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Yield what comes out of the next bytes of the body. Pieces may be empty."""
        for at in range(0, len(packed), SLICE_BYTES):
            piece = packed if len(packed) <= SLICE_BYTES else packed[at : at + SLICE_BYTES]
            self.n_in += len(piece)
            yield from self._down(0, self._layers[0].feed(piece))
            self._refuse_excess()

    def refuse_packed_excess(self) -> None:
        """Raise Unusable(BODY_TOO_BIG) where more went in than may come out."""
        if self.n_in > self._limit:
            raise Unusable(DropReason.BODY_TOO_BIG, f"more than {self._limit} bytes as sent")

    def finish(self) -> Iterator[bytes]:
        """Yield what is left, and refuse a body that is not complete."""
        at = 0
        while at < len(self._layers):  # layers that nobody declared appear on the way
            yield from self._down(at, self._layers[at].finish())
            self._refuse_excess()
            at += 1

    def _down(self, at: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Lead what comes out of the layer `at` through those below it."""
        layer, is_last = self._layers[at], at == len(self._layers) - 1
        for piece in pieces:
            if not piece:  # a turn for the caller: members with nothing in them take their time as well
                yield piece
                continue
            if layer.n_out > min(self._limit, BOMB_BYTES):
                self._refuse_bomb(layer.n_out)
            if layer.n_out > self._limit:
                continue
            if is_last and layer.is_packed:
                self._add_layer()
                is_last = False
            if is_last:
                yield piece
            else:
                yield from self._down(at + 1, self._layers[at + 1].feed(piece))

    def _add_layer(self) -> None:
        """Look below a coding that nobody declared for another one."""
        if sum(layer.is_packed for layer in self._layers) > MAX_CODINGS:
            raise Unusable(DropReason.ENCODING_CHAIN, f"packed more than {MAX_CODINGS} times, undeclared")
        self._layers.append(_Layer(""))

    def _refuse_bomb(self, n_out: int) -> None:
        if n_out > BOMB_BYTES and n_out > self.n_in * BOMB_RATIO:
            raise Unusable(DropReason.BOMB, f"{n_out} bytes and more come out of {self.n_in}")
        if n_out > self._limit + BEYOND_BYTES:
            self._refuse_excess()

    def _refuse_excess(self) -> None:
        if any(layer.n_out > self._limit for layer in self._layers):
            raise Unusable(DropReason.BODY_TOO_BIG, f"more than {self._limit} bytes")


def declared_codings(encodings: str) -> list[str]:
    """Return the codings that the value of a Content-Encoding header names, in the order they were applied.

    Raises Unusable: ENCODING_CHAIN, ENCODING_UNKNOWN.

    >>> declared_codings("X-GZIP, identity")
    ['gzip']
    """
    named = [one.strip().lower() for one in encodings.split(",")]
    codings = [ALIASES.get(one, one) for one in named if one not in IDENTITY]
    if len(codings) > MAX_CODINGS:
        raise Unusable(DropReason.ENCODING_CHAIN, f"{len(codings)} codings, more than {MAX_CODINGS}")
    for coding in codings:
        if coding not in {"gzip", "deflate", "br", "zstd"}:
            detail = f"content coding {coding[:40]!r}; known are gzip, deflate, br, zstd"
            raise Unusable(DropReason.ENCODING_UNKNOWN, detail)
    return codings


def unpack(pieces: Iterable[bytes], encodings: str, limit: int) -> bytes:
    """Undo the content `encodings` (the value of a Content-Encoding header) of a body and return it whole.

    What a server packed without saying so is unpacked too. Raises Unusable with the codes of this module.
    """
    return collect(_unpacked(pieces, encodings, limit), limit)


def _unpacked(pieces: Iterable[bytes], encodings: str, limit: int) -> Iterator[bytes]:
    unpacker = Unpacker(encodings, limit)
    for piece in pieces:
        yield from unpacker.feed(piece)
    yield from unpacker.finish()


def collect(pieces: Iterable[bytes], limit: int) -> bytes:
    """Join `pieces`. Raises Unusable(BODY_TOO_BIG) as soon as they are more than `limit` bytes."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            raise Unusable(DropReason.BODY_TOO_BIG, f"more than {limit} bytes")
    return bytes(body)


def ungzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Undo gzip, member after member, in pieces of at most 64 kB, without a limit of its own.

    What does not begin like gzip is passed on as it is: servers and archives keep the header of what they already
    unpacked. Raises Unusable: BODY_TRUNCATED for torn data, ENCODING_CORRUPT for damaged ones.
    """
    layer = _Layer("gzip")
    for piece in pieces:
        yield from layer.feed(piece)
    yield from layer.finish()


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
