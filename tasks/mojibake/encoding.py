r"""Text that was read in the wrong encoding: which lines look it, what they were, and when to leave them.

ftfy does the work, a line at a time, with nothing switched on but its repair of encodings: no straightened quotes, no
NFKC, no half width or ligatures, no entities (`fix_text` gives up on all entities after one `<`, so they have their
own module). Two things stand around it.

Before it, a guard. ftfy asks of every line whether it holds one of a long list of unlikely neighbours. Each of them
has a character that plain prose of its script has not, beside another character outside ASCII, or is one of very few
that stand alone; that is one character class to search for, and clean text of most scripts never gets further. The
guard lets pass everything that ftfy's own test would (a property test holds it to that).

After it, a question: is the line better now? A line that ftfy's own test still finds bad was not understood. On the
development matrix (4,946 broken texts, ten groups of chains) none of the 1,463 lines that ftfy restored looked bad
afterwards, and 445 of the 652 that it changed wrongly did. Such an answer is refused, unless it came from decoding
UTF-8 and nearly all of the line is well (`STILL_BAD`): then what is left are bytes that were lost for good. C1
controls become windows-1252 only where that gives words (`MISPLACED_RE`). What stays bad is left for a better repair.

Of a line with clean and broken parts ftfy repairs the parts that look bad by themselves, and leaves what might be
meant: "Ä›" could be an abbreviation in quotation marks. Beside a part that was UTF-8 read as windows-1252 it hardly
is, so the rest of that kind is decoded too, where it gives a Latin letter or a mark (mixed lines restored exactly:
96.7 instead of 76.2 of 100, group K).
"""

import re
from dataclasses import dataclass

import ftfy
from ftfy.badness import badness, is_bad

CONFIG = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    remove_control_chars=False,
    normalization=None,
)

# Letters of scripts outside Latin that ftfy's test never blames when only their own kind stands beside them; Latin
# Extended Additional is among them because Vietnamese is written with it.
_CALM = (
    "\u0370-\u0383\u0386-\u03ff"  # Greek, without its free-standing accents
    "\u0401-\u048f\u0492-\u1fff"  # Cyrillic, without Ґ and ґ, up to Greek Extended
    "\u2e80-\ud7ff\ue000-\uf8fe\uf900-\ufafe\ufb03-\ufffc\U00010000-\U0010ffff"
)
GUARD_RE = re.compile(
    rf"[^\x00-\x7f{_CALM}](?:(?=[^\x00-\x7f])|(?<=[^\x00-\x7f].)|(?<=[\x80-\x9fŒœ\ud800-\udfff])|(?<=[ÂÃ])(?= ))"
)
# The two signs of mojibake that are made of Cyrillic letters alone.
GUARD_WORDS = ("вЂ", "ўВ")

