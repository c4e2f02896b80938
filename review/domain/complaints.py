"""Who may complain of a decision, until when, and what must a complaint say? (DSA, Article 20.)"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from review.clock import rfc3339
from review.domain.decisions import complaint_until
from review.domain.written import problem_in_text
from review.errors import FieldError, InvalidInput, ReviewError

LONGEST_REASONS: Final = 10_000
LONGEST_CONTACT: Final = 500


class Party(StrEnum):
    """Who complains: a sender of an item that was answered, or the user whose content it is."""

    SENDER = "sender"
    CONTENT_PROVIDER = "content_provider"


class ComplaintResult(StrEnum):
    """What a complaint comes to: the decision stands, or another one supersedes it."""

    UPHELD = "upheld"
    REVERSED = "reversed"


class NoDecision(ReviewError):
    """There is no decision that one could complain of."""

    code = "no_decision"
    title = "There is no decision to complain of"
    remedy = "Wait for the answer to the item; a complaint is against a decision."


class ComplaintTooLate(ReviewError):
    """The six months in which a decision can be complained of are over."""

    code = "complaint_too_late"
    title = "The time to complain of this decision is over"
    remedy = "A decision is open to complaints for six months; refer the content again if it is still there."


class ComplaintOpen(ReviewError):
    """The same party has complained already and has no answer yet."""

    code = "complaint_open"
    title = "This party's complaint is being judged already"
    remedy = "Wait for its result, which is shown where the complaint is."


def check_in_time(decided_at: datetime, *, now: datetime) -> None:
    """Raise `ComplaintTooLate` after the six months of DSA, Article 20(1)."""
    until = complaint_until(decided_at)
    if now > until:
        raise ComplaintTooLate(f"This decision could be complained of until {rfc3339(until)}.")


def check_reasons(reasons: str) -> None:
    """Raise `InvalidInput` unless a complaint says why the decision is wrong."""
    _raise(_problem_of("/reasons", reasons, LONGEST_REASONS, "Write why the decision is wrong."))


def check_registered(reasons: str, contact: str) -> None:
    """The same for a complaint that is registered for somebody, whose answer goes to ``contact``."""
    _raise(
        _problem_of("/reasons", reasons, LONGEST_REASONS, "Write why they say that the decision is wrong."),
        _problem_of("/contact", contact, LONGEST_CONTACT, "Write where the answer goes to."),
    )


def _problem_of(pointer: str, text: str, longest: int, missing: str) -> FieldError | None:
    problem = problem_in_text(text, longest, missing=missing)
    return None if problem is None else FieldError(pointer, *problem)


def _raise(*problems: FieldError | None) -> None:
    errors = [one for one in problems if one is not None]
    if errors:
        raise InvalidInput("The complaint is not stored; correct what is marked.", errors=errors)
