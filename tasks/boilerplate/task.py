"""The Prefect task of this room: one shard of pages in, one shard of articles out."""

from prefect import task

from tasks.boilerplate.records import ExtractedDocument
from tasks.fetch.records import RawDocument
from tasks.outcome import StageName
from tasks.shards import Receipt
from tasks.stage import RETRY_DELAYS_S, DocumentStage, Workplace, is_retryable, run_stage

STAGE = DocumentStage(
    StageName.BOILERPLATE,
    core="tasks.boilerplate.document:extract_document",
    reads=RawDocument,
    writes=ExtractedDocument,
    libraries=("trafilatura", "lxml", "htmldate", "py3langid"),
)


@task(
    name="boilerplate",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # the shard on disk is the result, and its key the cache: they outlive Prefect's own state
)
def remove_boilerplate(shard: Receipt, place: Workplace) -> Receipt:
    """Extract the articles of one shard of raw documents."""
    return run_stage(STAGE, shard, place)
