"""What a run changes in what earlier runs published: groups that grow and merge, relations that are told anew."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tasks.export.table_writer import GROUP_BYTES
from tasks.outcome import StageName
from tasks.stories.records import ClusterKind, Membership
from tests.export.conftest import Publish
from tests.export.corpus import (
    LIT,
    PRICE,
    WATCHED,
    Page,
    cluster_of,
    ends_of,
    read,
    request_for,
    snapshot,
)

OLD = Page("https://news.example/old", mended_by=(PRICE,), unspun_by=(WATCHED,), suggestions=(LIT,))
STEADY = Page("https://news.example/steady")
NEW = Page("new.html")
NEVER = Page("never.html")

GROUPS = "input, copy_cluster_id, story_id, run_id"
ALL_BUT_GROUPS = "* EXCLUDE (copy_cluster_id, story_id)"


def moved(*pages: Page) -> list[Membership]:
    """The groups that these pages have since run two."""
    return [Membership(page.article_id, "copy-two", "story-two") for page in pages]


def inodes(out: Path, table: str) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in (out / table).glob("*.parquet")}


def publish_first(publish: Publish, out: Path, work: Path) -> None:
    clusters = [cluster_of("copy-one", OLD, STEADY), cluster_of("story-one", OLD, STEADY, kind=ClusterKind.STORY)]
    publish(request_for(out, work, "one", [OLD, STEADY], related=[(OLD, STEADY)], clusters=clusters))


# Groups of articles


def test_an_article_of_an_earlier_run_changes_its_groups_and_nothing_else(
    publish: Publish, out: Path, work: Path
) -> None:
    publish_first(publish, out, work)
    before, edits = read(out, "articles", ALL_BUT_GROUPS), read(out, "edits")
    publish(request_for(out, work, "two", [NEW], regrouped=moved(OLD)))
    assert read(out, "articles", GROUPS) == [
        (OLD.name, "copy-two", "story-two", "one"),
        (STEADY.name, "copy-one", "story-one", "one"),
        (NEW.name, "copy-two", "story-two", "two"),
    ]
    assert [row for row in read(out, "articles", ALL_BUT_GROUPS) if row in before] == before
    assert read(out, "edits") == edits
    assert set(inodes(out, "articles")) == {"run-one.g2.parquet", "run-two.parquet"}, "a name never changes its content"


def test_only_files_with_an_article_that_changed_groups_are_written_anew(
    publish: Publish, out: Path, work: Path
) -> None:
    publish_first(publish, out, work)
    publish(request_for(out, work, "two", [NEW]))
    articles, edits = inodes(out, "articles"), inodes(out, "edits")
    regrouped = [*moved(OLD), Membership(NEW.article_id, "copy-two", "story-two")]  # new.html has these groups already
    publish(request_for(out, work, "three", [Page("third.html")], regrouped=regrouped))
    after = inodes(out, "articles")
    assert set(after) == {"run-one.g3.parquet", "run-two.parquet", "run-three.parquet"}
    assert after["run-two.parquet"] == articles["run-two.parquet"]
    assert inodes(out, "edits")["run-one.parquet"] == edits["run-one.parquet"]


def test_articles_that_were_never_published_are_not_regrouped(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    before = inodes(out, "articles")
    publish(request_for(out, work, "two", [NEW], regrouped=moved(NEVER)))
    assert before.items() <= inodes(out, "articles").items()
    assert NEVER.name not in {row[0] for row in read(out, "articles", "input")}


def test_a_file_can_lose_one_article_and_have_another_regrouped(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    publish(request_for(out, work, "two", [STEADY], regrouped=moved(OLD)))
    assert read(out, "articles", GROUPS) == [
        (OLD.name, "copy-two", "story-two", "one"),
        (STEADY.name, "copy-two", "story-two", "two"),
    ]


def test_groups_change_in_every_row_group_of_a_file(publish: Publish, out: Path, work: Path) -> None:
    pages = [Page(f"{number}.html", text=f"{number}" + "x" * (GROUP_BYTES // 4)) for number in range(4)]
    publish(request_for(out, work, "one", pages))
    assert pq.read_metadata(out / "articles" / "run-one.parquet").num_row_groups == 2
    publish(request_for(out, work, "two", [NEW], regrouped=moved(pages[1], pages[3])))
    assert read(out, "articles", "input, copy_cluster_id, text[1]") == [
        ("0.html", "copy-one", "0"),
        ("1.html", "copy-two", "1"),
        ("2.html", "copy-one", "2"),
        ("3.html", "copy-two", "3"),
        (NEW.name, "copy-two", "T"),
    ]


def test_an_article_whose_newer_version_was_lost_has_the_groups_and_relations_of_that_version(
    publish: Publish, out: Path, work: Path
) -> None:
    publish_first(publish, out, work)
    lost = replace(OLD, dies_at=StageName.SPINNER)
    publish(request_for(out, work, "two", [lost, NEW], related=[(OLD, NEW), (OLD, STEADY)]))
    assert (OLD.name, "copy-two", "story-two", "one") in read(out, "articles", GROUPS)
    assert read(out, "relations", "src, dst") == sorted([ends_of((OLD, NEW)), ends_of((OLD, STEADY))])


# Relations


def test_a_new_article_is_related_to_an_earlier_one(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    before = inodes(out, "relations")
    publish(request_for(out, work, "two", [NEW], related=[(NEW, OLD)]))
    assert read(out, "relations", "src, dst") == sorted([ends_of((OLD, NEW)), ends_of((OLD, STEADY))])
    assert before.items() <= inodes(out, "relations").items()


def test_all_relations_of_an_article_given_again_are_told_anew(publish: Publish, out: Path, work: Path) -> None:
    third = Page("third.html")
    related = [(OLD, STEADY), (OLD, third), (STEADY, third)]
    publish(request_for(out, work, "one", [OLD, STEADY, third], related=related))
    publish(request_for(out, work, "two", [OLD], related=[(OLD, STEADY)]))
    assert relations_by_file(out) == {
        ("run-one.g2.parquet", *ends_of((STEADY, third))),
        ("run-two.parquet", *ends_of((OLD, STEADY))),
    }


def relations_by_file(out: Path) -> set[tuple[Any, ...]]:
    rows = read(out, "relations", "parse_filename(filename), src, dst")
    assert len(rows) == len({row[1:] for row in rows}), "a relation is told once"
    return set(rows)


def test_relations_with_what_was_never_published_are_left_out(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    lost = Page("slow.html", dies_at=StageName.SPINNER)
    related = [(NEW, NEVER), (NEW, lost), (OLD, lost), (NEW, STEADY)]
    publish(request_for(out, work, "two", [NEW, lost], related=related))
    assert read(out, "relations", "src, dst") == sorted([ends_of((OLD, STEADY)), ends_of((NEW, STEADY))])


# Clusters

CLUSTERS = "cluster_id, kind, n_articles"


def test_a_group_that_grew_has_one_row(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    publish(request_for(out, work, "two", [NEW], clusters=[cluster_of("copy-one", OLD, STEADY, NEW)]))
    assert read(out, "clusters", CLUSTERS) == [("copy-one", "copy", 3), ("story-one", "story", 2)]


def test_a_group_that_is_said_to_be_gone_is_gone(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    gone = replace(cluster_of("copy-one", OLD), n_articles=0)
    publish(request_for(out, work, "two", [NEW], clusters=[gone, cluster_of("copy-two", OLD, STEADY, NEW)]))
    assert read(out, "clusters", CLUSTERS) == [("copy-two", "copy", 3), ("story-one", "story", 2)]


def test_a_group_that_merged_into_another_is_gone_though_nobody_says_so(
    publish: Publish, out: Path, work: Path
) -> None:
    publish_first(publish, out, work)
    clusters = [cluster_of("copy-two", OLD, STEADY, NEW), cluster_of("story-two", OLD, NEW, kind=ClusterKind.STORY)]
    publish(request_for(out, work, "two", [NEW], regrouped=moved(OLD, STEADY), clusters=clusters))
    assert read(out, "clusters", CLUSTERS) == [("copy-two", "copy", 3), ("story-two", "story", 2)]


def test_a_group_is_gone_when_the_newer_version_of_an_article_leaves_it(
    publish: Publish, out: Path, work: Path
) -> None:
    publish_first(publish, out, work)
    publish(request_for(out, work, "two", [OLD]))
    assert read(out, "clusters") == []


def test_a_group_that_an_article_left_and_others_stay_in_is_told_anew(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    clusters = [cluster_of("copy-one", STEADY, NEW)]
    publish(request_for(out, work, "two", [OLD, NEW], clusters=clusters))
    assert read(out, "clusters", f"{CLUSTERS}, earliest_article_id") == [("copy-one", "copy", 2, STEADY.article_id)]


def test_groups_that_nobody_left_stay_where_nothing_is_said_of_them(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    before = inodes(out, "clusters")
    same = [Membership(page.article_id, "copy-one", "story-one") for page in (OLD, STEADY)]
    publish(request_for(out, work, "two", [NEW], regrouped=same))
    assert before.items() <= inodes(out, "clusters").items()


def test_groups_of_the_same_id_and_another_kind_are_others(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    before = inodes(out, "clusters")
    publish(request_for(out, work, "two", [NEW], clusters=[cluster_of("copy-one", OLD, NEW, kind=ClusterKind.STORY)]))
    assert len(read(out, "clusters")) == 3
    assert before.items() <= inodes(out, "clusters").items()


def test_a_group_names_no_member_that_is_not_published(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    lost = Page("slow.html", dies_at=StageName.SPINNER)
    clusters = [cluster_of("a", lost, NEW), cluster_of("b", OLD, lost), cluster_of("c", lost, lost)]
    publish(request_for(out, work, "two", [NEW, lost], clusters=clusters))
    columns = "cluster_id, n_articles, earliest_article_id, best_article_id"
    assert read(out, "clusters", columns)[:3] == [
        ("a", 2, None, NEW.article_id),
        ("b", 2, OLD.article_id, None),
        ("c", 2, None, None),
    ]


# All of it


def test_where_the_stories_stage_failed_all_stays(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    tables = "relations", "clusters"
    before, files = snapshot(out), {table: inodes(out, table) for table in tables}
    publish(request_for(out, work, "two", [OLD, NEW], stories=False))
    after = snapshot(out)
    assert {table: after[table] for table in tables} == {table: before[table] for table in tables}
    assert all(files[table].items() <= inodes(out, table).items() for table in tables)
    assert read(out, "articles", GROUPS) == [
        (OLD.name, None, None, "two"),
        (STEADY.name, "copy-one", "story-one", "one"),
        (NEW.name, None, None, "two"),
    ]


def test_publishing_a_run_that_regrouped_again_changes_nothing(publish: Publish, out: Path, work: Path) -> None:
    publish_first(publish, out, work)
    clusters = [cluster_of("copy-two", OLD, STEADY, NEW)]
    related = [(OLD, NEW), (STEADY, NEW)]
    request = request_for(out, work, "two", [NEW], related=related, regrouped=moved(OLD, STEADY), clusters=clusters)
    publish(request)
    once, regrouped = snapshot(out), inodes(out, "articles")["run-one.g2.parquet"]
    publish(request)
    assert snapshot(out) == once
    assert inodes(out, "articles")["run-one.g2.parquet"] == regrouped, "what is regrouped already stays linked"
