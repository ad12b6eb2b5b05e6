"""One request, one answer: everything bounded, every failure named, nothing raised.

    address → guarded resolver → guarded socket → guarded protocol → head → body, unpacked as it comes → Answer

`Client.ask` asks a server once. It follows no redirect, obeys no robots.txt, keeps no pace and tries nothing again:
that is the crawl's part. Whatever the network or the server does comes back in `Answer.trouble`:

    DNS_FAILURE          no address for the name, in time
    SSRF_PRIVATE_IP      the address about to be connected, or the one that was, is not on the public internet
    CONN_RESET           refused, or broken off
    TLS_CERT, TLS_ERROR  no connection that can be trusted
    EOF_EARLY            closed before the head was complete
    DEADLINE             a time limit; the detail says which
    PROTOCOL_ERROR       no HTTP: a status line, a length, a chunk or a header name that can't be read
    HEADERS_TOO_BIG      see `tasks.fetch.guarded_protocol`
    TYPE_UNWANTED        a page of a kind that is not read; its body stays with the server
    BODY_TRUNCATED, BODY_TOO_BIG, EMPTY_BODY and the codes of `tasks.fetch.body`

Only the bodies of pages (200, 203) are read whole, and unpacked on the way to know that they are; what comes out is
counted and dropped, for the archive keeps a body as it was sent. Of other answers the status is what matters: their
body is kept as far as it comes soon, and nothing that happens to it is trouble.

Servers that browsers understand and a strict parser does not are asked once more through `tasks.fetch.second_client`.

No cookies, no proxies, no environment: what is asked must not depend on what was asked before or by whom.
"""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from types import TracebackType
from typing import Self, cast

import aiohttp
from aiohttp import http_exceptions
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import AddrInfoType, Connection
from yarl import URL

from tasks.fetch.body import Unpacker
from tasks.fetch.guarded_protocol import MAX_HEAD_BYTES, MAX_HEADERS, REST_BYTES, SWITCHING_PROTOCOLS, GuardedProtocol
from tasks.fetch.http_head import PAGE, Asked, Head, answer_of, read_head, refuse_unread
from tasks.fetch.media import HEAD
from tasks.fetch.records import Answer, CrawlOptions, Validators
from tasks.fetch.resolver import GuardedResolver, SystemResolver
from tasks.fetch.second_client import SecondClient
from tasks.fetch.url_guard import WebAddress, check_peer
from tasks.outcome import Dropped, DropReason, Unusable

USER_AGENT = f'unspun/{metadata.version("unspun")} (robot; turns news pages into clean text; robots.txt name: "unspun")'
HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html,application/xhtml+xml;q=0.9,application/rss+xml;q=0.9,application/atom+xml;q=0.9,"
    "application/xml;q=0.8,text/plain;q=0.8,*/*;q=0.1",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}
NO_VALIDATORS = Validators()
# A validator is sent back as it came, so it must be one that can be sent: visible ASCII, and no longer than any server
# makes them.
VALIDATOR_RE = re.compile(r"[\x20-\x7e]{1,512}")
# Name servers get most of the time for a connection: TCP and TLS are three round trips, names may be many more.
NAME_SHARE = 0.9
# With hundreds of hosts asked in turn, connections that wait for their next page are file handles.
KEEP_ALIVE_S = 5.0
# The body of an answer that is no page is waited for so many seconds after its head.
REST_S = 1.0
FIRST_STATUS = 100
# After so much has come out of a body the loop gets a turn: 256 kB took at most 1 ms (brotli). Each piece counts for
# 8 kB more, for an empty member of zstd takes as long as that.
TURN_BYTES = 262_144
PIECE_COST_BYTES = 8_192
FAILURES = (Unusable, aiohttp.ClientError, http_exceptions.HttpProcessingError, OSError)


