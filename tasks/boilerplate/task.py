"""The Prefect tasks of this room: articles out of pages, then the templates of their sites out of the articles.

Templates can only be told when many pages of a site have been read, so between the two all shards of a run meet once.
For the trail of a shard both together are the one stage `boilerplate`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from prefect import task

from tasks.boilerplate.records import ExtractedDocument, SiteTemplates
from tasks.fetch.records import RawDocument
from tasks.outcome import StageName
from tasks.shards import Receipt
from tasks.stage import RETRY_DELAYS_S, DocumentStage, Workplace, is_retryable, run_stage
from tasks.workers import Job, shared_workers

STAGE = DocumentStage(
    StageName.BOILERPLATE,
    core="tasks.boilerplate.document:extract_document",
    reads=RawDocument,
    writes=ExtractedDocument,
    libraries=("trafilatura", "resiliparse", "lxml", "htmldate", "py3langid"),
)
STRIPPING = DocumentStage(
    StageName.BOILERPLATE,
    core="tasks.boilerplate.site_memory:strip_document",
    reads=ExtractedDocument,
    writes=ExtractedDocument,
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


@task(
    name="sites",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,
)
def learn_templates(shards: Sequence[Receipt], place: Workplace) -> list[SiteTemplates | None]:
    """Remember the pages of all shards of extracted documents; return for each shard the templates of its sites."""
    paths = [shard.path for shard in shards]
    job = Job("tasks.boilerplate.site_memory:learn_shards", (paths, place.folder), place.limits, isolate=False)
    templates: list[SiteTemplates | None] = shared_workers(place.workers).run(job)
    return templates


@task(
    name="boilerplate of sites",
    retries=len(RETRY_DELAYS_S),
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=is_retryable,
    persist_result=False,
)
def strip_templates(shard: Receipt, place: Workplace, templates: SiteTemplates) -> Receipt:
    """Take the templates of their sites out of the articles of one shard; return the receipt of both steps."""
    stripped = run_stage(STRIPPING, shard, place, templates)
    return replace(
        stripped,
        dropped=dict(Counter(shard.dropped) + Counter(stripped.dropped)),
        cpu_s=round(shard.cpu_s + stripped.cpu_s, 4),
        wall_s=round(shard.wall_s + stripped.wall_s, 4),
        reused=shard.reused and stripped.reused,
    )
