"""What a site's robots.txt allows, by all public suites, by hostile files, and by the word of another parser."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import robots as robotspy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.fetch import robots
from tasks.fetch.robots import READ_OCTETS, Robots, RobotsVerdict, read_robots
from tasks.outcome import Dropped, DropReason
from tests.cpu_time import least_s

CASES = Path(__file__).parents[1] / "cases" / "fetch" / "robots"
SUITES = ("google", "google_successors", "protego", "python", "rfc9309", "specification", "unspun")
# The least that the suites held when they were written down: a table that loses rows must not pass.
MIN_ROWS = {"google": 152, "specification": 268, "protego": 213, "rfc9309": 64}
READ_LIMIT_S = 1.0
REFUSES_LIMIT_S = 0.05


def rows(*tables: str) -> list[Any]:
    lines = [
        (table, line) for table in tables for line in (CASES / f"{table}.jsonl").read_text("utf-8").split("\n") if line
    ]
    return [
        pytest.param(row, id=f"{table} {row['label']}") for table, row in ((t, json.loads(line)) for t, line in lines)
    ]


def rules(text: str | bytes) -> Robots:
    return read_robots(200, text if isinstance(text, bytes) else text.encode(), None)


def is_allowed(row: dict[str, Any]) -> bool:
    """Whether the robot of a row may ask for its address. Ours is always called unspun; those of the suites are not."""
    found = rules(row["robots"].encode("latin-1" if row.get("octets") else "utf-8"))
    return robots._refusal(found, row["url"], row["agent"]) is None  # noqa: SLF001


@pytest.mark.parametrize("row", rows(*SUITES))
def test_a_site_allows_what_the_suites_say(row: dict[str, Any]) -> None:
    assert is_allowed(row) is row["allowed"], row["comment"]


@pytest.mark.parametrize("row", rows("deviations"))
def test_a_deviation_is_still_one(row: dict[str, Any]) -> None:
    """A row that passes has to move to the table of its suite."""
    assert row["reason"]
    assert is_allowed(row) is not row["allowed"], f"passes now; move it to the table of {row['source']}"


@pytest.mark.parametrize("table", MIN_ROWS)
def test_the_suites_are_whole(table: str) -> None:
    assert len(rows(table)) >= MIN_ROWS[table]


@pytest.mark.parametrize("row", rows("answers"))
def test_an_answer_means_what_the_standard_says(row: dict[str, Any]) -> None:
    trouble = Dropped(DropReason(row["trouble"]), "seen") if row["trouble"] else None
    found = read_robots(row["status"], b"user-agent: *\ndisallow: /a", trouble)
    assert found.verdict == row["verdict"]
    refusal = found.refuses("https://site.example/a")
    reasons = {"rules": DropReason.ROBOTS_DENIED, "deny_all_for_now": DropReason.ROBOTS_UNREACHABLE, "allow_all": None}
    assert (refusal and refusal.reason) == reasons[row["verdict"]]
    assert found.refuses("https://site.example/robots.txt") is None
    assert found.max_age_s == (600 if row["verdict"] == "deny_all_for_now" else 86_400)


class TestWhatAReaderIsTold:
    def test_the_rule_and_for_whom_it_is(self) -> None:
        found = rules("User-agent: *\nAllow: /\n\nUser-agent: unspun\nDisallow: /caf%c3%a9/*.html$")
        refusal = found.refuses("https://site.example/caf%C3%A9/a.html")
        assert refusal == Dropped(DropReason.ROBOTS_DENIED, "'Disallow: /caf%C3%A9/*.html$' for 'unspun'")

    def test_a_rule_for_everything(self) -> None:
        refusal = rules("User-agent: *\nDisallow: *").refuses("https://site.example/")
        assert refusal == Dropped(DropReason.ROBOTS_DENIED, "'Disallow: *' for '*'")

    def test_what_happened_to_the_file(self) -> None:
        refusal = read_robots(0, b"", Dropped(DropReason.DEADLINE, "no byte in 20 s")).refuses("https://site.example/")
        detail = "robots.txt: DEADLINE no byte in 20 s; the site is asked again after 600 s"
        assert refusal == Dropped(DropReason.ROBOTS_UNREACHABLE, detail)


class TestCrawlDelay:
    @pytest.mark.parametrize(
        ("text", "delay_s"),
        [
            ("user-agent: *\ncrawl-delay: 10", 10),
            ("user-agent: *\nCrawl-Delay : 2.5 # please", 2.5),
            ("user-agent: *\ncrawldelay 3", 3),
            ("user-agent: *\ncrawl-delay: 0", 0),
            ("user-agent: *\ncrawl-delay: 9\nuser-agent: unspun\ncrawl-delay: 1", 1),
            ("user-agent: *\ncrawl-delay: 9\ndisallow:\nuser-agent: unspun\ndisallow: /a", 9),
            ("user-agent: *\ncrawl-delay: 1\ncrawl-delay: 5\ncrawl-delay: 2", 5),
            ("user-agent: other\ncrawl-delay: 10\nuser-agent: *\ndisallow: /a", None),
            ("user-agent: unspun\nuser-agent: *\ncrawl-delay: 4\ndisallow: /a", 4),
            ("user-agent: *\ndisallow: /a\ncrawl-delay: 7", 7),
            ("crawl-delay: 10", None),
            ("user-agent: *\ncrawl-delay: -1", None),
            ("user-agent: *\ncrawl-delay: pears", None),
            ("user-agent: *\ncrawl-delay: nan", None),
            ("user-agent: *\ncrawl-delay: inf", None),
            ("user-agent: *\ncrawl-delay: 1e9", None),
            ("user-agent: *\ncrawl-delay: 1,5", None),
            ("user-agent: *\ncrawl-delay: ٣", None),
            ("user-agent: *\ncrawl-delay: " + "9" * 400, None),
            ("user-agent: *\ncrawl-delay:", None),
        ],
    )
    def test_the_seconds_between_requests(self, text: str, delay_s: float | None) -> None:
        assert rules(text).crawl_delay_s == delay_s

    def test_there_is_none_without_a_file(self) -> None:
        assert read_robots(404, b"user-agent: *\ncrawl-delay: 10", None).crawl_delay_s is None


class TestSitemaps:
    def test_they_are_found_anywhere_and_once(self) -> None:
        text = (
            "Sitemap: https://site.example/a.xml\nuser-agent: other\ndisallow: /\n"
            "SITEMAP:https://site.example/b.xml # b\nsite-map: http://other.example/c\nsitemap: https://site.example/a.xml"
        )
        addresses = ("https://site.example/a.xml", "https://site.example/b.xml", "http://other.example/c")
        assert rules(text).sitemaps == addresses

    @pytest.mark.parametrize("value", ["", "/sitemap.xml", "ftp://site.example/a", "javascript:x", "https:///", "http"])
    def test_what_is_no_address_of_the_web_is_none(self, value: str) -> None:
        assert rules(f"sitemap: {value}").sitemaps == ()

    def test_there_are_so_many(self) -> None:
        text = "".join(f"sitemap: https://site.example/{n}\n" for n in range(5_000))
        assert rules(text).sitemaps == tuple(f"https://site.example/{n}" for n in range(1_000))

    def test_an_address_that_nobody_would_ask_for_is_none(self) -> None:
        assert rules("sitemap: https://site.example/" + "a" * 10_000).sitemaps == ()


class TestSize:
    def test_the_first_500_kibibytes_count(self) -> None:
        head = b"user-agent: *\n"
        last = b"disallow: /a\n"
        filler = b"#" * (READ_OCTETS - len(head) - len(last) - 1) + b"\n"
        found = rules(head + filler + last + b"disallow: /b\n")
        assert found.refuses("https://site.example/a")
        assert not found.refuses("https://site.example/b")

    def test_a_line_that_is_cut_off_does_not_count(self) -> None:
        head = b"user-agent: *\ndisallow: /a\n"
        line = b"disallow: /b" + b"c" * 100
        filler = b"#" * (READ_OCTETS - len(head) - 50) + b"\n"
        found = rules(head + filler + line)
        assert found.refuses("https://site.example/a")
        assert not found.refuses("https://site.example/b" + "c" * 200)

    def test_a_file_of_one_line_that_is_too_long_says_nothing(self) -> None:
        assert rules(b"disallow: /" * READ_OCTETS).text == ""

    # robots_test.cc, GoogleOnly_LineTooLong: a line counts up to eight times 2,083 octets.
    def test_of_a_long_line_counts_the_beginning(self) -> None:
        path = "/x/" + "a" * (2083 * 8 - len("disallow: /x/"))
        found = rules(f"user-agent: unspun\ndisallow: {path}/qux\n")
        assert not found.refuses("https://site.example/fux")
        assert found.refuses(f"https://site.example{path}/fux")
        allowing = rules(f"user-agent: unspun\ndisallow: /\nallow: {path}/qux\n")
        assert allowing.refuses("https://site.example/")
        assert allowing.refuses(f"https://site.example{path[:-4]}") is not None
        assert not allowing.refuses(f"https://site.example{path}/qux")


def filled(head: str, line: Callable[[int], str]) -> bytes:
    """Return as many octets as are read: `head` and then lines."""
    lines, size = [head], len(head)
    while size < READ_OCTETS:
        lines.append(line(len(lines)))
        size += len(lines[-1])
    return "".join(lines).encode()[:READ_OCTETS]


def code(n: int) -> str:
    """Return three letters that are not those of another number below 262,144, and none of which is an `a`."""
    letters = "bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~."
    return letters[n % 64] + letters[n // 64 % 64] + letters[n // 4096 % 64]


HEAD = "user-agent:*\n"
# The worst of some twenty that were tried.
HOSTILE = {
    "a star each": filled(HEAD, lambda n: f"allow:*{code(n)}\n"),
    "the worst needles": filled(HEAD, lambda n: f"allow:/*{'a' * (30 + n % 38)}b{'a' * (68 - n % 38)}*{code(n)}\n"),
    "8,000 stars a line": filled(HEAD, lambda n: f"allow:/{'a*' * 8000}{code(n)}\n"),
    "4,000 stars a line": filled(HEAD, lambda n: f"allow:/{'a*' * (3900 + n)}b\n"),
    "16,000 stars in a row": filled(HEAD, lambda n: f"allow:/{'*' * 16_000}{code(n)}\n"),
    "many rules": filled(HEAD, lambda n: f"allow:/{code(n)}\n"),
    "two spellings": filled(HEAD, lambda n: f"allow:/*?%3a{code(n)}\n"),
    "many groups": filled("", lambda n: f"user-agent:*\nallow:/{code(n)}\n"),
    "100,000 names": filled("", lambda n: f"user-agent:{code(n)}\n")[:READ_OCTETS],
    "one line": b"disallow: /" + b"a" * (READ_OCTETS - 11),
    "spaces": filled(HEAD, lambda n: f"user-agent:{' ' * 16_000}x y {code(n)}\n"),
    "spaces before a colon": filled(HEAD, lambda n: f"disallow{' ' * 16_000}x y {code(n)}\n"),
    "nothing but ends of lines": b"\r" * READ_OCTETS,
    "to be decoded": filled(HEAD, lambda n: f"disallow: /{'%41' * 5000}{code(n)}\n"),
    "octets that are no text": filled(HEAD, lambda _: "disallow: /x\n").replace(b"x", b"\xe9"),
}
LONG = {
    "/": "/",
    "a": "/" + "a" * 8_180,
    "ab": "/" + "ab/" * 2_700,
    "query": "/?" + "%3A" * 2_700,
    "page": "/news/2026/11/25/a-title-of-usual-length.html?from=front&u=http%3A%2F%2Fother.example",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_no_more_time_than_that(name: str) -> None:
    def read() -> None:
        robots._read_rules.cache_clear()  # noqa: SLF001
        assert rules(HOSTILE[name]).refuses("https://site.example/robots.txt") is None
        assert rules(HOSTILE[name]).crawl_delay_s is None

    assert least_s(read, READ_LIMIT_S) < READ_LIMIT_S
    found = rules(HOSTILE[name])
    slow = {
        shown: least_s(partial(found.refuses, f"https://site.example{path}"), REFUSES_LIMIT_S)
        for shown, path in LONG.items()
    }
    assert {shown: s for shown, s in slow.items() if s > REFUSES_LIMIT_S} == {}


def test_what_can_not_be_tried_in_time_is_refused() -> None:
    refusal = rules(HOSTILE["a star each"]).refuses("https://site.example/aaaa")
    assert refusal is not None
    assert refusal.reason is DropReason.ROBOTS_DENIED
    assert "more patterns with stars" in refusal.detail


def test_a_large_file_of_an_honest_site_is_read_to_its_end() -> None:
    text = "user-agent: *\n" + "".join(f"disallow: /*/{code(n)}/*?page=\n" for n in range(3_000)) + "disallow: /*/last"
    found = rules(text)
    assert not found.refuses("https://site.example/news/2026/" + "a" * 150)
    assert found.refuses("https://site.example/news/2026/last/" + "a" * 150)


@given(st.just(200) | st.integers(0, 999), st.binary(max_size=300), st.text(max_size=60))
@example(200, b"\xff\xfe\x00\xd8", "")
@example(200, b"user-agent:*\ndisallow:/\xed\xa0\x80", "https://site.example/\ud800")
def test_nothing_breaks_it_and_it_survives_a_restart(status: int, body: bytes, url: str) -> None:
    found = read_robots(status, body, None)
    kept = found.to_json()
    assert kept.isascii()
    again = Robots.from_json(kept)
    assert again == found
    assert again.refuses(url) == found.refuses(url)
    assert (again.crawl_delay_s, again.sitemaps) == (found.crawl_delay_s, found.sitemaps)
    assert found.text.encode().decode() == found.text


RULE = st.tuples(st.sampled_from(["allow", "disallow"]), st.text("ab/*$", max_size=5)).map(
    lambda line: f"{line[0]}: /{line[1]}"
)
# What robotspy knows: it folds slashes, and takes `$` for a character where it is not the last, and `*` before an end.
COMMON_RULE = RULE.filter(lambda line: "//" not in line and "$" not in line[:-1] and not line.endswith(("*", "*$")))
LINES = st.lists(RULE | st.sampled_from(["user-agent: *", "user-agent: unspun", "user-agent: other"]), max_size=8)
PATHS = st.text("ab/", max_size=8).filter(lambda path: "//" not in f"/{path}")


@settings(max_examples=400, deadline=None)
@given(st.permutations(["*", "unspun", "other"]), st.lists(st.lists(COMMON_RULE, max_size=4), max_size=3), PATHS)
def test_it_says_what_robotspy_says(names: list[str], groups: list[list[str]], path: str) -> None:
    """One group a name: where a name has a second one, robotspy gives its rules to the other names of that group."""
    named = zip(names, groups, strict=False)
    text = "\n".join(line for name, group in named for line in (f"user-agent: {name}", *(group or ["allow: /"])))
    url = f"https://site.example/{path}"
    by_robotspy = robotspy.RobotsParser.from_string(text).can_fetch("unspun", url)
    assert (rules(text).refuses(url) is None) is by_robotspy


@given(st.lists(RULE, max_size=6), RULE, st.integers(0, 6), PATHS)
def test_a_line_that_forbids_allows_nothing_more(lines: list[str], line: str, place: int, path: str) -> None:
    url = f"https://site.example/{path}"
    before = rules("\n".join(["user-agent: unspun", *lines])).refuses(url)
    after = rules("\n".join(["user-agent: unspun", *lines[:place], line, *lines[place:]])).refuses(url)
    if line.startswith("allow"):
        assert after is None or before is not None
    else:
        assert after is not None or before is None


@given(LINES, PATHS)
def test_the_end_of_lines_does_not_matter(lines: list[str], path: str) -> None:
    url = f"https://site.example/{path}"
    assert len({str(rules(end.join(lines)).refuses(url)) for end in ("\n", "\r\n", "\r", "\n\n", " # x\n")}) == 1


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '["rules"]', '["other", "", ""]', "[1, 2, 3]", "[" * 100_000])
def test_what_was_not_kept_by_us_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"ask the site for its robots\.txt again"):
        Robots.from_json(text)


def test_a_verdict_is_a_word() -> None:
    assert [str(verdict) for verdict in RobotsVerdict] == ["rules", "allow_all", "deny_all_for_now"]
