import contextlib
import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest

from tasks.fetch.client import get_page
from tasks.fetch.records import FetchOptions
from tasks.outcome import DropReason, Unusable
from tests.fetch.server import Server

CASES = Path(__file__).parents[1] / "cases" / "fetch"
PAGE = "<html><body><p>Die Brücke bleibt geschlossen.</p></body></html>".encode()
OPTIONS = FetchOptions(timeout_s=5, max_bytes=100_000, max_redirects=3)
HASTY = FetchOptions(timeout_s=0.4, connect_timeout_s=0.3, max_bytes=100_000, max_redirects=3)


def answers() -> list[Any]:
    lines = (CASES / "answers.jsonl").read_text("utf-8").splitlines()
    return [pytest.param(row, id=row["label"]) for row in map(json.loads, lines)]


def refusal(url: str, options: FetchOptions = OPTIONS) -> Unusable:
    with pytest.raises(Unusable) as refused:
        get_page(url, options)
    return refused.value


@pytest.mark.parametrize("case", answers())
def test_answers(case: dict[str, Any], server: Server) -> None:
    url = server.answer(case["answer"].encode("latin-1"), case["then"])
    if case["reason"]:
        error = refusal(url, HASTY)
        assert error.reason == case["reason"], error.detail
        assert error.detail
    else:
        assert get_page(url, HASTY).body.decode("latin-1") == case["body"]


def test_a_page_arrives_with_what_the_server_said(server: Server) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; Charset=ISO-8859-1\r\nContent-Length: {len(PAGE)}\r\n\r\n"
    url = server.answer(head.encode() + PAGE)
    page = get_page(url, OPTIONS)
    assert (page.final_url, page.status, page.media_type, page.charset_label) == (url, 200, "text/html", "ISO-8859-1")
    assert page.body == PAGE
    assert b"User-Agent: unspun/" in server.requests[0]


RAW_DEFLATE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
# Longer than any name may be: the resolver refuses it without asking the network.
NO_HOST = ".".join(["a" * 60] * 5)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("gzip", gzip.compress(PAGE[:20]) + gzip.compress(PAGE[20:])),
        ("x-gzip", gzip.compress(PAGE)),
        ("gzip", PAGE),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", RAW_DEFLATE.compress(PAGE) + RAW_DEFLATE.flush()),
        ("br", brotli.compress(PAGE)),
        ("deflate, gzip", gzip.compress(zlib.compress(PAGE))),
        ("identity", PAGE),
    ],
)
def test_compression_is_undone(server: Server, encoding: str, body: bytes) -> None:
    assert get_page(server.page(body, f"Content-Encoding: {encoding}\r\n"), OPTIONS).body == PAGE


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        ("gzip", gzip.compress(PAGE)[:-9], DropReason.BODY_TRUNCATED),
        ("gzip", gzip.compress(PAGE)[:-1], DropReason.BODY_TRUNCATED),
        ("deflate", zlib.compress(PAGE)[:-5], DropReason.BODY_TRUNCATED),
        ("br", brotli.compress(PAGE)[:-3], DropReason.BODY_TRUNCATED),
        ("gzip", gzip.compress(PAGE)[:12] + b"\xff" * 30, DropReason.BODY_TRUNCATED),
        ("br", b"\xff" * 30, DropReason.BODY_TRUNCATED),
        ("gzip", gzip.compress(bytes(30_000_000)), DropReason.BODY_TOO_BIG),
        ("br", brotli.compress(bytes(30_000_000)), DropReason.BODY_TOO_BIG),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(30_000_000))), DropReason.BODY_TOO_BIG),
        ("zstd", b"\x28\xb5\x2f\xfd", DropReason.TYPE_UNWANTED),
        ("gzip", gzip.compress(b""), DropReason.EMPTY_BODY),
    ],
)
def test_compression_that_is_torn_or_a_bomb(server: Server, encoding: str, body: bytes, reason: DropReason) -> None:
    assert refusal(server.page(body, f"Content-Encoding: {encoding}\r\n")).reason is reason


