"""Names and numbers: what is one, and when those of two texts agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.alignment import align
from tasks.stories.anchors import FEW_ANCHORS, do_anchors_agree, find_anchors
from tasks.stories.records import Story
from tasks.stories.sentences import split_sentences
from tasks.stories.shingles import hash_words, is_in
from tasks.stories.signatures import Signature, sign
from tests.cpu_time import least_s


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ("Police in Minsk held 774 people, Lukashenko said.", ["minsk", "774", "lukashenko"]),
        ("Lukashenko spoke.", []),  # what opens a sentence may be any word
        ("“Lukashenko spoke.”", []),  # also behind a quotation mark
        ("— Falk: Oskmark will stay.", ["oskmark"]),
        ("Voters waited. Tikhanovskaya left.", []),
        ("Voters waited; Tikhanovskaya left.", ["tikhanovskaya"]),
        ("They meet on Monday in March, the President said.", ["monday"]),  # common words with a capital are none
        ("There were 7 of them, then 42, then 2,400.", ["42", "400"]),  # one digit is no evidence
        ("In 2020 and in 1985.", ["2020", "1985"]),
        ("5Gmasts and iPhones in the B52bomber", ["5gmasts", "b52bomber"]),
        ("said Jean-Luc O’Brannigan", ["luc", "brannigan"]),
        ("вчера Тихановская уехала", ["тихановская"]),
        ("gestern in Warlau", ["warlau"]),
        ("قالت إيناس فالك إن 774 شخصا", ["774"]),  # no capital letters: numbers only
        ("周一在明斯克逮捕了 774 人", ["774"]),
        ("the E\u0301mileville tram", ["émileville"]),  # a capital and its accent apart
        ("a co\u00adoperative of snake_Case", []),
        ("", []),
    ],
)
def test_anchors(text: str, anchors: list[str]) -> None:
    found = find_anchors(split_sentences(text))
    assert found.tolist() == sorted(hash_words(anchors).tolist())


HARBOUR = [
    "The trams of Lenz run again to Oskmark from the market at 7.30 since the spring.",
    "Nearly 4,200 people came, said Ines Falkenrath of the Brandtholm works, to see the first one leave.",
]


@pytest.mark.parametrize(
    ("other", "agree"),
    [
        (HARBOUR, True),
        ([HARBOUR[0].replace("run", "travel"), HARBOUR[1].replace("people", "folk")], True),
        ([HARBOUR[0].replace("Lenz", "Tarnow"), HARBOUR[1]], True),  # one name of several
        (
            [
                HARBOUR[0].replace("Oskmark", "Varrowby").replace("Lenz", "Tarnow").replace("30", "45"),
                HARBOUR[1]
                .replace("4,200", "3,950")
                .replace("Ines Falkenrath", "Emil Quist")
                .replace("Brandtholm", "Dellin"),
            ],
            False,
        ),
        (["Nothing of this is in the other text, which tells of Minsk and 774 people."], True),  # nothing is aligned
    ],
)
def test_do_anchors_agree(other: list[str], agree: bool) -> None:
    one, two = sign(Story("a", "\n".join(HARBOUR))), sign(Story("b", "\n".join(other)))
    assert do_agree(one, two) is do_agree(two, one) is agree


def do_agree(one: Signature, other: Signature) -> bool:
    return do_anchors_agree(
        align(one.sentences, other.sentences), one.sentences, one.anchors, other.sentences, other.anchors
    )


def test_few_anchors_prove_nothing() -> None:
    frame = "The trams of {} run again from the market to the pier since the first days of the spring."
    one, other = (sign(Story("a", frame.format(names))) for names in ("Warlau", "Oskmark"))
    assert len(one.anchors) + len(other.anchors) < FEW_ANCHORS
    assert do_agree(one, other)
    one, other = (
        sign(Story("a", frame.format(names)))
        for names in ("Warlau and Dellin and Kestin", "Oskmark and Tarnow and Brunn")
    )
    assert len(one.anchors) + len(other.anchors) >= FEW_ANCHORS
    assert not do_agree(one, other)


@given(st.lists(st.text(max_size=40), max_size=5))
def test_anchors_are_words_of_any_text(sentences: list[str]) -> None:
    signature = sign(Story("a", "\n".join(sentences)))
    words = signature.profile.words if len(signature.fingerprints) else None
    anchors = find_anchors(sentences)
    assert sorted(set(anchors.tolist())) == anchors.tolist()
    assert words is None or is_in(signature.anchors, words).all()


@pytest.mark.parametrize("word", ["word", "Word", "WORD", "4", "Ä", "字", "́"])
def test_a_long_text_without_a_stop_takes_linear_time(word: str) -> None:
    short, long = ([f"{word} " * number] for number in (25_000, 100_000))
    small = least_s(lambda: find_anchors(short))
    assert least_s(lambda: find_anchors(long), 10 * small + 0.01) <= 10 * small + 0.01
