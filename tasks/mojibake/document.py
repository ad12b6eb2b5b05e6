"""One document of the pipeline: its text and the fields of its metadata repaired, each with its edits.

All documents are kept; text that can't be repaired is a score, not a reason to drop it. The fields are repaired as
lines of the same language; their edits count in the field, not in the text.
"""

from dataclasses import replace

from tasks.boilerplate.records import Article, ExtractedDocument
from tasks.mojibake.doubts import find_doubts
from tasks.mojibake.records import FieldEdit, MendedDocument, Repaired
from tasks.mojibake.repair import repair_text
from tasks.outcome import Kept


def mend_document(document: ExtractedDocument) -> Kept[MendedDocument]:
    """Repair the text, title, byline, publisher and dateline of one document.

    `mojibake_score` is that of the text. The article itself goes on untouched, so that every edit can be undone, but
    for the removed lines: ten to a line of text, they stay in the shard they were written to.
    """
    article = document.article
    text = repair_text(article.text, article.lang)
    fields = _repair_fields(article)
    mended = MendedDocument(
        origin=document.origin,
        provenance=document.provenance,
        article=replace(article, removed=()),
        text=text.text,
        title=_text_of(fields["title"]),
        byline=_text_of(fields["byline"]),
        publisher=_text_of(fields["publisher"]),
        dateline=_text_of(fields["dateline"]),
        edits=text.edits,
        field_edits=tuple(FieldEdit(name, edit) for name, one in fields.items() if one for edit in one.edits),
        mojibake_score=text.score,
        doubts=find_doubts(text.text),
    )
    return Kept(mended)


def _repair_fields(article: Article) -> dict[str, Repaired | None]:
    values = {"title": article.title, "byline": article.byline, "publisher": article.publisher}
    values["dateline"] = article.dateline
    return {name: None if value is None else repair_text(value, article.lang) for name, value in values.items()}


def _text_of(repaired: Repaired | None) -> str | None:
    return None if repaired is None else repaired.text
