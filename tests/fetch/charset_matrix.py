"""The charset matrix: texts in the languages of the web, in each encoding they were published in, declared or not.

A sample is about 3 kB: the text of `tests/cases/fetch/charset/texts.jsonl`, then its sentences again, in the order of
their lengths, again from the last to the first, and so on until `SAMPLE_BYTES` are full. What an encoding lacks is
written as its users wrote it: typewriter quotation marks for curly ones, Romanian cedillas, Arabic yeh for Persian,
Vietnamese tones as characters of their own. A sample comes bare and as a small page.

A reading is right if its text is the original, character for character, whatever name it gives the encoding.
"""

import json
import re
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from tasks.charset import CODECS, decode_bytes, resolve_label
from tasks.outcome import Unusable

TEXTS = Path(__file__).parents[1] / "cases" / "fetch" / "charset" / "texts.jsonl"
SAMPLE_BYTES = 3000
SENTENCE_RE = re.compile(r".+?(?:[.!?…]+[»”\"“]*(?=\s|$)\s*|[。！？]+[」”]*|$)", re.DOTALL)

CYRILLIC = {"windows-1251", "koi8-r", "koi8-u", "iso-8859-5", "ibm866", "x-mac-cyrillic"}
# The encoding a text in this one is most often said to be in by mistake: of the same languages, from another system.
SIBLINGS = {
    "windows-1250": "iso-8859-2",
    "iso-8859-2": "windows-1250",
    "iso-8859-16": "iso-8859-2",
    "iso-8859-15": "windows-1252",
    "macintosh": "windows-1252",
    "windows-1254": "iso-8859-3",
    "iso-8859-3": "windows-1254",
    "windows-1257": "iso-8859-13",
    "iso-8859-13": "iso-8859-4",
    "iso-8859-4": "windows-1257",
    "windows-1251": "koi8-r",
    "koi8-r": "windows-1251",
    "koi8-u": "windows-1251",
    "iso-8859-5": "windows-1251",
    "ibm866": "windows-1251",
    "x-mac-cyrillic": "windows-1251",
    "windows-1253": "iso-8859-7",
    "iso-8859-7": "windows-1253",
    "windows-1255": "iso-8859-8",
    "iso-8859-8": "windows-1255",
    "windows-1256": "iso-8859-6",
    "iso-8859-6": "windows-1256",
    "windows-874": "windows-1252",
    "windows-1258": "windows-1252",
    "shift_jis": "euc-jp",
    "euc-jp": "shift_jis",
    "iso-2022-jp": "shift_jis",
    "euc-kr": "gb18030",
    "gb18030": "big5",
    "big5": "gb18030",
}

TYPEWRITTEN = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "…": "...",
        "\u200c": " ",
    }
)
SPELT = {
    "windows-1250": str.maketrans("ȘșȚț", "ŞşŢţ"),
    "iso-8859-2": str.maketrans("ȘșȚț", "ŞşŢţ"),
    "windows-1256": str.maketrans("ی", "ي"),
}
TONES = "\u0300\u0301\u0303\u0309\u0323"  # those that windows-1258 has as characters of their own


