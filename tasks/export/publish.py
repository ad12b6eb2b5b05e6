"""Publish a run: its shards become rows of the seven tables, join those of earlier runs, and show all at once.

The order of work, one pass over the shards, a row group in memory at a time:

1. Write the run's own file of each table into a new generation (`tasks.export.generations`).
2. Check it. An input that is neither article nor reject, an article told twice, a row set whose edits do not lead from
   the extracted text to the final one and back, counts that differ from the receipts: any of these is `Fatal`, says
   what failed, and publishes nothing.
3. Take over the files of earlier runs, but for the rows that this run supersedes (`tasks.export.earlier_runs`).
4. Swap the generation in.

What the stories stage found with a document that a later stage lost is told as far as there is such an article, of this
run or an earlier one: a relation with another document is left out, and a group names no other document as its earliest
or best member. The group itself stays as it is, and still counts the lost document.

Publishing a run again, after a crash or because a stage that failed now succeeds, replaces what it published before.
"""

import platform
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import metadata
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from tasks.boilerplate.records import ExtractedDocument
from tasks.export.earlier_runs import earlier_articles, take_over
from tasks.export.generations import Draft, Manifest, TableFile, draft_in, publish
from tasks.export.records import (
    INPUTS,
    Published,
    PublishRequest,
    RejectRow,
    RunRow,
    ShardTrail,
    StageFailure,
    TableCount,
    UrlStateCount,
    Version,
)
from tasks.export.removed_lines import read_removed
from tasks.export.rows import DocumentRows, Stamp, document_rows, read_time, reject_row
from tasks.export.run_index import RunIndex, read_parts
from tasks.export.schema import ARTICLES, CLUSTERS, EDITS, REJECTS, RELATIONS, REMOVED, RUNS, SCHEMA_VERSION, TABLES
from tasks.export.summary import count_stages
from tasks.export.table_writer import TableWriter
from tasks.fetch.records import InputItem, Origin, RawDocument
from tasks.mojibake.records import MendedDocument
from tasks.outcome import DropReason, Fatal, Reject, StageName
from tasks.rule_table import rules_version
from tasks.shards import Row, read_shard, retryable_disk
from tasks.spinner.records import UnspunDocument
from tasks.workers import Watch

DISTRIBUTION = "unspun"
REQUIREMENT_RE = re.compile(r"[A-Za-z0-9._-]+")

# What the shards of each stage hold.
DOCUMENTS: dict[str, type] = {
    INPUTS: InputItem,
    StageName.FETCH: RawDocument,
    StageName.BOILERPLATE: ExtractedDocument,
    StageName.MOJIBAKE: MendedDocument,
    StageName.SPINNER: UnspunDocument,
}

Writers = dict[str, TableWriter]


def publish_run(request: PublishRequest, *, watch: Watch) -> Published:  # noqa: ARG001  (the shape of every job)
    """Write the tables of a run and publish them in `request.out`. Runs in a child process.

    Raises Fatal where the run fails a check or the folder can't take it, Retryable where the disk is in the way or
    another process is publishing there. Either way readers see what they saw before.
    """
    out = Path(request.out)
    with retryable_disk(out), draft_in(out, request.run_id) as draft:
        with RunIndex(draft.folder.parent / ".spill", request.stories) as index:
            run, files = _write_run(request, draft, index)
            files += take_over(draft, index)
        publish(draft, Manifest(SCHEMA_VERSION, draft.number, request.run_id, tuple(files)))
    tables = tuple(_count(table.name, files) for table in TABLES)
    return Published(request.out, draft.folder.name, run.n_inputs, run.n_articles, run.n_rejects, tables)


