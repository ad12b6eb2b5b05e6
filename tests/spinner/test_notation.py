"""How rows are read: forms, contexts, classes, and rows that are written wrongly."""

import pytest

from tasks.outcome import Fatal
from tasks.rule_table import Rule
from tasks.spinner.notation import Grade, Pattern, compile_rule
from tasks.spinner.tokens import tokenize

CLASSES = {"det": "the|a|each of the", "colour": "red|dark blue"}

# found, meaning, text, and what the phrase in it becomes (None: it is not found).
MATCHES = [
    ("historical past", "history", "a historical past of goats", "history"),
    ("historical past", "history", "a historical, past event", None),
    ("Historical past", "History", "Historical past", "History"),
    ("Invoice (Nye|Gates)", "Bill", "as Invoice Nye said", "Bill"),
    ("Invoice (Nye|Gates)", "Bill", "an invoice Nye sent", None),
    ("mortgage/n", "loan/n", "two mortgages", "loans"),
    ("mortgage/n", "loan/n", "one mortgage", "loan"),
    ("money shop/n", "bank/n", "two money shops", "banks"),
    ("perceive/v", "understand/v", "he perceives it", "understands"),
    ("perceive/v", "understand/v", "perceiving it", "understanding"),
    ("perceive/v", "understand/v", "was perceived", "understood"),
    ("take/v after", "follow/v", "she took after him", "followed"),
    ("turn/v", "become/v", "he turned red", "became"),
    ("turn/v", "become/v", "he has turned red", "become"),
    ("turn/v", "become/v", "they're turned", "become"),
    ("the usage of", "using", "by the usage of rope", "using"),
    ("(by) the usage of", "using", "by the usage of rope", "using"),
    ("(by) the usage of", "using", "for the usage of rope", None),
    ("(by) the usage of", "using", "the usage of rope", None),
    ("(each of) the", "this", "each of the", "this"),
    ("(in) (front) of", "from", "in front of", "from"),
    ("(in) (front) of", "from", "at front of", None),
    ("batch (one) (two)", "lot", "batch one two", "lot"),
    ("batch (one) (two)", "lot", "batch two one", None),
    ("batch (one) (!two)", "lot", "batch one three", "lot"),
    ("batch (one) (!two)", "lot", "batch one two", None),
    ("batch (!two) (three)", "lot", "batch three", "lot"),
    ("(!web|e) mail", "post", "the mail", "post"),
    ("(!web|e) mail", "post", "web mail", None),
    ("(!web|e) mail", "post", "mail", "post"),
    ("mail (<stop>)", "post", "the mail.", "post"),
    ("mail (<stop>)", "post", "the mail\nwas late", "post"),
    ("mail (<stop>)", "post", "the mail", "post"),
    ("mail (<stop>)", "post", "the mail is", None),
    ("mail (<stop>)", "post", "the mail-order", None),
    ("mail (!<stop>)", "post", "the mail is", "post"),
    ("mail (!<stop>)", "post", "the mail", None),
    ("mail (<year>)", "post", "mail 1999", "post"),
    ("mail (<year>)", "post", "mail 3999", None),
    ("mail (<number>)", "post", "mail 10,000", "post"),
    ("mail (<number>)", "post", "mail ten", None),
    ("mail (<name>)", "post", "mail Anna", "post"),
    ("mail (<name>)", "post", "mail anna", None),
    ("2 (<plural>)", "two", "2 goats", "two"),
    ("2 (<plural>)", "two", "2 women", "two"),
    ("2 (<plural>)", "two", "2 glass", None),
    ("2 (<plural>)", "two", "2 bus", None),
    ("(<det>) batch", "lot", "each of the batch", "lot"),
    ("(<det>) batch", "lot", "of batch", None),
    ("batch (<colour>|<year>)", "lot", "batch dark blue", "lot"),
    ("batch (<colour>|<year>)", "lot", "batch 2001", "lot"),
    ("batch (<colour>|<year>)", "lot", "batch dark", None),
    ("-year-vintage", "-year-old", "a 12-year-vintage boy", "-year-old"),
    ("goat's", "cow's", "the goat’s milk", "cow's"),
]

GRADES = [
    ("! one other", Grade.IMPOSSIBLE),
    ("one other", Grade.TELLING),
    ("~ one other", Grade.COMMON),
    ("? one other", Grade.SUGGESTION),
    ("! (for) one other (<stop>)", Grade.IMPOSSIBLE),
]

# found, meaning, and what the message must name
MISTAKES = [
    ("one (other", "another", "notation"),
    ("()", "another", "notation"),
    ("(for)", "another", "notation"),
    ("one (other) two", "another", "notation"),
    ("one (<nonsense>)", "another", "<nonsense>"),
    ("mortgage/n", "lend/v", "same mark"),
]


@pytest.mark.parametrize(("found", "meaning", "text", "expected"), MATCHES)
def test_pattern_in_text(found: str, meaning: str, text: str, expected: str | None) -> None:
    tokens = tokenize(text)
    hits = {
        pattern.replacement
        for pattern in read_row(found, meaning)
        for at in range(len(tokens))
        if pattern.matches(tokens, at)
    }
    assert hits == (set() if expected is None else {expected})


@pytest.mark.parametrize(("found", "grade"), GRADES)
def test_grade(found: str, grade: Grade) -> None:
    (pattern,) = read_row(found, "another")
    assert pattern.grade is grade
    assert pattern.words == ("one", "other")


def test_further_originals_are_kept_for_the_reader() -> None:
    (pattern,) = read_row("purpose", "reason | cause|aim")
    assert (pattern.replacement, pattern.others) == ("reason", ("cause", "aim"))


def test_rule_name_tells_family_and_row() -> None:
    (pattern,) = read_row("purpose", "reason")
    assert pattern.rule == "b-row"
    assert pattern.family == "B"


def test_contexts_are_ordered_outwards() -> None:
    (pattern,) = read_row("(far) (near) goat (next) (last)", "cow")
    assert [context.phrases for context in pattern.left] == [(("near",),), (("far",),)]
    assert [context.phrases for context in pattern.right] == [(("next",),), (("last",),)]


@pytest.mark.parametrize(("found", "meaning", "named"), MISTAKES)
def test_wrong_row_says_what_is_wrong(found: str, meaning: str, named: str) -> None:
    with pytest.raises(Fatal, match="spinner rule row") as caught:
        read_row(found, meaning)
    assert named in str(caught.value)


def read_row(found: str, meaning: str) -> list[Pattern]:
    rule = Rule("row", found, meaning, "an example", "a counter-example", "own", "2026-11-22")
    return list(compile_rule(rule, "B", CLASSES))
