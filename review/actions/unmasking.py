"""Who is behind a pseudonym? Said to legal for a reason, which goes on the trail in the same transaction."""

from dataclasses import dataclass

import sqlalchemy as sa

from review import clock, db, ledger
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.written import problem_in_text
from review.errors import FieldError, InvalidInput, NotFound
from review.models import Account, Review

LONGEST_REASON = 2_000


@dataclass(frozen=True)
class Unmasked:
    """The person who recorded a review: pseudonym, name and address as the account has them today."""

    pseudonym: str
    name: str
    email: str


def unmask_reviewer(case_id: str, review_id: str, reason: str, *, actor: Actor) -> Unmasked:
    """Name the person who recorded this review of a case; review, person and reason go on the trail.

    Raises `InvalidInput` where the reason says nothing or too much, `NotFound` where the case has no such
    review.
    """
    check_permission(actor, Permission.UNMASK_REVIEWERS)
    problem = problem_in_text(
        reason, LONGEST_REASON, missing="Write why you need to know; the reason stays on the trail."
    )
    if problem is not None:
        raise InvalidInput(
            "Nobody was named; correct what is marked.", errors=[FieldError("reason", *problem)]
        )
    with db.transaction() as writer:
        found = writer.execute(
            sa.select(Account.trail_id, Account.pseudonym, Account.name, Account.email)
            .join(Review, Review.account_id == Account.id)
            .where(Review.id == review_id, Review.case_id == case_id)
        ).one_or_none()
        if found is None:
            raise NotFound("The case has no such review; open its record again.")
        ledger.record(
            writer,
            "record.reviewer_unmasked",
            case_id,
            actor=actor,
            at=clock.now(),
            fields={"review": review_id, "reviewer": found.trail_id, "reason": reason.strip()},
        )
        return Unmasked(found.pseudonym, found.name, found.email)
