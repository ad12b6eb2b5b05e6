"""A raw document through the room: both kinds of markup, languages, and the ends without an article."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.boilerplate.document import extract_document, read_article
from tasks.boilerplate.language import detect_language
from tasks.boilerplate.plain_text import label_lines
from tasks.fetch.records import Markup, Origin, Provenance, RawDocument
from tasks.outcome import Dropped, DropReason, Kept

PROSE = "The old bridge over the river was closed to all traffic on Monday, and the ferry was full."
TEXT = f"""Cracks close the bridge

By Ida Brandt

Share this article

OSLO (AP) — {PROSE}

{PROSE.replace("bridge", "road")}

Advertisement"""


def raw(text: str, markup: Markup) -> RawDocument:
    provenance = Provenance("https://example.org/a", datetime(2031, 5, 4, tzinfo=UTC), "text/plain", "utf-8", "", "00")
    return RawDocument(Origin("a.txt", None), provenance, markup, text)


def test_plain_text_becomes_an_article() -> None:
    outcome = extract_document(raw(TEXT, Markup.PLAIN))
    assert isinstance(outcome, Kept)
    article = outcome.value.article
    assert article.text == f"{PROSE}\n{PROSE.replace('bridge', 'road')}"
    assert (article.title, article.byline, article.agency) == ("Cracks close the bridge", "Ida Brandt", "AP")
    assert (article.dateline, article.lang) == ("OSLO (AP)", "en")
    assert [(line.line_no, line.text, line.label) for line in article.removed] == [
        (3, "By Ida Brandt", "byline"),
        (5, "Share this article", "share-bar"),
        (7, "OSLO (AP) — ", "dateline"),
        (11, "Advertisement", "advertisement"),
    ]
    assert 0 < article.boilerplate_score < 0.5


def test_html_becomes_an_article_with_its_address_resolved() -> None:
    page = (
        f'<html><head><link rel="canonical" href="/b"></head><body><p>{PROSE}</p><p>{PROSE.lower()}</p></body></html>'
    )
    outcome = extract_document(raw(page, Markup.HTML))
    assert isinstance(outcome, Kept)
    assert outcome.value.article.canonical_url == "https://example.org/b"
    assert outcome.value.article.text.startswith(PROSE)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "no text in 0 characters"),
        (" \n\n ", "no text in 4 characters"),
        ("Share this article\nAdvertisement", "none of 2 lines is body; they are advertisement, share-bar"),
    ],
)
def test_text_without_body_says_what_was_seen(text: str, seen: str) -> None:
    outcome = extract_document(raw(text, Markup.PLAIN))
    assert outcome == Dropped(DropReason.NO_MAIN_CONTENT, seen)


@given(
    st.lists(st.one_of(st.text(max_size=60), st.sampled_from([PROSE, "Share", f"OSLO (AP) — {PROSE}"]))).map("\n".join)
)
def test_every_line_of_a_text_is_kept_or_on_record(text: str) -> None:
    outcome = read_article(text)
    if isinstance(outcome, Dropped):
        assert not any(line.label == "body" for line in label_lines(text))
        return
    article = outcome.value
    on_record = {line.text.strip() for line in article.removed}
    for line in text.split("\n"):
        if line.strip():
            in_text = line.strip() in article.text or line.strip().endswith(tuple(article.text.split("\n")))
            assert in_text or line.strip() in on_record or " ".join(line.split()) == article.title


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        (PROSE, "en"),
        ("Die alte Brücke ist seit Montag für den gesamten Verkehr gesperrt, und die Fähre war voll.", "de"),
        ("Le vieux pont est fermé à toute circulation depuis lundi et le bac était plein.", "fr"),
        ("El viejo puente está cerrado al tráfico desde el lunes y el transbordador iba lleno.", "es"),
        ("Старый мост закрыт для движения с понедельника, и паром был полон.", "ru"),
        ("这座老桥自周一起禁止所有车辆通行，因为工程师在两个桥墩上发现了裂缝。", "zh"),
    ],
)
def test_language(text: str, lang: str) -> None:
    found, confidence = detect_language(text)
    assert found == lang
    assert 0.5 < confidence <= 1


@pytest.mark.parametrize("text", ["", "OK", "12 34 56 78 90 " * 20, "--- *** ---"])
def test_too_little_text_has_no_language(text: str) -> None:
    assert detect_language(text) == (None, 0.0)


@given(st.text(max_size=300))
def test_language_of_any_text(text: str) -> None:
    lang, confidence = detect_language(text)
    assert 0 <= confidence <= 1
    assert lang is not None or confidence == 0
