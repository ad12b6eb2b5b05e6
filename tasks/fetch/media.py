"""Which kinds of document are read, and whether a text is HTML or plain.

Servers and file names are believed only as far as the bytes agree: a `.txt` that opens with `<!doctype html>` is HTML,
a `.html` without a single tag is plain text.
"""

import re

from tasks.fetch.records import Markup
from tasks.outcome import DropReason, Unusable

HTML_TYPES = {"text/html", "application/xhtml+xml"}
PLAIN_TYPES = {"text/plain", "text/markdown"}

HTML_START_RE = re.compile(
    r"\s*(?:<!--[^>]*-->\s*|<\?xml[^<>]*\?>\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE
)
TAG_RE = re.compile(
    r"</?(?=[a-z!])(?:!doctype|html|head|body|title|meta|link|script|style|div|span|p|br|hr|a|img|h[1-6]|ul|ol|li|dl|table|tr|td"
    r"|article|section|main|header|footer|nav|figure|blockquote|em|strong|b|i|u|pre|font|center)\b[^<>]*>",
    re.IGNORECASE,
)
HEAD = 4096


def split_content_type(value: str) -> tuple[str, str | None]:
    """Split the value of a Content-Type header into the media type and the charset label, if any.

    >>> split_content_type('text/html; Charset="ISO-8859-1"')
    ('text/html', 'ISO-8859-1')
    >>> split_content_type("")
    ('', None)
    """
    media_type, *parameters = value.split(";")
    for parameter in parameters:
        name, _, label = parameter.partition("=")
        if name.strip().lower() == "charset" and label.strip(" \"'"):
            return media_type.strip().lower(), label.strip(" \"'")
    return media_type.strip().lower(), None


def claimed_markup(media_type: str) -> Markup:
    """Return what a body of `media_type` claims to be; nothing said means HTML, as in browsers.

    Raises Unusable(TYPE_UNWANTED) for any other kind of document.
    """
    if media_type in PLAIN_TYPES:
        return Markup.PLAIN
    if media_type in HTML_TYPES or not media_type:
        return Markup.HTML
    raise Unusable(DropReason.TYPE_UNWANTED, f"{media_type}; unspun reads HTML and plain text")


def opens_as_html(raw: bytes) -> bool:
    """Whether bytes, in whatever encoding, begin like an HTML page."""
    head = raw[:HEAD].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    return HTML_START_RE.match(head.decode("latin-1")) is not None


def markup_of(text: str, claimed: Markup) -> Markup:
    """Return what `text` is written in, given what it claims.

    >>> markup_of("<!DOCTYPE html><p>News", Markup.PLAIN), markup_of("1 < 2, say all", Markup.HTML)
    (<Markup.HTML: 'html'>, <Markup.PLAIN: 'plain'>)
    """
    if HTML_START_RE.match(text[:HEAD]):
        return Markup.HTML
    return claimed if TAG_RE.search(text) else Markup.PLAIN
