"""aiohttp's protocol of one connection, held to limits that aiohttp does not know.

aiohttp bounds a header line and the number of headers, but a hostile server has more ways. Bounded here:

    the time until the head is complete   DEADLINE          however many bytes drip in before
    bytes of the head, all 1xx included   HEADERS_TOO_BIG
    informational answers (100, 103)      PROTOCOL_ERROR
    bytes of the body with its framing    BODY_TOO_BIG      chunk extensions and trailers are no body, but are sent
    bytes parsed in one turn of the loop  -                 so that one connection can't hold up the others
    answers that nobody asked for         -                 a server that talks out of turn loses the connection

And where aiohttp says less than happened: a connection that is reset while its end is the end of the body was not
ended but torn (CONN_RESET); what breaks the framing of a body reaches whoever reads the body at once.

`ResponseHandler` and the attributes `_payload` and `_loop` of it are aiohttp's own affair; the version is pinned for
their sake, and the abuse matrix in `tests/fetch/abuse` notices when they change.
"""

import asyncio
import ssl
from typing import Any

from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader

from tasks.fetch.records import CrawlOptions
from tasks.fetch.url_guard import check_peer
from tasks.outcome import DropReason, Unusable

# What one turn of the loop may parse. One-byte chunks take 2 ms a turn with this size, 13 with asyncio's own 256 kB;
# pages, which are 10 to 30 kB packed, come in at once with both.
PIECE_BYTES = 32_768
# Browsers take 256 kB, servers send up to 16: long content security policies and many cookies.
MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 256
# Of the body of an answer that is no page, as much as an error message may be.
REST_BYTES = 65_536
# One 100 and a few 103 (RFC 8297) are what servers send.
MAX_INFORMATIONAL = 8
INFORMATIONAL = range(100, 200)
SWITCHING_PROTOCOLS = 101
# Framing that a body of the full size may have: chunks of 64 bytes or more.
FRAMING_SHARE = 8
FRAMING_BYTES = 65_536


class GuardedProtocol(ResponseHandler):
    """One connection. `failure` is the limit it met, `peer` the IP address at its other end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, options: CrawlOptions) -> None:
        """Wait for the connection to be made."""
        super().__init__(loop)
        self.failure: Unusable | None = None
        self.peer: str | None = None
        self.n_requests = 0
        self._options = options
        self._max_wire_bytes = options.max_bytes + options.max_bytes // FRAMING_SHARE + FRAMING_BYTES
        self._n_bytes = 0
        self._n_informational = 0
        self._awaits_head = False
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make sure once more that the peer may be asked: not the address meant, but the one connected to."""
        super().connection_made(transport)
        _read_in_pieces(transport)
        try:
            self.peer = transport.get_extra_info("peername")[0]
            check_peer(str(self.peer), allow_private=self._options.allow_private)
        except Unusable as error:
            self.fail(error)

    def set_response_params(self, **params: Any) -> None:  # noqa: ANN401  (handed through)
        """Begin to wait for the answer to a request, maybe not the first one on this connection."""
        self.n_requests += 1
        self._n_bytes = self._n_informational = 0
        self._awaits_head = True
        self._head_timer = self._loop.call_later(self._options.first_byte_timeout_s, self._on_head_timeout)
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Take bytes in, and count them."""
        self._n_bytes += len(data)
        if data and self._is_idle():
            self._refuse_words()
            return
        awaited_head = self._awaits_head
        super().data_received(data)
        if self._awaits_head:
            if self._n_bytes > MAX_HEAD_BYTES and self.n_requests:
                self.fail(Unusable(DropReason.HEADERS_TOO_BIG, f"more than {MAX_HEAD_BYTES} bytes"))
        elif awaited_head:
            self._n_bytes = 0
        elif self._n_bytes > self._max_wire_bytes:
            self.fail(Unusable(DropReason.BODY_TOO_BIG, f"more than {self._max_wire_bytes} bytes with its framing"))

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Hand a head to whoever waits for it: aiohttp passes over informational ones until the final one comes."""
        if not self._awaits_head:
            self._refuse_words()
            return
        status = data[0].code
        if status in INFORMATIONAL and status != SWITCHING_PROTOCOLS:
            self._n_informational += 1
            if self._n_informational > MAX_INFORMATIONAL:
                self.fail(Unusable(DropReason.PROTOCOL_ERROR, f"more than {MAX_INFORMATIONAL} informational answers"))
                return
        else:
            self._stop_waiting()
        super().feed_data(data, size)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Note why the connection failed. The first reason is the one that counts, and a body half read learns it."""
        exc = self.failure or exc
        super().set_exception(exc, *cause)
        if self._payload is not None and not self._payload.is_eof() and self._payload.exception() is None:
            self._payload.set_exception(exc, *cause)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End. Not every end is the end of the body."""
        self._stop_waiting()
        if exc is not None and self._payload is not None and not self._payload.is_eof():
            reason = DropReason.TLS_ERROR if isinstance(exc, ssl.SSLError) else DropReason.CONN_RESET
            self.failure = self.failure or Unusable(reason, f"within the body: {exc}")
            self.set_exception(self.failure)
        if self.exception() is not None:
            self._parser = None  # it would call a body whole, or torn, that is neither
        super().connection_lost(exc)

    def fail(self, failure: Unusable) -> None:
        """Break the connection off and say why."""
        self.failure = self.failure or failure
        self._stop_waiting()
        self.set_exception(self.failure)
        if self.transport is not None:
            self.transport.abort()

    def _is_idle(self) -> bool:
        if not self.n_requests or self._awaits_head:
            return False
        return self._payload is None or self._payload.is_eof()

    def _refuse_words(self) -> None:
        """Drop an answer that nobody asked for: it would be taken for the answer to the next request."""
        self.force_close()
        if self.transport is not None:
            self.transport.abort()

    def _stop_waiting(self) -> None:
        self._awaits_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _on_head_timeout(self) -> None:
        limit = self._options.first_byte_timeout_s
        self.fail(Unusable(DropReason.DEADLINE, f"the headers were not complete within {limit:g} s of the request"))


def _read_in_pieces(transport: asyncio.BaseTransport) -> None:
    """Bound what one turn of the loop reads. Both attributes are asyncio's own (CPython 3.11 to 3.13)."""
    transport.max_size = PIECE_BYTES  # type: ignore[attr-defined]
    secured = getattr(transport, "_ssl_protocol", None)
    if secured is not None:
        secured.max_size = PIECE_BYTES
