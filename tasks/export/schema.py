"""The columns of the seven tables: the only place that names them, with type, nullability, unit and meaning.

Everything else is made from here: the Parquet files (each field carries its description, and its unit where it has
one, in the field metadata), the data dictionary `data/README.md`, the checks before publishing.

Design. A table is flat where an analyst filters and joins; a list of structs where something is only ever read with
its row. Some columns go beyond the plain list of tables in the architecture:

- `articles.metadata_edits` holds the changes to title, byline, publisher and dateline. They too must be written down
  and undoable, but their offsets count in those fields; in `edits`, whose offsets count in `text_extracted`, they
  would have to be filtered out by everyone who replays a text.
- `articles.metadata_sources` says for each field where its value was found and how far it can be trusted; a date keeps
  there the zone and the precision it was stated with. `modified_at` and `section` are further fields of that kind.
- `runs` carries `pipeline_version` and the totals beside the counts per stage, so that a run is judged from its row.

Types are narrow only where the value is bounded by nature (`float64` scores, `int64` counts: one width, no
surprises in joins). Times are in UTC, microseconds. What may be missing is nullable and says when it is missing;
nothing is an empty string for want of a value.
"""

from dataclasses import dataclass

import pyarrow as pa

# Written into every file and the manifest. It grows with every change that a reader could notice.
SCHEMA_VERSION = 4

TEXT = pa.string()
COUNT = pa.int64()
SCORE = pa.float64()
FLAG = pa.bool_()
TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or one field of a struct. `unit` says what a number counts, where the name does not."""

    name: str
    type: pa.DataType
    description: str
    nullable: bool = False
    unit: str | None = None

    def field(self) -> pa.Field:
        """Return the Arrow field, with the description in its metadata."""
        metadata = {"description": self.description} | ({"unit": self.unit} if self.unit else {})
        return pa.field(self.name, self.type, self.nullable, metadata)


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    `key` names the columns that tell its rows apart; empty where there is no such set. `superseded_by` names those
    by which rows of an earlier run give way to a newer run: the same article, input or group, or a relation of which
    either article is the newer run's (see `tasks.export.earlier_runs`).
    """

    name: str
    description: str
    key: tuple[str, ...]
    superseded_by: tuple[str, ...]
    columns: tuple[Column, ...]

    def schema(self) -> pa.Schema:
        """Return the Arrow schema that every file of the table has."""
        metadata = {"description": self.description, "unspun_schema_version": str(SCHEMA_VERSION)}
        return pa.schema([column.field() for column in self.columns], metadata)


def list_of(*columns: Column) -> pa.DataType:
    """Return the type of a list of structs with these fields; neither list items nor the list are ever null."""
    return pa.list_(pa.field("element", pa.struct([column.field() for column in columns]), nullable=False))


ARTICLE_ID = "id of the article: 24 hex digits, a digest of `input`, the same in every run"
STAGE = "stage that made the change; where two stages changed the same place, the last one"
RULE = "rule that made the change, as `stage/rule`; where several touched the same place, joined by ` + `"
CONFIDENCE = "how sure the rule is"
SHARE = "0 to 1"
OFFSET = "code points"

METADATA_EDIT = (
    Column("field", TEXT, "which field: title, byline, publisher or dateline"),
    Column("stage", TEXT, STAGE),
    Column("rule", TEXT, RULE),
    Column("start", COUNT, "where the change begins in the field as extracted", unit=OFFSET),
    Column("end", COUNT, "where it ends, exclusive", unit=OFFSET),
    Column("before", TEXT, "what stood there"),
    Column("after", TEXT, "what stands there now"),
    Column("confidence", SCORE, CONFIDENCE, unit=SHARE),
    Column("evidence", TEXT, "why, for a reader; may be empty"),
)

METADATA_SOURCE = (
    Column("field", TEXT, "which field: title, byline, published_at, ..."),
    Column("source", TEXT, "where its value was found: json-ld, og:title, h1, shown byline, text, ..."),
    Column("stated", TEXT, "the value as it stood there; of a date with its zone and precision"),
    Column("confidence", SCORE, "how far the value can be trusted", unit=SHARE),
    Column("disagreeing", pa.list_(pa.field("element", TEXT, nullable=False)), "sources that say otherwise"),
)

