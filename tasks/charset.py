r"""Bytes to text: in which encoding a document's bytes are text, and on what evidence.

What is decided, in this order, the first that holds wins:

1. a byte order mark;
2. bytes that are UTF-8 throughout: by chance that happens to no other encoding (a text cut off in the middle of its
   last character counts, and the evidence says so);
3. UTF-8 with a few stray bytes (a page put together from parts): each stretch in its own encoding;
4. what is declared (HTTP header, XML declaration, `<meta>`), read by the label table of the WHATWG Encoding Standard
   as browsers do, so that `iso-8859-1` means windows-1252;
5. what chardet makes of the text between the tags;
6. windows-1252.

From 4 on every reading must decode strictly *and* read like text (`strangeness`): every single-byte encoding decodes
anything, so a declaration alone proves nothing. Between encodings that are made for the same languages the alphabets of
these decide (`foreign_letters`). Nothing is decoded with `errors="replace"`: a reading either keeps every byte or is
none. Bytes that are no text in any of these raise `Unusable` with TYPE_BINARY or ENCODING_UNKNOWN.

The text is what the bytes say, character for character: line ends, NBSP and stray control characters stay (what to
do about them is for later rooms), only the byte order mark goes. Labels that Python knows and the web does not
(`hex`, `zlib`, `idna`, `utf-7`) are never tried.

>>> decode_bytes(b"caf\xe9 cr\xe8me", "utf-8", markup=False)
Decoded(text='café crème', charset='windows-1252', evidence='detected with confidence 0.03; not utf-8 as declared')
"""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import chardet

from tasks.outcome import DropReason, Unusable

# Web encodings and the labels that mean them: https://encoding.spec.whatwg.org/#names-and-labels (read 2026-11-22).
# A name stands for itself, too. What the standard maps to "replacement" (hz-gb-2312, iso-2022-kr, ...) is left out:
# browsers refuse those.
LABELS: dict[str, str] = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf8 x-unicode20utf8",
    "ibm866": "866 cp866 csibm866",
    "iso-8859-2": "csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso-8859-3": "csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso-8859-4": "csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso-8859-5": "csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso-8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i "
    "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso-8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
    "iso_8859-7:1987 sun_eu_greek",
    "iso-8859-8": "csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 "
    "iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical",
    "iso-8859-10": "csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso-8859-13": "iso8859-13 iso885913",
    "iso-8859-14": "iso8859-14 iso885914",
    "iso-8859-15": "csisolatin9 iso8859-15 iso885915 iso_8859-15 l9",
    "iso-8859-16": "",
    "koi8-r": "cskoi8r koi koi8 koi8_r",
    "koi8-u": "koi8-ru",
    "macintosh": "csmacintosh mac x-mac-roman",
    "windows-874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620",
    "windows-1250": "cp1250 x-cp1250",
    "windows-1251": "cp1251 x-cp1251",
    "windows-1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
    "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252 x-user-defined",
    "windows-1253": "cp1253 x-cp1253",
    "windows-1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
    "x-cp1254",
    "windows-1255": "cp1255 x-cp1255",
    "windows-1256": "cp1256 x-cp1256",
    "windows-1257": "cp1257 x-cp1257",
    "windows-1258": "cp1258 x-cp1258",
    "x-mac-cyrillic": "x-mac-ukrainian",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "big5": "big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc-jp": "cseucpkdfmtjapanese x-euc-jp",
    "iso-2022-jp": "csiso2022jp",
    "shift_jis": "csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis",
    "euc-kr": "cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949",
    "utf-16be": "unicodefffe",
    "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16",
}
CHARSETS = {label: charset for charset, labels in LABELS.items() for label in (charset, *labels.split())}