class Client:
    """Asks servers, many at a time. A context manager."""

    def __init__(self, options: CrawlOptions, resolver: AbstractResolver | None = None) -> None:
        """Look names up in `resolver`, else as the operating system does."""
        self._options = options
        self._given_resolver = resolver

    async def __aenter__(self) -> Self:
        """Open nothing that could fail: connections are made when they are needed."""
        self._loop = asyncio.get_running_loop()
        options = self._options
        self._resolver = GuardedResolver(
            self._given_resolver or SystemResolver(),
            options.connect_timeout_s * NAME_SHARE,
            allow_private=options.allow_private,
        )
        self._second = SecondClient(options, self._resolver)
        self._session = aiohttp.ClientSession(
            connector=_GuardedConnector(options, self._resolver),
            headers=HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            response_class=_Response,
            auto_decompress=False,
            trust_env=False,
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEADERS,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self._session.close()
        self._second.close()
        await self._resolver.close()

    async def ask(self, address: WebAddress, validators: Validators = NO_VALIDATORS) -> Answer:
        """Ask the server of `address` for it, unless `validators` still hold. Raises nothing but defects."""
        ends_at = self._loop.time() + self._options.timeout_s
        headers = _conditions(validators)
        answer = await self._ask_first(address, headers, ends_at)
        if answer.trouble is None or answer.trouble.reason is not DropReason.PROTOCOL_ERROR:
            return answer
        return await self._second.ask(address, {**HEADERS, **headers}, ends_at) or answer

    async def _ask_first(self, address: WebAddress, headers: dict[str, str], ends_at: float) -> Answer:
        received = _Received(address.href, datetime.now(UTC))
        try:
            async with asyncio.timeout_at(ends_at):
                url = URL(address.href, encoded=True)
                response = await self._session.get(url, headers=headers or None, allow_redirects=False)
                await self._receive(cast("_Response", response), received)
            if not received.is_page:
                await _read_rest(response, received, min(ends_at, self._loop.time() + REST_S))
        except FAILURES as error:
            received.trouble = self._named(error)
        finally:
            if received.response is not None:
                received.response.close()
        return received.answer()

    async def _receive(self, response: "_Response", received: "_Received") -> None:
        """Read the head, and the body of a page."""
        received.take_head(response)
        head = received.head
        if head is None or not received.is_page:
            return
        refuse_unread(head, received.url, self._options.max_bytes)
        await _read_page(response, received, Unpacker(head.content_encoding, self._options.max_bytes))

    def _named(self, error: Exception) -> Dropped:
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return Dropped(DropReason.DEADLINE, f"no connection within {self._options.connect_timeout_s:g} s")
        if isinstance(error, TimeoutError):
            return Dropped(DropReason.DEADLINE, f"the answer was not complete within {self._options.timeout_s:g} s")
        return trouble_of(error)


@dataclass(slots=True)
class _Received:
    """What arrived of an answer so far."""

    url: str
    asked_at: datetime
    response: "_Response | None" = None
    head: Head | None = None
    pieces: list[bytes] = field(default_factory=list)
    opening: bytes = b""
    trouble: Dropped | None = None

    @property
    def is_page(self) -> bool:
        return self.head is not None and self.head.status in PAGE

    def take_head(self, response: "_Response") -> None:
        self.response = response
        if response.status < FIRST_STATUS:
            raise Unusable(DropReason.PROTOCOL_ERROR, f"status {response.status:03}, which means nothing")
        if response.status == SWITCHING_PROTOCOLS:
            raise Unusable(DropReason.PROTOCOL_ERROR, "the server wants to speak another protocol")
        self.head = _head_of(response)

    def answer(self) -> Answer:
        peer = self.response.peer if self.response is not None else None
        asked = Asked(self.url, self.asked_at, peer)
        return answer_of(asked, self.head, b"".join(self.pieces), self.trouble, self.opening)


async def _read_page(response: "_Response", received: _Received, unpacker: Unpacker) -> None:
    """Read a body whole. It is unpacked to learn whether it is whole, and sound, and no bomb."""
    n_out = n_in_turn = 0
    is_over = False
    while not is_over:
        piece = await response.content.readany()
        is_over = not piece
        received.pieces.append(piece)
        for out in unpacker.finish() if is_over else unpacker.feed(piece):
            if not n_out:
                received.opening = out[:HEAD]
            n_out += len(out)
            n_in_turn += len(out) + PIECE_COST_BYTES
            if n_in_turn > TURN_BYTES:
                n_in_turn = 0
                await asyncio.sleep(0)
        unpacker.refuse_packed_excess()
    if not n_out:
        raise Unusable(DropReason.EMPTY_BODY, "the answer has no body")


async def _read_rest(response: aiohttp.ClientResponse, received: _Received, ends_at: float) -> None:
    """Keep what comes soon of a body that nobody waits for."""
    n_left = REST_BYTES
    # Whatever goes wrong here, the status has been read, and it is the status that decides.
    with contextlib.suppress(*FAILURES):
        async with asyncio.timeout_at(ends_at):
            while n_left > 0 and (piece := await response.content.read(n_left)):
                received.pieces.append(piece)
                n_left -= len(piece)


def _conditions(validators: Validators) -> dict[str, str]:
    """Return the headers that ask for a newer version only."""
    conditions = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in conditions.items() if value and VALIDATOR_RE.fullmatch(value)}


