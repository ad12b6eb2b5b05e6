"""Which months a text names, and what that says of its time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.months import DOUBTFUL_NAMES, MONTHS, NAMES, are_of_one_time, find_months
from tasks.stories.shingles import split_words
from tests.cpu_time import least_s

MONTH_SETS = st.integers(0, 2**12 - 1)


def bits(*months: int) -> int:
    return sum(1 << month - 1 for month in months)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("The election in August was followed by talks in September.", (8, 9)),
        ("On 5 May they met; they may meet again.", (5,)),
        ("They may march again, and mark my words.", ()),
        ("May Brandt was there.", ()),
        ("Since May nobody has come.", (5,)),
        ("on Feb. 22 and Sept 3", (2, 9)),
        ("the sun set, sept sages, Jan Nowak", ()),
        ("Mitte März, Ende Mai, Anfang Dezember", (3, 5, 12)),
        ("en août et en février", (8, 2)),
        ("le 3 mars, sur Mars", (3,)),
        ("в сентябре и 5 мая", (9, 5)),
        ("w sierpniu, 3 maja", (8, 5)),
        ("AUGUST", (8,)),
        ("9月13日", ()),  # not read
        ("", ()),
    ],
)
def test_months(text: str, months: tuple[int, ...]) -> None:
    assert find_months(split_words(text)) == bits(*months)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ((8, 9), (8, 9), True),
        ((8, 9), (2, 3), False),  # half a year
        ((8, 9), (8, 9, 12, 3), False),  # the sequel looks back; its last month is March
        ((9,), (12,), True),  # three months
        ((9,), (1,), False),  # four
        ((12,), (1,), True),  # across the turn of the year
        ((11,), (3,), False),
        ((), (3,), True),  # nothing is known against it
        ((), (), True),
        ((1, 7), (1, 7), True),
        pytest.param(
            tuple(range(1, 13)),
            (6,),
            True,
            marks=pytest.mark.xfail(strict=True, reason="who names all months says nothing, but is taken for December"),
        ),
    ],
)
def test_of_one_time(one: tuple[int, ...], other: tuple[int, ...], verdict: bool) -> None:
    assert are_of_one_time(bits(*one), bits(*other)) is are_of_one_time(bits(*other), bits(*one)) is verdict


@given(MONTH_SETS, MONTH_SETS)
def test_of_one_time_is_symmetric_and_every_text_is_of_its_own_time(one: int, other: int) -> None:
    assert are_of_one_time(one, one)
    assert are_of_one_time(one, other) == are_of_one_time(other, one)


@given(st.lists(st.sampled_from([*MONTHS, "may", "mar", "in", "5", "word"]), max_size=8))
def test_any_words_can_be_asked(words: list[str]) -> None:
    assert find_months(words) in range(2**12)


def test_the_tables_of_names_are_sound() -> None:
    """Each name is one word as texts are compared, and stands for one month in all languages."""
    whole, doubtful = ([word for word in table.split() if word[-1] != ":"] for table in (NAMES, DOUBTFUL_NAMES))
    assert [word for word in [*whole, *doubtful] if split_words(word) != [word]] == []
    assert len(MONTHS) == len(set(whole))
    numbers: dict[str, set[int]] = {}
    for table in (NAMES, DOUBTFUL_NAMES):
        number = 0
        for word in table.split():
            if word[-1] == ":":
                number = int(word[:-1])
            else:
                numbers.setdefault(word, set()).add(number)
    assert {word: found for word, found in numbers.items() if len(found) > 1} == {}


def test_a_hundred_thousand_months_take_linear_time() -> None:
    small = least_s(lambda: find_months(["may", "5"] * 12_500))
    assert least_s(lambda: find_months(["may", "5"] * 50_000), 10 * small) <= 10 * small
