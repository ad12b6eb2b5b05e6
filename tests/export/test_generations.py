"""Two publishers at a time, and what is left of a data set that someone has cut up."""

import fcntl
import shutil
from pathlib import Path

import pytest

from tasks.export.generations import GENERATIONS, LOCK
from tasks.outcome import Retryable
from tests.export.conftest import Publish
from tests.export.corpus import Page, read, request_for


def test_a_second_publisher_is_told_to_try_again(publish: Publish, out: Path, tmp_path: Path) -> None:
    first = request_for(out, tmp_path / "work", "one", [Page("a.html")])
    publish(first)
    with (out / GENERATIONS / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Retryable, match="another process is publishing there"):
            publish(request_for(out, tmp_path / "work", "two", [Page("b.html")]))
    assert read(out, "articles", "input") == [("a.html",)]
    publish(request_for(out, tmp_path / "work", "two", [Page("b.html")]))
    assert read(out, "articles", "input") == [("a.html",), ("b.html",)]


def test_a_data_set_whose_files_were_deleted_begins_anew(publish: Publish, out: Path, tmp_path: Path) -> None:
    publish(request_for(out, tmp_path / "work", "one", [Page("a.html")]))
    shutil.rmtree(out / GENERATIONS)
    publish(request_for(out, tmp_path / "work", "two", [Page("b.html")]))
    assert read(out, "articles", "input") == [("b.html",)]


def test_a_missing_link_is_put_back(publish: Publish, out: Path, tmp_path: Path) -> None:
    publish(request_for(out, tmp_path / "work", "one", [Page("a.html")]))
    (out / "edits").unlink()
    publish(request_for(out, tmp_path / "work", "two", [Page("a.html")]))
    assert read(out, "edits") == []


def test_leftovers_of_any_kind_are_removed(publish: Publish, out: Path, tmp_path: Path) -> None:
    publish(request_for(out, tmp_path / "work", "one", [Page("a.html")]))
    (out / GENERATIONS / "2-two" / "articles").mkdir(parents=True)
    (out / GENERATIONS / "2-two" / "articles" / "run-two.parquet").write_bytes(b"PAR1")
    (out / GENERATIONS / ".spill").write_bytes(b"")
    publish(request_for(out, tmp_path / "work", "two", [Page("b.html")]))
    assert sorted(path.name for path in (out / GENERATIONS).iterdir()) == [LOCK, "1-one", "2-two"]
    assert len(read(out, "articles")) == 2


def test_a_second_generation_can_be_moved_elsewhere(publish: Publish, out: Path, tmp_path: Path) -> None:
    """All links are relative, so the folder as a whole can be moved or copied."""
    publish(request_for(out, tmp_path / "work", "one", [Page("a.html")]))
    moved = out.rename(tmp_path / "moved")
    assert read(moved, "articles", "input") == [("a.html",)]
    publish(request_for(moved, tmp_path / "work", "two", [Page("b.html")]))
    assert len(read(moved, "articles")) == 2