ARTICLES = Table(
    "articles",
    "One row per article: the latest version that a run published.",
    ("article_id",),
    ("article_id",),
    (
        Column("article_id", TEXT, ARTICLE_ID),
        Column("input", TEXT, "what was asked for: URL or path as given, with `#n` for the n-th record of a container"),
        Column("url", TEXT, "address that the input is known to have come from", nullable=True),
        Column("final_url", TEXT, "address after redirects; null where nothing was fetched", nullable=True),
        Column("canonical_url", TEXT, "address that the page itself calls the right one", nullable=True),
        Column("host", TEXT, "host name of `final_url`, else of `url`, in lower case", nullable=True),
        Column("publisher", TEXT, "name of the site or the house behind it", nullable=True),
        Column("agency", TEXT, "news agency that the report is from", nullable=True),
        Column("byline", TEXT, "people named as authors", nullable=True),
        Column("dateline", TEXT, "place and agency that open the report, such as `MOSCOW (Reuters)`", nullable=True),
        Column("title", TEXT, "headline; not part of `text`", nullable=True),
        Column("lang", TEXT, "language of the text, ISO 639-1; null where it could not be told", nullable=True),
        Column("lang_confidence", SCORE, "how sure the language is", unit=SHARE),
        Column("section", TEXT, "section of the site that the article stands in", nullable=True),
        Column("published_at", TIME, "when the page says it was published", nullable=True, unit="UTC"),
        Column("modified_at", TIME, "when the page says it was last changed", nullable=True, unit="UTC"),
        Column(
            "fetched_at",
            TIME,
            "when the bytes were taken from the web; of a bare file, when it was last changed",
            nullable=True,
            unit="UTC",
        ),
        Column("text_extracted", TEXT, "body as found, before any repair: paragraphs parted by line feeds"),
        Column("text", TEXT, "body after all repairs; the applied rows of `edits` lead from `text_extracted` to it"),
        Column("n_words", COUNT, "length of `text`", unit="words parted by white space"),
        Column("n_edits", COUNT, "how many applied rows `edits` has for the article", unit="edits"),
        Column("metadata_edits", list_of(*METADATA_EDIT), "changes to title, byline, publisher and dateline"),
        Column("metadata_sources", list_of(*METADATA_SOURCE), "where the value of each field was found"),
        Column("boilerplate_score", SCORE, "share of the page's text that was taken away", unit=SHARE),
        Column("mojibake_score", SCORE, "share of the characters of `text_extracted` that looked broken", unit=SHARE),
        Column("spin_score", SCORE, "how much of the text looks as if a spinner had replaced its words", unit=SHARE),
        Column("spin_family", TEXT, "family of the spinner; null for a text not held to be spun", nullable=True),
        Column(
            "copy_cluster_id",
            TEXT,
            "shared by all copies of one text, over all runs; stable when articles join, but where one ties two groups "
            "together only one id of the two stays; null where the stories stage failed in the article's run",
            nullable=True,
        ),
        Column(
            "story_id",
            TEXT,
            "shared by all articles on one story, over all runs; as stable as `copy_cluster_id`; null where that is",
            nullable=True,
        ),
        Column(
            "content_sha256", TEXT, "SHA-256 of `text_extracted` in UTF-8, in hex: changes when the page's text does"
        ),
        Column("run_id", TEXT, "run that published this version"),
        Column("pipeline_version", TEXT, "version of unspun that made it"),
    ),
)

EDITS = Table(
    "edits",
    "One row per change to the text of an article, and per change that was only suggested or place only marked.",
    (),
    ("article_id",),
    (
        Column("article_id", TEXT, ARTICLE_ID),
        Column("stage", TEXT, STAGE),
        Column("rule", TEXT, RULE),
        Column("start", COUNT, "where the change begins in `text_extracted`", unit=OFFSET),
        Column("end", COUNT, 'where it ends, exclusive; a reserved word in SQL, so write `"end"`', unit=OFFSET),
        Column("before", TEXT, "what stands there in `text_extracted`"),
        Column("after", TEXT, "what stands in its place in `text`, or would"),
        Column("confidence", SCORE, CONFIDENCE, unit=SHARE),
        Column("evidence", TEXT, "why, for a reader; may be empty"),
        Column("witness_article_id", TEXT, "article that still has the original words, if one was used", nullable=True),
        Column(
            "applied", FLAG, "true for a change, false for a suggestion, or for a doubt, whose `after` is its `before`"
        ),
    ),
)

REMOVED = Table(
    "removed",
    "One row per line of a page that is not part of the article's text.",
    (),
    ("article_id",),
    (
        Column("article_id", TEXT, ARTICLE_ID),
        Column("line_no", COUNT, "number of the line in the text it stood in", unit="lines, from 1"),
        Column("text", TEXT, "the line"),
        Column("label", TEXT, "what it was: caption, credit, comment-form, related-link, share-bar, ..."),
        Column("rule", TEXT, "rule or structure that decided"),
        Column("confidence", SCORE, CONFIDENCE, unit=SHARE),
    ),
)

