"""Publishing as the flow does it: real shards in, tables read back with the tools of analysts."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tasks.export.records import INPUTS, Published, PublishRequest, ShardTrail, StageFailure, TableCount
from tasks.export.schema import SCHEMA_VERSION
from tasks.outcome import DropReason, Fatal, Retryable, StageName
from tasks.shards import file_digest
from tasks.stories.records import StoriesReceipt
from tests.export.conftest import Publish
from tests.export.corpus import (
    FIRST_DAY,
    LAST_DAY,
    MENDED,
    PRICE,
    STORY,
    TABLE_NAMES,
    WATCHED,
    Page,
    cluster_of,
    ends_of,
    files_of,
    read,
    request_for,
    snapshot,
)

SPUN = Page("https://news.example/spun", mended_by=(PRICE,), unspun_by=(WATCHED,))
PLAIN = Page("https://news.example/plain")
GONE = Page("https://news.example/gone", dies_at="fetch", reason=DropReason.HTTP_GONE)
MENU = Page("menu.html", dies_at="boilerplate")
MISSING = Page("no-such.html", dies_at=INPUTS, reason=DropReason.NOT_FOUND)
LOST = Page("slow.html", dies_at="spinner", reason=DropReason.TIME_LIMIT)


def first_run(out: Path, work: Path, run_id: str = "one") -> PublishRequest:
    shards = [SPUN, GONE, MISSING], [PLAIN, MENU]
    clusters = [cluster_of(f"copy-{run_id}", SPUN, PLAIN)]
    return request_for(out, work, run_id, *shards, related=[(SPUN, PLAIN)], clusters=clusters)


def test_every_input_is_one_article_or_one_reject(publish: Publish, out: Path, work: Path) -> None:
    published = publish(first_run(out, work))
    assert (published.n_inputs, published.n_articles, published.n_rejects) == (5, 2, 3)
    assert [row[0] for row in read(out, "articles", "input")] == sorted([SPUN.name, PLAIN.name])
    assert read(out, "runs", "run_id, n_inputs, n_articles, n_rejects, started_at < ended_at") == [
        ("one", 5, 2, 3, True)
    ]
    assert published.tables[0] == TableCount("articles", 2, 1)


def test_a_reject_says_where_why_and_when(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    assert read(out, "rejects", 'input, url, stage, reason, detail, minute("at"), run_id') == [
        (GONE.name, GONE.name, "fetch", "HTTP_GONE", "seen by a test", 1, "one"),
        (MENU.name, None, "boilerplate", "NO_MAIN_CONTENT", "seen by a test", 2, "one"),
        (MISSING.name, None, "fetch", "NOT_FOUND", "seen by a test", 0, "one"),
    ]


def test_texts_groups_and_relations(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    columns = "n_edits, text_extracted, text, spin_family, copy_cluster_id, story_id, host"
    assert read(out, "articles", columns) == [
        (0, STORY, STORY, None, "copy-one", "story-one", "news.example"),
        (2, STORY, MENDED.replace("watched", "looked on"), "A", "copy-one", "story-one", "news.example"),
    ]
    assert read(out, "relations") == [(*ends_of((SPUN, PLAIN)), "copy", 0.9, 3, None)]
    columns = "* EXCLUDE (first_published_at, last_published_at), epoch(first_published_at), epoch(last_published_at)"
    span = FIRST_DAY.timestamp(), LAST_DAY.timestamp()
    assert read(out, "clusters", columns) == [("copy-one", "copy", 2, SPUN.article_id, PLAIN.article_id, *span)]


def test_the_run_says_what_it_depended_on_and_what_each_stage_did(publish: Publish, out: Path, work: Path) -> None:
    request = first_run(out, work)
    publish(request)
    ((versions, counts),) = read(out, "runs", "versions, counts")
    names = {entry["name"] for entry in versions}
    assert {"python", "trafilatura", "ftfy", "tasks.mojibake", "tasks.spinner"} <= names
    assert [(one["stage"], one["rows"], one["kept"], one["dropped"], one["seconds"]) for one in counts] == [
        ("inputs", 5, 4, 1, 3.0),
        ("fetch", 4, 3, 1, 3.0),
        ("boilerplate", 3, 2, 1, 3.0),
        ("mojibake", 2, 2, 0, 3.0),
        ("stories", 2, 2, 0, 0.0),
        ("spinner", 2, 2, 0, 3.0),
    ]


def test_a_stage_that_failed_for_good_costs_the_inputs_it_was_given(publish: Publish, out: Path, work: Path) -> None:
    failure = StageFailure(StageName.MOJIBAKE, "Retryable: disk full \udce9")
    shards = [[PLAIN, MENU], [SPUN]]
    published = publish(request_for(out, work, "one", *shards, failures=[failure], stories=False))
    assert (published.n_inputs, published.n_articles, published.n_rejects) == (3, 1, 2)
    assert read(out, "rejects", "input, stage, reason, detail") == [
        (PLAIN.name, "mojibake", "STAGE_FAILED", "Retryable: disk full \\udce9"),
        (MENU.name, "boilerplate", "NO_MAIN_CONTENT", "seen by a test"),
    ]
    assert read(out, "articles", "input, copy_cluster_id, story_id") == [(SPUN.name, None, None)]


def test_a_run_without_inputs_still_leaves_seven_readable_tables(publish: Publish, out: Path, work: Path) -> None:
    publish(request_for(out, work, "one"))
    assert [len(read(out, name)) for name in TABLE_NAMES] == [0, 0, 0, 0, 0, 0, 1]


def test_relations_with_a_document_that_a_later_stage_lost_are_left_out(
    publish: Publish, out: Path, work: Path
) -> None:
    publish(request_for(out, work, "one", [SPUN, PLAIN, LOST], related=[(SPUN, PLAIN), (SPUN, LOST)]))
    ends = {end for row in read(out, "relations", "src, dst") for end in row}
    assert ends == {SPUN.article_id, PLAIN.article_id}


READERS: dict[str, Callable[[Path], tuple[int, int]]] = {
    "pyarrow": lambda folder: _sums(ds.dataset(folder).to_table().to_pandas()),
    "pandas": lambda folder: _sums(pd.read_parquet(folder)),
    "Polars, folder": lambda folder: _sums(pl.read_parquet(folder)),
    "Polars, glob": lambda folder: _sums(pl.read_parquet(f"{folder}/*.parquet")),
    "DuckDB": lambda folder: _sums(duckdb.read_parquet(f"{folder}/*.parquet").pl()),
}


def _sums(articles: pd.DataFrame | pl.DataFrame) -> tuple[int, int]:
    return len(articles), int(articles["n_words"].sum())


@pytest.mark.parametrize("reader", READERS)
def test_readers_agree(publish: Publish, out: Path, work: Path, reader: str) -> None:
    publish(first_run(out, work))
    publish(request_for(out, work, "two", [Page("other.html", text="Just four words here.")]))
    assert READERS[reader](out / "articles") == (3, 2 * len(STORY.split()) + 4)
    assert READERS[reader](out / "current" / "articles") == READERS[reader]((out / "current").resolve() / "articles")


def test_runs_add_up(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    published = publish(request_for(out, work, "two", [Page("new.html"), Page("bad.html", dies_at="fetch")]))
    assert published.tables == (
        TableCount("articles", 3, 2),
        TableCount("edits", 2, 1 + 1),
        TableCount("removed", 0, 1),
        TableCount("relations", 1, 1 + 1),
        TableCount("clusters", 1, 1 + 1),
        TableCount("rejects", 4, 2),
        TableCount("runs", 2, 2),
    )
    assert len({row[0] for row in read(out, "articles", "article_id")}) == 3


def test_untouched_files_are_linked_not_copied(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    before = (out / "articles" / "run-one.parquet").stat()
    publish(request_for(out, work, "two", [Page("new.html")]))
    after = (out / "articles" / "run-one.parquet").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_newer_version_takes_the_place_of_the_older_one(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    publish(request_for(out, work, "two", [Page(SPUN.name, text="All new.")]))
    assert read(out, "articles", "input, text, run_id") == [
        (PLAIN.name, STORY, "one"),
        (SPUN.name, "All new.", "two"),
    ]
    assert read(out, "edits") == []
    assert read(out, "relations") == [], "the second run relates the new version to nothing"
    assert not (out / "articles" / "run-one.parquet").exists(), "a name never changes its content"
    assert (out / "articles" / "run-one.g2.parquet").exists()


def test_relations_within_a_newer_run_are_told_anew(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    publish(request_for(out, work, "two", [SPUN, PLAIN], related=[]))
    assert read(out, "relations") == []


def test_where_the_stories_stage_failed_older_relations_stay(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    publish(request_for(out, work, "two", [SPUN, PLAIN], stories=False))
    assert len(read(out, "relations")) == 1


def test_an_input_that_is_gone_now_keeps_its_earlier_article(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    publish(request_for(out, work, "two", [replace(SPUN, dies_at="fetch", reason=DropReason.HTTP_GONE)]))
    assert (SPUN.name, "one") in read(out, "articles", "input, run_id")
    assert (SPUN.name, "two") in read(out, "rejects", "input, run_id")
    assert len(read(out, "edits")) == 2


def test_an_input_given_again_loses_its_older_reject(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    publish(request_for(out, work, "two", [replace(MENU, dies_at=None), GONE]))
    assert read(out, "rejects", "input, run_id") == [(GONE.name, "two"), (MISSING.name, "one")]
    assert (MENU.name, "two") in read(out, "articles", "input, run_id")


def test_publishing_a_run_again_changes_nothing(publish: Publish, out: Path, work: Path) -> None:
    publish(request_for(out, work, "zero", [SPUN, Page("old.html"), replace(MENU, dies_at="fetch")]))
    request = first_run(out, work)
    published, once = publish(request), snapshot(out)
    for _ in range(2):
        again = publish(request)
        assert snapshot(out) == once
        assert replace(again, generation="") == replace(published, generation="")


def test_a_run_published_again_replaces_what_it_published(publish: Publish, out: Path, work: Path) -> None:
    failure = StageFailure(StageName.SPINNER, "Retryable: disk full")
    publish(request_for(out, work, "one", [SPUN, MENU], failures=[failure], stories=False))
    assert read(out, "articles") == []
    publish(request_for(out, work, "one", [SPUN, MENU]))
    assert read(out, "articles", "input") == [(SPUN.name,)]
    assert read(out, "rejects", "input, reason") == [(MENU.name, "NO_MAIN_CONTENT")]
    assert read(out, "runs", "run_id, n_articles") == [("one", 1)]


def test_a_run_published_again_with_fewer_inputs_keeps_what_it_published(
    publish: Publish, out: Path, work: Path
) -> None:
    for pages in ([PLAIN, SPUN, MENU], [PLAIN, SPUN], [PLAIN]):
        publish(request_for(out, work, "one", pages))
        assert read(out, "articles", "input, run_id") == [(PLAIN.name, "one"), (SPUN.name, "one")]
        assert len(read(out, "edits")) == 2


def test_the_manifest_tells_what_is_there(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    publish(request_for(out, work, "two", [SPUN]))
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert (manifest["schema_version"], manifest["generation"], manifest["run_id"]) == (SCHEMA_VERSION, 2, "two")
    told = {(out / one["path"]).resolve(): (one["rows"], one["size_bytes"], one["sha256"]) for one in manifest["files"]}
    assert told == {
        path.resolve(): (pq.read_metadata(path).num_rows, path.stat().st_size, file_digest(path))
        for path in files_of(out)
    }


def test_only_the_generation_before_is_kept_for_open_readers(publish: Publish, out: Path, work: Path) -> None:
    folders = []
    for number in range(3):
        publish(request_for(out, work, f"run-{number}", [SPUN]))
        folders.append((out / "current").resolve())
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert duckdb.read_parquet(f"{folders[1]}/articles/*.parquet").fetchall()


def test_a_folder_whose_name_is_a_pattern(publish: Publish, tmp_path: Path, work: Path) -> None:
    out = tmp_path / "it's [2026] *news*=x"
    publish(first_run(out, work))
    publish(request_for(out, work, "two", [SPUN]))
    assert sorted(pd.read_parquet(out / "articles")["input"]) == sorted([SPUN.name, PLAIN.name])


# What is refused


def whole_tree(folder: Path) -> dict[str, bytes | str]:
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("name", ["articles", "runs", "current", "manifest.json"])
@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_belongs_to_the_user_is_not_touched(publish: Publish, out: Path, work: Path, name: str, kind: str) -> None:
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    if kind == "folder":
        (out / name).mkdir()
        (out / name / "mine.csv").write_text("a,b")
    elif kind == "file":
        (out / name).write_text("mine")
    else:
        (out / name).symlink_to("notes.txt")
    before = whole_tree(out)
    with pytest.raises(Fatal, match=rf"{name} is something else .* choose another folder with --out"):
        publish(first_run(out, work))
    assert whole_tree(out) == before


def test_a_file_in_place_of_the_folder_is_named(publish: Publish, out: Path, work: Path) -> None:
    out.write_text("mine")
    with pytest.raises(Fatal, match="is not a folder"):
        publish(first_run(out, work))


@pytest.mark.parametrize("run_id", ["", "../up", "a/b", "a b", ".hidden", "key=value", "x" * 101])
def test_a_run_id_that_is_no_file_name_is_refused(publish: Publish, out: Path, work: Path, run_id: str) -> None:
    with pytest.raises(Fatal, match="can't be part of a file name"):
        publish(replace(first_run(out, work), run_id=run_id))
    assert not out.exists()


def test_tables_of_another_schema_version_are_refused(publish: Publish, out: Path, work: Path) -> None:
    publish(first_run(out, work))
    manifest = out / "manifest.json"
    told = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**told, "schema_version": 99}), "utf-8")
    with pytest.raises(Fatal, match="schema version 99"):
        publish(request_for(out, work, "two", [SPUN]))


def test_a_disk_in_the_way_is_retryable(publish: Publish, out: Path, work: Path) -> None:
    request = first_run(out, work)
    stories = stories_of(request)
    last_shard = request.trails[0].receipts[-1].path
    in_reading_order = stories.memberships, stories.regrouped, stories.clusters, last_shard, stories.relations
    for path in map(Path, reversed(in_reading_order)):
        path.unlink()
        with pytest.raises(Retryable, match=f"{path}: .*No such file"):
            publish(request)


def stories_of(request: PublishRequest) -> StoriesReceipt:
    assert request.stories is not None
    return request.stories


def without_a_row(work: Path, request: PublishRequest) -> PublishRequest:
    """The last shard of the first trail has lost its last row."""
    shorter = request_for(work, work, "shorter", [SPUN, GONE]).trails[0].receipts[-1]
    return _with_last(request, shorter.path)


def in_another_order(work: Path, request: PublishRequest) -> PublishRequest:
    turned = request_for(work, work, "turned", [GONE, SPUN, MISSING]).trails[0].receipts[-1]
    return _with_last(request, turned.path)


def _with_last(request: PublishRequest, path: str) -> PublishRequest:
    first, *others = request.trails
    receipts = (*first.receipts[:-1], replace(first.receipts[-1], path=path))
    return replace(request, trails=(ShardTrail(receipts), *others))


def left_unfinished(_: Path, request: PublishRequest) -> PublishRequest:
    first, *others = request.trails
    return replace(request, trails=(ShardTrail(first.receipts[:-1]), *others))


def told_twice(work: Path, request: PublishRequest) -> PublishRequest:
    return replace(request, trails=(*request.trails, *request_for(work, work, "again", [SPUN]).trails))


def with_wrong_receipts(_: Path, request: PublishRequest) -> PublishRequest:
    first, *others = request.trails
    receipts = (*first.receipts[:-1], replace(first.receipts[-1], kept=3))
    return replace(request, trails=(ShardTrail(receipts), *others))


def without_a_clock(_: Path, request: PublishRequest) -> PublishRequest:
    first, *others = request.trails
    receipts = (replace(first.receipts[0], finished_at=""), *first.receipts[1:])
    return replace(request, trails=(ShardTrail(receipts), *others))


def without_groups(work: Path, request: PublishRequest) -> PublishRequest:
    fewer = stories_of(request_for(work, work, "fewer", [SPUN]))
    return replace(request, stories=replace(stories_of(request), memberships=fewer.memberships))


def with_relations_of_another_form(_: Path, request: PublishRequest) -> PublishRequest:
    stories = stories_of(request)
    return replace(request, stories=replace(stories, relations=stories.memberships))


FAULTS: dict[str, tuple[Callable[[Path, PublishRequest], PublishRequest], str]] = {
    "a shard lost an input": (without_a_row, "does not hold the inputs"),
    "a shard changed their order": (in_another_order, "does not hold the inputs"),
    "a shard was left unfinished": (left_unfinished, "was left after the stage 'mojibake'"),
    "an article is told twice": (told_twice, r"article_id must be unique, but there are: \w{24} \(2 times\)"),
    "receipts and shards differ": (with_wrong_receipts, "5 inputs and 4 articles, but 2 articles and 3 rejects"),
    "a receipt without a time": (without_a_clock, "does not say when its stage finished"),
    "an article in no group": (without_groups, "is in no group"),
    "relations without their columns": (with_relations_of_another_form, "the columns .* are missing"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_check_publishes_nothing(publish: Publish, out: Path, work: Path, fault: str) -> None:
    publish(request_for(out, work, "zero", [Page("old.html")]))
    before, tree = snapshot(out), whole_tree(out)
    break_it, says = FAULTS[fault]
    with pytest.raises(Fatal, match=says):
        publish(break_it(work, first_run(out, work)))
    assert snapshot(out) == before
    assert whole_tree(out) == tree


def test_published_is_picklable_and_counts(publish: Publish, out: Path, work: Path) -> None:
    published = publish(first_run(out, work))
    assert isinstance(published, Published)
    assert published.generation == "1-one"
