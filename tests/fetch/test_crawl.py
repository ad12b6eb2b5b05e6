"""The crawl against real sites on loopback: what each address came to, what was asked and what was not."""

import asyncio
import gzip
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.fetch.crawl import crawl
from tasks.fetch.document import fetch_document
from tasks.fetch.ledger import Ledger
from tasks.fetch.records import CrawledRun, CrawlOptions, CrawlReceipt, FetchOptions, InputItem
from tasks.fetch.web_inputs import WebInputs
from tasks.outcome import DropReason, Kept
from tests.site_server import NOT_FOUND, NewsPages, Reply, Request, Site, serving_site

ROOT = Path(__file__).parents[2]
OPTIONS = CrawlOptions(
    timeout_s=5, first_byte_timeout_s=4, connect_timeout_s=3, host_delay_s=0, max_attempts=2, allow_private=True
)
PAGE = Reply("<!DOCTYPE html><p>Die Brücke bleibt geschlossen, sagte die Bürgermeisterin.</p>".encode())
OPEN = Reply(b"", "404 Not Found")


def visit(
    folder: Path, addresses: list[str], options: CrawlOptions = OPTIONS, run: str = "run-1"
) -> tuple[CrawlReceipt, dict[str, str]]:
    """Crawl, then list the inputs: each name with `page` or the reason of its reject."""
    crawled = CrawledRun(str(folder), run, options)
    receipt = asyncio.run(crawl(addresses, crawled))
    outcomes: dict[str, str] = {}
    for row in rows(crawled, addresses):
        name = row.origin.input if isinstance(row, InputItem) else row[0]
        assert name not in outcomes, f"{name} is two inputs"
        outcomes[name] = "page" if isinstance(row, InputItem) else row[1]
    return receipt, outcomes


def rows(crawled: CrawledRun, addresses: list[str]) -> list[InputItem | tuple[str, str]]:
    folder = Path(crawled.archive)
    with Ledger(folder) as ledger:
        inputs = WebInputs(ledger, folder, crawled.run, crawled.options)
        found = [row for address in addresses for row in inputs.behind(address)]
    return [
        row.document if row.document is not None else (row.reject.input, row.reject.reason)  # type: ignore[union-attr]
        for row in found
    ]


def pages_of(site: Site) -> Counter[str]:
    return Counter({path: n for path, n in site.hits.items() if path != "/robots.txt"})


def test_a_page_is_asked_once_archived_and_read(tmp_path: Path) -> None:
    with serving_site({"/a": PAGE}) as site:
        receipt, outcomes = visit(tmp_path, [site.url("/a"), site.url("/b")])
        assert outcomes == {site.url("/a"): "page", site.url("/b"): DropReason.HTTP_GONE}
        assert site.hits == {"/robots.txt": 1, "/a": 1, "/b": 1}
        assert "unspun" in site.requests[1].headers["user-agent"]
        assert (receipt.urls, receipt.states, receipt.requests) == (2, {"page": 1, "HTTP_GONE": 1}, 3)
        (item,) = rows(CrawledRun(str(tmp_path), "run-1", OPTIONS), [site.url("/a")])
        assert isinstance(item, InputItem)
        kept = fetch_document(item, FetchOptions())
        assert isinstance(kept, Kept)
        assert "Brücke" in kept.value.text
        assert kept.value.provenance.final_url == site.url("/a")
        assert kept.value.provenance.fetched_at is not None
        assert site.hits["/a"] == 1, "reading asks nobody"