def _write_run(request: PublishRequest, draft: Draft, index: RunIndex) -> tuple[RunRow, list[TableFile]]:
    """Write and check the run's own file of each table."""
    stamp = Stamp(request.run_id, request.pipeline_version)
    with ExitStack() as stack:
        writers = {
            table.name: stack.enter_context(TableWriter(draft.path_for(table.name, request.run_id), table))
            for table in TABLES
        }
        for trail in request.trails:
            _write_shard(trail, stamp, index, writers)
        if request.stories is not None:
            index.add_earlier(earlier_articles(draft))
            _write_relations(Path(request.stories.relations), index, writers[RELATIONS.name])
            _write_clusters(Path(request.stories.clusters), index, writers[CLUSTERS.name])
        run = _run_row(request, writers)
        _check_run(run, request.trails, index)
        writers[RUNS.name].add(run)
    files = [draft.describe(writer.path, name, request.run_id, writer.n_rows) for name, writer in writers.items()]
    return run, files


def _write_shard(trail: ShardTrail, stamp: Stamp, index: RunIndex, writers: Writers) -> None:
    """Write the rows of one shard: each of its inputs becomes an article or a reject."""
    inputs = list(read_shard(Path(trail.receipts[0].path), InputItem))
    memberships = index.memberships_of([row.document.origin.article_id for row in inputs if row.document])
    articles = []
    for outcome in _outcomes(trail, inputs, stamp.run_id):
        if isinstance(outcome, RejectRow):
            writers[REJECTS.name].add(outcome)
            continue
        article_id = outcome.origin.article_id
        if index.has_memberships and article_id not in memberships:
            raise Fatal(
                f"{outcome.origin.input} (article {article_id}) is in no group: the stories stage left it out. Nothing "
                "was published; run again with --fresh, and if that does not help, please report it"
            )
        _write_document(document_rows(outcome, memberships.get(article_id), stamp), writers)
        articles.append(article_id)
    for receipt in trail.receipts:
        if receipt.stage == StageName.BOILERPLATE:
            for part in read_removed(Path(receipt.path), articles):
                writers[REMOVED.name].add_table(part)
    index.add(articles, [_input_of(row) for row in inputs])


def _write_document(rows: DocumentRows, writers: Writers) -> None:
    writers[ARTICLES.name].add(rows.article)
    for edit in rows.edits:
        writers[EDITS.name].add(edit)


def _outcomes(trail: ShardTrail, inputs: list[Row[InputItem]], run_id: str) -> Iterator[UnspunDocument | RejectRow]:
    """Give what became of each of the shard's inputs, in their order.

    Raises Fatal where the trail breaks off without saying why, or its last shard does not hold the same inputs.
    """
    last = trail.receipts[-1]
    if trail.failure is None and last.stage != StageName.SPINNER:
        raise Fatal(
            f"{last.path}: the shard was left after the stage '{last.stage}' and nobody says why; please report it"
        )
    finished = _finish_times(trail)
    rows: Iterator[Row[Any]] = read_shard(Path(last.path), DOCUMENTS[last.stage])
    for asked, row in zip_longest(inputs, rows):
        if asked is None or row is None or _input_of(asked) != _input_of(row):
            raise _lost_inputs(trail)
        document: Any = row.document
        if row.reject is not None:
            listing = asked.reject is not None  # the listing of inputs rejects in the name of the fetch stage
            at = finished.get(INPUTS if listing else row.reject.stage)
            if at is None:
                raise Fatal(f"{last.path}: {row.reject.stage} rejected {row.reject.input}, but has no receipt")
            yield reject_row(row.reject, at, run_id)
        elif trail.failure is not None:
            yield reject_row(_stage_failed(trail.failure, document.origin), finished[trail.failure.stage], run_id)
        else:
            yield document


def _finish_times(trail: ShardTrail) -> dict[str, datetime]:
    """Return when each stage finished with the shard; a stage that failed for good, now."""
    try:
        times = {receipt.stage: read_time(receipt.finished_at) for receipt in trail.receipts}
    except ValueError as error:
        raise Fatal(f"{trail.receipts[0].path}: a receipt does not say when its stage finished: {error}") from error
    if trail.failure is not None:
        times[trail.failure.stage] = datetime.now(UTC)
    return times


