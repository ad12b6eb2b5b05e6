"""Titles, bylines, dates and addresses, from pages and from labelled text."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html

from tasks.boilerplate.metadata import Metadata, read_page_metadata, read_text_metadata
from tasks.boilerplate.plain_text import label_lines

CASES = Path(__file__).parents[1] / "cases" / "boilerplate"
PROSE = "The old bridge over the river was closed to all traffic on Monday, and the ferry was full."


def metadata_of(head: str, body: str = "", url: str | None = None) -> Metadata:
    return read_page_metadata(
        html.document_fromstring(f"<html><head>{head}</head><body>{body}<p>x</p></body></html>"), url
    )


def json_ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(fields)}</script>'


def test_json_ld_is_read_first() -> None:
    metadata = metadata_of(
        json_ld(
            **{
                "@context": "https://schema.org",
                "@graph": [
                    {"@type": "WebSite", "name": "Example Times", "author": {"name": "Wrong Person"}},
                    {
                        "@type": "NewsArticle",
                        "headline": "Cracks close the bridge",
                        "author": [{"@type": "Person", "name": "Ida Brandt"}, {"@type": "Person", "name": "Jon Moe"}],
                        "publisher": {"@type": "Organization", "name": "Example Times"},
                        "datePublished": "2031-05-04T10:00:00+02:00",
                        "url": "https://times.example.org/bridge",
                    },
                ],
            }
        )
        + '<meta name="author" content="Other Person"><meta property="og:title" content="Other title">'
    )
    assert replace(metadata, sources=()) == Metadata(
        title="Cracks close the bridge",
        byline="Ida Brandt, Jon Moe",
        publisher="Example Times",
        published_at=datetime(2031, 5, 4, 8, tzinfo=UTC),
        canonical_url="https://times.example.org/bridge",
    )


@pytest.mark.parametrize(
    "script",
    ["{", "", "[]", '"text"', "null", '{"@type": 7}', '{"@type": "NewsArticle", "author": {"name": 3}}', "[" * 9999],
)
def test_broken_json_ld_is_no_evidence(script: str) -> None:
    metadata = metadata_of(f'<script type="application/ld+json">{script}</script><title>A title of its own</title>')
    assert metadata.title == "A title of its own"
    assert metadata.byline is None


def test_the_heading_the_reader_sees_wins_where_the_title_confirms_it() -> None:
    head = "<title>Cracks close the old bridge - Example Times</title>"
    assert (
        metadata_of(head, "<h1>Example Times</h1><h1>Cracks close the old bridge</h1>").title
        == "Cracks close the old bridge"
    )


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<meta property="article:published_time" content="2031-05-04T08:00:00Z">', ""),
        ('<meta itemprop="datePublished" content="2031-05-04T08:00:00Z">', ""),
        ("", '<time datetime="2031-05-04T08:00:00Z">today</time>'),
    ],
)
def test_date_of_publication(head: str, body: str) -> None:
    assert metadata_of(head, body).published_at == datetime(2031, 5, 4, 8, tzinfo=UTC)


def test_no_date_is_invented() -> None:
    assert metadata_of("<title>Cracks close the bridge</title>", f"<p>{PROSE}</p>").published_at is None


@pytest.mark.parametrize(
    ("href", "url", "expected"),
    [
        ("https://a.example.org/x", None, "https://a.example.org/x"),
        ("/x", "https://a.example.org/y?utm=1", "https://a.example.org/x"),
        ("/x", None, None),
        ("javascript:alert(1)", "https://a.example.org/", None),
        ("http://[broken", "https://a.example.org/", None),
    ],
)
def test_canonical_address(href: str, url: str | None, expected: str | None) -> None:
    assert metadata_of(f'<link rel="canonical" href="{href}">', url=url).canonical_url == expected


def test_metadata_of_labelled_text() -> None:
    labelled = label_lines(f"Cracks close the bridge\nBy Ida Brandt\n{PROSE}\n{PROSE.lower()}\nDeutsche Welle")
    metadata = read_text_metadata(labelled)
    assert replace(metadata, sources=()) == Metadata(
        title="Cracks close the bridge", byline="Ida Brandt", publisher="Deutsche Welle"
    )
    assert [(one.field, one.source) for one in metadata.sources] == [
        ("title", "text"),
        ("byline", "text"),
        ("publisher", "text"),
    ]


PAGES = [json.loads(row) for row in (CASES / "metadata_pages.jsonl").read_text("utf-8").splitlines()]
FIELDS = {
    "title": "title", "byline": "byline", "publisher": "publisher", "agency": "agency", "section": "section",
    "lang": "lang", "canonical": "canonical_url", "published": "published_at", "modified": "modified_at",
}  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page["label"])
def test_page_has_the_fields_that_it_states(page: dict[str, str | None]) -> None:
    metadata = read_page_metadata(html.document_fromstring(page["html"]), page.get("url"))
    for name, field in FIELDS.items():
        if name in page:
            value = getattr(metadata, field)
            shown = value.isoformat() if isinstance(value, datetime) else value
            wanted = page[name]
            assert (shown[: len(wanted)] if shown and wanted else shown) == wanted, (
                name
            )  # a date may stand without time
    assert len({source.field for source in metadata.sources}) == len(metadata.sources)
    for source in metadata.sources:
        assert getattr(metadata, source.field) is not None
        assert 0 < source.confidence <= 1
        assert source.stated