class TestRedirects:
    def test_lead_to_one_page_that_is_asked_once(self, tmp_path: Path) -> None:
        routes = {
            "/old": Reply(status="301 Moved", headers={"Location": "/new"}),
            "/older": Reply(status="302 Found", headers={"Location": "old"}),
            "/new": PAGE,
        }
        with serving_site(routes) as site:
            names = [site.url(path) for path in ("/older", "/old", "/new")]
            _, outcomes = visit(tmp_path, names)
            assert outcomes == dict.fromkeys(names, "page")
            assert pages_of(site) == {"/older": 1, "/old": 1, "/new": 1}

    @pytest.mark.parametrize(
        ("location", "reason"),
        [
            ("/loop", DropReason.REDIRECT_LOOP),
            ("/pong", DropReason.REDIRECT_LOOP),
            ("/grow?x", DropReason.REDIRECT_LIMIT),
            ("", DropReason.REDIRECT_NO_LOCATION),
            (None, DropReason.REDIRECT_NO_LOCATION),
            ("file:///etc/passwd", DropReason.SCHEME_BLOCKED),
            ("ftp://bote.example/", DropReason.SCHEME_BLOCKED),
            ("javascript:alert(1)", DropReason.SCHEME_BLOCKED),
            ("data:text/html,<p>hi", DropReason.SCHEME_BLOCKED),
            ("http://user:word@bote.example/", DropReason.URL_CREDENTIALS),
            ("http://[::1", DropReason.URL_INVALID),
            ("http://bote.example:22/", DropReason.PORT_BLOCKED),
            ("http://169.254.169.254/latest/meta-data/", DropReason.SSRF_PRIVATE_IP),
            ("http://0xa9fea9fe/", DropReason.SSRF_PRIVATE_IP),
            ("/" + "x" * 100_000, DropReason.HEADERS_TOO_BIG),
        ],
    )
    def test_that_lead_nowhere(self, tmp_path: Path, location: str | None, reason: DropReason) -> None:
        counter = itertools.count(2)

        def answers(request: Request) -> Reply:
            targets = {"/loop": "/loop", "/ping": "/pong", "/pong": "/ping"}
            if request.path == "/robots.txt":
                return OPEN
            if request.path.startswith("/grow"):
                return Reply(status="302 Found", headers={"Location": f"/grow?{'x' * next(counter)}"})
            target = targets.get(request.path, location)
            return Reply(status="302 Found", headers={} if target is None else {"Location": target})

        with serving_site(answers) as site:
            start = "/loop" if location == "/loop" else "/ping" if location == "/pong" else "/start"
            _, outcomes = visit(tmp_path, [site.url(start)])
            assert outcomes == {site.url(start): reason}
            assert len(site.requests) <= OPTIONS.max_redirects + 4

    def test_to_itself_with_a_tracking_parameter_more(self, tmp_path: Path) -> None:
        """Some sites mark how a reader came, and then give the page."""
        to_marked = Reply(status="302 Found", headers={"Location": "/a?utm_source=x"})
        with serving_site({"/a": to_marked, "/a?utm_source=x": PAGE}) as site:
            assert visit(tmp_path, [site.url("/a")])[1] == {site.url("/a"): "page"}

    def test_a_password_in_a_location_is_not_published(self, tmp_path: Path) -> None:
        with serving_site(
            {"/a": Reply(status="302 Found", headers={"Location": "//ada:secret@bote.example/"})}
        ) as site:
            visit(tmp_path, [site.url("/a")])
            with Ledger(tmp_path) as ledger:
                entry = ledger.get(site.url("/a"))
        assert entry is not None
        assert entry.reason is DropReason.URL_CREDENTIALS
        assert "secret" not in entry.detail

    def test_at_the_limit_and_beyond(self, tmp_path: Path) -> None:
        def answers(request: Request) -> Reply:
            number = int(request.path[1:]) if request.path[1:].isdigit() else -1
            return PAGE if number == 9 else Reply(status="302 Found", headers={"Location": f"/{number + 1}"})

        with serving_site(lambda request: OPEN if request.path == "/robots.txt" else answers(request)) as site:
            few = replace(OPTIONS, max_redirects=3)
            _, outcomes = visit(tmp_path, [site.url("/5"), site.url("/6")], few)
            assert outcomes == {site.url("/5"): DropReason.REDIRECT_LIMIT, site.url("/6"): "page"}


