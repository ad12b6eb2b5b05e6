import pickle

from tasks.outcome import DropReason, Unusable


def test_every_reason_is_its_code_and_has_one_line_of_meaning() -> None:
    for reason in DropReason:
        assert reason == reason.value == reason.name
        assert reason.meaning
        assert "\n" not in reason.meaning
        assert DropReason(reason.value) is reason


def test_unusable_crosses_a_process_border() -> None:
    error = pickle.loads(pickle.dumps(Unusable(DropReason.TLS_ERROR, "bad certificate")))  # noqa: S301  (our own bytes)
    assert (error.reason, error.detail) == (DropReason.TLS_ERROR, "bad certificate")
    assert error.reason.meaning == DropReason.TLS_ERROR.meaning
