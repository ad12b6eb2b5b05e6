"""Which of the titles on a page is the title of its article, whole and without the site's name.

A page states its title up to five times: in JSON-LD, for social media (`og:title`, `twitter:title`), in the title
element, and as the heading that the reader sees. They differ: the title element carries the site and the section, the
social-media title is often a shorter or louder variant, and there may be several headings (the site's logo, "Related").

1. Site and section leave each statement (`strip_site`).
2. The heading wins that other statements, or failing these the address, confirm: it shares words with them, weighed by
   their length. The reader's heading is the editors' own; it beats a louder variant that shares only some words.
3. Where no heading is confirmed, the statement wins that most others agree with, a whole one before one that is cut.

A heading that is the name of the site or of the section is never the title. Where the heading of the first level is
just that, a lower one that says the title shows where on the page the article begins.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from tasks.boilerplate.line_rules import fold_space
from tasks.boilerplate.page_marks import Mark, belongs_to_article, text_of, unescape_all
from tasks.boilerplate.statements import Statement

JOINT_RE = re.compile(
    r"\s+(?:[|–—·•»«›:/]|-{1,2}|::|&raquo;)\s+|\s*[|｜»]\s*|:\s+|\s*_\s*(?=[^\W\d_]*[\u3400-\u9fff\uac00-\ud7a3])|\s+[-–—](?=\S)|(?<=[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7a3])\s*[-–—]\s*"
)
WORD_RE = re.compile(r"[^\W_]+")
EAST_ASIAN_RE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
TAG_RE = re.compile(r"</?(?:em|i|b|strong|span|br|sup|sub|q|u|mark|a)\b[^>]*>", re.IGNORECASE)
# A heading is confirmed by statements that share this much of its words (by letters). On the development pages
# confirmed headings that are rewritten share .33 and more, the one that is another story's shares .19.
CONFIRMS = 0.3
# Statements with this much in common say the same title.
AGREES = 0.85
# A statement that is the beginning of another is the same, cut, if it is longer than this share of it.
CUT = 0.6
# A statement of so many characters may have been cut for a search engine without a mark of it.
PERHAPS_CUT = 60
LONGEST = 400
SHORTEST = 2
MOST_HEADINGS = 12
# A part of a title element beyond a stroke is a section or a slogan if it has no more words than this and the title
# has at least so many.
SECTION_WORDS = 4
TITLE_WORDS = 4
CACHED_TITLES = 2048
GENERIC_WORDS = frozenset(
    "the news online com www net org press media magazine der die das le la les el los il lo".split()
)


@dataclass(frozen=True, slots=True)
class SiteNames:
    """The names a site goes by (publisher, host) and those of the article's section."""

    sites: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


def clean_title(text: str) -> str:
    """Return a title on one line without markup and entities.

    >>> clean_title("Salt &amp;amp; <em>pepper</em>")
    'Salt & pepper'
    """
    return fold_space(TAG_RE.sub("", unescape_all(text[:LONGEST])))


def squash(text: str) -> str:
    """Return the letters and digits of a text in lower case: what makes two ways of writing a name equal."""
    return "".join(WORD_RE.findall(text.casefold()))


def is_site_name(text: str, names: Iterable[str]) -> bool:
    """Say whether `text` is one of the names of a site, however written.

    >>> is_site_name("TheHill", ["The Hill"]), is_site_name("Hill walkers", ["The Hill"])
    (True, False)
    """
    plain = squash(text)
    return bool(plain) and any(plain == other for name in names for other in _forms(name))


@lru_cache(maxsize=CACHED_TITLES)
def _forms(name: str) -> tuple[str, ...]:
    """Return the squashed forms of a site's name: whole, without "the", without the domain's ending."""
    plain = squash(name)
    bare = re.sub(r"^(?:www)?(?:the)?|(?:com|net|org|couk|de|fr|online|news)?$", "", plain)
    short = plain.removeprefix("the")
    return tuple(form for form in (plain, short, bare if len(bare) > SHORTEST else plain) if form)


