"""How well `relate` tells copies, spun copies and stories apart: pairs made of the 80 development pages.

Every gold body is a base. From it texts are derived whose relation to it is known, since we made them: copies, partial
copies, spun copies, copies translated forth and back, and reports of another event of the same kind. All documents of
a half are related at once, so a false relation between any two of them counts.

What counts as what:

- A made pair is a base and a text derived from it. Its recall is the share related with a kind that is right for it.
- Its precision: of the pairs of its group that were found and all false pairs of the same kinds, the share found.
  False is a copy or spun copy stated between texts of different bases, also where these report one event; or between
  a report of another event and what it was made from. A light copy that is called spun is false as well.
- Two texts derived from one base are copies of each other in one way or another: neutral. So are all pairs that share
  the text of a host, and a report of another event beside the other texts of its base: where it was held to be a copy
  of the base, that error would count sixteen times.
- Bases that report the same event, or are otherwise related, were found by reading; they are listed below by their
  place in the file. All other pairs of bases are strangers.

The bases come in two halves, by the digest of their text; related pages stay together. Thresholds are set on `dev`
alone; the floors stand on `test`. Nothing of a half goes into the other one. The data are no part of the project.

    python -m tests.eval.story_pairs dev|test
"""

import hashlib
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from itertools import combinations
from pathlib import Path

from tasks.stories.records import Relation, RelationKind, Story
from tasks.stories.relations import relate
from tasks.stories.sentences import split_sentences
from tests.eval.data_sets import DataSet
from tests.eval.rewording import (
    FUNCTION_WORDS,
    SPUN_PAIRS,
    Lexicon,
    borrow_words,
    fill_template,
    replace_words,
    retell,
    spin,
    translate_back,
)

PAGES = Path(__file__).parents[2] / ".." / "shared" / "bench" / "extract" / "ground-truth.json"
FILES = (PAGES, SPUN_PAIRS)
HALVES = ("dev", "test")
# Chosen among ten so that both halves have pages of one event; nothing was related while it was chosen.
SALT = "9"

SAME_EVENT_GROUPS = ((1, 9), (8, 17, 29, 60), (18, 38, 75), (27, 32, 48, 71), (44, 57))
SAME_EVENT = frozenset(pair for group in SAME_EVENT_GROUPS for pair in combinations(group, 2))
# The same firm, motor show or shop offers.
RELATED_GROUPS = ((0, 2, 15, 16, 47), (4, 32), (7, 65), (11, 51, 66), (21, 39), (23, 70), (46, 53), (50, 52))
RELATED = frozenset(pair for group in RELATED_GROUPS for pair in combinations(group, 2))

BASE = "base"
# From a template: half the sentences of the base word by word, but for names and numbers. It is printed, but counts
# neither way: by the words it is a copy in part, by the event it is none.
TEMPLATE = "other event, from template"
RETOLD, SAME_VOCABULARY = "other event, retold", "other event, same vocabulary"
OTHER_EVENTS = (RETOLD, SAME_VOCABULARY)
NEUTRAL = "neutral"
# What the words of one article that went into the report of another event may come to, of all its characters.
MOST_OF_A_DONOR = 0.08
# How many places behind a base its host stands, so that the two are not neighbours.
HOST_STEP = 7

COPY = frozenset({RelationKind.COPY})
COPY_OR_SPUN = frozenset({RelationKind.COPY, RelationKind.SPUN_COPY})


class Bond(StrEnum):
    """What two bases have to do with each other."""

    SAME_EVENT = "same event"
    RELATED = "related"
    STRANGERS = "strangers"


@dataclass(frozen=True)
class Document:
    """A base or a text derived from one: which, how it was made, and the bases that much of it comes from."""

    story: Story
    base: int
    made: str
    sources: frozenset[int]


@dataclass(frozen=True)
class Group:
    """Ways of making texts that have a precision together, and the kinds of relation that are right for them."""

    name: str
    ways: tuple[str, ...]
    right: frozenset[RelationKind]


COPIES = Group(
    "copies", ("punctuation", "sentence changed", "intro and credit", "typos", "1 in 30 words", "all of these"), COPY
)
PARTIAL = Group("partial copies", ("40 %, in front", "40 %, inside"), COPY_OR_SPUN)
SPUN = Group("spun copies", ("20 % spun", "30 % spun", "40 % spun"), COPY_OR_SPUN)
SPUN_HARSHLY = Group("spun, any word", ("20 % of any", "30 % of any"), COPY_OR_SPUN)
TRANSLATED = Group("translated back", ("25 % translated", "40 % translated"), COPY_OR_SPUN)
GROUPS = (COPIES, PARTIAL, SPUN, SPUN_HARSHLY, TRANSLATED)

