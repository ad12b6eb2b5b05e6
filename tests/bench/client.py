"""What the guard costs: CPU time of `Client.ask` for one page, against a bare loop over aiohttp in the same run.

`python -m tests.bench.client` serves a page of 60 kB, packed by gzip to 14, from a process of its own, and asks
for it through both, in turns, at several concurrencies. The bare loop does what most crawlers do: get, read, let
aiohttp unpack. Printed are microseconds of CPU a page, the least of the rounds, and the ratio of the two.
"""

import asyncio
import gzip
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp

from tasks.fetch.client import Client
from tasks.fetch.records import CrawlOptions
from tasks.fetch.url_guard import parse_address

N_PAGES = 2_000
ROUNDS = 5
CONCURRENCIES = (1, 32, 256)
TARGET = 1.25
PAGE_BYTES = 60_000


def news_page() -> bytes:
    """Return markup that packs to a quarter, as pages do."""
    chance = random.Random(7)  # noqa: S311  (a page, no secret)
    words = ["".join(chance.choices("etaoinshrdlucmfwyp", k=chance.randint(2, 9))) for _ in range(1_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]  # as in any language (Zipf)
    lines = ["<!doctype html><html><head><title>News</title></head><body>"]
    while sum(map(len, lines)) < PAGE_BYTES:
        text = " ".join(chance.choices(words, weights, k=12))
        lines.append(
            f'<div class="article-block"><p class="article-text"><a href="/news/{len(lines)}">{text}</a></p></div>'
        )
    return "\n".join(lines).encode()


async def serve() -> None:
    """Answer every request with the page, and keep the connection."""
    body = gzip.compress(news_page(), 6)
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
        "Server: bench\r\nDate: Wed, 25 Nov 2026 10:00:00 GMT\r\nCache-Control: max-age=60\r\nVary: Accept-Encoding\r\n"
        f'ETag: "a1b2c3"\r\nLast-Modified: Wed, 25 Nov 2026 09:00:00 GMT\r\nContent-Length: {len(body)}\r\n\r\n'
    )
    answer = head.encode() + body

    class Serving(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            for _ in range(data.count(b"\r\n\r\n")):
                self.transport.write(answer)  # type: ignore[attr-defined]

    server = await asyncio.get_running_loop().create_server(Serving, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


async def cpu_us(ask: Callable[[], Awaitable[object]], concurrency: int) -> float:
    """Return the CPU time of one page in microseconds, the pages being asked for by `concurrency` tasks."""

    async def some() -> None:
        for _ in range(N_PAGES // concurrency):
            await ask()

    started = time.process_time()
    await asyncio.gather(*[some() for _ in range(concurrency)])
    return (time.process_time() - started) / (N_PAGES // concurrency * concurrency) * 1e6


async def measure(url: str) -> None:
    options = CrawlOptions(allow_private=True)
    address = parse_address(url, allow_private=True)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session, Client(options) as client:

        async def bare() -> None:
            async with session.get(url) as response:
                assert len(await response.read()) > PAGE_BYTES

        async def guarded() -> None:
            answer = await client.ask(address)
            assert answer.trouble is None, answer.trouble

        for concurrency in CONCURRENCIES:
            rounds = [(await cpu_us(bare, concurrency), await cpu_us(guarded, concurrency)) for _ in range(ROUNDS)]
            least_bare, least_guarded = (min(times) for times in zip(*rounds, strict=True))
            ratio = least_guarded / least_bare
            print(
                f"concurrency {concurrency:>3}: bare {least_bare:6.0f} us, guarded {least_guarded:6.0f} us, "
                f"ratio {ratio:.2f} (target {TARGET})"
            )


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return
    command = [sys.executable, "-m", "tests.bench.client", "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        asyncio.run(measure(f"http://127.0.0.1:{int(server.stdout.readline())}/"))
        server.stdin.close()


if __name__ == "__main__":
    main()
