"""What other copies of a story say about one word.

A witness is asked about a phrase between its neighbours: two words before and one after, or one before and two
after, as they stand in the text. If a witness has the replacement between the same neighbours, it speaks for the
repair; if one has the phrase itself there, and none the replacement, it speaks against: copies by other hands don't
share a spinner's choice. Anything looser (alignment of whole sentences) is left to a later version: neighbours are
few, but they do not mislead.
"""

from collections.abc import Iterable
from enum import Enum

from tasks.spinner.lexicon import Match
from tasks.spinner.tokens import Tokens, tokenize
from tasks.stories.records import Witness


class Testimony(Enum):
    """What the witnesses say where none speaks for a repair."""

    SILENT = "silent"
    AGAINST = "against"


class WitnessIndex:
    """The sentences of all witnesses, ready to be searched for a few words in a row."""

    def __init__(self, witnesses: Iterable[Witness]) -> None:
        """Take the witnesses in any order; they are asked in the order of their article ids."""
        ordered = sorted(witnesses, key=lambda witness: (witness.article_id, witness.text))
        self._sentences = [(witness.article_id, _joined(tokenize(witness.text).lower)) for witness in ordered]

    def ask(self, tokens: Tokens, match: Match) -> Testimony | str:
        """Return the article id of a witness for the repair of `match`, or what else the witnesses say."""
        if not self._sentences:
            return Testimony.SILENT
        witness = self._who_says(tokens, match, tokenize(match.pattern.replacement).lower)
        if witness is not None:
            return witness
        same = self._who_says(tokens, match, tokens.lower[match.start : match.end])
        return Testimony.SILENT if same is None else Testimony.AGAINST

    def _who_says(self, tokens: Tokens, match: Match, words: tuple[str, ...]) -> str | None:
        for before, after in ((2, 1), (1, 2)):
            if match.start < before or match.end + after > len(tokens):
                continue
            left = tokens.lower[match.start - before : match.start]
            right = tokens.lower[match.end : match.end + after]
            wanted = _joined((*left, *words, *right))
            for article_id, sentence in self._sentences:
                if wanted in sentence:
                    return article_id
        return None


def _joined(words: Iterable[str]) -> str:
    return f" {' '.join(words)} "
