"""How a text is cut, where sentences open, what is a headline and what a quotation."""

import pytest

from tasks.spinner.tokens import quotation_spans, tokenize

CUTS = {
    "The leader’s know-how.": ("the", "leader", "'s", "know", "-", "how", "."),
    "They're here": ("they", "'re", "here"),
    "don't": ("don", "'t"),
    "the goats' barn": ("the", "goats", "'", "barn"),
    "1.5 and 10,000": ("1.5", "and", "10,000"),
    "at 5.": ("at", "5", "."),
    "$3 – 4": ("$", "3", "–", "4"),
    "see https://a.example/b-c?d=e now": ("see", "https://a.example/b-c?d=e", "now"),
    "see www.a.example now": ("see", "www.a.example", "now"),
    "to a.b-c@d.example": ("to", "a.b-c@d.example"),
    "@goat #news": ("@goat", "#news"),
    "one\r\n\ntwo": ("one", "\r\n\n", "two"),
    "one\u2028two": ("one", "\u2028", "two"),
    "a\u00a0goat\tran": ("a", "goat", "ran"),
    "“Yes,” he said": ("“", "yes", ",", "”", "he", "said"),
    "naïve Ωmega": ("naïve", "ωmega"),
    "": (),
    " \t ": (),
}

# text, and its words that open a sentence
OPENINGS = [
    ("The goat ran. It jumped.", ["The", "It"]),
    ("“The goat ran,” he said.", ["The"]),
    ("He said: “Goats run.”", ["He", "Goats"]),
    ("Mr. Brandt ran.", ["Mr"]),
    ("The U.S. Navy ran.", ["The"]),
    ("J. Brandt ran.", ["J"]),
    ("It was 1999. Goats ran.", ["It", "Goats"]),
    ("Ran? No! Yes… Good", ["Ran", "No", "Yes", "Good"]),
    ("one\nTwo", ["one", "Two"]),
    ("- One goat", ["One"]),
    ("• One goat", ["One"]),
    ("(One goat)", ["One"]),
]

HEADLINES = {
    "Mayor Opens New Harbor Bridge": True,
    "Mayor Opens a New Bridge in the Harbor": True,
    "MAYOR OPENS NEW HARBOR BRIDGE": True,
    "The mayor opened a new bridge in Oslo": False,
    "Mayor Opens It": False,
    "Ida Brandt Went to Oslo With Karl Wied on Monday morning after rain": False,
}

QUOTATIONS = [
    ("He said “yes” and “no”.", ["“yes”", "“no”"]),
    ('He said "yes" and left.', ['"yes"']),
    ("He said «yes» and left.", ["«yes»"]),
    ("He said ‘yes’ and left.", ["‘yes’"]),
    ("It’s the goats’ barn", []),
    ("He said “yes\nand left”.", ["“yes"]),
    ('A 5" pipe\nand a 6" one', []),
]


@pytest.mark.parametrize("text", CUTS)
def test_cut(text: str) -> None:
    tokens = tokenize(text)
    assert tokens.lower == CUTS[text]
    assert len(tokens) == len(CUTS[text])
    assert tuple(text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)) == tokens.raw


@pytest.mark.parametrize(("text", "expected"), OPENINGS)
def test_opens_sentence(text: str, expected: list[str]) -> None:
    tokens = tokenize(text)
    words = [at for at, word in enumerate(tokens.raw) if word[0].isalnum()]
    assert [tokens.raw[at] for at in words if tokens.opens_sentence(at)] == expected


@pytest.mark.parametrize("line", HEADLINES)
def test_headline(line: str) -> None:
    tokens = tokenize(f"before it\n{line}\nand after it")
    assert tokens.is_in_headline(4) is HEADLINES[line]
    assert not tokens.is_in_headline(0)


@pytest.mark.parametrize(("text", "expected"), QUOTATIONS)
def test_quotations(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in quotation_spans(text)] == expected


def test_outside_of_the_text_is_a_break() -> None:
    tokens = tokenize("one")
    assert tokens.is_break(-1)
    assert tokens.is_break(1)
    assert not tokens.is_break(0)
    assert not tokens.is_capitalised(-1)
