import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.fetch.plan import plan_shards
from tasks.fetch.records import CrawledRun, CrawlOptions, InputItem
from tasks.outcome import Reject, Retryable
from tasks.shards import Receipt, Row, file_digest, read_shard
from tasks.workers import Job, Limits, Workers

PLAN = "tasks.fetch.plan:plan_shards"


def plan(sources: list[str], folder: Path, shard_size: int = 3) -> list[Receipt]:
    crawled = CrawledRun(str(folder.parent / "archive"), "run-1", CrawlOptions())
    return plan_shards(sources, str(folder), shard_size, crawled, watch=None)  # type: ignore[arg-type]  # it is not used


def rows(receipts: list[Receipt]) -> list[Row[InputItem]]:
    return [row for receipt in receipts for row in read_shard(Path(receipt.path), InputItem)]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    for n in range(7):
        (folder / f"{n}.html").write_text(f"<p>{n}")
    (folder / "x.csv").write_text("a,b")
    return folder


def test_shards_hold_the_inputs_in_order(inbox: Path, tmp_path: Path) -> None:
    receipts = plan([str(inbox), "nope"], tmp_path / "work")
    assert [(one.rows, one.kept, one.dropped) for one in receipts] == [
        (3, 3, {}),
        (3, 3, {}),
        (3, 1, {"NOT_FOUND": 1, "TYPE_UNWANTED": 1}),
    ]
    inputs = [row.document.origin.input for row in rows(receipts) if row.document]
    assert inputs == [f"{inbox}/{n}.html" for n in range(7)]
    for one in receipts:
        assert one.stage == "inputs"
        assert one.digest == file_digest(Path(one.path))
        assert Path(one.path) == tmp_path / "work" / "inputs" / f"{one.digest[:32]}.parquet"
    assert not [path for path in (tmp_path / "work" / "inputs").iterdir() if path.suffix not in {".parquet", ".json"}]


def test_the_same_inputs_are_the_same_shards(inbox: Path, tmp_path: Path) -> None:
    first = plan([str(inbox)], tmp_path / "work")
    again = plan([str(inbox)], tmp_path / "work")
    assert [one.digest for one in again] == [one.digest for one in first]
    assert [one.reused for one in first + again] == [False] * 3 + [True] * 3
    elsewhere = plan([str(inbox)], tmp_path / "other")
    assert [one.digest for one in elsewhere] == [one.digest for one in first]


def test_a_changed_file_changes_its_shard_alone(inbox: Path, tmp_path: Path) -> None:
    first = plan([str(inbox)], tmp_path / "work")
    (inbox / "4.html").write_text("<p>changed")
    again = plan([str(inbox)], tmp_path / "work")
    assert [one.reused for one in again] == [True, False, True]
    assert first[1].digest != again[1].digest


def test_addresses_that_nobody_asked_are_rejects(tmp_path: Path) -> None:
    (receipt,) = plan(["https://bote.example/1", "https://bote.example/2"], tmp_path / "work")
    assert receipt.dropped == {"NOT_REACHED": 2}


WITHOUT_ADDRESSES = """
import sys
from tasks.fetch.plan import crawl_sources
from tasks.fetch.records import CrawledRun, CrawlOptions, CrawlReceipt
crawled = CrawledRun(sys.argv[1], "run-1", CrawlOptions())
assert crawl_sources(sys.argv[2:], crawled, watch=None) == CrawlReceipt()
assert not {"aiohttp", "curl_cffi"} & sys.modules.keys()
"""


def test_sources_without_an_address_bring_no_client_and_leave_no_archive(inbox: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    command = [sys.executable, "-c", WITHOUT_ADDRESSES, str(archive), str(inbox), "nope"]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    assert not archive.exists()


def test_rejects_that_say_the_same_do_not_share_a_shard(tmp_path: Path) -> None:
    receipts = plan(["nope"] * 5, tmp_path / "work", shard_size=1)
    assert len({one.path for one in receipts}) == 5


def test_a_disk_in_the_way_is_worth_another_try(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file where the folder should be")
    with pytest.raises(Retryable):
        plan([str(inbox)], tmp_path / "work")


def test_in_a_worker_process(inbox: Path, tmp_path: Path) -> None:
    workers, crawled = Workers(1), CrawledRun(str(tmp_path / "archive"), "run-1", CrawlOptions())
    try:
        receipts = workers.run(Job(PLAN, ((str(inbox),), str(tmp_path / "work"), 5, crawled), Limits(), isolate=False))
    finally:
        workers.close()
    assert [one.rows for one in receipts] == [5, 3]


sources = st.lists(st.sampled_from(["a.html", "b", "b/c.jsonl", "nope", "http://bote.example/", "@l.txt"]), max_size=8)


@given(sources, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_every_source_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, given_sources: list[str], shard_size: int
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "b").mkdir()
    (home / "a.html").write_text("<p>a")
    (home / "b" / "c.jsonl").write_text("{}\n\n{}\n")
    (home / "b" / "d.txt").write_text("d")
    (home / "l.txt").write_text("nope\n# not this\n")
    before = Path.cwd()
    os.chdir(home)
    try:
        receipts = plan(given_sources, home / "work", shard_size)
        found = rows(receipts)
    finally:
        os.chdir(before)
    assert all(one.rows == shard_size for one in receipts[:-1])
    assert sum(one.rows for one in receipts) == len(found) >= len(given_sources)
    assert all((row.document is None) != (row.reject is None) for row in found)
    inputs = [row.document.origin.input for row in found if row.document]
    assert len(set(inputs)) == len(inputs), "nothing is read twice"
    assert len({row.reject for row in found if isinstance(row.reject, Reject)}) + len(inputs) == len(found)