class TestRedirects:
    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
    def test_are_followed(self, server: Server, status: str) -> None:
        server.page(PAGE, path="/b?x=1")
        page = get_page(server.page(b"", "Location: b?x=1\r\n", status, path="/a"), OPTIONS)
        assert (page.body, page.final_url) == (PAGE, server.url("/b?x=1"))

    def test_at_the_limit_and_beyond(self, server: Server) -> None:
        for n in range(4):
            server.page(b"", f"Location: /{n + 1}\r\n", "302 Found", path=f"/{n}")
        server.page(PAGE, path="/4")
        assert get_page(server.url("/1"), OPTIONS).body == PAGE
        assert refusal(server.url("/0")).reason is DropReason.REDIRECT_LIMIT

    def test_in_a_loop(self, server: Server) -> None:
        server.page(b"", "Location: /b\r\n", "302 Found", path="/a")
        server.page(b"", "Location: /a\r\n", "302 Found", path="/b")
        assert refusal(server.url("/a")).reason is DropReason.REDIRECT_LIMIT
        assert len(server.requests) == OPTIONS.max_redirects + 1

    @pytest.mark.parametrize(
        ("target", "reason"),
        [
            ("file:///etc/passwd", DropReason.SCHEME_BLOCKED),
            ("ftp://bote.example/", DropReason.SCHEME_BLOCKED),
            ("javascript:alert(1)", DropReason.SCHEME_BLOCKED),
            ("http://[::1", DropReason.URL_INVALID),
        ],
    )
    def test_elsewhere(self, server: Server, target: str, reason: DropReason) -> None:
        assert refusal(server.page(b"", f"Location: {target}\r\n", "302 Found")).reason is reason

    def test_without_a_target(self, server: Server) -> None:
        assert refusal(server.page(b"", status="302 Found")).reason is DropReason.HTTP_BAD_STATUS


@contextlib.contextmanager
def soon() -> Iterator[None]:
    """Fail where the block takes longer than the time limit and what a busy machine adds."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 2


class TestTime:
    def test_silence_before_the_answer(self, server: Server) -> None:
        with soon():
            assert refusal(server.answer(b"", "hang"), HASTY).reason is DropReason.DEADLINE

    @pytest.mark.parametrize("then", ["hang", "drip"])
    @pytest.mark.parametrize("length", ["", "Content-Length: 90000\r\n"])
    @pytest.mark.parametrize("connection", ["close", "keep-alive"])
    def test_a_body_without_end(
        self,
        server: Server,
        then: str,
        length: str,
        connection: str,
    ) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: {connection}\r\n{length}\r\n<p>"
        with soon():
            assert refusal(server.answer(head.encode(), then), HASTY).reason is DropReason.DEADLINE


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refusal(f"http://127.0.0.1:{port}/").reason is DropReason.CONN_RESET


def test_no_tls_where_tls_is_asked_for(server: Server) -> None:
    server.answers[""] = b"", "close"
    assert refusal(server.url().replace("http:", "https:"), FetchOptions(timeout_s=1)).reason in {
        DropReason.TLS_ERROR,
        DropReason.DEADLINE,  # the server waits for the end of a request that never comes
    }


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"http://{NO_HOST}/", DropReason.DNS_FAILURE),
        ("http://", DropReason.URL_INVALID),
        ("http:///path", DropReason.URL_INVALID),
        ("http://host:99999/", DropReason.URL_INVALID),
        ("http://host:0/", DropReason.URL_INVALID),
        ("http://[::1/", DropReason.URL_INVALID),
        ("http://a b.example/", DropReason.URL_INVALID),
        (f"http://{'a' * 70}.example/", DropReason.URL_INVALID),
        ("ftp://bote.example/", DropReason.SCHEME_BLOCKED),
        ("file:///etc/passwd", DropReason.SCHEME_BLOCKED),
        ("bote.example", DropReason.SCHEME_BLOCKED),
    ],
)
def test_addresses(url: str, reason: DropReason) -> None:
    error = refusal(url)
    assert error.reason is reason, error.detail


def test_an_address_with_other_alphabets_is_asked_for_escaped(server: Server) -> None:
    server.page(PAGE, path="/br%C3%BCcke")
    assert get_page(server.url("/brücke"), OPTIONS).body == PAGE


def test_a_size_announced_too_big_is_not_read(server: Server) -> None:
    url = server.answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100001\r\n\r\n", "hang")
    with soon():
        assert refusal(url).reason is DropReason.BODY_TOO_BIG


def test_a_size_just_within_the_limit(server: Server) -> None:
    assert len(get_page(server.page(b"x" * 100_000), OPTIONS).body) == 100_000
    assert refusal(server.answer(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 100_001)).reason is DropReason.BODY_TOO_BIG
