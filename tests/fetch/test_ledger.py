import contextlib
import resource
import sqlite3
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.fetch.archive import RecordPlace, Segment
from tasks.fetch.ledger import FILE, VERSION, Ledger, LedgerEntry, NewUrl, UrlState, with_record
from tasks.fetch.records import Answer
from tasks.outcome import Dropped, DropReason, Fatal, Retryable

A, B, C = (f"https://bote.example/{letter}" for letter in "abc")
NOON = datetime(2026, 11, 25, 12, 0, 0, 123456, UTC)
PLACE = RecordPlace("00000001-20261125T120000000000Z.warc.gz", 512, 9_000, "sha256:" + "0f" * 32)
HAD = {"place": PLACE, "etag": '"1"', "last_modified": "Wed, 25 Nov 2026 08:00:00 GMT", "fetched_at": NOON}


def new(*urls: str, is_source: bool = False, hops: int = 0) -> list[NewUrl]:
    return [NewUrl(url, is_source, hops) for url in urls]


def entry(ledger: Ledger, url: str) -> LedgerEntry:
    found = ledger.get(url)
    assert found is not None
    return found


def settled(ledger: Ledger, url: str, state: UrlState, **fields: object) -> LedgerEntry:
    ledger.settle([replace(entry(ledger, url), state=state, **fields)])  # type: ignore[arg-type]
    return entry(ledger, url)


# Addresses and runs


