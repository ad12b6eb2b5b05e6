"""The main job as a user runs it: the real command, a real Prefect server, tables read with DuckDB."""

import gzip
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tasks.edits import Edit, apply, revert
from tests.flows.conftest import ROOT, SHARED, Cleaner, query

STAGES = ["fetch", "boilerplate", "mojibake", "stories", "spinner"]


def stage_files(out: Path, stage: str) -> dict[str, int]:
    """Return the outputs of a stage, each with the time it was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / ".work" / stage).rglob("*.parquet")}


def check_invariants(out: Path) -> None:
    """Check what holds for every run: inputs = articles + rejects; edits lead from extracted to final text and back."""
    for n_inputs, n_articles, n_rejects in query(out, "SELECT n_inputs, n_articles, n_rejects FROM runs"):
        assert n_inputs == int(str(n_articles)) + int(str(n_rejects))
    by_article: dict[object, list[Edit]] = {}
    for article_id, *fields in query(
        out, 'SELECT article_id, start, "end", before, after, rule FROM edits WHERE applied'
    ):
        by_article.setdefault(article_id, []).append(Edit(*fields))  # type: ignore[arg-type]  # the columns' own types
    for article_id, extracted, text in query(out, "SELECT article_id, text_extracted, text FROM articles"):
        edits = sorted(by_article.get(article_id, []))
        assert apply(str(extracted), edits) == text
        assert revert(str(text), edits) == extracted


def test_the_sample_is_cleaned_and_a_second_run_redoes_nothing(cleaner: Cleaner, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    said = cleaner.run("--out", str(out))
    assert "pandas" in said
    check_invariants(out)
    articles, rejects = query(out, "SELECT * FROM articles"), query(out, "SELECT input, reason FROM rejects")
    assert len(articles) >= 10
    assert len(rejects) == 1
    assert query(out, "SELECT * FROM edits WHERE stage = 'spinner' AND applied")
    assert query(out, "SELECT * FROM edits WHERE stage = 'mojibake'")
    assert query(out, "SELECT * FROM relations WHERE kind = 'copy'")
    before = {stage: stage_files(out, stage) for stage in STAGES}
    assert all(before.values())
    said = cleaner.run("--out", str(out))
    assert "redone: nothing" in said
    assert {stage: stage_files(out, stage) for stage in STAGES} == before
    assert len(query(out, "SELECT * FROM articles")) == len(articles)
    assert len(query(out, "SELECT * FROM runs")) == 2


@pytest.fixture
def own_copy(tmp_path: Path) -> Path:
    """A copy of the code, whose rules a test may change."""
    for part in ("flows", "tasks", "data"):
        shutil.copytree(ROOT / part, tmp_path / "copy" / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


def test_a_changed_rule_redoes_its_stage_and_those_after_it(cleaner: Cleaner, own_copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    cleaner.run("--out", str(out), root=own_copy)
    before = {stage: stage_files(out, stage) for stage in STAGES}
    table = own_copy / "tasks" / "mojibake" / "rules" / "typography.tsv"
    lines = table.read_text("utf-8").splitlines(keepends=True)
    dropped = next(line for line in lines if line.startswith("currency-space"))
    table.write_text("".join(line for line in lines if line != dropped), "utf-8")
    cleaner.run("--out", str(out), root=own_copy)
    after = {stage: stage_files(out, stage) for stage in STAGES}
    for stage in ("fetch", "boilerplate"):
        assert after[stage] == before[stage], f"{stage} comes before the changed rule and was redone"
    for stage in ("mojibake", "stories", "spinner"):
        assert set(after[stage]) - set(before[stage]), f"{stage} depends on the changed rule and was not redone"


def bad_inputs(folder: Path) -> dict[str, str]:
    """Make one of each kind of bad input; return the expected reason for each input's name."""
    folder.mkdir()
    (folder / "empty.html").write_bytes(b"")
    (folder / "random.html").write_bytes(bytes((number * 7919 + number**3) % 256 for number in range(4096)))
    (folder / "huge.html").write_bytes(b"<p>" + b"x" * 11_000_000)
    (folder / "menu.html").write_text(
        "<html><body><nav><a href='/'>Home</a> <a href='/b'>Sport</a></nav></body></html>"
    )
    record = b"WARC/1.1\r\nWARC-Type: warcinfo\r\nContent-Length: 9\r\n\r\nsoftware:\r\n\r\n"
    (folder / "torn.warc.gz").write_bytes(gzip.compress(record)[:-12])
    good = {"url": "https://example.org/pier", "text": "Pier reopens\n\n" + STORY}
    (folder / "mixed.jsonl").write_text(f"{json.dumps(good)}\nnot json\n{json.dumps(good)}\n", "utf-8")
    (folder / "loop").mkdir()
    (folder / "loop" / "again").symlink_to(folder, target_is_directory=True)
    return {
        "empty.html": "EMPTY_BODY",
        "random.html": "TYPE_BINARY",
        "huge.html": "BODY_TOO_BIG",
        "menu.html": "NO_MAIN_CONTENT",
        "torn.warc.gz#1": "CONTAINER_TRUNCATED",
        "mixed.jsonl#2": "RECORD_INVALID",
        "hollow": "FOLDER_EMPTY",
        "again": "FOLDER_LOOP",
        "no-such.html": "NOT_FOUND",
    }