class TestPoliteness:
    def test_one_request_at_a_time_at_the_hosts_pace(self, tmp_path: Path) -> None:
        with serving_site({f"/{n}": replace(PAGE, delay_s=0.02) for n in range(8)}) as site:
            slow = replace(OPTIONS, host_delay_s=0.15)
            visit(tmp_path, [site.url(f"/{n}") for n in range(8)], slow)
            assert site.most_open == 1
            times = [request.at for request in site.requests]
            # As the server sees it: on a busy machine one request may arrive late, and the next one in time.
            assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(times))
            assert times[-1] - times[0] >= 0.9 * 0.15 * (len(times) - 1)

    def test_robots_are_kept_to_and_read_once(self, tmp_path: Path) -> None:
        robots = Reply(b"User-agent: *\nDisallow: /private\nAllow: /private/but", media_type="text/plain")
        with serving_site({"/robots.txt": robots, "/a": PAGE, "/private/but": PAGE}) as site:
            names = [site.url(path) for path in ("/a", "/private/x", "/private/but")]
            _, outcomes = visit(tmp_path, names)
            assert outcomes == dict(zip(names, ["page", DropReason.ROBOTS_DENIED, "page"], strict=True))
            visit(tmp_path, names, run="run-2")
            assert site.hits["/robots.txt"] == 1
            assert "/private/x" not in site.hits

    def test_a_redirect_is_no_way_around_robots(self, tmp_path: Path) -> None:
        robots = Reply(b"User-agent: *\nDisallow: /private", media_type="text/plain")
        to_private = Reply(status="302 Found", headers={"Location": "/private"})
        with serving_site({"/robots.txt": robots, "/a": to_private, "/private": PAGE}) as site:
            _, outcomes = visit(tmp_path, [site.url("/a")])
            assert outcomes == {site.url("/a"): DropReason.ROBOTS_DENIED}
            assert "/private" not in site.hits

    @pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "429 Slow down"])
    def test_robots_that_can_not_be_read_forbid_the_site(self, tmp_path: Path, status: str) -> None:
        with serving_site({"/robots.txt": Reply(b"", status), "/a": PAGE}) as site:
            _, outcomes = visit(tmp_path, [site.url("/a")])
            assert outcomes == {site.url("/a"): DropReason.ROBOTS_UNREACHABLE}
            assert "/a" not in site.hits

    def test_robots_behind_redirects(self, tmp_path: Path) -> None:
        routes = {
            "/robots.txt": Reply(status="301 Moved", headers={"Location": "/r"}),
            "/r": Reply(b"User-agent: *\nDisallow: /", media_type="text/plain"),
            "/a": PAGE,
        }
        with serving_site(routes) as site:
            assert visit(tmp_path, [site.url("/a")])[1] == {site.url("/a"): DropReason.ROBOTS_DENIED}

    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    def test_of_robots_that_never_end_the_beginning_counts(
        self, tmp_path: Path, pack: Callable[[bytes], bytes]
    ) -> None:
        text = b"User-agent: *\nDisallow: /private\n" + b"".join(b"# %d\n" % n for n in range(1_300_000))
        headers = {"Content-Encoding": "gzip"} if pack is gzip.compress else {}
        robots = Reply(pack(text), headers=headers, media_type="application/octet-stream")
        with serving_site({"/robots.txt": robots, "/a": PAGE, "/private": PAGE}) as site:
            _, outcomes = visit(tmp_path, [site.url("/a"), site.url("/private")])
            assert outcomes == {site.url("/a"): "page", site.url("/private"): DropReason.ROBOTS_DENIED}

    def test_robots_that_redirect_for_ever_count_as_none(self, tmp_path: Path) -> None:
        routes = {"/robots.txt": Reply(status="301 Moved", headers={"Location": "/robots.txt"}), "/a": PAGE}
        with serving_site(routes) as site:
            assert visit(tmp_path, [site.url("/a")])[1] == {site.url("/a"): "page"}
            assert site.hits["/robots.txt"] == 6

    def test_a_server_that_asks_for_a_second_is_asked_again_after_it(self, tmp_path: Path) -> None:
        busy = iter([Reply(status="503 Busy", headers={"Retry-After": "1"})])

        def answers(request: Request) -> Reply:
            return OPEN if request.path == "/robots.txt" else next(busy, PAGE)

        with serving_site(answers) as site:
            assert visit(tmp_path, [site.url("/a")])[1] == {site.url("/a"): "page"}
            first, second = (request.at for request in site.requests if request.path == "/a")
            assert second - first >= 1

    @pytest.mark.parametrize("wanted", ["86400", "Fri, 31 Dec 9999 23:59:59 GMT", "9" * 400])
    def test_a_server_that_asks_for_a_day_is_left_alone(self, tmp_path: Path, wanted: str) -> None:
        busy = Reply(status="429 Slow down", headers={"Retry-After": wanted})
        with serving_site(lambda request: OPEN if request.path == "/robots.txt" else busy) as site:
            assert visit(tmp_path, [site.url("/a")])[1] == {site.url("/a"): DropReason.THROTTLED}
            assert visit(tmp_path, [site.url("/a")], run="run-2")[1] == {site.url("/a"): DropReason.THROTTLED}
            assert site.hits["/a"] == 1

    @pytest.mark.parametrize("wanted", ["-5", "soon", "1e99", "", "NaN"])
    def test_nonsense_is_no_wish(self, tmp_path: Path, wanted: str) -> None:
        busy = Reply(status="503 Busy", headers={"Retry-After": wanted})
        with serving_site(lambda request: OPEN if request.path == "/robots.txt" else busy) as site:
            assert visit(tmp_path, [site.url("/a")])[1] == {site.url("/a"): DropReason.THROTTLED}
            assert site.hits["/a"] == OPTIONS.max_attempts

    def test_a_dead_host_is_left_alone_and_costs_no_time(self, tmp_path: Path) -> None:
        with serving_site({}) as site:
            port = site.ports[0]
        names = [f"http://127.0.0.1:{port}/{n}" for n in range(50)]
        receipt, outcomes = visit(tmp_path, names, replace(OPTIONS, max_attempts=1))
        assert Counter(outcomes.values()) == {DropReason.CONN_RESET: 5, DropReason.HOST_DEAD: 45}
        assert receipt.requests == 5
        again, outcomes = visit(tmp_path, names, replace(OPTIONS, max_attempts=1), run="run-2")
        assert set(outcomes.values()) == {DropReason.HOST_DEAD}
        assert again.requests == 0


