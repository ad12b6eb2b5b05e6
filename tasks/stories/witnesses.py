"""Which sentences of other articles say what a suspect sentence said before its words were changed.

A spun copy keeps the sentences of its original, and other copies of that original are at hand, or reports that took
over the same sentences: what they say in the place of a changed word is better evidence than any lexicon.

1. Each sentence of the suspect is aligned with the sentences of every other article (`alignment`). Of each article the
   one most like it is its witness; one that says the same words says nothing, and is left out. Of all witnesses for a
   sentence the `MOST_WITNESSES` most like it are given.
2. Within two aligned sentences words are aligned by their longest common subsequence. Where the two differ between
   words that they have in common, and neither has more than `MOST_WORDS` words there, that is a change.
3. A change with a name (`anchors`) or a figure on either side is no change of wording, and is left out: who and how
   many must be the same on both sides.

What is refused. Whether suspect or witness is the spun one is not known here: the spinner room, which asks, gates both.
Words at the very beginning or end of a sentence, where only one side holds the difference, are left alone. Scripts
without spaces between words have no words to align.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import LCSseq

from tasks.stories.alignment import align
from tasks.stories.anchors import find_anchors
from tasks.stories.records import Story, Witness, WordChange
from tasks.stories.sentences import split_sentences
from tasks.stories.shingles import UNSPACED_RE, WORD_RE, Hashes, fold, hash_words

MOST_WITNESSES = 5
MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its words, in their order: where they stand in the text, and their hashes as they are compared."""

    text: str
    start: int
    places: tuple[tuple[int, int], ...]
    words: Hashes

    def cut(self, start: int, end: int) -> str:
        """Return what stands from `start` to `end` of the text that the sentence is from."""
        return self.text[start - self.start : end - self.start]


def find_witnesses(suspect: Story, others: Sequence[Story]) -> tuple[Witness, ...]:
    """Return the witnesses for the sentences of `suspect` in `others`, in its order, for each sentence the best first.

    >>> spun = Story("a", "The council will give the harbour line another mortgage of 4 million crowns in June.")
    >>> other = Story("b", "The council will give the harbour line another loan of 4 million crowns in June.")
    >>> [(change.before, change.after) for found in find_witnesses(spun, [other]) for change in found.changes]
    [('mortgage', 'loan')]
    """
    sentences = read_sentences(suspect.text)
    found: dict[int, list[Witness]] = {}
    for other in sorted(others, key=lambda story: story.article_id):
        if other.article_id == suspect.article_id:
            continue
        theirs = read_sentences(other.text)
        alignment = align([one.words for one in sentences], [one.words for one in theirs])
        for place, partner in enumerate(alignment.partners.tolist()):
            if partner < 0:
                continue
            witness = theirs[partner]
            if witness.words.tolist() != sentences[place].words.tolist():
                found.setdefault(place, []).append(
                    _testify(sentences[place], witness, other.article_id, float(alignment.agreements[place]))
                )
    return tuple(
        witness
        for place in sorted(found)
        for witness in sorted(found[place], key=lambda one: (-one.agreement, one.article_id))[:MOST_WITNESSES]
    )


def read_sentences(text: str) -> list[Sentence]:
    """Return the sentences of `text` that have words with spaces between them."""
    sentences, at = [], 0
    for sentence in split_sentences(text):
        at = text.index(sentence, at)
        if not UNSPACED_RE.search(sentence):
            places = tuple(found.span() for found in WORD_RE.finditer(sentence))
            words = hash_words([fold(sentence[start:end]) for start, end in places])
            sentences.append(Sentence(sentence, at, tuple((at + start, at + end) for start, end in places), words))
        at += len(sentence)
    return sentences


def _testify(suspect: Sentence, witness: Sentence, article_id: str, agreement: float) -> Witness:
    end = suspect.start + len(suspect.text)
    return Witness(article_id, witness.text, suspect.start, end, agreement, tuple(_changes(suspect, witness)))


def _changes(suspect: Sentence, witness: Sentence) -> Iterator[WordChange]:
    """Yield the places where two aligned sentences differ by a few words, but for names and numbers."""
    anchors = set(find_anchors([suspect.text]).tolist()) | set(find_anchors([witness.text]).tolist())
    for (one, one_end), (other, other_end) in _differences(suspect.words, witness.words):
        touched = {*suspect.words[one:one_end].tolist(), *witness.words[other:other_end].tolist()}
        start, end = _span(suspect, one, one_end)
        before, after = suspect.cut(start, end), witness.cut(*_span(witness, other, other_end))
        if not (touched & anchors or any(map(str.isdigit, before + after))):
            yield WordChange(start, end, before, after)


def _differences(one: Hashes, other: Hashes) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the runs of words, of each side, that stand between words in common; none is empty or too long."""
    common = [block for block in LCSseq.opcodes(one.tolist(), other.tolist()) if block.tag == "equal"]
    for before, after in pairwise(common):
        here, there = (before.src_end, after.src_start), (before.dest_end, after.dest_start)
        lengths = (here[1] - here[0], there[1] - there[0])
        if min(lengths) > 0 and max(lengths) <= MOST_WORDS:
            yield here, there


def _span(sentence: Sentence, first: int, end: int) -> tuple[int, int]:
    return sentence.places[first][0], sentence.places[end - 1][1]
