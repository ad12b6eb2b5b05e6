"""Clean text in 200 languages stays as it is: names of languages and countries, months and days, out of Unicode's CLDR.

The data come with Babel, which a library of the boilerplate room needs anyway. They are words and short phrases rather
than sentences, of many languages and scripts that the character model does not know: the hardest clean text for it,
since nothing but unknown words stand around each letter. A language is given as one document, a name a line.

Only rules of typography may change anything, and only what can't be seen or is one character in another form
(`no-break-space`, `zero-width`, `nfc`, ...): CLDR writes with fixed spaces and direction marks on purpose.
"""

from collections import Counter

import pytest

from tasks.mojibake.repair import repair_text

babel = pytest.importorskip("babel", reason="Babel brings the text")

UNSEEN = {"no-break-space", "zero-width", "soft-hyphen", "direction-mark", "control-character", "nfc"}
LEAST_LANGUAGES = 100


def documents() -> dict[str, str]:
    """Return the names of CLDR, a document for each language that has a hundred of them."""
    found = {}
    for code in babel.localedata.locale_identifiers():
        if "_" in code:
            continue  # a region or script of a language that is there already
        locale = babel.Locale.parse(code)
        names = [*locale.languages.values(), *locale.territories.values(), *locale.months["format"]["wide"].values()]
        own = [name for name in dict.fromkeys(names) if isinstance(name, str) and not name.isascii()]
        if len(names) >= 100:
            found[code] = "\n".join(own)
    return found


def test_no_letter_of_a_hundred_languages_changes() -> None:
    texts = documents()
    changed = {
        code: dict(rules)
        for code, text in texts.items()
        if (rules := Counter(edit.rule.removeprefix("mojibake/") for edit in repair_text(text, code).edits))
    }

    assert len(texts) >= LEAST_LANGUAGES
    assert {code: rules for code, rules in changed.items() if not rules.keys() <= UNSEEN} == {}
