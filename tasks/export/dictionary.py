"""The data dictionary: what is in each table, generated from the schema so that it can't say anything else.

    python -m tasks.export.dictionary > data/README.md

A test compares the file with what this prints.
"""

import sys
from collections.abc import Iterator

import pyarrow as pa

from tasks.export.schema import SCHEMA_VERSION, TABLES, Table
from tasks.outcome import DropReason

INTRODUCTION = f"""\
# Data dictionary

<!-- Generated: python -m tasks.export.dictionary > data/README.md -->

What a run leaves in its output folder `DIR`: seven tables, one folder each, to be read as `DIR/articles/*.parquet`
and so on. This is schema version {SCHEMA_VERSION}; the same descriptions stand in the Parquet files, in the metadata of
each field. The folder `sample` beside this file is a small input to try unspun on.

How the tables hang together:

- Every input of a run becomes one row in `articles` or one in `rejects`.
- The rows of `edits` with `applied`, sorted by `start` and `"end"` and replayed on `text_extracted`, give `text`;
  undone, they give `text_extracted` back. Offsets count code points from 0, as Python does (SQL's `substring` counts
  from 1). `articles.metadata_edits` does the same for title, byline, publisher and dateline.
- `article_id` joins `articles`, `edits` and `removed`; `relations.src` and `relations.dst` are article ids too.
- `clusters.cluster_id` joins `articles.copy_cluster_id` where `kind` is `copy`, and `articles.story_id` where it is
  `story`. The id of a group of one article is in no row of `clusters`.

How the tables grow. Runs add up: a newer version of an article takes the place of the older one, with its edits and
removed lines; an input that was given again loses its older reject. An input that is a reject now but was an article
in an earlier run keeps that article: it is in both tables, with different run ids.

Relations and groups reach over runs. A run tells all relations of its articles anew. A group keeps its id when articles
join it; where a new article ties two groups together, one id stays, and the articles of the other group change theirs,
those of earlier runs too (`run_id` and all else in their rows stays as it was).

All seven tables change in one moment. Who reads several of them while a run may publish should resolve the link
`DIR/current` once and read from the folder it names, which stays until the next run has published and another one
begins to. `DIR/manifest.json` lists all files with their rows and SHA-256.
"""

TYPE_NAMES = {
    pa.string(): "text",
    pa.int64(): "integer",
    pa.float64(): "number",
    pa.bool_(): "true/false",
    pa.timestamp("us", tz="UTC"): "time",
}


def render_dictionary() -> str:
    """Return the data dictionary as Markdown."""
    parts = [INTRODUCTION, *map(_render_table, TABLES), _render_reasons()]
    return "\n".join(parts)


def _render_table(table: Table) -> str:
    key = f" Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    lines = [
        f"## {table.name}",
        "",
        table.description + key,
        "",
        "| column | type | unit | may be null | meaning |",
        "|---|---|---|---|---|",
        *(line for field in table.schema() for line in _render_field(field, "")),
    ]
    return "\n".join(lines) + "\n"


def _render_field(field: pa.Field, prefix: str) -> Iterator[str]:
    """Give the line of a field, and after it those of the fields inside it."""
    metadata = field.metadata
    is_list = pa.types.is_list(field.type)
    cells = (
        f"`{prefix}{field.name}`",
        "list" if is_list else TYPE_NAMES[field.type],
        metadata.get(b"unit", b"").decode(),
        "yes" if field.nullable else "",
        metadata[b"description"].decode().replace("|", "\\|"),
    )
    yield f"| {' | '.join(cells)} |"
    if is_list and pa.types.is_struct(field.type.value_type):
        for inner in field.type.value_type:
            yield from _render_field(inner, f"{prefix}{field.name}[].")


def _render_reasons() -> str:
    lines = ["## Reasons in `rejects.reason`", "", "| reason | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{reason}` | {reason.meaning} |" for reason in DropReason)]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render_dictionary())
