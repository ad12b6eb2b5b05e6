"""Articles of HTML pages: what is kept, what is listed as removed, and what no page may do."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.boilerplate.main_content import extract_article
from tasks.boilerplate.records import Article
from tasks.outcome import Dropped, DropReason, Kept
from tests.cpu_time import least_s

PARAGRAPHS = [
    "The old bridge over the Aller was closed to all traffic on Monday after engineers found cracks in two piers.",
    "Repairs will take until spring, the district council said, and ferries will carry passengers in the meantime.",
    "“We could not wait any longer,” said the head of the roads department. “The frost would have done the rest.”",
    "Some 9,000 cars used the bridge every day before it was closed; the nearest crossing is 30 kilometres away.",
]
BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
PAGE = f"""<!doctype html><html lang="en"><head><title>Cracks close the bridge | Example Times</title>
<meta property="og:site_name" content="Example Times"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/w">Weather</a></li></ul></nav>
<article><h1>Cracks close the bridge</h1><div class="tools"><span>Share this article</span></div>{BODY}
<figure><img src="b.jpg"><figcaption>The bridge last summer</figcaption></figure>
<p>Read more: Ferries return to the river</p></article>
<aside><h3>Most read</h3><a href="/f">Five walks for a Sunday</a></aside>
<footer><p>© 2031 Example Times. All rights reserved.</p></footer></body></html>"""


def article_of(page: bytes | str, url: str | None = None) -> Article:
    outcome = extract_article(page, url)
    assert isinstance(outcome, Kept), outcome
    return outcome.value


def drop_of(page: bytes | str) -> Dropped:
    outcome = extract_article(page)
    assert isinstance(outcome, Dropped), outcome
    return outcome


def test_text_is_the_paragraphs_one_on_each_line() -> None:
    assert article_of(PAGE).text.split("\n") == PARAGRAPHS


def test_title_is_not_part_of_the_text() -> None:
    article = article_of(PAGE)
    assert article.title == "Cracks close the bridge"
    assert article.title not in article.text


def test_every_other_visible_line_is_removed_with_its_label() -> None:
    removed = {line.text: line.label for line in article_of(PAGE).removed}
    assert removed == {
        "Home": "navigation",
        "Weather": "navigation",
        "Share this article": "share-bar",
        "The bridge last summer": "caption",
        "Read more: Ferries return to the river": "related-link",
        "Most read": "aside",
        "Five walks for a Sunday": "aside",
        "© 2031 Example Times. All rights reserved.": "page-footer",
    }


def test_removed_lines_are_numbered_in_the_text_of_the_page() -> None:
    numbers = [line.line_no for line in article_of(PAGE).removed]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1


def test_scripts_and_styles_are_no_text() -> None:
    article = article_of(PAGE.replace("<nav>", "<script>var secret = 1</script><style>p {}</style><nav>"))
    assert "secret" not in article.text
    assert not [line for line in article.removed if "secret" in line.text or "{}" in line.text]


def test_dateline_leaves_the_text_and_stays_on_record() -> None:
    article = article_of(PAGE.replace("<p>The old", "<p>AHLDEN (Reuters) – The old"))
    assert article.text.split("\n") == PARAGRAPHS
    assert (article.dateline, article.agency) == ("AHLDEN (Reuters)", "Reuters")
    assert [line.text for line in article.removed if line.label == "dateline"] == ["AHLDEN (Reuters) – "]


def test_lists_quotations_and_subheadings_stay() -> None:
    inset = "<h2>What to do now</h2><ul><li>Take the ferry at Rethem</li><li>Leave an hour earlier</li></ul>"
    quoted = "<blockquote><p>Nobody remembers a closure like this one, and I am ninety.</p></blockquote>"
    text = article_of(PAGE.replace("<p>Some 9,000", f"{inset}{quoted}<p>Some 9,000")).text
    for kept in ("What to do now", "Take the ferry at Rethem", "Leave an hour earlier", "Nobody remembers a closure"):
        assert kept in text


def test_bytes_are_decoded() -> None:
    page = PAGE.replace("</p>", " Déjà vu à Ahlden.</p>", 1).replace("“", '"').replace("”", '"').replace("©", "(c)")
    assert "Déjà vu à Ahlden." in article_of(page.encode("windows-1252")).text


def test_language_and_score() -> None:
    article = article_of(PAGE)
    assert article.lang == "en"
    assert article.lang_confidence > 0.9
    assert 0.1 < article.boilerplate_score < 0.5


@pytest.mark.parametrize(
    ("page", "reason", "seen"),
    [
        ("", DropReason.NO_MAIN_CONTENT, "no element in 0 characters"),
        ("  \n ", DropReason.NO_MAIN_CONTENT, "no element"),
        ("<!-- only a comment -->", DropReason.NO_MAIN_CONTENT, "no element"),
        ("<html><body><script>start()</script></body></html>", DropReason.NO_MAIN_CONTENT, "no visible text"),
        ("<html><body><p>Soon.</p></body></html>", DropReason.NO_MAIN_CONTENT, "5 characters of text on 1 lines"),
        (
            f"<html><body>{'<a href=x>Front page</a> ' * 40}</body></html>",
            DropReason.NO_MAIN_CONTENT,
            "of them in links",
        ),
        (bytes(range(32)) * 20, DropReason.TYPE_BINARY, ""),
    ],
    ids=["empty", "blank", "comment", "script", "short", "links", "binary"],
)
def test_a_page_without_article_says_what_was_seen(page: bytes | str, reason: DropReason, seen: str) -> None:
    dropped = drop_of(page)
    assert dropped.reason is reason
    assert seen in dropped.detail


SLOW_S = 5.0


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 2000 + BODY + "</div>" * 2000,
        "<div>" * 300 + BODY + "</div>" * 300,
        "<p>" + "<b>" * 2000 + "word " * 100 + "</b>" * 2000 + "</p>",
        f"<html><body>\0{BODY}\0\0</body></html>",
        f"<html><body><div data-x='{'x' * 3_000_000}'>{BODY}</div></body></html>",
        f"<html><body>{'<p>' + 'word ' * 100_000}</body></html>",
        f"<html><body>{BODY}{'<a><b><table><tr>' * 500}</body></html>",
        '<?xml version="1.0" encoding="utf-16"?><html><body>' + BODY,
        f"<html><body>\ud800{BODY}</body></html>",
        f"<html><body>&#8;&#x1F;&#xfdd0;&#xffff;&#99999999999;&#xd800;{BODY}</body></html>",
        f"<html><body>\ufdd0\ufdd1\ufdd7{BODY}</body></html>",
        f'<script type="application/ld+json">{{"@type":"NewsArticle","author":[{{}}],"headline":7}}</script>{BODY}',
        f'<script type="application/ld+json">{"[" * 5000}</script>{BODY}',
    ],
    ids=["deep", "deeper-than-parser", "deep-inline", "nul", "attribute", "one-line", "broken", "xml", "surrogate",
         "references", "noncharacters", "odd-json", "deep-json"],
)  # fmt: skip
def test_hostile_page_ends_in_an_outcome_soon(page: str) -> None:
    outcome = extract_article(page, "http://[no-address")
    assert isinstance(outcome, Kept | Dropped)
    assert least_s(lambda: extract_article(page, "http://[no-address"), SLOW_S) < SLOW_S
    if isinstance(outcome, Kept):
        outcome.value.text.encode("utf-8")
        assert not any("\ufdd0" <= letter <= "\ufdef" for line in outcome.value.removed for letter in line.text)


TAGS = st.sampled_from(["p", "div", "a", "ul", "li", "b", "table", "tr", "td", "nav", "h1", "blockquote", "br", "form"])
WORDS = st.one_of(
    st.sampled_from([*PARAGRAPHS, "Share", "Home", "&amp;", "&#0;", "&#x8;", "\x1f", "<!--", "<"]), st.text(max_size=20)
)
PIECES = st.tuples(TAGS, WORDS, st.booleans()).map(
    lambda piece: f"<{piece[0]}>{piece[1]}" + (f"</{piece[0]}>" if piece[2] else "")
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_markup_ends_in_an_outcome_and_loses_no_line(page: str) -> None:
    outcome = extract_article(page)
    if isinstance(outcome, Dropped):
        assert outcome.reason is DropReason.NO_MAIN_CONTENT
        assert outcome.detail
        return
    article = outcome.value
    everything = "\n".join([article.text, article.title or "", *(line.text for line in article.removed)])
    for text in PARAGRAPHS:
        if text in page and "<!--" not in page:
            assert text in everything


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_anything_ends_in_an_outcome(page: bytes | str) -> None:
    assert isinstance(extract_article(page), Kept | Dropped)
