"""When a text is held to be spun, and by which family."""

from tasks.spinner.gate import FLAG_SCORE, GATE_SCORE, Verdict, judge
from tasks.spinner.lexicon import find_matches
from tasks.spinner.repair import repair_document
from tasks.spinner.tokens import tokenize
from tests.spinner.spun_texts import CARRIERS, read_cases

# A clean sentence of 15 words, to thin a text out.
CLEAN = "The town will also mend the old road, said the people who live near it. "
IMPOSSIBLE = "It was built via way of means of monks. "
IMPOSSIBLE_TOO = "It stands withinside the valley. "
TELLING = "The owner has an eating regimen. "


def test_carriers_score_full_for_their_own_family() -> None:
    for family, text in CARRIERS.items():
        verdict = verdict_on(text)
        assert (verdict.score, verdict.family, verdict.suspect) == (1.0, family, family)


def test_family_with_more_points_is_meant_where_two_have_the_full_score() -> None:
    mostly_b = f"{CARRIERS['B']} The corporate stated one other native mortgage. {IMPOSSIBLE}{IMPOSSIBLE_TOO}"
    assert verdict_on(mostly_b).family == "B"


def test_clean_text_scores_nothing() -> None:
    assert verdict_on(CLEAN * 5) == Verdict(score=0.0, points=0.0, family=None, suspect=None)
    assert verdict_on("") == Verdict(score=0.0, points=0.0, family=None, suspect=None)


def test_single_tell_proves_nothing_however_impossible() -> None:
    verdict = verdict_on(IMPOSSIBLE)
    assert verdict.family is None
    assert verdict.suspect is None


def test_repeated_tell_counts_once() -> None:
    assert verdict_on(IMPOSSIBLE * 6).family is None


def test_two_impossible_phrases_gate_a_short_text() -> None:
    assert verdict_on(IMPOSSIBLE + IMPOSSIBLE_TOO).family == "B"


def test_telling_phrases_alone_need_more_points() -> None:
    verdict = verdict_on(f"{TELLING}It had content material. It was with out water. The coat was darkish. ")
    assert verdict.points >= 4.0
    assert verdict.family is None


def test_same_tells_in_a_long_text_are_too_thin() -> None:
    """The rate decides: first gated, then flagged, then nothing, as clean text is added."""
    spun = IMPOSSIBLE + IMPOSSIBLE_TOO
    scores = [verdict_on(spun + CLEAN * times).score for times in (0, 15, 30, 60)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] >= GATE_SCORE
    assert scores[-1] < FLAG_SCORE


def test_flagged_text_is_suggested_to_but_not_changed() -> None:
    text = IMPOSSIBLE + IMPOSSIBLE_TOO + CLEAN * 24
    verdict = verdict_on(text)
    assert FLAG_SCORE <= verdict.score < GATE_SCORE
    assert (verdict.family, verdict.suspect) == (None, "B")
    result = repair_document(text)
    assert result.text is text
    assert result.edits == ()
    assert [edit.after for edit in result.suggestions] == ["by", "in"]
    assert all(edit.confidence <= 0.5 for edit in result.suggestions)


def test_displaced_function_words_add_to_the_score() -> None:
    spun = IMPOSSIBLE + IMPOSSIBLE_TOO
    with_everyday_word = verdict_on(f"{spun}It was additionally old, and also big. ")
    without = verdict_on(f"{spun}It was additionally old, and very big. ")
    assert without.points > with_everyday_word.points


def test_common_words_alone_score_nothing() -> None:
    (case,) = [case for case in read_cases("negative") if case["label"] == "tinder of common words"]
    assert verdict_on(case["text"]).score == 0.0
    assert find_matches(tokenize(case["text"])) != []


def verdict_on(text: str) -> Verdict:
    tokens = tokenize(text)
    return judge(tokens, find_matches(tokens))
