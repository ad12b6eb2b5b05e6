"""Texts that look like boilerplate and are none, alone and in the frame of a page; and boilerplate of many scripts."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tasks.boilerplate.line_doubts import DOUBTFUL_RULES, FIGURE_RULES, NUMBER_RULES, TITLE_LIKE_RULES, drop_doubts
from tasks.boilerplate.line_rules import ROOM, TABLES, Verdict
from tasks.boilerplate.line_shape import shape_lines, shape_of
from tasks.boilerplate.line_structures import add_structures, judge_structures
from tasks.boilerplate.plain_text import label_lines
from tasks.rule_table import read_rules

CASES = Path(__file__).parents[1] / "cases" / "boilerplate"
PROSE = "The old bridge over the river was closed to all traffic on Monday, and the ferry was full."
TOP = ["Skip to content", "Home", "News", "Region", "Culture", "Travel", "Motoring", "Recipes", "Log in", "Subscribe",
       "Search", "Menu", "Facebook", "Twitter"]  # fmt: skip
END = ["Share this article", "Facebook", "Twitter", "Print", "Most read", "Five walks for a Sunday",
       "A farm shop opens", "Snow on the pass", "Contact", "Privacy policy", "Cookie settings",
       "© 2031 Valley Post. All rights reserved."]  # fmt: skip
SHARE = Verdict("share-bar", "lines/share-bar-en", 0.9)
NUMBER = Verdict("ui", "lines/bare-number", 0.9)
TIME = Verdict("timestamp", "lines/time-ago", 0.9)


@dataclass(frozen=True)
class Hard:
    """A text of which nothing may be lost. `lost_in_frame` are the lines that a page's frame takes with it today."""

    label: str
    lines: list[str]
    lost_in_frame: list[str]


HARD = [
    Hard(row["label"], row["lines"], row["lost_in_frame"])
    for row in map(json.loads, (CASES / "lines_hard.jsonl").read_text("utf-8").splitlines())
]


@pytest.mark.parametrize("hard", HARD, ids=lambda hard: hard.label)
def test_nothing_of_a_hard_text_is_lost(hard: Hard) -> None:
    assert [line.text for line in label_lines("\n".join(hard.lines)) if not line.keep] == []


@pytest.mark.parametrize("hard", HARD, ids=lambda hard: hard.label)
def test_hard_text_in_the_frame_of_a_page(hard: Hard) -> None:
    labelled = label_lines("\n".join([*TOP, *hard.lines, *END]))
    body = labelled[len(TOP) + 1 : len(TOP) + len(hard.lines)]  # the title is not looked for in a page
    assert [line.text for line in body if not line.keep] == hard.lost_in_frame


def test_a_frame_takes_little_of_hard_texts() -> None:
    assert sum(len(hard.lost_in_frame) for hard in HARD) <= 0.03 * sum(len(hard.lines) for hard in HARD)


@pytest.mark.parametrize(
    "row", (CASES / "lines_world.jsonl").read_text("utf-8").splitlines(), ids=lambda row: row[11:40]
)
def test_boilerplate_of_the_world(row: str) -> None:
    lines = [tuple(line) for line in json.loads(row)["lines"]]
    assert [(line.text, line.label) for line in label_lines("\n".join(text for text, _ in lines))] == lines


STANDINGS = [f"{n} Rider {chr(64 + n)} {900 - 40 * n} {13 - n}" for n in range(1, 13)]


def kept_in_frame(lines: list[str]) -> list[str]:
    return [line.text for line in label_lines("\n".join([*TOP, *lines, *END])) if line.keep]


def test_a_table_can_be_the_body_of_a_page() -> None:
    note = "The first ten riders start in the final."
    assert kept_in_frame([*STANDINGS, note]) == [*STANDINGS, note]


def test_a_table_of_the_frame_does_not_cost_a_short_body() -> None:
    menu = ["Log in", "Subscribe", "Search", "Menu"]
    assert PROSE in kept_in_frame([*STANDINGS, *menu, *menu, PROSE])
    assert PROSE in kept_in_frame([PROSE, *menu, *menu, *STANDINGS])


def test_few_rows_are_no_body() -> None:
    menu = ["Log in", "Subscribe", "Search", "Menu"]
    assert kept_in_frame([*STANDINGS[:9], *menu, *menu, PROSE, PROSE]) == [PROSE, PROSE]


@pytest.mark.parametrize("rule", sorted(DOUBTFUL_RULES | FIGURE_RULES | NUMBER_RULES | TITLE_LIKE_RULES))
def test_doubts_are_about_rules_that_exist(rule: str) -> None:
    table, _, row = rule.partition("/")
    assert table in {table.name for table in TABLES}
    assert row in {rule.id for rule in read_rules(ROOM, table)}


@pytest.mark.parametrize(
    ("texts", "verdicts", "left"),
    [
        pytest.param([PROSE, "2 hours ago", PROSE], {1: TIME}, set(), id="between text"),
        pytest.param([PROSE, "2 hours ago", "Share", PROSE], {1: TIME, 2: SHARE}, {1, 2}, id="beside a share bar"),
        pytest.param([PROSE, "12", "Share", PROSE], {1: NUMBER, 2: SHARE}, {2}, id="a number on one side only"),
        pytest.param([PROSE, "Share", "12", "Share"], {1: SHARE, 2: NUMBER, 3: SHARE}, {1, 2, 3}, id="number inside"),
        pytest.param(["2 hours ago", PROSE, PROSE], {0: TIME}, {0}, id="above prose"),
        pytest.param([PROSE, PROSE, "2 hours ago"], {2: TIME}, {2}, id="below prose"),
        pytest.param(["2 hours ago", "A verse", "and one more"], {0: TIME}, set(), id="above verses"),
        pytest.param([PROSE, "2 hours ago"], {1: TIME}, set(), id="below one paragraph"),
        pytest.param([], {}, set(), id="no text"),
    ],
)
def test_doubts(texts: list[str], verdicts: dict[int, Verdict], left: set[int]) -> None:
    assert set(drop_doubts(shape_lines(texts), verdicts)) == left


def test_judged_structures_are_added_structures_without_doubts() -> None:
    lines = shape_lines([PROSE, "12", PROSE])
    assert add_structures(lines, {1: NUMBER}) == {1: NUMBER}
    assert judge_structures(lines, {1: NUMBER}) == {}


@pytest.mark.parametrize(
    ("text", "is_paragraph"),
    [
        ("สะพานเก่าข้ามแม่น้ำถูกปิดไม่ให้รถผ่านตั้งแต่วันจันทร์ หลังจากวิศวกรพบรอยร้าวในเสาสองต้นและขอให้หยุดการจราจรทันทีจนถึงฤดูใบไม้ผลิ", True),
        ("ปิดสะพานเก่า", False),
        ("A line of more than 110 letters that no stop of any kind ends may be a headline, however long it is", False),
        (PROSE, True),
    ],
)  # fmt: skip
def test_paragraphs_of_scripts_without_stops(text: str, is_paragraph: bool) -> None:
    assert shape_of(0, text).is_paragraph is is_paragraph
