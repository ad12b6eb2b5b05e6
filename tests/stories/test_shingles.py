"""Words and shingles: what compares equal, in any script, the same in every process."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.records import Story
from tasks.stories.shingles import SHINGLE_WORDS, containment, fold, hash_shingles, hash_text, is_in, split_words
from tasks.stories.signatures import MAX_FINGERPRINTS, MIN_SHINGLES, WINDOW, representatives, sign, winnow

WORDS = st.lists(st.sampled_from([f"word{number}" for number in range(40)]), max_size=60)
HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=80)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The mayor’s plan", ["the", "mayor", "s", "plan"]),
        ("The mayor's plan", ["the", "mayor", "s", "plan"]),
        ("$ 1.5 bn", ["1", "5", "bn"]),
        ("_emphasis_ and snake_case", ["emphasis", "and", "snake", "case"]),
        ("co\u00adoperate zero\u200bwidth", ["cooperate", "zerowidth"]),
        ("ﬁne ＷＩＤＥ Straße İstanbul", ["fine", "wide", "strasse", "i\u0307stanbul"]),
        ("cafe\u0301 café", ["café", "café"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("العَرَبِيَّة", ["العَرَبِيَّة"]),
        ("می\u200cخواهم", ["میخواهم"]),
        ("대한민국 정부는", ["대한민국", "정부는"]),
        ("港口今天重开。", ["港口今天", "口今天重", "今天重开", "天重开", "重开", "开"]),
        ("G7サミット", ["g7", "サミット", "ミット", "ット", "ト"]),
        ("รถราง", ["รถราง", "ถราง", "ราง", "าง", "ง"]),
        ("— * … !", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_hashes_stay_what_they_are() -> None:
    """Signatures are kept on disk: a change here must come with a change of the room's version, never by itself."""
    words = ["trams", "will", "run", "from", "the", "market"]
    digest = hashlib.sha256(hash_shingles(words).astype("<u8").tobytes())
    assert digest.hexdigest() == "f01e7d87cf96e1245ad5c527e46ae8e811d3ddd6b88ff155185c3cd2d0979cc8"


@given(WORDS)
def test_one_shingle_for_every_five_words(words: list[str]) -> None:
    hashes = hash_shingles(words)
    runs = [tuple(words[at : at + SHINGLE_WORDS]) for at in range(len(words) - SHINGLE_WORDS + 1)]
    assert len(hashes) == len(runs)
    assert len(set(hashes.tolist())) == len(set(runs))
    assert len(set(zip(runs, hashes.tolist(), strict=True))) == len(set(runs)), "a run has one hash wherever it stands"


def test_order_of_words_counts() -> None:
    assert hash_shingles(list("abcde")).tolist() != hash_shingles(list("bacde")).tolist()


@given(st.text())
def test_any_text_can_be_compared(text: str) -> None:
    words = split_words(text)
    assert all(words)
    assert fold(fold(text)) == fold(text)
    assert sign(Story("a", text)).shingles.dtype == np.uint64


def test_a_heap_of_marks_is_cut() -> None:
    """Uncut, this takes more than a minute of NFKC alone, and one document would hold up the whole run."""
    (word,) = split_words("a" + "\u0316\u0301" * 150_000)
    assert len(word) <= 31


@given(HASHES, HASHES)
def test_containment_is_that_of_sets(one: list[int], other: list[int]) -> None:
    sets = [set(one), set(other)]
    smaller = min(map(len, sets))
    expected = len(sets[0] & sets[1]) / smaller if smaller else 0.0
    arrays = [np.unique(np.array(values, dtype=np.uint64)) for values in (one, other)]
    assert containment(*arrays) == containment(*reversed(arrays)) == pytest.approx(expected)
    assert is_in(arrays[0], arrays[1]).tolist() == [value in sets[1] for value in arrays[0].tolist()]


@given(HASHES)
def test_winnowing_takes_the_smallest_of_every_window(values: list[int]) -> None:
    windows = [values[at : at + WINDOW] for at in range(len(values) - WINDOW + 1)]
    expected = sorted({min(window) >> 32 for window in windows})
    assert winnow(np.array(values, dtype=np.uint64)).tolist() == expected


def test_of_many_fingerprints_the_smallest_are_kept() -> None:
    values = np.random.default_rng(0).integers(0, 2**64, 20_000, np.uint64)
    every = {int(values[at : at + WINDOW].min()) >> 32 for at in range(len(values) - WINDOW + 1)}
    assert winnow(values).tolist() == sorted(every)[:MAX_FINGERPRINTS]


@given(WORDS, WORDS, st.permutations([f"shared{number}" for number in range(12)]), WORDS, WORDS)
def test_twelve_common_words_mean_a_common_fingerprint(
    before: list[str], after: list[str], shared: list[str], before_too: list[str], after_too: list[str]
) -> None:
    padding = [f"pad{number}" for number in range(MIN_SHINGLES)]  # so that neither text is too short
    one = sign(Story("a", " ".join([*before, *shared, *after, *padding])))
    other = sign(Story("b", " ".join([*padding[::-1], *before_too, *shared, *after_too])))
    assert set(one.fingerprints.tolist()) & set(other.fingerprints.tolist())


def test_a_very_short_text_has_no_fingerprints() -> None:
    words = [f"w{number}" for number in range(MIN_SHINGLES + SHINGLE_WORDS - 1)]
    assert len(sign(Story("a", " ".join(words))).fingerprints) > 0
    short = sign(Story("a", " ".join(words[:-1])))
    assert len(short.fingerprints) == 0
    assert short.text_key == hash_text(words[:-1])


def test_the_smallest_id_stands_for_all_articles_with_the_same_words() -> None:
    signatures = [
        sign(Story(name, text)) for name, text in [("c", "One two."), ("b", "one TWO"), ("a", "one"), ("0", "!")]
    ]
    assert representatives(signatures) == {hash_text(["one", "two"]): "b", hash_text(["one"]): "a"}
