"""The sample is what it says it is: our own writing, damaged in known ways, and still the bytes that were made."""

import difflib
import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from tests.sample import make_special_files as maker

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / ".." / "shared" / "seeds"
SAMPLE = maker.SAMPLE
N_FILES = 12
WORD_RE = re.compile(r"\w+")


def read(name: str) -> str:
    return (SAMPLE / name).read_text("utf-8")


def text_of_sample() -> Iterator[str]:
    for path in sorted(SAMPLE.iterdir()):
        if path.suffix == ".gz":
            yield from (record.decode("utf-8") for record in maker.warc_records())
        elif path.name == maker.MISLABELLED:
            yield path.read_text("windows-1252")
        elif path.name != maker.BINARY:
            yield path.read_text("utf-8")


def paragraphs(page: str) -> list[str]:
    return re.findall(r"<p>(.*?)</p>", page)


def test_sample_has_its_files_and_no_others() -> None:
    assert len(list(SAMPLE.iterdir())) == N_FILES


@pytest.mark.parametrize("name", [maker.MISLABELLED, maker.BINARY])
def test_special_file_is_what_its_maker_makes(name: str) -> None:
    assert (SAMPLE / name).read_bytes() == maker.special_files()[name], "run python tests/sample/make_special_files.py"


def test_warc_is_what_its_maker_makes() -> None:
    # Compared unpacked: another version of zlib may pack the same records into other bytes.
    packed = (SAMPLE / maker.WARC).read_bytes()
    assert gzip.decompress(packed) == b"".join(maker.warc_records()), "run python tests/sample/make_special_files.py"


def test_warc_has_two_responses_whose_digests_hold() -> None:
    packed = (SAMPLE / maker.WARC).read_bytes()
    records = ArchiveIterator(io.BytesIO(packed), record_types=WarcRecordType.response, parse_http=False)
    checked = [(record.headers["WARC-Target-URI"], record.verify_block_digest()) for record in records]
    assert checked == [(url, True) for _, url, _ in maker.PAGES]
    parsed = ArchiveIterator(io.BytesIO(packed), record_types=WarcRecordType.response)
    assert [record.verify_payload_digest() for record in parsed] == [True, True]


def test_each_warc_record_is_a_gzip_member_of_its_own() -> None:
    packed = (SAMPLE / maker.WARC).read_bytes()
    starts = [record.stream_pos for record in ArchiveIterator(io.BytesIO(packed))]
    members = [packed[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    assert [gzip.decompress(member) for member in members] == maker.warc_records()


def test_mislabelled_page_declares_utf_8_and_is_not() -> None:
    page = (SAMPLE / maker.MISLABELLED).read_bytes()
    assert b'<meta charset="utf-8">' in page
    with pytest.raises(UnicodeDecodeError):
        page.decode("utf-8")
    assert "Café Böhm" in page.decode("windows-1252")


def test_binary_is_not_text_in_any_guise() -> None:
    noise = (SAMPLE / maker.BINARY).read_bytes()
    assert noise.count(0) > 0
    with pytest.raises(UnicodeDecodeError):
        noise.decode("utf-8")


def test_museum_text_is_broken_in_part_only() -> None:
    lines = read("museum-map.txt").split("\n")
    broken = [line for line in lines if "â€" in line]
    assert len(broken) == 2
    assert any("Müravik" in line and "“weather" in line for line in lines if line not in broken)
    for damage in ("$ 4.2 million", "June. . The", "calf\u200bskin", "by\u00a044"):
        assert damage in read("museum-map.txt")


def test_french_page_has_its_fixed_spaces() -> None:
    page = read("marche-couvert.html")
    assert "«\u00a0On avait fini par ne plus y croire\u00a0»" in page
    assert "18\u202f%" in page
    assert not re.search(r" [;?!:»]", "".join(paragraphs(page)))


def test_jsonl_has_a_page_and_two_texts() -> None:
    rows = [json.loads(line) for line in read("kesk-mirror.jsonl").splitlines()]
    assert [sorted(row) for row in rows] == [
        ["fetched_at", "html", "url"],
        ["fetched_at", "text", "url"],
        ["text", "url"],
    ]


def test_repost_repeats_the_paragraphs_of_its_original() -> None:
    original, repost = (set(paragraphs(read(name))) for name in ("harbour-loan.html", "harbour-loan-repost.html"))
    assert len(original & repost) == 6


def test_spun_page_has_as_many_other_words_as_a_real_one() -> None:
    original = paragraphs(read("harbour-loan.html").split('class="story-body"')[1])[:8]
    spun = paragraphs(read("harbour-loan-spun.html"))[:8]
    replaced = words = 0
    for before, after in zip(map(WORD_RE.findall, original), map(WORD_RE.findall, spun), strict=True):
        changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        replaced += sum(tag != "equal" for tag, *_ in changes)
        words += len(after)
    assert 0.15 < replaced / words < 0.25


def test_addresses_are_reserved_for_examples() -> None:
    hosts = {host for text in text_of_sample() for host in re.findall(r"https?://([^/\"'<>\s]+)", text)}
    real = {host for host in hosts if not re.search(r"(^|\.)example(\.(com|org))?$", host)}
    assert real == {"schema.org"}  # the vocabulary that every JSON-LD block names


def test_no_sentence_is_taken_from_the_seeds() -> None:
    if not SEEDS.is_dir():
        pytest.skip("the seeds are not beside this checkout")
    ours = " ".join(" ".join(text_of_sample()).split())
    seeds = " ".join(path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt")))
    sentences = {" ".join(one.split()) for one in re.split(r"(?<=[.!?”\"])\s+|\n", seeds)}
    # Short lines are furniture ("Leave a Reply"), which every site has in the same words.
    prose = {one for one in sentences if len(one.split()) >= 8}
    assert len(prose) > 100
    assert [one for one in prose if one in ours] == []
