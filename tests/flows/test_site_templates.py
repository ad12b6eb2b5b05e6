"""What a site repeats, over runs of the real command: learnt across shards and days, taken out, put on record."""

import json
import random
from pathlib import Path

from tests.boilerplate.synthetic_sites import Language
from tests.flows.conftest import Cleaner, query

CALL = "The Valley Post is paid for by its readers: give five crowns a month and keep it free for all."


def write_day(folder: Path, day: int, pages: int) -> Path:
    """Write a dump of one day's pages of two sites; those of the first end with the same call."""
    path = folder / f"day-{day}.jsonl"
    rows = []
    for number in range(pages):
        for site, ending in (("valley-post.example", CALL), (f"paper-{day}-{number}.example", CALL)):
            language = Language("latin", random.Random(f"{site} {day} {number}"))  # noqa: S311  (words without meaning)
            own = language.words(30)
            body = "".join(f"<p>{language.paragraph(own)}</p>" for _ in range(6))
            article = f"<article><h1>{language.heading()}</h1>{body}<p>{ending}</p></article>"
            html = f"<html><body>{article}</body></html>"
            url, fetched_at = f"https://{site}/{day}/{number}", f"2031-05-0{day}T06:00:00Z"
            rows.append({"url": url, "html": html, "fetched_at": fetched_at})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


WITH_CALL = "SELECT count(*) FROM articles WHERE contains(text, 'five crowns a month')"
REMOVED = """
    SELECT host, count(*)
    FROM removed JOIN articles USING (article_id)
    WHERE label = 'site-boilerplate'
    GROUP BY host
"""


def test_templates_are_learnt_across_shards_and_runs(cleaner: Cleaner, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    first, second = write_day(tmp_path, 1, 3), write_day(tmp_path, 2, 4)
    cleaner.run(str(first), "--out", str(out), "--shard-size", "2")
    assert query(out, "SELECT count(*) FROM removed WHERE label = 'site-boilerplate'") == [(0,)]
    cleaner.run(str(second), "--out", str(out), "--shard-size", "2")
    assert query(out, REMOVED) == [("valley-post.example", 4)]
    assert query(out, WITH_CALL) == [(3 + 3 + 4,)]
    said = cleaner.run(str(second), "--out", str(out), "--shard-size", "2")
    assert "redone: nothing" in said
    said = cleaner.run(str(first), str(second), "--out", str(out), "--shard-size", "2")
    assert query(out, REMOVED) == [("valley-post.example", 7)]
    assert query(out, WITH_CALL) == [(3 + 4,)]
