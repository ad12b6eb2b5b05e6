"""The spinner stage for one document: its text repaired, and its title where the text is gated.

A title is too short to be judged, so it shares the verdict on its text. A document known to be in another language
than English is passed on as it is: the lexicon knows English spinners only.

The stories stage gives sentences of related articles as witnesses. It does not know who of two was spun; so an article
whose own sentences the gate does not hold to be clean is no witness.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from tasks.edits import Edit, apply
from tasks.mojibake.records import FieldEdit, MendedDocument
from tasks.outcome import Kept
from tasks.shards import read_shard
from tasks.spinner.gate import judge
from tasks.spinner.lexicon import find_matches
from tasks.spinner.records import SpinnerResult, UnspunDocument
from tasks.spinner.repair import repair_document, repair_field
from tasks.spinner.tokens import tokenize
from tasks.stories.records import ArticleWitnesses, Witness, WitnessFile

LANGUAGE = "en"


def unspin_document(document: MendedDocument, options: WitnessFile | None = None) -> Kept[UnspunDocument]:
    """Repair the spun words of a mended document, with the witnesses in the file; a document is never dropped here."""
    result = _repair_english(document, options)
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


def _repair_english(document: MendedDocument, file: WitnessFile | None) -> SpinnerResult:
    if document.article.lang not in {None, LANGUAGE}:
        return SpinnerResult(document.text, (), (), spin_score=0.0, spin_family=None)
    witnesses = _read_witnesses(file.path).get(document.origin.article_id, ()) if file is not None else ()
    return repair_document(document.text, unspun_witnesses(witnesses))


def unspun_witnesses(witnesses: Sequence[Witness]) -> list[Witness]:
    """Return those of `witnesses` that stand in articles which are clean as far as their sentences show."""
    ordered = sorted(witnesses, key=lambda witness: witness.article_id)
    clean = []
    for _, of_article in groupby(ordered, key=lambda witness: witness.article_id):
        own = list(of_article)
        tokens = tokenize("\n".join(witness.text for witness in own))
        if judge(tokens, find_matches(tokens)).suspect is None:
            clean += own
    return clean


@lru_cache(maxsize=4)
def _read_witnesses(path: str) -> dict[str, tuple[Witness, ...]]:
    found: dict[str, tuple[Witness, ...]] = {}
    for row in read_shard(Path(path), ArticleWitnesses):
        if (own := row.document) is not None:
            found[own.article_id] = (*found.get(own.article_id, ()), *own.witnesses)
    return found
