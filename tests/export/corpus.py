"""Small runs for the tests of the export room: real shards and receipts of documents of our own, stage after stage."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.arrow_codec import arrow_type
from tasks.boilerplate.records import Article, ExtractedDocument, Removed
from tasks.edits import Edit, apply
from tasks.export.generations import LINKS, MANIFEST
from tasks.export.records import INPUTS, PublishRequest, ShardTrail, StageFailure
from tasks.fetch.records import InputItem, InputKind, Markup, Origin, Provenance, RawDocument
from tasks.mojibake.records import FieldEdit, MendedDocument
from tasks.outcome import DropReason, Reject, StageName
from tasks.shards import Receipt, Row, to_record, write_receipt, write_shard
from tasks.spinner.records import UnspunDocument
from tasks.stories.records import Cluster, ClusterKind, Membership, Relation, RelationKind, StoriesReceipt

TABLE_NAMES = [name for name in LINKS if name != MANIFEST]
STAGES = (INPUTS, StageName.FETCH, StageName.BOILERPLATE, StageName.MOJIBAKE, StageName.SPINNER)
KINDS = dict(zip(STAGES, (InputItem, RawDocument, ExtractedDocument, MendedDocument, UnspunDocument), strict=True))
STORY = (
    "The lighthouse at Gull Point was lit again on Friday.\nIts keeper paid $ 40 for the first lamp oil.\n"
    "Two hundred people watched from the harbour wall."
)


def change(text: str, before: str, after: str, rule: str) -> Edit:
    """Return the edit of the first `before` in `text`."""
    start = text.index(before)
    return Edit(start, start + len(before), before, after, rule, 0.9, "seen by a test")


FIRST_DAY, LAST_DAY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
PRICE = change(STORY, "$ 40", "$40", "mojibake/currency-space")
MENDED = apply(STORY, [PRICE])
WATCHED = change(MENDED, "watched", "looked on", "spinner/watched")
LIT = change(MENDED, "lit", "kindled", "spinner/lit")
PAID = change(MENDED, "$40", "forty dollars", "spinner/paid")


@dataclass(frozen=True)
class Page:
    """One input of a run, and what becomes of it. Without `dies_at` it becomes an article."""

    name: str
    text: str = STORY
    mended_by: tuple[Edit, ...] = ()
    unspun_by: tuple[Edit, ...] = ()
    suggestions: tuple[Edit, ...] = ()
    title: str | None = "Gull Point is lit again"
    title_mended_by: tuple[Edit, ...] = ()
    title_unspun_by: tuple[Edit, ...] = ()
    removed: tuple[Removed, ...] = ()
    dies_at: str | None = None
    reason: DropReason = DropReason.NO_MAIN_CONTENT

    @property
    def origin(self) -> Origin:
        return Origin(self.name, self.name if "://" in self.name else None)

    @property
    def article_id(self) -> str:
        return self.origin.article_id

    def row(self, stage: str) -> Row[Any]:
        """Return the page's row in the shard of `stage`."""
        if self.dies_at is not None and STAGES.index(stage) >= STAGES.index(self.dies_at):
            named = StageName.FETCH if self.dies_at == INPUTS else StageName(self.dies_at)
            return Row(None, Reject(self.name, self.origin.url, named, self.reason, "seen by a test"))
        return Row(self._document(stage), None)

    def _document(self, stage: str) -> object:
        item = InputItem(self.origin, InputKind.HTML_FILE, self.name, 0, 0, "")
        day = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
        provenance = Provenance(self.origin.url, day, "text/html", "utf-8", "declared", "0" * 64)
        article = Article(self.text, title=self.title, byline="Ida Rowe", lang="en", removed=self.removed)
        mended = MendedDocument(
            origin=self.origin,
            provenance=provenance,
            article=replace(article, removed=()),
            text=apply(self.text, self.mended_by),
            title=None if self.title is None else apply(self.title, self.title_mended_by),
            byline=article.byline,
            publisher=None,
            dateline=None,
            edits=self.mended_by,
            field_edits=tuple(FieldEdit("title", edit) for edit in self.title_mended_by),
            mojibake_score=0.0,
        )
        unspun = UnspunDocument(
            origin=self.origin,
            mended=mended,
            text=apply(mended.text, self.unspun_by),
            title=None if mended.title is None else apply(mended.title, self.title_unspun_by),
            edits=self.unspun_by,
            suggestions=self.suggestions,
            field_edits=tuple(FieldEdit("title", edit) for edit in self.title_unspun_by),
            spin_score=0.5 if self.unspun_by else 0.0,
            spin_family="A" if self.unspun_by else None,
        )
        raw = RawDocument(self.origin, provenance, Markup.HTML, f"<p>{self.text}</p>")
        extracted = ExtractedDocument(self.origin, provenance, article)
        return dict(zip(STAGES, (item, raw, extracted, mended, unspun), strict=True))[stage]


