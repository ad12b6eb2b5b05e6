from pathlib import Path

import pyarrow as pa

from tasks.boilerplate.records import ExtractedDocument, Removed
from tasks.export.removed_lines import read_removed
from tasks.export.schema import REMOVED
from tasks.outcome import StageName
from tasks.shards import write_shard
from tests.export.corpus import Page

SHARE = Removed(7, "Share this page", "share-bar", "boilerplate/share", 0.8)
MENU = Removed(1, "Home", "navigation", "boilerplate/menu", 0.9)


def test_lines_of_the_articles_alone_in_the_order_of_the_page(tmp_path: Path) -> None:
    pages = [
        Page("a.html", removed=(MENU, SHARE)),
        Page("lost.html", dies_at=StageName.FETCH),
        Page("bare.html"),
        Page("dropped-later.html", removed=(MENU,)),
        Page("b.html", removed=(SHARE,)),
    ]
    shard = tmp_path / "shard.parquet"
    write_shard(shard, [page.row(StageName.BOILERPLATE) for page in pages], ExtractedDocument)
    wanted = [page.article_id for page in pages if page.name in {"a.html", "bare.html", "b.html"}]
    found = pa.concat_tables(read_removed(shard, wanted)).select(REMOVED.schema().names).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        (pages[0].article_id, 1, "Home", "navigation", "boilerplate/menu", 0.9),
        (pages[0].article_id, 7, "Share this page", "share-bar", "boilerplate/share", 0.8),
        (pages[4].article_id, 7, "Share this page", "share-bar", "boilerplate/share", 0.8),
    ]


def test_no_article_no_line(tmp_path: Path) -> None:
    shard = tmp_path / "shard.parquet"
    write_shard(shard, [Page("a.html", removed=(MENU,)).row(StageName.BOILERPLATE)], ExtractedDocument)
    assert [part.num_rows for part in read_removed(shard, [])] == [0]
