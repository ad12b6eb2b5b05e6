"""What the stories room gives: relations between articles, the groups they form, and witness sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tasks.shards import Receipt


@dataclass(frozen=True, slots=True)
class Story:
    """An article as it is compared with others: its text after boilerplate and mojibake, and when it was published.

    A `published_at` without a time zone counts as UTC.
    """

    article_id: str
    text: str
    published_at: datetime | None = None


class RelationKind(StrEnum):
    """How two articles are related, the closest kind first."""

    COPY = "copy"
    SPUN_COPY = "spun_copy"
    SAME_STORY = "same_story"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of two articles, told once: `src` and `dst` are article ids, `src` the smaller one.

    `score` lies in (0, 1]: what share of the shorter text agrees. `n_sentences` counts sentences of the shorter text
    found in the other one. `date_gap_days` is the time between their dates of publication, None where one has none.
    """

    src: str
    dst: str
    kind: RelationKind
    score: float
    n_sentences: int
    date_gap_days: int | None


@dataclass(frozen=True, slots=True)
class Membership:
    """Which groups an article belongs to; alone in a group of its own where nothing is related to it."""

    article_id: str
    copy_cluster_id: str
    story_id: str


class ClusterKind(StrEnum):
    """What holds a group of articles together: one text, or one story."""

    COPY = "copy"
    STORY = "story"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of two articles or more.

    `earliest_article_id` is the member that was published first, None where no member has a date. `best_article_id`
    is the member to quote. `first_published_at` and `last_published_at` are the span of the dates known, in UTC.
    """

    cluster_id: str
    kind: ClusterKind
    n_articles: int
    earliest_article_id: str | None
    best_article_id: str
    first_published_at: datetime | None
    last_published_at: datetime | None


@dataclass(frozen=True, slots=True)
class WordChange:
    """Words of a suspect sentence and what stands in their place in a witness; offsets count in the suspect's text."""

    start: int
    end: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A sentence of another copy that still has the original words. `article_id` is the article it stands in.

    It witnesses for the sentence at `start` to `end` of the suspect's text, with which it agrees by `agreement` (what
    share of the words of the longer one they have in common, in order). `changes` are the places where the two differ
    by a few words that are neither names nor numbers.
    """

    article_id: str
    text: str
    start: int = 0
    end: int = 0
    agreement: float = 0.0
    changes: tuple[WordChange, ...] = ()


@dataclass(frozen=True, slots=True)
class WitnessFile:
    """A Parquet file with the witnesses for the articles of one shard, named by what is in it."""

    path: str


@dataclass(frozen=True, slots=True)
class ArticleWitnesses:
    """A row of a witness file: all witnesses for one article, in the order of its sentences, the best first."""

    article_id: str
    witnesses: tuple[Witness, ...]


@dataclass(frozen=True, slots=True)
class StoriesReceipt:
    """What relating the articles of a run, to each other and to those of earlier runs, gave.

    `receipt` is that of the file `memberships`. All are paths of Parquet files with a column for each field of the
    dataclass named, sorted by ids:

    - `relations` (Relation): those with at least one article of the run.
    - `memberships` (Membership): one row for every article of the run.
    - `regrouped` (Membership): one row for every article of earlier runs, whether its groups changed or not.
    - `clusters` (Cluster): all groups of two articles or more, as they are now.

    `witnesses` has for the path of each shard that has any the file of its witnesses.
    """

    receipt: Receipt
    relations: str
    memberships: str
    regrouped: str
    clusters: str
    witnesses: Mapping[str, WitnessFile] = field(default_factory=dict)
