r"""Typography: what machines did to spaces, quotation marks and invisible characters, put right without guessing.

The rules are the rows of `rules/typography.tsv`. There `found` is a regular expression and `meaning` what the match
becomes, a template as `re.Match.expand` reads it, between two bars so that a space or nothing can be seen: `| |`,
`||`, `|\1”|`. Examples write characters that can't be seen as `\n`, `\xa0` or `\u200b`. A rule matches inside one
line, except those named `torn-`, which are there to join what was torn apart.

What a pattern can't say is in `CONDITIONS`, by rule id: a language, a partner that must be missing, a neighbour that
makes an invisible character do its work, for straight quotation marks their turn in the paragraph. Where it is in
doubt a rule spares: every row was run over all body lines of the development pages, and changes there must be true
repairs.

Canonical composition (NFC) is the one rule without a row. Refused: straightening quotes, NFKC, other dashes or
ellipses, full width, ligatures, superscripts; they are how the text was written. So are "100 $" and "10€": people
set a sign where they please, and only a space between a sign and the number behind it is a machine's.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Self

from tasks.edits import Edit
from tasks.mojibake.spans import Span, replaced_spans, trim
from tasks.outcome import Fatal, StageName
from tasks.rule_table import Rule, read_rules

STAGE = StageName.MOJIBAKE.value
COMPOSITION = "nfc"
TEMPLATE_RE = re.compile(r"\|(.*)\|")

# Any of these shows that a text is English, or as good as: other languages have the words, but not many together.
ENGLISH_RE = re.compile(r"\b(?:the|and|said|from|with|billion|million)\b", re.IGNORECASE)
# Scripts in which joiners (U+200C, U+200D) decide how letters join: Hebrew to Mongolian, their later blocks, and
# the historic and astral ones. Latin, Greek, Cyrillic and CJK letters do not join.
JOINING_RE = re.compile(
    r"[\u0590-\u109f\u1200-\u18af\u1900-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00011fff]"
)
# Scripts written without spaces, in which U+200B marks where a line may break: Thai, Lao, Tibetan, Myanmar, Khmer.
SPACELESS_RE = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u1aad\ua9e0-\ua9ff\uaa60-\uaadf]")
# What an emoji sequence is joined from: pictographs, skin tones, variation selectors, gender and other signs.
EMOJI_RE = re.compile(r"[\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff]")
RIGHT_TO_LEFT_RE = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
# An apostrophe in place of the first letters of these makes them words of their own: rock ‘n’ roll, ‘til dawn.
CLIPPED = frozenset(
    {"bout", "cause", "cos", "coz", "em", "fraid", "gainst", "n", "neath", "nuff", "round", "scuse", "til", "till"}
    | {"tis", "twas", "twere", "tween", "ya"}
)
CLOSER_RE = re.compile(r"(\w*)[’'](?!\w)")
# A plural that is surely a noun: a name, or what stands behind an article, a possessive or a number.
WORD_END_RE = re.compile(
    r"(?:\b(?:the|these|those|its|their|his|her|our|my|your|both|many|several|some|all|two|three|four|five|six|seven"
    r"|eight|nine|ten|\d+) (?:\w+ )?|(?=[A-Z][a-z]))(?<!\w)(?P<noun>\w+s)$"
)
WORD_START_RE = re.compile(r"\w+")
# The words that name a speaker behind a quotation. The mark before them closes, whatever space stands beside it.
ATTRIBUTION_RE = re.compile(
    r"(?:(?:he|she|they|it|I|we|[Tt]he(?: [\w’'-]+){1,3}|[A-Z][\w.’'-]*(?: [A-Z][\w.’'-]*){0,3})"
    r" (?:said|says|told|added|wrote|asked|replied|explained)"
    r"|(?:said|says|told|added|wrote|asked|replied|explained) (?:he|she|they|the|a|an|[A-Z][\w.’'-]*))\b"
)
# What stands before an opening mark and behind a closing one.
OPENING_RE = re.compile(r"[\s(\[—–‘]")
CLOSING_RE = re.compile(r"[\s.,;:!?)\]…—–’]")

# Languages that set quotation marks close to what they enclose, “so” and "so". French does not, nor do those who learnt
# typography from it; of all others, we do not know.
CLOSE_QUOTES = frozenset(
    "bg ca cs da de el en es et fi hr hu it lt lv nb nl nn no pl pt ro ru sk sl sr sv tr uk".split()
)
# Languages that set guillemets close, and open with «; German, Danish and others open with ».
CLOSE_GUILLEMETS = frozenset("be ca el es gl it nb nn no pt ro ru uk".split())
# Languages of which every country sets the sign before the number, without a space (Unicode CLDR 48, the pattern of
# standard currency); the rupee is left out, which Indian newspapers set either way.
CLOSE_CURRENCY = frozenset("cy en fil ga gu hi ja kn ko ml mr te th zh".split())

# Most texts have none of the characters that the rules in `UNSEEN` look for: one search then answers for them all.
UNSEEN_RE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffc]"
)
UNSEEN = frozenset(
    {"control-character", "direction-mark", "line-end-idle", "line-end-inner", "no-break-space", "soft-hyphen"}
    | {"zero-width"}
)

ZERO_WIDTH_SPACE, ZERO_WIDTH_JOINER = "\u200b", "\u200d"
JOINERS = frozenset("\u180e\u200c\u200d")
# French has a no-break space before these, one after the marks that open, one between a number and its sign. In
# Switzerland and Canada some of them are narrow (U+202F) or missing; those that are there stay.
FRENCH_CLOSING = frozenset(";:!?»›")
FRENCH_OPENING = frozenset("«‹")
FRENCH_SIGNS = frozenset("%‰€$£")
# Where a text is known to be French also those in “ ”, beside dashes, behind what is short for a title.
FRENCH_LOOSE = frozenset("“”—–")
FRENCH_TITLE_RE = re.compile(r"(?<!\w)(?:MM?\.|Mmes?|Mlles?|Drs?|Mes?|Mgr|St|Ste|n[o°]s?|p\.|art\.|chap\.)\Z")
TITLE_SIZE = 6
THOUSANDS = 3
# How far a condition looks along a line, in characters: a long paragraph, so that no line takes quadratic time.
NEAR = 1000


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may look at: the whole text and its language, as far as it is known.

    `lang` is an ISO 639-1 code without region, or None. `spared` are starts and ends, in turn, of the lines that no
    rule may touch. `quotes` are the places of straight quotation marks, each with whether it opens; those of lines
    that leave a doubt are missing.
    """

    text: str
    lang: str | None
    is_english: bool
    has_right_to_left: bool
    spared: tuple[int, ...]
    quotes: Mapping[int, bool]

    @classmethod
    def of(cls, text: str, lang: str | None, spared: AbstractSet[str] = frozenset()) -> Self:
        """Look at `text`; of a `lang` such as "fr-CA" or "EN" only the language counts; `spared` are whole lines."""
        short = lang.replace("_", "-").split("-", 1)[0].lower() if lang else None
        is_english = short == "en" or (short is None and bool(ENGLISH_RE.search(text)))
        has_right_to_left = not text.isascii() and bool(RIGHT_TO_LEFT_RE.search(text))
        spared_bounds = tuple(_bounds(text, spared))
        return cls(text, short, is_english, has_right_to_left, spared_bounds, _straight_quotes(text))

    def is_spared(self, match: re.Match[str]) -> bool:
        """Tell whether `match` touches a spared line."""
        low, high = bisect_right(self.spared, match.start()), bisect_left(self.spared, match.end())
        return low % 2 == 1 or low < high

    def line_before(self, match: re.Match[str]) -> str:
        """Return what stands before `match` in its line, as far as `NEAR` characters away."""
        near = self.text[max(0, match.start() - NEAR) : match.start()]
        return near[near.rfind("\n") + 1 :]

    def line_after(self, match: re.Match[str]) -> str:
        """Return what stands after `match` in its line, as far as `NEAR` characters away."""
        return self.text[match.end() : match.end() + NEAR].split("\n", 1)[0]

    def before(self, match: re.Match[str]) -> str:
        """Return the character before `match`, or nothing at the start of the text."""
        return self.text[match.start() - 1 : match.start()]

    def after(self, match: re.Match[str]) -> str:
        """Return the character after `match`, or nothing at the end of the text."""
        return self.text[match.end() : match.end() + 1]


