"""When it was published: read the dates that pages state, in the many forms in which they state them.

`read_moment` reads a date that fills a field (a meta element, an attribute): ISO 8601 and its near misses, RFC 2822,
compact digits, seconds since 1970, and dates in words of some 30 languages (`rules/months.tsv`). `find_moment` looks
for such a date in a short text beside a byline ("Updated 10:42 am, 4 May 2031"). Both keep how exact the date is.

A date without a time is midnight UTC; a time without a zone is taken as UTC. 04/05/2031 is read only where the language
or the region says which number is the month, or a number above 12 does. Years before 1990 (there was no web) and after
2099 (a slip) are refused, as are dates that no calendar has. The clock is never asked: the same page gives the same
date on any day.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache

from tasks.boilerplate.line_rules import ROOM
from tasks.rule_table import read_rules

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)
# A date with weekday, time, zone and a label before it is shorter in all languages of the cases.
LONGEST = 200
LONGEST_FIELD = 80
CACHED_NAMES = 4096
BUDDHIST_ERA = 543
NOON = 12
LATEST_MONTH = 12
MILLISECOND_DIGITS = 13

TIME = (
    r"(?P<hour>[01]?\d|2[0-4])\s?[:.hH時点點시](?:\s?(?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d)(?:[.,]\d{1,9})?)?)?"
    r"\s?(?P<half>[ap]\.?\s?m\b\.?)?|(?P<hour2>1[0-2]|0?\d)\s?(?P<half2>[ap]\.?m\b\.?)"
)
TIME_RE = re.compile(rf"(?<![\d.:/-])(?P<east>上午|下午|午前|午後|오전|오후)?\s?(?:{TIME})(?![\d/])", re.IGNORECASE)
ZONE_RE = re.compile(
    r"(?:(?<=\d)|(?<=[\s(])|(?<=[mM.]))(?P<name>Z|UTC|GMT|EST|EDT|CST|CDT|MST|MDT|PST|PDT|AKST|AKDT|HST|BST|WET|WEST|CET|CEST"
    r"|MEZ|MESZ|EET|EEST|MSK|IST|JST|KST|AEST|AEDT|ACST|AWST|NZST|NZDT|SGT|HKT|WIB|PKT)?(?![A-Za-z])"
    r"\s?(?P<offset>[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?(?!\d)"
)
# Minutes east of Greenwich. Names that mean several zones (CST, IST, BST) have the meaning that news sites use.
ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360,
    "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "BST": 60, "WEST": 60, "CET": 60, "MEZ": 60,
    "CEST": 120, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180, "IST": 330, "PKT": 300, "WIB": 420, "SGT": 480,
    "HKT": 480, "AWST": 480, "JST": 540, "KST": 540, "ACST": 570, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
}  # fmt: skip
EAST_ASIAN_AFTERNOON = frozenset({"下午", "午後", "오후"})

ISO_RE = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:(?:[T ]|,\s?)\s?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?)?"
)
COMPACT_RE = re.compile(
    r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?:T?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?"
)
EPOCH_RE = re.compile(r"\d{10}|\d{13}")
YEAR_FIRST_RE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})\s?[./年년-]\s?(?P<month>1[0-2]|0?[1-9])\s?[./月월-]\s?(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"
)
DAY_FIRST_RE = re.compile(
    r"(?<![\d.])(?P<day>3[01]|[12]\d|0?[1-9])\.\s?(?P<month>1[0-2]|0?[1-9])\.\s?(?P<year>(?:19|20)\d{2})(?!\d)"
)
MONTH_DOT_DAY_RE = re.compile(
    r"(?<![\d.])(?P<month>1[0-2]|0?[1-9])\.(?P<day>1[3-9]|2\d|3[01])\.(?P<year>(?:19|20)\d{2})(?!\d)"
)
EITHER_FIRST_RE = re.compile(
    r"(?<![\d/-])(?P<one>\d{1,2})(?P<sign>[/-])(?P<two>\d{1,2})(?P=sign)(?P<year>(?:19|20)\d{2})(?!\d)"
)
# Digits of other scripts (Arabic, Persian, Devanagari, Bengali, Thai) are digits to Python, but not to these patterns.
DIGITS = {ord(sign): str(value) for zero in "٠۰०০๐０" for value in range(10) for sign in (chr(ord(zero) + value),)}
URL_DATE_RE = re.compile(
    r"[/_-](?P<year>(?:19|20)\d{2})(?P<sign>[/_-]?)(?P<month>1[0-2]|0[1-9]|[1-9](?=[/_-])|[a-z]{3}(?=/))(?P=sign)"
    r"(?P<day>3[01]|[12]\d|0[1-9]|[1-9](?=[/_-]))(?=[/_.-]|$|\D)"
)
# Regions where the month comes first in figures. Canada and the Philippines use both orders.
MONTH_FIRST_REGIONS = frozenset({"us"})
BOTH_ORDERS = frozenset({"ca", "ph"})
# English without a region may be of either; every other language that writes the year last writes the day first.
UNSETTLED_LANGUAGES = frozenset({"", "en"})


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as read: the instant in UTC, and whether the page stated a time and a zone."""

    instant: datetime
    has_time: bool
    has_zone: bool

    @property
    def is_exact(self) -> bool:
        """Whether the page stated both time and zone."""
        return self.has_time and self.has_zone


