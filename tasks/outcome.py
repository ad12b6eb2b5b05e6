"""What becomes of an input: kept, or dropped for a reason; and what an error asks of its catcher.

Every document ends as exactly one `Kept` or one `Dropped`. A reason is a member of `DropReason`, so that reasons
can be counted, and its `meaning` is the sentence an analyst reads. `None` is not a reason.

The error tree says what to do next, not what went wrong:

    UnspunError
    ├── Retryable   the world was in the way (disk, network): do the same again, later
    ├── Unusable    this document can't be used: a reject row, and on to the next
    └── Fatal       nothing will help but a person: stop and say how to mend it
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Self, TypeVar

T_co = TypeVar("T_co", covariant=True)


class StageName(StrEnum):
    """The stages, in the order in which data walks through them."""

    FETCH = "fetch"
    BOILERPLATE = "boilerplate"
    MOJIBAKE = "mojibake"
    STORIES = "stories"
    SPINNER = "spinner"
    EXPORT = "export"


class DropReason(StrEnum):
    """Why an input did not become an article: the code in `rejects.reason`, with its `meaning` in one line.

    >>> DropReason.BODY_TOO_BIG.meaning
    'more bytes than the size limit allows'
    """

    meaning: str

    def __new__(cls, code: str, meaning: str = "") -> Self:
        """Make a member that is its code and carries its meaning."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    # Sources
    NOT_FOUND = "NOT_FOUND", "no file or folder of that name"
    UNREADABLE = "UNREADABLE", "the file or folder is there but may not be read"
    FOLDER_EMPTY = "FOLDER_EMPTY", "the folder holds nothing that unspun reads"
    FOLDER_LOOP = "FOLDER_LOOP", "the folder contains itself through a link"
    INPUT_REPEATED = "INPUT_REPEATED", "the same input was already given in this run"
    RECORD_INVALID = "RECORD_INVALID", "a record of the container does not have the form it must have"
    CONTAINER_TRUNCATED = "CONTAINER_TRUNCATED", "the container ends in the middle of a record"
    RECORD_WITHOUT_PAYLOAD = "RECORD_WITHOUT_PAYLOAD", "a WARC record that points to a payload stored elsewhere"

    # Addresses
    URL_INVALID = "URL_INVALID", "not an address"
    URL_TOO_LONG = "URL_TOO_LONG", "an address longer than any server takes"
    URL_CREDENTIALS = "URL_CREDENTIALS", "an address that holds a user name or a password"
    SCHEME_BLOCKED = "SCHEME_BLOCKED", "an address that is neither http nor https"
    PORT_BLOCKED = "PORT_BLOCKED", "an address with the port of a service that is not the web"
    SSRF_LOCAL_NAME = "SSRF_LOCAL_NAME", "a name that means this machine or its own network"
    SSRF_PRIVATE_IP = "SSRF_PRIVATE_IP", "an address that is not on the public internet"

    # Politeness
    ROBOTS_DENIED = "ROBOTS_DENIED", "the site's robots.txt does not allow it"
    ROBOTS_UNREACHABLE = "ROBOTS_UNREACHABLE", "the site's robots.txt could not be read, which forbids the site for now"
    THROTTLED = "THROTTLED", "the server asks us to come later (429, 503)"
    HOST_DEAD = "HOST_DEAD", "the host failed so often that it is left alone for now"
    NOT_REACHED = "NOT_REACHED", "the run's time for the web was over before its turn; the next run asks it first"
    LISTING_LIMIT = "LISTING_LIMIT", "a feed or sitemap lists more, or is nested deeper, than the limit allows"

    # The network
    DNS_FAILURE = "DNS_FAILURE", "the host name could not be resolved"
    TLS_CERT = "TLS_CERT", "the server's certificate can't be trusted"
    TLS_ERROR = "TLS_ERROR", "no secure connection could be made"
    CONN_RESET = "CONN_RESET", "the connection was refused or broken off"
    EOF_EARLY = "EOF_EARLY", "the server closed the connection before it answered"
    DEADLINE = "DEADLINE", "the server took longer than the time limit"
    PROTOCOL_ERROR = "PROTOCOL_ERROR", "the server's answer is not HTTP"
    HEADERS_TOO_BIG = "HEADERS_TOO_BIG", "more or longer headers than the limit allows"
    REDIRECT_LIMIT = "REDIRECT_LIMIT", "more redirects than the limit allows"
    REDIRECT_LOOP = "REDIRECT_LOOP", "redirects that lead back to where they began"
    REDIRECT_NO_LOCATION = "REDIRECT_NO_LOCATION", "a redirect that does not say where to"
    HTTP_GONE = "HTTP_GONE", "the server says that the page does not exist (404, 410)"
    HTTP_BAD_STATUS = "HTTP_BAD_STATUS", "the server answered with an error status"

    # Bodies
    EMPTY_BODY = "EMPTY_BODY", "there is nothing in it"
    BODY_TOO_BIG = "BODY_TOO_BIG", "more bytes than the size limit allows"
    BOMB = "BOMB", "a small body that unpacks to a size no page has"
    BODY_TRUNCATED = "BODY_TRUNCATED", "the body ends before it is complete"
    TYPE_BINARY = "TYPE_BINARY", "the bytes are no text"
    TYPE_UNWANTED = "TYPE_UNWANTED", "a kind of document that unspun does not read"
    ENCODING_CHAIN = "ENCODING_CHAIN", "packed more times over than any server does"
    ENCODING_UNKNOWN = (
        "ENCODING_UNKNOWN",
        "no encoding was found in which the bytes are text, or packed in an unknown way",
    )
    ENCODING_CORRUPT = "ENCODING_CORRUPT", "the compressed body is damaged"

    # Boilerplate
    NO_MAIN_CONTENT = "NO_MAIN_CONTENT", "no article text was found in it"
    INDEX_PAGE = "INDEX_PAGE", "a list of articles (front page, section, tag, search), not an article"
    ERROR_PAGE = "ERROR_PAGE", "the site's page for an error, such as one that was not found"
    CONSENT_WALL = "CONSENT_WALL", "a request to agree to cookies in place of the article"
    PAYWALL = "PAYWALL", "an invitation to subscribe in place of the article"
    BOT_CHECK = "BOT_CHECK", "a check whether the reader is a person in place of the article"
    LOGIN_PAGE = "LOGIN_PAGE", "a form to log in in place of the article"

    # Processes
    TIME_LIMIT = "TIME_LIMIT", "the document took longer than the time limit for one document"
    MEMORY_LIMIT = "MEMORY_LIMIT", "the document needed more memory than a worker process may have"
    WORKER_CRASHED = "WORKER_CRASHED", "the worker process died on this document"
    DOCUMENT_ERROR = "DOCUMENT_ERROR", "unspun failed on this document: a defect, please report it"
    STAGE_FAILED = "STAGE_FAILED", "the stage failed for the whole shard, also when it was tried again"


@dataclass(frozen=True, slots=True)
class Kept(Generic[T_co]):
    """A document that goes on."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Dropped:
    """A document that ends here. `detail` is for a reader: what was seen, with figures."""

    reason: DropReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """One input that became no article: the row that travels on in its place (a dead letter)."""

    input: str
    url: str | None
    stage: StageName
    reason: DropReason
    detail: str


class UnspunError(Exception):
    """The root of all errors that unspun raises on purpose."""


class Retryable(UnspunError):  # noqa: N818  (the name says what to do, as the design wants it)
    """The world was in the way; the same call may succeed later."""


class Unusable(UnspunError):  # noqa: N818
    """This document can't be used. Whoever works on the shard turns it into a reject and goes on."""

    def __init__(self, reason: DropReason, detail: str = "") -> None:
        """Carry the reason and, for the reader, the detail."""
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Fatal(UnspunError):  # noqa: N818
    """Nothing but a person can help. The message says what to do."""
