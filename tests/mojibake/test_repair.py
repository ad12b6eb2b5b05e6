"""Scores, edits and documents of the mojibake room."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.boilerplate.records import Article, ExtractedDocument
from tasks.edits import apply, revert
from tasks.fetch.records import Origin, Provenance
from tasks.mojibake.document import mend_document
from tasks.mojibake.repair import repair_text
from tasks.outcome import Kept, StageName

ARTICLE = Article(
    text="The cafÃ© was sold for $ 2 million.\n“We left,”\n\n; Holm said.",
    title="CafÃ© sold",
    byline="JosÃ© Holm",
    publisher="The\xa0Mill",
    dateline=None,
    lang="en",
)


def document(article: Article) -> ExtractedDocument:
    provenance = Provenance(None, datetime(2026, 1, 2, tzinfo=UTC), "text/html", "utf-8", "declared", "0" * 64)
    return ExtractedDocument(Origin("mill.html", None), provenance, article)


def test_a_document_is_repaired_with_its_fields() -> None:
    outcome = mend_document(document(ARTICLE))

    assert isinstance(outcome, Kept)
    mended = outcome.value
    assert mended.text == "The café was sold for $2 million.\n“We left,” Holm said."
    assert (mended.title, mended.byline, mended.publisher, mended.dateline) == (
        "Café sold",
        "José Holm",
        "The Mill",
        None,
    )
    assert mended.article == ARTICLE
    assert apply(ARTICLE.text, mended.edits) == mended.text
    assert revert(mended.text, mended.edits) == ARTICLE.text
    assert {edit.stage for edit in mended.edits} == {StageName.MOJIBAKE}
    assert [(one.field, one.edit.before, one.edit.after) for one in mended.field_edits] == [
        ("title", "Ã©", "é"),
        ("byline", "Ã©", "é"),
        ("publisher", "\xa0", " "),
    ]
    assert 0 < mended.mojibake_score < 0.1


def test_the_language_of_the_article_counts_for_its_fields() -> None:
    article = replace(ARTICLE, text="Il demanda\xa0: pourquoi\xa0?", title="Pourquoi\xa0?", publisher=None, lang="fr")
    mended = mend_document(document(article)).value

    assert mended.text is article.text
    assert mended.title == "Pourquoi\xa0?"


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("", 0.0),
        ("all is well", 0.0),
        ("$ 5 for the mill", 0.0),
        ("abÃ©", 0.5),
        ("ab\ufffd\ufffd", 0.5),
        ("vilk\x8c", 0.2),
        ("Ã©", 1.0),
    ],
)
def test_the_score_is_the_share_of_characters_that_looked_broken(text: str, score: float) -> None:
    assert repair_text(text).score == score


def test_an_edit_spans_only_what_changed() -> None:
    edits = repair_text("Das ist schÃ¶n und sehr groÃŸ.").edits

    assert [(edit.start, edit.before, edit.after) for edit in edits] == [(11, "Ã¶", "ö"), (27, "ÃŸ", "ß")]
    assert {edit.evidence for edit in edits} == {"sloppy-windows-1252 > utf-8"}
    assert all(0 < edit.confidence <= 1 for edit in edits)
