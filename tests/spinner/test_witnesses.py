"""Sentences of other copies: they turn suggestions into edits, or keep a word from being repaired."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.spinner import witnesses as room
from tasks.spinner.lexicon import find_matches
from tasks.spinner.repair import repair_document
from tasks.spinner.tokens import tokenize
from tasks.stories.records import Witness
from tests.spinner.spun_texts import in_carrier

# A row of grade `?` in family C makes country of nation; `auto` becomes car without a witness.
SENTENCE = "The whole nation has many goats."
REPAIRED = "The whole country has many goats."


def ask(text: str, *sentences: str) -> room.Testimony | str:
    """Return the testimony on the first C row in `text` about `nation`."""
    tokens = tokenize(text)
    match = next(match for match in find_matches(tokens) if match.pattern.rule == "c-nation")
    return room.WitnessIndex([Witness(f"id{number}", sentence) for number, sentence in enumerate(sentences)]).ask(
        tokens, match
    )


def test_witness_between_the_same_neighbours_speaks_for_the_repair() -> None:
    assert ask(SENTENCE, "Rain fell.", REPAIRED) == "id1"


def test_one_neighbour_before_and_two_after_are_enough() -> None:
    assert ask(SENTENCE, "Our whole country has many.") == "id0"


def test_other_neighbours_say_nothing() -> None:
    assert ask(SENTENCE, "A country may have goats.") is room.Testimony.SILENT
    assert ask(SENTENCE) is room.Testimony.SILENT


def test_spun_looking_word_in_another_copy_speaks_against() -> None:
    assert ask(SENTENCE, SENTENCE) is room.Testimony.AGAINST


def test_original_outweighs_the_spun_word() -> None:
    assert ask(SENTENCE, SENTENCE, REPAIRED) == "id1"


def test_suggestion_becomes_an_edit_that_names_its_witness() -> None:
    text, start = in_carrier(SENTENCE, "C")
    without = repair_document(text)
    assert [edit.rule for edit in without.suggestions if edit.start > start] == ["spinner/c-whole", "spinner/c-nation"]
    result = repair_document(text, [Witness("b7", REPAIRED)])
    assert result.text.endswith(REPAIRED)
    (edit,) = [edit for edit in result.edits if edit.start > start]
    assert edit.after == "country"
    assert edit.confidence == 0.99
    assert "b7" in edit.evidence


def test_witness_keeps_a_word_that_was_never_spun() -> None:
    text, start = in_carrier("They said the auto was parked here.", "C")
    assert repair_document(text).text.endswith("the car was parked here.")
    kept = repair_document(text, [Witness("b7", "They said the auto was parked here.")])
    assert [edit for edit in (*kept.edits, *kept.suggestions) if edit.start > start] == []


def test_witness_does_not_gate_a_clean_text() -> None:
    assert repair_document(SENTENCE, [Witness("b7", REPAIRED)]).edits == ()


WITNESSES = st.lists(
    st.builds(Witness, st.sampled_from(["a1", "b7", "c9"]), st.sampled_from([SENTENCE, REPAIRED, "Rain fell.", ""])),
    max_size=6,
)


@settings(max_examples=50, deadline=None)  # each example repairs two whole texts
@given(witnesses=WITNESSES, data=st.data())
def test_order_of_witnesses_does_not_matter(witnesses: list[Witness], data: st.DataObject) -> None:
    text, _ = in_carrier(SENTENCE, "C")
    shuffled = data.draw(st.permutations(witnesses))
    assert repair_document(text, witnesses) == repair_document(text, shuffled)