# How much of a line's badness may be left after a repair. Swept 0 to 0.5 on the development matrix: up to a quarter,
# every line half repaired from UTF-8 was closer to the clean one than the broken line (by eye, 40 lines of groups
# B, D and K); and an English line with five wrong apostrophes and one lost quotation mark stays within it.
STILL_BAD = 0.25
# A capital or a symbol of windows-1252 inside a word, or beside a CJK letter: the C1 control was no windows-1252.
MISPLACED_RE = re.compile(r"[a-zß-öø-ÿ][ŠŒŽŸ]|\w[ƒ„†‡ˆ‰‹›˜]\w|[\u2e80-\uffef][\u0152-\u2122]|[\x81\x8d\x8f\x90\x9d]")
SURROGATE_RE = re.compile("[\ud800-\udfff]")
SURROGATES = "surrogates"
# A closing quotation mark is E2 80 9D in UTF-8, and windows-1252 has no 9D: programs that drop what they can't show, or
# show U+FFFD for it, leave "â€". ftfy takes the space after it for a byte and makes a dagger of both. Where the same
# line has other marks of the kind, what stands after a word is that quotation mark; no other character of general
# punctuation that ends in a byte unknown to windows-1252 is used in prose.
LOST_CLOSER_RE = re.compile("(?<=[!-~])â€(?:\ufffd|(?=[ ,.;:!?)]|$))")
MISREAD_MARK_RE = re.compile("â€[œ˜™¦“”]")
RESTORED = "restored-9d"
# UTF-8 of Latin letters and of general punctuation, read as windows-1252.
_CONTINUED = re.escape(bytes(range(0x80, 0xC0)).decode("sloppy-windows-1252"))
MISREAD_RE = re.compile(rf"[Â-ß][{_CONTINUED}]|á[º»][{_CONTINUED}]|â[{_CONTINUED}]{{2}}")
LATIN_RE = re.compile("[\xa1-\u017f\u01a0-\u01b0\u0218-\u021b\u1ea0-\u1eff\u2010-\u203a€™]")
INCONSISTENT = "decode_inconsistent_utf8"
REST = "decode_rest"
# Steps of ftfy's plans that read C1 controls as windows-1252, and those that repair a part of the line.
C1_STEPS = frozenset({"fix_c1_controls", "windows-1252"})
PLAIN_STEPS = frozenset({"sloppy-windows-1252", "latin-1", "utf-8"})
PARTIAL_STEPS = frozenset({INCONSISTENT, "replace_lossy_sequences"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A line read as it was meant.

    `plan` names the steps that led there, an empty one that the line is as it was. `broken` tells that the line still
    looks wrong.
    """

    line: str
    plan: tuple[str, ...] = ()
    broken: bool = False
    confidence: float = 1.0

    @property
    def is_plain(self) -> bool:
        """Whether all of the line was UTF-8 read as windows-1252 or Latin-1: chance makes no whole line of that."""
        return PLAIN_STEPS.issuperset(self.plan)

    @property
    def is_partial(self) -> bool:
        """Whether only parts of the line were read anew, so that others may have been missed."""
        return not PARTIAL_STEPS.isdisjoint(self.plan)


def looks_suspicious(text: str) -> bool:
    """Tell whether `text` may hold mojibake: true for all that ftfy finds bad, and for a little more.

    >>> looks_suspicious("“Très bien,” he said – it’s 5 °C. Ещё чай?"), looks_suspicious("cafÃ©")
    (False, True)
    """
    return bool(GUARD_RE.search(text)) or any(word in text for word in GUARD_WORDS)


def read_line(line: str) -> Reading:
    """Read one line (no line feed in it) as it was meant. What can't be improved comes back as it was."""
    joined = _join_surrogates(line)
    surrogates = () if joined == line else (SURROGATES,)
    whole = _restore_closers(joined)
    fixed, steps = _fix(whole)
    if fixed == joined:
        return Reading(joined, surrogates, is_bad(joined))
    plan = (() if whole == joined else (RESTORED,)) + steps
    broken = is_bad(fixed)
    if not _is_better(joined, fixed, plan, broken=broken):
        return Reading(joined, surrogates, broken=True)
    return Reading(fixed, surrogates + plan, broken, _confidence(plan))


def _join_surrogates(line: str) -> str:
    """Make characters of pairs of surrogates, and U+FFFD of single ones, which no file could hold."""
    if not SURROGATE_RE.search(line):
        return line
    return line.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _fix(line: str) -> tuple[str, tuple[str, ...]]:
    """Return the line as ftfy repairs it, and the steps taken; where it repaired parts, with the rest of their kind."""
    plan: tuple[str, ...] = ()
    while True:
        fixed, steps = ftfy.fix_and_explain(line, CONFIG)
        found = tuple(step.parameter for step in steps or ())
        line = MISREAD_RE.sub(_decode, fixed) if INCONSISTENT in found else fixed
        plan += found if line == fixed else (*found, REST)
        if line == fixed:
            return fixed, plan


def _decode(misread: re.Match[str]) -> str:
    """Return the Latin letter or the mark that a stretch of misread UTF-8 was, or the stretch if it was neither."""
    decoded = misread[0].encode("sloppy-windows-1252").decode("utf-8", "replace")
    return decoded if LATIN_RE.fullmatch(decoded) else misread[0]


def _restore_closers(line: str) -> str:
    """Put back the last byte of closing quotation marks that lost it."""
    return LOST_CLOSER_RE.sub("â€\x9d", line) if MISREAD_MARK_RE.search(line) else line


def _is_better(before: str, after: str, plan: tuple[str, ...], *, broken: bool) -> bool:
    """Tell whether a repair was one: see the docstring of this module."""
    if not C1_STEPS.isdisjoint(plan):
        return not broken and not MISPLACED_RE.search(after)
    return not broken or badness(after) <= STILL_BAD * badness(before)


def _confidence(plan: tuple[str, ...]) -> float:
    """Return how sure each edit of a repair is.

    Measured on the whole development matrix: the share of edits with such a plan whose new characters stand in the
    clean text (345, 5,302 and 13,981 edits).
    """
    if not C1_STEPS.isdisjoint(plan):
        return 0.93
    return 0.92 if not PARTIAL_STEPS.isdisjoint(plan) else 0.98
