"""What is taken off an address, when two addresses are one page, and what a page may say of itself."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tasks.fetch.canonical_url import canonical_of, clean_address, is_tracking, page_key
from tasks.fetch.url_guard import parse_address
from tasks.outcome import Unusable
from tasks.rule_table import Rule, read_rules
from tests.cpu_time import least_s

CASES = Path(__file__).parents[1] / "cases" / "fetch"
RULES = [pytest.param(rule, id=rule.id) for rule in read_rules("fetch", "tracking_parameters")]
# `found` is one regular expression of many: a capital or an anchor in it would never match, or match too much.
FOUND_RE = re.compile(r"[^A-Z^]+")


def rows(table: str) -> list[Any]:
    lines = (CASES / f"{table}.jsonl").read_text("utf-8").splitlines()
    return [pytest.param(row, id=row["label"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("row", rows("clean_addresses"))
def test_an_address_is_cleaned_as_the_table_says(row: dict[str, str]) -> None:
    assert clean_address(row["href"]) == row["clean"]
    assert clean_address(row["clean"]) == row["clean"]


@pytest.mark.parametrize("row", rows("page_keys"))
def test_two_addresses_are_one_page_or_two_as_the_table_says(row: dict[str, Any]) -> None:
    assert (page_key(row["one"]) == page_key(row["other"])) is row["same"], (
        page_key(row["one"]),
        page_key(row["other"]),
    )


@pytest.mark.parametrize("row", rows("canonicals"))
def test_a_declared_address_is_believed_as_the_table_says(row: dict[str, str | None]) -> None:
    assert row["page"] is not None
    assert canonical_of(row["declared"], row["page"]) == row["canonical"]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_takes_its_example_off_alone(rule: Rule) -> None:
    place, _, query = rule.example.partition("?")
    assert clean_address(rule.example) == place
    names = [unquote(parameter.partition("=")[0]).lower() for parameter in query.split("&")]
    assert all(re.fullmatch(rule.found, name) for name in names), f"{rule.id}: another rule takes {names} off"


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_takes_a_counter_example_off(rule: Rule) -> None:
    assert clean_address(rule.counter_example) == rule.counter_example, f"{rule.id}: it selects what is shown"


@pytest.mark.parametrize("rule", RULES)
def test_addresses_of_a_rule_are_as_they_would_be_asked_for(rule: Rule) -> None:
    for href in (rule.example, rule.counter_example):
        assert parse_address(href).href == href
    assert FOUND_RE.fullmatch(rule.found), f"{rule.id}: names are matched whole and in lower case"


SELECTING = """
    ref source src id cid aid nid pid p page q s t v m w lang language cmp spm from share type view output format year
    date month category cat tag topic story article item print mobile amp outputtype sort start offset campaign medium
    content term keyword channel partner client session sid token key sig signature utm gl mc fb ga at pk elqid smid
    ocid ncid icid cmpid mbid c_id feature si hl gclient yclients referrer
""".split()  # fmt: skip


@pytest.mark.parametrize("name", SELECTING)
def test_a_parameter_that_may_select_the_page_stays(name: str) -> None:
    assert clean_address(f"https://bote.example.org/a?{name}=1") == f"https://bote.example.org/a?{name}=1"


query_names = st.sampled_from(["id", "utm_source", "fbclid", "a", "ref", "UTM_Medium", "utm%5Fterm", "amp;utm_id", ""])
values = st.text(st.sampled_from("ab1%/?:@=;+,-._~é\\[]'\" "), max_size=6)
parameters = st.lists(st.builds("{}={}".format, query_names, values), max_size=6).map("&".join)
paths = st.lists(
    st.sampled_from(["a", "B", "", "..", "index.html", "%7E", "%c3%a9", "é", "b c", "amp"]), max_size=4
).map("/".join)
addresses = st.builds(
    "{}://{}/{}{}{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["bote.example.org", "www.bote.example.org", "[2606:4700::1]", "bote.example.org:8080", "1.1.1.1"]),
    paths,
    st.sampled_from(["", "?"]),
    parameters,
    st.sampled_from(["", "#", "#top?utm_source=a"]),
)


def href_of(text: str) -> str:
    """Return `text` as it would be asked for; skip what would not be."""
    try:
        return parse_address(text).href
    except Unusable:
        assume(False)  # noqa: FBT003  (Hypothesis' own way to say so)
        raise


@given(addresses)
@example("https://bote.example.org/?&utm_source=a&")
def test_a_clean_address_is_the_same_place_with_a_part_of_the_query(text: str) -> None:
    href = href_of(text)
    clean = clean_address(href)
    assert clean_address(clean) == clean
    assert parse_address(clean).href == clean
    assert parse_address(clean).origin == parse_address(href).origin
    place, _, query = href.partition("?")
    kept = clean.partition("?")[2].split("&")
    given_parameters = iter(query.split("&"))
    assert clean.partition("?")[0] == place
    assert all(parameter in given_parameters for parameter in kept if parameter), "reordered, or changed"
    assert clean != f"{place}?"


@given(addresses)
def test_a_clean_address_is_kept_whole_where_nothing_tracks(text: str) -> None:
    href = href_of(text)
    if not any(is_tracking(parameter) for parameter in href.partition("?")[2].split("&")):
        place, _, query = href.partition("?")
        assert clean_address(href) == (href if query else place)


@given(addresses)
def test_a_page_has_one_key_before_and_after_cleaning_and_by_either_scheme(text: str) -> None:
    href = href_of(text)
    key = page_key(href)
    assert page_key(clean_address(href)) == key
    other = "http" if href.startswith("https") else "https"
    assert page_key(other + "://" + href.partition("://")[2]) == key
    assert not key.startswith(("http:", "https:", "www."))


@pytest.mark.parametrize("repeated", ["/", "amp;", "a=1&", "&", "%7E", "index.html/", "?", "#", ".", "www.", "utm_"])
def test_time_grows_with_the_length_of_an_address_and_not_with_its_square(repeated: str) -> None:
    """100,000 characters take 0.05 s at most; slashes taken off by an expression took 20 s and more."""
    starts = ("https://", "https://bote.example.org/", "https://bote.example.org/?")
    addresses = [start + repeated * (100_000 // len(repeated)) + "b" for start in starts]
    assert least_s(lambda: [page_key(address) for address in addresses], 2) < 2


@given(st.text(), st.text())
def test_any_text_has_a_clean_form_and_a_key(text: str, declared: str) -> None:
    assert len(clean_address(text)) <= len(text)
    assert isinstance(page_key(text), str)
    if (canonical := canonical_of(declared, text)) is not None:
        assert parse_address(canonical, allow_private=True).href == canonical


@given(st.one_of(addresses, st.text(), st.text().map("https://bote.example.org/{}".format)), addresses)
def test_a_canonical_address_may_be_asked_and_is_clean(declared: str, page: str) -> None:
    canonical = canonical_of(declared, page)
    if canonical is not None:
        assert parse_address(canonical).href == canonical == clean_address(canonical)
