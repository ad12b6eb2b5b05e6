"""What the fetch room gives: inputs as asked for, and their text with where it came from."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tasks.outcome import Dropped
from tasks.shards import digest_of


class InputKind(StrEnum):
    """How an input is to be read.

    A WARC record that no seek can find, because it does not begin a gzip member of its own, is `PACKED_WARC_RECORD`.
    """

    HTML_FILE = "html_file"
    TEXT_FILE = "text_file"
    JSONL_RECORD = "jsonl_record"
    WARC_RECORD = "warc_record"
    ARCHIVED_PAGE = "archived_page"
    PACKED_WARC_RECORD = "packed_warc_record"
    URL = "url"


class Markup(StrEnum):
    """What the text of a document is written in."""

    HTML = "html"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Origin:
    """What was asked for. All documents of all stages carry it as `origin`.

    `input` is the URL or path as given, with `#n` for the n-th record (from 1) of a container; it is the key of the
    whole data set, valid UTF-8 whatever the file system says. `url` is the address the input is known to have come
    from, if any.
    """

    input: str
    url: str | None

    @property
    def article_id(self) -> str:
        """The id of the article this input becomes: 24 hex digits, the same in every run and for every content."""
        return digest_of(self.input)[:24]


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What reading one input may cost: `max_bytes` bounds a body after its compression was undone."""

    max_bytes: int = 10_000_000


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How the web may be asked. Times are in seconds, sizes in bytes.

    One answer: `max_bytes` bounds its body as sent and after its compression was undone; `connect_timeout_s` is the
    time for a connection (name, TCP, TLS), `first_byte_timeout_s` the time from the request to the end of the headers,
    `timeout_s` the time for all of it. `max_redirects` bounds the redirects from one input.

    All of them: at most `concurrency` requests at a time, `host_connections` of them to one host, whose requests begin
    at least `host_delay_s` apart; a crawl delay of robots.txt counts up to `crawl_delay_cap_s`. A failure that may pass
    is tried again up to `max_attempts` times in all, unless the server wants us to wait longer than
    `retry_after_cap_s`.

    After `time_limit_s` what was not asked yet is left to the next run. A source gives at most `max_listed` inputs,
    however many feeds and sitemaps it nests. With `discover` the feeds and sitemaps that a page given as a
    source announces are read too. Addresses of this machine and of private networks are refused unless
    `allow_private`.
    """

    max_bytes: int = 10_000_000
    connect_timeout_s: float = 10.0
    first_byte_timeout_s: float = 20.0
    timeout_s: float = 30.0
    max_redirects: int = 10
    concurrency: int = 32
    host_connections: int = 1
    host_delay_s: float = 1.0
    crawl_delay_cap_s: float = 30.0
    retry_after_cap_s: float = 120.0
    max_attempts: int = 3
    max_listed: int = 10_000
    time_limit_s: float = 14_400.0
    discover: bool = False
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class CrawledRun:
    """Where the answers to the addresses of a run are: in the folder `archive`, under the id of the `run`."""

    archive: str
    run: str
    options: CrawlOptions


@dataclass(frozen=True, slots=True)
class CrawlReceipt:
    """What a crawl came to: `urls` addresses, each in one state, which `states` counts.

    A state is that of the ledger (`page`, `unchanged`, `redirect`, ...) or, for a reject, its reason. `requests`
    counts what servers were asked, robots.txt and second tries included. `adopted` counts answers that an earlier,
    killed process had archived but not yet entered in the ledger.
    """

    urls: int = 0
    states: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    adopted: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of the version that is archived already, to ask it for a newer one only."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of a server, or what there was of it: what the client gives and the archive keeps.

    `url` is the address that was asked, `peer` the IP address that answered. `head` is the status line and the header
    lines as received, each ended by CRLF, with the empty line; empty where no head arrived, and then `status` is 0.
    `body` is the body as sent, its transfer encoding undone and its content encoding kept. `trouble` is why the
    answer can't be used whatever its status says (nobody answered, a torn or oversized body, ...); None for a whole
    answer. `media_type` is in lower case; texts that the server did not send are None or empty. `opening` is how the
    unpacked body begins, up to 4 kB, where it was unpacked already; an answer read back from the archive has none.
    """

    url: str
    asked_at: datetime
    peer: str | None = None
    status: int = 0
    head: bytes = b""
    body: bytes = b""
    media_type: str = ""
    charset_label: str | None = None
    content_encoding: str = ""
    location: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_after: str | None = None
    trouble: Dropped | None = None
    opening: bytes = field(default=b"", compare=False)


@dataclass(frozen=True, slots=True)
class InputItem:
    """One input, found but not yet read.

    `location` is the URL to fetch or the absolute path to open (as a `file:` URL where the path is not UTF-8; see
    `tasks.fetch.places`), for an archived page that of its segment once it is sealed. `offset` and `length` find a
    record in its container, in bytes of the file, for a packed WARC record in bytes of what it unpacks to.
    `signature` changes when what is behind the input does, so that the list of inputs is a key for what reading it
    gave: the size and the times of a file, the digest of a page's bytes.
    """

    origin: Origin
    kind: InputKind
    location: str
    offset: int
    length: int
    signature: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """How the bytes were got and read.

    `fetched_at` is when the bytes were taken from the web: now for a URL, the record's own date for WARC and JSONL,
    else the file's modification time. `charset` is the encoding that was used and `charset_evidence` why.
    `raw_sha256` is the digest of the bytes before decoding, in hex.
    """

    final_url: str | None
    fetched_at: datetime | None
    media_type: str
    charset: str
    charset_evidence: str
    raw_sha256: str


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A document as text, before anything was taken from it."""

    origin: Origin
    provenance: Provenance
    markup: Markup
    text: str
