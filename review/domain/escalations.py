"""What must a question to legal, and the advice that answers it, say?"""

import re
from datetime import timedelta
from typing import Final

from review.errors import FieldError, InvalidInput, InvalidReview

LONGEST_NOTE: Final = 20_000
LONGEST_ADVICE: Final = 20_000
WAITS: Final = timedelta(days=3)
"""A case that legal gave no advice on comes back by itself after this."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def check_note(note: str) -> None:
    """Raise `InvalidReview` unless the rationale says what is asked."""
    problem = _problem(note, LONGEST_NOTE, missing="Write what legal should look at; that is your question.")
    if problem is not None:
        errors = [FieldError("rationale", *problem)]
        raise InvalidReview("The case is not with legal yet; correct what is marked.", errors=errors)


def check_advice(advice: str) -> None:
    """Raise `InvalidInput` unless the advice says something."""
    problem = _problem(advice, LONGEST_ADVICE, missing="Write your advice to the person who decides.")
    if problem is not None:
        errors = [FieldError("advice", *problem)]
        raise InvalidInput("The advice is not given yet; correct what is marked.", errors=errors)


def _problem(text: str, longest: int, *, missing: str) -> tuple[str, str] | None:
    """Code and remedy of what is wrong with a text."""
    if not text.strip():
        return "missing", missing
    if len(text) > longest:
        return "too_long", f"Write at most {longest} characters; these are {len(text)}."
    if _CONTROL.search(text):
        return "control_character", "Remove the control characters."
    return None
