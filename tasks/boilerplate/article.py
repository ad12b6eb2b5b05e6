"""The article put together: paragraphs without their dateline, and what page and text say of them.

The same for a page and for stripped text. The language is told from the text; what the page declares decides only where
the text is too short for that. Where both are there and differ, that is on record in `metadata_sources`.
"""

from collections.abc import Iterator, Sequence

from tasks.boilerplate.dateline import Dateline
from tasks.boilerplate.language import detect_language
from tasks.boilerplate.metadata import Metadata
from tasks.boilerplate.records import Article, FieldSource, Removed

# Of a language that only the page declares: pages are often made from templates of another one.
DECLARED_LANGUAGE = 0.5


def assemble_article(
    paragraphs: Sequence[str], dateline: Dateline | None, removed: tuple[Removed, ...], metadata: Metadata
) -> Article:
    """Return the article of these paragraphs. The dateline, if there is one, is taken off its paragraph."""
    text = "\n".join(
        paragraph[len(dateline.prefix) :] if dateline is not None and at == dateline.paragraph else paragraph
        for at, paragraph in enumerate(paragraphs)
    )
    lang = _tell_language(text, metadata.lang)
    sources = (*metadata.sources, *_list_dateline_sources(dateline, metadata), *([lang] if lang else []))
    return Article(
        text=text,
        title=metadata.title,
        byline=metadata.byline,
        agency=metadata.agency or (dateline.agency if dateline else None),
        publisher=metadata.publisher,
        dateline=dateline.text if dateline else None,
        published_at=metadata.published_at,
        modified_at=metadata.modified_at,
        section=metadata.section,
        lang=lang.stated if lang else None,
        lang_confidence=lang.confidence if lang else 0.0,
        canonical_url=metadata.canonical_url,
        boilerplate_score=score_boilerplate(text, removed),
        removed=removed,
        metadata_sources=sources,
    )


def _tell_language(text: str, declared: str | None) -> FieldSource | None:
    """Return which language the text is in, and whether text or page says so."""
    lang, confidence = detect_language(text)
    if lang is not None:
        return FieldSource("lang", "text", lang, confidence, () if declared in {None, lang} else ("declared",))
    return FieldSource("lang", "declared", declared, DECLARED_LANGUAGE) if declared is not None else None


def _list_dateline_sources(dateline: Dateline | None, metadata: Metadata) -> Iterator[FieldSource]:
    if dateline is not None:
        yield FieldSource("dateline", "text", dateline.prefix.strip(), dateline.confidence)
        if dateline.agency is not None and metadata.agency is None:
            yield FieldSource("agency", "dateline", dateline.agency, dateline.confidence)


def score_boilerplate(text: str, removed: Sequence[Removed]) -> float:
    """Return the share of the characters that were taken away, 0 to 1."""
    away = sum(len(line.text) for line in removed)
    return round(away / (away + len(text)), 4) if away else 0.0
