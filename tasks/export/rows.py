"""From a document at the end of its way to its rows, with the proof that every change is written down.

A document brings two lists of edits, each against the text its stage was given. An analyst wants one, against the text
as extracted: `compose` folds the two, `carry_back` does the same for suggestions, which were never applied. Each row
set is checked before anyone sees it: replaying its edits must give the published text (title, byline, ...), undoing
them the extracted one. A document that fails this is a defect of a room; it stops the run, and nothing is published.

All functions are pure.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tasks.edits import Edit, EditMismatchError, apply, carry_back, compose, revert
from tasks.export.records import ArticleRow, EditRow, MetadataEdit, RejectRow
from tasks.fetch.records import Origin
from tasks.outcome import Fatal, Reject
from tasks.spinner.records import UnspunDocument
from tasks.stories.records import Membership

METADATA_FIELDS = ("title", "byline", "publisher", "dateline")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every row of a run carries."""

    run_id: str
    pipeline_version: str


@dataclass(frozen=True, slots=True)
class DocumentRows:
    """The rows that one document becomes, but for its removed lines (see `tasks.export.removed_lines`)."""

    article: ArticleRow
    edits: tuple[EditRow, ...]


def document_rows(document: UnspunDocument, membership: Membership | None, stamp: Stamp) -> DocumentRows:
    """Return the rows of `document`; `membership` is None where the stories stage failed.

    Raises Fatal, naming the input, where its edits do not lead from the extracted text to the final one and back.
    """
    try:
        edits = text_edits(document)
        metadata = metadata_edits(document)
    except EditMismatchError as error:
        raise Fatal(_broken_trail(document.origin, str(error))) from error
    n_edits = sum(edit.applied for edit in edits)
    return DocumentRows(_article_row(document, n_edits, metadata, membership, stamp), edits)


def text_edits(document: UnspunDocument) -> tuple[EditRow, ...]:
    """Return the changes to the text against the text as extracted: the applied ones, then suggestions and doubts.

    Raises EditMismatchError where they do not lead from the one text to the other and back.
    """
    extracted = document.mended.article.text
    mended = document.mended.edits
    applied = compose(extracted, mended, document.edits)
    _check_replay(extracted, applied, document.text)
    open_ones = sorted([*document.mended.doubts, *document.suggestions])
    suggested = (carry_back(extracted, mended, one) for one in open_ones)
    article_id = document.origin.article_id
    return (
        *(_edit_row(article_id, edit, applied=True) for edit in applied),
        *(_edit_row(article_id, edit, applied=False) for edit in suggested),
    )


def metadata_edits(document: UnspunDocument) -> tuple[MetadataEdit, ...]:
    """Return the changes to title, byline, publisher and dateline, each against that field as extracted.

    Raises EditMismatchError where they do not lead from the one value to the other and back, or belong to no field.
    """
    mended = document.mended
    final = {
        "title": document.title,
        "byline": mended.byline,
        "publisher": mended.publisher,
        "dateline": mended.dateline,
    }
    unknown = {one.field for one in (*mended.field_edits, *document.field_edits)} - final.keys()
    if unknown:
        raise EditMismatchError(f"there are edits to {', '.join(sorted(unknown))}, which no column takes")
    found = []
    for name in METADATA_FIELDS:
        extracted = getattr(mended.article, name) or ""
        first = [one.edit for one in mended.field_edits if one.field == name]
        second = [one.edit for one in document.field_edits if one.field == name]
        composed = compose(extracted, first, second)
        _check_replay(extracted, composed, final[name] or "")
        found += [_metadata_edit(name, edit) for edit in composed]
    return tuple(found)


def reject_row(reject: Reject, at: datetime, run_id: str) -> RejectRow:
    """Return the row of an input that became no article."""
    return RejectRow(reject.input, reject.url, reject.stage, reject.reason, reject.detail, at, run_id)


def read_time(text: str) -> datetime:
    """Return the time that an ISO 8601 text names; one without a time zone is in UTC. Raises ValueError."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def host_of(addresses: Iterable[str | None]) -> str | None:
    """Return the host of the first address that has one, in lower case.

    >>> host_of([None, "https://News.Example.ORG:8080/a"])
    'news.example.org'
    """
    for address in addresses:
        try:
            host = urlsplit(address or "").hostname
        except ValueError:  # such as https://[half-an-address/; the address itself stays in its column
            continue
        if host:
            return host
    return None


def _article_row(
    document: UnspunDocument,
    n_edits: int,
    metadata: tuple[MetadataEdit, ...],
    membership: Membership | None,
    stamp: Stamp,
) -> ArticleRow:
    origin, mended = document.origin, document.mended
    article, provenance = mended.article, mended.provenance
    return ArticleRow(
        article_id=origin.article_id,
        input=origin.input,
        url=origin.url,
        final_url=provenance.final_url,
        canonical_url=article.canonical_url,
        host=host_of((provenance.final_url, origin.url)),
        publisher=mended.publisher,
        agency=article.agency,
        byline=mended.byline,
        dateline=mended.dateline,
        title=document.title,
        lang=article.lang,
        lang_confidence=article.lang_confidence,
        section=article.section,
        published_at=article.published_at,
        modified_at=article.modified_at,
        fetched_at=provenance.fetched_at,
        text_extracted=article.text,
        text=document.text,
        n_words=len(document.text.split()),
        n_edits=n_edits,
        metadata_edits=metadata,
        metadata_sources=article.metadata_sources,
        boilerplate_score=article.boilerplate_score,
        mojibake_score=mended.mojibake_score,
        spin_score=document.spin_score,
        spin_family=document.spin_family,
        copy_cluster_id=membership.copy_cluster_id if membership else None,
        story_id=membership.story_id if membership else None,
        content_sha256=hashlib.sha256(article.text.encode()).hexdigest(),
        run_id=stamp.run_id,
        pipeline_version=stamp.pipeline_version,
    )


def _edit_row(article_id: str, edit: Edit, *, applied: bool) -> EditRow:
    return EditRow(
        article_id=article_id,
        stage=edit.stage,
        rule=edit.rule,
        start=edit.start,
        end=edit.end,
        before=edit.before,
        after=edit.after,
        confidence=edit.confidence,
        evidence=edit.evidence,
        witness_article_id=None,  # the spinner does not say yet which witness it used
        applied=applied,
    )


def _metadata_edit(field: str, edit: Edit) -> MetadataEdit:
    return MetadataEdit(
        field=field,
        stage=edit.stage,
        rule=edit.rule,
        start=edit.start,
        end=edit.end,
        before=edit.before,
        after=edit.after,
        confidence=edit.confidence,
        evidence=edit.evidence,
    )


def _check_replay(extracted: str, edits: Sequence[Edit], final: str) -> None:
    """Raise EditMismatchError where `edits` do not lead from `extracted` to `final` and back."""
    if apply(extracted, edits) != final:
        raise EditMismatchError("replaying the edits on what was extracted does not give what is to be published")
    if revert(final, edits) != extracted:
        raise EditMismatchError("undoing the edits does not give back what was extracted")


def _broken_trail(origin: Origin, fault: str) -> str:
    return (
        f"{origin.input} (article {origin.article_id}): {fault}. Nothing was published. A room gave edits that do not "
        "fit its text: please report it; to publish the rest meanwhile, leave this input out of the sources"
    )
