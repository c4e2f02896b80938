"""A legal hold: what it stands on, what its texts must say, and who may release it."""

from datetime import date
from enum import StrEnum
from typing import Final

from review.domain.ids import read_id
from review.domain.permissions import Actor
from review.domain.written import problem_in_text
from review.errors import FieldError, InvalidInput, NotPermitted, ReviewError

LONGEST_REASON: Final = 2_000


class RecordKind(StrEnum):
    """What a hold or an erasure is about."""

    CASE = "case"
    REFERRAL = "referral"
    SENDER = "sender"


class RecordHeld(ReviewError):
    """A legal hold stands on this record."""

    code = "record_held"
    title = "A legal hold stands on this record"
    remedy = "Have the hold released by a second person first, or leave the record as it is."


class SecondPersonNeeded(NotPermitted):
    """A second person has to do this."""

    code = "second_person_needed"
    title = "A second person has to do this"
    remedy = "Ask somebody else whose role allows it: nobody settles what they began themselves."


PREFIXES: Final[dict[RecordKind, str]] = {
    RecordKind.CASE: "C",
    RecordKind.REFERRAL: "R",
    RecordKind.SENDER: "S",
}
"""How the ids of these records begin."""


def record_named(text: str) -> tuple[RecordKind, str] | None:
    """The kind and id of the record that a typed id names; None where it names none."""
    for kind, prefix in PREFIXES.items():
        found = read_id(text, prefix)
        if found is not None:
            return kind, found
    return None


def check_hold(reason: str, review_on: date | None, *, today: date) -> None:
    """Raise `InvalidInput` for a hold without a reason, or whose day of review is not to come."""
    problems = reason_problems(reason, missing="Write why these records must stay, e.g. which proceedings.")
    if review_on is None:
        problems.append(
            FieldError("review_on", "missing", "Give the day on which the hold is looked at again.")
        )
    elif review_on <= today:
        problems.append(FieldError("review_on", "in_the_past", "Give a day after today."))
    if problems:
        raise InvalidInput("Nothing was placed; correct what is marked.", errors=problems)


def check_reason(reason: str, *, missing: str) -> str:
    """The reason as it is kept; raises `InvalidInput` where it says nothing or too much."""
    problems = reason_problems(reason, missing=missing)
    if problems:
        raise InvalidInput("Nothing was changed; correct what is marked.", errors=problems)
    return reason.strip()


def reason_problems(reason: str, *, missing: str) -> list[FieldError]:
    """What is wrong with a reason, at its field."""
    problem = problem_in_text(reason, LONGEST_REASON, missing=missing)
    return [] if problem is None else [FieldError("reason", *problem)]


def is_second_person(actor: Actor, *, first: str) -> bool:
    """Whether somebody else than ``first``, whom the trail names so, acts: nobody confirms the own act."""
    return actor.id != first
