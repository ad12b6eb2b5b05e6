"""Bylines: people are told from agencies, houses, desks and accounts, in many languages; no text makes it raise."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.boilerplate.bylines import goes_on, names_role, opens_byline, read_bylines
from tasks.rule_table import Rule, read_rules

LEADS = read_rules("boilerplate", "byline_leads")
ROLES = read_rules("boilerplate", "roles")


@pytest.mark.parametrize(
    ("text", "people", "agency", "house"),
    [
        ("By Ida Brandt", ("Ida Brandt",), None, None),
        ("Von Ida Brandt und Jon Moe", ("Ida Brandt", "Jon Moe"), None, None),
        ("By IDA BRANDT, Associated Press", ("Ida Brandt",), "AP", None),
        ("By Euronews with AP", (), "AP", "Euronews"),
        ("Reuters", (), "Reuters", None),
        ("By Ludwig van Buren and Maria de la Cruz", ("Ludwig van Buren", "Maria de la Cruz"), None, None),
        ("Par Élodie Dupont avec AFP", ("Élodie Dupont",), "AFP", None),
        ("Автор: Мария Петрова", ("Мария Петрова",), None, None),
        ("By Ida Brandt ibrandt@example.org", ("Ida Brandt",), None, None),
        ("By Staff Reporter", (), None, None),
        ("Example News Desk", (), None, None),
        ("https://example.org/authors/9", (), None, None),
        ("admin", (), None, None),
        ("By the time the council met on Monday, the bridge had been closed for days", (), None, None),
        ("By Monday", (), None, None),
        ("Jane Roe and John Doe, Staff Writers", ("Jane Roe", "John Doe"), None, None),
        ("Words by Yusuf Karaca | Photographs by Lin Mei", ("Yusuf Karaca",), None, None),
        ("Text: Åsa Öberg\nFoto: Nils Ek", ("Åsa Öberg",), None, None),
        ("Updated by Tech Person on May 31, 2031", (), None, None),
        ("Reuters November 18, 2031", (), "Reuters", None),
        ("By MARA O’NEILL\nStaff Writer", ("Mara O’Neill",), None, None),
        ("D. J. Okonkwo III, PhD", ("D. J. Okonkwo III",), None, None),
        ("Fatima bint al-Rashid, Seán Ó Súilleabháin", ("Fatima bint al-Rashid", "Seán Ó Súilleabháin"), None, None),
        ("Von Klara von Hagen und Emil Stein, dpa", ("Klara von Hagen", "Emil Stein"), "dpa", None),
        ("red/dpa", (), "dpa", None),
        ("Geschrieben von Anneliese Groß", ("Anneliese Groß",), None, None),
        ("Door Pieter van den Berg", ("Pieter van den Berg",), None, None),
        ("Аутор: Милица Јовановић", ("Милица Јовановић",), None, None),
        ("记者 张伟 陈静", ("张伟", "陈静"), None, None),
        pytest.param(
            *("作者：王小明 责任编辑：李雷", ("王小明",), None, None),
            marks=pytest.mark.xfail(
                strict=True, reason="a second credit behind a blank, without a joint, is not parted"
            ),
        ),
        ("山田 花子 記者", ("山田 花子",), None, None),
        ("김하늘 기자 haneul@example.org", ("김하늘",), None, None),
        ("بقلم: سارة الحداد", ("سارة الحداد",), None, None),
        ("लेखक: प्रिया शर्मा", ("प्रिया शर्मा",), None, None),
        ("নিজস্ব প্রতিবেদক", (), None, None),
        ("Super User", (), None, None),
        ("Redacción / Agencias", (), None, None),
        ("Copy Link URL", (), None, None),
    ],
)
def test_bylines_name_people_only(text: str, people: tuple[str, ...], agency: str | None, house: str | None) -> None:
    credited = read_bylines([text])
    assert (credited.people, credited.agency, credited.house) == (people, agency, house)


@given(st.text(max_size=200))
def test_any_text_can_stand_where_a_byline_stands(text: str) -> None:
    assert all(person.strip() for person in read_bylines([text]).people)


def test_a_single_name_is_kept_apart() -> None:
    credited = read_bylines(["By Catherine"])
    assert (credited.people, credited.single_names) == ((), ("Catherine",))


def test_names_in_several_texts_are_named_once() -> None:
    assert read_bylines(["Ida Brandt", "By IDA BRANDT"]).people == ("Ida Brandt",)


@pytest.mark.parametrize("rule", LEADS, ids=lambda rule: rule.id)
def test_lead_opens_its_example_and_spares_its_counter_example(rule: Rule) -> None:
    lead = re.compile(rule.found, re.IGNORECASE)
    assert lead.match(rule.example), f"byline_leads/{rule.id} must match {rule.example!r}"
    assert not lead.match(rule.counter_example), f"byline_leads/{rule.id} must not match {rule.counter_example!r}"
    assert opens_byline(rule.example) == (rule.meaning == "author")


@pytest.mark.parametrize("rule", ROLES, ids=lambda rule: rule.id)
def test_role_is_found_in_its_example_and_not_in_its_counter_example(rule: Rule) -> None:
    role = re.compile(rule.found)
    assert role.search(rule.example.casefold()), f"roles/{rule.id} must match {rule.example!r}"
    assert not role.search(rule.counter_example.casefold()), f"roles/{rule.id} must spare {rule.counter_example!r}"
    assert not names_role(rule.counter_example), f"{rule.counter_example!r} is a person and must have no role"


@pytest.mark.parametrize(
    ("tail", "expected"), [(" and Jon Moe", True), (", Jon Moe", True), (" went", False), ("", False)]
)
def test_a_list_of_names_goes_on_after_an_element(tail: str, *, expected: bool) -> None:
    assert goes_on(tail) is expected
