"""What earlier runs left: which shards count, what is believed of a file, what is swept away."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.stories.history import (
    FILE,
    GENERATIONS,
    SIGNATURES,
    History,
    SignedShard,
    read_history,
    signatures_file,
    sweep,
    write_history,
)


def shard(name: str, folder: Path = Path("/shards"), digest: str = "") -> SignedShard:
    return SignedShard(str(folder / name), digest or f"digest of {name}", "")


@pytest.mark.parametrize(
    ("known", "ours", "told"),
    [
        ("", "ab", "ab"),
        ("ab", "c", "abc"),
        ("ab", "", "ab"),
        ("ab", "b", "ab"),
        ("abc", "a", "bca"),  # what comes again comes last
        ("abc", "ba", "cba"),
    ],
)
def test_shards_in_the_order_in_which_they_came(known: str, ours: str, told: str) -> None:
    history = History("rules", tuple(map(shard, known)), "results")
    assert history.with_shards(list(map(shard, ours))) == History("rules", tuple(map(shard, told)), "results")


def test_the_same_shard_elsewhere_and_another_one_in_its_place_count_once() -> None:
    history = History("rules", (shard("a"), shard("b")))
    moved = shard("moved", digest="digest of a")
    assert history.with_shards([moved]).shards == (shard("b"), moved)
    rewritten = shard("a", digest="another digest")
    assert history.with_shards([rewritten]).shards == (shard("b"), rewritten)


def test_the_key_tells_runs_apart() -> None:
    one = History("rules", (shard("a"), shard("b")))
    keys = [
        one.key(1),
        one.key(2),
        replace(one, shards=one.shards[::-1]).key(1),
        replace(one, shards=one.shards[:1]).key(1),
        replace(one, version="other rules").key(1),
    ]
    assert len(set(keys)) == len(keys)
    assert replace(one, generation="elsewhere").key(1) == one.key(1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder with the history of two shards, with results and signatures."""
    history = History("rules", tuple(signed(tmp_path, name) for name in "ab"), str(tmp_path / GENERATIONS / "now"))
    for name in "ab":
        touch(tmp_path / name)
    touch(tmp_path / GENERATIONS / "now" / "relations.parquet")
    write_history(tmp_path, history)
    return tmp_path


def signed(home: Path, name: str, version: str = "rules") -> SignedShard:
    return replace(shard(name, home), signatures=str(signatures_file(home, version, f"digest of {name}")))


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("something")


def test_what_is_written_is_read(home: Path) -> None:
    expected = History("rules", (signed(home, "a"), signed(home, "b")), str(home / GENERATIONS / "now"))
    assert read_history(home, "rules") == expected


def test_a_shard_that_is_gone_is_left_out(home: Path) -> None:
    (home / "a").unlink()
    assert read_history(home, "rules").shards == (signed(home, "b"),)


def test_other_rules_keep_the_shards_but_neither_results_nor_signatures(home: Path) -> None:
    ours = (signed(home, "a", "other rules"), signed(home, "b", "other rules"))
    assert read_history(home, "other rules") == History("other rules", ours)
    assert ours[0].signatures != signed(home, "a").signatures


def test_lost_results_are_no_results(home: Path) -> None:
    sweep((home / GENERATIONS).rglob("*"))
    assert read_history(home, "rules") == History("rules", (signed(home, "a"), signed(home, "b")))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"1",
        b'"text"',
        b"[]",
        b"[1]",
        b"{}",
        b'{"version": "rules", "shards": 5}',
        b"\xff\xfe",
        b"\0",
    ],
)
def test_what_cannot_be_read_is_no_history(home: Path, content: bytes) -> None:
    (home / FILE).write_bytes(content)
    assert read_history(home, "rules") == History("rules")


def test_no_history(tmp_path: Path) -> None:
    assert read_history(tmp_path, "rules") == History("rules")
    assert read_history(tmp_path / "not there", "rules") == History("rules")


def test_what_a_history_does_not_name_is_removed(home: Path) -> None:
    kept = [home / GENERATIONS / "now" / "relations.parquet", Path(signed(home, "a").signatures), home / "a"]
    gone = [
        home / GENERATIONS / "before" / "relations.parquet",
        home / GENERATIONS / "now" / ".relations.parquet.x1.tmp",
        home / SIGNATURES / "unknown.parquet",
        home / SIGNATURES / ".unknown.parquet.x1.tmp",
        home / f".{FILE}.x1.tmp",
    ]
    for path in (*kept, *gone):
        touch(path)
    (home / GENERATIONS / "empty").mkdir()
    write_history(home, read_history(home, "rules"))
    assert [path for path in kept if not path.exists()] == []
    assert [path for path in gone if path.exists()] == []
    assert [path.name for path in (home / GENERATIONS).iterdir()] == ["now"]
