"""When a host may be asked again: the pace, the wishes of servers, and the breaker, on a simulated clock."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.fetch.politeness import (
    FAILURES,
    NOT_ASKED,
    PASSING,
    HostState,
    answered,
    asked,
    parse_retry_after,
    retry_delay_s,
)
from tasks.fetch.records import CrawlOptions
from tasks.outcome import DropReason

NOW = 1_795_000_000.0
MOMENT = datetime.fromtimestamp(NOW, UTC)
DAY_S = 86_400.0
OPTIONS = CrawlOptions()
FRESH = HostState()
ANSWERS = [None, DropReason.HTTP_GONE, DropReason.HTTP_BAD_STATUS, DropReason.PROTOCOL_ERROR, DropReason.BODY_TOO_BIG]
SECONDS = st.floats(0, DAY_S)
# What may happen to a host: how long after the last event, the outcome, and what it asked for.
EVENTS = st.lists(
    st.tuples(st.floats(0, 2 * DAY_S), st.sampled_from([None, *DropReason]), st.none() | SECONDS), max_size=30
)
CHOICES = st.builds(
    CrawlOptions,
    host_delay_s=st.floats(0, 600),
    crawl_delay_cap_s=st.floats(0, 600),
    retry_after_cap_s=st.floats(0, 3_600),
)


def after(
    events: list[tuple[float, DropReason | None, float | None]], options: CrawlOptions
) -> tuple[HostState, float]:
    state, now = FRESH, NOW
    for passed_s, trouble, retry_after_s in events:
        now += passed_s
        state = answered(asked(state, now, options), now, trouble, retry_after_s, options)
    return state, now


def failing(state: HostState, n: int, now: float = NOW) -> HostState:
    for _ in range(n):
        state = answered(state, now, DropReason.CONN_RESET, None, OPTIONS)
    return state


def begun_at(
    outcomes: list[tuple[DropReason | None, float | None]], options: CrawlOptions, state: HostState
) -> list[float]:
    """Return when each of the requests began, of a crawl that asks as soon as it may; an answer takes 50 ms."""
    now, moments = NOW, []
    for trouble, retry_after_s in outcomes:
        now += state.wait_s(now)
        moments.append(now)
        state = asked(state, now, options)
        now += 0.05
        state = answered(state, now, trouble, retry_after_s, options)
    return moments


def gaps(moments: list[float]) -> list[float]:
    return [round(later - earlier, 2) for earlier, later in pairwise(moments)]


class TestPace:
    def test_a_host_that_was_never_asked_may_be_asked(self) -> None:
        assert FRESH.wait_s(NOW) == 0
        assert FRESH.refusal(NOW, OPTIONS) is None

    def test_one_request_a_delay(self) -> None:
        assert gaps(begun_at([(None, None)] * 50, OPTIONS, FRESH)) == [1.0] * 49

    @pytest.mark.parametrize(
        ("crawl_delay_s", "gap_s"), [(None, 1.0), (0, 1.0), (0.5, 1.0), (10, 10.0), (30, 30.0), (3_500, 30.0)]
    )
    def test_a_crawl_delay_counts_up_to_its_cap(self, crawl_delay_s: float | None, gap_s: float) -> None:
        state = replace(FRESH, crawl_delay_s=crawl_delay_s)
        assert gaps(begun_at([(None, None)] * 3, OPTIONS, state)) == [gap_s] * 2

    def test_without_a_delay_there_is_none(self) -> None:
        options = CrawlOptions(host_delay_s=0)
        assert gaps(begun_at([(None, None)] * 3, options, FRESH)) == [0.05] * 2

    def test_throttling_doubles_the_delay_up_to_a_minute(self) -> None:
        found = gaps(begun_at([(DropReason.THROTTLED, None)] * 9, OPTIONS, FRESH))
        assert found == [2.05, 4.05, 8.05, 16.05, 32.05, 60.05, 60.05, 60.05]

    def test_throttling_slows_a_host_that_had_no_delay(self) -> None:
        options = CrawlOptions(host_delay_s=0)
        assert gaps(begun_at([(DropReason.THROTTLED, None)] * 3, options, FRESH)) == [2.05, 4.05]

    def test_throttling_makes_nobody_faster(self) -> None:
        options = CrawlOptions(host_delay_s=300)
        assert gaps(begun_at([(DropReason.THROTTLED, None)] * 3, options, FRESH)) == [300.05] * 2

    def test_ten_answers_in_a_row_halve_it_until_it_is_as_before(self) -> None:
        throttled = answered(FRESH, NOW, DropReason.THROTTLED, None, OPTIONS)
        throttled = answered(throttled, NOW, DropReason.THROTTLED, None, OPTIONS)
        moments = begun_at([(None, None)] * 60, OPTIONS, throttled)
        found = gaps(moments)
        assert found[0] == 4.0
        assert found[10] == 2.0
        assert found[25:] == [1.0] * 34
        assert found == sorted(found, reverse=True)


class TestRetryAfter:
    def test_it_holds_for_the_whole_host(self) -> None:
        state = answered(asked(FRESH, NOW, OPTIONS), NOW, DropReason.THROTTLED, 100.0, OPTIONS)
        assert state.refusal(NOW, OPTIONS) is None
        assert state.wait_s(NOW) == 100
        assert state.wait_s(NOW + 99.5) == 0.5
        assert state.wait_s(NOW + 100) == 0

    def test_what_a_run_can_not_wait_for_is_left_to_a_later_one(self) -> None:
        state = answered(asked(FRESH, NOW, OPTIONS), NOW, DropReason.THROTTLED, 3_600.0, OPTIONS)
        refusal = state.refusal(NOW + 1, OPTIONS)
        assert refusal is not None
        assert refusal.reason is DropReason.THROTTLED
        assert refusal.detail == "the host asked not to come before 2026-11-18T12:06:40+00:00"
        # Who is refused needs not wait for it: the answer is known at once.
        assert state.wait_s(NOW + 1) < 3
        assert state.refusal(NOW + 3_599, OPTIONS)
        assert state.refusal(NOW + 3_600, OPTIONS) is None

    def test_a_run_with_less_patience_refuses_too(self) -> None:
        state = answered(asked(FRESH, NOW, OPTIONS), NOW, DropReason.THROTTLED, 100.0, OPTIONS)
        assert state.refusal(NOW, CrawlOptions(retry_after_cap_s=10))

    def test_a_shorter_wish_does_not_undo_a_longer_one(self) -> None:
        state = answered(FRESH, NOW, DropReason.THROTTLED, 100.0, OPTIONS)
        assert answered(state, NOW + 1, DropReason.THROTTLED, 5.0, OPTIONS).wait_s(NOW + 1) == 99
        shut = answered(FRESH, NOW, DropReason.THROTTLED, 3_600.0, OPTIONS)
        assert answered(shut, NOW + 1, DropReason.THROTTLED, 600.0, OPTIONS).refusal(NOW + 3_599, OPTIONS)

    def test_a_wish_counts_although_the_clock_was_set_back(self) -> None:
        before = answered(FRESH, NOW + 1_000 * DAY_S, DropReason.THROTTLED, 100.0, OPTIONS)
        assert answered(before, NOW, DropReason.THROTTLED, 100.0, OPTIONS).wait_s(NOW) == 100
        before = answered(FRESH, NOW + 1_000 * DAY_S, DropReason.THROTTLED, 3_600.0, OPTIONS)
        assert answered(before, NOW, DropReason.THROTTLED, 3_600.0, OPTIONS).refusal(NOW, OPTIONS)

    @pytest.mark.parametrize("trouble", ANSWERS)
    def test_only_a_throttled_answer_asks(self, trouble: DropReason | None) -> None:
        assert answered(FRESH, NOW, trouble, 100.0, OPTIONS).wait_s(NOW) == 0


class TestBreaker:
    @pytest.mark.parametrize("trouble", sorted(FAILURES))
    def test_five_failures_in_a_row_kill(self, trouble: DropReason) -> None:
        state = FRESH
        for n in range(5):
            assert state.refusal(NOW + n, OPTIONS) is None
            state = answered(asked(state, NOW + n, OPTIONS), NOW + n, trouble, None, OPTIONS)
        refusal = state.refusal(NOW + 5, OPTIONS)
        assert refusal is not None
        assert refusal.reason is DropReason.HOST_DEAD
        assert refusal.detail == "5 failures in a row; left alone until 2026-11-18T11:16:44+00:00"

    @pytest.mark.parametrize("trouble", ANSWERS)
    def test_any_answer_begins_the_count_anew(self, trouble: DropReason | None) -> None:
        state = answered(failing(FRESH, 4), NOW, trouble, None, OPTIONS)
        assert failing(state, 4).refusal(NOW, OPTIONS) is None
        assert failing(state, 5).refusal(NOW, OPTIONS)

    @pytest.mark.parametrize("trouble", sorted(NOT_ASKED))
    def test_a_request_that_never_went_out_says_nothing(self, trouble: DropReason) -> None:
        assert answered(failing(FRESH, 4), NOW, trouble, None, OPTIONS) == failing(FRESH, 4)
        dead = failing(FRESH, 5)
        assert answered(dead, NOW, trouble, None, OPTIONS) == dead

    @pytest.mark.parametrize("trouble", [reason for reason in DropReason if reason not in FAILURES | NOT_ASKED])
    def test_no_page_kills_a_host(self, trouble: DropReason) -> None:
        state = FRESH
        for _ in range(20):
            state = answered(state, NOW, trouble, None, OPTIONS)
        assert state.dead_until == 0

    def test_after_ten_minutes_one_request_decides(self) -> None:
        dead = failing(FRESH, 5)
        assert dead.refusal(NOW + 599.9, OPTIONS)
        assert dead.refusal(NOW + 600, OPTIONS) is None
        worse = failing(dead, 1, NOW + 600)
        assert worse.refusal(NOW + 600 + 1_199, OPTIONS)
        assert worse.refusal(NOW + 600 + 1_200, OPTIONS) is None
        better = answered(dead, NOW + 600, DropReason.HTTP_GONE, None, OPTIONS)
        assert better.refusal(NOW + 600, OPTIONS) is None
        assert failing(better, 4, NOW + 600).refusal(NOW + 600, OPTIONS) is None

    def test_each_death_is_twice_as_long_up_to_a_day(self) -> None:
        state, now, deaths_s = failing(FRESH, 5), NOW, []
        for _ in range(40):
            deaths_s.append(state.dead_until - now)
            now = state.dead_until
            state = failing(state, 1, now)
        assert deaths_s[:8] == [600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 76_800]
        assert set(deaths_s[8:]) == {DAY_S}

    def test_requests_that_were_under_way_make_it_no_more_dead(self) -> None:
        assert failing(FRESH, 9).dead_until == failing(FRESH, 5).dead_until

    def test_an_answer_that_was_under_way_brings_it_back(self) -> None:
        assert answered(failing(FRESH, 5), NOW + 1, None, None, OPTIONS).refusal(NOW + 1, OPTIONS) is None

    def test_a_death_ends_with_the_first_answer(self) -> None:
        state = failing(FRESH, 5)
        for n in range(4):
            state = failing(state, 1, NOW + n * DAY_S)
        state = answered(state, NOW + 9 * DAY_S, None, None, OPTIONS)
        again = failing(state, 5, NOW + 9 * DAY_S)
        assert again.dead_until - (NOW + 9 * DAY_S) == 600


class TestParseRetryAfter:
    @pytest.mark.parametrize(
        ("value", "wanted_s"),
        [
            (None, None),
            ("", None),
            ("0", 0),
            ("1", 1),
            (" 120 ", 120),
            ("007", 7),
            ("1.5", 1.5),
            ("2.", 2),
            ("0." + "9" * 5_000, 1),
            ("86400", DAY_S),
            ("86401", DAY_S),
            ("9" * 400, DAY_S),
            ("9" * 100_000, DAY_S),
            ("0" * 400, 0),
            ("0" * 400 + "5", 5),
            ("-5", None),
            ("-0", None),
            ("+5", None),
            ("1e99", None),
            ("0x10", None),
            ("NaN", None),
            ("inf", None),
            ("Infinity", None),
            ("soon", None),
            ("٣", None),
            ("²", None),
            ("1 minute", None),
            ("120, 60", None),
            ("Wed, 18 Nov 2026 11:07:40 GMT", 60),
            ("Wednesday, 18-Nov-26 11:07:40 GMT", 60),
            ("Wed Nov 18 11:07:40 2026", 60),
            ("Wed, 18 Nov 2026 12:07:40 +0100", 60),
            ("Wed, 18 Nov 2026 11:07:40 -0000", 60),
            ("Wed, 18 Nov 2026 11:05:40 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sat, 01 Jan 0001 00:00:00 +2300", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", DAY_S),
            ("Fri, 31 Dec 9999 23:59:59 -2359", DAY_S),
            ("Fri, 31 Dec 99999 23:59:59 GMT", None),
            ("Fri, 31 Dec " + "9" * 20 + " 23:59:59 GMT", None),
            ("Wed, 32 Nov 2026 11:07:40 GMT", None),
            ("Wed, 18 Nov 2026 25:00:00 GMT", None),
            ("Wed, 18 Nov 2026 11:07:40 GMT" + " " * 100 + "x", None),
            (",", None),
            ("\0", None),
        ],
    )
    def test_it_asks_for_so_many_seconds(self, value: str | None, wanted_s: float | None) -> None:
        assert parse_retry_after(value, MOMENT) == wanted_s

    @given(
        st.text()
        | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{0,9} [A-Z+-]{1,4}[0-9]{0,8}")
    )
    def test_no_text_breaks_it(self, value: str) -> None:
        wanted_s = parse_retry_after(value, MOMENT)
        assert wanted_s is None or 0 <= wanted_s <= DAY_S

    @given(st.integers(0, 86_400), st.integers(-12, 14))
    def test_a_date_is_as_good_as_a_number(self, wanted_s: int, hours: int) -> None:
        date = (MOMENT + timedelta(seconds=wanted_s)).astimezone(timezone(timedelta(hours=hours)))
        assert parse_retry_after(format_datetime(date), MOMENT) == parse_retry_after(str(wanted_s), MOMENT) == wanted_s


class TestRetryDelay:
    def test_it_doubles_up_to_a_minute(self) -> None:
        assert [retry_delay_s(attempt, None) for attempt in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]

    @given(st.integers(-5, 10**400), st.none() | SECONDS)
    def test_it_is_never_less_than_the_server_asked_for(self, attempt: int, wanted_s: float | None) -> None:
        assert max(1.0, wanted_s or 0.0) <= retry_delay_s(attempt, wanted_s) <= max(60.0, wanted_s or 0.0)


def test_failures_of_a_host_may_pass_but_for_its_certificate() -> None:
    assert FAILURES.difference(PASSING) == {DropReason.TLS_CERT}
    assert not PASSING & NOT_ASKED


@given(EVENTS, CHOICES, st.floats(-10 * DAY_S, 10 * DAY_S))
def test_a_wait_has_an_end(
    events: list[tuple[float, DropReason | None, float | None]], options: CrawlOptions, later_s: float
) -> None:
    state, now = after(events, options)
    assert 0 <= state.wait_s(now + later_s) <= DAY_S
    assert state.wait_s(now + DAY_S) == 0
    assert state.refusal(now + DAY_S, options) is None
    # Nor does a clock that is set back by years forbid a host.
    assert state.wait_s(now - 1_000 * DAY_S) == 0
    assert state.refusal(now - 1_000 * DAY_S, options) is None


@given(EVENTS, CHOICES, SECONDS, SECONDS)
def test_time_only_makes_it_shorter(
    events: list[tuple[float, DropReason | None, float | None]], options: CrawlOptions, one_s: float, more_s: float
) -> None:
    state, now = after(events, options)
    assert state.wait_s(now + one_s) >= state.wait_s(now + one_s + more_s)
    if state.refusal(now + one_s, options) is None:
        assert state.refusal(now + one_s + more_s, options) is None


@given(EVENTS, CHOICES, SECONDS)
def test_a_greater_crawl_delay_makes_nobody_faster(
    events: list[tuple[float, DropReason | None, float | None]], options: CrawlOptions, delay_s: float
) -> None:
    state, now = after(events, options)
    slower = replace(state, crawl_delay_s=delay_s)
    assert (
        asked(slower, now, options).wait_s(now) >= asked(state, now, options).wait_s(now) >= options.host_delay_s - 1e-6
    )


@given(EVENTS, CHOICES, st.none() | SECONDS)
def test_it_survives_a_restart(
    events: list[tuple[float, DropReason | None, float | None]], options: CrawlOptions, delay_s: float | None
) -> None:
    state = replace(after(events, options)[0], crawl_delay_s=delay_s)
    assert HostState.from_json(state.to_json()) == state


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
@example("[" * 100_000)
@example("null")
@example('{"next_at": NaN}')
@example('{"next_at": Infinity}')
@example('{"dead_until": 1e308}')
@example('{"next_at": ' + "9" * 400 + "}")
@example('{"next_at": ' + "9" * 5_000 + "}")
@example('{"next_at": -1}')
@example('{"next_at": "1"}')
@example('{"next_at": null}')
@example('{"next_at": true}')
@example('{"failures": 1.5}')
@example('{"crawl_delay_s": []}')
@example('{"unknown": 1}')
def test_what_was_not_kept_by_us_is_a_fresh_state(text: str) -> None:
    assert HostState.from_json(text) == FRESH


@given(
    st.dictionaries(
        st.sampled_from(list(json.loads(FRESH.to_json()))), st.none() | st.integers() | st.floats() | st.text()
    )
)
def test_no_kept_state_forbids_a_host_for_ever(fields: dict[str, object]) -> None:
    state = HostState.from_json(json.dumps(fields))
    assert 0 <= state.wait_s(NOW) <= DAY_S
    state.refusal(NOW, OPTIONS)
    again = asked(answered(state, NOW, DropReason.THROTTLED, 5.0, OPTIONS), NOW, OPTIONS)
    assert math.isfinite(again.wait_s(NOW))
    dead = answered(state, NOW, DropReason.CONN_RESET, None, OPTIONS)
    assert dead.refusal(NOW + DAY_S + 1, OPTIONS) is None