STORY = (
    "The old pier at Marrow Bay opened to visitors again on Saturday, nine years after a storm tore away its head. "
    "Engineers replaced all forty timber piles and raised the deck by half a metre. "
    "The town paid a third of the cost; the rest came from a public appeal that ran for six years. "
)


def test_every_bad_input_is_a_reject_and_harms_no_other(cleaner: Cleaner, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "tables"
    expected = bad_inputs(folder)
    (folder / "good.txt").write_text("Pier reopens after nine years\n\n" + STORY * 2, "utf-8")
    (tmp_path / "hollow").mkdir()
    cleaner.run(str(folder), str(tmp_path / "hollow"), str(folder / "no-such.html"), "--out", str(out))
    check_invariants(out)
    found = {str(name): str(reason) for name, reason in query(out, "SELECT input, reason FROM rejects")}
    for name, reason in expected.items():
        matching = [found[one] for one in found if one.endswith(f"/{name}")]
        assert matching == [reason], f"{name}: {found}"
    assert len(found) == len(expected)
    kept = Counter(Path(str(name)).name for (name,) in query(out, "SELECT input FROM articles"))
    assert kept == {"good.txt": 1, "mixed.jsonl#1": 1, "mixed.jsonl#3": 1}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_a_reject(cleaner: Cleaner, tmp_path: Path) -> None:
    path, out = tmp_path / "secret.txt", tmp_path / "tables"
    path.write_text(STORY)
    path.chmod(0)
    cleaner.run(str(path), "--out", str(out))
    assert query(out, "SELECT reason FROM rejects") == [("UNREADABLE",)]


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the project's shared data, which is not here")
def test_the_five_seeds(cleaner: Cleaner, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    cleaner.run(str(SHARED / "seeds"), "--out", str(out))
    check_invariants(out)
    assert query(out, "SELECT * FROM rejects") == []
    texts = {Path(str(name)).name[:3]: str(text) for name, text in query(out, "SELECT input, text FROM articles")}
    assert sorted(texts) == ["000", "001", "002", "003", "004"]
    assert "mortgage" not in texts["004"]
    spun = query(out, "SELECT input FROM edits JOIN articles USING (article_id) WHERE stage = 'spinner' AND applied")
    assert {Path(str(name)).name[:3] for (name,) in spun} == {"004"}
    metadata = query(out, "SELECT byline, agency, publisher, dateline FROM articles")
    gone = query(out, "SELECT text FROM removed")
    survived = "\n".join(str(cell).replace("\xa0", " ") for row in [*metadata, *gone] for cell in row)
    for credit in ("By Euronews with AP", "Deutsche Welle", "MOSCOW (Reuters)", "Image: Getty Images/AFP/S. Gapon"):
        assert credit in survived


def test_without_a_server_of_ones_own_prefect_brings_one(tmp_path: Path) -> None:
    """The newcomer's first run: Prefect's embedded server, an empty home, nothing on the screen that looks wrong."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "UNSPUN_"))}
    alone = Cleaner({**environment, "PREFECT_HOME": str(tmp_path / "home")})
    (tmp_path / "pier.txt").write_text("Pier reopens after nine years\n\n" + STORY * 2, "utf-8")
    said = alone.run(str(tmp_path / "pier.txt"), "--out", str(tmp_path / "tables"))
    assert query(tmp_path / "tables", "SELECT title FROM articles") == [("Pier reopens after nine years",)]
    for alarm in ("Traceback", "Error", "WARNING"):
        assert alarm not in said
