"""Encodings that a text may have been written in and read as, and a pair of them undone.

A table of 256 characters stands for each single-byte encoding. Bytes that it does not define are there what Latin-1 has
for them (mostly C1 controls, as in browsers), so that nothing that was read is lost on the way back. Python's own
codecs do the rest.
"""

import codecs
from dataclasses import dataclass
from functools import cache
from typing import Any

UTF_8 = "utf-8"
SINGLE_BYTE = (
    *("latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "koi8-r"),
    *(
        "mac_roman",
        "cp437",
        "cp850",
        "cp866",
        "iso8859-2",
        "iso8859-5",
        "iso8859-7",
        "iso8859-9",
        "iso8859-15",
        "cp874",
    ),
    *(
        "mac_cyrillic",
        "koi8-u",
        "cp852",
        "iso8859-4",
        "iso8859-3",
        "iso8859-6",
        "iso8859-8",
        "iso8859-10",
        "iso8859-13",
    ),
    *(
        "iso8859-14",
        "iso8859-16",
        "mac_latin2",
        "mac_greek",
        "mac_turkish",
        "cp737",
        "cp775",
        "cp855",
        "cp857",
        "cp860",
    ),
    *("cp861", "cp862", "cp863", "cp865"),
)
# Of the single-byte ones, those that stand for bytes of no declared encoding in practice: defaults of systems.
COMMON = frozenset(SINGLE_BYTE[:25])
MULTI_BYTE = ("gb18030", "big5", "big5hkscs", "cp932", "euc_jp", "cp949")


@dataclass(frozen=True, slots=True)
class Chain:
    """Text that was written in one encoding and read as another.

    >>> Chain("utf-8", "koi8-r").undone("п°п╬я│я┌")
    'Мост'
    """

    written_in: str
    read_as: str

    @property
    def name(self) -> str:
        """The name in rules of edits: `utf-8-read-as-koi8-r`."""
        return f"{self.written_in}-read-as-{self.read_as}".replace("_", "-")

    def undone(self, text: str) -> str | None:
        """Return `text` as it was written, or None if it can't have come this way."""
        data = encode(text, self.read_as)
        return None if data is None else decode(data, self.written_in)

    def undone_by_words(self, text: str) -> str:
        """Return `text` with each word as it was written that can have come this way, the others as they are."""
        return " ".join(word if word.isascii() else self.undone(word) or word for word in text.split(" "))


def encode(text: str, encoding: str) -> bytes | None:
    """Return the bytes that `text` was read from, or None if the encoding has not all of its characters."""
    try:
        if encoding in _SINGLE:
            return codecs.charmap_encode(text, "strict", _encoding_map(encoding))[0]
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


def decode(data: bytes, encoding: str) -> str | None:
    """Return the text that `data` is, or None if it is none in this encoding."""
    try:
        if encoding in _SINGLE:
            return codecs.charmap_decode(data, "strict", _decoding_table(encoding))[0]
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


_SINGLE = frozenset(SINGLE_BYTE)


@cache
def _decoding_table(encoding: str) -> str:
    return "".join(_character(byte, encoding) for byte in range(256))


def _character(byte: int, encoding: str) -> str:
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


@cache
def _encoding_map(encoding: str) -> Any:  # noqa: ANN401 (the type of what codecs gives has no public name)
    return codecs.charmap_build(_decoding_table(encoding))