# The Python codecs that read a web encoding, the closest first. A second one is there where Python's first choice
# lacks characters that the web's table has (rows 13 of JIS and the Hong Kong supplement of Big5).
CODECS: dict[str, tuple[str, ...]] = {
    "ibm866": ("cp866",),
    "macintosh": ("mac_roman",),
    "windows-874": ("cp874",),
    "x-mac-cyrillic": ("mac_cyrillic",),
    "big5": ("big5hkscs", "cp950"),
    "euc-jp": ("euc_jp", "euc_jis_2004"),
    "iso-2022-jp": ("iso2022_jp", "iso2022_jp_2004", "iso2022_jp_ext"),
    "shift_jis": ("cp932", "shift_jis_2004"),
    "euc-kr": ("cp949",),
}

# Names that chardet has for encodings of the web. What it may find beyond those (EBCDIC, DOS code pages) is not tried:
# on short texts it finds them too often where they are not.
CHARDET_NAMES = {
    "big5hkscs": "big5",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "euc-jis-2004": "euc-jp",
    "iso8859-8": "iso-8859-8",
    "iso8859-16": "iso-8859-16",
    "mac-cyrillic": "x-mac-cyrillic",
    "mac-roman": "macintosh",
    "shift-jis-2004": "shift_jis",
}

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32be"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)

# How the common formats that are no text begin: (offset, bytes). Those without a byte outside printable ASCII are
# long enough that no text begins so.
MAGIC = (
    (0, b"%PDF-"),
    (0, b"\x89PNG\r\n"),
    (0, b"\xff\xd8\xff"),  # JPEG
    (0, b"GIF87a"),
    (0, b"GIF89a"),
    (8, b"WEBP"),
    (0, b"II*\0"),  # TIFF
    (0, b"MM\0*"),
    (0, b"PK\x03\x04"),  # zip, docx, epub
    (0, b"PK\x05\x06"),
    (0, b"\x1f\x8b\x08"),  # gzip
    (0, b"BZh91AY&SY"),
    (0, b"\xfd7zXZ\0"),
    (0, b"7z\xbc\xaf\x27\x1c"),
    (0, b"Rar!\x1a\x07"),
    (0, b"\x28\xb5\x2f\xfd"),  # zstd
    (0, b"\x7fELF"),
    (0, b"\xd0\xcf\x11\xe0"),  # old Word, Excel
    (0, b"\xca\xfe\xba\xbe"),
    (0, b"OggS\0"),
    (0, b"ID3\x02"),
    (0, b"ID3\x03"),
    (0, b"ID3\x04"),
    (0, b"fLaC\0"),
    (4, b"ftyp"),  # MP4, HEIC, AVIF
    (0, b"\x1a\x45\xdf\xa3"),  # Matroska, WebM
    (0, b"wOFF"),
    (0, b"wOF2"),
    (0, b"\0asm"),
    (0, b"SQLite format 3\0"),
    (0, b"PAR1"),
)

# Bytes that texts do not hold, save by accident. Tab, line feed, form feed, carriage return, escape and the vertical
# tab and end-of-file marks of old systems do not count.
CONTROL_BYTES = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1a\x1b")) + b"\x7f"
# Random bytes have 10 % of them, compressed ones too; the 80 development pages of article-extraction-benchmark none.
CONTROL_SHARE = 0.02

# A declaration is looked for in the first bytes only. Browsers look at 1024; real pages put scripts before it.
HEAD_BYTES = 16_384
META_RE = re.compile(rb"<meta\b[^<>]{0,400}?\bcharset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w:.-]{1,40})", re.IGNORECASE)
XML_RE = re.compile(rb"\s{0,99}<\?xml[^<>]{1,200}?\bencoding\s{0,9}=\s{0,9}[\"']([\w:.-]{1,40})[\"']")
TAG_RE = re.compile(rb"<[^<>]*>")
SAMPLE_BYTES = 65_536
LINE_RE = re.compile(rb"[^\r\n]+")

