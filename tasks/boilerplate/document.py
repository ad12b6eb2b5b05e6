"""One document through the room: a page or stripped text in, its article out, or the reason why there is none.

Stripped text goes through the line labels. Its body lines become paragraphs one by one, as they stand: nothing is
joined or reordered. The dateline leaves the first paragraph as it does on a page, and every line that is not kept is
in `removed` with its number in the text.
"""

from collections.abc import Iterator, Sequence

from tasks.boilerplate.article import assemble_article
from tasks.boilerplate.dateline import Dateline, find_dateline
from tasks.boilerplate.main_content import extract_article
from tasks.boilerplate.metadata import read_text_metadata
from tasks.boilerplate.page_kind import judge_text_kind
from tasks.boilerplate.plain_text import label_lines
from tasks.boilerplate.records import Article, ExtractedDocument, LabelledLine, Removed
from tasks.fetch.records import Markup, RawDocument
from tasks.outcome import Dropped, DropReason, Kept


def extract_document(document: RawDocument) -> Kept[ExtractedDocument] | Dropped:
    """Extract the article of one raw document, HTML or plain text as its `markup` says."""
    if document.markup is Markup.HTML:
        outcome = extract_article(document.text, document.provenance.final_url or document.origin.url)
    else:
        outcome = read_article(document.text)
    if isinstance(outcome, Dropped):
        return outcome
    return Kept(ExtractedDocument(document.origin, document.provenance, outcome.value))


def read_article(text: str) -> Kept[Article] | Dropped:
    r"""Read the article in already stripped text.

    >>> read_article("Snow closes the pass\nThe pass was closed on Monday after a night of snow.\nPrint").value.title
    'Snow closes the pass'
    """
    labelled = label_lines(text)
    not_an_article = judge_text_kind([line.text for line in labelled if line.text.strip()])
    if not_an_article is not None:
        return not_an_article
    body = [(number, line) for number, line in enumerate(labelled, start=1) if line.label == "body"]
    if not body:
        return Dropped(DropReason.NO_MAIN_CONTENT, _describe(labelled))
    paragraphs = [line.text.strip() for _, line in body]
    dateline = find_dateline(paragraphs)
    removed = tuple(_list_removed(labelled, dateline, body[dateline.paragraph][0] if dateline else 0))
    return Kept(assemble_article(paragraphs, dateline, removed, read_text_metadata(labelled)))


def _list_removed(labelled: Sequence[LabelledLine], dateline: Dateline | None, line_no: int) -> Iterator[Removed]:
    """Yield the lines that are not kept, blank ones aside, and the dateline, which stood in line `line_no`."""
    for number, line in enumerate(labelled, start=1):
        if dateline is not None and number == line_no:
            yield Removed(number, dateline.prefix, "dateline", dateline.rule, dateline.confidence)
        if not line.keep and line.text.strip():
            yield Removed(number, line.text, line.label, line.rule, line.confidence)


def _describe(labelled: Sequence[LabelledLine]) -> str:
    """Say what was seen in a text without a body."""
    lines = [line for line in labelled if line.text.strip()]
    if not lines:
        return f"no text in {sum(len(line.text) + 1 for line in labelled) - 1} characters"
    labels = sorted({line.label for line in lines})
    return f"none of {len(lines)} lines is body; they are {', '.join(labels)}"
