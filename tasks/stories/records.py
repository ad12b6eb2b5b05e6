"""What the stories room gives: relations between articles, the groups they form, and witness sentences."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Witness:
    """A sentence of another copy that still has the original words. `article_id` is the article it stands in."""

    article_id: str
    text: str


@dataclass(frozen=True, slots=True)
class StoriesReceipt:
    """What relating the articles of a run gave: `receipt` is that of the file `memberships`.

    `relations` and `memberships` are paths of Parquet files with a column for each field of `Relation` and
    `Membership`, sorted by ids; `memberships` has one row for every article.
    """

    receipt: Receipt
    relations: str
    memberships: str