def _bounds(text: str, lines: AbstractSet[str]) -> Iterator[int]:
    """Give start and end of each line of `text` that is one of `lines`."""
    at = 0
    for line in text.split("\n") if lines else ():
        if line in lines:
            yield from (at, at + len(line) + 1)
        at += len(line) + 1


def _straight_quotes(text: str) -> dict[int, bool]:
    """Return the places of the straight quotation marks of `text`, each with whether it opens a quotation.

    In turn they open and close. A line is left out if their number is odd, if it has other marks too, or if one of
    them stands where its turn does not allow: then they are inches, or one is missing.
    """
    roles: dict[int, bool] = {}
    if '"' not in text:
        return roles
    at = 0
    for line in text.split("\n"):
        places = [place for place, character in enumerate(line) if character == '"'] if '"' in line else []
        if len(places) % 2 == 0 and _take_turns(line, places):
            roles |= {at + place: turn % 2 == 0 for turn, place in enumerate(places)}
        at += len(line) + 1
    return roles


def _take_turns(line: str, places: list[int]) -> bool:
    """Tell whether the marks at `places` can be opening and closing ones in turn."""
    pairs = list(zip(places[::2], places[1::2], strict=True))
    return not any(mark in line for mark in "“”„") and all(
        _may_open(line, opening) and _may_close(line, closing) and line[opening + 1 : closing].strip()
        for opening, closing in pairs
    )


