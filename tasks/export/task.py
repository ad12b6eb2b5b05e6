"""The Prefect task of this room: the trails of all shards in, the published tables out."""

from prefect import task

from tasks.export.records import Published, PublishRequest
from tasks.stage import RETRY_DELAYS_S, Workplace, is_retryable
from tasks.workers import Job, shared_workers


@task(
    name="export",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,  # the tables on disk are the result
)
def publish_tables(request: PublishRequest, place: Workplace) -> Published:
    """Write the tables of the run and publish them, all at once."""
    job = Job("tasks.export.publish:publish_run", (request,), place.limits, isolate=False)
    published: Published = shared_workers(place.workers).run(job)
    return published
