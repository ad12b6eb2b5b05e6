"""Where a text's sentences are: good enough to count them and, later, to quote one as a witness.

A sentence ends at a line feed, at a full-width stop, or at `.`, `!`, `?` or `…` with what closes behind it (quotation
marks, brackets) and white space. A full stop that a lower-case letter, or nothing but one letter ("J.", "U.S."),
surrounds is part of an abbreviation. No list of abbreviations is kept: "Mr. Brown" and "Gen. Lee" come apart, in both
texts that are compared alike, so a count of common sentences is hardly touched by it.
"""

import re

# Where a sentence has ended within a line: after a stop that does not follow a single letter. All white space is taken
# at once (`++`): it must not be given back to get around the lower-case letter behind it.
BORDER_RE = re.compile(
    r"""
    (?<=[。！？｡])                                 # full-width stops need no space after them
    | (?: (?<=[!?…]) | (?<=\w\w\.) | (?<=[!?…]["'”’»)\]]) | (?<=\w\.["'”’»)\]]) | (?<=\w[)%\]]\.) )
      [ \t\u00a0\u3000]++ (?![a-z])
    """,
    re.VERBOSE,
)


def split_sentences(text: str) -> list[str]:
    r"""Return the sentences of `text` in their order, without the space between them.

    What holds neither letter nor digit (a row of stars, a dash) is no sentence and is left out.

    >>> split_sentences('The U.S. envoy left. “We are done.” She said no more.\nTrams run again')
    ['The U.S. envoy left.', '“We are done.”', 'She said no more.', 'Trams run again']
    """
    pieces = (piece for line in text.split("\n") for piece in BORDER_RE.split(line))
    return [piece.strip() for piece in pieces if any(map(str.isalnum, piece))]
