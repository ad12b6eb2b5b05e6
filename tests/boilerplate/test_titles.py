"""Which title is the article's: site and section leave it, confirmed headings win, variants for social media lose."""

import pytest

from tasks.boilerplate.metadata import Metadata, read_page_metadata
from tasks.boilerplate.page_tree import parse_page
from tasks.boilerplate.titles import SiteNames, clean_title, says_same, strip_site


def read(html: str) -> Metadata:
    tree = parse_page(html)
    assert tree is not None
    return read_page_metadata(tree, "https://times.example.org/a")


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
    ("title", "expected"),
    [
        ("Snow closes the pass | Weather | Example Times", "Snow closes the pass"),
        ("Snow closes the pass » Example Times", "Snow closes the pass"),
        ("Snow closes the pass · The Example Times", "Snow closes the pass"),
        ("Snow closes the pass - ExampleTimes.com", "Snow closes the pass"),
        ("Example Times: Snow closes the pass", "Snow closes the pass"),
        ("Opinion: let it snow | Example Times", "Opinion: let it snow"),
        ("Snow — and only snow — closes it", "Snow — and only snow — closes it"),
        ("Example Times", "Example Times"),
    ],
)
def test_site_and_section_leave_the_title_at_any_joint(title: str, expected: str) -> None:
    assert strip_site(title, SiteNames(("Example Times", "exampletimes.com"), ("Weather",))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Salt &amp;amp; pepper", "Salt & pepper"), ("A <em>new</em>  bridge", "A new bridge"), ("1 < 2", "1 < 2")],
)
def test_a_title_has_no_markup(text: str, expected: str) -> None:
    assert clean_title(text) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Snow closes the pass", "SNOW CLOSES THE PASS!", True),
        ("Snow closes the high pass in the north", "Snow closes the high pass in…", True),
        ("Snow closes the pass", "Cracks close the bridge", False),
        ("旧桥因裂缝封闭", "旧桥因裂缝封闭_河边网", True),
        ("", "", False),
    ],
)
def test_titles_that_say_the_same(one: str, other: str, *, expected: bool) -> None:
    assert says_same(one, other) is expected


HEAD = (
    '<title>Dam inspectors report leaks | Example Times</title><meta property="og:site_name" content="Example Times">'
)


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (HEAD, "<h1>Dam inspectors report leaks</h1>", "Dam inspectors report leaks"),
        (HEAD, "<h1>Example Times</h1><h2>Dam inspectors report leaks</h2>", "Dam inspectors report leaks"),
        (HEAD, "<h1>More stories</h1>", "Dam inspectors report leaks"),
        (HEAD, "<h1>Leaks at the dam, inspectors say</h1>", "Leaks at the dam, inspectors say"),
        (HEAD, "<h1><span>Water</span> Dam inspectors report leaks</h1>", "Dam inspectors report leaks"),
        (
            HEAD + '<meta property="og:title" content="You won’t believe this dam">',
            "<h1>Dam inspectors report leaks</h1>",
            "Dam inspectors report leaks",
        ),
        ("", "<h1>Only a heading</h1>", "Only a heading"),
        ("", "<p>No title at all.</p>", None),
    ],
)
def test_title_of_a_page(head: str, body: str, expected: str | None) -> None:
    assert read(f"<html><head>{head}</head><body>{body}<p>The dam is old.</p></body></html>").title == expected


def test_agreement_raises_and_disagreement_lowers_the_confidence() -> None:
    def confidence(og_title: str) -> float:
        page = f'<title>Dam leaks at two places</title><meta property="og:title" content="{og_title}">'
        sources = read(f"<html><head>{page}</head><body><h1>Dam leaks at two places</h1></body></html>").sources
        source = next(source for source in sources if source.field == "title")
        assert ("og:title" in source.disagreeing) == (og_title != "Dam leaks at two places")
        return source.confidence

    assert confidence("Dam leaks at two places") > confidence("You won’t believe this")
