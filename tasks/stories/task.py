"""The Prefect task of this room: all mended shards of a run in, relations and memberships out."""

from collections.abc import Sequence

from prefect import task

from tasks.shards import Receipt
from tasks.stage import RETRY_DELAYS_S, Workplace, is_retryable
from tasks.stories.records import StoriesReceipt
from tasks.workers import Job, shared_workers


@task(
    name="stories",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # the tables on disk are the result, and their key the cache
)
def relate_stories(shards: Sequence[Receipt], place: Workplace) -> StoriesReceipt:
    """Find out who copies whom, over all shards of the run at once."""
    paths = [shard.path for shard in shards]
    job = Job("tasks.stories.corpus:relate_shards", (paths, place.folder, place.fresh), place.limits, isolate=False)
    receipt: StoriesReceipt = shared_workers(place.workers).run(job)
    return receipt