RELATIONS = Table(
    "relations",
    "One row per pair of related articles, of one run or of two, told once.",
    ("src", "dst"),
    ("src", "dst"),
    (
        Column("src", TEXT, "article id, the smaller one of the two"),
        Column("dst", TEXT, "article id, the greater one of the two"),
        Column("kind", TEXT, "copy, spun_copy, same_story or related"),
        Column("score", SCORE, "share of the shorter text that agrees", unit=SHARE),
        Column("n_sentences", COUNT, "sentences of the shorter text that stand in the other one", unit="sentences"),
        Column(
            "date_gap_days",
            COUNT,
            "time between the dates of publication; null where one has none",
            nullable=True,
            unit="days",
        ),
    ),
)

CLUSTERS = Table(
    "clusters",
    "One row per group of two articles or more, over all runs: the copies of one text, or the articles on one story.",
    ("cluster_id", "kind"),
    ("cluster_id", "kind"),
    (
        Column("cluster_id", TEXT, "id of the group: its members have it in `articles`"),
        Column("kind", TEXT, "copy: the id is a `copy_cluster_id` of `articles`; story: it is a `story_id`"),
        Column(
            "n_articles",
            COUNT,
            "its members, as of the last run that changed it; those that a later stage lost are counted too",
            unit="articles",
        ),
        Column(
            "earliest_article_id",
            TEXT,
            "member that was published first; null where none has a date or that one is not in `articles`",
            nullable=True,
        ),
        Column("best_article_id", TEXT, "member to quote; null where it is not in `articles`", nullable=True),
        Column(
            "first_published_at",
            TIME,
            "earliest date of publication of a member; null where none has one",
            nullable=True,
            unit="UTC",
        ),
        Column(
            "last_published_at",
            TIME,
            "latest date of publication of a member; null where none has one",
            nullable=True,
            unit="UTC",
        ),
    ),
)

REJECTS = Table(
    "rejects",
    "One row per input that became no article, with the reason, as of the last run that was given it.",
    (),
    ("input",),
    (
        Column("input", TEXT, "what was asked for, as in `articles.input`"),
        Column("url", TEXT, "address that the input is known to have come from", nullable=True),
        Column("stage", TEXT, "stage at which it ended"),
        Column("reason", TEXT, "why, as one of the codes listed below"),
        Column("detail", TEXT, "what was seen, for a reader; may be empty"),
        Column(
            "at",
            TIME,
            'when that stage finished with the input\'s shard; reserved in SQL like `end`, so write `"at"`',
            unit="UTC",
        ),
        Column("run_id", TEXT, "run that rejected it"),
    ),
)

VERSION = (
    Column("name", TEXT, "a library; or `tasks.<room>` for the code and rules of a room"),
    Column("version", TEXT, "its version; of a room, a digest that changes with its code and rules"),
)

STAGE_COUNT = (
    Column("stage", TEXT, "the stage; `inputs` is the listing of what the sources hold"),
    Column("rows", COUNT, "documents that came in", unit="documents"),
    Column("kept", COUNT, "documents that went on", unit="documents"),
    Column("dropped", COUNT, "documents that became rejects here", unit="documents"),
    Column("edits", COUNT, "changes the stage made to texts, titles and the like aside", unit="edits"),
    Column("seconds", SCORE, "time spent in this run, summed over shards worked on in parallel", unit="seconds"),
    Column("reused_shards", COUNT, "shards whose result was there from before", unit="shards"),
    Column("shards", COUNT, "all shards", unit="shards"),
)

URL_STATE = (
    Column(
        "state",
        TEXT,
        "page: fetched; unchanged: the server said so; repeated: the same bytes were sent again; redirect; listing: "
        "a feed, sitemap or list of URLs; else the reason for which nothing usable came",
    ),
    Column("urls", COUNT, "addresses that ended the run in this state", unit="addresses"),
)

RUNS = Table(
    "runs",
    "One row per run that was published.",
    ("run_id",),
    (),
    (
        Column("run_id", TEXT, "id of the run"),
        Column("started_at", TIME, "when it began", unit="UTC"),
        Column("ended_at", TIME, "when its tables were complete, just before they were published", unit="UTC"),
        Column("pipeline_version", TEXT, "version of unspun"),
        Column("versions", list_of(*VERSION), "what else the result depends on"),
        Column("settings_digest", TEXT, "the same for runs with the same sources and settings"),
        Column("n_inputs", COUNT, "inputs of the run; always `n_articles` + `n_rejects`", unit="inputs"),
        Column("n_articles", COUNT, "articles that the run published", unit="articles"),
        Column("n_rejects", COUNT, "inputs that became rejects", unit="inputs"),
        Column("counts", list_of(*STAGE_COUNT), "what went in and out of each stage"),
        Column("n_urls", COUNT, "addresses asked, redirects and listings among them", unit="addresses"),
        Column("url_states", list_of(*URL_STATE), "in which state each address ended; together always `n_urls`"),
    ),
)

TABLES = (ARTICLES, EDITS, REMOVED, RELATIONS, CLUSTERS, REJECTS, RUNS)
