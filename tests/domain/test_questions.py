"""A question says something and gives no other sender away; an answer says something."""

from typing import Any

import pytest

from review.domain.questions import LONGEST_ANSWER, LONGEST_QUESTION, check_answer, check_question
from review.errors import InvalidInput, InvalidReview

OTHERS: dict[str, Any] = {"other_names": {"Harbour Watch"}, "other_references": {"HW-2026-11"}}


def test_a_plain_question_is_fine_with_a_name_that_is_the_askeds_own() -> None:
    check_question("At which minute\nis it, Northland Online Authority?", **OTHERS)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("", "missing"),
        (" \n\u2003", "missing"),
        ("w" * (LONGEST_QUESTION + 1), "too_long"),
        ("what\x07?", "control_character"),
        ("Did HARBOUR\u200b-watch see it too?", "names_sender"),
        ("Is it the same as hw-2026-11?", "names_sender"),
        ("It is our C-7K3M-9QXD-2FWT.", "names_own_id"),
    ],
)
def test_what_a_question_must_not_be(question: str, code: str) -> None:
    with pytest.raises(InvalidReview) as refused:
        check_question(question, **OTHERS)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("question", code)]


@pytest.mark.parametrize(
    ("answer", "code"),
    [("\t", "missing"), ("w" * (LONGEST_ANSWER + 1), "too_long"), ("a\x00b", "control_character")],
)
def test_what_an_answer_must_not_be(answer: str, code: str) -> None:
    check_answer("w" * LONGEST_ANSWER)
    with pytest.raises(InvalidInput) as refused:
        check_answer(answer)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/answer", code)]
