"""What the spinner room gives: text with spun words repaired, what it only suggests, and how sure it is."""

from dataclasses import dataclass

from tasks.edits import Edit
from tasks.fetch.records import Origin
from tasks.mojibake.records import FieldEdit, MendedDocument


@dataclass(frozen=True, slots=True)
class SpinnerResult:
    """The verdict on one text.

    `edits` were applied: replayed on the text that was given they result in `text`. `suggestions` were not. Offsets
    of both count in the text that was given. `spin_score` lies in [0, 1]; `spin_family` is the spinner's family
    ("A", "B", "C"), or None for a text that is not held to be spun.
    """

    text: str
    edits: tuple[Edit, ...]
    suggestions: tuple[Edit, ...]
    spin_score: float
    spin_family: str | None


@dataclass(frozen=True, slots=True)
class UnspunDocument:
    """A document after spinner repair: `edits` and `suggestions` count in `mended.text`, `text` is the final text.

    `title` is the final title; `field_edits` are the edits that led from `mended.title` to it.
    """

    origin: Origin
    mended: MendedDocument
    text: str
    title: str | None
    edits: tuple[Edit, ...]
    suggestions: tuple[Edit, ...]
    field_edits: tuple[FieldEdit, ...]
    spin_score: float
    spin_family: str | None
