"""The client with servers that behave, and its parts; those that do not stand in `tests/fetch/abuse`."""

import asyncio
import gzip
import socket
import ssl
import time
from dataclasses import replace

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.client import USER_AGENT, Client, trouble_of
from tasks.fetch.guarded_protocol import GuardedProtocol
from tasks.fetch.http_head import read_head
from tasks.fetch.records import Answer, CrawlOptions, Validators
from tasks.fetch.resolver import GuardedResolver, SystemResolver
from tasks.fetch.url_guard import parse_address
from tasks.outcome import DropReason, Unusable
from tests.fetch.server import Server, Step, Then, serving

PAGE = "<html><body><p>Die Brücke bleibt geschlossen.</p></body></html>".encode()
OPTIONS = CrawlOptions(timeout_s=5, max_bytes=100_000, allow_private=True)
NOTHING = Validators()


async def asked(
    urls: list[str],
    options: CrawlOptions = OPTIONS,
    validators: Validators = NOTHING,
    resolver: AbstractResolver | None = None,
) -> list[Answer]:
    async with Client(options, resolver) as client:
        return [await client.ask(parse_address(url, allow_private=True), validators) for url in urls]


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def ask(url: str, options: CrawlOptions = OPTIONS, validators: Validators = NOTHING) -> Answer:
    return asyncio.run(asked([url], options, validators))[0]


def reason(answer: Answer) -> DropReason | None:
    return answer.trouble.reason if answer.trouble else None


def test_an_answer_says_all_that_the_server_said(server: Server) -> None:
    head = (
        f"HTTP/1.1 200 Fine\r\nContent-Type: Text/HTML; Charset=ISO-8859-1\r\nContent-Length: {len(PAGE)}\r\n"
        'ETag: "a"\r\nLast-Modified: Tue, 03 Nov 2026 10:00:00 GMT\r\nX-Name: \xe9 b \r\n\r\n'
    ).encode("latin-1")
    url = server.answer(head + PAGE)
    answer = ask(url)
    assert (answer.url, answer.status, answer.peer, answer.trouble) == (url, 200, "127.0.0.1", None)
    assert answer.body == PAGE
    assert answer.head == head.replace(b"\xe9 b \r\n", b"\xe9 b\r\n")
    assert (answer.media_type, answer.charset_label) == ("text/html", "ISO-8859-1")
    assert (answer.etag, answer.last_modified) == ('"a"', "Tue, 03 Nov 2026 10:00:00 GMT")


def test_a_body_is_kept_as_it_was_sent(server: Server) -> None:
    packed = gzip.compress(PAGE)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (packed[:9], packed[9:]))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    answer = ask(server.answer(head + chunks + b"0\r\n\r\n"))
    assert (answer.body, answer.content_encoding) == (packed, "gzip")
    assert b"Transfer-Encoding: chunked\r\n" in answer.head


def test_a_request_says_who_asks_and_nothing_of_others(server: Server) -> None:
    server.page(PAGE, "Set-Cookie: a=b\r\n", path="/a")
    server.page(PAGE, path="/b?q=1")
    asyncio.run(asked([server.url("/a"), server.url("/b?q=1")]))
    request = server.requests[1].decode()
    assert request.startswith("GET /b?q=1 HTTP/1.1\r\n")
    assert f"\r\nUser-Agent: {USER_AGENT}\r\n" in request
    assert "unspun" in USER_AGENT
    assert "\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n" in request
    assert "cookie" not in request.lower()


