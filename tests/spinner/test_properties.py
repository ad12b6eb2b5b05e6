"""What holds for every text: no exception, reversible, a fixed point, and names and addresses left alone."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.edits import apply, revert
from tasks.spinner.lexicon import FAMILIES
from tasks.spinner.records import SpinnerResult
from tasks.spinner.repair import repair_document, repair_field
from tests.spinner.spun_texts import CARRIERS, all_rows, read_cases

ROWS = all_rows()
EXAMPLES = [rule.example for _, rule in ROWS]
SPARED = [rule.counter_example for _, rule in ROWS]
PHRASES = [re.sub(r"[()!~?<>|/]", " ", rule.found) for _, rule in ROWS]
SEPARATORS = st.sampled_from(["\n", " ", "\n\n", "\r\n", " “", "” ", '"', " - ", ". "])

# Repairing a spun text takes some milliseconds, on a busy machine many: no time limit for one example.
SPUN_SETTINGS = settings(max_examples=60, deadline=None)

# Sentences of rows in any order after a carrier: texts as spun as can be.
SPUN_TEXTS = st.builds(
    lambda family, sentences, separator: separator.join([CARRIERS[family], *sentences]),
    st.sampled_from(FAMILIES),
    st.lists(st.sampled_from(EXAMPLES + SPARED), max_size=12),
    SEPARATORS,
)

# Pieces of phrases, signs and anything else, with or without sense.
SCRAPS = st.lists(
    st.one_of(st.sampled_from(PHRASES), st.sampled_from(EXAMPLES), st.text(max_size=12), SEPARATORS), max_size=20
).map(" ".join)

CLEAN_TEXTS = [case["text"] for case in read_cases("negative")]

PROTECTED = [
    "https://costly.example/withinside?utilize=1#vitality",
    "www.vitality.example/canine",
    "utilize.vitality@costly.example",
    "@costly",
    "#withinside",
]
PROTECTED_RE = re.compile(r"https?://\S+|www\.\S+|[\w.]+@[\w.]+|[@#]\w+")


@settings(deadline=None)
@given(text=st.one_of(st.text(max_size=300), SCRAPS))
def test_no_text_raises_and_every_result_can_be_undone(text: str) -> None:
    result = repair_document(text)
    assert_sound(text, result)


@SPUN_SETTINGS
@given(text=SPUN_TEXTS)
def test_spun_text_can_be_undone(text: str) -> None:
    result = repair_document(text)
    assert result.edits != ()
    assert result.spin_family is not None
    assert_sound(text, result)


@SPUN_SETTINGS
@given(text=SPUN_TEXTS)
def test_repaired_text_is_a_fixed_point(text: str) -> None:
    repaired = repair_document(text).text
    again = repair_document(repaired)
    assert again.text is repaired
    assert again.edits == ()


@settings(deadline=None)
@given(text=st.one_of(st.sampled_from(CLEAN_TEXTS), st.sampled_from(SPARED)))
def test_clean_text_is_given_back_as_the_same_object(text: str) -> None:
    result = repair_document(text)
    assert result.text is text
    assert result.edits == ()


@SPUN_SETTINGS
@given(family=st.sampled_from(FAMILIES), parts=st.lists(st.sampled_from(PROTECTED + EXAMPLES), max_size=8))
def test_addresses_are_never_changed(family: str, parts: list[str]) -> None:
    text = "\n".join([CARRIERS[family], *parts])
    result = repair_document(text)
    assert PROTECTED_RE.findall(result.text) == PROTECTED_RE.findall(text)
    spans = [match.span() for match in PROTECTED_RE.finditer(text)]
    touched = [
        edit
        for edit in (*result.edits, *result.suggestions)
        for low, high in spans
        if low < edit.end and edit.start < high
    ]
    assert touched == []


@SPUN_SETTINGS
@given(family=st.sampled_from(FAMILIES), word=st.sampled_from(["Vitality", "Costly", "Native", "Withinside", "Canine"]))
def test_names_inside_a_sentence_are_never_changed(family: str, word: str) -> None:
    sentence = f"They saw the ship {word} in Oslo."
    result = repair_document(f"{CARRIERS[family]}\n{sentence}")
    assert result.text.endswith(f"\n{sentence}")


@settings(deadline=None)
@given(value=st.one_of(st.sampled_from(EXAMPLES), SCRAPS), family=st.sampled_from(FAMILIES))
def test_field_repair_is_reversible(value: str, family: str) -> None:
    edits = repair_field(value, family)
    assert revert(apply(value, edits), edits) == value


def assert_sound(text: str, result: SpinnerResult) -> None:
    """Edits replay and revert, suggestions fit the text and stand apart from the edits, and the score is a score."""
    assert apply(text, result.edits) == result.text
    assert revert(result.text, result.edits) == text
    assert 0.0 <= result.spin_score <= 1.0
    assert all(text[edit.start : edit.end] == edit.before for edit in result.suggestions)
    assert apply(text, sorted((*result.edits, *result.suggestions))) != text or not (result.edits or result.suggestions)
    assert all(edit.rule.startswith("spinner/") and edit.evidence for edit in (*result.edits, *result.suggestions))
    assert result.spin_family is not None or (result.text is text and result.edits == ())
