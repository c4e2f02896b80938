"""A question to legal asks something, and advice says something."""

import pytest

from review.domain.escalations import LONGEST_ADVICE, LONGEST_NOTE, check_advice, check_note
from review.errors import InvalidInput, InvalidReview


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing"),
        (" \n", "missing"),
        ("x" * (LONGEST_NOTE + 1), "too_long"),
        ("a\x07", "control_character"),
    ],
)
def test_texts_that_say_nothing_or_too_much_are_refused(text: str, code: str) -> None:
    assert LONGEST_NOTE == LONGEST_ADVICE
    with pytest.raises(InvalidReview) as refused:
        check_note(text)
    assert [(one.pointer, one.code) for one in refused.value.errors] == [("rationale", code)]
    with pytest.raises(InvalidInput) as wrong:
        check_advice(text)
    assert [(one.pointer, one.code) for one in wrong.value.errors] == [("advice", code)]


def test_a_question_and_an_answer_pass() -> None:
    check_note("Is this satire?")
    check_advice("Yes.\nSee the judgment of May.")
