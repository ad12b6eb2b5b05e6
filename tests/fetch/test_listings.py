import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.fetch.listings import (
    LEGACY_BYTES,
    LISTING_BYTES,
    MOST_ANNOUNCED,
    MOST_ELEMENTS,
    MOST_NESTED,
    Listing,
    ListingKind,
    find_announced,
    find_listing,
)
from tasks.outcome import DropReason, Unusable
from tests.cpu_time import least_s

CASES = Path(__file__).parents[1] / "cases" / "fetch" / "listings"
URL = "https://news.example/listing"
TABLES = ("feeds", "sitemaps", "url_lists", "pages", "broken")


def cases(*tables: str) -> list[Any]:
    lines = [(table, line) for table in tables for line in (CASES / f"{table}.jsonl").read_text("utf-8").split("\n")]
    rows = [(table, json.loads(line)) for table, line in lines if line]
    return [pytest.param(row, id=f"{table}-{row['label']}") for table, row in rows]


def body_of(row: dict[str, Any]) -> bytes:
    return bytes(row["body"].encode(row.get("encoding", "utf-8"), "surrogateescape"))


def read(row: dict[str, Any], body: bytes) -> Listing | None:
    url, media_type = row.get("url", URL), row.get("media_type", "application/xml")
    return find_listing(body, url, media_type, row.get("max_listed", 100), row.get("charset_label"))


@pytest.mark.parametrize("row", cases(*TABLES))
def test_what_is_listed(row: dict[str, Any]) -> None:
    listing = read(row, body_of(row))
    if row["kind"] is None:
        assert listing is None
        return
    assert listing is not None, "taken for a page"
    assert listing.urls == tuple(row["urls"])
    assert listing.kind == row["kind"]
    assert listing.n_more == row.get("n_more", 0)
    assert (row["damage"] in listing.damage) if row["damage"] else not listing.damage, listing.damage


@pytest.mark.parametrize("row", cases(*TABLES))
def test_a_gzip_file_lists_the_same(row: dict[str, Any]) -> None:
    assert read(row, gzip.compress(body_of(row))) == read(row, body_of(row))


@pytest.mark.parametrize("row", cases("announced"))
def test_what_a_page_announces(row: dict[str, Any]) -> None:
    assert find_announced(row["body"].encode(), row["url"]) == tuple(row["urls"])


def test_announcements_are_bounded() -> None:
    body = b"".join(b'<link rel="sitemap" href="/%d">' % number for number in range(100_000))
    assert find_announced(body, URL) == tuple(f"https://news.example/{number}" for number in range(MOST_ANNOUNCED))
    assert least_s(lambda: find_announced(body, URL), 1) < 1


