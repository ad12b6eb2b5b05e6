"""The forms of words, form by form."""

import pytest

from tasks.spinner.inflection import IRREGULAR_VERBS, conjugate, pluralise
from tasks.spinner.notation import MARK_RE
from tests.spinner.spun_texts import CASES, all_rows

FORMS = [line.split("\t") for line in (CASES / "forms.tsv").read_text("utf-8").splitlines()[1:]]

PLURALS = {
    "agency": "agencies",
    "analysis": "analyses",
    "basis": "bases",
    "boss": "bosses",
    "box": "boxes",
    "branch": "branches",
    "child": "children",
    "crash": "crashes",
    "day": "days",
    "financial institution": "financial institutions",
    "house": "houses",
    "human being": "human beings",
    "life": "lives",
    "loan": "loans",
    "man": "men",
    "person": "people",
    "business woman": "business women",
    "series": "series",
    "third party": "third parties",
}


@pytest.mark.parametrize("forms", FORMS, ids=lambda forms: forms[0])
def test_verb(forms: list[str]) -> None:
    assert list(conjugate(forms[0])) == forms


@pytest.mark.parametrize("noun", PLURALS)
def test_noun(noun: str) -> None:
    assert pluralise(noun) == PLURALS[noun]


def test_verb_that_looks_regular_is_not_listed_as_irregular() -> None:
    """A form that the rules would give needs no line in the list."""
    assert [verb for verb, (past, participle) in IRREGULAR_VERBS.items() if past == participle == f"{verb}ed"] == []


def test_marked_words_end_their_phrase_or_stand_before_a_particle() -> None:
    """`/v` and `/n` follow the word they bend, so what stands before a mark is a word of letters."""
    marked = [
        word
        for _, rule in all_rows()
        for part in (rule.found, *rule.meaning.split("|"))
        for word in (part[: mark.start()].rsplit(" ", 1)[-1] for mark in MARK_RE.finditer(part))
    ]
    assert [word for word in marked if not word.replace("-", "").isalpha()] == []
