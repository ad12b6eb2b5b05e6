"""Texts reworded as spinners, translators and people reword them, the same in every run for the same dice.

Where synonyms come from, in this order. Pairs seen on really spun pages (`bench/spun/pairs.dev.tsv`, both ways). A
table of our own of common synonyms (`tests/cases/stories/synonyms.tsv`), inflected by rule. For what neither knows, a
word of like length and frequency out of other articles: it means something else, which no one who compares texts
without a dictionary can tell. Within a text a content word has one replacement.

What is kept, as real spinners keep it: names (words with a capital inside a sentence) and numbers mostly, function
words mostly. `spin` with `any_word` keeps nothing.

This module refuses to write well. What comes out is as ungrammatical as what spinners put on the web.
"""

import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, auto
from functools import cache
from pathlib import Path

from tasks.stories.sentences import split_sentences

TABLE = Path(__file__).parents[1] / "cases" / "stories" / "synonyms.tsv"
SPUN_PAIRS = Path(__file__).parents[2] / ".." / "shared" / "bench" / "spun" / "pairs.dev.tsv"

WORD_RE = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
SENTENCE_START_RE = re.compile(r"(?:^|\n|[.!?…:][\"”’')]*\s)[\s\"“‘'(]*$")
ENDINGS = ("ing", "ed", "ly", "s", "")
ARTICLES = {"the": ("a", ""), "a": ("the", "one", ""), "an": ("the", "one", "")}
PREPOSITIONS = {
    "in": ("at", "within"),
    "on": ("at", "upon"),
    "at": ("in", "on"),
    "of": ("from", ""),
    "to": ("for", "towards"),
    "for": ("to", "of"),
    "with": ("by", "together with"),
    "by": ("from", "through"),
    "from": ("of", "out of"),
    "about": ("on", "over"),
    "into": ("in", "to"),
    "after": ("following", "behind"),
}
FUNCTION_WORDS = frozenset(
    """a an the and or but nor so yet if then than that this these those there here it its he she they them his her
    their him i you we us our my your me who whom whose which what when where why how as at by for from in into of off
    on onto out over to up with within without about after against before between through during under until upon is
    are was were be been being am do does did done have has had having will would can could may might shall should must
    not no n't it's isn't don't doesn't didn't won't can't i'm that's all any both each some such own same too very
    just also only more most other another one two while because""".split()
)
MONTHS_AND_DAYS = (
    tuple("January February March April May June July August September October November December".split()),
    tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
)


class Role(Enum):
    """What a word does in its sentence, as far as its look tells."""

    NAME = auto()
    NUMBER = auto()
    FUNCTION = auto()
    CONTENT = auto()


# How readily a spinner takes a word of a role; function words are thrown for one by one. See `spin`.
CONTENT_WEIGHT, KNOWN_WEIGHT, NAME_WEIGHT = 1.0, 3.0, 0.02
FUNCTION_ODDS = 0.15
# The share of all words that somebody else puts otherwise: about half the content words, which are 46 % of all.
RETOLD_SHARE = 0.25


class Lexicon:
    """What a rewriter knows: synonyms, and the words and names of other articles."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take the words of `texts`; the synonyms come from their files."""
        self.synonyms = read_synonyms()
        self.names: list[str] = []
        counts: Counter[str] = Counter()
        for text in texts:
            roles = roles_of(text)
            counts.update(word.lower() for word in WORD_RE.findall(text) if roles[word] is Role.CONTENT)
            self.names += sorted(word for word, role in roles.items() if role is Role.NAME)
        self._fillers: dict[tuple[int, int, str], list[str]] = defaultdict(list)
        self._counts, self._words = counts, sorted(counts)
        for word in self._words:
            self._fillers[self._likeness(word)].append(word)

    def replace(self, word: str, dice: random.Random) -> str:
        """Return a synonym of `word`, or another word like it, with its capital."""
        lower = word.lower()
        known = self.synonyms.get(lower) or self._fillers.get(self._likeness(lower)) or self._words
        other = lower
        while other == lower:
            other = dice.choice(known if len(known) > 1 or known[0] != lower else self._words)
        return _in_case_of(word, other)

    def rename(self, word: str, dice: random.Random) -> str:
        """Return another name, month, weekday or number for one of these."""
        if word[0].isdigit():
            return "".join(str(dice.randrange(1, 10)) if letter.isdigit() else letter for letter in word)
        for calendar in MONTHS_AND_DAYS:
            if word in calendar:
                return dice.choice([other for other in calendar if other != word])
        return dice.choice([name for name in self.names if name != word] or self._words)

    def _likeness(self, word: str) -> tuple[int, int, str]:
        ending = next(ending for ending in ENDINGS if word.endswith(ending))
        return min(len(word), 13) // 2, min(self._counts[word].bit_length(), 4), ending