def test_a_new_address_waits_and_its_outcome_stays(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        assert ledger.is_empty()
        assert ledger.add(new(A, B, A), "run-1") == 2
        assert ledger.add(new(A), "run-1") == 0
        assert not ledger.is_empty()
        assert ledger.get(C) is None
        assert entry(ledger, A) == LedgerEntry(A, "run-1")
        page = replace(entry(ledger, A), state=UrlState.PAGE, attempts=2, next_at=1.5, **HAD)  # type: ignore[arg-type]
        ledger.settle([page])
    with Ledger(tmp_path) as ledger:
        assert entry(ledger, A) == page
        assert [one.url for one in ledger.waiting("run-1")] == [B]
        assert ledger.get_many([B, C, A, B]) == ledger.get_many([A, B])
        assert ledger.totals("run-1") == {"page": 1, "waiting": 1}
        assert (ledger.n_urls("run-1"), ledger.n_urls("run-2")) == (2, 0)


def test_in_a_new_run_a_row_waits_again_and_keeps_what_is_archived(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(new(A, is_source=True, hops=0), "run-1")
        settled(ledger, A, UrlState.REJECTED, reason=DropReason.THROTTLED, detail="429", attempts=3, next_at=9.5, **HAD)
        assert ledger.add(new(A, hops=2), "run-2") == 1
        assert entry(ledger, A) == LedgerEntry(A, "run-2", is_source=False, hops=2, next_at=9.5, **HAD)  # type: ignore[arg-type]
        assert (ledger.n_urls("run-1"), ledger.n_urls("run-2")) == (0, 1)


def test_in_its_own_run_a_row_stays_but_for_what_another_page_says_of_it(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(new(A, hops=3), "run-1")
        waiting = entry(ledger, A)
        ledger.add(new(A, is_source=True, hops=5), "run-1")
        ledger.add(new(A, hops=1), "run-1")
        assert (entry(ledger, A).is_source, entry(ledger, A).hops) == (True, 1)
        ledger.settle([replace(waiting, state=UrlState.REDIRECT, target=B)])
        assert entry(ledger, A) == LedgerEntry(A, "run-1", UrlState.REDIRECT, is_source=True, hops=1, target=B)
        ledger.add(new(A, hops=7), "run-1")
        assert entry(ledger, A).state is UrlState.REDIRECT


def test_addresses_wait_in_the_order_they_were_added_and_may_be_settled_meanwhile(tmp_path: Path) -> None:
    urls = [f"https://bote.example/{n * 7919 % 2500}" for n in range(2_500)]
    with Ledger(tmp_path) as ledger:
        ledger.add(new(*urls), "run-1")
        seen = []
        for waiting in ledger.waiting("run-1"):
            seen.append(waiting.url)
            if len(seen) % 50 == 1:
                ledger.settle([replace(waiting, state=UrlState.PAGE)])
        assert seen == urls
        assert len(ledger.get_many(urls)) == 2_500, "more than SQLite takes parameters"
        assert ledger.totals("run-1") == {"page": 50, "waiting": 2_450}
        assert len(list(ledger.of_state("run-1", UrlState.PAGE))) == 50


def test_rejects_are_counted_by_reason(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(new(A, B, C), "run-1")
        settled(ledger, A, UrlState.REJECTED, reason=DropReason.HTTP_GONE)
        settled(ledger, B, UrlState.REJECTED, reason=DropReason.HTTP_GONE)
        settled(ledger, C, UrlState.LISTING, reason=DropReason.LISTING_LIMIT)
        assert ledger.totals("run-1") == {"HTTP_GONE": 2, "listing": 1}


texts = st.text(st.characters() | st.sampled_from("\0\ud800\udcff\r\n'"), max_size=30)


@given(
    texts,
    st.none() | texts,
    st.none() | texts,
    st.none() | st.floats(0, 1e11),
    st.none() | st.datetimes(datetime(1990, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(DropReason),
)
@settings(max_examples=40, deadline=None)
def test_any_text_of_a_stranger_comes_back(  # noqa: PLR0913, PLR0917  (what an entry is made of)
    detail: str,
    etag: str | None,
    last_modified: str | None,
    next_at: float | None,
    fetched_at: datetime | None,
    reason: DropReason,
) -> None:
    with tempfile.TemporaryDirectory() as home, Ledger(Path(home)) as ledger:
        ledger.add(new(A), "run-1")
        sent = LedgerEntry(
            A,
            "run-1",
            UrlState.REJECTED,
            reason=reason,
            detail=detail,
            next_at=next_at,
            etag=etag,
            last_modified=last_modified,
            fetched_at=fetched_at,
        )
        ledger.settle([sent])
        assert entry(ledger, A) == sent


runs = st.sampled_from(["run-1", "run-2"])
steps = st.lists(
    st.tuples(st.just("add"), runs, st.lists(st.sampled_from([A, B, C]), max_size=3), st.booleans(), st.integers(0, 3))
    | st.tuples(st.just("settle"), runs, st.lists(st.sampled_from([A, B, C]), max_size=3, unique=True)),
    max_size=12,
)


@given(steps)
@settings(max_examples=50, deadline=None)
def test_every_address_has_one_row_and_one_state_whatever_the_order(steps: list[tuple[object, ...]]) -> None:
    model: dict[str, LedgerEntry] = {}
    with tempfile.TemporaryDirectory() as home, Ledger(Path(home)) as ledger:
        for kind, run, urls, *more in steps:
            assert isinstance(run, str)
            assert isinstance(urls, list)
            if kind == "add":
                is_source, hops = bool(more[0]), int(str(more[1]))
                n_new = ledger.add(new(*urls, is_source=is_source, hops=hops), run)
                assert n_new == sum(url not in model or model[url].run != run for url in set(urls))
                for url in urls:
                    old = model.get(url)
                    if old is None or old.run != run:
                        model[url] = LedgerEntry(url, run, is_source=is_source, hops=hops)
                    else:
                        model[url] = replace(old, is_source=old.is_source or is_source, hops=min(old.hops, hops))
            else:
                pages = [LedgerEntry(url, run, UrlState.PAGE) for url in urls]
                is_lawful = all(url in model and model[url].run == run for url in urls)
                with contextlib.nullcontext() if is_lawful else pytest.raises(LookupError):
                    ledger.settle(pages)
                model |= {url: replace(model[url], state=UrlState.PAGE) for url in urls if is_lawful}
        assert {one.url: one for one in ledger.get_many([A, B, C])} == model
        for run in ("run-1", "run-2"):
            assert sum(ledger.totals(run).values()) == ledger.n_urls(run) == sum(m.run == run for m in model.values())


# Transactions


def test_what_is_settled_together_is_settled_whole_or_not_at_all(tmp_path: Path) -> None:
    segment = Segment(PLACE.segment, 9_512, is_sealed=False)
    with Ledger(tmp_path) as ledger:
        ledger.add(new(A), "run-1")
        page = replace(entry(ledger, A), state=UrlState.PAGE)
        with pytest.raises(LookupError, match=f"{B} is not in run run-1"):
            ledger.settle([page, replace(page, url=B)], {"bote.example": "{}"}, [segment])
        with pytest.raises(LookupError, match="not in run run-0"):
            ledger.settle([replace(page, run="run-0")])
        assert entry(ledger, A).state is UrlState.WAITING
        assert (ledger.hosts(), ledger.segments()) == ({}, {})
        ledger.settle([page], {"bote.example": "{}", "b.example": "1"}, [segment])
        ledger.settle([], {"b.example": "2"}, [replace(segment, is_sealed=True)])
        assert ledger.hosts() == {"bote.example": "{}", "b.example": "2"}
        assert ledger.segments() == {segment.name: replace(segment, is_sealed=True)}


def test_a_state_that_says_too_little_is_refused(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(new(A), "run-1")
        for state in (UrlState.REJECTED, UrlState.REDIRECT):
            with pytest.raises(sqlite3.IntegrityError):
                settled(ledger, A, state)
        assert entry(ledger, A) == LedgerEntry(A, "run-1")


def test_others_read_what_was_settled_while_the_writer_is_at_work(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger, Ledger(tmp_path) as reader:
        ledger.add(new(A), "run-1")
        assert entry(reader, A).state is UrlState.WAITING
        settled(ledger, A, UrlState.PAGE)
        assert entry(reader, A).state is UrlState.PAGE


def test_what_is_settled_is_synced_before_the_call_returns(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        connection = ledger._connection  # noqa: SLF001  (pragmas are those of a connection)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


# Redirects and listings


def test_targets_that_a_killed_crawl_did_not_enter_are_added(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(new(C), "run-0")
        ledger.add(new(A, is_source=True, hops=2), "run-1")
        ledger.add(new(B, hops=5), "run-1")
        settled(ledger, A, UrlState.REDIRECT, target=C)
        settled(ledger, B, UrlState.REDIRECT, target=C)
        assert ledger.add_missing_targets("run-1") == 1
        assert entry(ledger, C) == LedgerEntry(C, "run-1", is_source=True, hops=3)
        settled(ledger, C, UrlState.PAGE)
        assert ledger.add_missing_targets("run-1") == 0
        assert entry(ledger, C).state is UrlState.PAGE


def test_a_listing_and_what_it_lists_are_entered_together(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(new(A, is_source=True), "run-1")
        ledger.add(new(C), "run-1")
        settled(ledger, C, UrlState.PAGE)
        listing = settled(ledger, A, UrlState.LISTING)
        assert list(ledger.unexpanded("run-1")) == [listing]
        children = [
            ("c", NewUrl(C, is_source=False, hops=0)),
            ("mailto:x\ud800", None),
            ("b", NewUrl(B, is_source=False, hops=0)),
            ("./b", NewUrl(B, is_source=False, hops=0)),
        ]
        waiting = ledger.expand(replace(listing, reason=DropReason.LISTING_LIMIT, detail="2 more"), children)
        assert waiting == [LedgerEntry(B, "run-1")], "the other one was asked already"
        assert ledger.children(A, "run-1") == ["c", "mailto:x\ud800", "b", "./b"]
        assert ledger.child_urls(A, "run-1") == [C, B, B]
        assert (entry(ledger, A).reason, entry(ledger, A).detail) == (DropReason.LISTING_LIMIT, "2 more")
        assert list(ledger.unexpanded("run-1")) == []


def test_a_listing_of_an_earlier_run_lists_nothing_until_it_is_entered_again(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(new(A), "run-1")
        ledger.expand(settled(ledger, A, UrlState.LISTING), [("b", new(B)[0]), ("c", new(C)[0])])
        ledger.add(new(A), "run-2")
        listing = settled(ledger, A, UrlState.LISTING)
        assert list(ledger.unexpanded("run-2")) == [listing]
        assert (ledger.children(A, "run-2"), ledger.child_urls(A, "run-2")) == ([], [])
        assert ledger.expand(listing, [("c", new(C)[0])]) == [LedgerEntry(C, "run-2")]
        assert ledger.children(A, "run-2") == ["c"]
        assert ledger.expand(listing, []) == []
        assert (ledger.children(A, "run-2"), list(ledger.unexpanded("run-2"))) == ([], [])


def test_a_listing_that_can_not_be_entered_leaves_no_children(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger, pytest.raises(LookupError):
        ledger.expand(LedgerEntry(A, "run-1", UrlState.LISTING), [("b", new(B)[0])])
    with Ledger(tmp_path) as ledger:
        assert ledger.is_empty()


# Files that are in the way


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(Fatal, match="newer unspun"), Ledger(tmp_path):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("CREATE TABLE urls (bookmark TEXT)")
    content = (tmp_path / FILE).read_bytes()
    with pytest.raises(Fatal, match="something else"), Ledger(tmp_path):
        pass
    assert (tmp_path / FILE).read_bytes() == content


def test_calls_that_overlap_are_a_defect_and_no_reason_to_move_a_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        segments = (Segment(PLACE.segment, ledger.add(new(A), "run-1"), is_sealed=False) for _ in range(1))
        with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
            ledger.settle([], segments=segments)
        assert ledger.is_empty()


def test_a_file_that_is_no_ledger_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all, but long enough to be one" * 100)
    with pytest.raises(Fatal, match="move it elsewhere"), Ledger(tmp_path):
        pass


def test_a_damaged_ledger_is_told_when_it_is_read(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add(new(*(f"https://bote.example/{n}" for n in range(2_000))), "run-1")
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with Ledger(tmp_path) as ledger, pytest.raises(Fatal, match="pages are fetched anew"):
        ledger.totals("run-1")


def test_a_folder_in_the_way_may_pass(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(Retryable, match="check the disk"), Ledger(tmp_path):
        pass


def test_a_full_disk_undoes_the_transaction(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    many = new(*(f"https://bote.example/{n}" for n in range(20_000)))
    with Ledger(tmp_path) as ledger:
        ledger.add(new(A), "run-1")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            with pytest.raises(Retryable, match="check the disk"):
                ledger.add(many, "run-1")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert ledger.totals("run-1") == {"waiting": 1}
        assert ledger.add(many, "run-1") == 20_000


def test_a_second_writer_waits_no_longer_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.fetch.ledger.BUSY_S", 0.05)
    with Ledger(tmp_path) as ledger, contextlib.closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retryable, match="locked"):
            ledger.add(new(A), "run-1")


def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="use it as a context"):
        Ledger(tmp_path).get(A)


# Which body is the latest

PAGE = Answer(A, datetime(2026, 11, 26, tzinfo=UTC), status=200, head=b"HTTP/1.1 200 OK\r\n\r\n", etag='"2"')
NEXT = RecordPlace("00000002-20261126T000000000000Z.warc.gz", 300, 700, "sha256:" + "1e" * 32)
BEFORE = LedgerEntry(A, "run-2", **HAD)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [UrlState.PAGE, UrlState.LISTING])
def test_a_new_body_takes_the_place_of_the_earlier_one(state: UrlState) -> None:
    judged = replace(BEFORE, state=state)
    assert with_record(judged, PAGE, NEXT, is_revisit=False) == replace(
        judged, place=NEXT, etag='"2"', last_modified=None, fetched_at=PAGE.asked_at
    )


def test_a_revisit_leaves_it_standing_and_brings_its_validators_up_to_date() -> None:
    same = with_record(replace(BEFORE, state=UrlState.PAGE), PAGE, NEXT, is_revisit=True)
    assert same == replace(BEFORE, state=UrlState.REPEATED, etag='"2"', last_modified=None)
    listing = with_record(replace(BEFORE, state=UrlState.LISTING), PAGE, NEXT, is_revisit=True)
    assert listing == replace(same, state=UrlState.LISTING)
    unchanged = replace(BEFORE, state=UrlState.UNCHANGED)
    assert with_record(unchanged, replace(PAGE, status=304), NEXT, is_revisit=True) == replace(unchanged, etag='"2"')
    bare = replace(PAGE, status=304, etag=None)
    assert with_record(unchanged, bare, NEXT, is_revisit=True) == unchanged


@pytest.mark.parametrize("status", [301, 304, 404, 503])
def test_any_other_answer_does_too(status: int) -> None:
    states = {301: UrlState.REDIRECT, 304: UrlState.UNCHANGED, 404: UrlState.REJECTED, 503: UrlState.WAITING}
    judged = replace(BEFORE, state=states[status], reason=DropReason.HTTP_GONE, target=B)
    assert with_record(judged, replace(PAGE, status=status), NEXT, is_revisit=False) == judged
    torn = replace(PAGE, trouble=Dropped(DropReason.BODY_TRUNCATED, "5 of 9 bytes"))
    assert with_record(replace(judged, state=UrlState.REJECTED), torn, NEXT, is_revisit=False).place == PLACE
