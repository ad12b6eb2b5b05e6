"""What was asked for: from sources, as the user writes them, to the list of inputs, without reading any.

A source is an http(s) URL, a file, a folder, or `@list.txt`, a file of sources, one a line (blank lines and lines that
begin with `#` are passed over; relative paths count from the list's folder). Inputs come in a fixed order: sources as
given, the entries of a folder by the bytes of their names, subfolders in their place. The list is a stream; what is
kept in memory grows with the number of sources and links, not of files.

Kinds go by the name: `.html .htm .xhtml` and `.txt .text .md`, also with `.gz`; `.jsonl .ndjson`; `.warc .warc.gz`.
A file of another name is read if it begins like an HTML page (mirrors are full of `index.php?id=7`), else it becomes
a reject: nothing that lies in a folder is lost silently, save what the system itself hides, names that begin with a
dot. Whatever can't be listed is a reject in the place of the input.

Links are followed, and nothing is listed twice: a link to a folder above itself is FOLDER_LOOP, one to what is
listed anyway is INPUT_REPEATED.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from tasks.charset import refuse_controls, refuse_magic
from tasks.fetch.jsonl import find_lines
from tasks.fetch.media import HEAD, opens_as_html
from tasks.fetch.places import location_of, name_of, open_location, signature_of, sorted_error
from tasks.fetch.records import InputItem, InputKind, Origin
from tasks.fetch.warc import find_records
from tasks.outcome import DropReason, Reject, StageName, Unusable
from tasks.shards import Row, digest_of

Inputs = Iterator[Row[InputItem]]

SCHEME_RE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
USERINFO_RE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")
DOCUMENTS = {
    ".html": InputKind.HTML_FILE,
    ".htm": InputKind.HTML_FILE,
    ".xhtml": InputKind.HTML_FILE,
    ".txt": InputKind.TEXT_FILE,
    ".text": InputKind.TEXT_FILE,
    ".md": InputKind.TEXT_FILE,
}
NAMES_READ = ".html, .txt (also .gz), .jsonl, .warc, .warc.gz"
MOST_LISTS = 10
LINE_BYTES = 65_536


def list_inputs(sources: Iterable[str], *, web_only: bool = False) -> Inputs:
    """Yield one row for every input that `sources` hold: the input, or the reject in its place.

    A URL is an item of kind `URL`: what it leads to only a crawl can tell. With `web_only` files and folders are passed
    over, but for lists. Paths are text as `os.fsdecode` gives it. Raises Retryable where the machine is in the way.
    """
    seen = _Seen()
    for source in sources:
        yield from _source(source, seen, n_lists=0, web_only=web_only)


def addresses_in(sources: Iterable[str]) -> list[str]:
    """Return the URLs among `sources`, those in lists included, in their order."""
    return [row.document.location for row in list_inputs(sources, web_only=True) if row.document is not None]


def without_credentials(url: str) -> str:
    """Return `url` as it may be published: what stands before an @ is a user name and a password.

    >>> without_credentials("https://ada:secret@bote.example/a")
    'https://***@bote.example/a'
    """
    return name_of(USERINFO_RE.sub(r"\1***@", url))


@dataclass(slots=True)
class _Seen:
    """What was listed already, by its real path or its URL."""

    urls: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    n_repeats: int = 0

    def repeated(self, what: str) -> Unusable:
        """Return the reason for a repeated input. It is numbered so that no two rows of a run are the same."""
        self.n_repeats += 1
        return Unusable(DropReason.INPUT_REPEATED, f"{what} (repetition {self.n_repeats} of this run)")

    def covers(self, path: str) -> bool:
        """Whether the real path `path` was listed: itself, or with a folder above it from which it is not hidden."""
        while path not in self.places:
            path, name = os.path.split(path)
            if not name or name.startswith("."):
                return False
        return True


def _source(source: str, seen: _Seen, *, n_lists: int, web_only: bool) -> Inputs:
    scheme = SCHEME_RE.match(source)
    if source.startswith("@"):
        yield from _list_file(source, seen, n_lists, web_only=web_only)
    elif scheme and (source[scheme.end() :].startswith("//") or scheme[1].lower() in {"data", "javascript", "mailto"}):
        yield from _guarded(without_credentials(source), lambda: _url(source, scheme[1].lower(), seen))
    elif not web_only:
        yield from _guarded(source, lambda: _given_path(source, seen))


def _url(source: str, scheme: str, seen: _Seen) -> Inputs:
    name = name_of(source)
    page = digest_of(source.partition("#")[0])  # what follows is for the browser, and never sent
    if page in seen.urls:
        raise seen.repeated("a URL given before")
    seen.urls.add(page)
    if USERINFO_RE.match(source):
        raise Unusable(DropReason.URL_CREDENTIALS, "it holds a user name or a password; give the address without")
    if scheme not in {"http", "https"}:
        raise Unusable(DropReason.SCHEME_BLOCKED, f"{scheme}: only http and https are fetched")
    yield Row(InputItem(Origin(name, name), InputKind.URL, name, 0, 0, ""), None)


def _list_file(source: str, seen: _Seen, n_lists: int, *, web_only: bool) -> Inputs:
    path = source[1:]
    if n_lists == MOST_LISTS:
        yield _reject(source, DropReason.RECORD_INVALID, f"lists that name lists, {MOST_LISTS} deep; write one list")
        return
    yield from _guarded(source, lambda: _lines(source, path, seen, n_lists, web_only=web_only))


def _lines(source: str, path: str, seen: _Seen, n_lists: int, *, web_only: bool) -> Inputs:
    real = os.path.realpath(path)
    if "@" + real in seen.places:
        raise seen.repeated("a list given before")
    seen.places.add("@" + real)  # as an article of its own the file is something else
    n_sources = 0
    with open_location(location_of(path)) as file:
        refuse_magic(file.read(HEAD))
        file.seek(0)
        for number, line in enumerate(iter(lambda: file.readline(LINE_BYTES), b""), start=1):
            entry = os.fsdecode(line.removeprefix(b"\xef\xbb\xbf").strip())
            if not entry or entry.startswith("#"):
                continue
            n_sources += 1
            if len(line) == LINE_BYTES:
                yield _reject(f"{source}#{number}", DropReason.RECORD_INVALID, "a line too long for a path or a URL")
            else:
                yield from _source(_from_list(entry, path), seen, n_lists=n_lists + 1, web_only=web_only)
    if n_sources == 0:
        raise Unusable(DropReason.EMPTY_BODY, "the list names no source")


def _from_list(entry: str, path: str) -> str:
    """Return the source that a line of the list at `path` means: paths count from the list's folder."""
    mark, rest = ("@", entry[1:]) if entry.startswith("@") else ("", entry)
    scheme = SCHEME_RE.match(rest)
    is_url = scheme is not None and rest[scheme.end() :].startswith("//")
    return entry if is_url else mark + os.path.join(os.path.dirname(path), rest)  # noqa: PTH118, PTH120  (names as given)


