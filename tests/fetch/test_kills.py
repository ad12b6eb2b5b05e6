from pathlib import Path

from tests.fetch.kills import crawl_through_kills


def test_a_killed_crawl_loses_nothing_and_asks_nothing_twice(tmp_path: Path) -> None:
    outcome = crawl_through_kills(tmp_path, n_urls=6_000, n_kills=10, longest_s=0.15, seed=3)
    assert outcome.kills >= 10
    assert (outcome.lost, outcome.repeated, outcome.damaged) == ([], [], [])
    assert outcome.recoveries_s
    assert outcome.requests >= 6_000