def strip_site(title: str, names: SiteNames) -> str:
    """Take the names of site and section off the end and the beginning of a title.

    >>> strip_site("Snow closes the pass | Weather | Example Times", SiteNames(("Example Times",)))
    'Snow closes the pass'
    """
    joints = [match for match in islice(JOINT_RE.finditer(title), MOST_HEADINGS) if match.end() > match.start()]
    start, end = 0, len(title)
    stripped = False
    for joint in reversed(joints):
        part = title[joint.end() : end]
        if not (
            _is_frame(part, joint[0], names) or (stripped and _may_be_section(part, title[: joint.start()], joint[0]))
        ):
            break
        end, stripped = joint.start(), True
    for joint in joints:
        if joint.end() >= end or not is_site_name(title[start : joint.start()], names.sites):
            break
        start = joint.end()
    kept = title[start:end].strip(" |–—·•»-")
    return kept if len(kept) >= SHORTEST and not is_site_name(kept, names.sites) else title


def _is_frame(part: str, joint: str, names: SiteNames) -> bool:
    """Say whether the last part of a title is the site or the section. A colon before it is part of the title."""
    if ":" in joint:
        return False
    if is_site_name(part, (*names.sites, *names.sections)):
        return True
    own = {word for name in names.sites for word in WORD_RE.findall(name.casefold())} - GENERIC_WORDS
    words = set(WORD_RE.findall(part.casefold()))
    telling = words - GENERIC_WORDS
    if telling and telling <= own:
        return True
    # "CNNPolitics", "Example Times Magazine"
    plain = squash(part)
    long_names = [form for name in names.sites for form in _forms(name) if len(form) > SHORTEST]
    return len(words) <= SECTION_WORDS and any(plain.startswith(form) or plain.endswith(form) for form in long_names)


def _may_be_section(part: str, before: str, joint: str) -> bool:
    """Say whether a part before the site's name is a section: short, beyond a stroke, a title before it."""
    if ":" in joint or not joint.strip():
        return False
    return (
        len(part.split()) <= SECTION_WORDS
        and "," not in part
        and len(WORD_RE.findall(before)) >= TITLE_WORDS
        and "|" in joint
    )


@lru_cache(maxsize=CACHED_TITLES)
def _weights(text: str) -> dict[str, int]:
    """Return the words of a text with their lengths; pairs of characters where words are not parted by blanks."""
    weights: dict[str, int] = {}
    for word in WORD_RE.findall(text.casefold()):
        if EAST_ASIAN_RE.search(word):
            weights.update({word[at : at + 2]: 2 for at in range(max(len(word) - 1, 1))})
        else:
            weights[word] = len(word)
    return weights


def shared_part(one: str, other: str) -> float:
    """Return which share of the words of `one` (by letters) stands in `other`, 0 to 1."""
    words, others = _weights(one), _weights(other)
    total = sum(words.values())
    return sum(weight for word, weight in words.items() if word in others) / total if total else 0.0


def says_same(one: str, other: str) -> bool:
    """Say whether two statements are the same title, up to signs, a cut or a word.

    >>> says_same("Snow closes the pass", "Snow closes the pass!"), says_same("Snow closes it", "Cracks in bridge")
    (True, False)
    """
    a, b = squash(one), squash(other)
    if not a or not b:
        return False
    shorter, longer = sorted((a, b), key=len)
    if longer.startswith(shorter) and len(shorter) > CUT * len(longer):
        return True
    return min(shared_part(one, other), shared_part(other, one)) >= AGREES


@dataclass(frozen=True, slots=True)
class Title:
    """The title chosen, the statements it was chosen from, and the element of the heading if one was chosen."""

    chosen: Statement[str] | None
    statements: tuple[Statement[str], ...]
    heading: HtmlElement | None = None
    order: int = 0


