import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.places import location_of, name_of, path_of, sorted_error
from tasks.outcome import DropReason, Retryable, Unusable


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: b"\0" not in raw))
def test_any_path_is_found_again(raw: bytes) -> None:
    path = os.fsdecode(b"/" + raw)
    location = location_of(path)
    location.encode()
    name_of(path).encode()
    assert Path(os.fsdecode(path_of(location))) == Path(path)


@pytest.mark.parametrize("path", ["/file:x.html", "/news/../x.html", "/news/100%25.html", "/news/ä?#.html"])
def test_paths_in_utf8_are_their_own_location(path: str) -> None:
    assert location_of(path) == path
    assert path_of(path) == path.encode()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOENT, DropReason.NOT_FOUND),
        (errno.ENOTDIR, DropReason.NOT_FOUND),
        (errno.ELOOP, DropReason.FOLDER_LOOP),
        (errno.EACCES, DropReason.UNREADABLE),
        (errno.ENAMETOOLONG, DropReason.UNREADABLE),
        (errno.EIO, DropReason.UNREADABLE),
    ],
)
def test_errors_of_one_file_are_its_reject(number: int, reason: DropReason) -> None:
    error = sorted_error(OSError(number, os.strerror(number)))
    assert isinstance(error, Unusable)
    assert error.reason is reason


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT])
def test_errors_of_the_machine_are_worth_another_try(number: int) -> None:
    assert isinstance(sorted_error(OSError(number, os.strerror(number))), Retryable)