def unspun_document(page: Page) -> UnspunDocument:
    document = page.row(StageName.SPINNER).document
    assert isinstance(document, UnspunDocument)
    return document


def trail_of(
    folder: Path, pages: Sequence[Page], failure: StageFailure | None = None, *, reused: bool = False
) -> ShardTrail:
    """Write the shards of these pages through all stages, or all stages before the one that failed."""
    end = STAGES.index(failure.stage) if failure else len(STAGES)
    receipts = [
        _write_stage(folder / f"{number}.parquet", stage, pages, reused=reused)
        for number, stage in enumerate(STAGES[:end])
    ]
    return ShardTrail(tuple(receipts), failure)


def _write_stage(path: Path, stage: str, pages: Sequence[Page], *, reused: bool) -> Receipt:
    rows = [page.row(stage) for page in pages]
    dropped = Counter(page.reason.value for page in pages if page.dies_at == stage)
    kept = [row.document for row in rows if row.document is not None]
    receipt = Receipt(
        stage=stage,
        path=str(path),
        digest=write_shard(path, rows, KINDS[stage]),
        rows=len(rows),
        kept=len(kept),
        dropped=dict(sorted(dropped.items())),
        edits=sum(len(getattr(document, "edits", ())) for document in kept),
        wall_s=1.5,
        finished_at=f"2026-03-04T05:0{STAGES.index(stage)}:00+00:00",
        reused=reused,
    )
    write_receipt(receipt)
    return receipt


def write_records(path: Path, records: Sequence[object], kind: type) -> str:
    """Write records as the stories stage does: a Parquet file with a column for each field."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [(one.name, column.type) for one, column in zip(fields(kind), arrow_type(kind), strict=True)]
    pq.write_table(pa.Table.from_pylist([to_record(one) for one in records], schema=pa.schema(names)), path)
    return str(path)


def request_for(  # noqa: PLR0913  (each names a part of a run)
    out: Path,
    folder: Path,
    run_id: str,
    *shards: Sequence[Page],
    related: Iterable[tuple[Page, Page]] = (),
    failures: Iterable[StageFailure | None] = (),
    stories: bool = True,
    regrouped: Sequence[Membership] = (),
    clusters: Sequence[Cluster] = (),
) -> PublishRequest:
    """Write everything a run leaves, with one group for all its pages, and ask for its publication."""
    failed = [*failures, *[None] * len(shards)]
    trails = [
        trail_of(folder / run_id / f"shard-{number}", pages, failure)
        for number, (pages, failure) in enumerate(zip(shards, failed, strict=False))
    ]
    request = PublishRequest(str(out), run_id, "2026-03-04T05:00:00+00:00", "0.1.0", "settings", tuple(trails))
    if not stories:
        return request
    relations = [Relation(*pair, RelationKind.COPY, 0.9, 3, None) for pair in sorted(map(ends_of, related))]
    ids = [page.article_id for pages in shards for page in pages if page.dies_at in {None, StageName.SPINNER}]
    memberships = [Membership(one, f"copy-{run_id}", f"story-{run_id}") for one in sorted(set(ids))]
    home = folder / run_id
    told = StoriesReceipt(
        Receipt(StageName.STORIES, str(home / "memberships.parquet"), "", len(memberships), len(memberships)),
        relations=write_records(home / "relations.parquet", relations, Relation),
        memberships=write_records(home / "memberships.parquet", memberships, Membership),
        regrouped=write_records(home / "regrouped.parquet", regrouped, Membership),
        clusters=write_records(home / "clusters.parquet", clusters, Cluster),
    )
    return replace(request, stories=told)


def ends_of(pages: tuple[Page, Page]) -> tuple[str, str]:
    """Return `src` and `dst` of the relation of two pages."""
    src, dst = sorted(page.article_id for page in pages)
    return src, dst


def cluster_of(cluster_id: str, *pages: Page, kind: ClusterKind = ClusterKind.COPY) -> Cluster:
    """Return the group of these pages, the first one the earliest, the last one the best."""
    first, last = pages[0].article_id, pages[-1].article_id
    return Cluster(cluster_id, kind, len(pages), first, last, FIRST_DAY, LAST_DAY)


def read(out: Path, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Read a table as an analyst would: DuckDB and a glob."""
    return duckdb.execute(f"SELECT {columns} FROM '{out}/{table}/*.parquet' ORDER BY ALL").fetchall()  # noqa: S608  (our own query)


# What the clock decides, or whoever edits the code while the tests run: left out where states are compared.
CLOCK = {"runs": "* EXCLUDE (ended_at, versions)", "rejects": '* EXCLUDE ("at")'}


def snapshot(out: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the content of all seven tables, what is named above aside."""
    return {name: read(out, name, CLOCK.get(name, "*")) for name in TABLE_NAMES}


def files_of(out: Path) -> Iterator[Path]:
    """Give the files of all tables."""
    for name in TABLE_NAMES:
        yield from sorted((out / name).glob("*.parquet"))
