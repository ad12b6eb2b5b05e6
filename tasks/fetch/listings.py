"""Which addresses a feed, a sitemap or a list of URLs names; and whether a body is one of these or a page.

What a body is shows in its root element: `rss`, `RDF`, `feed`, `urlset`, `sitemapindex`, with or without namespace,
whatever media type it came with. Servers send feeds as `text/html` and pages as `application/xml`. A list of URLs is
text whose every line is one. All else is a page, also where it quotes a feed.

The parser is libxml2 (through lxml) in its mode that recovers from errors, fed piece by piece. It builds no tree: each
element is looked at as it passes, so the cost of a listing is its bytes and the addresses kept. A listing that the
parser takes without complaint is read as it is. Any other is mended (bare ampersands, HTML entities, HTML tags that
were not escaped, undeclared prefixes) and read again, and what is still wrong then is its `damage`.

Why not feedparser (6.0.14, BSD-2-Clause): it gives titles, dates and sanitised texts, which the pages themselves say
better, reads no sitemaps, holds the whole feed in memory, and needs a copy of sgmllib, which Python dropped (up to
6.0.12 as sgmllib3k, which comes as source only and is unmaintained by its own word). lxml is needed anyhow.

What is refused: the document type is cut off before the parser sees it, so no entity is expanded and no file or address
is opened. A listing that defines entities and needs one in an address loses that address, and its damage says so.
Nesting, elements and the length of one tag are bounded; what lies beyond is damage as well. JSON feeds are not read.
"""

import codecs
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from html.entities import html5
from itertools import islice

import ada_url
from lxml import etree

from tasks.charset import decode_bytes
from tasks.fetch.body import GZIP_MAGIC, collect, ungzip
from tasks.fetch.media import HTML_TYPES
from tasks.outcome import DropReason, Unusable

# What the sitemap protocol allows one file to unpack to: https://www.sitemaps.org/protocol.html#index
LISTING_BYTES = 50 << 20
# Decoding needs several times the size of what is not UTF-8. The sitemap protocol asks for UTF-8; no feed is that long.
LEGACY_BYTES = 10 << 20
PIECE_BYTES = 65_536
# libxml2's old limit for trees; where none is built it has no limit. The deepest of the sound cases has 7 levels.
MOST_NESTED = 256
# A full sitemap (50,000 addresses) has 250,000 elements. This many take 1.4 s.
MOST_ELEMENTS = 2_000_000
# From one tag to the next. libxml2 takes 40 bytes for each byte of attributes of one tag: 300 MB for one of 8 MB.
MOST_TAGLESS_BYTES = 1 << 20
# Of the 80 development pages of article-extraction-benchmark 32 announce feeds or sitemaps, 4 at most.
MOST_ANNOUNCED = 50

XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
WEB_RE = re.compile(r"https?://\S+", re.IGNORECASE)
LINE_RE = re.compile(rb"[^\r\n]+")

QUOTED = rb"\"[^\"]*\"|'[^']*'"
DOCTYPE = rb"<!DOCTYPE\b(?>" + QUOTED + rb"|\[(?>" + QUOTED + rb"|<!--(?>.*?-->|.*)|[^\]\"'])*+\]|[^>\"'\[])*+>"
# Space, comments, instructions and the document type, as often as they come; the groups give nothing back.
PROLOG_RE = re.compile(rb"(?>\s++|<!--.*?-->|<\?.*?\?>|" + DOCTYPE + rb")*+", re.DOTALL | re.IGNORECASE)
ROOT_RE = re.compile(rb"<(?:[\w.-]{1,99}:)?(rss|rdf|feed|urlset|sitemapindex)(?=[\s/>])", re.IGNORECASE)
# Programs that fail print warnings before the feed. In what is sent as XML it is looked for behind them.
DECLARATION_RE = re.compile(rb"<\?xml\s[^<>]{1,200}\?>")
ENTITY_RE = re.compile(rb"<!ENTITY\s{1,99}([\w.-]{1,99})", re.IGNORECASE)
TAGLESS_RE = re.compile(rb"<[^<]{%d}" % MOST_TAGLESS_BYTES)

