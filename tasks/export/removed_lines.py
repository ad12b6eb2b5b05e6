"""The removed lines of a shard's articles, as columns: from the shard of the boilerplate room to the table, in Arrow.

A page has ten times more lines removed than kept, so they neither travel from stage to stage nor become Python objects
on their way out.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.fetch.records import Origin

LEAVES = ["document.origin.input", "document.article.removed"]


def read_removed(shard: Path, articles: Collection[str]) -> Iterator[pa.Table]:
    """Give the rows of `removed` for those documents of a shard of `ExtractedDocument`s whose article id is wanted.

    One table a row group of the shard: `article_id` and the fields of `Removed`, in the order of the page.
    """
    with pq.ParquetFile(shard) as file:
        for group in range(file.num_row_groups):
            documents = file.read_row_group(group, columns=LEAVES).column("document").combine_chunks()
            inputs = pc.struct_field(documents, ["origin", "input"]).to_pylist()
            ids = pa.array([None if one is None else Origin(one, None).article_id for one in inputs], pa.string())
            wanted = pc.is_in(ids, value_set=pa.array(list(articles), pa.string()))
            lines = pc.struct_field(documents, ["article", "removed"]).filter(wanted)
            owners = ids.filter(wanted).take(pc.list_parent_indices(lines))
            flat = lines.flatten()
            names = [field.name for field in flat.type]
            yield pa.table([owners, *flat.flatten()], names=["article_id", *names])
