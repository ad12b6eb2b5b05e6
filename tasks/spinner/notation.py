"""How a rule of the spinner's lexicon is written, and the patterns it stands for.

`found` is the spun phrase in lower case, with what must stand beside it in round brackets; `meaning` is the original:

    found                                   meaning             says
    historical past                         history             a phrase
    mortgage/n                              loan/n              a noun in its two forms (see `inflection`)
    perceive/v                              understand/v        a verb in its five forms
    (the) primary (batch|time)              first               context: must be there, is not changed
    (!web|e) mail                           post                must not be there
    (<det>) 2 (<plural>)                    two                 a class of words
    Invoice (Nye|Gates)                     Bill                with capital letters: a broken name, matched as written

Brackets left of the phrase read leftwards from it, those on the right rightwards; one with `!` takes up no words.
Alternatives are parted by `|` and may be phrases. Classes are `<name>`s of the table `word-classes`, or one of those
computed here: `<year>`, `<number>`, `<name>` (a capitalised word), `<plural>` and `<stop>` (the end of a clause: a
sign of punctuation, a line break, the end of the text). `meaning` may list further originals after `|`: the first is
the repair, the rest are told as evidence.

A grade before the phrase says what the row is worth:

    !   never said like this in clean English: weighs most at the gate, repaired also inside quotations
        (no sign) rare in clean text: weighs little at the gate, repaired
    ~   common in clean text: weighs nothing at the gate, repaired where the document is gated
    ?   right too often even in a spun document: only ever suggested
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from tasks.outcome import Fatal
from tasks.rule_table import Rule
from tasks.spinner.inflection import conjugate, pluralise
from tasks.spinner.tokens import Tokens, tokenize


class Grade(StrEnum):
    """What a row is worth; see the docstring of the module."""

    IMPOSSIBLE = "!"
    TELLING = ""
    COMMON = "~"
    SUGGESTION = "?"


FOUND_RE = re.compile(r"(?P<grade>[!~?]?) ?(?P<left>(?:\([^()]+\) )*)(?P<words>[^()]+?)(?P<right>(?: \([^()]+\))*)")
BRACKET_RE = re.compile(r"\(([^()]+)\)")
MARK_RE = re.compile(r"/([nv])(?![\w/])")
YEAR_RE = re.compile(r"(?:1[89]|20)\d\d")
NOT_PLURAL_RE = re.compile(r"(?:ss|us|is|'s)$")
PLURALS_WITHOUT_S = frozenset("people men women children police".split())

# What stands before a participle, so that "has turned" becomes "has become" but "turned" becomes "became".
BEFORE_PARTICIPLE = tuple(
    (word,) for word in "have has had having 've be been being is are was were 're get gets got".split()
)


def _is_year(tokens: Tokens, at: int) -> bool:
    return YEAR_RE.fullmatch(tokens.raw[at]) is not None


def _is_number(tokens: Tokens, at: int) -> bool:
    return tokens.raw[at][0].isdigit()


def _is_name(tokens: Tokens, at: int) -> bool:
    return tokens.is_capitalised(at)


def _is_plural(tokens: Tokens, at: int) -> bool:
    word = tokens.lower[at]
    return word in PLURALS_WITHOUT_S or (word.isalpha() and word.endswith("s") and not NOT_PLURAL_RE.search(word))


def _is_stop(tokens: Tokens, at: int) -> bool:
    return tokens.is_break(at) or (not tokens.raw[at][0].isalnum() and tokens.raw[at][0] not in "-'’$£€%#@&")


COMPUTED: Mapping[str, Callable[[Tokens, int], bool]] = {
    "year": _is_year,
    "number": _is_number,
    "name": _is_name,
    "plural": _is_plural,
    "stop": _is_stop,
}


@dataclass(frozen=True, slots=True)
class Context:
    """A condition on what stands beside a phrase: one of `phrases`, or a word of one of the computed `classes`."""

    negated: bool
    phrases: tuple[tuple[str, ...], ...]
    classes: tuple[str, ...]

    def reach(self, tokens: Tokens, at: int, step: int) -> int | None:
        """Return how many tokens from `at` on (leftwards where `step` is -1) satisfy the condition, None if none do."""
        length = self._longest(tokens, at, step)
        if self.negated:
            return 0 if length is None else None
        return length

    def _longest(self, tokens: Tokens, at: int, step: int) -> int | None:
        best: int | None = None
        for phrase in self.phrases:
            low = at if step > 0 else at - len(phrase) + 1
            if low >= 0 and tokens.lower[low : low + len(phrase)] == phrase:
                best = max(best or 0, len(phrase))
        outside = not 0 <= at < len(tokens)
        for name in self.classes:
            if name == "stop" if outside else COMPUTED[name](tokens, at):
                best = best or 1
        return best


@dataclass(frozen=True, slots=True)
class Pattern:
    """One form of one row: the words to find between contexts, and what they become.

    `words` are lower case, but as written for a row about a name (`cased`). `rule` is the part of an edit's rule name
    after `spinner/`, `family` the letter of the row's table. Contexts are ordered from the phrase outwards.
    """

    rule: str
    family: str
    grade: Grade
    words: tuple[str, ...]
    left: tuple[Context, ...]
    right: tuple[Context, ...]
    replacement: str
    others: tuple[str, ...]
    source: str
    cased: bool

    def matches(self, tokens: Tokens, at: int) -> bool:
        """Whether the phrase stands at token `at` and its conditions hold."""
        end = at + len(self.words)
        if (tokens.raw if self.cased else tokens.lower)[at:end] != self.words:
            return False
        return _holds(self.left, tokens, at - 1, -1) and _holds(self.right, tokens, end, 1)


def _holds(contexts: tuple[Context, ...], tokens: Tokens, at: int, step: int) -> bool:
    for context in contexts:
        length = context.reach(tokens, at, step)
        if length is None:
            return False
        at += step * length
    return True


def compile_rule(rule: Rule, family: str, classes: Mapping[str, str]) -> Iterator[Pattern]:
    """Give the patterns that a row stands for, one for each form of its marked word.

    `classes` maps names of word classes to their words, parted by `|`. Raises Fatal, naming row and mend.
    """
    parsed = FOUND_RE.fullmatch(rule.found)
    if parsed is None:
        raise Fatal(f"spinner rule {rule.id}: {rule.found!r} is not written as tasks/spinner/notation.py says")
    replacement, *others = (part.strip() for part in rule.meaning.split("|"))
    left = tuple(_context(inner, rule.id, classes) for inner in reversed(BRACKET_RE.findall(parsed["left"])))
    right = tuple(_context(inner, rule.id, classes) for inner in BRACKET_RE.findall(parsed["right"]))
    for words, after, is_participle in _forms(parsed["words"], replacement, rule.id):
        pattern = Pattern(
            rule=f"{family.lower()}-{rule.id}",
            family=family,
            grade=Grade(parsed["grade"]),
            words=(tokenize(words).raw if words != words.lower() else tokenize(words).lower),
            left=left,
            right=right,
            replacement=after,
            others=tuple(MARK_RE.sub("", other) for other in others),
            source=rule.source,
            cased=words != words.lower(),
        )
        if is_participle is not None:
            auxiliary = Context(negated=not is_participle, phrases=BEFORE_PARTICIPLE, classes=())
            pattern = replace(pattern, left=(auxiliary, *left))
        yield pattern


def _context(inner: str, rule_id: str, classes: Mapping[str, str]) -> Context:
    negated = inner.startswith("!")
    phrases: list[tuple[str, ...]] = []
    computed: list[str] = []
    for alternative in inner.removeprefix("!").split("|"):
        name = alternative.strip("<>") if alternative.startswith("<") else None
        if name is None:
            phrases.append(_split(alternative))
        elif name in COMPUTED:
            computed.append(name)
        elif name in classes:
            phrases += [_split(phrase) for phrase in classes[name].split("|")]
        else:
            raise Fatal(f"spinner rule {rule_id}: <{name}> is no word class; add it to rules/word-classes.tsv")
    return Context(negated, tuple(phrases), tuple(computed))


def _split(phrase: str) -> tuple[str, ...]:
    """Cut a phrase of a context as a text is cut: `'s` is one token, as it is after a word."""
    words = tokenize(f"x{phrase}" if phrase.startswith("'") else phrase).lower
    return words[1:] if phrase.startswith("'") else words


def _forms(words: str, replacement: str, rule_id: str) -> Iterator[tuple[str, str, bool | None]]:
    """Give each form of the phrase with its replacement, and whether it must (or must not) follow an auxiliary.

    Where two forms of the spun verb look alike and their replacements don't (turned: became, become), the
    auxiliary before them decides.
    """
    mark = MARK_RE.search(words)
    if mark is None:
        yield words, MARK_RE.sub("", replacement), None
        return
    after_mark = MARK_RE.search(replacement)
    if after_mark is not None and after_mark[1] != mark[1]:
        raise Fatal(f"spinner rule {rule_id}: /{mark[1]} in found and /{after_mark[1]} in meaning; use the same mark")
    found = _inflect(words[: mark.start()], mark[1], words[mark.end() :])
    if after_mark is None:
        after = [replacement] * len(found)
    else:
        after = _inflect(replacement[: after_mark.start()], mark[1], replacement[after_mark.end() :])
    seen: dict[str, str] = {}
    pairs = list(zip(found, after, strict=True))
    past_is_split = mark[1] == "v" and found[3] == found[4] and after[3] != after[4]
    for number, (form, repaired) in enumerate(pairs):
        if past_is_split and number in {3, 4} and form not in found[:3]:
            yield form, repaired, number == 4  # noqa: PLR2004  (the participle is the last of the five forms)
        elif form not in seen:
            seen[form] = repaired
            yield form, repaired, None


def _inflect(stem: str, kind: str, tail: str) -> list[str]:
    if kind == "n":
        return [stem + tail, pluralise(stem) + tail]
    head, space, verb = stem.rpartition(" ")
    return [head + space + form + tail for form in conjugate(verb)]
