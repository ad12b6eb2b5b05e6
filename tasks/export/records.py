"""What the export room takes and gives: the request to publish a run, what was published, and the rows of the tables.

The row dataclasses have one field per column, of the same name and in the same order as `tasks.export.schema` says
(a test compares them); what a column means is written there, and only there. A row of `relations` is the `Relation` of
the stories room as it is.
"""

from dataclasses import dataclass, field
from datetime import datetime

from tasks.boilerplate.records import FieldSource
from tasks.fetch.records import CrawlReceipt
from tasks.outcome import DropReason, StageName
from tasks.shards import Receipt
from tasks.stories.records import ClusterKind, StoriesReceipt

# The name under which the shards of inputs, the first of every trail, have their receipts.
INPUTS = "inputs"


@dataclass(frozen=True, slots=True)
class StageFailure:
    """A stage failed for good, also when it was tried again; `error` is what it said last."""

    stage: StageName
    error: str


@dataclass(frozen=True, slots=True)
class ShardTrail:
    """The receipts of one shard through the stages, `inputs` first; with `failure`, up to its last good stage."""

    receipts: tuple[Receipt, ...]
    failure: StageFailure | None = None


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """Everything that is to be known of a run in order to publish it into the data set at the folder `out`.

    `started_at` is an ISO 8601 time in UTC. `crawl` says what became of the addresses that were asked. `stories` says
    how the articles are related; None where that stage failed.
    """

    out: str
    run_id: str
    started_at: str
    pipeline_version: str
    settings_digest: str
    trails: tuple[ShardTrail, ...]
    crawl: CrawlReceipt = field(default_factory=CrawlReceipt)
    stories: StoriesReceipt | None = None


@dataclass(frozen=True, slots=True)
class TableCount:
    """How many rows and files of a table a reader of the data set now sees, earlier runs included."""

    table: str
    rows: int
    files: int


@dataclass(frozen=True, slots=True)
class Published:
    """What was published. The counts of inputs, articles and rejects are those of the run alone."""

    out: str
    generation: str
    n_inputs: int
    n_articles: int
    n_rejects: int
    tables: tuple[TableCount, ...]


@dataclass(frozen=True, slots=True)
class MetadataEdit:
    """One change to a metadata field of an article."""

    field: str
    stage: StageName
    rule: str
    start: int
    end: int
    before: str
    after: str
    confidence: float
    evidence: str


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """A row of `articles`."""

    article_id: str
    input: str
    url: str | None
    final_url: str | None
    canonical_url: str | None
    host: str | None
    publisher: str | None
    agency: str | None
    byline: str | None
    dateline: str | None
    title: str | None
    lang: str | None
    lang_confidence: float
    section: str | None
    published_at: datetime | None
    modified_at: datetime | None
    fetched_at: datetime | None
    text_extracted: str
    text: str
    n_words: int
    n_edits: int
    metadata_edits: tuple[MetadataEdit, ...]
    metadata_sources: tuple[FieldSource, ...]
    boilerplate_score: float
    mojibake_score: float
    spin_score: float
    spin_family: str | None
    copy_cluster_id: str | None
    story_id: str | None
    content_sha256: str
    run_id: str
    pipeline_version: str


@dataclass(frozen=True, slots=True)
class EditRow:
    """A row of `edits`."""

    article_id: str
    stage: StageName
    rule: str
    start: int
    end: int
    before: str
    after: str
    confidence: float
    evidence: str
    witness_article_id: str | None
    applied: bool


@dataclass(frozen=True, slots=True)
class RemovedRow:
    """A row of `removed`."""

    article_id: str
    line_no: int
    text: str
    label: str
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A row of `clusters`: a `Cluster` of the stories room that names published articles only."""

    cluster_id: str
    kind: ClusterKind
    n_articles: int
    earliest_article_id: str | None
    best_article_id: str | None
    first_published_at: datetime | None
    last_published_at: datetime | None


@dataclass(frozen=True, slots=True)
class RejectRow:
    """A row of `rejects`."""

    input: str
    url: str | None
    stage: StageName
    reason: DropReason
    detail: str
    at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class Version:
    """The version of one library, or of the code and rules of one room."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class StageCount:
    """What a stage did in a run, over all its shards.

    `rows` documents came in, `kept` went on, `dropped` became rejects here (rows = kept + dropped). `seconds` is the
    time spent in this run, summed over shards that were worked on at the same time; `reused_shards` cost none.
    """

    stage: str
    rows: int
    kept: int
    dropped: int
    edits: int
    seconds: float
    reused_shards: int
    shards: int


@dataclass(frozen=True, slots=True)
class UrlStateCount:
    """How many addresses ended a run in a state of the ledger or, where they were refused, for a reason."""

    state: str
    urls: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of `runs`."""

    run_id: str
    started_at: datetime
    ended_at: datetime
    pipeline_version: str
    versions: tuple[Version, ...]
    settings_digest: str
    n_inputs: int
    n_articles: int
    n_rejects: int
    counts: tuple[StageCount, ...]
    n_urls: int
    url_states: tuple[UrlStateCount, ...]