@cache
def read_synonyms() -> dict[str, tuple[str, ...]]:
    """Return the synonyms of each word in lower case, from really spun pages and from our own table."""
    found: dict[str, set[str]] = defaultdict(set)
    with SPUN_PAIRS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            for word, other in ((row["original"], row["spun"]), (row["spun"], row["original"])):
                found[word.lower()].add(other.lower())
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            forms = zip(inflect(row["word"], row["part"]), inflect(row["synonym"], row["part"]), strict=True)
            for word, other in forms:
                found[word].add(other)
                found[other].add(word)
    return {word: tuple(sorted(others - {word})) for word, others in found.items() if " " not in word}


def inflect(word: str, part: str) -> list[str]:
    """Return the regular forms of a word.

    >>> inflect("carry", "verb"), inflect("stop", "verb"), inflect("tax", "noun"), inflect("big", "plain")
    (['carry', 'carries', 'carried', 'carrying'], ['stop', 'stops', 'stopped', 'stopping'], ['tax', 'taxes'], ['big'])
    """
    if part == "plain":
        return [word]
    stem = word[:-1] + "i" if re.search("[^aeiou]y$", word) else word
    plural = stem + ("es" if stem != word or re.search("(?:s|x|z|ch|sh)$", word) else "s")
    if part == "noun":
        return [word, plural]
    doubled = word + word[-1] if re.fullmatch("[^aeiou]*[aeiou][^aeiouwxy]", word) else word
    past = stem + "ed" if stem != word else doubled.removesuffix("e") + "ed"
    return [word, plural, past, (doubled[:-1] if re.search("[^e]e$", doubled) else doubled) + "ing"]


@cache
def roles_of(text: str) -> dict[str, Role]:
    """Return the role of each word of `text`, as written."""
    words = list(WORD_RE.finditer(text))
    names = {
        word.group()
        for word in words
        if word.group()[0].isupper() and not SENTENCE_START_RE.search(text[max(0, word.start() - 8) : word.start()])
    }
    return {word.group(): _role_of(word.group(), names) for word in words}


def _role_of(word: str, names: set[str]) -> Role:
    if any(map(str.isdigit, word)):
        return Role.NUMBER
    if word.lower().replace("’", "'") in FUNCTION_WORDS:
        return Role.FUNCTION
    return Role.NAME if word in names else Role.CONTENT


# Spinners


def spin(text: str, share: float, lexicon: Lexicon, dice: random.Random, *, any_word: bool = False) -> str:
    """Return `text` with about `share` of all its words replaced."""
    roles = roles_of(text)
    counts = Counter(WORD_RE.findall(text))
    once = dict.fromkeys(Role, share) if any_word else {Role.FUNCTION: share * FUNCTION_ODDS}
    expected = sum(odds * counts[word] for word in counts for role, odds in once.items() if roles[word] is role)
    quota = 0 if any_word else share * counts.total() - expected
    weights = {word: _weigh(word, roles[word], lexicon) for word in counts if roles[word] not in once}
    chosen = set(choose_words(counts, weights, quota, dice))
    replacements: dict[str, str] = {}

    def reword(match: re.Match[str]) -> str:
        word = match.group()
        if word not in chosen and dice.random() >= once.get(roles[word], 0.0):
            return word
        return replacements.setdefault(word, lexicon.replace(word, dice))

    return WORD_RE.sub(reword, text)


def _weigh(word: str, role: Role, lexicon: Lexicon) -> float:
    if role in (Role.NAME, Role.NUMBER):
        return NAME_WEIGHT
    return KNOWN_WEIGHT if word.lower() in lexicon.synonyms else CONTENT_WEIGHT


def choose_words(counts: Counter[str], weights: dict[str, float], quota: float, dice: random.Random) -> Iterator[str]:
    """Draw words by their weights, without putting any back, until they make up `quota` words of running text."""
    drawn = sorted(weights, key=lambda word: (dice.random() ** (1 / weights[word]), word), reverse=True)
    left = quota
    for word in drawn:
        if counts[word] <= left + 1:
            left -= counts[word]
            yield word
        if left <= 0:
            return


# Translation forth and back


def translate_back(text: str, share: float, lexicon: Lexicon, dice: random.Random) -> str:
    """Return `text` as it comes back from another language; `share` of the content words are others then."""
    roles = roles_of(text)
    counts = Counter(WORD_RE.findall(text))
    weights = {word: _weigh(word, role, lexicon) for word, role in roles.items() if role is Role.CONTENT}
    chosen = set(choose_words(counts, weights, share * sum(counts[word] for word in weights), dice))
    replacements = {word: lexicon.replace(word, dice) for word in sorted(chosen)}

    def reword(match: re.Match[str]) -> str:
        word = match.group()
        if word in replacements:
            return replacements[word]
        return _reinflect(word, dice) if roles[word] is Role.CONTENT else _renew_function_word(word, dice)

    sentences = [WORD_RE.sub(reword, sentence) for sentence in split_sentences(text)]
    names = {word for word, role in roles.items() if role is Role.NAME}
    turned = [_turn(sentence, names, dice) for sentence in sentences]
    return "\n".join(_join_some(turned, names, dice))


