"""What an answer means, status by status; the same whether it came just now or was found in the archive."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.archive import RecordPlace
from tasks.fetch.ledger import LedgerEntry, UrlState
from tasks.fetch.records import Answer, CrawlOptions
from tasks.fetch.verdict import judge, too_early
from tasks.outcome import Dropped, DropReason

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
URL = "https://bote.example/a"
OPTIONS = CrawlOptions(max_attempts=3, retry_after_cap_s=60, max_redirects=2)
ENTRY = LedgerEntry(URL, "run-1")
ARCHIVED = replace(ENTRY, place=RecordPlace("00000001-x.warc.gz", 0, 9, "sha256:0"))


def answer(status: int, trouble: DropReason | None = None, **fields: str) -> Answer:
    found = Answer(URL, NOW, status=status, trouble=Dropped(trouble, "seen") if trouble else None)
    return replace(found, **fields)  # type: ignore[arg-type]  # names and values of text fields


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (200, UrlState.PAGE, None),
        (203, UrlState.PAGE, None),
        (204, UrlState.REJECTED, DropReason.EMPTY_BODY),
        (205, UrlState.REJECTED, DropReason.EMPTY_BODY),
        (206, UrlState.REJECTED, DropReason.HTTP_BAD_STATUS),
        (300, UrlState.REJECTED, DropReason.HTTP_BAD_STATUS),
        (301, UrlState.REJECTED, DropReason.REDIRECT_NO_LOCATION),
        (304, UrlState.REJECTED, DropReason.HTTP_BAD_STATUS),
        (305, UrlState.REJECTED, DropReason.HTTP_BAD_STATUS),
        (400, UrlState.REJECTED, DropReason.HTTP_BAD_STATUS),
        (403, UrlState.REJECTED, DropReason.HTTP_BAD_STATUS),
        (404, UrlState.REJECTED, DropReason.HTTP_GONE),
        (410, UrlState.REJECTED, DropReason.HTTP_GONE),
        (429, UrlState.WAITING, DropReason.THROTTLED),
        (451, UrlState.REJECTED, DropReason.HTTP_BAD_STATUS),
        (500, UrlState.WAITING, DropReason.HTTP_BAD_STATUS),
        (503, UrlState.WAITING, DropReason.THROTTLED),
        (999, UrlState.REJECTED, DropReason.HTTP_BAD_STATUS),
    ],
)
def test_statuses(status: int, state: UrlState, reason: DropReason | None) -> None:
    judged = judge(answer(status), ENTRY, OPTIONS)
    assert (judged.state, judged.reason, judged.attempts) == (state, reason, 1)


def test_unchanged_needs_something_that_is_archived() -> None:
    assert judge(answer(304), ARCHIVED, OPTIONS).state is UrlState.UNCHANGED


def test_trouble_comes_before_the_status() -> None:
    judged = judge(answer(200, DropReason.BOMB), ENTRY, OPTIONS)
    assert (judged.state, judged.reason, judged.detail) == (UrlState.REJECTED, DropReason.BOMB, "seen")


class TestTriesToCome:
    def test_they_end(self) -> None:
        entry, times = ENTRY, []
        for _ in range(3):
            entry = judge(answer(0, DropReason.CONN_RESET), entry, OPTIONS)
            times.append(entry.next_at)
        assert entry.state is UrlState.REJECTED
        assert entry.reason is DropReason.CONN_RESET
        assert "asked 3 times" in entry.detail
        assert times[0] is not None
        assert times[1] is not None
        assert NOW.timestamp() < times[0] < times[1]

    def test_a_wish_within_the_cap_is_kept_to(self) -> None:
        judged = judge(answer(503, retry_after="30"), ENTRY, OPTIONS)
        assert judged.state is UrlState.WAITING
        assert judged.next_at is not None
        assert judged.next_at >= NOW.timestamp() + 30

    def test_one_beyond_it_is_left_to_a_later_run(self) -> None:
        judged = judge(answer(503, retry_after="3600"), ENTRY, OPTIONS)
        assert judged.state is UrlState.REJECTED
        assert "not before 2026-11-25T13:00:00" in judged.detail
        again = replace(judged, state=UrlState.WAITING, attempts=0)
        assert too_early(again, NOW.timestamp() + 1000, OPTIONS) is not None
        assert too_early(again, NOW.timestamp() + 3599, OPTIONS) is None

    def test_what_will_not_pass_is_not_tried_again(self) -> None:
        for reason in (DropReason.SSRF_PRIVATE_IP, DropReason.TLS_CERT, DropReason.BOMB, DropReason.TYPE_UNWANTED):
            assert judge(answer(0, reason), ENTRY, OPTIONS).state is UrlState.REJECTED


class TestRedirects:
    @pytest.mark.parametrize(
        ("location", "target"),
        [
            ("/b", "https://bote.example/b"),
            ("b?x=1#part", "https://bote.example/b?x=1"),
            ("//other.example/", "https://other.example/"),
            ("http://bote.example/a", "http://bote.example/a"),
            ("/b?utm_source=x&id=3", "https://bote.example/b?id=3"),
            ("/a?utm_source=x", "https://bote.example/a?utm_source=x"),
        ],
    )
    def test_targets(self, location: str, target: str) -> None:
        judged = judge(answer(302, location=location), ENTRY, OPTIONS)
        assert (judged.state, judged.target) == (UrlState.REDIRECT, target)

    @pytest.mark.parametrize(
        ("location", "reason"),
        [
            ("", DropReason.REDIRECT_NO_LOCATION),
            ("#top", DropReason.REDIRECT_LOOP),
            ("/a", DropReason.REDIRECT_LOOP),
            ("file:///etc/passwd", DropReason.SCHEME_BLOCKED),
            ("http://127.0.0.1/", DropReason.SSRF_PRIVATE_IP),
            ("https://ada:secret@bote.example/", DropReason.URL_CREDENTIALS),
        ],
    )
    def test_that_are_refused(self, location: str, reason: DropReason) -> None:
        judged = judge(answer(302, location=location), ENTRY, OPTIONS)
        assert (judged.state, judged.reason) == (UrlState.REJECTED, reason)
        assert "secret" not in judged.detail

    def test_the_limit(self) -> None:
        judged = judge(answer(302, location="/b"), replace(ENTRY, hops=2), OPTIONS)
        assert judged.reason is DropReason.REDIRECT_LIMIT


@given(
    st.integers(0, 999),
    st.none() | st.sampled_from(DropReason),
    st.tuples(st.none() | st.text(max_size=30), st.none() | st.text(max_size=30)),
    st.integers(0, 5),
    st.sampled_from([ENTRY, ARCHIVED]),
)
def test_every_answer_leads_to_one_state(
    status: int,
    trouble: DropReason | None,
    said: tuple[str | None, str | None],
    attempts: int,
    asked: LedgerEntry,
) -> None:
    entry = replace(asked, attempts=attempts)
    found = replace(answer(status, trouble), location=said[0], retry_after=said[1])
    judged = judge(found, entry, OPTIONS)
    assert judged.attempts == attempts + 1
    assert (judged.state is UrlState.REDIRECT) == (judged.target is not None)
    assert (judged.reason is not None) == (judged.state in {UrlState.REJECTED, UrlState.WAITING})
    assert (judged.state is not UrlState.WAITING) or judged.attempts < OPTIONS.max_attempts
    assert judged == judge(found, entry, OPTIONS)
