"""What must a question to legal, and the advice that answers it, say?"""

from datetime import timedelta
from typing import Final

from review.domain.written import problem_in_text
from review.errors import FieldError, InvalidInput, InvalidReview

LONGEST_NOTE: Final = 20_000
LONGEST_ADVICE: Final = 20_000
WAITS: Final = timedelta(days=3)
"""A case that legal gave no advice on comes back by itself after this."""


def check_note(note: str) -> None:
    """Raise `InvalidReview` unless the rationale says what is asked."""
    problem = problem_in_text(
        note, LONGEST_NOTE, missing="Write what legal should look at; that is your question."
    )
    if problem is not None:
        errors = [FieldError("rationale", *problem)]
        raise InvalidReview("The case is not with legal yet; correct what is marked.", errors=errors)


def check_advice(advice: str) -> None:
    """Raise `InvalidInput` unless the advice says something."""
    problem = problem_in_text(advice, LONGEST_ADVICE, missing="Write your advice to the person who decides.")
    if problem is not None:
        errors = [FieldError("advice", *problem)]
        raise InvalidInput("The advice is not given yet; correct what is marked.", errors=errors)