@pytest.mark.parametrize("piece", [b"<div>", b"</div>", b"<a ", b"<", b"<!--", b"&", b"<table><b>", b"<svg><math>"])
def test_hostile_pages_announce_in_bounded_time(piece: bytes) -> None:
    body = piece * (2_000_000 // len(piece))
    assert find_announced(body, URL) == ()
    assert least_s(lambda: find_announced(body, URL), 10) < 10


def sitemap(n_urls: int) -> bytes:
    entry = (
        b"<url><loc>https://news.example/2024/05/01/what-the-council-decided-on-tuesday-%d</loc>"
        b"<lastmod>2024-05-01</lastmod><changefreq>daily</changefreq><priority>0.5</priority></url>\n"
    )
    head = b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return head + b"".join(entry % number for number in range(n_urls)) + b"</urlset>"


MEASURED = """
import pathlib, re, sys
sys.path.insert(0, sys.argv[1])
from tasks.fetch.listings import find_listing
def peak():  # not ru_maxrss, which begins at that of the process that started this one
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])
find_listing(b"<rss/>", "https://a.example/", "application/xml", 1)
body = pathlib.Path(sys.argv[2]).read_bytes()
before = peak()
find_listing(body, "https://a.example/", "application/xml", 10_000)
print((peak() - before) * 1024)
"""


def peak_growth(body: bytes, folder: Path) -> int:
    """Return by how many bytes reading the listing in `body` raises the peak of a new process."""
    path = folder / "listing"
    path.write_bytes(body)
    command = [sys.executable, "-c", MEASURED, str(Path(__file__).parents[2]), str(path)]
    return int(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def test_a_full_sitemap_is_read_quickly_and_in_little_memory(tmp_path: Path) -> None:
    """Measured: 0.4 s and 24 MB. The time allowed is for a slow, busy machine."""
    body = sitemap(50_000)
    listing = find_listing(body, URL, "application/xml", 50_000)
    assert least_s(lambda: find_listing(body, URL, "application/xml", 50_000), 2) < 2
    assert listing is not None
    assert (len(listing.urls), listing.n_more, listing.damage) == (50_000, 0, "")
    assert peak_growth(body, tmp_path) < 60 << 20


def test_a_million_addresses_are_counted_and_not_kept(tmp_path: Path) -> None:
    body = sitemap(1_000_000)[:LISTING_BYTES]
    listing = find_listing(body, URL, "application/xml", 1000)
    assert least_s(lambda: find_listing(body, URL, "application/xml", 1000), 10) < 10
    assert listing is not None
    assert len(listing.urls) == 1000
    assert listing.n_more > 200_000
    assert listing.damage
    assert peak_growth(body, tmp_path) < 30 << 20


def test_elements_without_number_end_the_reading() -> None:
    listing = find_listing(b"<urlset>" + b"<x/>" * (MOST_ELEMENTS + 100_000), URL, "", 10)
    assert listing == Listing(
        ListingKind.SITEMAP, (), 0, f"more than {MOST_ELEMENTS} elements; what follows was not read"
    )


def test_a_list_of_a_million_addresses() -> None:
    body = b"".join(b"https://a.example/%d\n" % number for number in range(1_000_000))
    listing = find_listing(body, URL, "text/plain", 10)
    assert listing is not None
    assert (len(listing.urls), listing.n_more) == (10, 999_990)


def test_deep_nesting_ends_the_reading() -> None:
    body = b"<rss><channel><item><link>https://a.example/</link></item>" + b"<x>" * 1_000_000
    listing = find_listing(body, URL, "", 10)
    assert listing is not None
    assert listing.urls == ("https://a.example/",)
    assert f"{MOST_NESTED} levels deep" in listing.damage


HOSTILE = {
    "entities": b"&nbsp;",
    "ampersands": b"<x>&</x>",
    "elements": b"<x/>",
    "brackets": b"<",
    "ends": b"</a>",
    "ends-after-elements": b"<a/></b>",
    "namespaces": b'<m:a xmlns:n="q"/>',
    "cdata": b"<![CDATA[",
    "empty-cdata": b"<![CDATA[]]>",
    "comments": b"<!--",
    "tags-in-tags": b"<br",
    "instructions": b"<?",
    "entries": b"<item>",
    "links": b"<item><link>",
    "bases": b"<a xml:base='x/'>",
    "enclosures": b"<enclosure url='http://x'/>",
    "attributes": b" a='1'",
    "quotes": b"<a b='",
    "document-types": b"<!DOCTYPE a [",
}
FRONTS = {"within-an-entry": b"<rss><channel><item><a ", "first": b"<", "in-a-document-type": b"<!DOCTYPE rss ["}


@pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_hostile_listings_cost_bounded_time_and_memory(front: bytes, piece: bytes) -> None:
    """Measured: 0.7 s at most for these 2 MB; what is quadratic takes minutes."""
    body = front + b">" + piece * (2_000_000 // len(piece))
    listing = find_listing(body, URL, "application/xml", 10)
    assert least_s(lambda: find_listing(body, URL, "application/xml", 10), 5) < 5
    assert listing is None or not listing.urls


@pytest.mark.parametrize("name", ["brackets", "ends", "cdata", "empty-cdata", "namespaces", "bases", "enclosures"])
def test_hostile_listings_cost_bounded_memory(name: str, tmp_path: Path) -> None:
    """Measured for 20 MB each: 90 MB at most, of which mending takes 40."""
    body = b"<rss><item>" + HOSTILE[name] * (15_000_000 // len(HOSTILE[name]))
    assert peak_growth(body, tmp_path) < 100 << 20


def test_one_tag_of_many_attributes_is_not_given_to_the_parser(tmp_path: Path) -> None:
    """It would take 300 MB."""
    tag = b"<item " + b" ".join(b'a%d="1"' % number for number in range(700_000)) + b"/>"
    assert peak_growth(b"<rss>" + tag, tmp_path) < 30 << 20
    body = b"<rss><item><link>https://a.example/</link></item>\n<item " + b"a='1' " * 200_000 + b"/></rss>"
    listing = find_listing(body, URL, "", 10)
    assert listing is not None
    assert listing.urls == ("https://a.example/",)
    assert "line 2: more than" in listing.damage


def test_a_gzip_bomb_is_stopped() -> None:
    bomb = gzip.compress(b"<rss>" + b" " * (LISTING_BYTES + 1))
    with pytest.raises(Unusable) as refused:
        find_listing(bomb, URL, "application/gzip", 10)
    assert refused.value.reason == DropReason.BODY_TOO_BIG


def test_a_gzip_file_of_very_many_members_is_refused() -> None:
    with pytest.raises(Unusable) as refused:
        find_listing(gzip.compress(sitemap(1)) + gzip.compress(b"") * 20_000, URL, "application/gzip", 10)
    assert refused.value.reason == DropReason.ENCODING_CHAIN


def test_a_listing_that_is_too_long_is_refused() -> None:
    with pytest.raises(Unusable) as refused:
        find_listing(b"<rss>".ljust(LISTING_BYTES + 1), URL, "", 10)
    assert refused.value.reason == DropReason.BODY_TOO_BIG


def test_gzip_in_gzip_is_not_unpacked_twice() -> None:
    with pytest.raises(Unusable) as refused:
        find_listing(gzip.compress(gzip.compress(sitemap(1))), URL, "application/gzip", 10)
    assert refused.value.reason == DropReason.TYPE_BINARY


def test_a_torn_gzip_file_gives_what_is_before_the_tear() -> None:
    packed = gzip.compress(sitemap(5000))
    listing = find_listing(packed[: len(packed) // 2], URL, "application/gzip", 5000)
    assert listing is not None
    assert 1000 < len(listing.urls) < 4000
    assert "gzip: " in listing.damage
    assert "Premature end" in listing.damage


def test_a_torn_gzip_file_that_shows_no_listing_is_refused() -> None:
    with pytest.raises(Unusable) as refused:
        find_listing(gzip.compress(b"The council met. " * 9)[:-9], URL, "application/gzip", 10)
    assert refused.value.reason in {DropReason.BODY_TRUNCATED, DropReason.ENCODING_CORRUPT}


def test_a_long_listing_must_be_utf8() -> None:
    body = b"<rss><channel><title>caf\xe9</title>" + b" " * LEGACY_BYTES
    with pytest.raises(Unusable) as refused:
        find_listing(body, URL, "", 10)
    assert refused.value.reason == DropReason.BODY_TOO_BIG


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(Unusable) as refused:
        find_listing(b"%PDF-1.7 \xff and so on", URL, "application/pdf", 10)
    assert refused.value.reason == DropReason.TYPE_BINARY


SNIPPETS = (
    "<rss>|<channel>|<item>|</item>|<link>|</link>|<link href='a'/>|<guid>|</guid>|https://a.example/|<urlset>|<url>|<loc>|</loc>"
    "|<feed>|<entry>|</entry>|<![CDATA[|]]>|<!--|-->|&|&nbsp;|&amp;|<?xml|?>|<!DOCTYPE|[|]|>|<|'|\"|\n|\0|\x0b|é|xml:base='|<html>|\ufeff"
).split("|")
soups = st.lists(st.sampled_from(SNIPPETS), max_size=40).map("".join)
encodings = st.sampled_from(["utf-8", "utf-16", "utf-16-le", "latin-1"])
media_types = st.sampled_from(["application/xml", "text/html", "text/plain", ""])


def must_be_listing_page_or_reason(body: bytes, media_type: str) -> None:
    try:
        listing = find_listing(body, URL, media_type, 5, "utf-8")
        find_announced(body, URL)
    except Unusable as refused:
        assert refused.detail  # noqa: PT017  (both ends are right)
        return
    if listing is not None:
        assert len(listing.urls) <= 5
        assert len(set(listing.urls)) == len(listing.urls)
        assert all(listing.urls)
        "".join(listing.urls).encode()


@given(st.binary(max_size=300), media_types)
@example(b"\x1f\x8b", "")
@example(b"<rss>\xff", "")
def test_any_bytes(body: bytes, media_type: str) -> None:
    must_be_listing_page_or_reason(body, media_type)


@given(soups, encodings, media_types)
@settings(max_examples=300)
def test_any_soup_of_tags(soup: str, encoding: str, media_type: str) -> None:
    must_be_listing_page_or_reason(soup.encode(encoding, "ignore"), media_type)
    must_be_listing_page_or_reason(("<rss><channel>" + soup).encode(encoding, "ignore"), media_type)


@given(st.lists(st.from_regex(r"https://[a-z]{1,9}\.example/[a-zé0-9/?=&;'<>%#-]{0,20}", fullmatch=True), unique=True))
def test_what_is_written_is_read(urls: list[str]) -> None:
    escaped = [url.replace("&", "&amp;").replace("<", "&lt;") for url in urls]
    rss = "".join(f"<item><link>{url}</link></item>" for url in escaped)
    entries = "".join(f"<url><loc>{url}</loc></url>" for url in escaped)
    for kind, body in (
        (ListingKind.FEED, f"<rss><channel>{rss}</channel></rss>"),
        (ListingKind.SITEMAP, f"<urlset>{entries}</urlset>"),
    ):
        assert find_listing(body.encode(), URL, "", 1000) == Listing(kind, tuple(urls))
