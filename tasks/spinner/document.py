"""The spinner stage for one document: its text repaired, and its title where the text is gated.

A title is too short to be judged, so it shares the verdict on its text. A document known to be in another language
than English is passed on as it is: the lexicon knows English spinners only.
"""

from tasks.edits import Edit, apply
from tasks.mojibake.records import FieldEdit, MendedDocument
from tasks.outcome import Kept
from tasks.spinner.records import SpinnerResult, UnspunDocument
from tasks.spinner.repair import repair_document, repair_field

LANGUAGE = "en"


def unspin_document(document: MendedDocument) -> Kept[UnspunDocument]:
    """Repair the spun words of a mended document; a document is never dropped here."""
    result = _repair_english(document)
    title_edits: tuple[Edit, ...] = ()
    if document.title is not None and result.spin_family is not None:
        title_edits = repair_field(document.title, result.spin_family)
    return Kept(
        UnspunDocument(
            origin=document.origin,
            mended=document,
            text=result.text,
            title=apply(document.title, title_edits) if document.title is not None else None,
            edits=result.edits,
            suggestions=result.suggestions,
            field_edits=tuple(FieldEdit("title", edit) for edit in title_edits),
            spin_score=result.spin_score,
            spin_family=result.spin_family,
        )
    )


def _repair_english(document: MendedDocument) -> SpinnerResult:
    if document.article.lang not in {None, LANGUAGE}:
        return SpinnerResult(document.text, (), (), spin_score=0.0, spin_family=None)
    return repair_document(document.text)