def _stage_failed(failure: StageFailure, origin: Origin) -> Reject:
    error = failure.error.encode("utf-8", "backslashreplace").decode()
    return Reject(origin.input, origin.url, failure.stage, DropReason.STAGE_FAILED, error)


def _input_of(row: Row[Any]) -> str:
    document: Any = row.document
    return str(document.origin.input) if row.reject is None else row.reject.input


def _lost_inputs(trail: ShardTrail) -> Fatal:
    first, last = trail.receipts[0], trail.receipts[-1]
    return Fatal(
        f"{last.path} does not hold the inputs of {first.path}, one row each in their order: {last.stage} lost some. "
        "Nothing was published; run again with --fresh, and if that does not help, please report it"
    )


def _write_relations(path: Path, index: RunIndex, writer: TableWriter) -> None:
    """Write the relations of which both articles are published."""
    for part in read_parts(path, RELATIONS.schema().names):
        writer.add_table(part.filter(pc.and_(index.is_published(part["src"]), index.is_published(part["dst"]))))


def _write_clusters(path: Path, index: RunIndex, writer: TableWriter) -> None:
    """Write the groups that are not gone; where the member one names is not published, it names none."""
    for part in read_parts(path, CLUSTERS.schema().names):
        groups = part.filter(pc.greater_equal(part["n_articles"], 2))
        for name in ("earliest_article_id", "best_article_id"):
            known = pc.if_else(index.is_published(groups[name]), groups[name], None)
            groups = groups.set_column(groups.column_names.index(name), name, known)
        writer.add_table(groups)


def _run_row(request: PublishRequest, writers: Writers) -> RunRow:
    return RunRow(
        run_id=request.run_id,
        started_at=read_time(request.started_at),
        ended_at=datetime.now(UTC).replace(microsecond=0),
        pipeline_version=request.pipeline_version,
        versions=_versions(),
        settings_digest=request.settings_digest,
        n_inputs=sum(trail.receipts[0].rows for trail in request.trails),
        n_articles=writers[ARTICLES.name].n_rows,
        n_rejects=writers[REJECTS.name].n_rows,
        counts=count_stages(request.trails, request.stories),
        n_urls=request.crawl.urls,
        url_states=tuple(UrlStateCount(state, urls) for state, urls in sorted(request.crawl.states.items())),
    )


def _check_run(run: RunRow, trails: Sequence[ShardTrail], index: RunIndex) -> None:
    """Raise Fatal where the rows written are not what the receipts promise, or an article is told twice."""
    expected = sum(trail.receipts[-1].kept for trail in trails if trail.failure is None)
    if run.n_inputs != run.n_articles + run.n_rejects or run.n_articles != expected:
        raise Fatal(
            f"the receipts tell of {run.n_inputs} inputs and {expected} articles, but {run.n_articles} articles and "
            f"{run.n_rejects} rejects were found in the shards. Nothing was published; run again with --fresh"
        )
    n_settled = sum(state.urls for state in run.url_states)
    if n_settled != run.n_urls:
        raise Fatal(
            f"{run.n_urls} addresses were asked, but the ledger has states for {n_settled}. Nothing was published; "
            "please report it"
        )
    repeated = index.repeated_articles()
    if repeated:
        told = ", ".join(f"{article_id} ({count} times)" for article_id, count in repeated)
        raise Fatal(f"article_id must be unique, but there are: {told}. Nothing was published; please report it")


def _versions() -> tuple[Version, ...]:
    """Return what results depend on besides settings: Python, declared requirements, code and rules of each room."""
    names = sorted(
        {found[0] for line in metadata.requires(DISTRIBUTION) or () if (found := REQUIREMENT_RE.match(line))}
    )
    return (
        Version("python", platform.python_version()),
        *(Version(name, metadata.version(name)) for name in names),
        *(Version(f"tasks.{room}", rules_version(room)) for room in StageName),
    )


def _count(table: str, files: Sequence[TableFile]) -> TableCount:
    own = [file for file in files if file.table == table]
    return TableCount(table, sum(file.rows for file in own), len(own))
