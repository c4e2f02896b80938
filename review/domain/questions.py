"""What must a question to the sender of an item, and the answer that comes back, say?"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from review.domain.outward import name_in, own_id_in
from review.domain.written import problem_in_text
from review.errors import FieldError, InvalidInput, InvalidReview

LONGEST_QUESTION: Final = 5_000
LONGEST_ANSWER: Final = 10_000
WAITS: Final = timedelta(days=7)
"""A case whose sender gave no answer comes back by itself after this (product.md)."""


def check_question(
    question: str,
    *,
    other_names: Collection[str] = (),
    other_references: Collection[str] = (),
    registered: frozenset[str] = frozenset(),
    colleague: str | None = None,
) -> None:
    """Raise `InvalidReview` unless the question asks something and gives nobody away.

    It goes to the sender of one item, who must not learn who else referred the same location, nor who works
    on it: ``colleague`` is a pseudonym or e-mail address of ours that the question holds. ``registered`` are
    the names of all senders, the asked one's too, so that a refusal does not tell who sent this.
    """
    problem = problem_in_text(question, LONGEST_QUESTION, missing="Write what the sender should tell us.")
    if problem is None:
        name = name_in(question, names=other_names, references=other_references, registered=registered)
        problem = _given_away(question, name, colleague)
    if problem is not None:
        errors = [FieldError("question", *problem)]
        raise InvalidReview("The sender was not asked yet; correct what is marked.", errors=errors)


def _given_away(question: str, name: str | None, colleague: str | None) -> tuple[str, str] | None:
    if name is not None:
        return (
            "names_sender",
            f"A question names nobody who refers, whether of this case or not: take out “{name}”.",
        )
    if colleague is not None:
        return "names_staff", f"Senders never learn who works here: take out “{colleague}”, or write “we”."
    own_id = own_id_in(question)
    if own_id is not None:
        return "names_own_id", f"The question goes out of the house: take out our id “{own_id}”."
    return None


def check_answer(answer: str) -> None:
    """Raise `InvalidInput` unless the answer says something."""
    problem = problem_in_text(answer, LONGEST_ANSWER, missing="Write your answer to our question.")
    if problem is not None:
        errors = [FieldError("/answer", *problem)]
        raise InvalidInput("The answer is not stored; correct what is marked.", errors=errors)
