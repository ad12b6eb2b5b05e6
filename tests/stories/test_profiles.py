"""What an article is about: likeness in topic, and the words by which others are found."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.profiles import FEATURES, compare_topics, profile
from tasks.stories.shingles import hash_words, split_words
from tests.cpu_time import least_s

WORDS = st.lists(
    st.sampled_from(["the", "said", "council", "harbour", "lenz", "varrow", "oskmark", "774", "2020", "港口今天"])
    | st.text(min_size=1, max_size=4),
    max_size=30,
)


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Trams run in Oskmark again.", "Trams run in Oskmark again.", 1, 1),
        ("Trams run in Oskmark again.", "again Oskmark in run trams", 1, 1),  # the order does not count
        ("Oskmark and Varrowby", "Oskmark and Dellin", 0.49, 0.51),
        ("Oskmark, Oskmark, Oskmark and Varrowby", "Oskmark and Dellin", 0.6, 0.7),  # what comes often counts more
        ("The council said that it was so.", "The council said it all.", 0.5, 1),
        ("It was he who said that.", "That was all he said.", 0, 1),
        ("the and of", "the and of", 0, 0),  # no rare word, no topic
        ("Oskmark", "Varrowby", 0, 0),
        ("", "Oskmark", 0, 0),
        ("", "", 0, 0),
    ],
)
def test_likeness(one: str, other: str, least: float, most: float) -> None:
    here, there = profile(split_words(one)), profile(split_words(other))
    assert least <= compare_topics(here, there) <= most
    assert compare_topics(here, there) == pytest.approx(compare_topics(there, here))


@given(WORDS, WORDS, st.randoms(use_true_random=False))
def test_any_words_have_a_profile_whatever_their_order(words: list[str], others: list[str], rng: random.Random) -> None:
    one, other = profile(words), profile(rng.sample(words, len(words)))
    assert all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("words", "topic", "features", "feature_weights", "is_of_known_language")
    )
    assert len(one.features) == len(one.feature_weights) <= FEATURES
    assert one.features.tolist() == sorted(one.features.tolist())
    assert 0 <= compare_topics(one, profile(others)) <= 1


def test_features_are_the_rare_words_that_count_most() -> None:
    rare = [f"oskmark{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    text = [*["the", "said", "people", "7"] * 50, *rare, *rare[3:]]  # three of the 26 come once only
    found = profile(text)
    halves = (hash_words(rare[3:]) >> np.uint64(32)).tolist()
    assert len(found.features) == FEATURES
    assert set(halves) <= set(found.features.tolist())


def test_a_word_that_fills_a_text_weighs_what_a_byte_can_hold() -> None:
    found = profile(["oskmark"] * 100_000)
    assert found.feature_weights.tolist() == [255]


def test_a_hundred_thousand_different_words_take_linear_time() -> None:
    small = least_s(lambda: profile([f"word{number}" for number in range(25_000)]))
    many = [f"word{number}" for number in range(100_000)]
    assert least_s(lambda: profile(many), 10 * small) <= 10 * small