def _renew_function_word(word: str, dice: random.Random) -> str:
    """Drop or change an article or a preposition in one of four cases."""
    options = {**ARTICLES, **PREPOSITIONS}.get(word.lower())
    return word if options is None or dice.random() >= 1 / 4 else _in_case_of(word, dice.choice(options))


def _reinflect(word: str, dice: random.Random) -> str:
    """Change the ending of a word in one of eight cases."""
    if dice.random() >= 1 / 8 or len(word) < 5:
        return word
    for ending, others in (("ing", ("ed", "s")), ("ed", ("ing", "s")), ("s", ("",)), ("", ("s", "ed"))):
        if word.endswith(ending):
            return word.removesuffix(ending) + dice.choice(others)
    raise AssertionError("every word has the empty ending")


def _turn(sentence: str, names: set[str], dice: random.Random) -> str:
    """Give a sentence another order: its two clauses, or neighbouring words as the passive has them."""
    clauses = sentence.rstrip(".").split(", ")
    if len(clauses) == 2 and dice.random() < 1 / 2:
        return f"{_capital(clauses[1])}, {_no_capital(clauses[0], names)}."
    words = sentence.split(" ")
    if len(words) >= 8 and dice.random() < 1 / 2:
        at, left, right = dice.randrange(len(words) - 5), dice.randint(1, 2), dice.randint(2, 3)
        middle = at + left
        words[at : middle + right] = words[middle : middle + right] + words[at:middle]
    return " ".join(word for word in words if word)


def _join_some(sentences: Sequence[str], names: set[str], dice: random.Random) -> Iterator[str]:
    """Join one sentence in eight to the one before it, and cut one in eight at its first comma."""
    pending = ""
    for sentence in sentences:
        lot = dice.random()
        if pending and lot < 1 / 8 and pending.endswith("."):
            pending = f"{pending[:-1]}, and {_no_capital(sentence, names)}"
            continue
        if pending:
            yield pending
        first, comma, rest = sentence.partition(", ")
        if comma and lot > 7 / 8:
            yield f"{first}."
            sentence = _capital(rest)  # noqa: PLW2901  (what is left of it)
        pending = sentence
    yield pending


# Other events


def fill_template(text: str, others: Sequence[str], lexicon: Lexicon, dice: random.Random) -> str:
    """Return `text` as a report of another event that keeps its wording, as reports made from a template do.

    Half the sentences give way to `others`; names, numbers, dates are others, the same all through the text; the order
    is another.
    """
    roles = roles_of(text)
    renamed = {
        word: lexicon.rename(word, dice) for word, role in sorted(roles.items()) if role in (Role.NAME, Role.NUMBER)
    }
    sentences = split_sentences(text)
    kept = dice.sample(sentences, (len(sentences) + 1) // 2)
    told = [replace_words(sentence, lambda word: renamed.get(word, word)) for sentence in kept]
    told += others[: len(sentences) - len(kept)]
    return "\n".join(dice.sample(told, len(told)))


def retell(text: str, others: Sequence[str], lexicon: Lexicon, dice: random.Random) -> str:
    """Return what `fill_template` does, told by somebody else: half the content words are others as well."""
    return fill_template(spin(text, RETOLD_SHARE, lexicon, dice), others, lexicon, dice)


def borrow_words(text: str, frames: Sequence[str], dice: random.Random) -> str:
    """Return `frames`, sentences of other articles, filled with content words of `text`: its topic, not its phrases."""
    roles = roles_of(text)
    stock = [word.lower() for word in WORD_RE.findall(text) if roles[word] is Role.CONTENT]
    frame_roles = roles_of("\n".join(frames))

    def fill(word: str) -> str:
        return _in_case_of(word, dice.choice(stock)) if frame_roles[word] is Role.CONTENT else word

    return "\n".join(replace_words(frame, fill) for frame in frames)


def replace_words(text: str, replace: Callable[[str], str]) -> str:
    """Return `text` with each word replaced by what `replace` makes of it."""
    return WORD_RE.sub(lambda match: replace(match.group()), text)


def _in_case_of(word: str, other: str) -> str:
    return _capital(other) if word[0].isupper() else other


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _no_capital(text: str, names: set[str]) -> str:
    first = WORD_RE.match(text)
    return text if first is None or first.group() in names else text[:1].lower() + text[1:]
