"""Signatures and comparison of any two texts: no exception, the same both ways, bounded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.stories.profiles import FEATURES
from tasks.stories.records import Story
from tasks.stories.relations import compare
from tasks.stories.shingles import split_words
from tasks.stories.signatures import MAX_FINGERPRINTS, sign
from tests.cpu_time import least_s
from tests.stories.made_stories import DATES, TEXTS

LETTERS = st.text(alphabet="aB1 .!\n\t、。港日はกा́\u200d٣Ǆﬁ'-_", max_size=400)
ANY_TEXT = st.one_of(st.text(max_size=200), LETTERS, LETTERS.map(lambda text: text * 5), TEXTS)


@given(ANY_TEXT, DATES)
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_signed(text: str, date: None) -> None:
    signature = sign(Story("a", text, date))
    words = split_words(text)
    assert sum(map(len, signature.sentences)) == len(words)
    assert (signature.text_key is None) == (words == [])
    assert len(signature.fingerprints) <= MAX_FINGERPRINTS
    assert len(signature.profile.features) <= FEATURES


@given(st.tuples(ANY_TEXT, ANY_TEXT) | ANY_TEXT.map(lambda text: (text, text + "\nOne more.")), DATES, DATES)
@settings(max_examples=150, deadline=None)
def test_any_two_texts_can_be_compared_either_way(texts: tuple[str, str], one_date: None, other_date: None) -> None:
    one, other = sign(Story("a", texts[0], one_date)), sign(Story("b", texts[1], other_date))
    relation = compare(one, other)
    assert compare(other, one) == relation
    assert compare(one, one) is None
    if relation is not None:
        assert (relation.src, relation.dst) == ("a", "b")
        assert 0 < relation.score <= 1


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param("word{} ", id="no stop"),
        pytest.param("Name{} ", id="names without a stop"),
        pytest.param("{} ", id="numbers"),
        pytest.param("May {} ", id="months"),
        pytest.param("字{}", id="chinese"),
        pytest.param("X. ", id="initials"),
    ],
)
def test_a_text_of_a_hundred_thousand_words_is_signed_and_compared_within_seconds(unit: str) -> None:
    text, other = ("".join(unit.format(number * step % 9973) for number in range(100_000)) for step in (1, 7))
    assert least_s(lambda: compare(sign(Story("a", text)), sign(Story("b", other))), 6) <= 6


def test_five_thousand_sentences_are_compared_with_five_thousand_within_seconds() -> None:
    texts = [
        "\n".join(
            f"In town {number * step % 4999} the trams of line {number} ran late again today." for number in range(5000)
        )
        for step in (1, 7)
    ]
    one, other = (sign(Story(name, text)) for name, text in zip("ab", texts, strict=True))
    assert least_s(lambda: compare(one, other), 3) <= 3
