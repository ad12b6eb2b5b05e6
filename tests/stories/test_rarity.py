"""How rare words are, and in which languages that is known."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.rarity import (
    COMMON_ZIPF,
    LISTED_ZIPF,
    STEPS,
    UNLISTED_WEIGHT,
    is_of_known_language,
    look_up,
    row_keys,
)
from tasks.stories.rarity import _tables as tables
from tasks.stories.shingles import split_words


@pytest.mark.parametrize(
    ("word", "least", "most"),
    [
        ("the", 0, 0),
        ("said", 0, 0.3),
        ("und", 0, 0),
        ("было", 0, 0.4),
        ("president", 0.2, 0.6),
        ("monday", 0.7, 1.4),
        ("tram", 1.2, 1.6),
        ("lukashenko", UNLISTED_WEIGHT, UNLISTED_WEIGHT),
        ("tikhanovskaya", UNLISTED_WEIGHT, UNLISTED_WEIGHT),
        ("7", 0, 0),
        ("42", 1, 1),
        ("774", 1.5, 1.5),
        ("4200", 2.5, 2.5),
        ("123456789", 2.5, 2.5),
        ("2020", 1, 1),
        ("1999", 1, 1),
        ("2100", 2.5, 2.5),
        ("٧٧٤", 1.5, 1.5),  # Arabic digits
        ("4th", 0, UNLISTED_WEIGHT),
        ("港口今天", UNLISTED_WEIGHT, UNLISTED_WEIGHT),
        ("今天开", 0, 0),  # a window that a stop cut short
        ("でした。"[:3], 0, 0),
        ("ました", 0, 0),
        ("していまし"[:4], 0, 0),  # hiragana alone
    ],
)
def test_weights(word: str, least: float, most: float) -> None:
    (weight,) = look_up([word]).weights.tolist()
    assert least <= weight <= most


KNOWN = {
    "english": "The harbour council voted on Monday to reopen the old tram line after two years of repairs and delays.",
    "german": "Der Hafenrat hat am Montag beschlossen, die alte Straßenbahnlinie nach zwei Jahren wieder zu öffnen.",
    "french": "Le conseil du port a décidé lundi de rouvrir l'ancienne ligne de tramway après deux ans de travaux.",
    "russian": "Портовый совет в понедельник решил вновь открыть старую трамвайную линию после двух лет ремонта.",
    "arabic": "قرر مجلس الميناء يوم الاثنين إعادة فتح خط الترام القديم بعد عامين من أعمال الإصلاح.",
    "hindi": "नगर परिषद ने सोमवार को दो साल से बंद पुरानी ट्राम लाइन को फिर से खोलने का फैसला किया।",
    "chinese": "市议会周一投票决定重新开放关闭两年的旧电车线路。",
    "japanese": "港湾評議会は月曜日、二年間の改修工事を経て旧路面電車の路線を再開することを決めた。",
    "korean": "항만 의회는 월요일 이 년 동안의 보수 공사를 마친 옛 전차 노선을 다시 열기로 결정했다.",
    "thai": "สภาเมืองลงมติเมื่อวันจันทร์ให้เปิดเส้นทางรถรางสายเก่าอีกครั้ง",
    "numbers": "12 34 56",
    "nothing": "",
}
UNKNOWN = {
    "swahili": "Baraza la bandari liliamua Jumatatu kufungua tena njia ya zamani ya treni baada ya miaka miwili.",
    "welsh": "Mae cyngor y porthladd wedi penderfynu ddydd Llun ailagor yr hen lein dram ar ôl dwy flynedd o waith.",
    "made up": "Blorv snarkle quimby dorvalen trindle voxar pelluntig wozzle brimm.",
}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        *(pytest.param(text, True, id=language) for language, text in KNOWN.items()),
        *(pytest.param(text, False, id=language) for language, text in UNKNOWN.items()),
    ],
)
def test_known_languages(text: str, known: bool) -> None:
    counts = Counter(split_words(text))
    rarity = look_up(list(counts))
    assert is_of_known_language(rarity, np.fromiter(counts.values(), np.float32, len(counts))) is known


@given(st.lists(st.text(min_size=1, max_size=8), max_size=20))
def test_any_word_has_a_weight_of_its_own(words: list[str]) -> None:
    together = look_up(words)
    assert together.weights.dtype == np.float32
    assert ((together.weights >= 0) & (together.weights <= UNLISTED_WEIGHT)).all()
    assert together.weights.tolist() == [look_up([word]).weights[0] for word in words]


def test_the_file_is_sound() -> None:
    """Keys ascend, so that a word is found; weights are those of the words listed; each is in some language."""
    listed = tables()
    keys, weights, languages = listed["keys"], listed["weights"], listed["languages"]
    assert len(keys) == len(weights) == len(languages) > 100_000
    assert (np.diff(keys.astype(np.int64)) >= 0).all()
    assert 0 == weights.min() <= weights.max() <= (COMMON_ZIPF - LISTED_ZIPF) + 1 / STEPS
    assert (languages != 0).all()
    assert row_keys(["council"]).dtype == np.uint32
