"""Where sentences end, and how many of one text are in another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.records import Story
from tasks.stories.sentences import split_sentences
from tasks.stories.shingles import split_words
from tasks.stories.signatures import count_common_sentences, sign


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Trams run. Shops open! Who pays?", ["Trams run.", "Shops open!", "Who pays?"]),
        ("The U.S. envoy J. Falk left.", ["The U.S. envoy J. Falk left."]),
        ("It costs 4.2 million. “Too much.” Falk laughed.", ["It costs 4.2 million.", "“Too much.”", "Falk laughed."]),
        ("One line\n\n  another line ", ["One line", "another line"]),
        ("approx. ten,  approx.  ten trams", ["approx. ten,  approx.  ten trams"]),
        ("Windows.\r\nLines.\r\n", ["Windows.", "Lines."]),
        pytest.param(
            "One." + " " * 300_000 + "Two." + " " * 300_000 + "x", ["One.", "Two." + " " * 300_000 + "x"], id="gap"
        ),
        ("路线今天开放。明天停运。", ["路线今天开放。", "明天停运。"]),
        ("First.\n* * *\nSecond.", ["First.", "Second."]),
        ("…", []),
        ("", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@given(st.text(alphabet="ab .!?…\n\t。“”\"')9é", max_size=60))
def test_no_word_is_lost_between_sentences(text: str) -> None:
    assert [word for sentence in split_sentences(text) for word in split_words(sentence)] == split_words(text)


@pytest.mark.parametrize(
    ("shorter", "longer", "expected"),
    [
        ("The trams run again today. No.", "No. Really? Yes, the trams run again today.", 2),
        ("The trams run again today. No.", "The trams run again today, no doubt.", 1),
        ("The trams run again today.", "The trams run again.", 0),
        ("The trams run again today. The trams run again today.", "The trams run again today.", 2),
        ("Trams.", "", 0),
        ("", "Trams.", 0),
    ],
)
def test_common_sentences(shorter: str, longer: str, expected: int) -> None:
    assert count_common_sentences(sign(Story("a", shorter)), sign(Story("b", longer))) == expected
