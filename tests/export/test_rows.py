"""One document's rows: offsets into the extracted text, replay and revert, and what is refused."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.boilerplate.records import Removed
from tasks.edits import Edit, apply, revert
from tasks.export.records import EditRow, MetadataEdit
from tasks.export.rows import Stamp, document_rows, host_of, metadata_edits, read_time, text_edits
from tasks.mojibake.records import FieldEdit
from tasks.outcome import Fatal
from tasks.spinner.records import UnspunDocument
from tasks.stories.records import Membership
from tests.export.corpus import LIT, PAID, PRICE, STORY, WATCHED, Page, change, unspun_document

STAMP = Stamp("one", "0.1.0")
FULL = Page(
    "https://News.example/pier",
    mended_by=(PRICE,),
    unspun_by=(WATCHED,),
    suggestions=(LIT, PAID),
    title="Gull  Point is illuminated again",
    title_mended_by=(Edit(4, 6, "  ", " ", "mojibake/double-space"),),
    title_unspun_by=(change("Gull Point is illuminated again", "illuminated", "lit", "spinner/lit"),),
    removed=(Removed(7, "Share this page", "share-bar", "boilerplate/share", 0.8),),
)


def edit_of(row: EditRow | MetadataEdit) -> Edit:
    return Edit(row.start, row.end, row.before, row.after, row.rule)


def test_edits_count_in_the_extracted_text() -> None:
    rows = text_edits(unspun_document(FULL))
    assert [(row.stage, row.before, row.after, row.applied) for row in rows] == [
        ("mojibake", "$ 40", "$40", True),
        ("spinner", "watched", "looked on", True),
        ("spinner", "lit", "kindled", False),
        ("spinner", "$ 40", "forty dollars", False),
    ]
    assert all(STORY[row.start : row.end] == row.before for row in rows)


def test_the_article_counts_its_applied_edits() -> None:
    article = document_rows(unspun_document(FULL), None, STAMP).article
    assert article.n_edits == 2
    assert article.n_words == len(article.text.split()) == 28
    assert article.text_extracted == STORY
    assert article.content_sha256 == hashlib.sha256(STORY.encode()).hexdigest()


def test_metadata_edits_count_in_the_extracted_field() -> None:
    document = unspun_document(FULL)
    rows = metadata_edits(document)
    assert [(row.field, row.before, row.after) for row in rows] == [
        ("title", "  ", " "),
        ("title", "illuminated", "lit"),
    ]
    edits = [edit_of(row) for row in rows]
    assert FULL.title is not None
    assert apply(FULL.title, edits) == document.title == "Gull Point is lit again"
    assert revert(document.title or "", edits) == FULL.title


def test_groups_are_null_only_where_the_stories_stage_failed() -> None:
    document = unspun_document(FULL)
    membership = Membership(FULL.article_id, "copies", "story")
    grouped = document_rows(document, membership, STAMP).article
    alone = document_rows(document, None, STAMP).article
    assert (grouped.copy_cluster_id, grouped.story_id) == ("copies", "story")
    assert (alone.copy_cluster_id, alone.story_id) == (None, None)


LETTERS = st.text("ab$ \n’é😀", max_size=30)


@st.composite
def edits_on(draw: st.DrawFn, text: str, stage: str) -> tuple[Edit, ...]:
    """Draw a sorted list of edits without overlap against `text`."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    spans = dict(zip(cuts[::2], cuts[1::2], strict=False))
    return tuple(
        Edit(start, end, text[start:end], draw(LETTERS), f"{stage}/{start}") for start, end in sorted(spans.items())
    )


@st.composite
def documents(draw: st.DrawFn) -> UnspunDocument:
    text = draw(LETTERS)
    mended_by = draw(edits_on(text, "mojibake"))
    mended = apply(text, mended_by)
    title = draw(LETTERS)
    title_by = draw(edits_on(title, "mojibake"))
    return unspun_document(
        Page(
            "x.html",
            text=text,
            mended_by=mended_by,
            unspun_by=draw(edits_on(mended, "spinner")),
            suggestions=draw(edits_on(mended, "spinner")),
            title=title,
            title_mended_by=title_by,
            title_unspun_by=draw(edits_on(apply(title, title_by), "spinner")),
        )
    )


@given(documents())
def test_replaying_the_sorted_edits_gives_the_text_and_undoing_them_the_extracted_one(document: UnspunDocument) -> None:
    rows = document_rows(document, None, STAMP)
    applied = sorted((row for row in rows.edits if row.applied), key=lambda row: (row.start, row.end))
    edits = [edit_of(row) for row in applied]
    assert apply(rows.article.text_extracted, edits) == rows.article.text == document.text
    assert revert(rows.article.text, edits) == document.mended.article.text
    for suggestion in (row for row in rows.edits if not row.applied):
        assert rows.article.text_extracted[suggestion.start : suggestion.end] == suggestion.before


BROKEN = {
    "the text has another length": lambda document: replace(document, text=document.text + "!"),
    "an edit that does not fit": lambda document: replace(document, edits=(Edit(0, 3, "Tha", "The", "spinner/x"),)),
    "a change nobody wrote down": lambda document: replace(document, title="Something else"),
    "an edit to a field without a column": lambda document: replace(
        document, field_edits=(FieldEdit("agency", Edit(0, 0, "", "x", "spinner/x")),)
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_trail_is_refused_by_name(fault: str) -> None:
    with pytest.raises(Fatal, match=r"https://News\.example/pier .* Nothing was published"):
        document_rows(BROKEN[fault](unspun_document(FULL)), None, STAMP)


@pytest.mark.parametrize(
    ("addresses", "host"),
    [
        (("https://Final.example/a", "https://first.example/a"), "final.example"),
        ((None, "http://first.example:8080/a"), "first.example"),
        (("https://[half/", "https://first.example/"), "first.example"),
        (("https://user:secret@news.example/",), "news.example"),
        (("inbox/page.html",), None),
        ((None, None), None),
    ],
)
def test_host_of(addresses: tuple[str | None, ...], host: str | None) -> None:
    assert host_of(addresses) == host


def test_a_time_without_a_zone_is_in_utc() -> None:
    assert read_time("2026-03-04T05:06:07") == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert read_time("2026-03-04T06:06:07+01:00") == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
