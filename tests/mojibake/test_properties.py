"""What holds for the repair of every text: reversible, idempotent, never raising, and quick."""

import pytest
from ftfy.badness import is_bad
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.edits import apply, revert
from tasks.mojibake.encoding import looks_suspicious, read_line
from tasks.mojibake.entities import decode_entities
from tasks.mojibake.repair import repair_text
from tasks.mojibake.spans import replaced_spans
from tests.cpu_time import least_s

# Random text hardly ever looks like mojibake, so it is mixed from what the rules look for.
CHARACTERS = "aé sÂÃâ€™“”‘’.,;&\n\r\t\xa0\xad\x81\x93\u200b\u200d\u200e\ufeff\ufffd$£€5«»Ðбвж×©क्👧"
STRETCHES = (
    "Ã© â€œ â€ â€™ Ð¼ вЂ™ в‚¬ &amp; amp; &#8217; &#38; &lt;p&gt; &#13; $_5 ._. .. ”\n;_said ,”\n\n;_x _‘de "
    "the_towns_‘x “_a _”b e\u0301 \u0301 A\u0303 \ud83d \ude42 the_"
)
PIECES = st.sampled_from([*CHARACTERS, *(stretch.replace("_", " ") for stretch in STRETCHES.split(" "))])
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text()
LANGS = st.sampled_from([None, "en", "fr", "de", "en-GB", "xx", ""])


@given(TEXTS, LANGS)
@settings(max_examples=600, deadline=None)
def test_edits_replay_revert_and_settle(text: str, lang: str | None) -> None:
    repaired = repair_text(text, lang)

    assert apply(text, repaired.edits) == repaired.text
    assert revert(repaired.text, repaired.edits) == text
    assert (repaired.text is text) == (not repaired.edits)
    assert all(edit.before != edit.after for edit in repaired.edits)
    assert 0.0 <= repaired.score <= 1.0
    again = repair_text(repaired.text, lang)
    assert again.text is repaired.text, again.edits


@given(
    st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x17F))
    | TEXTS
    | st.text(alphabet="вЂГўÂÃ œŒ€бД°·a")
)
@settings(max_examples=1000, deadline=None)
def test_the_guard_lets_pass_all_that_ftfy_finds_bad(text: str) -> None:
    assert looks_suspicious(text) or not any(is_bad(line) for line in text.split("\n"))


def test_the_guard_lets_pass_every_bad_pair() -> None:
    characters = [
        chr(code) for code in [*range(0x80, 0x180), *range(0x2C0, 0x2DE), *range(0x384, 0x492), *range(0x2000, 0x2600)]
    ]
    characters += ["\uf8ff", "\ufb01", "\ufb02", "\ufffd"]
    missed = [
        left + right
        for left in characters
        for right in " aé€™œ¬²“»°Ђ"
        if is_bad(left + right) and not looks_suspicious(left + right)
    ]

    assert missed == []


@given(TEXTS, TEXTS)
def test_spans_turn_one_text_into_the_other(before: str, after: str) -> None:
    spans = replaced_spans(before, after)
    pieces = list[str]()
    at = 0
    for span in spans:
        assert span.start >= at
        assert before[span.start : span.start + len(span.before)] == span.before != span.after
        pieces += (before[at : span.start], span.after)
        at = span.start + len(span.before)

    assert "".join([*pieces, before[at:]]) == after


@given(TEXTS)
def test_decoding_entities_settles_and_keeps_the_lines(text: str) -> None:
    for line in text.split("\n"):
        decoded = decode_entities(line)
        assert "\n" not in decoded
        assert decode_entities(decoded) == decoded


def test_a_pair_of_surrogates_becomes_its_character() -> None:
    assert read_line("fine \ud83d\ude42 day").line == "fine 🙂 day"


@pytest.mark.parametrize(
    "piece",
    [
        "\r",
        " the towns ‘a",
        "\u200e",
        "a\xad",
        "“a ”b ",
        "A. . ",
        "Ã© ",
        "â€™",
        "amp;",
        "&#38;",
        "e\u0301 ",
        ",”\n",
        "\xa0",
        "\ud800",
        "“",
        "“ ",
        "a\x81",
    ],
)
def test_time_grows_with_the_length_and_not_with_its_square(piece: str) -> None:
    short, long = ["&" + piece * (size // len(piece)) for size in (5_000, 40_000)]

    # Eight times the text; a quadratic rule takes 64 times the time. Short times are mostly noise.
    limit_s = max(0.5, 24 * least_s(lambda: repair_text(short, "en")))
    assert least_s(lambda: repair_text(long, "en"), limit_s) < limit_s
