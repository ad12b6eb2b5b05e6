"""Dates in the forms in which pages state them, and what is no date."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.boilerplate.dates import Locale, find_moment, month_of, read_address_date, read_moment
from tasks.boilerplate.line_rules import ROOM
from tasks.rule_table import Rule, read_rules


@pytest.mark.parametrize(
    ("text", "expected", "exact"),
    [
        ("2031-05-04", "2031-05-04T00:00:00+00:00", False),
        ("2031-05-04T10:00:00Z", "2031-05-04T10:00:00+00:00", True),
        ("2031-05-04T10:00:00.123+0200", "2031-05-04T08:00:00.123000+00:00", True),
        ("2031-05-04 10:00", "2031-05-04T10:00:00+00:00", False),
        ("20310504", "2031-05-04T00:00:00+00:00", False),
        ("Sun, 04 May 2031 10:00:00 GMT", "2031-05-04T10:00:00+00:00", True),
        ("4 May 2031", "2031-05-04T00:00:00+00:00", False),
        ("1935655200", "2031-05-04T10:00:00+00:00", True),
        ("1935655200000", "2031-05-04T10:00:00+00:00", True),
    ],
)
def test_fields_with_a_date_are_read_as_utc(text: str, expected: str, *, exact: bool) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert (moment.instant.isoformat(), moment.is_exact) == (expected, exact)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0001-01-01T00:00:00Z", "1989-12-31", "2031-13-40", "9999-01-01", "04/05/2031", "x" * 500]
)
def test_what_is_no_date_or_out_of_bounds_is_none(text: str) -> None:
    assert read_moment(text) is None


@pytest.mark.parametrize(
    ("locale", "expected"),
    [(Locale("en", "us"), "2031-04-05"), (Locale("en", "gb"), "2031-05-04"), (Locale("de"), "2031-05-04")],
)
def test_figures_are_read_in_the_order_of_the_place(locale: Locale, expected: str) -> None:
    moment = read_moment("04/05/2031", locale)
    assert moment is not None
    assert moment.instant.date().isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "Updated 10:42 am, 4 May 2031",
        "Veröffentlicht am 4. Mai 2031, 10:42 Uhr",
        "Publié le 4 mai 2031 à 10h42",
        "Publicado el 4 de mayo de 2031 10:42",
        "Опубликовано 4 мая 2031, 10:42",
        "2031年5月4日 10:42",
        "2031년 5월 4일 10:42",
    ],
)
def test_dates_beside_a_byline_are_found_in_many_languages(text: str) -> None:
    moment = find_moment(text)
    assert moment is not None
    assert moment.instant.isoformat() == "2031-05-04T10:42:00+00:00"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/2031/05/04/snow", "2031-05-04"),
        ("https://example.org/news/2031-05-04/snow", "2031-05-04"),
        ("https://example.org/2031/may/04/snow", "2031-05-04"),
        ("https://example.org/item/20310", None),
        ("https://example.org/2031/13/40/snow", None),
        ("https://example.org/snow?day=2031/05/04", None),
        ("no address", None),
    ],
)
def test_dates_in_addresses(url: str, expected: str | None) -> None:
    moment = read_address_date(url)
    assert (moment.instant.date().isoformat() if moment else None) == expected


@pytest.mark.parametrize("rule", read_rules(ROOM, "months"), ids=lambda rule: rule.id)
def test_month_is_known_and_its_counter_example_is_spared(rule: Rule) -> None:
    assert month_of(rule.example) == int(rule.meaning)
    assert month_of(rule.counter_example) != int(rule.meaning)


@given(st.text(max_size=120))
def test_any_text_may_stand_where_a_date_stands(text: str) -> None:
    for moment in (read_moment(text), find_moment(text), read_address_date(f"https://example.org/{text}")):
        assert moment is None or 1990 <= moment.instant.year <= 2100