class TestRuns:
    def test_an_unchanged_page_costs_a_304(self, tmp_path: Path) -> None:
        with serving_site(NewsPages(5)) as site:
            names = [site.url(f"/story/{n}") for n in range(20)]
            first, outcomes = visit(tmp_path, names)
            before = rows(CrawledRun(str(tmp_path), "run-1", OPTIONS), names)
            second, again = visit(tmp_path, names, run="run-2")
            assert outcomes == again == dict.fromkeys(names, "page")
            assert (first.states, second.states) == ({"page": 20}, {"unchanged": 20})
            assert rows(CrawledRun(str(tmp_path), "run-2", OPTIONS), names) == before, "later stages redo nothing"

    def test_the_same_bytes_sent_again_keep_their_record(self, tmp_path: Path) -> None:
        with serving_site({"/a": PAGE}) as site:
            visit(tmp_path, [site.url("/a")])
            before = rows(CrawledRun(str(tmp_path), "run-1", OPTIONS), [site.url("/a")])
            receipt, _ = visit(tmp_path, [site.url("/a")], run="run-2")
            assert receipt.states == {"repeated": 1}
            assert rows(CrawledRun(str(tmp_path), "run-2", OPTIONS), [site.url("/a")]) == before

    def test_a_page_that_changed_is_another(self, tmp_path: Path) -> None:
        versions = itertools.count()

        def answers(request: Request) -> Reply:
            return OPEN if request.path == "/robots.txt" else Reply(b"<p>Version %d" % next(versions))

        with serving_site(answers) as site:
            visit(tmp_path, [site.url("/a")])
            (before,) = rows(CrawledRun(str(tmp_path), "run-1", OPTIONS), [site.url("/a")])
            receipt, _ = visit(tmp_path, [site.url("/a")], run="run-2")
            (after,) = rows(CrawledRun(str(tmp_path), "run-2", OPTIONS), [site.url("/a")])
            assert receipt.states == {"page": 1}
            assert isinstance(before, InputItem)
            assert isinstance(after, InputItem)
            assert before.signature != after.signature

    def test_the_same_run_again_asks_nothing(self, tmp_path: Path) -> None:
        with serving_site({"/a": PAGE}) as site:
            visit(tmp_path, [site.url("/a"), site.url("/b")])
            receipt, _ = visit(tmp_path, [site.url("/a"), site.url("/b")])
            assert receipt.requests == 0
            assert len(site.requests) == 3

    def test_pages_of_an_archive_that_is_gone_are_fetched_anew(self, tmp_path: Path) -> None:
        with serving_site(NewsPages(1)) as site:
            visit(tmp_path, [site.url("/story/1")])
            for segment in tmp_path.glob("*.warc.gz*"):
                segment.unlink()
            receipt, outcomes = visit(tmp_path, [site.url("/story/1")], run="run-2")
            assert outcomes == {site.url("/story/1"): "page"}
            assert receipt.states == {"page": 1}

    def test_time_that_is_over_leaves_the_rest_to_the_next_run(self, tmp_path: Path) -> None:
        with serving_site({f"/{n}": PAGE for n in range(30)}) as site:
            names = [site.url(f"/{n}") for n in range(30)]
            short = replace(OPTIONS, host_delay_s=0.1, time_limit_s=1.0)
            receipt, outcomes = visit(tmp_path, names, short)
            done = {name for name, outcome in outcomes.items() if outcome == "page"}
            assert set(outcomes.values()) == {"page", DropReason.NOT_REACHED}
            assert sum(receipt.states.values()) == receipt.urls == 30
            _, later = visit(tmp_path, names, short, run="run-2")
            assert not done & {name for name, outcome in later.items() if outcome == "page"}, "those come last now"


FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><link>{0}</link></item><item><link>{1}</link></item><item><link>{0}?utm_source=rss</link></item></channel></rss>"""
URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
INDEX = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</sitemapindex>'


def locations(tag: str, urls: list[str]) -> str:
    return "".join(f"<{tag}><loc>{url}</loc></{tag}>" for url in urls)


class TestListings:
    def test_a_feed_stands_for_its_pages(self, tmp_path: Path) -> None:
        with serving_site({"/a": PAGE, "/b": PAGE}) as site:
            feed = FEED.format(site.url("/a"), site.url("/b"))
            pages = {"/a": PAGE, "/b": PAGE, "/feed": Reply(feed.encode(), media_type="application/rss+xml")}
            site.answers = lambda request: pages.get(request.path, NOT_FOUND)
            receipt, outcomes = visit(tmp_path, [site.url("/feed"), site.url("/b")])
            names = [site.url("/a"), site.url("/b"), site.url("/a?utm_source=rss")]
            assert outcomes == dict.fromkeys(names, "page")
            assert pages_of(site) == {"/feed": 1, "/a": 1, "/b": 1}
            assert receipt.states == {"listing": 1, "page": 2}

    def test_a_sitemap_index_and_what_it_nests(self, tmp_path: Path) -> None:
        with serving_site({}) as site:
            pages = {f"/{n}": PAGE for n in range(6)}
            packed = gzip.compress(URLSET.format(locations("url", [site.url("/2"), site.url("/3")])).encode())
            maps = {
                "/index.xml": INDEX.format(
                    locations("sitemap", [site.url(f"/map-{n}.xml") for n in range(3)] + [site.url("/index.xml")])
                ),
                "/map-0.xml": URLSET.format(locations("url", [site.url("/0"), site.url("/1")])),
                "/map-2.xml": INDEX.format(locations("sitemap", [site.url("/map-3.xml")])),
                "/map-3.xml": URLSET.format(locations("url", [site.url("/4"), site.url("/0")])),
            }
            for path, text in maps.items():
                pages[path] = Reply(text.encode(), media_type="application/xml")
            pages["/map-1.xml"] = Reply(packed, media_type="application/gzip")
            site.answers = lambda request: pages.get(request.path, NOT_FOUND)
            _, outcomes = visit(tmp_path, [site.url("/index.xml")])
            assert outcomes == {site.url(f"/{n}"): "page" for n in range(5)}
            assert max(pages_of(site).values()) == 1

    def test_a_list_of_urls(self, tmp_path: Path) -> None:
        with serving_site({}) as site:
            lines = f"{site.url('/a')}\n\n{site.url('/gone')}\nhttp://10.0.0.1:22/\n"
            pages = {"/a": PAGE, "/list.txt": Reply(lines.encode(), media_type="text/plain")}
            site.answers = lambda request: pages.get(request.path, NOT_FOUND)
            _, outcomes = visit(tmp_path, [site.url("/list.txt")])
            assert outcomes == {
                site.url("/a"): "page",
                site.url("/gone"): DropReason.HTTP_GONE,
                "http://10.0.0.1:22/": DropReason.PORT_BLOCKED,
            }

    def test_bounds_are_told(self, tmp_path: Path) -> None:
        with serving_site({}) as site:
            urls = [site.url(f"/{n}") for n in range(12)]
            pages = {f"/{n}": PAGE for n in range(12)}
            pages["/map.xml"] = Reply(URLSET.format(locations("url", urls)).encode(), media_type="text/xml")
            site.answers = lambda request: pages.get(request.path, NOT_FOUND)
            _, outcomes = visit(tmp_path, [site.url("/map.xml")], replace(OPTIONS, max_listed=5))
            assert outcomes == {
                site.url("/map.xml"): DropReason.LISTING_LIMIT,
                **{site.url(f"/{n}"): "page" for n in range(5)},
            }

    def test_sitemaps_that_nest_for_ever(self, tmp_path: Path) -> None:
        def answers(request: Request) -> Reply:
            if not request.path.startswith("/map"):
                return NOT_FOUND
            depth = len(request.path) - len("/map")
            below = [site.url(f"/map{'x' * (depth + 1)}")]
            return Reply(INDEX.format(locations("sitemap", below)).encode(), media_type="text/xml")

        with serving_site(answers) as site:
            _, outcomes = visit(tmp_path, [site.url("/map")])
            assert set(outcomes.values()) == {DropReason.LISTING_LIMIT}
            assert len(site.requests) < 10

    def test_a_bomb_of_a_sitemap(self, tmp_path: Path) -> None:
        bomb = Reply(gzip.compress(b"<urlset>" + bytes(90 << 20)), media_type="application/gzip")
        with serving_site({"/sitemap.xml.gz": bomb}) as site:
            _, outcomes = visit(tmp_path, [site.url("/sitemap.xml.gz")])
            assert outcomes[site.url("/sitemap.xml.gz")] in {DropReason.BOMB, DropReason.BODY_TOO_BIG}

    def test_a_feed_among_the_pages_of_a_feed_is_not_read(self, tmp_path: Path) -> None:
        with serving_site({}) as site:
            feed = Reply(FEED.format(site.url("/feed-2"), site.url("/a")).encode(), media_type="application/rss+xml")
            pages = {"/a": PAGE, "/feed": feed, "/feed-2": feed}
            site.answers = lambda request: pages.get(request.path, NOT_FOUND)
            _, outcomes = visit(tmp_path, [site.url("/feed")])
            assert outcomes[site.url("/feed-2")] == "page", "its reject is made where it is read: TYPE_UNWANTED"

    def test_an_unchanged_feed_is_read_from_the_archive(self, tmp_path: Path) -> None:
        with serving_site({}) as site:
            text = FEED.format(site.url("/a"), site.url("/b")).encode()

            def answers(request: Request) -> Reply:
                if request.path == "/feed" and request.headers.get("if-none-match") == '"f"':
                    return Reply(status="304 Not Modified")
                if request.path == "/feed":
                    return Reply(text, headers={"ETag": '"f"'}, media_type="application/rss+xml")
                return PAGE if request.path[:2] in {"/a", "/b"} else NOT_FOUND

            site.answers = answers
            _, first = visit(tmp_path, [site.url("/feed")])
            receipt, second = visit(tmp_path, [site.url("/feed")], run="run-2")
            assert first == second
            assert len(second) == 3
            assert receipt.states == {"listing": 1, "repeated": 2}

    @pytest.mark.parametrize("discover", [False, True])
    def test_a_front_page_announces_feeds_to_those_who_want_them(self, tmp_path: Path, discover: bool) -> None:
        with serving_site({}) as site:
            front = b"<!DOCTYPE html><html><head><link rel=alternate type=application/rss+xml href=/feed></head><p>News"
            feed = FEED.format(site.url("/a"), site.url("/a"))
            pages = {"/": Reply(front), "/a": PAGE, "/feed": Reply(feed.encode(), media_type="application/rss+xml")}
            site.answers = lambda request: pages.get(request.path, NOT_FOUND)
            _, outcomes = visit(tmp_path, [site.url("/")], replace(OPTIONS, discover=discover))
            expected = {site.url("/a"), site.url("/a?utm_source=rss")} if discover else {site.url("/")}
            assert set(outcomes) == expected


ORPHAN = """
import asyncio, sys
from tasks.fetch.crawl import crawl
from tasks.fetch.records import CrawledRun, CrawlOptions
def beat():
    raise SystemExit(3)  # as Watch.beat does when the pipe to the parent is broken