DERIVED = ", texts made of them"
OTHER_EVENT_DERIVED = f"other event{DERIVED}"
NO_COPIES = (*OTHER_EVENTS, *Bond, *(f"{bond}{DERIVED}" for bond in Bond))


@dataclass
class Score:
    """What was stated about all pairs of the documents of a half: by label of the pair, how many of each kind."""

    labels: dict[str, Counter[str]]
    n_documents: int
    seconds: float

    def share(self, labels: Iterable[str], kinds: Iterable[str]) -> float:
        """Return the share of the pairs with these labels that were related with one of `kinds`."""
        counts = sum((self.labels[label] for label in labels), Counter[str]())
        return sum(counts[kind] for kind in kinds) / counts.total()

    def precision(self, group: Group) -> float:
        """Return the share of true ones among the pairs of a group that were found and all false ones; 1 for none."""
        found = sum(self.labels[way][kind] for way in group.ways for kind in group.right)
        false = sum(self.n_false(kind) for kind in group.right)
        return found / (found + false) if found + false else 1.0

    def n_false(self, kind: RelationKind) -> int:
        """Count the pairs that were wrongly said to be copies of this kind."""
        light = COPIES.ways if kind is RelationKind.SPUN_COPY else ()
        return sum(self.labels[label][kind] for label in (*NO_COPIES, *light))


# Halves


def read_bodies() -> list[str]:
    """Return the gold bodies in the order of the file."""
    return [page["articleBody"] for page in json.loads(PAGES.read_text("utf-8")).values()]


def split_bases(bodies: Sequence[str]) -> dict[str, list[int]]:
    """Return the places of the bases of each half; related ones stay together."""
    members = [{place} for place in range(len(bodies))]
    for group in (*SAME_EVENT_GROUPS, *RELATED_GROUPS):
        joined = [some for some in members if some & set(group)]
        members = [*(some for some in members if some not in joined), set[int]().union(*joined)]
    halves: dict[str, list[int]] = {half: [] for half in HALVES}
    for places in members:
        digest = min(hashlib.blake2b((SALT + bodies[place]).encode(), digest_size=8).hexdigest() for place in places)
        halves[HALVES[int(digest, 16) % 2]] += places
    return {half: sorted(places) for half, places in halves.items()}


def bond_of(one: int, other: int) -> Bond:
    """Return what two distinct bases have to do with each other."""
    pair = (min(one, other), max(one, other))
    if pair in SAME_EVENT:
        return Bond.SAME_EVENT
    return Bond.RELATED if pair in RELATED else Bond.STRANGERS


# Making


@cache
def make_half(half: str) -> tuple[Document, ...]:
    """Return all documents of a half. The id of a base is smaller than those of its texts: it stands for its copies."""
    bodies = read_bodies()
    places = split_bases(bodies)[half]
    documents = []
    for place in places:
        alike = [other for other in places if is_english(bodies[other]) == is_english(bodies[place])]
        host = alike[(alike.index(place) + HOST_STEP) % len(alike)]
        others = [bodies[other] for other in alike if other != place]
        documents.append(Document(Story(f"{place:02}", bodies[place]), place, BASE, frozenset({place})))
        for number, (made, text) in enumerate(_derive(bodies[place], bodies[host], others, place)):
            sources = frozenset({place, host} if made in PARTIAL.ways else {place})
            documents.append(Document(Story(f"{place:02}-{number:02}", text), place, made, sources))
    return tuple(documents)


def is_english(text: str) -> bool:
    """Say whether a fifth of the words of `text` are English function words; six pages are in other languages."""
    return sum(word.lower() in FUNCTION_WORDS for word in text.split()) > len(text.split()) / 5


