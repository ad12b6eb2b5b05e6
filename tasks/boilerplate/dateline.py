"""The dateline: place, date and agency that open a report ("ROVANIEMI (Example) – Snow fell …").

A dateline is metadata, not text: it goes from the first paragraph into `Article.dateline`. Its forms are rows of
`rules/datelines.tsv`; `found` is matched at the start of a paragraph, case counts, and has the groups `dateline` and,
where the form names one, `agency`. A form with an agency must name one that `rules/agencies.tsv` knows or put the
place in capitals, so that "Smith (Labour) – who else –" stays what it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from tasks.boilerplate.line_rules import ROOM, find_agency, find_house
from tasks.rule_table import read_rules

# A standfirst may stand above the paragraph with the dateline.
PARAGRAPHS_SEARCHED = 3
CONFIDENCE = 0.9
PLACE_IN_CAPITALS_RE = re.compile(r"[A-ZÀ-ÞА-ЯŁŚŻ]{4}|[A-ZÀ-ÞА-ЯŁŚŻ]{2,}\.? [A-ZÀ-ÞА-ЯŁŚŻ]{2}")


@dataclass(frozen=True, slots=True)
class Dateline:
    """A dateline found: `prefix` is what stood in the text, `text` the dateline itself, without the dash."""

    paragraph: int
    prefix: str
    text: str
    agency: str | None
    rule: str
    confidence: float = CONFIDENCE


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((rule.id, re.compile(rule.found)) for rule in read_rules(ROOM, "datelines"))


def match_dateline(paragraph: str) -> Dateline | None:
    """Return the dateline that opens `paragraph`, if one does.

    >>> match_dateline("OSLO (AFP) – Snow fell.").text
    'OSLO (AFP)'
    """
    for rule, form in _forms():
        match = form.match(paragraph)
        if not match:
            continue
        agency = None
        if "agency" in form.groupindex:
            name = match["agency"].strip()
            agency = find_agency(name)
            if agency is None and find_house(name) is None:
                if not PLACE_IN_CAPITALS_RE.match(match["dateline"]) or paragraph[match.end() :][:1].islower():
                    continue
                agency = name
        return Dateline(0, match[0], match["dateline"].strip(), agency, f"datelines/{rule}")
    return None


def find_dateline(paragraphs: Sequence[str]) -> Dateline | None:
    """Return the dateline among the first paragraphs of a body."""
    for number, paragraph in enumerate(paragraphs[:PARAGRAPHS_SEARCHED]):
        found = match_dateline(paragraph)
        if found is not None:
            return Dateline(number, found.prefix, found.text, found.agency, found.rule)
    return None


_forms()  # compiled with the module, once for all worker processes of the fork server and not in the first document
