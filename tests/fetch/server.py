"""Servers on loopback that answer byte for byte what a test tells them to, however wrong that is.

What is answered to a path is a script: bytes are sent, numbers are seconds to wait, and the words of `Then` say what
becomes of the connection.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Then(StrEnum):
    """What becomes of a connection; also where a script ends without saying so it is closed."""

    CLOSE = "close"  # ended
    RESET = "reset"  # broken off
    HANG = "hang"  # kept open without a word
    DRIP = "drip"  # a byte now and then, for ever
    KEEP = "keep"  # kept for the next request


Step = bytes | float | Then
Script = Callable[[], Iterable[Step]]
# Nothing here lasts longer, whatever becomes of the test.
PATIENCE_S = 20.0
DRIP_S = 0.05


@dataclass
class Server:
    """Answers every request for a path with the script for it, and remembers the requests."""

    port: int
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    answers: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    n_connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/") -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.host}:{self.port}{path}"

    def answer(self, raw: bytes, then: str = "close", path: str = "/") -> str:
        self.answers[path] = raw, then
        return self.url(path)

    def page(self, body: bytes, headers: str = "", status: str = "200 OK", path: str = "/") -> str:
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        return self.answer(head.encode() + body, path=path)

    def script(self, script: Script, path: str = "/") -> str:
        self.scripts[path] = script
        return self.url(path)

    @property
    def hits(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(request.split(b" ")[1].decode() for request in self.requests)

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE_S)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
            while (request := _read_request(connection)) and self._answer(connection, request):
                pass

    def _answer(self, connection: socket.socket, request: bytes) -> bool:
        """Answer, and say whether the connection is kept."""
        self.requests.append(request)
        for step in self._steps(request.split(b" ")[1].decode()):
            if self.closing.is_set():
                return False
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, Then):
                return self._end(connection, step)
            elif self.closing.wait(step):
                return False
        return False

    def _steps(self, path: str) -> Iterable[Step]:
        if path in self.scripts:
            return self.scripts[path]()
        raw, then = self.answers[path]
        return [raw, Then(then)]

    def _end(self, connection: socket.socket, then: Then) -> bool:
        if then is Then.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif then is Then.HANG:
            self.closing.wait(PATIENCE_S)
        elif then is Then.DRIP:
            for _ in range(int(PATIENCE_S / DRIP_S)):
                if self.closing.wait(DRIP_S):
                    break
                connection.sendall(b"x")
        return then is Then.KEEP


def _read_request(connection: socket.socket) -> bytes:
    """Return a request, or nothing where the other side went away."""
    request = b""
    while b"\r\n\r\n" not in request:
        piece = connection.recv(65536)
        if not piece:
            return b""
        request += piece
    return request


@contextlib.contextmanager
def serving(
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    talk: Callable[[Server, socket.socket], None] = Server.serve,
) -> Iterator[Server]:
    """Serve until the end of the block, each connection in a thread of its own.

    `talk` is what is done with a connection, for servers that do not even wait for a request.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=128)
    server = Server(listener.getsockname()[1], host, tls)
    threads: list[threading.Thread] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.n_connections += 1
                threads.append(threading.Thread(target=talk, args=(server, connection)))
                threads[-1].start()

    main = threading.Thread(target=accept)
    main.start()
    try:
        yield server
    finally:
        server.closing.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        main.join()
        for thread in threads:
            thread.join()


def drop(_server: Server, connection: socket.socket) -> None:
    """Be a canary: take a connection, which nobody should make, and close it. `n_connections` counts them."""
    connection.close()
