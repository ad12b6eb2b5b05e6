"""What the mojibake room gives: text whose characters are the ones that were written, and every change to it."""

from dataclasses import dataclass

from tasks.boilerplate.records import Article
from tasks.edits import Edit
from tasks.fetch.records import Origin, Provenance


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired text. `edits` replayed on the text that was given result in `text`.

    `score` is the share of the characters of the given text that looked broken, 0 to 1.
    """

    text: str
    edits: tuple[Edit, ...]
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """An edit to a metadata field (`title`, `byline`, ...), with offsets into that field as it was before the stage."""

    field: str
    edit: Edit


@dataclass(frozen=True, slots=True)
class MendedDocument:
    """A document after mojibake repair.

    `article` is as extracted, but for its removed lines, which stay in the shard of the boilerplate room. `text` is its
    text repaired by `edits`; `title`, `byline`, `publisher` and `dateline` are the fields repaired by `field_edits`.
    `doubts` mark places in `text` that are wrong and could not be repaired; they change nothing.
    """

    origin: Origin
    provenance: Provenance
    article: Article
    text: str
    title: str | None
    byline: str | None
    publisher: str | None
    dateline: str | None
    edits: tuple[Edit, ...]
    field_edits: tuple[FieldEdit, ...]
    mojibake_score: float
    doubts: tuple[Edit, ...] = ()
