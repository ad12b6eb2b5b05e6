"""The main job: scraped news in, clean tables out.

                     ┌ fetch → boilerplate ┐          ┌ templates → mojibake ┐            ┌ spinner ┐
    crawl → inputs → ├ fetch → boilerplate ├→ sites → ├ templates → mojibake ├→ stories → ├ spinner ├→ export
                     └ fetch → boilerplate ┘          └ templates → mojibake ┘            └ spinner ┘

Only the crawl asks the web; it leaves every answer in `OUT/archive`, which all later stages read. Each box after it
is one Prefect task run over one shard (a few hundred inputs), retried alone and stored alone; the boxes of a line run
nested in one task, in one thread, one after the other. Two steps see all shards at once: what the sites repeat, and
who copies whom. What a stage has done for a shard it never does again, in this run or a later one (see `tasks.stage`).
A shard whose stage fails for good costs its own inputs: they become rejects that say so, the other shards go on, and
the run ends as failed.

Ad hoc:      python -m flows.clean [SOURCE ...]
Scheduled:   prefect.yaml, entrypoint flows.clean.clean
"""

# isort: off
from flows.environment import set_defaults

set_defaults(at_a_terminal=__name__ == "__main__")  # Prefect reads its settings when it is imported
# isort: on

import argparse
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from flows.progress import phase
from flows.run_state import ARCHIVE, WORK, RunState, finish, run_of
from flows.settings import Settings, SettingsError, load_settings
from tasks.boilerplate.records import SiteTemplates
from tasks.boilerplate.task import learn_templates, remove_boilerplate, strip_templates
from tasks.export.generations import check_folder
from tasks.export.records import Published, PublishRequest, ShardTrail, StageFailure
from tasks.export.summary import RunSummary, how_to_open, show_summary, summarise
from tasks.export.task import publish_tables
from tasks.fetch.records import CrawledRun, CrawlReceipt, FetchOptions
from tasks.fetch.task import crawl_web, fetch_documents, list_inputs
from tasks.mojibake.task import mend_mojibake
from tasks.outcome import Fatal, Retryable, StageName
from tasks.shards import Receipt
from tasks.spinner.task import repair_spinning
from tasks.stage import Workplace
from tasks.stories.records import StoriesReceipt, WitnessFile
from tasks.stories.task import relate_stories
from tasks.workers import Limits, close_shared_workers


@flow(name="clean", persist_result=False)
def clean(  # noqa: PLR0913  (the parameters of the deployment, which a person fills in by name)
    *,
    sources: list[str] | None = None,
    out: str | None = None,
    config: str | None = None,
    workers: int | None = None,
    shard_size: int | None = None,
    fresh: bool | None = None,
    discover: bool | None = None,
    allow_private: bool | None = None,
) -> State[Any]:
    """Clean `sources` (URLs, folders, files, `@list.txt`) into the tables under `out`.

    What is not given comes from the environment, `unspun.toml` or the defaults (`flows.settings`). The run ends
    Completed when every input is an article or a reject for a reason of its own, else Failed, saying what was lost.
    """
    given = {
        "sources": sources,
        "out": out,
        "workers": workers,
        "shard_size": shard_size,
        "fresh": fresh,
        "discover": discover,
        "allow_private": allow_private,
    }
    try:
        settings = load_settings(given, Path(config) if config else None)
        return _clean(settings)
    except (Fatal, Retryable) as error:
        return Failed(message=str(error))
    finally:
        close_shared_workers()


