"""What is remembered of sites from run to run, and which templates follow from it for each shard.

`learn_shards` reads the articles that a run extracted, puts the lines of each into the memory of its site
(`site_pages` says what is kept), finds the templates of the sites that occur in the run (`site_templates`) and writes
for each shard a table of those that concern it. `strip_document` then takes them out of one article.

    FOLDER/sites/pages/NN.parquet          the memory: pages of sites, parted by a digest of the site's name
    FOLDER/sites/templates/DIGEST.parquet  the template lines of the sites of one shard, named by what is in it

The memory is folded together part by part, so what is held at once is one part of it and not the corpus. The same
pages again change nothing: a second run finds the same templates under the same names, and what hangs on them is not
done again. Losing the folder costs no article, only what was learnt: templates are then found later.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tasks.boilerplate.records import ExtractedDocument, SiteTemplates
from tasks.boilerplate.site_pages import SitePage, merge_pages, site_of
from tasks.boilerplate.site_templates import SiteLine, find_site_lines, strip_site_lines
from tasks.outcome import Dropped, Kept
from tasks.shards import Row, digest_of, read_shard, to_record, write_shard
from tasks.workers import Watch

# The memory is in so many parts; the pages of a run are read once for all of them and merged a part at a time.
PARTS = 16
# Pages are merged so many at a time: a site is bounded only after merging.
MERGED_PAGES = 2000


@dataclass(frozen=True, slots=True)
class Template:
    """A template line of a site: one row of the table that `strip_document` reads."""

    site: str
    line: str
    contents: int
    of_contents: int
    is_inset: bool


def learn_shards(shards: Sequence[str], folder: str, *, watch: Watch) -> list[SiteTemplates | None]:
    """Remember the pages of `shards` (paths of shards of ExtractedDocument); runs in a child process.

    Returns for each shard where the templates of its sites stand; None where they have none. Raises Retryable when the
    disk is in the way.
    """
    home = Path(folder) / "sites"
    sites_of_shard = []
    parts: defaultdict[int, list[SitePage]] = defaultdict(list)
    for shard in shards:
        watch.beat()
        pages = list(_read_pages(Path(shard)))
        sites_of_shard.append({page.site for page in pages})
        for page in pages:
            parts[_part_of(page.site)].append(page)
        for part, waiting in parts.items():
            if len(waiting) > MERGED_PAGES:
                parts[part] = list(merge_pages((), waiting))
    templates: list[Template] = []
    present = set().union(*sites_of_shard)
    for part in sorted(parts):
        watch.beat()
        remembered = _remember(home / "pages" / f"{part:02}.parquet", parts.pop(part))
        templates += _find_templates(page for page in remembered if page.site in present)
    return [_write_templates(home / "templates", templates, sites) for sites in sites_of_shard]


def _read_pages(shard: Path) -> Iterator[SitePage]:
    for row in read_shard(shard, ExtractedDocument):
        if row.document is not None and (site := _site_of(row.document)) is not None:
            article, provenance = row.document.article, row.document.provenance
            moment = article.published_at or provenance.fetched_at
            seen_on = moment.date().isoformat() if moment else ""
            yield SitePage(site, row.document.origin.article_id, seen_on, tuple(article.text.split("\n")))


def _site_of(document: ExtractedDocument) -> str | None:
    return site_of(document.provenance.final_url or document.origin.url, document.origin.input)


def _part_of(site: str) -> int:
    return hashlib.sha256(site.encode("utf-8", "surrogatepass")).digest()[0] % PARTS


def _remember(path: Path, seen: Iterable[SitePage]) -> tuple[SitePage, ...]:
    """Merge pages into one part of the memory and return all of it. Where nothing is new, nothing is written."""
    known: tuple[SitePage, ...] = ()
    if path.exists():
        known = tuple(row.document for row in read_shard(path, SitePage) if row.document is not None)
    pages = merge_pages(known, seen)
    if pages != known:
        write_shard(path, (Row(page, None) for page in pages), SitePage)
    return pages


def _find_templates(pages: Iterable[SitePage]) -> list[Template]:
    return [
        Template(site, line, found.contents, found.of_contents, found.is_inset)
        for site, lines in find_site_lines(pages).items()
        for line, found in sorted(lines.items())
    ]


def _write_templates(folder: Path, templates: Sequence[Template], sites: set[str]) -> SiteTemplates | None:
    own = [template for template in templates if template.site in sites]
    if not own:
        return None
    path = folder / f"{digest_of(*(str(to_record(template)) for template in own))}.parquet"
    if not path.exists():
        write_shard(path, (Row(template, None) for template in own), Template)
    return SiteTemplates(str(path))


@lru_cache(maxsize=4)
def _read_templates(path: str) -> dict[str, dict[str, SiteLine]]:
    sites: dict[str, dict[str, SiteLine]] = {}
    for row in read_shard(Path(path), Template):
        if (found := row.document) is not None:
            line = SiteLine(found.contents, found.of_contents, found.is_inset)
            sites.setdefault(found.site, {})[found.line] = line
    return sites


def strip_document(document: ExtractedDocument, options: SiteTemplates) -> Kept[ExtractedDocument] | Dropped:
    """Take the templates of its site out of one article; they go to `removed`. Nothing is dropped."""
    lines = _read_templates(options.path).get(_site_of(document) or "", {})
    if not lines:
        return Kept(document)
    article = strip_site_lines(document.article, lines)
    return Kept(ExtractedDocument(document.origin, document.provenance, article))
