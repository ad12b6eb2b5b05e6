"""When may a host be asked again, and when is it to be left alone? Pure: time comes in, a new state goes out.

All that is remembered of a host is a `HostState`, a small frozen record that the ledger keeps, so that a new run is as
polite as the one before. Two things happen to it: a request begins (`asked`), and its outcome is known (`answered`).

- Pace: requests begin `host_delay_s` apart, or as far apart as the crawl delay of robots.txt wants, up to a cap. A 429
  or 503 doubles that, up to a minute, and ten answers in a row halve it again.
- `Retry-After` is a wish of the host, not of one page: what a run can wait for is waited for (`wait_s`), for what is
  longer the host is left to a later run (`refusal`, THROTTLED).
- The circuit breaker: after five failures in a row to connect or to get an answer at all, the host is dead for ten
  minutes (HOST_DEAD), then for 20, 40, ..., a day. After that it is half-open: the next request decides. Any answer
  closes the breaker, also a 404; an address that was refused before anybody was asked says nothing of the host.

No state forbids a host for ever: every time-out has a length it can't exceed, and one that seems to be longer comes
from a clock that was set back and is void. Nothing here sleeps, draws lots or reads a clock: one process asks a host,
so there is no herd to scatter.

Only the reason of an outcome is seen here. So a DEADLINE counts as a failure of the host also where its first bytes had
come: one that lets five requests in a row run out is better left alone either way. How often a page is tried again is
decided elsewhere; here stands only after which outcomes it may help (`PASSING`), and how long to wait.
"""

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tasks.fetch.records import CrawlOptions
from tasks.outcome import Dropped, DropReason

# Outcomes that another try may mend. An error status is not among them: of these only 5xx may pass, and the reason
# does not tell them apart.
PASSING = frozenset(
    {
        DropReason.DNS_FAILURE,
        DropReason.CONN_RESET,
        DropReason.EOF_EARLY,
        DropReason.DEADLINE,
        DropReason.TLS_ERROR,
        DropReason.THROTTLED,
        DropReason.BODY_TRUNCATED,
    }
)
# Nobody answered.
FAILURES = frozenset(
    {
        DropReason.DNS_FAILURE,
        DropReason.CONN_RESET,
        DropReason.EOF_EARLY,
        DropReason.DEADLINE,
        DropReason.TLS_ERROR,
        DropReason.TLS_CERT,
    }
)
# Nobody was asked.
NOT_ASKED = frozenset(
    {
        DropReason.SSRF_PRIVATE_IP,
        DropReason.SSRF_LOCAL_NAME,
        DropReason.PORT_BLOCKED,
        DropReason.SCHEME_BLOCKED,
        DropReason.URL_CREDENTIALS,
        DropReason.URL_INVALID,
        DropReason.URL_TOO_LONG,
    }
)

# One page that is asked three times must not kill its host; two that fail so in a row may.
FAILURES_TO_DEATH = 5
FIRST_DEATH_S = 600.0
LONGEST_DEATH_S = 24 * 3600.0  # the next daily run finds out

THROTTLED_DELAY_S = 1.0  # the least that is doubled: a pace of nothing has no double
SLOWEST_DELAY_S = 60.0
ANSWERS_TO_HALVE = 10

# A day is what the next daily run can keep to. Servers are known to ask for years.
LONGEST_RETRY_AFTER_S = 24 * 3600.0
LONGEST_BACKOFF_S = 60.0

LATEST = 1e11  # the year 5138: no number of a state is larger

SECONDS_RE = re.compile(r"[0-9]+(?:\.[0-9]*)?")
DATE_CHARACTERS = 64  # the longest form of RFC 9110, section 5.6.7, has 33


