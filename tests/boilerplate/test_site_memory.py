"""What is learnt of sites, kept between runs, and taken out of articles: over real shards."""

import multiprocessing
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.boilerplate.records import Article, ExtractedDocument, SiteTemplates
from tasks.boilerplate.site_memory import learn_shards, strip_document
from tasks.fetch.records import Origin, Provenance
from tasks.outcome import DropReason, Kept, Reject, StageName
from tasks.shards import Row, write_shard
from tasks.workers import Limits, Watch
from tests.boilerplate.synthetic_sites import Language

CALL = "The Valley Post is paid for by its readers: give five crowns a month and keep it free for all."


def document(site: str, number: int, *, extra: str = CALL) -> ExtractedDocument:
    """Return an article of its own, with the same call below it as all others of the site."""
    url = f"https://{site}/{number}"
    provenance = Provenance(url, datetime(2031, 5, 1 + number % 28, tzinfo=UTC), "text/html", "utf-8", "", "00")
    language = Language("latin", random.Random(f"{site} {number}"))  # noqa: S311  (words that mean nothing)
    own = language.words(30)
    text = "\n".join([*(language.paragraph(own) for _ in range(6)), extra])
    return ExtractedDocument(Origin(url, url), provenance, Article(text))


def shard_of(path: Path, documents: Sequence[ExtractedDocument]) -> str:
    lost: Row[ExtractedDocument] = Row(None, Reject("x", None, StageName.FETCH, DropReason.NOT_FOUND, ""))
    write_shard(path, [lost, *(Row(one, None) for one in documents)], ExtractedDocument)
    return str(path)


def learn(folder: Path, *shards: str) -> list[SiteTemplates | None]:
    """Run the job in this process, under a real watch."""
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        return learn_shards(shards, str(folder), watch=Watch(theirs, {}, Limits()))


def stripped(one: ExtractedDocument, templates: SiteTemplates | None) -> Article:
    assert templates is not None
    outcome = strip_document(one, templates)
    assert isinstance(outcome, Kept)
    return outcome.value.article


def test_a_line_of_all_pages_of_a_site_leaves_and_is_on_record(tmp_path: Path) -> None:
    pages = [document("valley.example", number) for number in range(12)]
    (templates,) = learn(tmp_path, shard_of(tmp_path / "a.parquet", pages))
    article = stripped(pages[3], templates)
    assert article.text == pages[3].article.text.removesuffix(f"\n{CALL}")
    assert [(line.text, line.label) for line in article.removed] == [(CALL, "site-boilerplate")]
    assert article.boilerplate_score > 0


def test_sites_of_one_run_meet_across_shards_and_not_across_sites(tmp_path: Path) -> None:
    valley = [document("valley.example", number) for number in range(12)]
    single = [document(f"paper-{number}.example", 1) for number in range(12)]
    shards = [shard_of(tmp_path / f"{at}.parquet", part) for at, part in enumerate((valley[:6], valley[6:], single))]
    first, second, third = learn(tmp_path, *shards)
    assert first == second is not None
    assert third is None
    assert CALL not in stripped(valley[0], first).text
    assert stripped(single[0], first) == single[0].article


def test_what_one_run_saw_the_next_one_knows(tmp_path: Path) -> None:
    first = [document("valley.example", number) for number in range(3)]
    assert learn(tmp_path, shard_of(tmp_path / "a.parquet", first)) == [None]
    for day in range(1, 4):
        pages = [document("valley.example", 3 * day + number) for number in range(3)]
        (templates,) = learn(tmp_path, shard_of(tmp_path / f"{day}.parquet", pages))
    assert CALL not in stripped(pages[0], templates).text


def test_the_same_pages_again_change_nothing(tmp_path: Path) -> None:
    shards = [
        shard_of(tmp_path / f"{at}.parquet", [document("valley.example", 6 * at + number) for number in range(6)])
        for at in range(2)
    ]
    templates = learn(tmp_path, *shards)
    state = {path: path.read_bytes() for path in (tmp_path / "sites").rglob("*.parquet")}
    assert learn(tmp_path, *reversed(shards)) == templates
    assert {path: path.read_bytes() for path in (tmp_path / "sites").rglob("*.parquet")} == state


def test_files_without_an_address_belong_to_no_site(tmp_path: Path) -> None:
    pages = [
        ExtractedDocument(Origin(f"{one}.txt", None), Provenance(None, None, "", "", "", ""), Article(CALL))
        for one in range(12)
    ]
    assert learn(tmp_path, shard_of(tmp_path / "a.parquet", pages)) == [None]


@pytest.mark.parametrize("copies", [1, 4])
def test_one_text_under_many_addresses_is_no_template(tmp_path: Path, copies: int) -> None:
    pages = [document("valley.example", number % copies, extra=f"Copy {number}") for number in range(12)]
    texts = [
        ExtractedDocument(Origin(f"https://valley.example/{at}", None), one.provenance, one.article)
        for at, one in enumerate(pages)
    ]
    assert learn(tmp_path, shard_of(tmp_path / "a.parquet", texts)) == [None]
