"""A page from the web: one GET, its redirects followed by hand, everything bounded, every failure named.

The first, plain client: it asks one page at a time, tries nothing twice, and keeps to http and https. The deadline
covers the whole download with its redirects; it is checked between the pieces of an answer, and when it comes while a
piece is waited for, the connection is shut. Only a server that sends its headers by the byte escapes it, into the wall
time limit of the worker process. Compression is undone here and not by urllib3, so that the size limit
counts what comes out and a torn gzip stream is noticed.

It does not look at robots.txt, hold a pace, or keep away from private addresses.
"""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from tasks.fetch.body import PIECE_BYTES, unpack
from tasks.fetch.media import claimed_markup, split_content_type
from tasks.fetch.records import FetchOptions
from tasks.outcome import DropReason, Unusable

REDIRECTS = {301, 302, 303, 307, 308}
GONE = {404, 410}
OK = 200
HEADERS = {
    "User-Agent": f"unspun/{metadata.version('unspun')} (turns news pages into clean text)",
    "Accept": "text/html,application/xhtml+xml;q=0.9,text/plain;q=0.8,*/*;q=0.1",
    "Accept-Encoding": "gzip, deflate, br",
}


@dataclass(frozen=True, slots=True)
class Response:
    """A page as it arrived, its compression undone. `final_url` is where the redirects led."""

    final_url: str
    status: int
    media_type: str
    charset_label: str | None
    body: bytes


def get_page(url: str, options: FetchOptions) -> Response:
    """Fetch the page at `url`.

    Raises Unusable for everything that can go wrong: the address, the network, the answer, the body.
    """
    deadline = time.monotonic() + options.timeout_s
    with urllib3.PoolManager(num_pools=1, maxsize=1, retries=False) as pool:
        for _ in range(options.max_redirects + 1):
            check_url(url)
            try:
                answer = _ask(pool, url, options, deadline)
                target = answer.headers.get("Location") if answer.status in REDIRECTS else None
                if target is None:
                    return _page(answer, url, options, deadline)
                answer.close()
            except (HTTPError, OSError, ValueError) as error:
                _time_left(deadline)
                raise _named(error) from error
            url = _redirected(url, target)
    raise Unusable(DropReason.REDIRECT_LIMIT, f"more than {options.max_redirects}, the last one to {url}")


def check_url(url: str) -> None:
    """Raise Unusable (SCHEME_BLOCKED, URL_INVALID) for what is no address of a web page."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Unusable(DropReason.URL_INVALID, f"{url}: {error}") from error
    if parts.scheme.lower() not in {"http", "https"}:
        raise Unusable(DropReason.SCHEME_BLOCKED, f"{parts.scheme or 'none'}: only http and https are fetched")
    if not parts.hostname or port == 0:
        raise Unusable(DropReason.URL_INVALID, f"{url}: no host" if port != 0 else f"{url}: no port 0")


def _redirected(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise Unusable(DropReason.URL_INVALID, f"redirect to {target}: {error}") from error


def _ask(pool: urllib3.PoolManager, url: str, options: FetchOptions, deadline: float) -> urllib3.BaseHTTPResponse:
    left = _time_left(deadline)
    timeout = urllib3.Timeout(connect=min(options.connect_timeout_s, left), read=left)
    return pool.request(
        "GET", url, headers=HEADERS, redirect=False, preload_content=False, decode_content=False, timeout=timeout
    )


def _page(answer: urllib3.BaseHTTPResponse, url: str, options: FetchOptions, deadline: float) -> Response:
    try:
        if answer.status in GONE:
            raise Unusable(DropReason.HTTP_GONE, f"status {answer.status}")
        if answer.status != OK:
            raise Unusable(DropReason.HTTP_BAD_STATUS, f"status {answer.status}")
        media_type, label = split_content_type(answer.headers.get("Content-Type", ""))
        claimed_markup(media_type)
        announced = answer.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > options.max_bytes:
            raise Unusable(DropReason.BODY_TOO_BIG, f"{announced} bytes announced, more than {options.max_bytes}")
        encodings = answer.headers.get("Content-Encoding", "")
        # Not within `_pieces`: a generator left half-way is finished by the garbage collector, in any thread, where
        # waiting for the timer can wait for ever.
        with _shut_at(deadline, answer):
            body = unpack(_pieces(answer, deadline), encodings, options.max_bytes)
    finally:
        answer.close()
    if not body:
        raise Unusable(DropReason.EMPTY_BODY, "the answer has no body")
    return Response(url, answer.status, media_type, label, body)


def _pieces(answer: urllib3.BaseHTTPResponse, deadline: float) -> Iterator[bytes]:
    """Yield the body as it comes in."""
    while True:
        piece = _read_piece(answer, deadline)
        _time_left(deadline)
        if not piece:
            return
        yield piece


def _read_piece(answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    try:
        return answer.read1(PIECE_BYTES)
    except ProtocolError as error:
        if any(isinstance(cause, ConnectionError) for cause in _causes(error)):
            raise
        _time_left(deadline)  # a connection that was shut for being late looks like a broken one
        raise Unusable(DropReason.BODY_TRUNCATED, str(error)) from error


@contextlib.contextmanager
def _shut_at(deadline: float, answer: urllib3.BaseHTTPResponse) -> Iterator[None]:
    """Shut the connection at the deadline, so that a server which sends a byte now and then can't outlast it."""
    try:
        connection = socket.socket(fileno=os.dup(answer.fileno()))
    except OSError:  # the answer has no body that could be waited for
        yield
        return
    timer = threading.Timer(_time_left(deadline), _shut, [connection])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        connection.close()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)


def _time_left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise Unusable(DropReason.DEADLINE, "the time for the whole download is over")
    return left


def _named(error: HTTPError | OSError | ValueError) -> Unusable:
    """Return the reason that `error` is, with the words of the library as detail."""
    detail = f"{type(error).__name__}: {error}"[:300]
    for kind, reason in REASONS:
        if any(isinstance(cause, kind) for cause in _causes(error)):
            return Unusable(reason, detail)
    return Unusable(DropReason.CONN_RESET if isinstance(error, OSError) else DropReason.PROTOCOL_ERROR, detail)


def _causes(error: BaseException) -> Iterator[object]:
    """Yield the error and those it was made of: urllib3 puts them into `args` or chains them."""
    found: BaseException | None = error
    while found is not None:
        yield found
        yield from (arg for arg in found.args if isinstance(arg, BaseException))
        found = found.__cause__ or found.__context__


# The first kind that an error or one of its causes is decides.
REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], DropReason], ...] = (
    ((LocationParseError, LocationValueError, UnicodeError), DropReason.URL_INVALID),
    ((NameResolutionError, socket.gaierror), DropReason.DNS_FAILURE),
    ((NewConnectionError, ConnectionError), DropReason.CONN_RESET),  # to urllib3 the first one is a kind of time-out
    ((ConnectTimeoutError, ReadTimeoutError, TimeoutError), DropReason.DEADLINE),
    ((SSLError, ssl.SSLError), DropReason.TLS_ERROR),
    ((ProtocolError, ValueError), DropReason.PROTOCOL_ERROR),
)
