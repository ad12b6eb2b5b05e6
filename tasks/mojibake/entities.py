r"""Entities that an extractor left in a text: `&nbsp;`, `&#8217;`, `&amp;quot;`.

They come from pages that escaped their text twice. A line is decoded until nothing is left to decode, so that
`&amp;amp;lt;` ends where it began, and by itself, so that one line with markup does not keep the others from it.

Only what ends with a semicolon is an entity ("AT&T", "fish&chips" and "this&not that" are not), and only a name of
HTML. A line that holds a tag, or that speaks of HTML or of entities, is left alone: there they are meant to be read.
Entities for line ends become a space, since the lines of a text are not for a repair to change.
"""

import re
from html import unescape
from html.entities import html5

# An ampersand that was escaped any number of times, with what it escaped.
AMPERSAND = r"(?:amp|AMP|#0*38|#[xX]0*26);"
ENTITY_RE = re.compile(
    rf"&(?P<escaped>(?:{AMPERSAND})*+)(?P<code>(?:#[0-9]{{1,8}}|#[xX][0-9a-fA-F]{{1,7}}|[A-Za-z][A-Za-z0-9]{{1,30}});)?"
)
MEANT_RE = re.compile(
    r"</?[A-Za-z][^<>]*>|\bx?html5?\b|\bxml\b|\bentit(?:y|ies)\b|\bcharacter references?\b", re.IGNORECASE
)
LINE_END_RE = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def has_entities(text: str) -> bool:
    """Tell whether anything in `text` is written like an entity."""
    return "&" in text and any(match["escaped"] or match["code"] for match in ENTITY_RE.finditer(text))


def decode_entities(line: str) -> str:
    """Return `line` (no line feed in it) with its entities decoded, also those that were escaped several times.

    >>> decode_entities("Tom &amp;amp; Jerry&#8217;s AT&T")
    'Tom & Jerry’s AT&T'
    """
    while has_entities(line) and not MEANT_RE.search(line):
        decoded = ENTITY_RE.sub(_decoded, line)
        if decoded == line:
            break
        line = decoded
    return line


def _decoded(match: re.Match[str]) -> str:
    code = match["code"] or ""
    if not code.startswith("#") and code not in html5:
        return "&" + code
    return LINE_END_RE.sub(" ", unescape("&" + code))
