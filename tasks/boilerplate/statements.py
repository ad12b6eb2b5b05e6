"""What a page states several times, weighed: which value to take and how far to trust it.

A page states its title, its date, its authors in several places, made by different hands: the editor's headline, the
content system's fields, the plugin for search engines. Each source has a trust of its own, the share of the pages on
which it is right. Sources that agree are taken as independent: what they leave of doubt is multiplied. Each source that
says otherwise lowers the confidence of the one taken.

Trusts were counted on the 80 development pages and on `tests/cases/boilerplate/metadata_pages.jsonl`, and rounded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tasks.boilerplate.records import FieldSource

Value_co = TypeVar("Value_co", covariant=True)
Value = TypeVar("Value")

DISAGREEMENT = 0.8
LONGEST_STATED = 200
UNKNOWN_SOURCE = 0.5
MOST_CONFIDENT = 0.99
TRUST = {
    "json-ld": 0.9,
    "json-ld page": 0.7,
    "meta": 0.85,
    "og:title": 0.85,
    "twitter:title": 0.8,
    "title element": 0.8,
    "h1": 0.93,
    "microdata": 0.85,
    "time element": 0.75,
    "shown byline": 0.8,
    "shown date": 0.7,
    "url": 0.75,
    "htmldate": 0.5,
    "rel=canonical": 0.95,
    "og:url": 0.85,
    "html lang": 0.8,
    "og:locale": 0.7,
    "content-language": 0.7,
    "og:site_name": 0.9,
    "breadcrumb": 0.6,
    "text": 0.8,
}


@dataclass(frozen=True, slots=True)
class Statement(Generic[Value_co]):
    """What one source says: as stated, and as understood. `penalty` scales its trust (a date without a time)."""

    source: str
    stated: str
    value: Value_co
    penalty: float = 1.0

    @property
    def trust(self) -> float:
        """How far this source alone is trusted."""
        return TRUST.get(self.source, UNKNOWN_SOURCE) * self.penalty


def weigh(
    field: str, chosen: Statement[Value], statements: Sequence[Statement[Value]], agree: Callable[[Value, Value], bool]
) -> FieldSource:
    """Return where `chosen` was found and how far it can be trusted, given all `statements` (it is one of them)."""
    doubt = 1.0
    disagreeing: dict[str, None] = {}
    agreeing: dict[str, float] = {}
    for statement in statements:
        if agree(chosen.value, statement.value):
            agreeing[statement.source] = max(agreeing.get(statement.source, 0.0), statement.trust)
        else:
            disagreeing[statement.source] = None
    agreeing.setdefault(chosen.source, chosen.trust)
    for trust in agreeing.values():
        doubt *= 1 - trust
    confidence = min(1 - doubt, MOST_CONFIDENT) * chosen.penalty * DISAGREEMENT ** len(disagreeing)
    return FieldSource(
        field, chosen.source, chosen.stated[:LONGEST_STATED], round(max(confidence, 0.01), 3), tuple(disagreeing)
    )


def most_trusted(
    statements: Sequence[Statement[Value]], agree: Callable[[Value, Value], bool]
) -> Statement[Value] | None:
    """Return the first of the statements that together are trusted most: those that agree speak with one voice."""
    best: tuple[float, Statement[Value]] | None = None
    for statement in statements:
        doubt = 1.0
        sources: set[str] = set()
        for other in statements:
            if other.source not in sources and agree(statement.value, other.value):
                sources.add(other.source)
                doubt *= 1 - other.trust
        if best is None or 1 - doubt > best[0] + 1e-9:
            best = (1 - doubt, statement)
    return best[1] if best else None
