"""The hostile servers, in a process of their own: `python -m tests.fetch.abuse.hostile CASES FOLDER`.

Serves the row LABEL of the file CASES at the path /LABEL on several listeners, and writes their ports to standard
output as JSON; ends when standard input does, and then writes how often the canary was disturbed. FOLDER gets `ca.pem`,
the authority that signed what may be trusted.
"""

import contextlib
import json
import socket
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

import trustme

from tests.fetch.abuse.behaviours import script_of
from tests.fetch.server import Server, drop, serving


def silent(server: Server, connection: socket.socket) -> None:
    """Take a connection and say nothing, not even TLS."""
    with contextlib.closing(connection):
        server.closing.wait(20)


def babbling(server: Server, connection: socket.socket) -> None:
    """Answer the first words of TLS with what is no TLS."""
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.recv(65_536)
        connection.sendall(b"\x16\x03\x01\x00\x10" + b"nonsense" * 2)
        server.closing.wait(0.2)


def plain(server: Server, connection: socket.socket) -> None:
    """Answer whatever comes as a web server without TLS does."""
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        server.closing.wait(0.2)


def resetting(_server: Server, connection: socket.socket) -> None:
    """Break off where TLS begins."""
    with contextlib.closing(connection):
        connection.recv(1)  # what is unread when a connection is closed makes it a reset


TALKS = {"silent": silent, "babbling": babbling, "plain-only": plain, "resetting": resetting, "canary": drop}


def contexts(folder: Path) -> dict[str, ssl.SSLContext]:
    """Make the certificates. The authority of `ca.pem` signs all but the self-signed one."""
    trusted, stranger = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificates = {
        "tls": trusted.issue_cert("127.0.0.1"),
        "self-signed": stranger.issue_cert("127.0.0.1"),
        "expired": trusted.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "wrong-name": trusted.issue_cert("elsewhere.example"),
    }
    found = {}
    for name, certificate in certificates.items():
        found[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(found[name])
    return found


def main() -> None:
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    with contextlib.ExitStack() as stack:
        servers = {"plain": stack.enter_context(serving())}
        for name, context in contexts(Path(sys.argv[2])).items():
            servers[name] = stack.enter_context(serving(context))
        for name, talk in TALKS.items():
            servers[name] = stack.enter_context(serving(talk=talk))
        for row in rows:
            for server in servers.values():
                server.script(script_of(row), f"/{row['label']}{row.get('suffix', '')}")
        sys.stdout.write(json.dumps({name: server.port for name, server in servers.items()}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        sys.stdout.write(json.dumps({"canary": servers["canary"].n_connections, "hits": servers["plain"].hits}) + "\n")


if __name__ == "__main__":
    main()
