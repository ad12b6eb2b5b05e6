"""What stays of the runs before: their files, but for the rows that the run being published tells anew.

A file is linked where all its rows stay as they are, else written anew under a new name, or left out when nothing is
left of it.

What supersedes what:

- An article the older article of the same input, with its edits and removed lines.
- An input, whatever became of it, the older reject of the same input. An input that is a reject now but was an article
  once keeps that article: the page has gone, the news has not.
- The relations of the articles that the run related, all older relations of any of them: a run tells each of its
  articles' relations anew, those with articles of earlier runs too.
- A group the older row of its id and kind, also where it says that the group is gone. So is a group that an article
  left and of which nothing is said: it would be told if it were still there. A group that nobody left and of which
  nothing is said stays, since the stories stage may have forgotten it.

An article that stays, but changed groups because new articles tied two of them together, has its `copy_cluster_id` and
`story_id` replaced, and nothing else. Where the stories stage failed, nothing is known of groups and relations, and all
older ones stay.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.export.generations import Draft, TableFile, link_file
from tasks.export.run_index import MEMBERSHIP, RunIndex, read_parts
from tasks.export.schema import ARTICLES, RUNS, TABLES
from tasks.export.table_writer import TableWriter

BY_NAME = {table.name: table for table in TABLES}


def earlier_articles(draft: Draft) -> Iterator[pa.Table]:
    """Give the memberships of all articles of the generation before, as they are published."""
    for file in draft.base.files if draft.base else ():
        if file.table == ARTICLES.name:
            yield from read_parts(draft.base_path(file), MEMBERSHIP)


def take_over(draft: Draft, index: RunIndex) -> list[TableFile]:
    """Take over the files of the generation before as far as `index` lets their rows stay; return their entries.

    A run that publishes for the second time is no exception: it may have been given other inputs since.
    """
    told_before = draft.base.files if draft.base else ()
    earlier = [file for file in told_before if file.rows and (file.table, file.run_id) != (RUNS.name, draft.run_id)]
    kept = [
        _take_over_file(file, draft, index) if BY_NAME[file.table].superseded_by else link_file(draft, file)
        for file in earlier
    ]
    return [file for file in kept if file is not None]


def _take_over_file(file: TableFile, draft: Draft, index: RunIndex) -> TableFile | None:
    """Link `file`, or write the rows that stay to a new file; None where none does."""
    table, path = BY_NAME[file.table], draft.base_path(file)
    told_anew = [index.tells_anew(keys) for keys in read_parts(path, table.superseded_by)]
    staying = pc.invert(pa.chunked_array(told_anew, pa.bool_()))
    n_staying = pc.sum(staying).as_py()
    if not n_staying:
        return None
    if n_staying == file.rows and not (table is ARTICLES and _has_regrouped(path, index)):
        return link_file(draft, file)
    with TableWriter(draft.path_for(table.name, file.run_id), table) as writer:
        for part in _read_staying(path, staying):
            writer.add_table(index.regroup(part) if table is ARTICLES else part)
    return draft.describe(writer.path, table.name, file.run_id, writer.n_rows)


def _has_regrouped(path: Path, index: RunIndex) -> bool:
    """Whether a row of this file of articles has other groups now."""
    return any(index.regroup(part) is not part for part in read_parts(path, MEMBERSHIP))


def _read_staying(path: Path, staying: pa.ChunkedArray) -> Iterator[pa.Table]:
    """Give the rows that stay, a row group at a time; `staying` says it of each row of the file."""
    at = 0
    with pq.ParquetFile(path) as source:
        for group in range(source.num_row_groups):
            part = source.read_row_group(group)
            yield part.filter(staying.slice(at, part.num_rows))
            at += part.num_rows