def _may_open(line: str, place: int) -> bool:
    """Tell whether a mark can be an opening one; with a space on both sides it is no inch sign behind a number."""
    before, after = line[max(0, place - 2) : place], line[place + 1 : place + 2]
    if after == " " and before[-1:] == " " and before[:1].isdigit():
        return False
    return not before or bool(OPENING_RE.match(before[-1]))


def _may_close(line: str, place: int) -> bool:
    """Tell whether a mark can be a closing one: also close to the name of the speaker, where its space went astray."""
    after = line[place + 1 : place + 2]
    if not after or CLOSING_RE.match(after):
        return True
    return line[max(0, place - 2) : place] in {", ", "? ", "! "} and bool(ATTRIBUTION_RE.match(line, place + 1))


Condition = Callable[[re.Match[str], Context], bool]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule made ready: `replacement` is the template of its `meaning`, `holds` what the pattern can't say.

    `is_seen` is false for a rule that finds nothing but characters of `UNSEEN_RE`.
    """

    id: str
    found: re.Pattern[str]
    replacement: str
    holds: Condition
    is_seen: bool


def typography_edits(pattern: Pattern, context: Context) -> list[Edit]:
    """Return the edits that one rule makes to `context.text`."""
    edits = []
    for match in pattern.found.finditer(context.text):
        if not context.is_spared(match) and pattern.holds(match, context):
            span = trim(Span(match.start(), match[0], match.expand(pattern.replacement)))
            edits.append(_edit(span, pattern.id))
    return edits


def composition_edits(text: str, spared: AbstractSet[str] = frozenset()) -> list[Edit]:
    """Return the edits that bring `text` into canonical composition (NFC)."""
    if unicodedata.is_normalized("NFC", text):
        return []
    edits = []
    at = 0
    for line in text.split("\n"):
        if line not in spared:
            spans = replaced_spans(line, unicodedata.normalize("NFC", line))
            edits += [_edit(Span(at + span.start, span.before, span.after), COMPOSITION) for span in spans]
        at += len(line) + 1
    return edits


def patterns_for(text: str) -> tuple[Pattern, ...]:
    """Return the rules that may find something in `text`. Raises Fatal for a row that can't be a rule."""
    every, seen = _patterns()
    return every if UNSEEN_RE.search(text) else seen