@dataclass(frozen=True, slots=True)
class HostState:
    """All that is remembered of a host. Moments are seconds since 1970, 0 where there is none.

    `next_at` is when the next request may begin; `slow_s` the delay that throttling has grown, `crawl_delay_s` that of
    robots.txt. Until `backoff_until` the host asked us to wait, until `shut_until` for longer than a run waits.
    `failures` counts those in a row, `deaths` those since the last answer; it is dead until `dead_until`.
    """

    next_at: float = 0.0
    crawl_delay_s: float | None = None
    slow_s: float = 0.0
    backoff_until: float = 0.0
    shut_until: float = 0.0
    failures: int = 0
    deaths: int = 0
    dead_until: float = 0.0

    def wait_s(self, now: float) -> float:
        """Return the seconds before the host may be asked: 0 where it may be asked now, never more than a day."""
        return max(_left_s(self.next_at, now), _left_s(self.backoff_until, now))

    def refusal(self, now: float, options: CrawlOptions) -> Dropped | None:
        """Return why the host is left alone now, HOST_DEAD or THROTTLED, and until when; None where it may be asked."""
        if _left_s(self.dead_until, now) > 0:
            detail = f"{self.failures} failures in a row; left alone until {_moment(self.dead_until)}"
            return Dropped(DropReason.HOST_DEAD, detail)
        asked_until = max(self.shut_until, self.backoff_until)
        if _left_s(self.shut_until, now) > 0 or _left_s(self.backoff_until, now) > options.retry_after_cap_s:
            return Dropped(DropReason.THROTTLED, f"the host asked not to come before {_moment(asked_until)}")
        return None

    def to_json(self) -> str:
        """Return it as text for the ledger."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "HostState":
        """Return what `to_json` gave; a fresh state for anything else, which costs a host one request too many."""
        try:
            state = cls(**json.loads(text))
            numbers = [value for name, value in asdict(state).items() if value is not None or name != "crawl_delay_s"]
            is_sound = all(type(number) in {int, float} and 0 <= number <= LATEST for number in numbers)
        except (ValueError, TypeError, RecursionError):
            return cls()
        return state if is_sound and type(state.failures) is type(state.deaths) is int else cls()


def asked(state: HostState, now: float, options: CrawlOptions) -> HostState:
    """Return the state after a request to the host began at `now`."""
    return replace(state, next_at=now + _delay_s(state, options))


def answered(
    state: HostState, now: float, trouble: DropReason | None, retry_after_s: float | None, options: CrawlOptions
) -> HostState:
    """Return the state after a request came, at `now`, to `trouble`, or to a page where that is None.

    `retry_after_s` is what the answer asked for, as `parse_retry_after` gives it.
    """
    if trouble in NOT_ASKED:
        return state
    if trouble in FAILURES:
        return _failed(state, now)
    if state.failures or state.deaths or state.dead_until:
        state = replace(state, failures=0, deaths=0, dead_until=0.0)
    if trouble is DropReason.THROTTLED:
        return _throttled(state, now, retry_after_s, options)
    return replace(state, slow_s=state.slow_s * 0.5 ** (1 / ANSWERS_TO_HALVE)) if state.slow_s else state


def _failed(state: HostState, now: float) -> HostState:
    failures = state.failures + 1
    if failures < FAILURES_TO_DEATH:
        return replace(state, failures=failures)
    # Answers to requests that were under way when it died make it no more dead.
    if _left_s(state.dead_until, now) > 0:
        return replace(state, failures=failures)
    deaths = state.deaths + 1
    death_s = min(FIRST_DEATH_S * 2.0 ** min(deaths - 1, 16), LONGEST_DEATH_S)
    return replace(state, failures=failures, deaths=deaths, dead_until=now + death_s)


def _throttled(state: HostState, now: float, retry_after_s: float | None, options: CrawlOptions) -> HostState:
    least_s = max(_wanted_s(state, options), THROTTLED_DELAY_S)
    slow_s = max(min(2 * max(state.slow_s, least_s), SLOWEST_DELAY_S), least_s)
    state = replace(state, slow_s=slow_s, next_at=max(state.next_at, now + slow_s))
    if retry_after_s is None:
        return state
    until = now + min(retry_after_s, LONGEST_RETRY_AFTER_S)
    if retry_after_s > options.retry_after_cap_s:
        return replace(state, shut_until=max(until, _credible(state.shut_until, now)))
    return replace(state, backoff_until=max(until, _credible(state.backoff_until, now)))


def _wanted_s(state: HostState, options: CrawlOptions) -> float:
    """Return the delay that we and the site want, whatever else happened."""
    return max(options.host_delay_s, min(state.crawl_delay_s or 0.0, options.crawl_delay_cap_s))


def _delay_s(state: HostState, options: CrawlOptions) -> float:
    return max(_wanted_s(state, options), state.slow_s)


def _credible(until: float, now: float) -> float:
    """Return `until`; 0 where it is so far off that the clock was set back since."""
    return until if until - now <= LONGEST_DEATH_S else 0.0


def _left_s(until: float, now: float) -> float:
    return max(_credible(until, now) - now, 0.0)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, section 10.2.3), 0 to `LONGEST_RETRY_AFTER_S`.

    `now` is aware. A number or a date counts, a date that is over as 0; anything else, a negative number too, is None.

    >>> parse_retry_after("120", datetime(2026, 11, 25, 12, tzinfo=UTC))
    120.0
    >>> parse_retry_after("Wed, 25 Nov 2026 12:00:30 GMT", datetime(2026, 11, 25, 12, tzinfo=UTC))
    30.0
    """
    text = (value or "").strip()
    if SECONDS_RE.fullmatch(text):
        return min(float(text), LONGEST_RETRY_AFTER_S)
    if len(text) > DATE_CHARACTERS:
        return None
    try:
        date = parsedate_to_datetime(text)
        # All forms of a date in HTTP are in UTC; the oldest does not say so.
        left_s = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(left_s, 0.0), LONGEST_RETRY_AFTER_S)


def retry_delay_s(attempt: int, retry_after_s: float | None) -> float:
    """Return the seconds before a page is tried again after its `attempt`-th try, from 1, failed: 1, 2, 4, ..., 60.

    Never less than the server asked for.
    """
    return max(min(2.0 ** min(max(attempt - 1, 0), 16), LONGEST_BACKOFF_S), retry_after_s or 0.0)
