"""The main job over the web: a feed, a sitemap index and a list of URLs on loopback, to the tables."""

import gzip
import json
from pathlib import Path

import pytest

from tests.flows.conftest import Cleaner, query
from tests.site_server import NOT_FOUND, Reply, Site, serving_site

STORY = (
    "The harbour council of Kesk voted on Tuesday to keep the old ferry running through the winter. "
    "Mayor Ilse Brandt said that the boat carries {0} passengers a day and that no bridge will stand before spring. "
    "Owners of the {1} shops on the north quay had asked for a decision since August. "
    "The ferry was built in 19{2} and was repaired twice, the last time after the flood. "
    "Tickets will cost the same as last year, and children under {3} travel free.\n"
)


def story(number: int) -> Reply:
    paragraphs = "".join(
        f"<p>{STORY.format(100 + number, number + 3, 50 + number, number + 4)} Item {number}.{part}</p>"
        for part in range(4)
    )
    head = f"<title>Ferry {number} stays</title><link rel=canonical href=/story/{number}>"
    page = f"<!DOCTYPE html><html><head>{head}</head><body><article><h1>Ferry {number} stays</h1>{paragraphs}</article>"
    return Reply(f"{page}</body></html>".encode(), headers={"ETag": f'"{number}"'})


def newsroom(site: Site) -> dict[str, Reply]:
    def locations(tag: str, paths: list[str]) -> str:
        return "".join(f"<{tag}><loc>{site.url(path)}</loc></{tag}>" for path in paths)

    feed = "".join(f"<item><link>{site.url(f'/story/{n}')}</link></item>" for n in (0, 1))
    routes = {f"/story/{n}": story(n) for n in range(7)}
    routes |= {
        "/robots.txt": Reply(b"User-agent: *\nDisallow: /story/6\nCrawl-delay: 0", media_type="text/plain"),
        "/feed": Reply(
            f"<rss version='2.0'><channel>{feed}</channel></rss>".encode(), media_type="application/rss+xml"
        ),
        "/index.xml": Reply(
            f"<sitemapindex>{locations('sitemap', ['/map.xml.gz'])}</sitemapindex>".encode(), media_type="text/xml"
        ),
        "/map.xml.gz": Reply(
            gzip.compress(f"<urlset>{locations('url', ['/story/2', '/story/3', '/story/1'])}</urlset>".encode()),
            media_type="application/gzip",
        ),
        "/list.txt": Reply(
            "\n".join(site.url(path) for path in ("/story/4", "/story/4?utm_source=x", "/story/6", "/gone")).encode(),
            media_type="text/plain",
        ),
        "/moved": Reply(status="301 Moved", headers={"Location": "/story/5"}),
    }
    return routes


@pytest.fixture
def polite_and_quick(cleaner: Cleaner) -> Cleaner:
    return Cleaner({**cleaner.environment, "UNSPUN_HOST_DELAY_S": "0"})


def test_feeds_sitemaps_and_lists_become_tables(polite_and_quick: Cleaner, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    with serving_site({}) as site:
        routes = newsroom(site)
        site.answers = lambda request: routes.get(request.path, NOT_FOUND)
        sources = [site.url(path) for path in ("/feed", "/index.xml", "/list.txt", "/moved")]
        (tmp_path / "more.txt").write_text(f"{site.url('/story/0')}\nhttp://169.254.169.254/latest\n")
        arguments = [*sources, f"@{tmp_path / 'more.txt'}", "--allow-private", "--out", str(out)]
        polite_and_quick.run(*arguments)
        articles = {name: url for name, url in query(out, "SELECT input, final_url FROM articles")}  # noqa: C416
        assert articles == {
            **{site.url(f"/story/{n}"): site.url(f"/story/{n}") for n in range(5)},
            site.url("/story/4?utm_source=x"): site.url("/story/4"),
            site.url("/moved"): site.url("/story/5"),
        }
        rejects = {name: reason for name, reason in query(out, "SELECT input, reason FROM rejects")}  # noqa: C416
        assert rejects == {
            site.url("/story/6"): "ROBOTS_DENIED",
            site.url("/gone"): "HTTP_GONE",
            "http://169.254.169.254/latest": "SSRF_PRIVATE_IP",
        }
        ((n_urls, states),) = query(out, "SELECT n_urls, url_states FROM runs")
        counted = {one["state"]: one["urls"] for one in json.loads(json.dumps(states))}
        assert counted == {"listing": 4, "page": 6, "redirect": 1, "ROBOTS_DENIED": 1, "HTTP_GONE": 1}
        assert n_urls == sum(counted.values())
        groups = {url: group for url, group in query(out, "SELECT input, copy_cluster_id FROM articles")}  # noqa: C416
        assert groups[site.url("/story/4")] == groups[site.url("/story/4?utm_source=x")], "two names, one page"
        requests = len(site.requests)
        said = polite_and_quick.run(*arguments)
        assert "redone: nothing" in said
        assert len(site.requests) - requests == 12, "a second run asks for each address once more, robots.txt aside"
        pages = [request for request in site.requests[requests:] if request.path.startswith("/story/")]
        assert all("if-none-match" in request.headers for request in pages)


def test_this_machine_is_not_asked_unless_allowed(polite_and_quick: Cleaner, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    with serving_site({"/": story(1)}) as site:
        polite_and_quick.run(site.url("/"), "--out", str(out))
        assert query(out, "SELECT reason FROM rejects") == [("SSRF_PRIVATE_IP",)]
        assert site.requests == []
