"""What the boilerplate room gives: the article of a page, and every line that was taken away."""

from dataclasses import dataclass, field
from datetime import datetime

from tasks.fetch.records import Origin, Provenance


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """One line of stripped text with the reader's verdict.

    `label` is `body`, `title`, or what else it is (`caption`, `credit`, `comment-form`, ...); `keep` is true for body
    and title. `rule` names the rule or structure that decided, `confidence` lies in (0, 1].
    """

    text: str
    label: str
    keep: bool
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Removed:
    """A line that is not part of the article's text. `line_no` counts from 1 in the text it stood in."""

    line_no: int
    text: str
    label: str
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Where the value of one metadata field was found, and how far it can be trusted.

    `field` is the name of an `Article` field, `source` where on the page its value stood (`json-ld`, `og:title`, `h1`),
    `stated` what stood there, so that a date keeps its zone and precision. `confidence` lies in (0, 1]; `disagreeing`
    names the sources that say otherwise, each of which lowered it.
    """

    field: str
    source: str
    stated: str
    confidence: float
    disagreeing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """An article: its body as paragraphs parted by line feeds, and what its page says of it.

    `title` is not part of `text`. `byline` names people, `agency` the news agency, `publisher` the site's name or
    house, `dateline` the place and agency that open a report ("MOSCOW (Reuters)"). `published_at` and `modified_at` are
    in UTC. `lang` is an ISO 639-1 code. `metadata_sources` has one entry for each field whose value was found.
    `boilerplate_score` is the share of the page's characters of text that were taken away, 0 to 1.
    """

    text: str
    title: str | None = None
    byline: str | None = None
    agency: str | None = None
    publisher: str | None = None
    dateline: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    section: str | None = None
    lang: str | None = None
    lang_confidence: float = 0.0
    canonical_url: str | None = None
    boilerplate_score: float = 0.0
    removed: tuple[Removed, ...] = field(default=())
    metadata_sources: tuple[FieldSource, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ExtractedDocument:
    """A document after boilerplate removal."""

    origin: Origin
    provenance: Provenance
    article: Article


@dataclass(frozen=True, slots=True)
class SiteTemplates:
    """Where the template lines of the sites of one shard stand: a file that is named by what is in it."""

    path: str
