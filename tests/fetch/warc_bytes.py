"""WARC records by the letter of the standard, put together byte for byte."""

import gzip

DATE = "2026-03-01T08:15:00Z"


def record(kind: str, block: bytes, content_type: str = "application/http; msgtype=response", **headers: str) -> bytes:
    """Make a record of any type; in the names of `headers` underscores stand for hyphens."""
    lines = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        "WARC-Record-ID: <urn:uuid:6f2d7c1e-0000-4000-8000-000000000000>",
        f"WARC-Date: {DATE}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(block)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def response(body: bytes, url: str = "http://bote.example/1", status: str = "200 OK", headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{headers}\r\n"
    return record("response", head.encode() + body, WARC_Target_URI=url)


def resource(body: bytes, content_type: str = "text/html", url: str = "http://bote.example/2") -> bytes:
    return record("resource", body, content_type, WARC_Target_URI=url)


def revisit(url: str = "http://bote.example/3") -> bytes:
    return record("revisit", b"HTTP/1.1 200 OK\r\n\r\n", WARC_Target_URI=url, WARC_Refers_To_Target_URI=url)


INFO = record("warcinfo", b"software: a test\r\n", "application/warc-fields")
REQUEST = record("request", b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request")


def members(*records: bytes) -> bytes:
    """Pack each record as a gzip member, as the standard asks for."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)
