"""The Prefect tasks of this room: addresses asked, sources listed in shards, and one shard of inputs read.

Only the first one touches the web, and what it got stays in the archive: the others can be done again without it.
"""

from prefect import task

from tasks.fetch.records import CrawledRun, CrawlReceipt, FetchOptions, InputItem, RawDocument
from tasks.outcome import Retryable, StageName
from tasks.shards import Receipt
from tasks.stage import RETRY_DELAYS_S, DocumentStage, Workplace, is_retryable, run_stage
from tasks.workers import Job, WorkerDiedError, shared_workers

STAGE = DocumentStage(
    StageName.FETCH,
    core="tasks.fetch.document:fetch_document",
    reads=InputItem,
    writes=RawDocument,
    libraries=("fastwarc", "chardet", "isal", "brotli", "backports.zstd"),
)


@task(
    name="crawl",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # archive and ledger are the result: a crawl that is tried again goes on where it was
)
def crawl_web(sources: tuple[str, ...], crawled: CrawledRun, place: Workplace) -> CrawlReceipt:
    """Ask the addresses among the sources, and those they lead to."""
    job = Job("tasks.fetch.plan:crawl_sources", (sources, crawled), place.limits, isolate=False)
    try:
        receipt: CrawlReceipt = shared_workers(place.workers).run(job)
    except WorkerDiedError as error:
        raise Retryable(str(error)) from error
    return receipt


@task(
    name="inputs",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # the shards on disk are the result
)
def list_inputs(sources: tuple[str, ...], shard_size: int, place: Workplace, crawled: CrawledRun) -> list[Receipt]:
    """Write down every input that the sources hold, in shards of at most `shard_size`."""
    job = Job("tasks.fetch.plan:plan_shards", (sources, place.folder, shard_size, crawled), place.limits, isolate=False)
    receipts: list[Receipt] = shared_workers(place.workers).run(job)
    return receipts


@task(
    name="fetch",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # the shard on disk is the result, and its key the cache: they outlive Prefect's own state
)
def fetch_documents(shard: Receipt, place: Workplace, options: FetchOptions) -> Receipt:
    """Read the inputs of one shard."""
    return run_stage(STAGE, shard, place, options)
