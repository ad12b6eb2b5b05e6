"""A well-behaved web site on loopback, in a thread of its own or, as a module, in a process of its own.

It answers what a function makes of each request, keeps connections open, and remembers every request it got. As a
process (`python -m tests.site_server LOG N_PORTS`) it serves news pages with validators on `N_PORTS` ports, writes
one line for each request to LOG, and says its ports on standard output.
"""

import asyncio
import contextlib
import gzip
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """What was asked: path with query, headers by their names in lower case, and when."""

    path: str
    headers: Mapping[str, str]
    at: float
    port: int


@dataclass(frozen=True)
class Reply:
    """What is answered. `delay_s` is waited first."""

    body: bytes = b""
    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "text/html; charset=utf-8"
    delay_s: float = 0.0


NOT_FOUND = Reply(b"<p>not here", "404 Not Found")
Answers = Callable[[Request], Reply]


@dataclass
class Site:
    """A site that is being served."""

    answers: Answers
    ports: list[int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    n_open: int = 0
    most_open: int = 0

    def url(self, path: str, host: int = 0) -> str:
        return f"http://127.0.0.1:{self.ports[host]}{path}"

    @property
    def hits(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(request.path for request in self.requests)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        try:
            while True:
                await self._answer_one(reader, writer, port)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client has gone
        finally:
            writer.transport.abort()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        request = Request(head[0].split(" ")[1], headers, time.time(), port)
        self.requests.append(request)
        self.n_open += 1
        self.most_open = max(self.most_open, self.n_open)
        reply = self.answers(request)
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        self.n_open -= 1
        writer.write(_encoded(reply))
        await writer.drain()


def _encoded(reply: Reply) -> bytes:
    headers = {"Content-Type": reply.media_type, "Content-Length": str(len(reply.body)), **reply.headers}
    if reply.status.startswith("304"):
        headers = dict(reply.headers)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status}\r\n{lines}\r\n".encode() + reply.body


@contextlib.contextmanager
def serving_site(answers: Answers | Mapping[str, Reply], n_ports: int = 1) -> Iterator[Site]:
    """Serve until the end of the block; a mapping answers paths, and 404 to all others."""
    pages = answers
    site = Site(answers if callable(answers) else lambda request: pages.get(request.path, NOT_FOUND))  # type: ignore[union-attr]
    loop = asyncio.new_event_loop()
    started, ended = threading.Event(), asyncio.Event()

    async def serve() -> None:
        servers = [await asyncio.start_server(site.talk, "127.0.0.1", 0) for _ in range(n_ports)]
        site.ports += [server.sockets[0].getsockname()[1] for server in servers]
        started.set()
        await ended.wait()
        for server in servers:
            server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await asyncio.sleep(0)  # so that connections that were broken off are gone when the loop is

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait()
    try:
        yield site
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def news_page(number: int, size: int = 60_000) -> bytes:
    """Make a page of news of about `size` bytes that is like no other: a story between menus and scripts."""
    dice = random.Random(number)  # noqa: S311  (no secret)
    words = (
        "the council of harbour town met and voted on new homes near river while ferry owners asked for time".split()
    )

    def line(length: int) -> str:
        return " ".join(dice.choice(words) for _ in range(length)).capitalize() + "."

    body = "".join(f"<p>{line(30)} {line(25)}</p>\n" for _ in range(12))
    menu = "".join(f"<li><a href='/section/{n}'>{line(4)}</a></li>\n" for n in range(40))
    head = f"<!DOCTYPE html><html><head><title>Story {number}: {line(8)}</title></head>"
    page = f"{head}<body><ul>{menu}</ul><article>{body}</article>"
    filler = "".join(
        f"<div class='c{dice.randrange(999)}'>{line(12)}</div>\n" for _ in range(max(size - len(page), 0) // 110)
    )
    return f"{page}{filler}</body></html>".encode()


class NewsPages:
    """Pages `/story/N`, packed with gzip once, with an ETag; a few different bodies under many names."""

    def __init__(self, n_bodies: int = 50, size: int = 60_000) -> None:
        self._bodies = [gzip.compress(news_page(number, size), 6, mtime=0) for number in range(n_bodies)]

    def __call__(self, request: Request) -> Reply:
        if not request.path.startswith("/story/"):
            return NOT_FOUND
        number = int(request.path.rsplit("/", 1)[1])
        etag = f'"v{number}"'
        if request.headers.get("if-none-match") == etag:
            return Reply(status="304 Not Modified", headers={"ETag": etag})
        body = self._bodies[number % len(self._bodies)]
        return Reply(body, headers={"ETag": etag, "Content-Encoding": "gzip"})


class _FastSite(asyncio.Protocol):
    """The same pages, cheaper: for benchmarks and kills, where the server must not be what is measured."""

    def __init__(self, pages: NewsPages, log: object) -> None:
        self._pages, self._log, self._left = pages, log, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._port = transport.get_extra_info("sockname")[1]

    def data_received(self, data: bytes) -> None:
        *heads, self._left = (self._left + data).split(b"\r\n\r\n")
        for head in heads:
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            path = lines[0].split(" ")[1]
            reply = self._pages(Request(path, headers, 0.0, self._port))
            self._log.write(f"{self._port} {path} {reply.status[:3]}\n")  # type: ignore[attr-defined]
            self._log.flush()  # type: ignore[attr-defined]
            self._transport.write(_encoded(reply))  # type: ignore[attr-defined]


async def _serve_fast(log: Path, n_ports: int) -> None:
    pages = NewsPages()
    loop = asyncio.get_running_loop()
    with log.open("a") as file:
        servers = [await loop.create_server(lambda: _FastSite(pages, file), "127.0.0.1", 0) for _ in range(n_ports)]
        print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)  # noqa: T201
        await loop.run_in_executor(None, sys.stdin.read)  # until whoever started it closes the pipe


if __name__ == "__main__":
    asyncio.run(_serve_fast(Path(sys.argv[1]), int(sys.argv[2])))
