"""What may a robot ask a site for? robots.txt by RFC 9309, read from untrusted bytes within bounded time.

What an answer to `/robots.txt` means (`read_robots`, RFC 9309 section 2.3.1):

    2xx                           its rules; a file without rules, an HTML page among them, forbids nothing
    4xx, also 401 and 403         there is none: everything is allowed
    3xx and endless redirects     the same
    429                           everything is forbidden for now (as Google reads it: too busy, not absent)
    5xx, time-out, no connection  the same

Rules are kept as text, so that a verdict survives a restart, and are read when they are first needed: lines fall into
groups, of which only ours and that of everybody are kept (`_Reading`); the rule with the most octets decides, and of
two equals the one that allows (`_denial`). Octets that are no UTF-8 are written as `%E9`: that is what the standard
compares. What Google's parser forgives is forgiven, misspelt names and a missing colon; so is a missing first slash,
but only of what is forbidden. Where a file can be understood in two ways, it is the one that forbids more.

Paths are compared in one spelling (section 2.2.2): what is encoded without need is decoded, what must be encoded is
encoded. `%2F` in a path is no `/`, but after the `?` a reserved character and its encoding are one, as the table of the
section has it: there both spellings are tried.

Bounded, whatever a site sends: 500 KiB are read, up to the end of a line, and of a line what Google reads of it. No
regular expression is made from a pattern. An address that so many stars apply to that they can't all be tried is
refused, and the detail says so. The worst files found take 0.45 s to read, the worst addresses 30 ms.

Why not robotspy, the most faithful of the parsers in Python: of the 826 cases in `tests/cases/fetch/robots` that hold
here it gets 35 wrong. It decodes all of an address before it compares, folds `//`, reads `[ab]` as a class of
characters, loses the line `User-agent: bot/1.0 spider`, and gives rules to names that they are not for. 500 KiB of
small groups take it 50 s, one line with 2,000 spaces 77 s, and each pattern with a star stays compiled in a cache of
the whole process. It is the witness in the tests: where both know the language, both say the same.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

from tasks.outcome import Dropped, DropReason

USER_AGENT_TOKEN = "unspun"  # noqa: S105  (a name, as the standard calls it)
EVERYBODY = "*"

ROBOTS_MAX_AGE_S = 24 * 3600.0  # RFC 9309, section 2.4
# Soon enough for a site that was restarted, late enough not to press on one that is down.
UNREACHABLE_MAX_AGE_S = 600.0

READ_OCTETS = 500 * 1024  # the least that RFC 9309, section 2.5, allows
LINE_CHARACTERS = 2083 * 8  # where Google's parser cuts a line: eight times the longest address browsers once took
# The robots.txt of the New York Times names 25, that of the BBC 13. A file could name 17,000.
MAX_SITEMAPS = 1_000
MAX_SITEMAP_CHARACTERS = 8_192  # the guard of addresses takes no longer ones
# The work for one address, counted in characters that a search may pass. To try a pattern costs as much as 60 of them,
# each of its stars 5. The worst needle found (99 characters, the odd one in the middle) passes a character in 22 ns, so
# 1,000,000 are 22 ms. The file of the New York Times, 60 patterns with stars, takes 13,000 for an address of 150.
MAX_SEARCHED = 1_000_000
PATTERN_COST = 60
STAR_COST = 5
# As many as hosts that are asked at a time. The rules of 500 KiB take up to 10 MB, those of a usual file 20 kB.
MAX_READ_FILES = 32

FOUND = range(200, 300)
ELSEWHERE = range(300, 400)
NOT_THERE = range(400, 500)
TOO_MANY_REQUESTS = 429
# The site answered, but there is no robots.txt behind the answer.
NO_FILE = {
    DropReason.REDIRECT_LIMIT,
    DropReason.REDIRECT_LOOP,
    DropReason.REDIRECT_NO_LOCATION,
    DropReason.TYPE_BINARY,
    DropReason.TYPE_UNWANTED,
}

LINE_END_RE = re.compile(r"\r\n?|\n")
# What is left of a byte order mark, as Google's parser takes it off.
MARK_RE = re.compile(rb"(?:\xef(?:\xbb\xbf?)?)?")
SURROGATE_RE = re.compile(r"[\ud800-\udfff]")
# The names that RFC 9309 knows, two that everybody knows, and the misspellings that Google's parser knows. Each kind
# has its own first letter.
LINE_RE = re.compile(
    r"(user[- ]?agent|allow|diss?all?ow|diasllow|disallaw|site-?map|crawl-?delay)(?:\s*:(.*)|\s+([^\s:]\S*))",
    re.IGNORECASE | re.DOTALL,
)
PRODUCT_RE = re.compile(r"\*(?!\S)|[A-Za-z_-]*")
SECONDS_RE = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
SITEMAP_RE = re.compile(r"https?://[^\s/]", re.IGNORECASE)
ORIGIN_RE = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")

# RFC 3986, sections 2.2 and 2.3. The reserved `*` and `$` are odd too: in a pattern they are no characters, so where a
# path has them they are written as `%2A` and `%24`.
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
ODD_RE = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~:/?#\[\]@!&'()+,;=-]")
# Reserved characters that are the same with and without their encoding in a query. `#` would end it.
QUERY_ODD_RE = re.compile(r"%(?:21|2[6-9]|2B|2C|2F|3A|3B|3D|3F|40|5B|5D)")


class RobotsVerdict(StrEnum):
    """What an answer to the question for a robots.txt comes to."""

    RULES = "rules"
    ALLOW_ALL = "allow_all"
    DENY_ALL_FOR_NOW = "deny_all_for_now"


@dataclass(frozen=True, slots=True)
class Robots:
    """What a site's robots.txt says to us: a verdict, the `text` of the rules, and for a reader why there are none."""

    verdict: RobotsVerdict
    text: str
    detail: str

    def refuses(self, url: str) -> Dropped | None:
        """Return why `url`, an address of the site, may not be asked for; None where it may.

        ROBOTS_DENIED names the rule, ROBOTS_UNREACHABLE what happened to the robots.txt. The robots.txt itself may
        always be asked for.
        """
        return _refusal(self, url, USER_AGENT_TOKEN)

    @property
    def crawl_delay_s(self) -> float | None:
        """The seconds between requests that the site asks of us, else of everybody; None where it asks for nothing."""
        return _read_rules(self.text, USER_AGENT_TOKEN).crawl_delay_s

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The addresses of sitemaps that the file names, as they stand there, each once, at most `MAX_SITEMAPS`."""
        return _read_rules(self.text, USER_AGENT_TOKEN).sitemaps

    @property
    def max_age_s(self) -> float:
        """The seconds for which this counts before the site is asked again."""
        return UNREACHABLE_MAX_AGE_S if self.verdict is RobotsVerdict.DENY_ALL_FOR_NOW else ROBOTS_MAX_AGE_S

    def to_json(self) -> str:
        """Return it in ASCII, for `from_json`."""
        return json.dumps([self.verdict, self.text, self.detail])

    @classmethod
    def from_json(cls, text: str) -> "Robots":
        """Return what `to_json` gave. Raises ValueError for anything else."""
        try:
            verdict, rules, detail = map(str, json.loads(text))
            return cls(RobotsVerdict(verdict), rules, detail)
        except (ValueError, TypeError, RecursionError) as error:
            message = f"not what Robots.to_json gave ({error}); ask the site for its robots.txt again"
            raise ValueError(message) from error


def read_robots(status: int, body: bytes, trouble: Dropped | None) -> Robots:
    """Return what the last answer to the question for a robots.txt means.

    `status` is that answer's, 0 where nobody answered, 3xx where the redirects did not end after five; `body` is
    unpacked; `trouble` is why it can't be used, or why nobody answered.
    """
    if status in NOT_THERE and status != TOO_MANY_REQUESTS:
        return Robots(RobotsVerdict.ALLOW_ALL, "", f"status {status}")
    if trouble is not None and trouble.reason is not DropReason.EMPTY_BODY:
        verdict = RobotsVerdict.ALLOW_ALL if trouble.reason in NO_FILE else RobotsVerdict.DENY_ALL_FOR_NOW
        return Robots(verdict, "", f"robots.txt: {trouble.reason} {trouble.detail}".rstrip())
    if status in FOUND:
        return Robots(RobotsVerdict.RULES, _text_of(body), f"robots.txt: status {status}")
    verdict = RobotsVerdict.ALLOW_ALL if status in ELSEWHERE else RobotsVerdict.DENY_ALL_FOR_NOW
    return Robots(verdict, "", f"robots.txt: status {status}")


def _text_of(body: bytes) -> str:
    """Return what is read of a file, as text. Octets that are no UTF-8 become `%E9`; UTF-16 is known by its mark."""
    if len(body) > READ_OCTETS:  # the rest of a line that is cut off might have allowed more
        body = body[:READ_OCTETS]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body[: len(body) // 2 * 2].decode("utf-16", "surrogatepass")
        return SURROGATE_RE.sub(lambda found: quote(found[0], errors="surrogatepass"), text)
    mark = MARK_RE.match(body)
    text = body[mark.end() if mark else 0 :].decode("utf-8", "surrogateescape")
    return SURROGATE_RE.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", text)


# Lines and groups


class _Rule(NamedTuple):
    """One line: `pattern` is its path in the one spelling, `prefix` that up to the first star, `octets` its rank."""

    octets: int
    is_allowed: bool
    pattern: str
    prefix: str


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a file says to one robot: the rules of its `group`, the one that decides first."""

    group: str
    rules: tuple[_Rule, ...]
    crawl_delay_s: float | None
    sitemaps: tuple[str, ...]