# How strange a reading may be, see `strangeness`. Measured on tests/cases/fetch/charset/sentences.jsonl (36 sentences,
# 58 encodings of them): right readings score 0, three of four wrong ones above this.
STRANGE = 0.1
# Where no reading is below STRANGE the least strange one is taken up to this, if it is declared or the text has so few
# characters outside ASCII that some may well stand where they seldom do. Random bytes above 0x7f: 0.16 to 0.6.
STRANGE_LIMIT = 0.5
FEW = 20
# chardet overrules a declaration where it is as sure as SURE of another encoding and has less than BELIEVED of that for
# the declared one. On the same sentences right declarations always have chardet's best, wrong ones nothing at all in 89
# cases of 100 and less than BELIEVED in 95. On a few words its best is below SURE and proves nothing.
SURE = 0.15
BELIEVED = 0.75
# So many fewer foreign letters (`foreign_letters`) make a reading better than one that chardet finds about as likely.
# Swept from 1 to 5 on the charset matrix (tests/eval/test_charset_floors.py) and on 216 samples of 0.1 to 0.4 kB in 30
# languages that it was not made with. With 1 a single foreign name overrules chardet: of 93 undeclared texts with names
# from other languages 9 are misread, with 2 none. Of labels of a sibling encoding on the short samples 92 % are seen to
# be wrong with 2, 90 with 3, 88 with 5. Right labels are believed with all of these.
MARGIN = 2
# Below this chardet is guessing. Two or three words still reach 0.01.
LEAST = 0.01
# Encodings that chardet finds in anything and that are hardly ever there: they take a surer sign.
OUTDATED = {"macintosh", "x-mac-cyrillic", "ibm866"}
# UTF-8 with stray bytes: so many characters of UTF-8 to one stray byte make UTF-8 the base. By chance there are at most
# 0.33, in Thai and in the two-byte encodings of Japanese and Chinese.
UTF8_TO_STRAY = 2
# The same for an encoding of two bytes a character: stray bytes to one character outside ASCII.
STRAY_SHARE = 0.02


