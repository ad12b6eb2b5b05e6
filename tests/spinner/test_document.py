"""One document through the stage: its text, its title, and its language."""

from dataclasses import replace

import pytest

from tasks.boilerplate.records import Article
from tasks.edits import apply, revert
from tasks.fetch.records import Origin, Provenance
from tasks.mojibake.records import MendedDocument
from tasks.spinner.document import unspin_document
from tasks.spinner.records import UnspunDocument
from tests.spinner.spun_texts import CARRIERS, read_cases

CLEAN = read_cases("negative")[0]["text"]
TITLE = "Town buys canine keeping in mind the end goal to save cash"


def document(text: str, title: str | None = TITLE, lang: str | None = "en") -> MendedDocument:
    """A document as the mojibake room gives it."""
    return MendedDocument(
        origin=Origin("files/one.html", url=None),
        provenance=Provenance(
            final_url=None,
            fetched_at=None,
            media_type="text/html",
            charset="utf-8",
            charset_evidence="declared",
            raw_sha256="0" * 64,
        ),
        article=Article(text, title=title, lang=lang),
        text=text,
        title=title,
        byline=None,
        publisher=None,
        dateline=None,
        edits=(),
        field_edits=(),
        mojibake_score=0.0,
    )


def unspin(given: MendedDocument) -> UnspunDocument:
    return unspin_document(given).value


def test_text_and_title_of_a_gated_document_are_repaired() -> None:
    given = document(CARRIERS["C"])
    result = unspin(given)
    assert result.spin_family == "C"
    assert result.title == "Town buys dog in order to save money"
    assert apply(given.text, result.edits) == result.text != given.text
    assert revert(result.text, result.edits) == given.text


def test_edits_of_the_title_are_told_as_its_field() -> None:
    result = unspin(document(CARRIERS["C"]))
    assert {change.field for change in result.field_edits} == {"title"}
    edits = [change.edit for change in result.field_edits]
    assert apply(TITLE, edits) == result.title
    assert {edit.rule.split("/")[0] for edit in edits} == {"spinner"}


def test_title_is_repaired_for_the_family_of_its_text() -> None:
    """Family B knows none of the words in this title."""
    result = unspin(document(CARRIERS["B"], title="Town buys canine"))
    assert result.title == "Town buys canine"
    assert result.field_edits == ()


def test_spun_title_of_a_clean_text_is_left_alone() -> None:
    given = document(CLEAN)
    result = unspin(given)
    assert result.text is given.text
    assert result.title == TITLE
    assert (result.edits, result.suggestions, result.field_edits, result.spin_family) == ((), (), (), None)


def test_document_without_a_title() -> None:
    result = unspin(document(CARRIERS["C"], title=None))
    assert result.title is None
    assert result.field_edits == ()
    assert result.edits != ()


def test_title_is_not_read_for_shared_phrases_without_a_family() -> None:
    """Phrases of all spinners need the verdict on the text too."""
    title = "Town fears local weather change"
    assert unspin(document(CLEAN, title=title)).title == title
    assert unspin(document(CARRIERS["B"], title=title)).title == "Town fears climate change"


@pytest.mark.parametrize("lang", ["de", "fr"])
def test_other_language_is_passed_on_untouched(lang: str) -> None:
    given = document(CARRIERS["C"], lang=lang)
    result = unspin(given)
    assert result.text is given.text
    assert result.title == TITLE
    assert (result.edits, result.field_edits, result.spin_score, result.spin_family) == ((), (), 0.0, None)


def test_unknown_language_is_read_as_english() -> None:
    assert unspin(document(CARRIERS["C"], lang=None)).spin_family == "C"


def test_mended_text_is_read_and_not_the_extracted_one() -> None:
    given = replace(document(CARRIERS["C"]), text=CLEAN)
    assert unspin(given).text is CLEAN


def test_document_that_was_given_is_carried_on() -> None:
    given = document(CARRIERS["A"])
    result = unspin(given)
    assert result.mended is given
    assert result.origin is given.origin