def _head_of(response: "_Response") -> Head:
    version = response.version or aiohttp.HttpVersion11
    reason = (response.reason or "").encode("utf-8", "surrogateescape")  # as aiohttp decoded it
    line = b"HTTP/%d.%d %03d %b" % (version.major, version.minor, response.status, reason)
    return read_head(response.status, line.rstrip(), response.raw_headers)


def trouble_of(error: Exception) -> Dropped:
    """Return the reason that an error of aiohttp is, with its words as detail."""
    if isinstance(error, Unusable):
        return Dropped(error.reason, error.detail)
    causes = list(_causes(error))
    detail = f"{type(causes[-1]).__name__}: {causes[-1]}".replace("\n", " ")[:300]
    if any("Too many headers" in str(cause) for cause in causes if isinstance(cause, http_exceptions.BadHttpMessage)):
        return Dropped(DropReason.HEADERS_TOO_BIG, f"more than {MAX_HEADERS} headers")
    for kind, reason in REASONS:
        if any(isinstance(cause, kind) for cause in causes):
            return Dropped(reason, detail)
    return Dropped(DropReason.PROTOCOL_ERROR, detail)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and those that it was raised from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


# The first kind that an error or one of its causes is decides.
REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], DropReason], ...] = (
    (aiohttp.InvalidURL, DropReason.URL_INVALID),
    (aiohttp.ClientConnectorDNSError, DropReason.DNS_FAILURE),
    ((aiohttp.ClientConnectorCertificateError, ssl.CertificateError), DropReason.TLS_CERT),
    ((aiohttp.ClientSSLError, ssl.SSLError), DropReason.TLS_ERROR),
    (http_exceptions.LineTooLong, DropReason.HEADERS_TOO_BIG),
    (
        (http_exceptions.ContentLengthError, http_exceptions.TransferEncodingError, aiohttp.ClientPayloadError),
        DropReason.BODY_TRUNCATED,
    ),
    (http_exceptions.HttpProcessingError, DropReason.PROTOCOL_ERROR),
    (aiohttp.ServerDisconnectedError, DropReason.EOF_EARLY),
    (OSError, DropReason.CONN_RESET),
)


class _EndedError(aiohttp.ClientError):
    """A new connection that ended without an answer: aiohttp would ask again, as it may for one that was kept alive."""


class _Response(aiohttp.ClientResponse):
    """aiohttp's answer, which knows its connection also after it was given back."""

    peer: str | None = None

    async def start(self, connection: Connection) -> Self:
        """Wait for the head."""
        protocol = cast("GuardedProtocol", connection.protocol)
        self.peer = protocol.peer
        try:
            await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            if protocol.n_requests > 1:
                raise
            raise _EndedError("the connection ended") from error
        return self


class _GuardedConnector(aiohttp.TCPConnector):
    """aiohttp's connector, which judges each address before it is connected to and gives each connection its limits."""

    def __init__(self, options: CrawlOptions, resolver: AbstractResolver) -> None:
        """Connect for `options`; the number of connections is the crawl's affair."""
        super().__init__(
            limit=0,
            resolver=resolver,
            keepalive_timeout=KEEP_ALIVE_S,
            socket_factory=partial(_guarded_socket, allow_private=options.allow_private),
            ssl=_tls(),
        )
        self._options = options
        # aiohttp's own affair, as the class behind it and `_create_connection` are.
        self._factory = partial(GuardedProtocol, self._loop, options)  # type: ignore[assignment]  # a subclass

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  (aiohttp calls it so)
    ) -> ResponseHandler:
        """Return a new connection, made in time, whose peer may be asked."""
        async with asyncio.timeout(self._options.connect_timeout_s):
            protocol = await super()._create_connection(req, traces, timeout)
        if isinstance(protocol, GuardedProtocol) and protocol.failure is not None:
            protocol.close()
            raise protocol.failure
        return protocol


def _guarded_socket(address: AddrInfoType, *, allow_private: bool) -> socket.socket:
    """Return a socket for `address`, which is about to be connected to.

    Raises Unusable, which nobody on the way takes for an error of the network.
    """
    family, kind, protocol, _, place = address
    check_peer(str(place[0]), allow_private=allow_private)
    return socket.socket(family, kind, protocol)


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
