"""Who wrote it: people, agencies and houses in the texts that stand where a byline stands.

A byline names people. "By Example Broadcaster with AP" names a house and an agency, so it gives no byline, a
publisher and an agency. What does not look like a person's name (a desk, a staff, a web address, a sentence) is
left out: no author is better than a wrong one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.boilerplate.line_rules import find_agency, find_house, fold_space

LEAD_RE = re.compile(
    r"^(?:(?:written|posted|published|reported|story|text|words) )?"
    r"(?:by|von|par|por|di|door|autor(?:in)?|auteur|author|автор)s?\b[ :|]*",
    re.IGNORECASE,
)
JOINT_RE = re.compile(
    r"\s*(?:[,;|/&•·]|\b(?:and|und|et|y|e|en|with|for|mit|avec|con|com|i|и|à|in)\b|\s[–—-]\s)\s*", re.IGNORECASE
)
# What follows the names on the same line: addresses, handles, times.
TRAIL_RE = re.compile(r"\s*(?:\S+@\S+|@\w+|https?:\S+|\(.*\)|\b\d.*|\b(?:published|updated)\b.*)$", re.IGNORECASE)
CAPITAL = "[A-ZÀ-ÞĀ-ſА-ЯЁΑ-Ω]"
PARTICLE = r"d[aeiou]s?|del|della|dell['’]\w+|van|von|der|den|ten|ter|bin|ibn|al|el|la|le|af|av|zu"
PERSON_RE = re.compile(rf"{CAPITAL}[\w.'’‘-]*(?: (?:{CAPITAL}[\w.'’‘-]*|{PARTICLE})){{1,4}}")
CJK_PERSON_RE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]{2,5}")
NO_PERSON_RE = re.compile(
    r"\b(?:staff|desk|team|editors?|editorial|news(?:room|paper|wire)?|agenc(?:y|ies)|press|media|tv|radio|online|"
    r"reporters?|correspondents?|bureau|service|services|admin|administrator|guest|contributors?|redaktion|rédaction|"
    r"redacción|redação|redazione|redactie|redakcja|редакция|times|post|journal|magazine|network|group|inc|ltd|llc|"
    r"corp|company|university|coordenadoria|assessoria|comunicação|direcci[oó]n|pressestelle|institute|department|ministry|office|the|web|website|blog|writer|home|share|"
    r"facebook|twitter|subscribe|comments?|today|monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    r"january|february|march|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
LONGEST = 120
MOST_PEOPLE = 8


@dataclass(frozen=True, slots=True)
class Credited:
    """Who a byline credits."""

    people: tuple[str, ...] = ()
    agency: str | None = None
    house: str | None = None

    @property
    def byline(self) -> str | None:
        """The people, parted by commas; None where there are none."""
        return ", ".join(self.people) or None


def read_bylines(texts: Iterable[str]) -> Credited:
    """Return whom the `texts` (each a byline or an author field) credit, all together.

    >>> read_bylines(["By Jane Roe and John Doe", "Reuters"])
    Credited(people=('Jane Roe', 'John Doe'), agency='Reuters', house=None)
    """
    people: dict[str, None] = {}
    agency = house = None
    for text in texts:
        for part in _parts(text):
            agency = agency or find_agency(part)
            house = house or find_house(part)
            if is_person(part):
                people[part] = None
    return Credited(tuple(people)[:MOST_PEOPLE], agency, house)


def _parts(text: str) -> list[str]:
    text = LEAD_RE.sub("", fold_space(text), count=1)
    if len(text) > LONGEST:
        return []
    parts = []
    for joint in JOINT_RE.split(text):
        part = TRAIL_RE.sub("", joint).strip(" .,:;-–—")
        parts.append(part.title() if part.isupper() and " " in part else part)
    return [part for part in parts if part]


def is_person(name: str) -> bool:
    """Say whether `name` has the form of a person's name and is no agency, house, desk or day of the week."""
    if find_agency(name) or find_house(name) or NO_PERSON_RE.search(name):
        return False
    return bool(PERSON_RE.fullmatch(name) or CJK_PERSON_RE.fullmatch(name))