def _clean(settings: Settings) -> State[Any]:
    out = Path(settings.out).resolve()
    options = FetchOptions(max_bytes=settings.max_document_bytes)
    limits = Limits(document_cpu_s=settings.document_time_limit_s)
    place = Workplace(str(out / WORK), settings.workers, limits, settings.fresh)
    with run_of(out, settings.digest()) as run:
        if run.resumed:
            print(f"continuing run {run.run_id}", file=sys.stderr)
        check_folder(out, run.run_id)
        crawled = CrawledRun(str(out / ARCHIVE), run.run_id, settings.crawl_options())
        with _named("the web could not be asked"):
            crawl = crawl_web(settings.sources, crawled, place)
        with _named("the inputs could not be listed"):
            shards = list_inputs(settings.sources, settings.shard_size, place, crawled)
        trails = [ShardTrail((shard,)) for shard in shards]
        trails = _lead("reading", trails, lambda trail: articles_of_shard.submit(trail, place, options), place)
        templates = _learn(trails, place)
        trails = _lead("mending", trails, lambda trail: texts_of_shard.submit(trail, place, templates), place)
        stories = _relate(trails, place)
        witnesses = stories.witnesses if isinstance(stories, StoriesReceipt) else {}
        trails = _lead("repairing", trails, lambda trail: words_of_shard.submit(trail, place, witnesses), place)
        with _named("export failed for good, and nothing new was published"):
            published = publish_tables(_request(out, run, crawl, trails, stories), place)
        finish(out)  # whatever comes after: what is published is published, and the next run is another one
        summary = summarise(run.run_id, trails, stories)
        _report(summary, out, published)
    if summary.failures:
        return Failed(message="; ".join(summary.failures))
    return Completed(message=f"{published.n_articles} articles, {published.n_rejects} rejects")


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Say in the error which part of the run it ended."""
    try:
        yield
    except Exception as error:
        raise Fatal(f"{what}: {error}") from error


def _lead(
    title: str, trails: Sequence[ShardTrail], submit: Callable[[ShardTrail], Any], place: Workplace
) -> list[ShardTrail]:
    """Lead all shards through one phase of the run, and report how far it is."""
    led = []
    with phase(title, sum(trail.receipts[0].rows for trail in trails)) as reporter:
        for trail in _in_window(submit, trails, 2 * place.workers):
            led.append(trail)
            reporter.advance(trail.receipts[0].rows)
    return led


@task(name="shard: articles", persist_result=False)
def articles_of_shard(trail: ShardTrail, place: Workplace, options: FetchOptions) -> ShardTrail:
    """Lead one shard of inputs through the stages that make articles of them."""
    trail = _step(trail, StageName.FETCH, lambda last: fetch_documents(last, place, options))
    return _step(trail, StageName.BOILERPLATE, lambda last: remove_boilerplate(last, place))


@task(name="shard: texts", persist_result=False)
def texts_of_shard(trail: ShardTrail, place: Workplace, templates: Mapping[str, SiteTemplates]) -> ShardTrail:
    """Lead one shard of articles through the stages that mend its texts."""
    own = templates.get(trail.receipts[-1].path)
    if own is not None:
        trail = _replace_last(trail, StageName.BOILERPLATE, lambda last: strip_templates(last, place, own))
    return _step(trail, StageName.MOJIBAKE, lambda last: mend_mojibake(last, place))


@task(name="shard: words", persist_result=False)
def words_of_shard(trail: ShardTrail, place: Workplace, witnesses: Mapping[str, WitnessFile]) -> ShardTrail:
    """Lead one shard of texts through the stages that work on its words."""
    return _step(trail, StageName.SPINNER, lambda last: repair_spinning(last, place, witnesses.get(last.path)))


def _step(trail: ShardTrail, stage: StageName, work: Callable[[Receipt], Receipt]) -> ShardTrail:
    """Do one more stage, unless one before it failed; a failure ends this trail and no other."""
    if trail.failure is not None:
        return trail
    try:
        return replace(trail, receipts=(*trail.receipts, work(trail.receipts[-1])))
    except Exception as error:  # noqa: BLE001  (every input of the shard becomes a reject that carries this error)
        return replace(trail, failure=StageFailure(stage, f"{type(error).__name__}: {error}"))


def _replace_last(trail: ShardTrail, stage: StageName, work: Callable[[Receipt], Receipt]) -> ShardTrail:
    """Do the second half of the stage that the trail ends with: what it gives takes the place of the first half."""
    done = _step(trail, stage, work)
    last = () if done.failure is not None else (done.receipts[-1],)
    return replace(done, receipts=(*trail.receipts[:-1], *last))


def _learn(trails: Sequence[ShardTrail], place: Workplace) -> dict[str, SiteTemplates]:
    """Learn what the sites of this run repeat; return the templates of the shards that have any, by shard."""
    shards = [trail.receipts[-1] for trail in trails if trail.failure is None]
    with _named("the templates of the sites could not be learnt"):
        found = zip(shards, learn_templates(shards, place), strict=True)
    return {shard.path: own for shard, own in found if own is not None}


def _relate(trails: Sequence[ShardTrail], place: Workplace) -> StoriesReceipt | StageFailure:
    """Relate the articles of all shards that got this far. Without relations the articles are still worth having."""
    shards = [trail.receipts[-1] for trail in trails if trail.failure is None]
    try:
        return relate_stories(shards, place)
    except Exception as error:  # noqa: BLE001  (the run goes on, ends as failed, and says this)
        return StageFailure(StageName.STORIES, f"{type(error).__name__}: {error}")


def _in_window(submit: Callable[[ShardTrail], Any], items: Sequence[ShardTrail], window: int) -> Iterator[ShardTrail]:
    """Submit a task for each item, at most `window` at a time, and give the results in the order of the items.

    The window keeps the number of threads, and of task runs on the server, small however many shards there are.
    """
    waiting: deque[Any] = deque()
    for item in items:
        if len(waiting) == window:
            yield waiting.popleft().result()
        waiting.append(submit(item))
    while waiting:
        yield waiting.popleft().result()


def _request(
    out: Path,
    run: RunState,
    crawl: CrawlReceipt,
    trails: Sequence[ShardTrail],
    stories: StoriesReceipt | StageFailure,
) -> PublishRequest:
    return PublishRequest(
        out=str(out),
        run_id=run.run_id,
        started_at=run.started_at,
        pipeline_version=metadata.version("unspun"),
        settings_digest=run.settings_digest,
        trails=tuple(trails),
        crawl=crawl,
        stories=stories if isinstance(stories, StoriesReceipt) else None,
    )


def _report(summary: RunSummary, out: Path, published: Published) -> None:
    """Tell the terminal and Prefect what the run did."""
    try:
        show_summary(summary)
        print(how_to_open(out), flush=True)
    except (BrokenPipeError, SystemExit):  # rich ends the process where nobody reads; the run is sound all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    create_table_artifact(key="stages", table=summary.table(), description="What each stage took in and gave out")
    create_markdown_artifact(key="tables", markdown=how_to_open(out), description="How to open the tables")
    logger = get_run_logger()
    logger.info("%d articles, %d rejects in %s", published.n_articles, published.n_rejects, out)
    for failure in summary.failures:
        logger.error(failure)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the flow once from the command line; return the exit status that the help text promises."""
    options = _parser().parse_args(arguments)
    given = {name: value or None for name, value in vars(options).items()}  # what was not said counts as not given
    config = given.pop("config")
    try:
        settings = load_settings(given, Path(config) if config else None)
        _check_sources(settings)
        _check_out(settings)
    except SettingsError as error:
        print(f"unspun: {error}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGINT, _stop)
    state: State[Any] = clean(
        sources=list(settings.sources),
        out=settings.out,
        config=config,
        workers=settings.workers,
        shard_size=settings.shard_size,
        fresh=settings.fresh,
        discover=settings.discover,
        allow_private=settings.allow_private,
        return_state=True,
    )
    if not state.is_completed():
        print(f"unspun: {state.message}", file=sys.stderr)
        return 1
    return 0


def _stop(_number: int, _frame: object) -> None:
    """End at once on Ctrl-C.

    A KeyboardInterrupt would let Prefect report to its embedded server, which the same Ctrl-C has ended, for minutes.
    Nothing is lost: workers end with their pipes, half-written files are swept away, the next run goes on from here.
    """
    embedded = sys.modules.get("prefect.server.api.server")  # not imported for this: it costs seconds
    for server in embedded.SubprocessASGIServer._instances.values() if embedded else ():  # noqa: SLF001  (no other way)
        if server.server_process is not None:
            server.server_process.terminate()
    os.write(sys.stderr.fileno(), b"\nunspun: stopped; the same command goes on where it was\n")
    os._exit(128 + signal.SIGINT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m flows.clean",
        description="Turn scraped news into clean, deduplicated, auditable Parquet tables.",
        epilog="Exit status: 0 every input is accounted for; 1 a stage failed for good, what it lost is named; "
        "2 wrong use. Further settings stand in unspun.toml; see the README.",
    )
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="*",
        help="a URL (of a page, a feed, a sitemap or a list of URLs), a folder, a .html, .txt, .jsonl, .warc or "
        ".warc.gz file, or @list.txt with one SOURCE per line; without any, those of unspun.toml, else the sample in "
        "data/sample",
    )
    parser.add_argument("--out", metavar="DIR", help="the folder of the tables (default: unspun-out)")
    parser.add_argument("--config", metavar="FILE", help="a TOML file of settings (default: unspun.toml, if there)")
    parser.add_argument("--workers", metavar="N", help="worker processes (default: one per processor)")
    parser.add_argument("--shard-size", metavar="N", help="inputs per shard (default: 300)")
    parser.add_argument(
        "--discover", action="store_true", help="read the feeds and sitemaps that a given page announces"
    )
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="also ask addresses of this machine and of private networks: for tests and intranets",
    )
    parser.add_argument("--fresh", action="store_true", help="do every stage again, also where its output is there")
    return parser


def _check_sources(settings: Settings) -> None:
    """Raise SettingsError where none of the sources can be there: surely a typing error, not bad input."""
    local = [source.removeprefix("@") for source in settings.sources if "://" not in source]
    if len(local) == len(settings.sources) and not any(os.path.lexists(path) for path in local):
        raise SettingsError(f"no such file or folder: {', '.join(local)}")


def _check_out(settings: Settings) -> None:
    """Raise SettingsError where the tables can't be written."""
    try:
        (Path(settings.out) / WORK).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"--out {settings.out}: {reason}; it takes a folder that may be written to") from error


if __name__ == "__main__":
    sys.exit(main())
