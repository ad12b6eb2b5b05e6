"""Make the files of `data/sample/` that an editor would spoil: `python tests/sample/make_special_files.py`.

Three of the sample's inputs are about bytes, not text: a page in windows-1252 that says it is UTF-8, a WARC file, and
bytes that are no text at all. They are made here from readable sources in `tests/sample/sources/`, without a clock or
an unseeded random number, so that a test can say whether the committed files are still the ones this makes.

The maker stands here and not beside its files because every file in `data/sample/` is an input of `make run`.
"""

import base64
import gzip
import hashlib
import random
import uuid
from pathlib import Path

SOURCES = Path(__file__).parent / "sources"
SAMPLE = Path(__file__).parents[2] / "data" / "sample"

MISLABELLED = "night-tram.html"
WARC = "crawl-2026-10.warc.gz"
BINARY = "scan-0042.html"

# Page, address, when it was fetched.
PAGES = (
    (
        "beekeepers.html",
        "https://www.aldracourier.example/city/2026/08/14/beekeepers-third-of-honey",
        "2026-10-20T04:12:09Z",
    ),
    ("umbrellas.html", "https://www.lindhavenpost.example/local/ten-thousandth-umbrella", "2026-10-20T04:12:11Z"),
)


def mislabelled_page() -> bytes:
    """Return a page that declares UTF-8 and whose bytes are windows-1252."""
    return (SOURCES / MISLABELLED).read_text("utf-8").encode("windows-1252")


def binary_page() -> bytes:
    """Return 2 kB of noise, as a scanner's output under the wrong name would be."""
    return random.Random(42).randbytes(2048)  # noqa: S311  (noise, not a secret)


def warc_records() -> list[bytes]:
    """Return the WARC 1.1 records, uncompressed: a warcinfo as crawlers write it, then one response for each page."""
    about = b"software: make_special_files.py\r\nformat: WARC File Format 1.1\r\n"
    info = {"WARC-Type": "warcinfo", "WARC-Filename": WARC, "WARC-Date": PAGES[0][2]}
    records = [_record(info, "application/warc-fields", about)]
    for name, url, date in PAGES:
        page = (SOURCES / name).read_bytes()
        response = {
            "WARC-Type": "response",
            "WARC-Target-URI": url,
            "WARC-Date": date,
            "WARC-Payload-Digest": _digest(page),
        }
        records.append(_record(response, "application/http; msgtype=response", _http_response(page)))
    return records


def special_files() -> dict[str, bytes]:
    """Return the name and the bytes of each special file. WARC records are gzip members of their own."""
    warc = b"".join(gzip.compress(record, mtime=0) for record in warc_records())
    return {MISLABELLED: mislabelled_page(), WARC: warc, BINARY: binary_page()}


def _record(fields: dict[str, str], content_type: str, block: bytes) -> bytes:
    """Write one WARC record around `block`; its id follows from its content, so that it stays the same."""
    head = fields | {
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, _digest(block))}>",
        "WARC-Block-Digest": _digest(block),
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    }
    lines = ["WARC/1.1", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def _http_response(page: bytes) -> bytes:
    lines = ("HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(page)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + page


def _digest(block: bytes) -> str:
    """Return the digest as WARC writes it: algorithm and base32."""
    return "sha1:" + base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()


def main() -> None:
    """Write the special files into the sample."""
    for name, content in special_files().items():
        (SAMPLE / name).write_bytes(content)


if __name__ == "__main__":
    main()