@dataclass(frozen=True, slots=True)
class Locale:
    """What settles the order of day and month: the language and the region of the page, lower case, may be empty."""

    lang: str = ""
    region: str = ""

    @property
    def day_first(self) -> bool | None:
        """Whether the day comes before the month; None where that is not settled."""
        if self.region in MONTH_FIRST_REGIONS:
            return False
        if self.region in BOTH_ORDERS or (self.lang in UNSETTLED_LANGUAGES and not self.region):
            return None
        return True


NOWHERE = Locale()


def read_moment(text: str, locale: Locale = NOWHERE) -> Moment | None:
    """Read a field that holds one date; None where it holds none, or one that is out of bounds.

    >>> read_moment("2031-05-04T10:00:00+0200").instant.isoformat()
    '2031-05-04T08:00:00+00:00'
    >>> read_moment("Sun, 04 May 2031 10:00:00 GMT").is_exact, read_moment("yesterday")
    (True, None)
    """
    text = text.translate(DIGITS).strip(" \t\r\n\"'[]")
    if not text or len(text) > LONGEST_FIELD:
        return None
    if EPOCH_RE.fullmatch(text):
        return _bounded(lambda: _epoch(text))
    match = ISO_RE.match(text) or COMPACT_RE.fullmatch(text.removesuffix("Z"))
    if match:
        return _bounded(lambda: _from_figures(match, text[match.end() :]))
    return find_moment(text, locale)


def find_moment(text: str, locale: Locale = NOWHERE) -> Moment | None:
    """Find the first date in a short text, with the time that stands beside it.

    >>> find_moment("Veröffentlicht am 4. Mai 2031, 10:42 Uhr").instant.isoformat()
    '2031-05-04T10:42:00+00:00'
    """
    text = text.translate(DIGITS)[:LONGEST]
    found = _find_day(text, locale)
    if found is None:
        return None
    (year, month, day), start, end = found
    rest = f"{text[:start]} ; {text[end:]}"
    return _bounded(lambda: _with_time(year, month, day, text[end:], rest))


def read_address_date(url: str) -> Moment | None:
    """Return the date in the path of an address, /2031/05/04/ and the like.

    >>> read_address_date("https://example.org/2031/05/04/snow").instant.day
    4
    """
    path = url.partition("://")[2].partition("/")[2].partition("?")[0].partition("#")[0]
    match = URL_DATE_RE.search(f"/{path.lower()}"[:LONGEST])
    if not match:
        return None
    month = month_of(match["month"]) if match["month"].isalpha() else int(match["month"])
    if month is None:
        return None
    return _bounded(lambda: Moment(datetime(int(match["year"]), month, int(match["day"]), tzinfo=UTC), False, False))  # noqa: FBT003  (as in the record)


def _bounded(read: Callable[[], Moment]) -> Moment | None:
    """Return what `read` returns if the calendar has it and it lies within bounds."""
    try:
        moment = read()
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment.instant <= LATEST else None


def _epoch(text: str) -> Moment:
    seconds = int(text) / (1000 if len(text) == MILLISECOND_DIGITS else 1)
    return Moment(datetime.fromtimestamp(seconds, UTC).replace(microsecond=0), has_time=True, has_zone=True)


def _from_figures(match: re.Match[str], rest: str) -> Moment:
    groups = match.groupdict()
    day = datetime(int(groups["year"]), int(groups["month"]), int(groups["day"]), tzinfo=UTC)
    if groups.get("hour") is None:
        return Moment(day, has_time=False, has_zone=False)
    hour = _hour(int(groups["hour"]), rest.strip()[:2].lower())
    fraction = int((groups.get("fraction") or "0")[:6].ljust(6, "0"))
    moment = day.replace(minute=int(groups["minute"]), second=min(int(groups["second"] or 0), 59), microsecond=fraction)
    return _zoned(moment + timedelta(hours=hour), rest, near=True)


def _hour(hour: int, half: str) -> int:
    if half.startswith("p") and hour < NOON:
        return hour + NOON
    return 0 if half.startswith("a") and hour == NOON else hour


def _zoned(moment: datetime, rest: str, *, near: bool = False) -> Moment:
    """Apply the zone that `rest` names, right at its start if `near`; UTC where it names none."""
    offset = _offset(f"0{rest.lstrip()}" if near else rest)
    if offset is None:
        return Moment(moment, has_time=True, has_zone=False)
    shifted = moment.replace(tzinfo=timezone(timedelta(minutes=offset))).astimezone(UTC)
    return Moment(shifted, has_time=True, has_zone=True)


