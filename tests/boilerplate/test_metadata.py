"""Titles, bylines, dates and addresses, from pages and from labelled text."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from tasks.boilerplate.bylines import read_bylines
from tasks.boilerplate.dateline import find_dateline, match_dateline
from tasks.boilerplate.dates import read_moment
from tasks.boilerplate.metadata import Metadata, read_page_metadata, read_text_metadata
from tasks.boilerplate.plain_text import label_lines
from tasks.boilerplate.titles import SiteNames, strip_site

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
    ("title", "publisher", "expected"),
    [
        ("Snow closes the pass | Example Times", "Example Times", "Snow closes the pass"),
        ("Example Times – Snow closes the pass", "Example Times", "Snow closes the pass"),
        ("Snow - and more snow - closes the pass | Times", "Example Times", "Snow - and more snow - closes the pass"),
        ("Snow closes the pass | Analysis", "Example Times", "Snow closes the pass | Analysis"),
        ("Snow closes the pass", None, "Snow closes the pass"),
    ],
)
def test_site_leaves_the_title(title: str, publisher: str | None, expected: str) -> None:
    assert strip_site(title, SiteNames((publisher,) if publisher else (), ())) == expected


@pytest.mark.parametrize(
    ("text", "people", "agency", "house"),
    [
        ("By Ida Brandt", ("Ida Brandt",), None, None),
        ("Von Ida Brandt und Jon Moe", ("Ida Brandt", "Jon Moe"), None, None),
        ("By IDA BRANDT, Associated Press", ("Ida Brandt",), "AP", None),
        ("By Euronews with AP", (), "AP", "Euronews"),
        ("Reuters", (), "Reuters", None),
        ("By Ludwig van Buren and Maria de la Cruz", ("Ludwig van Buren", "Maria de la Cruz"), None, None),
        ("Par Élodie Dupont avec AFP", ("Élodie Dupont",), "AFP", None),
        ("Автор: Мария Петрова", ("Мария Петрова",), None, None),
        ("By Ida Brandt ibrandt@example.org", ("Ida Brandt",), None, None),
        ("By Staff Reporter", (), None, None),
        ("Example News Desk", (), None, None),
        ("https://example.org/authors/9", (), None, None),
        ("admin", (), None, None),
        ("By the time the council met on Monday, the bridge had been closed for days", (), None, None),
        ("By Monday", (), None, None),
    ],
)
def test_bylines_name_people_only(text: str, people: tuple[str, ...], agency: str | None, house: str | None) -> None:
    credited = read_bylines([text])
    assert (credited.people, credited.agency, credited.house) == (people, agency, house)


@given(st.text(max_size=200))
def test_any_text_can_stand_where_a_byline_stands(text: str) -> None:
    assert all(person.strip() for person in read_bylines([text]).people)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2031-05-04", "2031-05-04T00:00:00+00:00"),
        ("2031-05-04T10:00:00Z", "2031-05-04T10:00:00+00:00"),
        ("2031-05-04T10:00:00.123+0200", "2031-05-04T08:00:00.123000+00:00"),
        ("2031-05-04 10:00", "2031-05-04T10:00:00+00:00"),
    ],
)
def test_moments_are_utc(text: str, expected: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert moment.instant.isoformat() == expected


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00:00Z", "2031-13-40", "04/05/2031"])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert read_moment(text) is None


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


@pytest.mark.parametrize(
    ("paragraph", "dateline", "agency"),
    [
        ("OSLO (Reuters) – Snow fell.", "OSLO (Reuters)", "Reuters"),
        ("OSLO, Norway (AP) — Snow fell.", "OSLO, Norway (AP)", "AP"),
        ("Bergen (dpa) - Schnee fiel.", "Bergen (dpa)", "dpa"),
        ("BERGEN, 20 nov (AFP) - La neige.", "BERGEN, 20 nov (AFP)", "AFP"),
        ("OSLO, November 20. /TASS/. Snow fell.", "OSLO, November 20. /TASS/", "TASS"),
        ("OSLO (Northern Wire) – Snow fell.", "OSLO (Northern Wire)", "Northern Wire"),
        ("LONGYEARBYEN — Snow fell.", "LONGYEARBYEN", None),
    ],
)
def test_datelines(paragraph: str, dateline: str, agency: str | None) -> None:
    found = match_dateline(paragraph)
    assert found is not None
    assert (found.text, found.agency) == (dateline, agency)
    assert paragraph.startswith(found.prefix)


@pytest.mark.parametrize(
    "paragraph",
    [
        "Smith (Labour) – who else – voted against it.",
        "SMITH (Labour) – who else – voted against it.",
        "WHO (World Health Organization) – The agency met.",
        "Bergen (Northern Wire) – Snow fell.",
        "BREAKING — Snow fell.",
        "NATO — the alliance — met.",
        "He told the agency (AFP) - and only it - so.",
        "Snow fell on Monday.",
        "",
    ],
)
def test_what_is_no_dateline_stays(paragraph: str) -> None:
    assert match_dateline(paragraph) is None


def test_dateline_below_a_standfirst() -> None:
    found = find_dateline(["A night of snow.", "OSLO (AP) — Snow fell."])
    assert found is not None
    assert found.paragraph == 1