def _derive(body: str, host: str, others: Sequence[str], place: int) -> Iterator[tuple[str, str]]:
    """Make all texts of one base.

    For a base in another language than English, new words are taken from itself. It gets no reports of other events,
    since not every script shows its names by capitals.
    """
    lexicon = Lexicon(others if is_english(body) else [body])
    makers: dict[str, Callable[[random.Random], str]] = {
        "punctuation": partial(change_punctuation, body),
        "sentence changed": partial(change_sentence, body, lexicon),
        "intro and credit": partial(add_intro, body),
        "typos": partial(add_typos, body),
        "1 in 30 words": partial(change_words, body, 1 / 30, lexicon),
        "all of these": partial(edit, body, lexicon),
        "40 %, in front": partial(put_before, body, host),
        "40 %, inside": partial(put_inside, body, host),
        **{f"{share} % spun": partial(spin, body, share / 100, lexicon) for share in (20, 30, 40)},
        **{f"{share} % of any": partial(spin, body, share / 100, lexicon, any_word=True) for share in (20, 30)},
        **{f"{share} % translated": partial(translate_back, body, share / 100, lexicon) for share in (25, 40)},
    }
    events: dict[str, Callable[[random.Random], str]] = {
        TEMPLATE: lambda dice: fill_template(body, foreign_sentences(body, others, dice), lexicon, dice),
        RETOLD: lambda dice: retell(body, foreign_sentences(body, others, dice), lexicon, dice),
        SAME_VOCABULARY: lambda dice: borrow_words(body, foreign_sentences(body, others, dice), dice),
    }
    for made, make in (makers | (events if is_english(body) else {})).items():
        yield made, make(random.Random(f"{place} {made}"))  # noqa: S311  (no secret)


def change_punctuation(body: str, _dice: random.Random) -> str:
    """Return the same words with other quotation marks, dashes and stops, the first words in capitals."""
    marks = str.maketrans({"“": '"', "”": '"', "’": "'", "‘": "'", '"': "”", "'": "’", "—": "-", "–": "-", ";": ","})
    opening, *rest = body.split(" ", 6)
    return " ".join([opening, *rest[:5]]).upper().translate(marks) + "".join(
        f" {end.translate(marks)}" for end in rest[5:]
    )


def change_sentence(body: str, lexicon: Lexicon, dice: random.Random) -> str:
    """Drop a sentence and change every fourth word of another one; change less where there are few."""
    sentences = split_sentences(body)
    if len(sentences) < 4:
        return change_words(body, 1 / 30, lexicon, dice)
    sentences.pop(dice.randrange(len(sentences)))
    at = dice.randrange(len(sentences))
    sentences[at] = change_words(sentences[at], 1 / 4, lexicon, dice)
    return "\n".join(sentences)


def add_intro(body: str, dice: random.Random) -> str:
    """Put a sentence of an editor before the text and a credit behind it."""
    intro = dice.choice(
        [
            "This report first appeared elsewhere and is published here with kind permission.",
            "Good morning, readers! Here is what caught our eye today, and you should not miss it.",
            "An update to this story will follow as soon as our newsroom learns more.",
        ]
    )
    credit = dice.choice(
        ["Photo: archive", "Reporting by our staff; editing by the night desk", "Source: a news agency"]
    )
    return f"{intro}\n\n{body}\n\n{credit}"