@dataclass(frozen=True, slots=True)
class Sample:
    """One text in one encoding: `text` is what has to come out of `raw`."""

    language: str
    encoding: str
    is_page: bool
    text: str
    raw: bytes

    def declaring(self, label: str) -> bytes:
        """Return the page with `label` in its meta element."""
        return self.raw.replace(b'"x"', b'"' + label.encode() + b'"')


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one reading went: `kind` is what was declared, and where."""

    sample: Sample
    kind: str
    label: str
    is_right: bool
    read_as: str


def samples() -> Iterator[Sample]:
    """Yield each text in each of its encodings, bare and as a page."""
    for line in TEXTS.read_text("utf-8").splitlines():
        row = json.loads(line)
        for encoding in row["encodings"]:
            text = fill(write_in(row["text"], encoding), encoding)
            yield bare_sample(row["label"], encoding, text)
            page = as_page(text)
            yield Sample(row["label"], encoding, is_page=True, text=page, raw=encode(page, encoding))


def bare_sample(language: str, encoding: str, text: str) -> Sample:
    return Sample(language, encoding, is_page=False, text=text, raw=encode(text, encoding))


def encode(text: str, encoding: str) -> bytes:
    return text.encode(CODECS.get(encoding, (encoding,))[0])


def write_in(text: str, encoding: str) -> str:
    """Write `text` as users of `encoding` did, with what it has; other characters stay as they are."""
    if encoding == "windows-1258":
        return "".join(_with_tone_apart(char) for char in text)
    text = text.translate(SPELT.get(encoding, {}))
    return "".join(char if can_write(encoding, char) else char.translate(TYPEWRITTEN) for char in text)


def can_write(encoding: str, char: str) -> bool:
    try:
        encode(char, encoding)
    except UnicodeEncodeError:
        return False
    return True


def _with_tone_apart(char: str) -> str:
    if can_write("windows-1258", char):
        return char
    decomposed = unicodedata.normalize("NFD", char)
    tone = next((mark for mark in decomposed if mark in TONES), "")
    return unicodedata.normalize("NFC", decomposed.replace(tone, "")) + tone


def split_sentences(text: str) -> list[str]:
    """Split `text` into sentences, with the space after them; Thai, which has no full stops, at its spaces."""
    sentences = [found.group() for found in SENTENCE_RE.finditer(text)]
    return sentences if len(sentences) > 1 else re.split(r"(?<= )", text)


def fill(text: str, encoding: str) -> str:
    """Return `text` and its sentences again, in other orders, up to `SAMPLE_BYTES` in `encoding`."""
    sentences = [sentence.strip() + " " for sentence in split_sentences(text)]
    orders = cycle([sentences, sorted(sentences, key=len), sentences[::-1]])
    filled = ""
    size = 0
    while size < SAMPLE_BYTES:
        for sentence in next(orders):
            filled += sentence
            size += len(encode(sentence, encoding))
            if size >= SAMPLE_BYTES:
                break
    return filled.strip()


def as_page(text: str) -> str:
    """Return a small page of the years when these encodings were in use, with a paragraph for each three sentences."""
    sentences = split_sentences(text)
    paragraphs = ["".join(sentences[at : at + 3]).strip() for at in range(0, len(sentences), 3)]
    body = "\n".join(f'<p class="text">{paragraph}</p>' for paragraph in paragraphs)
    return (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html" charset="x">\n'
        f"<title>{sentences[0].strip()}</title>\n"
        '<link rel="stylesheet" href="/css/main.css">\n<script>var page = {id: 417, ads: true};</script>\n</head>\n'
        '<body bgcolor="#ffffff">\n<div id="nav"><a href="/">Home</a> | <a href="/archive/">Archive</a></div>\n'
        f"<h1>{sentences[0].strip()}</h1>\n{body}\n"
        '<div id="footer">&copy; 2004 &middot; <a href="mailto:news@example.org">news@example.org</a></div>\n'
        "</body>\n</html>\n"
    )


def wrong_labels(sample: Sample) -> Iterator[tuple[str, str]]:
    """Yield labels that are not those of the sample's encoding: what kind of mistake it is, and the label.

    iso-8859-1 and windows-1252 mean the same encoding, so pages have the one and bare samples the other.
    """
    encoding = sample.encoding
    western = "iso-8859-1" if sample.is_page else "windows-1252"
    other = "windows-1253" if encoding in CYRILLIC else "windows-1251"
    mistakes = {"utf-8": "utf-8", "western": western, "other script": other}
    if encoding in SIBLINGS:
        mistakes["sibling"] = SIBLINGS[encoding]
    for kind, label in mistakes.items():
        if resolve_label(label) != encoding:
            yield kind, label


def outcomes(sample: Sample, kinds: Container[str] | None = None) -> Iterator[Outcome]:
    """Read `sample` with nothing declared, with the right label, and with wrong ones; or only as in `kinds`."""
    declarations = [("undeclared", ""), ("right", sample.encoding), *wrong_labels(sample)]
    for kind, label in declarations:
        if kinds is None or kind in kinds:
            yield _read(sample, kind, label)


def _read(sample: Sample, kind: str, label: str) -> Outcome:
    """Read a bare sample with `label` from the server, a page with `label` in its meta element."""
    try:
        if sample.is_page:
            raw = sample.declaring(label) if label else sample.raw
            text = sample.text.replace('"x"', f'"{label}"') if label else sample.text
            decoded = decode_bytes(raw, markup=True)
        else:
            text = sample.text
            decoded = decode_bytes(sample.raw, label or None, markup=False)
    except Unusable as refused:
        return Outcome(sample, kind, label, is_right=False, read_as=refused.reason)
    return Outcome(sample, kind, label, is_right=decoded.text == text, read_as=decoded.charset)