# What each language writes beside ASCII, with the letters of its common loan words, in lower case; more languages than
# have an encoding of their own, since windows-1252 serves them all. Letters of the whole alphabet for other scripts.
_CYRILLIC_COMMON = "абвгдежзиклмнопрстуфхцчш"
ALPHABETS: dict[str, str] = {
    "Afrikaans": "áäèéêëîïôöûü",
    "Albanian": "çë",
    "Basque, Galician, Spanish": "áéíñóúüçªº",
    "Catalan": "àçèéíïòóúüªº",
    "Croatian, Bosnian, Serbian in Latin letters, Slovenian": "čćđšž",
    "Czech": "áčďéěíňóřšťúůýž",
    "Danish, Norwegian": "æøåéèêóòôàä",
    "Dutch": "áäçèéêëíïóöúü",
    "English": "àâçèéêëïîñôöü",
    "Esperanto": "ĉĝĥĵŝŭ",
    "Estonian": "äõöüšž",
    "Faroese": "áðíóúýæø",
    "Finnish": "äöåšžé",
    "French": "àâæçèéêëîïôöœùûüÿ",
    "German": "äöüßéè",
    "Hungarian": "áéíóöőúüű",
    "Icelandic": "áðéíóúýþæö",
    "Irish": "áéíóú",
    "Italian": "àèéìíîòóùúªº",
    "Latvian": "āčēģīķļņōŗšūž",
    "Lithuanian": "ąčęėįšųūž",
    "Maltese": "àċèġħìòùż",
    "Polish": "ąćęłńóśźżé",
    "Portuguese": "áàâãçéêíóôõúüªº",
    "Romanian": "ăâîșțşţ",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Swedish": "åäöéàü",
    "Turkish": "çğıöşüâîûi̇",
    "Vietnamese": "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỵ̃̀́̃̉",
    "Welsh": "àáâäèéêëìíîïòóôöùúûüŵŷ",
    "Belarusian": _CYRILLIC_COMMON.replace("и", "") + "йёіўыьэюя",
    "Bulgarian": _CYRILLIC_COMMON + "йщъьюяѝ",
    "Macedonian": _CYRILLIC_COMMON + "ѓѕјљњќџѐѝ",
    "Russian": _CYRILLIC_COMMON + "ёйщъыьэюя",
    "Serbian": _CYRILLIC_COMMON + "ђјљњћџ",
    "Ukrainian": _CYRILLIC_COMMON + "ґєіїйщьюя",
    "Greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding it was read in (by its WHATWG name), and why that one."""

    text: str
    charset: str
    evidence: str


def decode_bytes(raw: bytes, declared: str | None = None, *, markup: bool) -> Decoded:
    """Find the text that `raw` is.

    `declared` is the label that came with the bytes (HTTP header), if any. With `markup` the bytes are HTML or XML:
    they may declare their encoding themselves, and tags are left out when the encoding is guessed.

    Raises Unusable: TYPE_BINARY for bytes that are no text, ENCODING_UNKNOWN where no encoding was found.
    """
    marked = _with_byte_order_mark(raw)
    if marked is not None:
        return marked
    refuse_magic(raw)
    if b"\0" in raw:
        wide = _utf16_without_mark(raw)
        if wide is not None:
            return wide
    refuse_controls(raw)
    return _as_iso_2022(raw) or _as_utf8(raw) or _best_reading(raw, declared, markup=markup)


def resolve_label(label: str) -> str | None:
    """Return the WHATWG name of the encoding that `label` means, None where it means none.

    >>> resolve_label(" ISO-8859-1 "), resolve_label("GB2312"), resolve_label("hex")
    ('windows-1252', 'gb18030', None)
    """
    return CHARSETS.get(label.strip(" \t\n\f\r\"'").lower())


def refuse_magic(raw: bytes) -> None:
    """Raise Unusable(TYPE_BINARY) where `raw` begins like a format that is no text."""
    for offset, magic in MAGIC:
        if raw.startswith(magic, offset):
            raise Unusable(DropReason.TYPE_BINARY, f"begins with {raw[: offset + len(magic)]!r}")


def refuse_controls(raw: bytes) -> None:
    """Raise Unusable(TYPE_BINARY) where more than 2 % of `raw` are control characters that texts do not hold."""
    count = len(raw) - len(raw.translate(None, CONTROL_BYTES))
    if count > CONTROL_SHARE * len(raw):
        raise Unusable(DropReason.TYPE_BINARY, f"{count} of {len(raw)} bytes are control characters")


def strangeness(text: str) -> float:
    """Return how little `text` reads like one: strange places for each character outside ASCII, 0 for pure ASCII.

    A wrong reading shows in the letters' company: symbols and foreign scripts inside words, capitals after small
    letters, words of accents alone, characters nobody assigned.

    >>> strangeness("Привет из Гданьска"), strangeness("Ïðèâåò èç Ãäàíüñêà") > 0.1
    (0.0, True)
    """
    foreign = _count_foreign(text)
    if not foreign:
        return 0.0
    strange = sum(len(found.group()) for regex in STRANGE_RES for found in regex.finditer(text))
    return strange / (foreign + 2)  # one odd character alone says little


def foreign_letters(text: str) -> int:
    """Return how many letters of `text` are not of the language that has the most of them, ASCII aside.

    Encodings for the same languages differ in few letters: read in the wrong one, Polish has letters of Slovak.
    C1 controls count as well, and accents that stand beside a letter: what windows code pages have as quotation marks
    and letters. Scripts without sibling encodings of one byte do not count.

    >>> foreign_letters("Mieszkańcy będą czekać"), foreign_letters("Mieszkańcy będš czekać")
    (0, 1)
    """
    odd = sum(len(found.group()) for found in NO_LETTER_RE.finditer(text))
    letters = Counter(LETTER_RE.findall(text.lower()))
    total = sum(letters.values())
    return odd + total - max(sum(letters[letter] for letter in alphabet) for alphabet in ALPHABETS.values())


_ACCENTED = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f"
_LATIN = "A-Za-z" + _ACCENTED
_CASELESS = "\u05d0-\u05ea\u0620-\u064a\u0e01-\u0e3a"  # Hebrew, Arabic, Thai
_OTHER = "\u0370-\u03ff\u0400-\u052f" + _CASELESS  # scripts that do not share a word with Latin, or each other
# Letters of Latin, the tones of windows-1258, Greek, Cyrillic.
LETTER_RE = re.compile("[\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\u0300-\u036f\u0370-\u052f]")
# C1 controls but NEL; accents and symbols beside a letter; signs of money and copyright before one.
_SYMBOLS = "\u00a4\u00a6\u00a8\u00ac\u00af\u00b1\u00b6\u00b8\u00bc-\u00be\u02c7\u02d8-\u02dd"
NO_LETTER_RE = re.compile(
    rf"[\x80-\x84\x86-\x9f]|(?<=[{_LATIN}{_OTHER}])[{_SYMBOLS}]|[{_SYMBOLS}\u00a2\u00a3\u00a5\u00a9\u00ae](?=[{_LATIN}{_OTHER}])"
    rf"|(?<![{_LATIN}{_OTHER}])\u00b4(?=[{_LATIN}{_OTHER}])"  # between letters it is an apostrophe, badly typed
)
STRANGE_RES = (
    # Controls, private use, half pairs, what stands for an unreadable character. C1 controls are what WHATWG reads in
    # the holes of windows code pages.
    re.compile("[\x00-\x08\x0e-\x19\x1c-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\ufff0-\ufff8\U000f0000-\U0010ffff]"),
    # A symbol between two letters. Not the Catalan point, apostrophes, dashes, the ellipsis and the soft hyphen.
    re.compile(
        rf"(?<=[{_LATIN}{_OTHER}])[\u00a1-\u00ac\u00ae-\u00b6\u00b8-\u00b9\u00bb-\u00bf\u00d7\u00f7"
        rf"\u02c6-\u02dd\u2020-\u2021\u2030\u0192\u2200-\u25ff\u2116\ufb01\ufb02]+(?=[{_LATIN}{_OTHER}])"
    ),
    # Two symbols in a row that prose hardly ever has even one of.
    re.compile(
        "[\u00a4\u00a6\u00ac\u00af\u00b1-\u00b4\u00b6\u00b8\u00b9\u00bc-\u00be\u00d7\u00f7\u02c6-\u02dd\u0192\u2021\u2030"
        "\u2202-\u2265\u2500-\u25ff\u25ca]{2,}"
    ),
    # A capital outside ASCII straight after a small letter.
    re.compile(r"(?<=[a-zà-öø-ÿа-яёђ-џα-ω])[À-ÖØ-ÞĄĆĘŁŃÓŚŹŻŠŽА-ЯЁЂ-ЏΑ-Ω]"),
    # Four accented letters and no plain one between them: no language written in Latin letters does that.
    re.compile(rf"[{_ACCENTED}]{{4,}}"),
    # Two scripts in one word.
    re.compile(rf"(?<=[{_LATIN}])[{_OTHER}]+|(?<=[{_OTHER}])[{_LATIN}]+"),
    re.compile(rf"(?<=[\u0370-\u03ff])[\u0400-\u052f{_CASELESS}]+|(?<=[\u0400-\u052f])[\u0370-\u03ff{_CASELESS}]+"),
    # A Chinese, Korean or halfwidth character between two Latin letters.
    re.compile(rf"(?<=[{_LATIN}])[\u3400-\u9fff\uac00-\ud7a3\uff61-\uff9f]{{1,2}}(?=[{_LATIN}])"),
    # Halfwidth katakana, which no page of this century is written in, but which single bytes become in Shift_JIS.
    re.compile("[\uff61-\uff9f]+"),
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A reading of the sample: the encoding, how sure the detector is of it (0 to 1), how strange it reads."""

    charset: str
    evidence: str
    seen: str
    confidence: float
    strange: float
    n_foreign: int
    is_declared: bool = False

    def contradicts(self, declared: "_Reading") -> bool:
        """Whether this one, detected, speaks against what is `declared`."""
        if self.confidence < SURE or self.strange > min(declared.strange, STRANGE):
            return False
        if declared.confidence < BELIEVED * self.confidence:
            return self.n_foreign <= declared.n_foreign
        return self.confidence >= declared.confidence and self.n_foreign + MARGIN <= declared.n_foreign

    @property
    def may_be_strange(self) -> bool:
        return self.is_declared or _count_foreign(self.seen) < FEW


def _with_byte_order_mark(raw: bytes) -> Decoded | None:
    """Read the text after a byte order mark. None without one, or where what follows is not in that encoding."""
    for mark, charset in BYTE_ORDER_MARKS:
        if not raw.startswith(mark):
            continue
        text, tail = _strict_to_tail(raw[len(mark) :], charset)
        if text is not None and not _is_binary(text):
            return Decoded(text, charset, "byte order mark" + _torn(tail))
        if charset == "utf-8":
            rest = _as_utf8(raw[len(mark) :])
            return None if rest is None else Decoded(rest.text, charset, f"byte order mark; {rest.evidence}")
    return None


def _utf16_without_mark(raw: bytes) -> Decoded | None:
    """UTF-16 gives itself away: its NULs, the high halves of ASCII, stand at odd or at even places only."""
    at_even, at_odd = raw[::2].count(0), raw[1::2].count(0)
    charset = "utf-16le" if at_odd > at_even else "utf-16be"
    if min(at_even, at_odd) * 20 > max(at_even, at_odd) or _is_utf8_with_a_nul(raw):
        return None
    text, tail = _strict_to_tail(raw, charset)
    if text is None or _is_binary(text):
        return None
    return Decoded(text, charset, "NUL at every other byte" + _torn(tail))


def _is_utf8_with_a_nul(raw: bytes) -> bool:
    """Tell a NUL gone astray from one that is half of a character."""
    return raw.count(0) <= CONTROL_SHARE * len(raw) and _strict(raw, "utf-8") is not None


def _as_iso_2022(raw: bytes) -> Decoded | None:
    """ISO-2022-JP is ASCII to the eye: its letters stand between escape sequences."""
    if b"\x1b$" not in raw or not raw.isascii():
        return None
    text = _strict(raw, "iso-2022-jp")
    return None if text is None else Decoded(text, "iso-2022-jp", "escape sequences of ISO-2022-JP")


def _as_utf8(raw: bytes) -> Decoded | None:
    """UTF-8, whole, cut off in its last character, or with a few stray bytes. None for anything else."""
    text, tail = _strict_to_tail(raw, "utf-8")
    if text is not None and not tail:
        return Decoded(text, "utf-8", "valid UTF-8")
    if text is not None and not text.isascii():
        return Decoded(text, "utf-8", "valid UTF-8" + _torn(tail))
    mixed = _segment_wise(raw)
    if mixed.n_characters >= UTF8_TO_STRAY * mixed.n_stray:
        return Decoded(mixed.text, "utf-8", mixed.evidence)
    return None


def _best_reading(raw: bytes, declared: str | None, *, markup: bool) -> Decoded:
    """Take the first reading, as declared or as detected, that keeps every byte and reads like text."""
    sample = _sample(raw, markup=markup)
    labels = dict(_declared(raw, declared, markup=markup))
    detected = list(_detected(sample))
    readings = list(_as_declared(labels, sample, detected))
    told = [reading for reading in readings if reading.strange <= STRANGE]
    calm = _least_foreign([reading for reading in detected if reading.strange <= STRANGE])
    rest = [one for one in (*readings, *detected) if STRANGE < one.strange <= STRANGE_LIMIT and one.may_be_strange]
    for reading in (*told, None, *calm, *sorted(rest, key=lambda reading: reading.strange)):
        found = _nearly_as_declared(raw, labels) if reading is None else _read_whole(raw, reading, labels)
        if found is not None:
            return found
    tried = ", ".join(labels) or "nothing"
    raise Unusable(DropReason.ENCODING_UNKNOWN, f"in no encoding do the bytes read like text; declared: {tried}")


def _least_foreign(detected: list[_Reading]) -> list[_Reading]:
    """Put first the likeliest reading, or one that is nearly as likely and has clearly fewer foreign letters."""
    if not detected:
        return []
    best = detected[0]
    least = BELIEVED * best.confidence if best.confidence >= SURE else 0.0
    rivals = [one for one in detected if one.confidence >= least and one.n_foreign + MARGIN <= best.n_foreign]
    return sorted(rivals, key=lambda one: one.n_foreign) + detected


def _read_whole(raw: bytes, reading: _Reading, labels: dict[str, str]) -> Decoded | None:
    """Read all of `raw` as its sample was read, if it can be."""
    text = _strict(raw, reading.charset)
    if text is None:
        return None
    refused = [f"not {label} as declared" for label in labels if resolve_label(label) != reading.charset]
    return _with_utf8_parts(raw, Decoded(text, reading.charset, "; ".join([reading.evidence, *refused])))


def _declared(raw: bytes, declared: str | None, *, markup: bool) -> Iterator[tuple[str, str]]:
    """Yield each declared label with where it stands, the most believable first."""
    if declared and declared.strip():
        yield declared.strip(), "HTTP header"
    if not markup:
        return
    head = raw[:HEAD_BYTES]
    for found, place in ((XML_RE.match(head), "XML declaration"), (META_RE.search(head), "meta element")):
        if found:
            label = found.group(1).decode("ascii", "backslashreplace")
            # A page that can be searched for an ASCII label is not in UTF-16, whatever it says: so browsers read it.
            yield ("utf-8" if (resolve_label(label) or "").startswith("utf-16") else label), place


def _as_declared(labels: dict[str, str], sample: bytes, detected: list[_Reading]) -> Iterator[_Reading]:
    """Yield the readings that declarations ask for, save those that a surer and no stranger one contradicts."""
    for label, place in labels.items():
        charset = resolve_label(label)
        seen = None if charset is None else _strict(sample, charset, may_be_cut=True)
        if charset is None or seen is None:
            continue
        strange, n_foreign = strangeness(seen), foreign_letters(seen)
        confidence = max((rival.confidence for rival in detected if rival.seen == seen), default=0.0)
        evidence = f"{label} declared in the {place}"
        reading = _Reading(charset, evidence, seen, confidence, strange, n_foreign, is_declared=True)
        if not any(rival.contradicts(reading) for rival in detected):
            yield reading


def _detected(sample: bytes) -> Iterator[_Reading]:
    """Yield what chardet takes the sample for, the likeliest first, then windows-1252.

    What reads the same in windows-1252 is called that: it holds for bytes beyond the sample more often.
    """
    western = _strict(sample, "windows-1252", may_be_cut=True) or ""
    for found in chardet.detect_all(sample, compat_names=False):
        name = (found["encoding"] or "").lower().replace("_", "-")
        charset = CHARSETS.get(CHARDET_NAMES.get(name, name))
        seen = None if charset is None else _strict(sample, charset, may_be_cut=True)
        least = SURE if charset in OUTDATED else LEAST
        if charset is not None and seen is not None and found["confidence"] >= least:
            charset = "windows-1252" if seen == western else charset
            evidence = f"detected with confidence {found['confidence']:.2f}"
            strange, n_foreign = strangeness(seen), foreign_letters(seen)
            yield _Reading(charset, evidence, seen, found["confidence"], strange, n_foreign)
    strange, n_foreign = strangeness(western), foreign_letters(western)
    yield _Reading("windows-1252", "windows-1252 reads like text", western, 0.0, strange, n_foreign)


def _nearly_as_declared(raw: bytes, labels: dict[str, str]) -> Decoded | None:
    """Read a declared encoding of several bytes a character with a few stray ones: headlines cut in mid-character."""
    for label, place in labels.items():
        charset = resolve_label(label)
        if charset not in {"gb18030", "big5", "euc-jp", "shift_jis", "euc-kr"}:
            continue
        mixed = _segment_wise(raw, CODECS.get(charset, (charset,))[0])
        few = 0 < mixed.n_stray <= STRAY_SHARE * mixed.n_characters  # none: then something else speaks against it
        if few and strangeness(mixed.text[:SAMPLE_BYTES]) <= STRANGE:
            return Decoded(mixed.text, charset, f"{label} declared in the {place}; {mixed.evidence}")
    return None


def _with_utf8_parts(raw: bytes, whole: Decoded) -> Decoded:
    """Read parts in UTF-8 of a Western single-byte page as what they are; else they would be mojibake."""
    if whole.charset not in {"windows-1252", "iso-8859-15"}:
        return whole
    mixed = _segment_wise(raw)
    if mixed.n_characters == 0:
        return whole
    return Decoded(mixed.text, "utf-8", f"{mixed.evidence}; {whole.evidence}")


def _sample(raw: bytes, *, markup: bool) -> bytes:
    """Return the lines of `raw` that hold bytes outside ASCII, without tags, up to 64 kB: where encodings differ.

    The last one may be cut, within a character as well.
    """
    bare = TAG_RE.sub(b" ", raw) if markup else raw
    if bare.isascii():
        bare = raw
    lines: list[bytes] = []
    left = SAMPLE_BYTES
    for found in LINE_RE.finditer(bare):
        line = found.group()
        if not line.isascii():
            lines.append(line[:left])
            left -= len(line)
            if left <= 0:
                break
    return b"\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Mixed:
    """Bytes read as valid characters of `codec` and stray bytes, which are marked as half pairs.

    `n_characters` counts the characters outside ASCII, `n_stray` the stray bytes.
    """

    codec: str
    marked: str
    n_characters: int
    n_stray: int

    @property
    def text(self) -> str:
        """The text, each stray byte read as windows-1252, as browsers map it: nothing is lost."""
        return self.marked.translate(STRAY_CHARACTERS)

    @property
    def evidence(self) -> str:
        first = STRAY_RE.search(self.marked)
        seen = self.marked[first.start() : first.end()][:4].encode("ascii", "surrogateescape").hex(" ") if first else ""
        return f"{self.n_stray} stray bytes in {self.codec}, the first {seen}, read as windows-1252"


def _segment_wise(raw: bytes, codec: str = "utf-8") -> _Mixed:
    """Read what is valid in `codec` as that, and mark the rest."""
    marked = raw.decode(codec, "surrogateescape")
    n_stray = sum(len(found.group()) for found in STRAY_RE.finditer(marked))
    return _Mixed(codec, marked, _count_foreign(marked) - n_stray, n_stray)


def _count_foreign(text: str) -> int:
    """Return the number of characters outside ASCII."""
    return len(text) - len(text.encode("ascii", "ignore"))


STRAY_RE = re.compile("[\udc80-\udcff]+")
# Bytes that windows-1252 leaves unassigned and browsers read as the C1 control of that number.
HOLES = b"\x81\x8d\x8f\x90\x9d"
STRAY_CHARACTERS = {
    0xDC00 + byte: chr(byte) if byte in HOLES else bytes([byte]).decode("cp1252") for byte in range(0x80, 0x100)
}


def _strict(raw: bytes, charset: str, *, may_be_cut: bool = False) -> str | None:
    """Decode `raw`, or return None: every byte must be part of a character, save at the end of what may be cut."""
    if charset == "windows-1252":
        return raw.decode("cp1252", "surrogateescape").translate(STRAY_CHARACTERS)
    for codec in CODECS.get(charset, (charset,)):
        try:
            return codecs.getincrementaldecoder(codec)().decode(raw, not may_be_cut)
        except UnicodeDecodeError:
            continue
    return None


def _strict_to_tail(raw: bytes, charset: str) -> tuple[str | None, bytes]:
    """Decode `raw` but for a last character that is cut off: the text, None where it is not valid, and what is left."""
    decoder = codecs.getincrementaldecoder(charset)()
    try:
        text = decoder.decode(raw)
    except UnicodeDecodeError:
        return None, b""
    return text, decoder.getstate()[0]


def _torn(tail: bytes) -> str:
    return f"; cut off in its last character, of which {tail.hex(' ')} is left out" if tail else ""


def _is_binary(text: str) -> bool:
    """Whether more than 2 % of a sample of `text` are control characters or are assigned to nothing."""
    sample = text[:SAMPLE_BYTES]
    odd = sum(unicodedata.category(char) in {"Cc", "Cn", "Co", "Cs"} for char in sample if char not in "\t\n\v\f\r")
    return odd > CONTROL_SHARE * len(sample)