class _Reading:
    """A file that is being read for the robot called `agent`: the group that the next line is for, and what was found.

    A group begins with lines of names and ends with the first name after a rule; all groups of a name count as one.
    Lines that are no rules end nothing. A crawl delay, which no standard knows, is for the names above it.
    """

    def __init__(self, agent: str) -> None:
        """Begin outside of all groups."""
        self._agent = agent.lower()
        self._names: set[str] = set()
        self._are_names_over = False
        self._rules: dict[str, dict[_Rule, None]] = {EVERYBODY: {}}  # a rule that is repeated counts once
        self._delays_s: dict[str, float] = {}
        self._sitemaps: dict[str, None] = {}

    def take(self, name: str, value: str) -> None:
        """Take a line."""
        match name[0].lower():
            case "u":
                self._take_agent(value)
            case "s":
                if SITEMAP_RE.match(value) and len(value) <= MAX_SITEMAP_CHARACTERS:
                    self._sitemaps[value] = None
            case "c":
                if SECONDS_RE.fullmatch(value):
                    longer = {name: max(float(value), self._delays_s.get(name, 0.0)) for name in self._names}
                    self._delays_s.update(longer)
            case letter:
                self._take_rule(value, is_allowed=letter == "a")

    def _take_agent(self, value: str) -> None:
        if self._are_names_over:
            self._names, self._are_names_over = set(), False
        product = PRODUCT_RE.match(value)
        name = product[0].lower() if product else ""
        if name in {self._agent, EVERYBODY}:
            self._names.add(name)
            self._rules.setdefault(name, {})

    def _take_rule(self, value: str, *, is_allowed: bool) -> None:
        self._are_names_over = True
        if self._names and value:
            found = dict.fromkeys(_rules_in(value, is_allowed=is_allowed))
            for name in self._names:
                self._rules[name].update(found)

    def rules(self) -> _Rules:
        """Return what is said to the robot, or where nothing is, to everybody."""
        group = self._agent if self._agent in self._rules else EVERYBODY
        # The standard: the most octets decide, and of two equals the one that allows.
        ordered = sorted(self._rules[group], key=lambda rule: (-rule.octets, not rule.is_allowed))
        delay_s = self._delays_s.get(group, self._delays_s.get(EVERYBODY))
        return _Rules(group, tuple(ordered), delay_s, tuple(self._sitemaps)[:MAX_SITEMAPS])


