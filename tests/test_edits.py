import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.edits import Edit, EditMismatchError, apply, carry_back, compose, revert
from tasks.outcome import StageName


@st.composite
def edits_on(draw: st.DrawFn, text: str, stage: str) -> list[Edit]:
    """Sorted edits of `text` without overlap: replacements, deletions, insertions, also several at one place."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [
        Edit(
            start, end, text[start:end], draw(st.text("xyz", max_size=3)), f"{stage}/r{start}", 0.5, f"{stage} evidence"
        )
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
    ]


@given(st.data())
def test_revert_undoes_apply(data: st.DataObject) -> None:
    text = data.draw(st.text())
    edits = data.draw(edits_on(text, "mojibake"))
    assert revert(apply(text, edits), edits) == text


@given(st.data())
def test_compose_is_one_after_the_other(data: st.DataObject) -> None:
    text = data.draw(st.text("abc", max_size=12))
    first = data.draw(edits_on(text, "mojibake"))
    middle = apply(text, first)
    second = data.draw(edits_on(middle, "spinner"))
    final = apply(middle, second)
    composed = compose(text, first, second)
    assert apply(text, composed) == final
    assert revert(final, composed) == text
    for edit in second:
        carried = carry_back(text, first, edit)
        assert text[carried.start : carried.end] == carried.before
        assert carried.stage is StageName.SPINNER


def test_edits_that_do_not_touch_keep_their_identity() -> None:
    text = "a â€“ mortgage"
    dash = Edit(2, 5, "â€“", "–", "mojibake/ftfy", 1.0, "utf-8 as windows-1252")
    loan = Edit(4, 12, "mortgage", "loan", "spinner/a-mortgage", 0.9)
    assert compose(text, [dash], [loan]) == [dash, Edit(6, 14, "mortgage", "loan", "spinner/a-mortgage", 0.9)]


def test_edits_that_touch_become_one_that_names_both() -> None:
    text = "the mort\u00adgage"
    hyphen = Edit(8, 9, "\u00ad", "", "mojibake/soft-hyphen", 0.99, "a soft hyphen")
    loan = Edit(4, 12, "mortgage", "loan", "spinner/a-mortgage", 0.9, "gated")
    (composed,) = compose(text, [hyphen], [loan])
    assert composed.before == "mort\u00adgage"
    assert composed.after == "loan"
    assert composed.rule == "mojibake/soft-hyphen + spinner/a-mortgage"
    assert composed.stage is StageName.SPINNER
    assert composed.confidence == 0.9
    assert composed.evidence == "a soft hyphen; gated"


@pytest.mark.parametrize(
    ("label", "text", "edits"),
    [
        ("another text", "the loan", [Edit(4, 8, "debt", "loan", "spinner/x")]),
        ("past the end", "the", [Edit(2, 9, "e", "x", "spinner/x")]),
        ("overlap", "abcdef", [Edit(0, 3, "abc", "x", "spinner/x"), Edit(2, 4, "cd", "y", "spinner/x")]),
        ("unsorted", "abcdef", [Edit(3, 4, "d", "x", "spinner/x"), Edit(0, 1, "a", "y", "spinner/x")]),
        ("length of before", "abc", [Edit(0, 5, "abc", "x", "spinner/x")]),
    ],
)
def test_edits_that_do_not_fit_are_refused(label: str, text: str, edits: list[Edit]) -> None:
    with pytest.raises(EditMismatchError):
        apply(text, edits)
    assert label


def test_touching_replacements_stay_two() -> None:
    first = [Edit(0, 1, "a", "x", "mojibake/one")]
    second = [Edit(1, 2, "b", "y", "spinner/two")]
    assert len(compose("ab", first, second)) == 2