@cache
def _patterns() -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
    """Return all rules of the table, ready for use, and those of them that look for characters one can see."""
    every = tuple(_pattern(rule) for rule in read_rules("mojibake", "typography"))
    return every, tuple(pattern for pattern in every if pattern.is_seen)


def _pattern(rule: Rule) -> Pattern:
    where = f"mojibake/rules/typography.tsv, {rule.id}"
    template = TEMPLATE_RE.fullmatch(rule.meaning)
    if not template:
        raise Fatal(f"{where}: 'meaning' must stand between bars, such as | |, not {rule.meaning!r}")
    try:
        found = re.compile(rule.found, re.MULTILINE)
    except re.error as error:
        raise Fatal(f"{where}: 'found' is no regular expression ({error}); mend the row") from error
    return Pattern(rule.id, found, template[1], CONDITIONS.get(rule.id, _always), rule.id not in UNSEEN)


def _edit(span: Span, rule: str) -> Edit:
    return Edit(
        span.start, span.start + len(span.before), span.before, span.after, f"{STAGE}/{rule}", evidence="typography"
    )


def _always(_match: re.Match[str], _context: Context) -> bool:
    return True


def _is_english(_match: re.Match[str], context: Context) -> bool:
    """Hold in English alone: "$ 1.5" is as it should be in Spanish of Latin America, in Dutch, in Austria."""
    return context.is_english


def _has_close_currency(_match: re.Match[str], context: Context) -> bool:
    """Hold where the language is known: "€ 5" is good Dutch, and a list of prices shows no language."""
    return context.lang in CLOSE_CURRENCY


def _has_close_dollar(match: re.Match[str], context: Context) -> bool:
    """Hold also in text that is not known to be English and shows it."""
    return context.is_english or _has_close_currency(match, context)


def _has_close_guillemets(_match: re.Match[str], context: Context) -> bool:
    """Hold where the language is known, and known to set « » without spaces."""
    return context.lang in CLOSE_GUILLEMETS


def _opens(match: re.Match[str], context: Context) -> bool:
    """Hold for a straight mark whose turn it is to open, in a language that sets no space behind it."""
    return context.lang in CLOSE_QUOTES and context.quotes.get(context.text.find('"', match.start()), False)


def _closes(match: re.Match[str], context: Context) -> bool:
    """Hold for a straight mark whose turn it is to close, in a language that sets no space before it."""
    return context.lang in CLOSE_QUOTES and not context.quotes.get(context.text.find('"', match.start()), True)


def _closes_before_speaker(match: re.Match[str], context: Context) -> bool:
    """Hold for a straight mark whose turn it is to close; the words that name the speaker show that it is English."""
    place = match.end() - 1
    return not context.quotes.get(place, True) and bool(ATTRIBUTION_RE.match(context.text, match.end()))


def _is_single_doubling(match: re.Match[str], context: Context) -> bool:
    """Hold for one slip before a new sentence, not for a writer who ends all so.. and means it as a pause.

    Where letters have no capitals, as in Korean, two dots are an ellipsis.
    """
    tail = context.line_after(match)
    before = context.text[max(0, match.start() - 1) : match.start()]
    if before.isalpha() and before.lower() == before.upper():
        return False
    first = WORD_START_RE.search(tail)
    if first and not first[0][0].isupper():
        return False
    return " " in match[0] or ".." not in context.line_before(match) + tail


def _is_open(match: re.Match[str], context: Context) -> bool:
    """Hold for a mark ” at the start of a line where the line before left a quotation open."""
    head = context.line_before(match)
    return "„" not in head and head.rfind("“") > head.rfind("”")


def _opens_next_line(match: re.Match[str], context: Context) -> bool:
    """Hold for a mark “ at the end of a line where the quotation is in the next one."""
    tail = context.line_after(match)
    return "„" not in context.line_before(match) and 0 <= tail.find("”") < (tail + "“").find("“")