@lru_cache(maxsize=MAX_READ_FILES)
def _read_rules(text: str, agent: str) -> _Rules:
    reading = _Reading(agent)
    for line in LINE_END_RE.split(text):
        found = LINE_RE.fullmatch(line[:LINE_CHARACTERS].partition("#")[0].strip())
        if found:
            reading.take(found[1], (found[2] or found[3] or "").strip())
    return reading.rules()


def _rules_in(value: str, *, is_allowed: bool) -> Iterator[_Rule]:
    """Yield the rule of a line, and where its query has a second spelling, that too, with the same rank."""
    if value[0] not in "/*":
        if is_allowed:
            return  # no path: it would allow what the site never named
        value = f"/{value}"
    path = value.removesuffix("$")
    written = "*".join(map(_spelt, path.split("*")))
    is_exact = path != value
    pattern = f"{written}$" if is_exact else written.rstrip("*")
    for spelling in _spellings(pattern):
        prefix = spelling.partition("*")[0].removesuffix("$")
        yield _Rule(len(written) + is_exact, is_allowed, spelling, prefix)


# Paths


def _spelt(text: str) -> str:
    """Return a piece of a path in the one spelling."""
    return ODD_RE.sub(_one_spelling, text)


def _one_spelling(found: re.Match[str]) -> str:
    text = found[0]
    if len(text) == 1:
        return quote(text, safe="", errors="surrogatepass")
    character = unquote(text, "latin-1")
    return character if character in UNRESERVED else text.upper()


