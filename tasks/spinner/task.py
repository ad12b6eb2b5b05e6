"""The Prefect task of this room: one shard of mended articles in, the same shard with spun words repaired out."""

from prefect import task

from tasks.mojibake.records import MendedDocument
from tasks.outcome import StageName
from tasks.shards import Receipt
from tasks.spinner.records import UnspunDocument
from tasks.stage import RETRY_DELAYS_S, DocumentStage, Workplace, is_retryable, run_stage
from tasks.stories.records import WitnessFile

STAGE = DocumentStage(
    StageName.SPINNER,
    core="tasks.spinner.document:unspin_document",
    reads=MendedDocument,
    writes=UnspunDocument,
)


@task(
    name="spinner",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # the shard on disk is the result, and its key the cache: they outlive Prefect's own state
)
def repair_spinning(shard: Receipt, place: Workplace, witnesses: WitnessFile | None = None) -> Receipt:
    """Repair the spun words of one shard of mended documents, with the witnesses found for it, if any."""
    return run_stage(STAGE, shard, place, witnesses)