def _has_no_partner(match: re.Match[str], context: Context) -> bool:
    """Tell the possessive of a plural (the workers ‘rights) from an opening quotation mark.

    Before it stands a name, or a word that is surely a noun; and no mark after it could close a quotation. A
    possessive of the same word further on (Wales ‘coast ... Wales’ ports) is no such mark.
    """
    head, tail = context.line_before(match), context.line_after(match)
    word = WORD_END_RE.search(head)
    clipped = WORD_START_RE.match(tail)
    if not context.is_english or not word or (clipped and clipped[0].lower() in CLIPPED):
        return False
    closers = {closer[1] for closer in CLOSER_RE.finditer(tail)}
    return closers <= {word["noun"]}


def _has_no_low_quote(match: re.Match[str], context: Context) -> bool:
    """Hold where “ opens a quotation: after a low one, as in German, it closes; in French it may have its space."""
    return context.lang != "fr" and "„" not in context.line_before(match)


def _is_idle_space(match: re.Match[str], context: Context) -> bool:
    """Tell a no-break space that no typography wants from one inside a number or where French has it."""
    before, after = context.before(match), context.text[match.end() : match.end() + THOUSANDS]
    if before.isupper() and not before.isascii():
        return False  # byte A0, see `_is_no_byte`
    if before.isdigit() and len(after) == THOUSANDS and after.isdigit():
        return False
    if context.lang not in {None, "fr"}:
        return True
    has_sign = before.isdigit() and after[:1] in FRENCH_SIGNS
    if before in FRENCH_OPENING or after[:1] in FRENCH_CLOSING or has_sign:
        return False
    return context.lang is None or not _is_loose_french(match, context)


def _is_loose_french(match: re.Match[str], context: Context) -> bool:
    """Hold beside a number, in “ ”, beside dashes and behind a title: French has a no-break space there."""
    before, after = context.before(match), context.after(match)
    if before.isdigit() or after.isdigit() or before in FRENCH_LOOSE or after in FRENCH_LOOSE:
        return True
    return bool(FRENCH_TITLE_RE.search(context.text[max(0, match.start() - TITLE_SIZE) : match.start()]))


def _is_no_byte(match: re.Match[str], context: Context) -> bool:
    """Hold unless the character may be a byte of a letter: "Ã" and a soft hyphen, byte AD, were "í".

    ftfy's test does not see all of these. The byte before it is, in Western encodings, a capital or a symbol; in
    Arabic ones it is a letter of a script that has no hyphens.
    """
    before = context.before(match)
    return before.isascii() or before.isspace() or before.islower()


def _joins_nothing(match: re.Match[str], context: Context) -> bool:
    """Tell a zero-width character that does nothing from a joiner at work."""
    before, after = context.before(match), context.after(match)
    if match[0] == ZERO_WIDTH_SPACE:
        return not (SPACELESS_RE.match(before) or SPACELESS_RE.match(after))
    if match[0] in JOINERS and (JOINING_RE.match(before) or JOINING_RE.match(after)):
        return False
    return not (match[0] == ZERO_WIDTH_JOINER and EMOJI_RE.match(before) and EMOJI_RE.match(after))


def _turns_nothing(_match: re.Match[str], context: Context) -> bool:
    """Hold for a direction mark in a text with no letter that is written from right to left."""
    return not context.has_right_to_left


CONDITIONS: dict[str, Condition] = {
    "currency-space": _has_close_dollar,
    "currency-space-euro": _has_close_currency,
    "direction-mark": _turns_nothing,
    "doubled-stop": _is_single_doubling,
    "guillemet-space-close": _has_close_guillemets,
    "guillemet-space-open": _has_close_guillemets,
    "no-break-space": _is_idle_space,
    "quote-space-close": _has_no_low_quote,
    "quote-space-open": _has_no_low_quote,
    "quote-space-word": _has_no_low_quote,
    "quote-straight-close": _closes,
    "quote-straight-open": _opens,
    "quote-straight-word": _closes_before_speaker,
    "reversed-apostrophe": _has_no_partner,
    "reversed-apostrophe-inner": _is_english,
    "soft-hyphen": _is_no_byte,
    "torn-mark-close": _is_open,
    "torn-mark-open": _opens_next_line,
    "zero-width": _joins_nothing,
}