def _spellings(path: str) -> tuple[str, ...]:
    """Return `path`, and if another, that with the reserved characters of its query decoded."""
    place, mark, query = path.partition("?")
    decoded = f"{place}{mark}{QUERY_ODD_RE.sub(lambda found: unquote(found[0]), query)}"
    return (path,) if decoded == path else (path, decoded)


def _targets(url: str) -> tuple[str, ...]:
    """Return what patterns are compared with: path and query of `url`, in one or two spellings."""
    path = ORIGIN_RE.sub("", url.partition("#")[0], count=1)
    return _spellings(_spelt(path if path.startswith("/") else f"/{path}"))


def _refusal(robots: Robots, url: str, agent: str) -> Dropped | None:
    """Return why the robot called `agent` may not ask for `url`; None where it may."""
    targets = _targets(url)
    if robots.verdict is RobotsVerdict.ALLOW_ALL or targets[0].partition("?")[0] == "/robots.txt":
        return None
    if robots.verdict is RobotsVerdict.DENY_ALL_FOR_NOW:
        detail = f"{robots.detail}; the site is asked again after {UNREACHABLE_MAX_AGE_S:g} s"
        return Dropped(DropReason.ROBOTS_UNREACHABLE, detail)
    return _denial(_read_rules(robots.text, agent), targets)


def _denial(rules: _Rules, targets: tuple[str, ...]) -> Dropped | None:
    """Return the first of `rules` that matches, if it forbids."""
    searched = 0
    for rule in rules.rules:
        for target in targets:
            if not target.startswith(rule.prefix):
                continue
            if rule.prefix != rule.pattern:
                searched += len(target) + PATTERN_COST + STAR_COST * rule.pattern.count("*")
                if searched > MAX_SEARCHED:
                    detail = f"more patterns with stars for {rules.group!r} than can be tried on an address this long"
                    return Dropped(DropReason.ROBOTS_DENIED, detail)
                if not _matches(rule.pattern, target):
                    continue
            return None if rule.is_allowed else Dropped(DropReason.ROBOTS_DENIED, _shown(rule, rules.group))
    return None


def _shown(rule: _Rule, group: str) -> str:
    return f"'Disallow: {rule.pattern[:200] or EVERYBODY}' for {group!r}"


def _matches(pattern: str, target: str) -> bool:
    """Whether a pattern with a star or an end matches `target`, of which it is known that it begins so.

    Each piece is taken where it is first found: what matches at all, matches so.
    """
    *pieces, last = pattern.split("*")
    if not pieces:
        return target == pattern.removesuffix("$")
    at = len(pieces[0])
    for piece in pieces[1:]:
        at = target.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    if last.endswith("$"):
        return len(target) - at >= len(last) - 1 and target.endswith(last[:-1])
    return target.find(last, at) >= 0
