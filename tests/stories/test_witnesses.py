"""Witnesses: what other articles say in the place of changed words; names and numbers are never among them."""

import random
from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stories.records import Story, Witness
from tasks.stories.witnesses import MOST_WITNESSES, MOST_WORDS, find_witnesses, read_sentences

PLAIN = (
    "The council of Harwick will give the harbour line another loan of 4 million crowns in June. "
    "Many of the repairs were held up by a strike at the yard, the mayor said on Tuesday."
)


def story(article_id: str, text: str) -> Story:
    return Story(article_id, text)


def changes_of(suspect: str, *others: str) -> list[tuple[str, str]]:
    found = find_witnesses(story("suspect", suspect), [story(f"other-{n}", text) for n, text in enumerate(others)])
    return [(change.before, change.after) for witness in found for change in witness.changes]


@pytest.mark.parametrize(
    ("was", "became"),
    [
        ("loan", "mortgage"),
        ("another", "one other"),
        ("the repairs were", "the fixes had been"),
        ("held up", "delayed"),
        ("said", "stated"),
    ],
)
def test_words_changed_inside_a_sentence_are_found(was: str, became: str) -> None:
    assert PLAIN.count(was) == 1
    assert changes_of(PLAIN.replace(was, became), PLAIN) == [(became.removeprefix("the "), was.removeprefix("the "))]


@pytest.mark.parametrize(
    ("was", "became"),
    [
        ("4 million", "5 million"),
        ("Harwick", "Dunmore"),
        ("in June", "in Kesk"),
        ("The council", "A board of the council"),
        ("on Tuesday", "on Tuesday evening"),
    ],
    ids=["number", "name", "name-for-a-month", "beginning", "end"],
)
def test_names_numbers_and_the_ends_of_sentences_are_no_changes(was: str, became: str) -> None:
    assert changes_of(PLAIN.replace(was, became), PLAIN) == []


def test_the_same_words_say_nothing() -> None:
    assert find_witnesses(story("a", PLAIN), [story("b", PLAIN.upper().replace(",", ";"))]) == ()


def test_an_article_is_no_witness_for_itself() -> None:
    spun = PLAIN.replace("loan", "mortgage")
    assert find_witnesses(story("a", spun), [story("a", PLAIN)]) == ()


def test_strangers_are_no_witnesses() -> None:
    other = "Rain fell on the hills for the third day. Farmers drove their sheep to the higher fields."
    assert find_witnesses(story("a", PLAIN), [story("b", other)]) == ()


def test_long_differences_are_no_changes() -> None:
    longer = " ".join(f"word{n}" for n in range(MOST_WORDS + 1))
    assert changes_of(PLAIN.replace("held up", longer), PLAIN) == []


def test_a_sentence_has_so_many_witnesses_at_most_and_the_best_come_first() -> None:
    words = "loan grant credit sum bonus prize gift fund".split()
    others = [PLAIN.replace("loan", word) for word in words] + [PLAIN.replace("harbour line", "old quay company")]
    found = find_witnesses(story("a", PLAIN), [story(f"{n}", text) for n, text in enumerate(others)])
    assert len(found) == MOST_WITNESSES
    assert [one.agreement for one in found] == sorted((one.agreement for one in found), reverse=True)


def test_scripts_without_spaces_have_no_words_to_align() -> None:
    chinese = "市议会周二表示将在六月向港口线路提供另一笔四百万克朗的贷款。"
    assert changes_of(chinese.replace("贷款", "按揭"), chinese) == []


@pytest.mark.parametrize("others", list(permutations(["loan", "credit", "grant"])), ids="-".join)
def test_the_order_of_the_articles_does_not_matter(others: Sequence[str]) -> None:
    texts = {word: story(word, PLAIN.replace("loan", word)) for word in others}
    assert find_witnesses(story("a", PLAIN), list(texts.values())) == find_witnesses(
        story("a", PLAIN), [texts[word] for word in sorted(texts)]
    )


def check(suspect: Story, found: Sequence[Witness]) -> None:
    """Offsets are those of the suspect's text; changes lie in the sentence, one after the other."""
    for witness in found:
        assert 0 < witness.agreement <= 1
        at = witness.start
        for change in witness.changes:
            assert at <= change.start < change.end <= witness.end
            assert suspect.text[change.start : change.end] == change.before
            assert change.after in witness.text
            at = change.end


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_may_come(one: str, other: str) -> None:
    check(story("a", one), find_witnesses(story("a", one), [story("b", other)]))
    for sentence in read_sentences(one):
        assert one[sentence.start :].startswith(sentence.text)


@given(st.integers(0, 2**32), st.floats(0, 0.4))
def test_what_was_changed_can_be_changed_back(seed: int, share: float) -> None:
    """Of the words of a text some are replaced, one each: every change found names a word and the one it replaced."""
    dice = random.Random(seed)  # noqa: S311  (a sample, no secret)
    words = PLAIN.split(" ")
    spun = [
        f"z{n}z" if word.islower() and word.isalpha() and dice.random() < share else word
        for n, word in enumerate(words)
    ]
    suspect = story("a", " ".join(spun))
    found = find_witnesses(suspect, [story("b", PLAIN)])
    check(suspect, found)
    original = dict(zip(spun, words, strict=True))
    for witness in found:
        for change in witness.changes:
            if len(change.before.split()) == len(change.after.split()):
                assert " ".join(original[word] for word in change.before.split()) == change.after
