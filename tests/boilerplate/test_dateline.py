"""Datelines in the forms of agencies around the world, and openings that are none."""

import pytest

from tasks.boilerplate.dateline import find_dateline, match_dateline


@pytest.mark.parametrize(
    ("paragraph", "dateline", "agency"),
    [
        ("OSLO (Reuters) – Snow fell.", "OSLO (Reuters)", "Reuters"),
        ("OSLO, Norway (AP) — Snow fell.", "OSLO, Norway (AP)", "AP"),
        ("Bergen (dpa) - Schnee fiel.", "Bergen (dpa)", "dpa"),
        ("BERGEN, 20 nov (AFP) - La neige.", "BERGEN, 20 nov (AFP)", "AFP"),
        ("OSLO, November 20. /TASS/. Snow fell.", "OSLO, November 20. /TASS/", "TASS"),
        ("OSLO (Northern Wire) – Snow fell.", "OSLO (Northern Wire)", "Northern Wire"),
        ("LONGYEARBYEN — Snow fell.", "LONGYEARBYEN", None),
        ("МОСКВА, 5 мая — РИА Новости. Мост закрыт.", "МОСКВА, 5 мая — РИА Новости.", "RIA Novosti"),
        ("Москва. 5 мая. ИНТЕРФАКС - Мост закрыт.", "Москва. 5 мая. ИНТЕРФАКС", "Interfax"),
        ("新华社北京5月5日电 旧桥封闭。", "新华社北京5月5日电", "Xinhua"),
        ("中新网北京5月5日电 （记者 王小明）旧桥封闭。", "中新网北京5月5日电", "China News Service"),
        ("(서울=연합뉴스) 김하늘 기자 = 낡은 다리가 폐쇄됐다.", "(서울=연합뉴스)", "Yonhap"),
        ("القاهرة (رويترز) - أُغلق الجسر.", "القاهرة (رويترز)", "Reuters"),
        ("नई दिल्ली (भाषा) पुल बंद है।", "नई दिल्ली (भाषा)", "PTI"),
        ("【ワシントン時事】橋が閉鎖された。", "【ワシントン時事】", "Jiji Press"),
        ("[東京　5日　ロイター] - 橋が閉鎖された。", "[東京　5日　ロイター]", "Reuters"),
        ("Madrid, 5 may (EFE).- El puente está cerrado.", "Madrid, 5 may (EFE)", "EFE"),
        ("HÀ NỘI (TTXVN) - Cầu đóng.", "HÀ NỘI (TTXVN)", "VNA"),
    ],
)
def test_datelines(paragraph: str, dateline: str, agency: str | None) -> None:
    found = match_dateline(paragraph)
    assert found is not None
    assert (found.text, found.agency) == (dateline, agency)
    assert paragraph.startswith(found.prefix)


@pytest.mark.parametrize(
    "paragraph",
    [
        "Smith (Labour) – who else – voted against it.",
        "SMITH (Labour) – who else – voted against it.",
        "WHO (World Health Organization) – The agency met.",
        "Bergen (Northern Wire) – Snow fell.",
        "BREAKING — Snow fell.",
        "NATO — the alliance — met.",
        "He told the agency (AFP) - and only it - so.",
        "Snow fell on Monday.",
        "قال المدير (سابقا) - إن الجسر مغلق.",
        "राम शर्मा (अध्यक्ष) ने कहा कि पुल बंद है।",
        "【速報】橋が閉鎖された。",
        "(서울=본사) 낡은 다리가 폐쇄됐다.",
        "Москва. 5 мая. Погода - ветер и снег.",
        "",
    ],
)
def test_what_is_no_dateline_stays(paragraph: str) -> None:
    assert match_dateline(paragraph) is None


def test_dateline_below_a_standfirst() -> None:
    found = find_dateline(["A night of snow.", "OSLO (AP) — Snow fell."])
    assert found is not None
    assert found.paragraph == 1
