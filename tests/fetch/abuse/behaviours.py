"""What hostile and careless servers do, by name. Each function returns the steps of a script of `tests.fetch.server`.

A row of `tests/cases/fetch/abuse.jsonl` names one of them with its parameters, or gives the bytes of the answer itself.
Bytes stand in rows as ISO-8859-1.
"""

import gzip
import itertools
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import brotli  # type: ignore[import-untyped]  # it ships no types
from backports import zstd

from tests.fetch.server import Step, Then

TEXT = "Die Brücke bleibt geschlossen."
PAGE = f"<!doctype html><html><head><title>Nachricht</title></head><body><p>{TEXT}</p></body></html>".encode()
MEGABYTE = bytes(1_000_000)
WORDS = random.Random(3).randbytes(6_000_000).hex().encode()  # noqa: S311  (packs to a half, as no bomb does)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def wide_zstd(body: bytes) -> bytes:
    """Pack for a window of 128 MB, without saying how much there is to come."""
    parameter = zstd.CompressionParameter
    options = {parameter.window_log: 27, parameter.content_size_flag: 0, parameter.compression_level: 1}
    packer = zstd.ZstdCompressor(options={int(key): value for key, value in options.items()})
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw-deflate": raw_deflate,
    "br": lambda body: bytes(brotli.compress(body, quality=5)),
    "zstd": zstd.compress,
    "zstd-wide": wide_zstd,
    "identity": bytes,
}
BODIES: dict[str, Callable[[], bytes]] = {
    "nothing": bytes,
    "page": lambda: PAGE,
    "zeros": lambda: bytes(50_000_000),
    "markup": lambda: b"<p>spam</p>" * 5_000_000,
    "words": lambda: WORDS,
    "members": lambda: gzip.compress(b"") * 400_000,
    "many members": lambda: gzip.compress(b"") * 5_000_000,
    "skippable frames": lambda: b"\x50\x2a\x4d\x18\x08\x00\x00\x00skipped." * 300_000,
    "sitemap": lambda: b"<urlset>" + b"<url><loc>https://bote.example/</loc></url>" * 1_500_000,
}


def head(headers: Iterable[str] = (), status: str = "200 OK", media_type: str = "text/html") -> bytes:
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {media_type}"] if media_type else []), *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


@cache
def packed_body(body: str, packed: tuple[str, ...]) -> bytes:
    """Return a body of BODIES, packed by PACKERS one after the other. Kept, for bombs take time to make."""
    raw = BODIES[body]()
    for packer in packed:
        raw = PACKERS[packer](raw)
    return raw


def packed(  # noqa: PLR0913  (a row of the table)
    *,
    packed: Iterable[str] = (),
    encoding: str | list[str] = (),  # type: ignore[assignment]  # no header
    body: str = "page",
    cut: int = 0,
    flip: int = 0,
    after: str = "",
    media_type: str = "text/html",
    status: str = "200 OK",
    chunked: bool = False,
) -> Iterator[Step]:
    """Send a body packed in one way and declared in another, whole, torn (`cut` bytes short) or damaged (at `flip`)."""
    raw = packed_body(body, tuple(packed))
    raw = raw[: len(raw) - cut] + after.encode("latin-1")
    if flip:
        raw = raw[:flip] + bytes([raw[flip] ^ 0xFF]) + raw[flip + 1 :]
    declared = [f"Content-Encoding: {one}" for one in ([encoding] if isinstance(encoding, str) else encoding)]
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(raw)}"
    yield head([*declared, framing], status, media_type)
    yield b"%x\r\n%b\r\n0\r\n\r\n" % (len(raw), raw) if chunked else raw


def endless_packed(coding: str) -> Iterator[Step]:
    """Send a packed body that never comes to its end."""
    yield head([f"Content-Encoding: {coding}"])
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    if coding == "br":
        yield bytes(brotli.compress(bytes(100_000_000), quality=3))[:-1]
        yield Then.HANG
    while True:
        yield packer.compress(MEGABYTE) + packer.flush(zlib.Z_SYNC_FLUSH)


def endless(piece: str, start: str = "", wait_s: float = 0.0, at_once: int = 1) -> Iterator[Step]:
    """Send `start`, then `piece` for ever, `at_once` times at a time; `#` in it counts."""
    yield start.encode("latin-1")
    block = piece.encode("latin-1") * at_once
    for n in itertools.count():
        yield block.replace(b"#", b"%d" % n) if b"#" in block else block
        if wait_s:
            yield wait_s


def steps(steps: Iterable[str | float], then: str = "close") -> Iterator[Step]:
    """Send texts and wait seconds."""
    for step in steps:
        yield step.encode("latin-1") if isinstance(step, str) else float(step)
    yield Then(then)


def page(  # noqa: PLR0913  (a row of the table)
    *,
    headers: Iterable[str] = (),
    status: str = "200 OK",
    media_type: str = "text/html",
    before: str = "",
    after: str = "",
    then: str = "close",
) -> Iterator[Step]:
    """Send the page with some headers, with something before the head and after the body."""
    yield before.encode("latin-1")
    yield head([*headers, f"Content-Length: {len(PAGE)}"], status, media_type)
    yield PAGE + after.encode("latin-1")
    yield Then(then)


BEHAVIOURS: dict[str, Callable[..., Iterator[Step]]] = {
    "packed": packed,
    "endless packed": endless_packed,
    "endless": endless,
    "steps": steps,
    "page": page,
}


def script_of(case: dict[str, Any]) -> Callable[[], Iterable[Step]]:
    """Return the script of a row."""
    if "answer" in case:
        return lambda: [case["answer"].encode("latin-1"), Then(case.get("then", "close"))]
    return lambda: BEHAVIOURS[case["behaviour"]](**case.get("with", {}))