def test_the_environment_has_no_say(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        careless = f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\nContent-Length: {len(PAGE)}\r\n\r\n".encode()
        server.answer(careless + PAGE, path="/second")
        server.page(PAGE, path="/first")
        answers = asyncio.run(asked([server.url("/first"), server.url("/second")]))
        assert [answer.body for answer in answers] == [PAGE, PAGE]
        assert proxy.n_connections == 0


class TestValidators:
    def test_are_sent_back_as_they_came(self, server: Server) -> None:
        url = server.answer(b'HTTP/1.1 304 Not Modified\r\nETag: W/"a"\r\n\r\n')
        answer = ask(url, validators=Validators('W/"a"', "Tue, 03 Nov 2026 10:00:00 GMT"))
        assert (answer.status, answer.body, answer.trouble) == (304, b"", None)
        assert b'\r\nIf-None-Match: W/"a"\r\n' in server.requests[0]
        assert b"\r\nIf-Modified-Since: Tue, 03 Nov 2026 10:00:00 GMT\r\n" in server.requests[0]

    @pytest.mark.parametrize(
        "junk", ["", "a\r\nX-Forged: 1", "a\nb", "\x00", "\x7f", "ü", "\udcff", '"' + "x" * 600 + '"', "\t"]
    )
    def test_are_not_sent_where_they_are_junk(self, server: Server, junk: str) -> None:
        url = server.page(PAGE)
        assert ask(url, validators=Validators(junk, junk)).body == PAGE
        assert b"If-" not in server.requests[0]
        assert b"Forged" not in server.requests[0]


class TestConnections:
    def test_are_kept(self, server: Server) -> None:
        def script() -> list[Step]:
            return [f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\n\r\n".encode() + PAGE, Then.KEEP]

        answers = asyncio.run(asked([server.script(script)] * 5))
        assert [answer.body for answer in answers] == [PAGE] * 5
        assert server.n_connections == 1

    def test_that_were_closed_while_nobody_looked_are_made_anew(self, server: Server) -> None:
        def script() -> list[Step]:
            if len(server.requests) == 2 and server.n_connections == 1:
                return [Then.CLOSE]  # a server may, at any time (RFC 9112, section 9.3.1)
            return [f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\n\r\n".encode() + PAGE, Then.KEEP]

        answers = asyncio.run(asked([server.script(script)] * 3))
        assert [answer.body for answer in answers] == [PAGE] * 3
        assert (server.n_connections, len(server.requests)) == (2, 4)

    def test_new_ones_are_not_tried_twice(self, server: Server) -> None:
        assert reason(ask(server.answer(b""))) is DropReason.EOF_EARLY
        assert len(server.requests) == 1

    def test_end_with_the_client(self, server: Server) -> None:
        async def leave_in_the_middle() -> None:
            async with Client(OPTIONS) as client:
                address = parse_address(server.answer(b"", "hang"), allow_private=True)
                task = asyncio.create_task(client.ask(address))
                await asyncio.sleep(0.1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(leave_in_the_middle())

    def test_to_nobody(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        answer = ask(f"http://127.0.0.1:{port}/")
        assert (reason(answer), answer.status, answer.head) == (DropReason.CONN_RESET, 0, b"")

    @pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
    def test_by_ipv6(self) -> None:
        with serving(host="::1") as server:
            answer = ask(server.page(PAGE).replace("::1", "[::1]"))
            assert (answer.body, answer.peer) == (PAGE, "::1")
            answer = ask(server.answer(TestSecondClient.CARELESS).replace("::1", "[::1]"))
            assert (answer.body, answer.peer) == (PAGE, "::1")

    @pytest.mark.parametrize("framing", [b"\r\n<p>Hi", b"Content-Length: 9\r\n\r\n<p>Hi"])
    def test_that_were_reset_tell_a_reader_who_comes_late(self, server: Server, framing: bytes) -> None:
        """Neither that the body is whole, which the end of the connection could mean, nor that it is merely short."""
        head = b"HTTP/1.1 200 OK\r\n" + framing

        async def read_late() -> bytes:
            loop = asyncio.get_running_loop()
            port = int(server.script(lambda: [head, 0.1, Then.RESET]).split(":")[2].strip("/"))
            transport, protocol = await loop.create_connection(
                lambda: GuardedProtocol(loop, OPTIONS), "127.0.0.1", port
            )
            protocol.set_response_params(read_until_eof=True, auto_decompress=False)
            transport.write(b"GET / HTTP/1.1\r\n\r\n")
            _, payload = await protocol.read()
            await asyncio.sleep(0.3)
            return await payload.readany()

        with pytest.raises(Unusable) as refused:
            asyncio.run(read_late())
        assert refused.value.reason is DropReason.CONN_RESET


class TestTime:
    @pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 100 Continue\r\n\r\n"])
    @pytest.mark.parametrize("then", ["hang", "drip"])
    def test_for_the_head_is_shorter_than_for_the_whole(self, server: Server, start: bytes, then: str) -> None:
        started = time.monotonic()
        answer = ask(server.answer(start, then), replace(OPTIONS, first_byte_timeout_s=0.3))
        if start.startswith(b"HTTP/1.1 200") or then == "hang":
            assert reason(answer) is DropReason.DEADLINE
            assert "0.3 s" in (answer.trouble.detail if answer.trouble else "")
        assert time.monotonic() - started < 2

    def test_is_left_to_others_while_a_body_is_unpacked(self, server: Server) -> None:
        """Ten thousand empty frames take a third of a second of CPU, and four pieces of the network."""
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n"
        address = parse_address(server.answer(head + zstd.compress(b"") * 9_999), allow_private=True)

        async def longest_gap() -> tuple[float, float]:
            async with Client(OPTIONS) as client:
                asking = asyncio.create_task(client.ask(address))
                gap, started = 0.0, time.thread_time()
                last = started
                while not asking.done():
                    await asyncio.sleep(0)
                    now = time.thread_time()
                    gap, last = max(gap, now - last), now
                assert reason(asking.result()) is DropReason.EMPTY_BODY
                return gap, last - started

        gap_s, whole_s = asyncio.run(longest_gap())
        assert gap_s < whole_s / 8


@pytest.mark.parametrize(
    ("raw", "kept"),
    [(b"\xc3\xbc", "/ü"), (b"\xfc", "/%FC"), (b"a%20b", "/a%20b"), (b"\xfc\xc3\xbc", "/%FC%C3%BC")],
)
def test_a_target_is_kept_in_the_bytes_that_the_server_will_know(server: Server, raw: bytes, kept: str) -> None:
    answer = ask(server.answer(b"HTTP/1.1 302 Found\r\nLocation: /" + raw + b"\r\nContent-Length: 0\r\n\r\n"))
    assert (answer.status, answer.location, answer.trouble) == (302, kept, None)


def test_an_error_page_is_kept_as_far_as_it_goes(server: Server) -> None:
    answer = ask(server.answer(b"HTTP/1.1 500 Oops\r\nRetry-After: 5\r\n\r\n" + b"x" * 200_000))
    assert (answer.status, answer.trouble, answer.retry_after) == (500, None, "5")
    assert 0 < len(answer.body) <= 65_536


def test_a_size_just_within_the_limit_and_one_beyond(server: Server) -> None:
    assert len(ask(server.page(b"x" * 100_000)).body) == 100_000
    for head in (b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"):
        assert reason(ask(server.answer(head + b"x" * 100_001))) is DropReason.BODY_TOO_BIG


def test_the_limit_holds_for_what_is_sent_as_well(server: Server) -> None:
    """Zeros after the end of gzip data are padding, and nothing comes out of them."""
    packed = gzip.compress(PAGE)
    head = b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    assert ask(server.answer(head + packed.ljust(100_000, b"\0"))).trouble is None
    assert reason(ask(server.answer(head + packed.ljust(100_001, b"\0")))) is DropReason.BODY_TOO_BIG


def test_a_torn_body_is_kept_with_its_trouble(server: Server) -> None:
    answer = ask(server.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<p>Hi"))
    assert (reason(answer), answer.status, answer.body) == (DropReason.BODY_TRUNCATED, 200, b"<p>Hi")


def test_robots_may_be_of_any_type(server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\nhi"
    assert ask(server.answer(head, path="/robots.txt")).trouble is None
    assert reason(ask(server.answer(head, path="/a/robots.txt"))) is DropReason.TYPE_UNWANTED


class TestSecondClient:
    """What a strict parser refuses and browsers do not."""

    CARELESS = f"HTTP/1.1 200 OK\r\nBad Name: x\r\nETag: a\r\nContent-Length: {len(PAGE)}\r\n\r\n".encode() + PAGE

    def test_reads_it_under_our_name(self, server: Server) -> None:
        answer = ask(server.answer(self.CARELESS, path="/b%2f?q={x}"), validators=Validators('"a"'))
        assert (answer.trouble, answer.body, answer.etag, answer.peer) == (None, PAGE, "a", "127.0.0.1")
        first, second = (request.decode().lower().split("\r\n") for request in server.requests)
        assert sorted(first) == sorted(second)

    def test_holds_the_same_limits(self, server: Server) -> None:
        head = b"HTTP/1.1 200 OK\r\nBad Name: x\r\n"
        assert reason(ask(server.answer(head + b"\r\n" + b"x" * 100_001))) is DropReason.BODY_TOO_BIG
        assert reason(ask(server.answer(head + b"Content-Type: image/png\r\n\r\nPNG"))) is DropReason.TYPE_UNWANTED
        bomb = gzip.compress(bytes(30_000_000))
        assert reason(ask(server.answer(head + b"Content-Encoding: gzip\r\n\r\n" + bomb))) is DropReason.BOMB
        assert reason(ask(server.answer(head + b"\r\n"))) is DropReason.EMPTY_BODY

    @pytest.mark.parametrize("path", ["/a", "/a%20b", "/?q=^{x}|\\'", "/%2e%2e/b"])
    def test_asks_for_what_the_first_one_did(self, server: Server, path: str) -> None:
        href = parse_address(server.url(path), allow_private=True).href
        server.answer(self.CARELESS, path=href.removeprefix(server.url("")))
        assert ask(href).body == PAGE

    def test_has_no_time_of_its_own(self, server: Server) -> None:
        url = server.answer(b"HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 90\r\n\r\n<p>", "hang")
        started = time.monotonic()
        assert reason(ask(url, replace(OPTIONS, timeout_s=0.5))) is DropReason.PROTOCOL_ERROR
        assert time.monotonic() - started < 2

    def test_follows_nothing(self, server: Server) -> None:
        with serving() as elsewhere:
            head = f"HTTP/1.1 302 Found\r\nBad Name: x\r\nLocation: {elsewhere.url()}\r\nContent-Length: 0\r\n\r\n"
            answer = ask(server.answer(head.encode()))
            assert (answer.status, answer.location) == (302, elsewhere.url())
            assert elsewhere.n_connections == 0


class TestTls:
    def test_a_trusted_page(self, monkeypatch: pytest.MonkeyPatch) -> None:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        with authority.cert_pem.tempfile() as path, serving(context) as server:
            url = server.page(PAGE)
            assert reason(ask(url)) is DropReason.TLS_CERT
            monkeypatch.setenv("SSL_CERT_FILE", path)
            assert ask(url).body == PAGE


class Slow(AbstractResolver):
    """A name server that takes its time for some names."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host.startswith("slow"):
            await asyncio.sleep(5)
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


class TestNames:
    # Longer than any name may be: the operating system refuses it without asking the network.
    NO_NAME = ".".join(["a" * 60] * 5)

    def test_that_no_system_can_look_up(self) -> None:
        async def look_up() -> None:
            resolver = GuardedResolver(SystemResolver(), 5, allow_private=True)
            try:
                with pytest.raises(socket.gaierror):
                    await resolver.resolve(self.NO_NAME, 80)
                with pytest.raises(socket.gaierror):
                    await resolver.resolve("a" * 70 + ".example", 80)
            finally:
                await resolver.close()

        asyncio.run(look_up())

    def test_this_machine_by_its_name(self, server: Server) -> None:
        url = server.page(PAGE).replace("127.0.0.1", "localhost")
        assert ask(url).body == PAGE
        assert reason(ask(url, replace(OPTIONS, allow_private=False))) is DropReason.SSRF_PRIVATE_IP

    def test_slow_ones_are_not_waited_for(self, server: Server) -> None:
        url = server.page(PAGE)

        async def both() -> tuple[Answer, Answer, float]:
            async with Client(replace(OPTIONS, connect_timeout_s=0.5), Slow()) as client:
                names = [url.replace("127.0.0.1", name) for name in ("slow.example", "quick.example")]
                started = time.monotonic()
                slow, quick = await asyncio.gather(*[client.ask(parse_address(name)) for name in names])
                return slow, quick, time.monotonic() - started

        slow, quick, seconds = asyncio.run(both())
        assert (reason(slow), quick.body) == (DropReason.DNS_FAILURE, PAGE)
        assert seconds < 1.5


@given(st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=10), st.integers(100, 999))
def test_no_head_is_too_strange(headers: list[tuple[bytes, bytes]], status: int) -> None:
    names = [b"Content-Type", b"content-length", b"LOCATION", b"Content-Encoding", b"ETag"]
    for name in names:
        headers = [*headers, *[(name, value) for _, value in headers]]
    head = read_head(status, b"HTTP/1.1 200 OK", headers)
    assert head.media_type == head.media_type.lower()
    for text in (head.location, head.etag, head.content_encoding, head.media_type):
        (text or "").encode()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unusable(DropReason.SSRF_PRIVATE_IP, "10.0.0.1"), DropReason.SSRF_PRIVATE_IP),
        (aiohttp.InvalidURL("http://[", "no"), DropReason.URL_INVALID),
        (aiohttp.ClientOSError(104, "reset"), DropReason.CONN_RESET),
        (aiohttp.ServerDisconnectedError(), DropReason.EOF_EARLY),
        (aiohttp.ClientPayloadError("torn"), DropReason.BODY_TRUNCATED),
        (aiohttp.ClientError("of a new kind"), DropReason.PROTOCOL_ERROR),
    ],
)
def test_errors_of_aiohttp_have_their_reason(error: Exception, expected: DropReason) -> None:
    assert trouble_of(error).reason is expected
