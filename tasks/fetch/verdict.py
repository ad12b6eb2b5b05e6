"""What an answer means for the address that was asked: a page, a redirect, try again later, or a reject with a reason.

Pure, and the only place that judges a status of the web: the crawl asks it of a fresh answer, recovery of one found in
the archive, so both end in the same state. The statuses that matter (RFC 9110, section 15):

    200, 203                    a page
    204, 205                    a page with nothing in it
    304                         the page that is archived already
    301, 302, 303, 307, 308     go on at another address; what it is, is judged there
    404, 410                    gone
    429, 503                    later, and not before Retry-After
    5xx otherwise               an error that may pass
    anything else               an error

An outcome that may pass is tried again within the run, after a back-off, up to `max_attempts` times; a server that
wants us to wait longer than a run may is left alone until then, and the reject says until when.
"""

from dataclasses import replace
from datetime import UTC, datetime

from tasks.fetch.canonical_url import clean_address
from tasks.fetch.http_head import GONE, NOT_MODIFIED, PAGE
from tasks.fetch.ledger import LedgerEntry, UrlState
from tasks.fetch.politeness import PASSING, parse_retry_after, retry_delay_s
from tasks.fetch.records import Answer, CrawlOptions
from tasks.fetch.url_guard import WebAddress, parse_address
from tasks.outcome import Dropped, DropReason, Unusable

EMPTY = {204, 205}
REDIRECTS = {301, 302, 303, 307, 308}
THROTTLED = {429, 503}
SERVER_ERRORS = range(500, 600)


def judge(answer: Answer, entry: LedgerEntry, options: CrawlOptions) -> LedgerEntry:
    """Return `entry` after `answer`: its new state, and where it is to be asked again, when.

    `entry.place` and the validators stay those of the archived version; who archives the answer puts in the new ones.
    """
    asked = entry.attempts + 1
    trouble = answer.trouble or trouble_of(answer)
    if trouble is None and answer.status in PAGE:
        return _settled(entry, UrlState.PAGE, asked)
    if trouble is None and answer.status == NOT_MODIFIED and entry.place is None:
        trouble = Dropped(DropReason.HTTP_BAD_STATUS, "status 304, but nothing was archived that could be unchanged")
    if trouble is not None:
        return _failed(_settled(entry, UrlState.REJECTED, asked), answer, trouble, options)
    if answer.status == NOT_MODIFIED:
        return _settled(entry, UrlState.UNCHANGED, asked)
    return _redirected(_settled(entry, UrlState.REJECTED, asked), answer, options)


def _settled(entry: LedgerEntry, state: UrlState, attempts: int) -> LedgerEntry:
    return replace(entry, state=state, attempts=attempts, next_at=None, reason=None, detail="", target=None)


def trouble_of(answer: Answer) -> Dropped | None:
    """Return why a whole answer is neither page nor redirect, by its status; None where it is one of them."""
    status = answer.status
    if status in PAGE or status in REDIRECTS or status == NOT_MODIFIED:
        return None
    if status in EMPTY:
        return Dropped(DropReason.EMPTY_BODY, f"status {status}")
    if status in GONE:
        return Dropped(DropReason.HTTP_GONE, f"status {status}")
    if status in THROTTLED:
        return Dropped(DropReason.THROTTLED, f"status {status}")
    return Dropped(DropReason.HTTP_BAD_STATUS, f"status {status}")


def may_pass(trouble: Dropped, status: int) -> bool:
    """Whether asking again may help."""
    if trouble.reason is DropReason.HTTP_BAD_STATUS:
        return status in SERVER_ERRORS
    return trouble.reason in PASSING


def _failed(entry: LedgerEntry, answer: Answer, trouble: Dropped, options: CrawlOptions) -> LedgerEntry:
    rejected = replace(entry, reason=trouble.reason, detail=trouble.detail)
    if not may_pass(trouble, answer.status):
        return rejected
    asked_at = answer.asked_at.timestamp()
    wanted_s = parse_retry_after(answer.retry_after, answer.asked_at)
    if wanted_s is not None and wanted_s > options.retry_after_cap_s:
        until = datetime.fromtimestamp(asked_at + wanted_s, UTC).isoformat(timespec="seconds")
        return replace(rejected, next_at=asked_at + wanted_s, detail=f"{trouble.detail}; not before {until}")
    if entry.attempts >= options.max_attempts:
        return replace(rejected, detail=f"{trouble.detail}; asked {entry.attempts} times")
    return replace(rejected, state=UrlState.WAITING, next_at=asked_at + retry_delay_s(entry.attempts, wanted_s))


def _redirected(entry: LedgerEntry, answer: Answer, options: CrawlOptions) -> LedgerEntry:
    # What is written down is published, and an @ may stand behind a password.
    shown = "an address that is not shown" if "@" in (answer.location or "") else (answer.location or "")[:200]
    if not answer.location:
        return replace(entry, reason=DropReason.REDIRECT_NO_LOCATION, detail=f"status {answer.status}")
    if entry.hops >= options.max_redirects:
        detail = f"more than {options.max_redirects}, the last one to {shown}"
        return replace(entry, reason=DropReason.REDIRECT_LIMIT, detail=detail)
    try:
        address = parse_address(answer.location, answer.url, allow_private=options.allow_private)
    except Unusable as error:
        return replace(entry, reason=error.reason, detail=f"redirect to {shown}: {error.detail}")
    target = clean_address(address.href)
    if target == entry.url:  # sites that mark how a reader came redirect to themselves with a tracking parameter
        target = address.href
    if target == entry.url:
        return replace(entry, reason=DropReason.REDIRECT_LOOP, detail="a redirect to itself")
    return replace(entry, state=UrlState.REDIRECT, target=target)


def refused(entry: LedgerEntry, refusal: Dropped) -> LedgerEntry:
    """Return `entry` as rejected without having been asked."""
    return replace(entry, state=UrlState.REJECTED, reason=refusal.reason, detail=refusal.detail, target=None)


def too_early(entry: LedgerEntry, now: float, options: CrawlOptions) -> Dropped | None:
    """Return why an address is left alone: its server asked in an earlier run to be given longer than a run takes."""
    if entry.next_at is None or entry.next_at <= now + options.retry_after_cap_s:
        return None
    until = datetime.fromtimestamp(entry.next_at, UTC).isoformat(timespec="seconds")
    return Dropped(DropReason.THROTTLED, f"the server asked in an earlier run not to come before {until}")


def ledger_address(url: str, *, allow_private: bool) -> WebAddress:
    """Return the address under which `url` is asked for and known to the ledger. Raises Unusable."""
    address = parse_address(url, allow_private=allow_private)
    href = clean_address(address.href)
    return address if href == address.href else replace(address, href=href)
