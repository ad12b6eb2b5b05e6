"""The chain of encodings, the character model, the chooser and lost bytes, each by itself."""

import pytest

from tasks.mojibake.chain import MULTI_BYTE, SINGLE_BYTE, Chain, decode, encode
from tasks.mojibake.character_model import MODEL, character_model
from tasks.mojibake.chooser import choose, is_surprising, undo
from tasks.mojibake.lost_bytes import restored

EVERY_BYTE = bytes(range(256))
DANISH = ["Borgerne på øen får en ny færge.", "Rådet mødes næste år.", "Havnen får også nye både."]


@pytest.mark.parametrize("encoding", SINGLE_BYTE)
def test_no_byte_is_lost_on_the_way_to_text_and_back(encoding: str) -> None:
    text = decode(EVERY_BYTE, encoding)

    assert text is not None
    once = "".join(character for character in text if text.count(character) == 1)
    assert len(once) >= 250
    assert decode(encode(once, encoding) or b"", encoding) == once


@pytest.mark.parametrize("encoding", MULTI_BYTE)
def test_what_is_no_text_is_none(encoding: str) -> None:
    assert decode(b"\x81", encoding) is None
    assert encode("\U0001f642 \ue000", "cp1252") is None


def test_a_chain_undoes_words_that_came_that_way_and_leaves_the_rest() -> None:
    assert Chain("utf-8", "koi8-r").undone_by_words("мост п╬я│я┌ été") == "мост ост été"


@pytest.mark.parametrize(
    ("likely", "unlikely"),
    [
        ("færge", "fćrge"),
        ("by’s", "by▓s"),
        ("Мост", "лПЯР"),
        ("držaný", "dr¾aný"),
        ("橋の開通", "‹´‚ÌŠJ’Ê"),
        ("“ice”", "ÒiceÓ"),
    ],
)
def test_a_word_is_likelier_than_what_misreading_made_of_it(likely: str, unlikely: str) -> None:
    assert character_model().nats(likely) < character_model().nats(unlikely)


def test_the_model_is_small() -> None:
    assert MODEL.stat().st_size < 5_000_000


def test_the_lines_of_a_document_choose_one_chain() -> None:
    misread = [line.encode("cp1252").decode("cp1250") for line in DANISH]
    choice = choose(misread)

    assert choice is not None
    assert [undo(choice, line, line) for line in misread] == DANISH


@pytest.mark.parametrize(
    "text",
    [
        "Vana salasõna", "Mirëfilltësim dhe Autorizim", "Билгесез тип", "Cheñchet an niverenn", "ТЖ", "Těšće, zo byšće",
        "Таърих", "აღდგება ხიდი", "Fabergé et Condé", "𝒜 proof · 5 °C ± 2", "Weizsäcker", "ʻokina o Hawaiʻi",
    ],
)  # fmt: skip
def test_a_language_that_the_model_does_not_know_is_left_alone(text: str) -> None:
    assert choose([text]) is None


def test_a_sign_or_a_name_is_no_surprise_and_a_misread_line_is() -> None:
    assert not is_surprising("He paid 60,000₩ for Intuition® and 🏳️‍🌈 flags, Condé said – ‘fine’ … 5 °C.")
    assert is_surprising("Borgerne pĺ řen fĺr en ny fćrge.")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("MosteckÃ½ ÃºÅad je otevÅenÃ½", "Mostecký úřad je otevřený"),
        ("TakoÄ'er Ä‡e se most otvoriti.", "Također će se most otvoriti."),
        ("The Ã file of Ã and Ã.", None),
        ("plain", None),
    ],
)
def test_lost_bytes_are_put_back_where_the_word_tells(line: str, expected: str | None) -> None:
    assert restored(line) == expected