# Tags of HTML that no feed has a meaning for: in a description that was not escaped they break the nesting.
HTML_TAGS = (
    "a abbr address article aside b big blockquote body br button center cite code dd del div dl dt em figcaption "
    "figure font footer form h1 h2 h3 h4 h5 h6 header hr html i iframe img input ins label li main nav nobr "
    "noscript ol option p pre s script section select small span strike strong style sub sup table tbody td tfoot "
    "th thead tr tt u ul wbr "
).split()
# By first letters, so that a tag of another name costs one step and not one for each of these.
HTML_TAG = "|".join(
    f"[{letter}{letter.upper()}](?i:{'|'.join(name[1:] for name in HTML_TAGS if name[0] == letter)})"
    for letter in sorted({name[0] for name in HTML_TAGS})
)
MENDED_RE = re.compile(
    rb"(?P<kept><!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|<\?(?:.*?\?>|.*))"
    rb"|(?P<number>&\#(?:[0-9]{1,6}|x[0-9A-Fa-f]{1,5});)"
    rb"|(?P<ampersand>&(?!(?:amp|lt|gt|quot|apos);)(?:[A-Za-z][A-Za-z0-9]{1,30};)?)"
    rb"|(?P<bracket><(?!/?[A-Za-z_:\x80-\xff]))",
    re.DOTALL,
)
# Characters that XML allows: https://www.w3.org/TR/xml/#charsets
XML_RE = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOT_XML_BYTES = bytes(set(range(0x20)) - set(b"\t\n\r"))
NOT_XML_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
NAME_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-"
PREFIX_RE = re.compile(rb"[<\s]([A-Za-z_][\w.-]{0,49}):[A-Za-z_]")
DECLARED_RE = re.compile(rb"\sxmlns:([\w.-]{1,50})\s{0,9}=")
# A bound against hostile feeds; the cases use at most two.
MOST_PREFIXES = 100
TAG_RE = re.compile(
    rb"(?P<kept><!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*))|(?P<tag></?(?:"
    + HTML_TAG.encode()
    + rb")(?:[\s/][^<>]*)?>)",
    re.DOTALL,
)
# Places to mend, and as many tags to take out: 6 for each address of a full sitemap. They take 30 MB while it is done.
MOST_MENDED = 300_000
# Mending 10 MB of nothing but `<br` takes 3 s, of a sitemap half a second. What is longer is read as it is.
MOST_MENDED_BYTES = 16 << 20


