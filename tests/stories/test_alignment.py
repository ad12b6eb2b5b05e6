"""Which sentences are the same sentence in other words, and that no text makes aligning slow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.alignment import LEAST_WORDS, MAX_SENTENCES, MAX_WORDS, align
from tasks.stories.records import Story
from tasks.stories.shingles import Hashes, hash_words, split_words
from tasks.stories.signatures import sign
from tests.cpu_time import least_s

SENTENCES = st.lists(
    st.lists(st.integers(0, 12), max_size=10).map(lambda words: np.array(words, np.uint64)), max_size=6
)


def hashes(*sentences: str) -> list[Hashes]:
    return [hash_words(split_words(sentence)) for sentence in sentences]


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("The council will give the line a loan.", "The council will give the line a loan.", 1.0),
        ("The council will give the line a loan.", "The board shall give this line a mortgage.", 4 / 8),
        ("The council will give the line a loan.", "A loan will the line give the council.", 0.0),  # not in this order
        ("The council gives the line a loan.", "The board grants this line a mortgage.", 3 / 7),  # 0.43: just enough
        ("The council gives the line one loan.", "The board grants this line a mortgage.", 0.0),  # 0.29
        # One sentence made of two, of which the other one has five of six words: enough by 0.7 of the shorter.
        (
            "Drivers asked for much shorter shifts.",
            "Trams run and drivers asked for shorter shifts, says she who went there.",
            5 / 13,
        ),
        # The same of five words: a phrase.
        (
            "Drivers asked for shorter shifts.",
            "Trams run and drivers asked for shorter shifts, says she who went there.",
            0.0,
        ),
        ("Trams run again.", "Trams run again.", 0.0),  # three words
        ("Trams run again today.", "Trams run again today.", 1.0),
    ],
)
def test_two_sentences(one: str, other: str, agreement: float) -> None:
    for here, there in ((one, other), (other, one)):
        alignment = align(hashes(here), hashes(there))
        assert alignment.agreements.tolist() == [pytest.approx(agreement)]
        assert alignment.partners.tolist() == [0 if agreement else -1]
        assert alignment.n_sentences == int(bool(agreement))


def test_each_sentence_has_the_partner_most_like_it_and_short_ones_do_not_count() -> None:
    one = hashes("No.", "The mayor opened the new pier.", "Nobody there had heard of this.", "The mayor opened a pier.")
    other = hashes("The mayor opened the old pier.", "No.", "Then the mayor opened the new pier.")
    alignment = align(one, other)
    assert alignment.partners.tolist() == [-1, 2, -1, 0]
    assert alignment.agreements.tolist() == [0, pytest.approx(6 / 7), 0, pytest.approx(4 / 6)]
    assert alignment.n_words == 6 + 5
    assert alignment.share == pytest.approx((6 + 5) / (6 + 6 + 5))


@pytest.mark.parametrize(
    ("one", "other"),
    [([], []), ([], ["Trams run again today."]), (["Trams run again today."], []), (["No."], ["No."])],
)
def test_nothing_to_align(one: list[str], other: list[str]) -> None:
    alignment = align(hashes(*one), hashes(*other))
    assert (alignment.share, alignment.n_words, alignment.n_sentences) == (0.0, 0, 0)
    assert alignment.partners.tolist() == [-1] * len(one)


@given(SENTENCES, SENTENCES)
def test_any_sentences_can_be_aligned(one: list[Hashes], other: list[Hashes]) -> None:
    alignment = align(one, other)
    assert len(alignment.partners) == len(alignment.agreements) == len(one)
    assert ((alignment.partners >= 0) == (alignment.agreements > 0)).all()
    assert 0 <= alignment.share <= 1
    for place, partner in enumerate(alignment.partners.tolist()):
        if partner >= 0:
            assert min(len(one[place]), len(other[partner])) >= LEAST_WORDS
            back = align([other[partner]], [one[place]])
            assert back.agreements.tolist() == [alignment.agreements[place]]


@given(SENTENCES)
def test_a_text_is_aligned_with_itself(sentences: list[Hashes]) -> None:
    alignment = align(sentences, sentences)
    counted = [len(sentence) >= LEAST_WORDS for sentence in sentences]
    assert (alignment.partners >= 0).tolist() == counted
    assert alignment.share == (1.0 if any(counted) else 0.0)


def test_chinese_is_aligned_by_characters() -> None:
    one, other = (
        sign(Story("a", text)) for text in ("市议会周一投票决定重新开放线路。", "市议会周一表决同意再次开放线路。")
    )
    alignment = align(one.sentences, other.sentences)
    assert alignment.agreements.tolist() == [pytest.approx(10 / 15)]


# Bounds


def test_sentences_beyond_the_bound_are_left_out() -> None:
    sentences = hashes(*(f"This is sentence number {number} of the list." for number in range(MAX_SENTENCES + 5)))
    alignment = align(sentences, sentences[::-1])
    assert (alignment.partners[MAX_SENTENCES:] == -1).all()
    assert (alignment.partners[:MAX_SENTENCES] >= 0).all()


def test_five_thousand_sentences_are_aligned_with_five_thousand_within_seconds() -> None:
    """The longest sentences that are aligned, all different: no shorter way than to ask each two."""
    rng = np.random.default_rng(0)
    one, other = ([rng.integers(0, 400, MAX_WORDS).astype(np.uint64) for _ in range(5000)] for _ in range(2))
    assert least_s(lambda: align(one, other), 3) <= 3


def test_a_text_of_a_hundred_thousand_words_without_a_stop_is_cut() -> None:
    text = " ".join(f"word{number % 997}" for number in range(100_000))
    signature = sign(Story("a", text))
    assert max(map(len, signature.sentences)) == MAX_WORDS
    assert least_s(lambda: align(signature.sentences, signature.sentences), 3) <= 3
