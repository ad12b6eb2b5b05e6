"""The Prefect task of this room: one shard of articles in, the same shard with its characters mended out."""

from prefect import task

from tasks.boilerplate.records import ExtractedDocument
from tasks.mojibake.records import MendedDocument
from tasks.outcome import StageName
from tasks.shards import Receipt
from tasks.stage import RETRY_DELAYS_S, DocumentStage, Workplace, is_retryable, run_stage

STAGE = DocumentStage(
    StageName.MOJIBAKE,
    core="tasks.mojibake.document:mend_document",
    reads=ExtractedDocument,
    writes=MendedDocument,
    libraries=("ftfy",),
)


@task(
    name="mojibake",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # the shard on disk is the result, and its key the cache: they outlive Prefect's own state
)
def mend_mojibake(shard: Receipt, place: Workplace) -> Receipt:
    """Mend the texts of one shard of extracted documents."""
    return run_stage(STAGE, shard, place)