class ListingKind(StrEnum):
    """What sort of listing it is; only a sitemap index names other listings."""

    FEED = "feed"
    SITEMAP = "sitemap"
    SITEMAP_INDEX = "sitemap_index"
    URL_LIST = "url_list"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing names.

    `urls` are the addresses as written, relative ones resolved against the base that holds for them (`xml:base`, else
    the listing's own address), in the order of the document, without repeats. Nothing was checked about them. `n_more`
    counts entries beyond `max_listed`. `damage` says what was wrong and where, empty where nothing was; what could be
    read counts all the same.
    """

    kind: ListingKind
    urls: tuple[str, ...]
    n_more: int = 0
    damage: str = ""


def find_listing(
    body: bytes, url: str, media_type: str, max_listed: int, charset_label: str | None = None
) -> Listing | None:
    """Return what `body`, which came from `url`, lists, at most `max_listed` addresses; None where it is a page.

    `body` is free of its content encoding, but may be a gzip file. `charset_label` is what the server declared.

    Raises Unusable: BODY_TOO_BIG beyond 50 MB, or 10 MB of what is not UTF-8; TYPE_BINARY or ENCODING_UNKNOWN for what
    is no text; ENCODING_CHAIN for a gzip file of too many members; BODY_TRUNCATED or ENCODING_CORRUPT for a torn gzip
    file in whose beginning no listing is to be seen.
    """
    torn: list[Unusable] = []
    if body.startswith(GZIP_MAGIC):
        body = collect(_until_torn(ungzip([body]), torn), LISTING_BYTES)
    if len(body) > LISTING_BYTES:
        raise Unusable(DropReason.BODY_TOO_BIG, f"a listing of {len(body)} bytes; {LISTING_BYTES} at most")
    text = _as_utf8(body, charset_label)
    listing = _read_markup(text, url, media_type, max_listed) or _read_lines(text, media_type, max_listed)
    if not torn:
        return listing
    if listing is None:
        raise torn[0]
    damage = "; ".join(filter(None, [f"gzip: {torn[0].detail}", listing.damage]))
    return Listing(listing.kind, listing.urls, listing.n_more, damage)


def find_announced(body: bytes, url: str) -> tuple[str, ...]:
    """Return the addresses of feeds and sitemaps that the HTML page `body` from `url` announces in `link` elements.

    They come in the order of the page, without repeats, resolved against its `base`; at most 50. JSON feeds and feeds
    that are only linked to in the text are left out. Raises Unusable for what is no text.
    """
    page = _Announcements(url)
    parser = etree.HTMLParser(target=page, encoding="utf-8", no_network=True, huge_tree=False)
    text = _as_utf8(body, None)
    for start in range(0, len(text), PIECE_BYTES):
        parser.feed(text[start : start + PIECE_BYTES])
        if len(page.hrefs) >= MOST_ANNOUNCED:
            break
    base = _resolve(page.base, url)
    return tuple(dict.fromkeys(_resolve(href, base) for href in page.hrefs[:MOST_ANNOUNCED]))


def _until_torn(pieces: Iterator[bytes], torn: list[Unusable]) -> Iterator[bytes]:
    """Yield `pieces` up to where they are torn or damaged, and note that in `torn`."""
    try:
        yield from pieces
    except Unusable as error:
        if error.reason not in {DropReason.BODY_TRUNCATED, DropReason.ENCODING_CORRUPT}:
            raise
        torn.append(error)


def _as_utf8(body: bytes, charset_label: str | None) -> bytes:
    """Return the text of `body` in UTF-8 without byte order mark: itself, where it is UTF-8 and nothing else.

    That is checked piece by piece: as one string of Python, UTF-8 may take four times its size.
    """
    if b"\0" not in body and b"\x1b" not in body and _is_utf8(body):
        return _without_controls(body.removeprefix(codecs.BOM_UTF8))
    if len(body) > LEGACY_BYTES:
        raise Unusable(
            DropReason.BODY_TOO_BIG, f"a listing of {len(body)} bytes that is not UTF-8; {LEGACY_BYTES} at most"
        )
    return _without_controls(decode_bytes(body, charset_label, markup=True).text.encode())


def _without_controls(text: bytes) -> bytes:
    """Leave out what no XML may hold, and the parser would make U+FFFD of in an address."""
    if any(byte in text for byte in NOT_XML_BYTES):
        text = text.translate(None, NOT_XML_BYTES)
    for character in NOT_XML_CHARACTERS:
        text = text.replace(character, b"")
    return text


def _is_utf8(body: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), PIECE_BYTES):
            decoder.decode(body[start : start + PIECE_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _resolve(address: str, base: str) -> str:
    """Return `address` as it is if it is absolute, else as browsers resolve it; what is no address stays."""
    if WEB_RE.match(address):
        return address
    try:
        return ada_url.join_url(base, address)
    except ValueError:
        return address


def _read_lines(text: bytes, media_type: str, max_listed: int) -> Listing | None:
    """Read a list of URLs: each line is one, or empty, or a comment that begins with `#`; None for any other text."""
    if media_type in HTML_TYPES:
        return None
    urls: dict[str, None] = {}
    n_more = 0
    for found in LINE_RE.finditer(text):
        line = found.group().strip()
        if not line or line.startswith(b"#"):
            continue
        url = line.decode()
        if not WEB_RE.fullmatch(url):
            return None
        if len(urls) < max_listed:
            urls[url] = None
        elif url not in urls:
            n_more += 1
    return Listing(ListingKind.URL_LIST, tuple(urls), n_more) if urls or n_more else None


def _read_markup(text: bytes, url: str, media_type: str, max_listed: int) -> Listing | None:
    """Read a feed or a sitemap; None where the root element is none of theirs."""
    root = _find_root(text, media_type)
    if root is None:
        return None
    kind = ROOT_KINDS[root.group(1).lower()]
    rest, long_tag = _cut_before_long_tag(text, root.start())
    n_lines = text.count(b"\n", 0, root.start())
    entries = _Entries(kind, url, max_listed, is_last=len(rest) > MOST_MENDED_BYTES)
    wrong = _parse(rest, entries, n_lines)
    if entries.is_mendable:
        entries = _Entries(kind, url, max_listed, is_last=True)
        wrong = _parse(_mend(rest, kind), entries, n_lines)
    if kind is ListingKind.FEED and root.group(1).lower() == b"rdf" and not entries.has_channel:
        return None
    undefined = _needed_entity(text[: root.start()], entries)
    damage = "; ".join(filter(None, [long_tag or wrong, undefined]))
    return Listing(entries.kind, tuple(entries.urls), entries.n_more, damage)


ROOT_KINDS = {
    b"rss": ListingKind.FEED,
    b"rdf": ListingKind.FEED,
    b"feed": ListingKind.FEED,
    b"urlset": ListingKind.SITEMAP,
    b"sitemapindex": ListingKind.SITEMAP_INDEX,
}


def _find_root(text: bytes, media_type: str) -> re.Match[bytes] | None:
    """Find the root element of a listing, past the prolog; None where the first element is another."""
    prolog = PROLOG_RE.match(text)
    root = ROOT_RE.match(text, prolog.end() if prolog else 0)
    if root is None and media_type.endswith("xml"):
        declaration = DECLARATION_RE.search(text, 0, PIECE_BYTES)
        prolog = PROLOG_RE.match(text, declaration.start()) if declaration else None
        root = ROOT_RE.match(text, prolog.end()) if prolog else None
    return root


def _cut_before_long_tag(text: bytes, start: int) -> tuple[memoryview, str]:
    """Return `text` from `start` to before the first tag that is longer than any, and that as damage."""
    found = TAGLESS_RE.search(text, start)
    rest = memoryview(text)[start:]
    if found is None:
        return rest, ""
    line = text.count(b"\n", 0, found.start()) + 1
    return rest[: found.start() - start], f"line {line}: more than {MOST_TAGLESS_BYTES} bytes without another tag"


def _parse(text: bytes | memoryview, entries: "_Entries", n_lines: int) -> str:
    """Let `entries` look at each element of `text`; return what was wrong first, `n_lines` further down, or nothing.

    It stops soon after the first error that mending may help against.
    """
    parser = etree.XMLParser(
        target=entries,
        encoding="utf-8",
        recover=True,
        resolve_entities="internal",  # there are none; with False `&amp;` in an attribute would come as `&#38;`
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    for start in range(0, len(text), PIECE_BYTES):
        parser.feed(bytes(text[start : start + PIECE_BYTES]))
        entries.is_mendable = not entries.is_last and any(_errors(parser))
        if entries.beyond_bounds or entries.is_mendable:
            entries.close()
            return entries.beyond_bounds
    parser.close()
    errors = list(_errors(parser))
    entries.is_mendable = not entries.is_last and any(error.type != TORN for error in errors)
    lossy = (error for error in errors if error.domain != etree.ErrorDomains.NAMESPACE)
    return next((f"line {error.line + n_lines}: {error.message.splitlines()[0][:200]}" for error in lossy), "")


TORN = etree.ErrorTypes.ERR_TAG_NOT_FINISHED


def _errors(parser: etree.XMLParser) -> Iterator[etree._LogEntry]:
    """Yield the errors so far, of which libxml2 tells the first 100, without its warnings."""
    return (error for error in parser.feed_error_log if error.level > etree.ErrorLevels.WARNING)


def _mend(text: memoryview, kind: ListingKind) -> bytes:
    """Escape, declare or leave out what XML does not allow and people write all the same.

    CDATA, comments and line ends stay.
    """
    mended = MENDED_RE.sub(_mended, text, MOST_MENDED)
    if kind is ListingKind.FEED:
        mended = TAG_RE.sub(_mended, mended, MOST_MENDED)
    return _declare_prefixes(mended)


def _declare_prefixes(text: bytes) -> bytes:
    """Declare in the root element the prefixes that are used and not declared there.

    Else libxml2 tells of nothing but them: it has room for 100 errors.
    """
    root = text[: text.find(b">") + 1]
    used = {found.group(1) for found in islice(PREFIX_RE.finditer(text), MOST_MENDED)}
    missing = sorted(used - {b"xml", b"xmlns"} - set(DECLARED_RE.findall(root)))[:MOST_PREFIXES]
    name_end = len(root) - len(root.lstrip(b"<").lstrip(NAME_BYTES))
    declared = b"".join(b' xmlns:%s="urn:undeclared:%s"' % (prefix, prefix) for prefix in missing)
    return text[:name_end] + declared + text[name_end:] if declared else text


def _mended(found: re.Match[bytes]) -> bytes:
    whole = found.group()
    match found.lastgroup:
        case "ampersand":
            character = html5.get(whole[1:].decode())
            return html.escape(character, quote=False).encode() if character else b"&amp;" + whole[1:]
        case "bracket":
            return b"&lt;" + whole[1:]
        case "tag":
            return b"\n" * whole.count(b"\n")
        case "number":
            is_hex = whole[2:3] == b"x"
            return whole if XML_RE.fullmatch(chr(int(whole[3:-1], 16) if is_hex else int(whole[2:-1]))) else b""
        case _:
            return whole


def _needed_entity(prolog: bytes, entries: "_Entries") -> str:
    """Take out of `entries` what needs an entity that the document type defines; return that as damage."""
    names = [name.decode() for name in ENTITY_RE.findall(prolog)]
    lost = [url for url in entries.urls if "&" in url and any(f"&{name};" in url for name in names)]
    for url in lost:
        del entries.urls[url]
    return f"{len(lost)} addresses need an entity that the document defines, the first {lost[0][:200]}" if lost else ""


class Rank(IntEnum):
    """How good an address of an entry is, the best first."""

    ORIGINAL = 0  # what a service that counts clicks puts its own link in place of
    LINK = 1
    HTML = 2
    UNTYPED = 3
    OTHER = 4
    FOREIGN_LINK = 5
    GUID = 6
    ABOUT = 7
    NO_LINK = 8


FEED_ENTRY_NAMES = frozenset({"item", "entry"})
SITEMAP_ENTRY_NAMES = frozenset({"url", "sitemap"})
# What is inside these has links of its own: the feed an entry was taken from, a logo, the text itself.
FOREIGN_NAMES = frozenset({"source", "image", "textinput", "content"})
# JSON feeds are announced in the same way, and not read.
FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml"})
# A bound against hostile feeds; RSS allows one, the cases have no more.
MOST_ENCLOSURES = 10


@dataclass(slots=True)
class _Entry:
    """One entry as it is read: its first address of each rank, and the files it encloses."""

    namespace: str
    depth: int
    addresses: dict[Rank, str] = field(default_factory=dict)
    enclosures: set[str] = field(default_factory=set)
    foreign_depth: int = 0

    def note(self, rank: Rank, url: str) -> None:
        if url and rank is not Rank.NO_LINK:
            self.addresses.setdefault(rank, url)

    def best_url(self) -> str:
        """Return the best address that is not that of an enclosed file; empty where there is none."""
        return next((url for _, url in sorted(self.addresses.items()) if url not in self.enclosures), "")


@dataclass(slots=True)
class _Text:
    """The text of an element that holds an address, as it is read."""

    rank: Rank
    pieces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Entries:
    """What the parser calls with each element of a listing: it keeps the best address of each entry, and nothing else.

    An entry begins where its element does, and ends there or where the next one begins: in a broken document the parser
    may not find the end. Unless this is the last reading, the first error that mending may help against ends it, and
    makes it `is_mendable`.
    """

    kind: ListingKind
    url: str
    max_listed: int
    urls: dict[str, None] = field(default_factory=dict)
    n_more: int = 0
    is_last: bool = False
    is_mendable: bool = False
    has_channel: bool = False
    beyond_bounds: str = ""
    _n_elements: int = 0
    _depth: int = 0
    _bases: list[tuple[int, str]] = field(default_factory=list)
    _entry: _Entry | None = None
    _text: _Text | None = None
    _names: dict[str, tuple[str, str]] = field(default_factory=dict)
    _is_feed: bool = field(init=False)

    def __post_init__(self) -> None:
        """Look at the kind once, and not for each element."""
        self._is_feed = self.kind is ListingKind.FEED

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Look at an element that begins."""
        if self._text is not None:
            self._end_text()
        self._n_elements += 1
        self._depth += 1
        if self._depth > MOST_NESTED or self._n_elements > MOST_ELEMENTS:
            bound = f"{MOST_NESTED} levels deep" if self._depth > MOST_NESTED else f"{MOST_ELEMENTS} elements"
            self.beyond_bounds = f"more than {bound}; what follows was not read"
            return
        namespace, name = self._split(tag)
        if attributes and XML_BASE in attributes:
            self._bases.append((self._depth, _resolve(attributes[XML_BASE].strip(), self._base)))
        if name in (FEED_ENTRY_NAMES if self._is_feed else SITEMAP_ENTRY_NAMES):
            self._begin_entry(_Entry(namespace, self._depth), name, attributes)
        elif name == "channel":
            self.has_channel = True
        elif self._entry is not None and not self._entry.foreign_depth:
            self._look_at(self._entry, namespace, name, attributes)

    def data(self, text: str) -> None:
        """Take the text of an element that holds an address."""
        if self._text is not None:
            self._text.pieces.append(text)

    def end(self, tag: str) -> None:  # noqa: ARG002  (the parser calls it with the tag)
        """Close the element that began last."""
        if self._text is not None:
            self._end_text()
        if self._bases and self._bases[-1][0] == self._depth:
            self._bases.pop()
        if self._entry is not None:
            if self._entry.depth == self._depth:
                self._end_entry()
            elif self._entry.foreign_depth == self._depth:
                self._entry.foreign_depth = 0
        self._depth -= 1

    def close(self) -> None:
        """Take what was open at the end of the document."""
        self._end_text()
        self._end_entry()

    @property
    def _base(self) -> str:
        return self._bases[-1][1] if self._bases else self.url

    def _split(self, tag: str) -> tuple[str, str]:
        """Split a tag into its namespace, or its prefix where that has none, and its name in lower case."""
        split = self._names.get(tag)
        if split is None:
            cut = max(tag.rfind("}"), tag.rfind(":") if "}" not in tag else -1) + 1
            split = tag[:cut], tag[cut:].lower()
            if len(self._names) < MOST_NESTED:
                self._names[tag] = split
        return split

    def _begin_entry(self, entry: _Entry, name: str, attributes: Mapping[str, str]) -> None:
        self._end_entry()
        self._entry = entry
        if self._is_feed:
            self.has_channel = True
            entry.note(Rank.ABOUT, self._resolved(_web_only(_attribute(attributes, "about"))))
        elif name == "sitemap":
            self.kind = ListingKind.SITEMAP_INDEX
        elif not self.urls and not self.n_more:
            self.kind = ListingKind.SITEMAP

    def _end_entry(self) -> None:
        entry, self._entry = self._entry, None
        url = entry.best_url() if entry is not None else ""
        if not url or url in self.urls:
            return
        if len(self.urls) < self.max_listed:
            self.urls[url] = None
        else:
            self.n_more += 1

    def _look_at(self, entry: _Entry, namespace: str, name: str, attributes: Mapping[str, str]) -> None:
        """Look at an element within `entry`."""
        is_own = namespace == entry.namespace
        if not self._is_feed:
            if name == "loc" and self._depth == entry.depth + 1:  # those of its images and films are deeper
                self._text = _Text(Rank.LINK if is_own else Rank.FOREIGN_LINK)
        elif name in FOREIGN_NAMES:
            entry.foreign_depth = self._depth
        elif name == "link" and _attribute(attributes, "href"):
            entry.note(_rank_link(attributes), self._resolved(_attribute(attributes, "href")))
        elif name == "link":
            self._text = _Text(Rank.LINK if is_own else Rank.FOREIGN_LINK)
        elif name == "origlink":
            self._text = _Text(Rank.ORIGINAL)
        elif name == "guid" and _attribute(attributes, "ispermalink").lower() != "false":
            self._text = _Text(Rank.GUID)
        elif name == "enclosure" and len(entry.enclosures) < MOST_ENCLOSURES:
            entry.enclosures.add(self._resolved(_attribute(attributes, "url")))

    def _end_text(self) -> None:
        text, self._text = self._text, None
        if text is None or self._entry is None:
            return
        address = "".join(text.pieces).strip()
        if text.rank in {Rank.ORIGINAL, Rank.GUID}:
            address = _web_only(address)
        self._entry.note(text.rank, self._resolved(address))

    def _resolved(self, address: str) -> str:
        return _resolve(address, self._base) if address else ""


def _attribute(attributes: Mapping[str, str], name: str) -> str:
    """Return the attribute of that name, whatever its namespace and case; empty where there is none."""
    for key, value in attributes.items():
        if key == name or re.split("[}:]", key)[-1].lower() == name:
            return value.strip()
    return ""


def _web_only(address: str) -> str:
    """Return an address that may be a mere name only if it is one of the web."""
    return address if WEB_RE.fullmatch(address) else ""


def _rank_link(attributes: Mapping[str, str]) -> Rank:
    """Return how good a link of Atom is; a relation may be written as the address of its registration."""
    relation = _attribute(attributes, "rel").lower().rsplit("/", 1)[-1]
    if relation not in {"", "alternate"}:
        return Rank.NO_LINK
    media_type = _attribute(attributes, "type").lower().split(";")[0].strip()
    if media_type in HTML_TYPES:
        return Rank.HTML
    return Rank.OTHER if media_type else Rank.UNTYPED


@dataclass(slots=True)
class _Announcements:
    """What the parser calls with each element of a page: it keeps the addresses of `link` elements, and the `base`."""

    base: str
    hrefs: list[str] = field(default_factory=list)
    _has_base: bool = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Look at an element that begins."""
        href = _attribute(attributes, "href") if tag in {"link", "base"} else ""
        if not href:
            return
        if tag == "base" and not self._has_base:
            self.base, self._has_base = href, True
        elif tag == "link":
            relations = _attribute(attributes, "rel").lower().split()
            media_type = _attribute(attributes, "type").lower().split(";")[0].strip()
            if "sitemap" in relations or ("alternate" in relations and media_type in FEED_TYPES):
                self.hrefs.append(href)

    def close(self) -> None:
        """End: nothing is left to do."""
