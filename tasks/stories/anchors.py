"""Names and numbers: what stays when the words of a report are changed, and what differs in a report of something else.

A spinner leaves names and numbers alone, and a translation brings them back; so the aligned sentences of a copy have
the same ones. Reports made from a template (results of a season, the weather, earnings of firms, police blotters) have
the same sentences with other names and numbers, and are no copies.

An anchor is a word that begins with a figure, or with a capital letter and does not open the sentence, and that is not
a common one: "Lukashenko", "774", but not "President". In scripts without capital letters only numbers are anchors.

How `LEAST_ANCHORS` was set. Measured on 80 articles (the development pages of article-extraction-benchmark, one half)
and what was made of them: in copies, spun copies (20 to 40 % of the words) and simulated translations 0.75 and more of
the anchors agree in 98 of 100; where any word, also a name, was replaced with odds of 3 in 10, 0.46 and more; in
reports of another event made by changing the names and numbers 0.28 and less in 98 of 100. Texts with fewer than
`FEW_ANCHORS` anchors in what is aligned are not judged by them.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from tasks.stories.alignment import Alignment
from tasks.stories.rarity import look_up
from tasks.stories.shingles import MARKS, Hashes, hash_words, is_in, split_words

LEAST_WEIGHT = 1.0
LEAST_ANCHORS = 0.37
FEW_ANCHORS = 6

# What may be a name or a number: most words of most texts begin with a small letter of ASCII and are passed over fast.
NAME_RE = re.compile(rf"(?<![\w{MARKS}])[^\Wa-z_][\w{MARKS}]*")


def find_anchors(sentences: Sequence[str]) -> Hashes:
    """Return the hashes of the anchors of a text, sorted, distinct, from its sentences as they are written."""
    words = list(
        dict.fromkeys(word for sentence in sentences for name in _names(sentence) for word in split_words(name))
    )
    return np.unique(hash_words(words)[look_up(words).weights >= LEAST_WEIGHT])


def do_anchors_agree(
    alignment: Alignment, one: Sequence[Hashes], one_anchors: Hashes, other: Sequence[Hashes], other_anchors: Hashes
) -> bool:
    """Say whether the aligned sentences of two texts have the same anchors, by and large.

    `alignment` is that of the sentences `one` with the sentences `other`.
    """
    agreeing = total = 0
    for here, partner in zip(one, alignment.partners.tolist(), strict=True):
        if partner >= 0:
            mine, theirs = np.unique(here), np.unique(other[partner])
            mine, theirs = mine[is_in(mine, one_anchors)], theirs[is_in(theirs, other_anchors)]
            total += len(mine) + len(theirs)
            agreeing += int(np.isin(mine, other[partner]).sum() + np.isin(theirs, here).sum())
    return total < FEW_ANCHORS or agreeing >= LEAST_ANCHORS * total


def _names(sentence: str) -> Iterator[str]:
    """Yield the words of a sentence that begin with a figure, or with a capital letter without opening the sentence."""
    opening = True
    for found in NAME_RE.finditer(sentence):
        word = found.group()
        opening = opening and not any(map(str.isalnum, sentence[: found.start()]))
        if word[0].isdigit() or (word[0].isupper() and not opening):
            yield word
        opening = False
