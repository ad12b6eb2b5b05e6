"""The Prefect tasks of this room: sources in, shards of inputs out; one shard of inputs in, their documents out."""

from prefect import task

from tasks.fetch.records import FetchOptions, InputItem, RawDocument
from tasks.outcome import StageName
from tasks.shards import Receipt
from tasks.stage import RETRY_DELAYS_S, DocumentStage, Workplace, is_retryable, run_stage
from tasks.workers import Job, shared_workers

STAGE = DocumentStage(
    StageName.FETCH,
    core="tasks.fetch.document:fetch_document",
    reads=InputItem,
    writes=RawDocument,
    libraries=("fastwarc", "chardet", "urllib3", "brotli"),
)


@task(
    name="inputs",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # the shards on disk are the result
)
def list_inputs(sources: tuple[str, ...], shard_size: int, place: Workplace, options: FetchOptions) -> list[Receipt]:
    """Write down every input that the sources hold, in shards of at most `shard_size`."""
    job = Job("tasks.fetch.plan:plan_shards", (sources, place.folder, shard_size, options), place.limits, isolate=False)
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
