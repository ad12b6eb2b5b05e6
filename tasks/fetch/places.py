r"""Paths as text: how a file is named in the data set, and how it is found again from a table of UTF-8.

A path is bytes to the kernel and need not be UTF-8. Two texts are made of it:

- `name_of`, what people and the data set call it: bytes that are no UTF-8 become `\xNN`;
- `location_of`, what `open_location` opens: an absolute path, or a `file:` URL with percent signs where the path is
  not UTF-8. An absolute path begins with `/`, so the two can't be confused.

Errors of the file system are sorted here, too: most belong to one file, which becomes a reject; those of the machine
(no file handles or memory left, a network file system that lost its server) are worth another try.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes

from tasks.outcome import DropReason, Retryable, UnspunError, Unusable

FILE_URL = "file://"
# What another try may cure. EIO is not among them: a bad sector stays bad, and would fail its whole shard for good.
PASSING = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EINTR}


def name_of(path: str) -> str:
    r"""Return `path` (as `os.fsdecode` gives it) as valid UTF-8.

    >>> name_of("caf\udce9.html")
    'caf\\xe9.html'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def location_of(path: str) -> str:
    r"""Return the location of `path`, absolute and valid UTF-8.

    >>> location_of("/news/a.html"), location_of("/news/caf\udce9.html")
    ('/news/a.html', 'file:///news/caf%E9.html')
    """
    absolute = str(Path(path).absolute())  # not `abspath`: it folds "a/../b", which a link makes another file
    try:
        absolute.encode()
    except UnicodeEncodeError:
        return FILE_URL + quote(os.fsencode(absolute))
    return absolute


def path_of(location: str) -> bytes:
    """Return the path that `location_of` was given, absolute, as bytes."""
    if location.startswith(FILE_URL):
        return unquote_to_bytes(location.removeprefix(FILE_URL))
    return os.fsencode(location)


def open_location(location: str) -> BinaryIO:
    """Open the regular file at `location` for reading.

    Raises Unusable (NOT_FOUND, UNREADABLE) or Retryable.
    """
    try:
        # A named pipe would make an ordinary open wait for ever.
        handle = os.open(path_of(location), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise sorted_error(error) from error
    except ValueError as error:
        raise Unusable(DropReason.NOT_FOUND, "a path can't hold a NUL character") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Unusable(DropReason.UNREADABLE, "not a regular file")
    return os.fdopen(handle, "rb")


def signature_of(status: os.stat_result) -> str:
    """Return what changes when a file does: its size, and its times of modification and change."""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"


def sorted_error(error: OSError) -> UnspunError:
    """Return what `error` means for the input it happened to: Unusable, or Retryable where the machine is to blame."""
    said = error.strerror or str(error)
    if error.errno in PASSING:
        return Retryable(f"{said}; close other programs or wait for the disk, then run the same again")
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return Unusable(DropReason.NOT_FOUND, said)
    if error.errno == errno.ELOOP:
        return Unusable(DropReason.FOLDER_LOOP, said)
    return Unusable(DropReason.UNREADABLE, said)