def _given_path(source: str, seen: _Seen) -> Inputs:
    real = os.path.realpath(source)
    if real in seen.places:
        raise seen.repeated("a path given before")
    is_listed = seen.covers(real)
    seen.places.add(real)
    status = os.stat(source)  # noqa: PTH116  (paths stay text, as the user wrote them)
    if is_listed:
        raise seen.repeated("a path within a folder given before")
    if not stat.S_ISDIR(status.st_mode):
        yield from _file(source, status)
        return
    rows = _folder(source.rstrip("/") or "/", real, seen)
    first = next(rows, None)
    if first is None:
        raise Unusable(DropReason.FOLDER_EMPTY, f"no file in it; unspun reads {NAMES_READ}")
    yield first
    yield from rows


def _folder(folder: str, real: str, seen: _Seen) -> Inputs:
    """List a folder and those in it, depth first; on a stack of our own, as nesting has no limit."""
    stack = [(folder, real, iter(_names(folder)))]
    while stack:
        folder, real, names = stack[-1]
        name = next(names, None)
        if name is None:
            stack.pop()
            continue
        path = os.path.join(folder, name)  # noqa: PTH118  (names as given)
        try:
            below = _enter(path, os.path.join(real, name), [place for _, place, _ in stack], seen)  # noqa: PTH118
            if isinstance(below, str):
                stack.append((path, below, iter(_names(path))))
            else:
                yield from _guarded(path, lambda path=path, status=below: _file(path, status))  # type: ignore[misc]
        except OSError as error:
            yield _refused(path, error)
        except Unusable as error:
            yield _reject(path, error.reason, error.detail)


