"""The hosts of one crawl: what is remembered of each, and what its robots.txt says.

Keeps the states that `politeness` and `robots` compute, by host and by origin, as text that the ledger stores: the next
run knows how long a host is to be left alone, and reads no robots.txt again that is not a day old.
"""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tasks.fetch import politeness
from tasks.fetch.body import Unpacker
from tasks.fetch.politeness import HostState, parse_retry_after
from tasks.fetch.records import Answer, CrawlOptions
from tasks.fetch.robots import READ_OCTETS, Robots, read_robots
from tasks.outcome import Dropped, DropReason, Unusable

ROBOTS_BYTES = 10_000_000  # a bound for the unpacking; `robots` reads the first 500 KiB


@dataclass(frozen=True, slots=True)
class KnownRobots:
    """What a robots.txt says, and until when that counts, in seconds since 1970."""

    robots: Robots
    until: float

    def to_json(self) -> str:
        """Return it as the ledger keeps it."""
        return json.dumps({"until": self.until, "robots": self.robots.to_json()})

    @classmethod
    def from_json(cls, text: str) -> "KnownRobots | None":
        """Return what `to_json` gave; None for anything else, so that it is asked anew."""
        try:
            record = json.loads(text)
            return cls(Robots.from_json(record["robots"]), float(record["until"]))
        except (ValueError, TypeError, KeyError):
            return None


class Hosts:
    """What is known of the hosts, beginning with what the ledger `kept` of them from earlier runs."""

    def __init__(self, kept: Mapping[str, str], options: CrawlOptions) -> None:
        """Read nothing yet: most of the hosts that were ever asked are not asked in this run."""
        self._kept, self._options = kept, options
        self._states: dict[str, HostState] = {}
        self._robots: dict[str, KnownRobots] = {}

    def state(self, host: str) -> HostState:
        """Return what is known of `host`."""
        if host not in self._states:
            self._states[host] = HostState.from_json(self._kept.get(host, ""))
        return self._states[host]

    def kept(self, key: str) -> str:
        """Return what the ledger is to keep under `key`: a host, or an origin, whose robots.txt it is then."""
        return self._robots[key].to_json() if key in self._robots else self.state(key).to_json()

    def next_at(self, host: str, now: float) -> float:
        """Return when the next turn of `host` may begin, in seconds since 1970; at once where it ends in a refusal."""
        return now if self.refusal(host, now) is not None else now + self.state(host).wait_s(now)

    def refusal(self, host: str, now: float) -> Dropped | None:
        """Return why `host` is left alone now; None where it may be asked."""
        return self.state(host).refusal(now, self._options)

    def asked(self, host: str, now: float) -> float:
        """Say that a request to `host` begins; return when the next one may."""
        state = self._states[host] = politeness.asked(self.state(host), now, self._options)
        return state.next_at

    def answered(self, host: str, answer: Answer, trouble: Dropped | None, now: float) -> None:
        """Say what a request to `host` came to."""
        wanted_s = parse_retry_after(answer.retry_after, answer.asked_at)
        reason = trouble.reason if trouble else None
        self._states[host] = politeness.answered(self.state(host), now, reason, wanted_s, self._options)

    def robots(self, origin: str, now: float) -> Robots | None:
        """Return what the robots.txt of `origin` says; None where it must be asked (again)."""
        if origin not in self._robots and origin in self._kept:
            known = KnownRobots.from_json(self._kept[origin])
            if known is not None:
                self._robots[origin] = known
        known = self._robots.get(origin)
        return known.robots if known is not None and now < known.until else None

    def learn_robots(self, host: str, origin: str, answer: Answer, now: float) -> None:
        """Take what the server of `origin` gave for its robots.txt."""
        body, trouble = _robots_body(answer)
        robots = read_robots(answer.status, body, trouble)
        self._robots[origin] = KnownRobots(robots, now + robots.max_age_s)
        self._states[host] = replace(self.state(host), crawl_delay_s=robots.crawl_delay_s)


def _robots_body(answer: Answer) -> tuple[bytes, Dropped | None]:
    """Return the beginning of a robots.txt, unpacked, and why there is none.

    An empty one is one that forbids nothing, and one that is too big counts as far as it is read.
    """
    trouble = answer.trouble
    has_beginning = trouble is not None and trouble.reason is DropReason.BODY_TOO_BIG and answer.body
    if trouble is not None and trouble.reason is not DropReason.EMPTY_BODY and not has_beginning:
        return b"", trouble
    body = bytearray()
    unpacker = Unpacker(answer.content_encoding, ROBOTS_BYTES)
    try:
        for piece in itertools.chain(unpacker.feed(answer.body), unpacker.finish()):
            body += piece
            if len(body) > READ_OCTETS:
                break
    except Unusable as error:
        return b"", Dropped(error.reason, error.detail)
    return bytes(body), None