def add_typos(body: str, dice: random.Random) -> str:
    """Swap two letters inside one word in forty."""

    def mistype(word: str) -> str:
        if len(word) < 4 or dice.random() >= 1 / 40:
            return word
        at = dice.randrange(1, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return replace_words(body, mistype)


def change_words(body: str, odds: float, lexicon: Lexicon, dice: random.Random) -> str:
    """Change words of any role, each with the same odds."""
    return replace_words(body, lambda word: lexicon.replace(word, dice) if dice.random() < odds else word)


def edit(body: str, lexicon: Lexicon, dice: random.Random) -> str:
    """Make all light changes at once."""
    changed = change_words(change_sentence(body, lexicon, dice), 1 / 30, lexicon, dice)
    return change_punctuation(add_intro(add_typos(changed, dice), dice), dice)


def put_before(body: str, host: str, _dice: random.Random) -> str:
    """Return the first 40 % of the sentences of `body`, and half as much again of `host` behind them."""
    taken = take(split_sentences(body), 0.4 * len(body))
    return "\n".join([*taken, *take(split_sentences(host), 1.5 * sum(map(len, taken)))])


def put_inside(body: str, host: str, dice: random.Random) -> str:
    """Return a run of sentences, 40 % of `body`, inside half as much again of `host`."""
    sentences = split_sentences(body)
    taken = take(sentences[dice.randrange(max(1, len(sentences) // 2)) :], 0.4 * len(body))
    around = take(split_sentences(host), 1.5 * sum(map(len, taken)))
    middle = len(around) // 2
    return "\n".join([*around[:middle], *taken, *around[middle:]])


def take(sentences: Sequence[str], n_chars: float) -> list[str]:
    """Return the first sentences, until they have `n_chars` characters."""
    taken: list[str] = []
    for sentence in sentences:
        if sum(map(len, taken)) >= n_chars:
            break
        taken.append(sentence)
    return taken


def foreign_sentences(body: str, others: Sequence[str], dice: random.Random) -> list[str]:
    """Return as many sentences of other articles as `body` has, not so many of one that it would be copied in part."""
    pool = []
    for other in others:
        sentences = split_sentences(other)
        dice.shuffle(sentences)
        left = MOST_OF_A_DONOR * len(other)
        for sentence in sentences:
            if len(sentence) <= left:
                left -= len(sentence)
                pool.append(sentence)
    dice.shuffle(pool)
    return pool[: len(split_sentences(body))]


# Scoring


def label_pair(one: Document, other: Document) -> str:
    """Return how the pair was made, or what the bases of its texts have to do with each other, or neutral."""
    derived = [document.made for document in (one, other) if document.made != BASE]
    if one.base != other.base:
        bond = bond_of(one.base, other.base)
        return NEUTRAL if one.sources & other.sources else f"{bond}{DERIVED if derived else ''}"
    if len(derived) == 1:
        return derived[0]
    n_events = sum(made in OTHER_EVENTS for made in derived)
    return OTHER_EVENT_DERIVED if n_events == 1 and TEMPLATE not in derived else NEUTRAL


def score(half: str, relate_all: Callable[[Iterable[Story]], Sequence[Relation]] = relate) -> Score:
    """Relate all documents of a half at once and count what is stated about each pair."""
    documents = make_half(half)
    start = time.perf_counter()
    relations = relate_all(document.story for document in documents)
    seconds = time.perf_counter() - start
    stated = {(relation.src, relation.dst): relation.kind.value for relation in relations}
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for one, other in combinations(documents, 2):
        kind = stated.get((one.story.article_id, other.story.article_id), "none")
        labels[label_pair(one, other)][kind] += 1
    return Score(labels, len(documents), seconds)


def figures_of(result: Score) -> dict[str, float]:
    """Return the figures that have floors; all are better the higher they are."""
    figures = {}
    for group in GROUPS:
        figures[f"{group.name}: precision"] = result.precision(group)
        figures[f"{group.name}: recall"] = result.share(group.ways, group.right)
    for way in SPUN.ways:
        figures[f"{way}: recall"] = result.share([way], SPUN.right)
    figures["other events: no copies"] = 1 - result.share(OTHER_EVENTS, COPY_OR_SPUN)
    figures["strangers: unrelated"] = result.share([Bond.STRANGERS], ["none"])
    figures["same event: same story"] = result.share([Bond.SAME_EVENT], [RelationKind.SAME_STORY])
    return figures


def is_stated(result: Score, kind: RelationKind) -> bool:
    """Say whether any pair of the half is related with this kind: a kind never stated has no figures yet."""
    return any(counts[kind] for counts in result.labels.values())


def data_digest(half: str) -> str:
    """Return the SHA-256 of all texts of a half: a change of how they are made is a change of data."""
    digest = hashlib.sha256()
    for document in make_half(half):
        digest.update(f"{document.story.article_id}\0{document.made}\0{document.story.text}\0".encode())
    return digest.hexdigest()


def data_sets() -> Iterator[DataSet]:
    """Yield the half that has floors, also where the data are not here."""
    yield DataSet("story pairs", FILES, partial(data_digest, "test"), lambda: figures_of(score("test")))


def print_score(result: Score) -> None:
    """Print how many pairs of each label got which kind, then the figures."""
    print(f"{result.n_documents} documents, related in {result.seconds:.1f} s")
    columns = [*RelationKind, "none"]
    print(f"{'pairs of':42}{'pairs':>8}", *(f"{column:>11}" for column in columns))
    for label in (*(way for group in GROUPS for way in group.ways), TEMPLATE, OTHER_EVENT_DERIVED, *NO_COPIES):
        counts = result.labels[label]
        print(f"{label:42}{counts.total():8}", *(f"{counts[column]:11}" for column in columns))
    print()
    for name, value in figures_of(result).items():
        print(f"{name:42}{value:8.4f}")


if __name__ == "__main__":
    if sys.argv[1:] not in ([half] for half in HALVES):
        sys.exit("which half? python -m tests.eval.story_pairs dev|test")
    print_score(score(sys.argv[1]))