options = CrawlOptions(allow_private=True, host_delay_s=0.5)
asyncio.run(crawl(sys.argv[2:], CrawledRun(sys.argv[1], "run-1", options), beat))
"""


def test_a_crawl_that_nobody_waits_for_ends(tmp_path: Path) -> None:
    with serving_site({f"/{n}": PAGE for n in range(50)}) as site:
        urls = [site.url(f"/{n}") for n in range(50)]
        command = [sys.executable, "-c", ORPHAN, str(tmp_path), *urls]
        done = subprocess.run(command, cwd=ROOT, check=False, timeout=15, stderr=subprocess.PIPE)
        assert done.returncode == 3, done.stderr
        assert len(site.requests) < 10


class TestGuard:
    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("http://127.0.0.1:{port}/canary", DropReason.SSRF_PRIVATE_IP),
            ("http://2130706433:{port}/canary", DropReason.SSRF_PRIVATE_IP),
            ("http://0x7f.1:{port}/canary", DropReason.SSRF_PRIVATE_IP),
            ("http://0177.0.0.1:{port}/canary", DropReason.SSRF_PRIVATE_IP),
            ("http://[::ffff:127.0.0.1]:{port}/canary", DropReason.SSRF_PRIVATE_IP),
            ("http://１２７.０.０.１:{port}/canary", DropReason.SSRF_PRIVATE_IP),
            ("http://localhost:{port}/canary", DropReason.SSRF_LOCAL_NAME),
            ("http://ada:secret@127.0.0.1:{port}/canary", DropReason.URL_CREDENTIALS),
            ("https://bote.example@127.0.0.1:{port}/canary", DropReason.URL_CREDENTIALS),
            ("gopher://127.0.0.1:{port}/canary", DropReason.SCHEME_BLOCKED),
        ],
    )
    def test_no_request_reaches_this_machine(self, tmp_path: Path, address: str, reason: DropReason) -> None:
        with serving_site({"/canary": PAGE}) as site:
            given = address.format(port=site.ports[0])
            _, outcomes = visit(tmp_path, [given], replace(OPTIONS, allow_private=False))
            assert list(outcomes.values()) == [reason]
            assert "secret" not in "".join(outcomes)
            assert site.requests == []
