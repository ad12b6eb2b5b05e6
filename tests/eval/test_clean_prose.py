"""Clean prose in 607 languages and 158 scripts stays as it is: passages out of gflanguages, which shows fonts with it.

Most are the Universal Declaration of Human Rights, its preamble and articles. A language is given as one document, as
it would be scraped, and line by line, as titles and bylines are; with its code where that has two letters, and without
a language otherwise, as the pipeline would know it. Measured with gflanguages 0.7.11: 755 texts, 684,020 characters.

What may change was looked at by eye. `DAMAGED` counts the edits to all lines of a text: it was written with marks
apart, or with characters that canonical composition takes apart (`nfc`), or has zero-width spaces where nothing could
break. `WRONG` is what we get wrong: it fails as expected until somebody mends it.
"""

from collections import Counter

import pytest
from _pytest.mark import ParameterSet
from gflanguages import LoadLanguages

from tasks.mojibake.repair import repair_text

PASSAGES = (
    *("styles", "tester", "poster_sm", "poster_md", "poster_lg"),
    *("specimen_48", "specimen_36", "specimen_32", "specimen_21", "specimen_16"),
)
DAMAGED = {
    "nfc": {
        "bax_Latn": 125, "ccp_Cakm": 1, "cu_Cyrl": 7, "ee_Latn": 3, "evn_Cyrl": 8, "fa_Arab": 2, "gaa_Latn": 2,
        "gld_Cyrl": 46, "hi_Deva": 9, "kab_Latn": 11, "kru_Deva": 11, "kyw_Beng": 1, "ln_Latn": 115, "mi_Latn": 54,
        "mos_Latn": 35, "my_Mymr": 8, "pa_Guru": 23, "taj_Tibt": 12, "trp_Beng": 5, "tzm_Latn": 31, "unr_Beng": 6,
        "unr_Deva": 11, "unx_Deva": 7, "vep_Latn": 3, "vi_Latn": 22,
    },
    "zero-width": {"orv_Cyrl": 1, "sa_Mong": 1},
}  # fmt: skip
WRONG = {
    "jv_Java": "Javanese script has no spaces: U+200B marks where its lines may break",
    "non_Runr": "the same in runes, whose words are parted by ᛬",
}
LEAST_CHARACTERS = 600_000


def read_texts() -> dict[str, list[str]]:
    """Return the lines of the passages of each language, each line once."""
    texts = {}
    for code, language in LoadLanguages().items():
        passages = [getattr(language.sample_text, name) for name in PASSAGES]
        lines = [line for passage in passages for line in passage.split("\n") if line]
        if lines:
            texts[code] = list(dict.fromkeys(lines))
    return texts


TEXTS = read_texts()


def marked(code: str) -> ParameterSet:
    marks = [pytest.mark.xfail(reason=WRONG[code], strict=True)] if code in WRONG else []
    return pytest.param(code, marks=marks)


def changes(text: str, code: str) -> Counter[str]:
    """Count the edits to a text by rule; without one it is the same object."""
    lang = code.partition("_")[0]
    repaired = repair_text(text, lang if len(lang) == 2 else None)
    assert (repaired.text is text) == (not repaired.edits)
    return Counter(edit.rule.removeprefix("mojibake/") for edit in repaired.edits)


@pytest.mark.parametrize("code", [marked(code) for code in sorted(TEXTS)])
def test_clean_prose_stays(code: str) -> None:
    lines = TEXTS[code]
    damage = {rule: counts[code] for rule, counts in DAMAGED.items() if code in counts}

    assert changes("\n".join(lines), code) == damage
    assert sum((changes(line, code) for line in lines), Counter()) == damage


def test_the_passages_are_as_many_as_they_were() -> None:
    n_characters = sum(len(line) for lines in TEXTS.values() for line in lines)

    assert len({code.partition("_")[0] for code in TEXTS}) >= 600
    assert n_characters >= LEAST_CHARACTERS
    assert {code for counts in DAMAGED.values() for code in counts} | WRONG.keys() <= TEXTS.keys()
