"""What the fetch room gives: inputs as asked for, and their text with where it came from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasks.shards import digest_of


class InputKind(StrEnum):
    """How an input is to be read.

    A WARC record that no seek can find, because it does not begin a gzip member of its own, is `PACKED_WARC_RECORD`.
    """

    HTML_FILE = "html_file"
    TEXT_FILE = "text_file"
    JSONL_RECORD = "jsonl_record"
    WARC_RECORD = "warc_record"
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
    """What reading one input may cost. Times are in seconds.

    `max_bytes` bounds a body after its compression was undone. `timeout_s` bounds one download with its redirects,
    `connect_timeout_s` one connection. `url_token` is for listing only: it becomes the signature of URLs, so that the
    web is asked again when it is a new one; reading is given options without it.
    """

    max_bytes: int = 10_000_000
    timeout_s: float = 30.0
    connect_timeout_s: float = 10.0
    max_redirects: int = 10
    url_token: str = ""


@dataclass(frozen=True, slots=True)
class InputItem:
    """One input, found but not yet read.

    `location` is the URL to fetch or the absolute path to open (as a `file:` URL where the path is not UTF-8; see
    `tasks.fetch.places`). `offset` and `length` find a record in its container, in bytes of the file, for a packed
    WARC record in bytes of what it unpacks to.
    `signature` changes when the file behind the input does (size and times), or with every run for a URL, so that the
    list of inputs is a key for what reading it gave.
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
