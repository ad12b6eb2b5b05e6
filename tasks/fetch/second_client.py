"""A second try at what a strict parser refuses: pages that browsers show although their HTTP is wrong.

libcurl has read careless servers for as long as browsers have. It is asked once where the first client met a
PROTOCOL_ERROR, with the same headers, under the same guard and the same limits:

- the name is looked up in the same guarded resolver, and curl is told the address; after the transfer the peer is
  checked again;
- http and https only, no redirect, no proxy, no cookie, no netrc, no HTTP/0.9;
- head and body are counted as they come in; the body is left packed and unpacked here.

It accepts, for one, a length beside chunks, two equal lengths and a header name with a space, and refuses, as browsers
do, lengths that contradict each other.

An answer that curl can't read either is None: then the first client's error stands. Transfers run in a few threads of
their own; they end with their time limit even when nobody waits for them any more.
"""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver
from curl_cffi import Curl, CurlError, CurlHttpVersion, CurlInfo, CurlOpt

from tasks.fetch.body import Unpacker
from tasks.fetch.guarded_protocol import INFORMATIONAL, MAX_HEAD_BYTES, REST_BYTES
from tasks.fetch.http_head import PAGE, Asked, Head, answer_of, read_head, refuse_unread
from tasks.fetch.records import Answer, CrawlOptions
from tasks.fetch.url_guard import WebAddress, check_peer
from tasks.outcome import Dropped, DropReason, Unusable

# Servers that need it are few; each transfer waits for the network most of its time.
THREADS = 8
STATUS_LINE_RE = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?:[ \t][^\r\n]*)?\r?\n?")


class SecondClient:
    """Asks through libcurl."""

    def __init__(self, options: CrawlOptions, resolver: AbstractResolver) -> None:
        """Look names up in `resolver`, which must be a guarded one."""
        self._options = options
        self._resolver = resolver
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="second-client")

    async def ask(self, address: WebAddress, headers: Mapping[str, str], ends_at: float) -> Answer | None:
        """Ask for `address` until `ends_at`, in the time of the loop. None where this gives no answer either."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(ends_at):
                ip = await self._look_up(address)
                left_s = ends_at - loop.time()
                transfer = _Transfer(address, ip, headers, self._options, time.monotonic() + left_s)
                try:
                    return await loop.run_in_executor(self._threads, transfer.run)
                finally:
                    transfer.stopped.set()
        except (CurlError, OSError, Unusable):
            # Whoever calls has the first client's error, which says what is wrong with the server.
            return None

    def close(self) -> None:
        """Wait for no transfer."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, address: WebAddress) -> str:
        try:
            ip_address(address.host)
        except ValueError:
            found = await self._resolver.resolve(address.host, address.port, socket.AF_UNSPEC)
            return found[0]["host"]
        check_peer(address.host, allow_private=self._options.allow_private)
        return address.host


class _EnoughError(Exception):
    """Nothing more needs to be read. Ends the transfer, and is no error of it."""


