"""Names looked up: within a time, in threads of their own, and only addresses that may be asked come back.

The look-up of the operating system can't be interrupted, so each takes a thread until it is done. They have a pool of
their own: names whose servers are silent hold up neither the event loop nor, up to `THREADS` of them, other names.

A name that leads to public and to private addresses keeps the public ones; one that leads to private addresses only is
`SSRF_PRIVATE_IP`. What is connected to is checked once more, on the socket (`tasks.fetch.client`), for the answer of a
name server is no promise.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from tasks.fetch.url_guard import check_peer
from tasks.outcome import Unusable

# A silent name server costs a thread 10 s or more (resolv.conf: 5 s, two attempts, for each server). A thread that
# waits costs 30 kB.
THREADS = 64


class SystemResolver(AbstractResolver):
    """The operating system's own resolver, in threads."""

    def __init__(self) -> None:
        """Start no thread yet."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`. Raises OSError (socket.gaierror) where it has none."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _look_up, host, port, family)

    async def close(self) -> None:
        """Wait for no look-up that is still under way: nobody is interested in it any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedResolver(AbstractResolver):
    """Another resolver, held to a time and to public addresses."""

    def __init__(self, resolver: AbstractResolver, timeout_s: float, *, allow_private: bool) -> None:
        """Look names up in `resolver`, for `timeout_s` at most."""
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host` that may be asked.

        Raises socket.gaierror where there are none in time, Unusable(SSRF_PRIVATE_IP) where none may be asked.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._resolver.resolve(host, port, family)
        except TimeoutError as error:
            raise socket.gaierror(socket.EAI_AGAIN, f"no answer within {self._timeout_s:g} s") from error
        except UnicodeError as error:
            raise socket.gaierror(socket.EAI_NONAME, f"no name for the DNS: {error}") from error
        return self._permitted(host, found)

    async def close(self) -> None:
        """Close the resolver behind."""
        await self._resolver.close()

    def _permitted(self, host: str, found: list[ResolveResult]) -> list[ResolveResult]:
        permitted: list[ResolveResult] = []
        refusal: Unusable | None = None
        for result in found:
            try:
                check_peer(result["host"], allow_private=self._allow_private)
            except Unusable as error:
                refusal = error
            else:
                permitted.append(result)
        if permitted:
            return permitted
        raise refusal or socket.gaierror(socket.EAI_NONAME, f"{host} has no address")


def _look_up(host: str, port: int, family: int) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=kind,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for kind, _, protocol, _, address in found
    ]