def choose_title(
    stated: Sequence[tuple[str, str]],
    headings: Sequence[Mark],
    lower: Sequence[Mark],
    names: SiteNames,
    url: str | None,
) -> Title:
    """Choose the title among what is `stated` (source and text, most trusted first) and the headings shown.

    `headings` are those of the first level, `lower` those of the second and third.
    """
    statements = [
        Statement(source, text, cleaned)
        for source, text in stated
        if len(cleaned := strip_site(clean_title(text), names)) >= SHORTEST and not is_site_name(cleaned, names.sites)
    ]
    shown = [found for mark in headings[:MOST_HEADINGS] if (found := _read_heading(mark, statements, names))]
    best = _best_heading(shown, statements, _slug(url))
    if best is not None:
        mark, statement = best
        return Title(statement, (statement, *statements), mark.element, mark.order)
    chosen = _most_agreed(statements)
    if chosen is None and shown:
        mark, chosen = shown[0]
        return Title(chosen, (chosen, *statements), mark.element, mark.order)
    mark_below = _find_below(chosen, lower)
    if chosen is None or mark_below is None:
        return Title(chosen, tuple(statements))
    return Title(chosen, tuple(statements), mark_below.element, mark_below.order)


def _find_below(chosen: Statement[str] | None, lower: Sequence[Mark]) -> Mark | None:
    """Return the heading of a lower level that says the title chosen."""
    if chosen is None:
        return None
    return next((mark for mark in lower if says_same(clean_title(text_of(mark.element)), chosen.value)), None)


def _read_heading(
    mark: Mark, statements: Sequence[Statement[str]], names: SiteNames
) -> tuple[Mark, Statement[str]] | None:
    whole = clean_title(text_of(mark.element))
    text = _without_kicker(mark.element, whole, statements)
    if len(text) < SHORTEST or len(whole) >= LONGEST or is_site_name(text, (*names.sites, *names.sections)):
        return None
    return mark, Statement("h1", whole, text)


def _without_kicker(heading: HtmlElement, whole: str, statements: Sequence[Statement[str]]) -> str:
    """Return the text of a heading without a child element at its edge that the other statements do not have."""
    for child in (heading[0], heading[-1]) if len(heading) else ():
        kicker = clean_title(text_of(child))
        if not kicker or len(kicker) >= len(whole):
            continue
        rest = (whole.removeprefix(kicker) if whole.startswith(kicker) else whole.removesuffix(kicker)).strip(
            " :|–—-»•"
        )
        if rest and rest != whole and any(squash(rest) == squash(other.value) for other in statements):
            return rest
    return whole


def _best_heading(
    shown: Sequence[tuple[Mark, Statement[str]]], statements: Sequence[Statement[str]], slug: str
) -> tuple[Mark, Statement[str]] | None:
    scored = []
    for at, (mark, statement) in enumerate(shown):
        others = [other.value for other in statements]
        confirmed = max((shared_part(statement.value, other) for other in others), default=0.0)
        same = sum(says_same(statement.value, other) for other in others)
        if not same and not belongs_to_article(mark.element, frozenset()):
            continue
        if confirmed < CONFIRMS and same == 0:
            confirmed = shared_part(statement.value, slug) if slug else 0.0
        if confirmed >= CONFIRMS or same or (not statements and len(shown) == 1):
            # Of two headings with the same words the longer is whole: the shorter one is a section or a crumb.
            scored.append((same > 0, round(confirmed, 1), min(len(statement.value), 20), -at, mark, statement))
    if not scored:
        return None
    *_, mark, statement = max(scored, key=lambda row: row[:4])
    return mark, statement


def _most_agreed(statements: Sequence[Statement[str]]) -> Statement[str] | None:
    """Return the statement most others agree with, of these the one that is not cut; the first where none agree."""
    if not statements:
        return None
    agreed = [sum(says_same(one.value, other.value) for other in statements) for one in statements]
    first = statements[agreed.index(max(agreed))]
    whole = [
        one
        for one in statements
        if squash(one.value).startswith(squash(first.value).removesuffix("…")) and says_same(one.value, first.value)
    ]
    longest = max(whole, key=lambda one: len(one.value), default=first)
    return longest if first.value.rstrip().endswith(("…", "...")) or len(first.value) >= PERHAPS_CUT else first


def _slug(url: str | None) -> str:
    """Return the words in the path of an address."""
    try:
        path = unquote(urlsplit(url or "").path)
    except ValueError:
        return ""
    return " ".join(WORD_RE.findall(path[-LONGEST:].replace("_", " ")))
