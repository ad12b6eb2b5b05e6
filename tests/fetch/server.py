"""A server on loopback that answers byte for byte what a test tells it to."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Server:
    """Answers every request for a path with the bytes given for it, then does what `then` says with the connection.

    `close` ends it, `reset` breaks it off, `hang` keeps it open without a word, `drip` sends a byte now and then.
    """

    port: int
    answers: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, raw: bytes, then: str = "close", path: str = "/") -> str:
        self.answers[path] = raw, then
        return self.url(path)

    def page(self, body: bytes, headers: str = "", status: str = "200 OK", path: str = "/") -> str:
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        return self.answer(head.encode() + body, path=path)

    def serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(65536)
                if not piece:
                    return
                request += piece
            self.requests.append(request)
            path = request.split(b" ")[1].decode()
            raw, then = self.answers[path]
            connection.sendall(raw)
            if then == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif then == "hang":
                self.closing.wait(10)
            while then == "drip" and not self.closing.wait(0.05):
                connection.sendall(b"x")


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Serve until the end of the block, each connection in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=server.serve, args=(connection,)))
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