def _enter(path: str, real: str, chain: list[str], seen: _Seen) -> str | os.stat_result:
    """Return the real path of the folder at `path`, to be gone into, or the status of the file there.

    Raises Unusable (FOLDER_LOOP, INPUT_REPEATED) and OSError.
    """
    is_link = os.path.islink(path)  # noqa: PTH114
    status = os.stat(path)  # noqa: PTH116
    is_folder = stat.S_ISDIR(status.st_mode)
    if is_link:
        real = os.path.realpath(path)
        if is_folder and any(_is_within(place, real) for place in chain):
            raise Unusable(DropReason.FOLDER_LOOP, f"a link to {name_of(real)}, in which it stands")
        if seen.covers(real):
            raise seen.repeated(f"a link to {name_of(real)}, which is listed itself")
        seen.places.add(real)
    elif real in seen.places:
        raise seen.repeated("given before by itself")
    return real if is_folder else status


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _names(folder: str) -> list[str]:
    """Return the names in `folder` by their bytes, without hidden ones: a locale must not change the order."""
    return sorted((name for name in os.listdir(folder) if not name.startswith(".")), key=os.fsencode)  # noqa: PTH208


def _file(path: str, status: os.stat_result) -> Inputs:
    """List what a file holds: itself, or its records."""
    if not stat.S_ISREG(status.st_mode):
        raise Unusable(DropReason.UNREADABLE, "not a regular file")
    stem, ending = os.path.splitext(path.lower())  # noqa: PTH122
    inner = os.path.splitext(stem)[1] if ending == ".gz" else ending  # noqa: PTH122
    if inner in DOCUMENTS:
        yield _document(path, DOCUMENTS[inner], status)
    elif ending in {".jsonl", ".ndjson"}:
        yield from _opened(path, _json_records)
    elif inner == ".warc":
        yield from _opened(path, _warc_records)
    else:
        yield _document(path, _sniffed(path), status)


def _document(path: str, kind: InputKind, status: os.stat_result) -> Row[InputItem]:
    origin = Origin(name_of(path), None)
    return Row(InputItem(origin, kind, location_of(path), 0, status.st_size, signature_of(status)), None)


def _sniffed(path: str) -> InputKind:
    """Return the kind of a file whose name says nothing. Raises Unusable for all but HTML."""
    with open_location(location_of(path)) as file:
        head = file.read(HEAD)
    refuse_magic(head)
    if opens_as_html(head):
        return InputKind.HTML_FILE
    refuse_controls(head)
    raise Unusable(DropReason.TYPE_UNWANTED, f"unspun reads {NAMES_READ}; rename the file if it is one of these")


def _opened(path: str, records: Callable[[str, BinaryIO, str], Inputs]) -> Inputs:
    with open_location(location_of(path)) as file:
        yield from records(path, file, signature_of(os.fstat(file.fileno())))


def _json_records(path: str, file: BinaryIO, signature: str) -> Inputs:
    name, location = name_of(path), location_of(path)
    number = 0
    for number, (offset, length) in enumerate(find_lines(file), start=1):
        origin = Origin(f"{name}#{number}", None)
        yield Row(InputItem(origin, InputKind.JSONL_RECORD, location, offset, length, signature), None)
    if number == 0:
        raise Unusable(DropReason.EMPTY_BODY, "no record in it")


def _warc_records(path: str, file: BinaryIO, signature: str) -> Inputs:
    name, location = name_of(path), location_of(path)
    for number, found in enumerate(find_records(file), start=1):
        origin = Origin(f"{name}#{number}", found.url)
        if found.trouble is not None:
            yield Row(
                None, Reject(origin.input, found.url, StageName.FETCH, found.trouble.reason, found.trouble.detail)
            )
            continue
        kind = InputKind.PACKED_WARC_RECORD if found.packed else InputKind.WARC_RECORD
        yield Row(InputItem(origin, kind, location, found.offset, found.length, signature), None)


def _guarded(path: str, rows: Callable[[], Inputs]) -> Inputs:
    """Yield `rows()`; where that fails, end with the reject that says why."""
    try:
        yield from rows()
    except Unusable as error:
        yield _reject(path, error.reason, error.detail)
    except OSError as error:
        yield _refused(path, error)
    except ValueError as error:  # a NUL in a path
        yield _reject(path, DropReason.NOT_FOUND, str(error))


def _refused(path: str, error: OSError) -> Row[InputItem]:
    """Return the reject for what the file system refused. Raises Retryable where another try may do."""
    meaning = sorted_error(error)
    if not isinstance(meaning, Unusable):
        raise meaning from error
    return _reject(path, meaning.reason, meaning.detail)


def _reject(source: str, reason: DropReason, detail: str) -> Row[InputItem]:
    name = name_of(source)
    return Row(None, Reject(name, name if "://" in name else None, StageName.FETCH, reason, detail))