def _offset(text: str) -> int | None:
    for match in ZONE_RE.finditer(text):
        if match["offset"]:
            sign = -1 if match["offset"][0] == "-" else 1
            figures = match["offset"][1:].replace(":", "").ljust(4, "0")
            return sign * (int(figures[:2]) * 60 + int(figures[2:]))
        if match["name"]:
            return ZONES[match["name"]]
    return None


def _with_time(year: int, month: int, day: int, after: str, around: str) -> Moment:
    date = datetime(year, month, day, tzinfo=UTC)
    match = TIME_RE.search(after) or TIME_RE.search(around)
    if not match:
        return Moment(date, has_time=False, has_zone=False)
    half = (match["half"] or match["half2"] or "").lower()
    if match["east"]:
        half = "p" if match["east"] in EAST_ASIAN_AFTERNOON else "a"
    hour = _hour(int(match["hour"] or match["hour2"]), half)
    moment = date + timedelta(hours=hour, minutes=int(match["minute"] or 0), seconds=int(match["second"] or 0))
    return _zoned(moment, match.string[match.end() - 1 :])


def _find_day(text: str, locale: Locale) -> tuple[tuple[int, int, int], int, int] | None:
    """Return year, month and day of the date that stands first, and where it stands."""
    found = []
    for pattern in (YEAR_FIRST_RE, DAY_FIRST_RE, MONTH_DOT_DAY_RE, EITHER_FIRST_RE, *_worded()):
        match = pattern.search(text)
        if match and (day := _day_of(match, locale)) is not None:
            # The time may stand between the day and the year, as in the form of C and Unix.
            found.append(
                (
                    match.start(),
                    min(match.end(), match.end("day") if "between" in match.groupdict() else match.end()),
                    day,
                )
            )
    if not found:
        return None
    start, end, day = min(found)
    return day, start, end


def _day_of(match: re.Match[str], locale: Locale) -> tuple[int, int, int] | None:
    groups = match.groupdict()
    year = int(groups["year"])
    if "one" in groups:
        one, two = int(groups["one"]), int(groups["two"])
        first = locale.day_first
        if one > LATEST_MONTH or two > LATEST_MONTH:
            first = one > LATEST_MONTH
        if first is None and one != two:
            return None
        return (year, two, one) if first else (year, one, two)
    if groups["month"].isdigit():
        return year, int(groups["month"]), int(groups["day"])
    month = month_of(groups["month"])
    # Thai dates count from the birth of the Buddha.
    return None if month is None else (year - (BUDDHIST_ERA if year > LATEST.year else 0), month, int(groups["day"]))


@lru_cache(maxsize=CACHED_NAMES)
def month_of(name: str) -> int | None:
    """Return the number of the month that `name` names in some language.

    >>> month_of("Mai"), month_of("kwietnia"), month_of("Maybe")
    (5, 4, None)
    """
    plain = name.lower().strip()
    return next((number for pattern, number in _months() if pattern.fullmatch(plain)), None)


@cache
def _months() -> tuple[tuple[re.Pattern[str], int], ...]:
    return tuple((re.compile(rule.found), int(rule.meaning)) for rule in read_rules(ROOM, "months"))


@cache
def _worded() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of dates in words: the day, the month or the year first, or the year behind the time."""
    month = "|".join(f"(?:{rule.found})" for rule in read_rules(ROOM, "months"))
    year = r"(?P<year>(?:19|20|25)\d{2})"
    day = r"(?P<day>3[01]|[12]\d|0?[1-9])"
    link = r"(?:\s?(?:de|del|di|d['’]|of|den|\.|/|-|ngày)\s?|\s)?"
    ordinal = r"(?:\.|st|nd|rd|th|er|º|ª|°|ος|η|:n|-a|-e|-я|-го|일|वें)?"
    tail = r"[.,]?(?:\s|de|del|of|,|/|-|năm|a\.|г)*"
    day_first = rf"(?<!\d){day}{ordinal}{link}(?P<month>{month}){tail}{year}(?!\d)"
    month_first = rf"(?<!\w)(?P<month>{month})\.?\s?{day}{ordinal}(?:\s|,|th)*{year}(?!\d)"
    year_first = rf"(?<!\d){year}\.?\s?(?:m\.|metų|г\.)?\s?(?P<month>{month})\s?{day}(?!\d)"
    between = r"(?P<between>\d\d:\d\d(?::\d\d)?)\s+(?:[A-Z]{1,5}|[+-]\d{4})?"
    year_last = rf"(?<!\w)(?P<month>{month})\s+{day}\s+{between}\s*{year}(?!\d)"
    return tuple(re.compile(form, re.IGNORECASE) for form in (day_first, month_first, year_first, year_last))


# Compiled with the module, once for all worker processes of the fork server and not in the first document.
_months()
_worded()