@dataclass(slots=True)
class _Transfer:
    """One transfer, run in a thread."""

    address: WebAddress
    ip: str
    headers: Mapping[str, str]
    options: CrawlOptions
    ends_at: float
    stopped: threading.Event = field(default_factory=threading.Event)
    n_head_bytes: int = 0
    lines: list[bytes] = field(default_factory=list)
    head: Head | None = None
    body: bytearray = field(default_factory=bytearray)
    trouble: Dropped | None = None

    def run(self) -> Answer | None:
        """Return the answer, whole or with its trouble. Raises CurlError or Unusable where there is none."""
        left_ms = int((self.ends_at - time.monotonic()) * 1000)
        if left_ms <= 0:
            return None
        asked_at = datetime.now(UTC)
        curl = Curl()
        try:
            self._set_up(curl, left_ms)
            self._perform(curl)
            found = curl.getinfo(CurlInfo.PRIMARY_IP)
        finally:
            curl.close()
        peer = found.decode() if isinstance(found, bytes) else str(found)
        check_peer(peer, allow_private=self.options.allow_private)
        return self._answer(Asked(self.address.href, asked_at, peer))

    def _set_up(self, curl: Curl, left_ms: int) -> None:
        bracketed = f"[{self.ip}]" if ":" in self.ip else self.ip
        for option, value in (
            (CurlOpt.URL, self.address.href),
            # Any name that curl may find in the address leads to the one IP address that was judged.
            (CurlOpt.RESOLVE, [f"*:{self.address.port}:{bracketed}"]),
            (CurlOpt.HTTPHEADER, [f"{name}: {value}".encode("ascii") for name, value in self.headers.items()]),
            (CurlOpt.HTTP_VERSION, CurlHttpVersion.V1_1),
            (CurlOpt.HTTP09_ALLOWED, 0),
            (CurlOpt.HTTP_CONTENT_DECODING, 0),
            (CurlOpt.PROTOCOLS_STR, "http,https"),
            (CurlOpt.FOLLOWLOCATION, 0),
            (CurlOpt.PROXY, ""),
            (CurlOpt.NOPROXY, "*"),
            (CurlOpt.PATH_AS_IS, 1),
            # curl would escape braces and the like, which may be another page.
            (CurlOpt.REQUEST_TARGET, _target_of(self.address.href)),
            (CurlOpt.NOSIGNAL, 1),
            (CurlOpt.FORBID_REUSE, 1),
            (CurlOpt.TIMEOUT_MS, left_ms),
            (CurlOpt.CONNECTTIMEOUT_MS, min(left_ms, int(self.options.connect_timeout_s * 1000))),
            (CurlOpt.HEADERFUNCTION, self._take_line),
            (CurlOpt.WRITEFUNCTION, self._take_piece),
        ):
            curl.setopt(option, value)

    def _perform(self, curl: Curl) -> None:
        try:
            curl.perform()
        except _EnoughError:
            return
        except Unusable as error:
            if self.head is None:
                raise
            self.trouble = Dropped(error.reason, error.detail)

    def _take_line(self, line: bytes) -> int:
        """Take a line of a head; curl gives trailers here too."""
        self._refuse_late()
        self.n_head_bytes += len(line)
        if self.n_head_bytes > MAX_HEAD_BYTES:
            raise Unusable(DropReason.HEADERS_TOO_BIG, f"more than {MAX_HEAD_BYTES} bytes")
        if self.head is not None:
            return len(line)
        self.lines.append(line)
        if not line.strip():
            head = _read_lines(self.lines)
            self.lines = []
            if head.status not in INFORMATIONAL:
                self._begin(head)
        return len(line)

    def _begin(self, head: Head) -> None:
        self.head = head
        if head.status in PAGE:
            refuse_unread(head, self.address.href, self.options.max_bytes)

    def _take_piece(self, piece: bytes) -> int:
        self._refuse_late()
        if self.head is None:
            raise Unusable(DropReason.PROTOCOL_ERROR, "a body without a head")
        self.body += piece
        if self.head.status in PAGE:
            if len(self.body) > self.options.max_bytes:
                raise Unusable(DropReason.BODY_TOO_BIG, f"more than {self.options.max_bytes} bytes")
        elif len(self.body) > REST_BYTES:
            raise _EnoughError
        return len(piece)

    def _refuse_late(self) -> None:
        if self.stopped.is_set() or time.monotonic() > self.ends_at:
            raise Unusable(DropReason.DEADLINE, "nobody waits for it any more")

    def _answer(self, asked: Asked) -> Answer | None:
        if self.head is None:
            return None
        body = bytes(self.body)
        if self.head.status in PAGE and self.trouble is None:
            self.trouble = _trouble_in(body, self.head.content_encoding, self.options.max_bytes)
        return answer_of(asked, self.head, body, self.trouble)


def _target_of(href: str) -> str:
    """Return path and query of an address, as they are."""
    _, _, rest = href.partition("://")
    _, slash, target = rest.partition("/")
    return slash + target


def _read_lines(lines: list[bytes]) -> Head:
    """Read the lines of one head. Raises Unusable(PROTOCOL_ERROR) for what must not be guessed."""
    status_line = STATUS_LINE_RE.fullmatch(lines[0])
    if status_line is None:
        raise Unusable(DropReason.PROTOCOL_ERROR, f"no status line: {lines[0][:80]!r}")
    headers: list[tuple[bytes, bytes]] = []
    for line in lines[1:-1]:
        name, _, value = line.partition(b":")
        headers.append((name.strip(), value.strip()))
    return read_head(int(status_line[1]), lines[0].strip(), headers)


def _trouble_in(body: bytes, encodings: str, max_bytes: int) -> Dropped | None:
    try:
        unpacker = Unpacker(encodings, max_bytes)
        n_out = sum(len(out) for out in unpacker.feed(body)) + sum(len(out) for out in unpacker.finish())
    except Unusable as error:
        return Dropped(error.reason, error.detail)
    return None if n_out else Dropped(DropReason.EMPTY_BODY, "the answer has no body")
