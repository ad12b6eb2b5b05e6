"""English news that nobody wrote: any number of distinct articles, the same ones in every run of one checkout.

Words are drawn one by one, as often as they are in real text, for it is common words that cost time and rare ones that
bring articles together:

- Half are function words, as often as in the files of this project.
- Four in ten are the English words in those files that the lists of `rarity` have, as often as these say.
- One in ten is in no list. Such words are composed of syllables; every other one is a name. They become rarer with
  their rank a good deal faster than by Zipf's law, as the words do that come after the first some thousand of a
  language (Ferrer i Cancho and Solé 2001, "Two regimes in the frequency of words"); the most frequent one is as rare
  as the rarest listed one.

A tenth of the words of an article are those of the event that it reports. No article copies another one.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.mojibake.records import MendedDocument
from tasks.stories.rarity import UNLISTED_WEIGHT, look_up
from tests.eval.rewording import FUNCTION_WORDS
from tests.stories.made_stories import DAY, document

ROOT = Path(__file__).parents[2]
TEXTS = ("*.md", "tasks/**/*.py", "tests/**/*.py", "tests/cases/**/*.jsonl", "tests/cases/**/*.tsv")
WORD_RE = re.compile(r"[a-z]+")
# What tells which list is the English one: words that no other language has.
ENGLISH = ("the", "which", "would", "they", "because", "yesterday", "government")

FUNCTION_SHARE, LISTED_SHARE, UNLISTED_SHARE = 0.5, 0.4, 0.1
N_UNLISTED = 200_000
# With these the words that no list has begin at one in 100,000 words.
UNLISTED_OFFSET, UNLISTED_EXPONENT = 7_000, 1.6
SYLLABLES = [first + second for first in "bcdfghjklmnprstvwz" for second in ("a", "e", "i", "o", "u", "ar", "en", "ol")]
STRIDE = 1_000_003  # a prime: words of neighbouring ranks look nothing like each other

ARTICLE_WORDS, ARTICLE_SPREAD, LEAST_WORDS = 450, 90, 80
EVENT_SHARE = 0.1
EVENT_LISTED, EVENT_UNLISTED = 20, 12
LEAST_EVENT_WEIGHT = 1.0
NUMBERS = 6
SENTENCE_WORDS = (8, 28)
PARAGRAPH_SENTENCES = 3
DAYS = 60


class Vocabulary:
    """Words as they are written, and how often each occurs."""

    def __init__(self) -> None:
        """Read the words of the project, and compose those that no list has."""
        counts = count_words()
        function = sorted(counts.keys() & FUNCTION_WORDS)
        listed, weights = listed_words(sorted(counts.keys() - FUNCTION_WORDS))
        unlisted = [word.capitalize() if rank % 2 else word for rank, word in enumerate(compose_words(N_UNLISTED))]
        self.words = [*function, *listed, *unlisted]
        ranks = np.arange(len(unlisted))
        shares = [
            FUNCTION_SHARE * normalise(np.array([counts[word] for word in function], np.float64)),
            LISTED_SHARE * normalise(np.power(10.0, -weights)),
            UNLISTED_SHARE * normalise(np.power(UNLISTED_OFFSET + ranks, -UNLISTED_EXPONENT)),
        ]
        self._rising = np.cumsum(np.concatenate(shares))
        self._rare = len(function) + np.flatnonzero(weights >= LEAST_EVENT_WEIGHT)
        self._first_unlisted = len(function) + len(listed)

    def draw(self, n_words: int, rng: np.random.Generator) -> list[str]:
        """Return words, each as likely as it is frequent."""
        places = np.searchsorted(self._rising, rng.random(n_words) * self._rising[-1], side="right")
        return [self.words[place] for place in places]

    def draw_event(self, rng: np.random.Generator) -> list[str]:
        """Return the words of an event: rarer ones, all as likely, and names."""
        listed = rng.choice(self._rare, EVENT_LISTED)
        unlisted = rng.integers(self._first_unlisted, len(self.words), EVENT_UNLISTED)
        return [self.words[place] for place in (*listed, *unlisted)]


def normalise(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies that add up to 1."""
    normal: NDArray[np.float64] = frequencies / frequencies.sum()
    return normal


def count_words() -> Counter[str]:
    """Count the words in the files of the project."""
    counts: Counter[str] = Counter()
    for pattern in TEXTS:
        for path in sorted(ROOT.glob(pattern)):
            counts.update(WORD_RE.findall(path.read_text("utf-8").lower()))
    return counts


def listed_words(words: list[str]) -> tuple[list[str], NDArray[np.float64]]:
    """Return those words that are in the English list and not among the most frequent ones; how rare each is."""
    rarity = look_up(words)
    english = np.bitwise_and.reduce(look_up(ENGLISH).languages)
    chosen = np.flatnonzero((rarity.languages & english != 0) & (rarity.weights > 0))
    return [words[place] for place in chosen], rarity.weights[chosen].astype(np.float64)


def compose_words(n_words: int) -> list[str]:
    """Compose words of three syllables that no list has."""
    n_syllables = len(SYLLABLES)
    made = []
    for number in range(n_syllables**3):
        high, rest = divmod(number * STRIDE % n_syllables**3, n_syllables**2)
        middle, low = divmod(rest, n_syllables)
        made.append(SYLLABLES[high] + SYLLABLES[middle] + SYLLABLES[low])
        if len(made) == 2 * n_words:
            break
    words = list(dict.fromkeys(made))
    unlisted = np.flatnonzero(look_up(words).weights == UNLISTED_WEIGHT)[:n_words]
    return [words[place] for place in unlisted]


def make_articles(n_articles: int, n_events: int) -> Iterator[MendedDocument]:
    """Make articles as the boilerplate and mojibake rooms leave them, each of one of so many events."""
    vocabulary = Vocabulary()
    rng = np.random.default_rng(n_articles)
    for number in range(n_articles):
        event = vocabulary.draw_event(np.random.default_rng(int(rng.integers(n_events))))
        words = make_words(vocabulary, event, rng)
        published_at = DAY + timedelta(days=int(rng.integers(DAYS)))
        yield document(f"http://news.invalid/{number}", write_down(words, rng), published_at)


def make_words(vocabulary: Vocabulary, event: list[str], rng: np.random.Generator) -> list[str]:
    """Return the words of one article."""
    words = vocabulary.draw(max(LEAST_WORDS, int(rng.normal(ARTICLE_WORDS, ARTICLE_SPREAD))), rng)
    for place in rng.integers(len(words), size=int(EVENT_SHARE * len(words))):
        words[place] = event[rng.integers(len(event))]
    for place in rng.integers(len(words), size=NUMBERS):
        words[place] = str(rng.integers(1, 3000))
    return words


def write_down(words: list[str], rng: np.random.Generator) -> str:
    """Return a text of sentences and paragraphs."""
    lengths = rng.integers(*SENTENCE_WORDS, size=len(words) // SENTENCE_WORDS[0] + 1).tolist()
    ends = [0, *accumulate(lengths)]
    sentences = [" ".join(words[start:end]) for start, end in pairwise(ends) if start < len(words)]
    marked = [f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences]
    paragraphs = range(0, len(marked), PARAGRAPH_SENTENCES)
    return "\n".join(" ".join(marked[start : start + PARAGRAPH_SENTENCES]) for start in paragraphs)
