"""Giving a waiting case to a colleague: a claim like any other, made by a lead in somebody's name."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db
from review.actions.claiming import MOST_CLAIMS, Claim, claims_of, free_case, give
from review.domain.permissions import Actor, Permission, Role, check_permission, is_own_account
from review.domain.states import MOVES
from review.errors import CaseNotClaimable, InvalidInput, NotFound, TooManyClaims
from review.models import Account
from review.queries import cases
from review.queries.team import reviews_here

_NOT_GIVEN = "This case is none that can be assigned now; look at the queue again."
"""The same for a case that is decided and one that is reviewed again: which it is, is nobody's to learn."""


def assign_case(case_id: str, *, to: str, actor: Actor) -> Claim:
    """Claim this case for the colleague with this pseudonym, for as long as a claim lasts.

    The running claim, without another event, when that person holds it already. Raises `NotFound`,
    `InvalidInput` where no colleague who reviews has that pseudonym, `CaseNotClaimable`, or, at five live
    claims of that person, `TooManyClaims`.
    """
    check_permission(actor, Permission.ASSIGN_CASES)
    with db.transaction() as writer:
        now = clock.now()
        person = _colleague(writer, to, actor)
        summary = cases.case_summary(writer, case_id, account_id=person.account_id, now=now)
        if summary is None:
            raise NotFound()
        if summary.held == "yours":
            return Claim(case_id, summary.claim_generation, summary.version)
        if len(claims_of(writer, person, now)) >= MOST_CLAIMS:
            raise TooManyClaims(f"{to} holds {MOST_CLAIMS} cases already; choose somebody else.")
        found = free_case(writer, case_id, person, now)  # locked, so that its state stays
        given = found is not None and found.state in MOVES["assign"].sources
        claim = give(writer, found, to=person, actor=actor, now=now) if found is not None and given else None
        if claim is None:
            raise CaseNotClaimable(_why_not(writer, case_id, to, actor, now))
        return claim


def _colleague(writer: Session, pseudonym: str, actor: Actor) -> Actor:
    """The person, locked like somebody who claims, so that claims are counted one after the other."""
    row = writer.execute(
        sa.select(Account.id, Account.trail_id, Account.role)
        .where(Account.pseudonym == pseudonym, reviews_here())
        .with_for_update(key_share=True)
    ).one_or_none()
    if not pseudonym:
        raise InvalidInput("Choose a colleague from the list.")
    if row is None:
        raise InvalidInput("Nobody who reviews here has this name; choose a colleague from the list.")
    if is_own_account(actor, row.id):
        raise InvalidInput("This is you; claim the case instead, or choose a colleague from the list.")
    return Actor(kind="account", id=row.trail_id, account_id=row.id, role=Role(row.role))


def _why_not(writer: Session, case_id: str, to: str, actor: Actor, now: datetime) -> str:
    summary = cases.case_summary(writer, case_id, account_id=actor.account_id, now=now)
    if summary is None or summary.state not in MOVES["assign"].sources:
        return _NOT_GIVEN
    if summary.held == "yours":
        return "You hold this case yourself; give it back first, then assign it."
    if summary.held_until is not None:
        until = summary.held_until.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"Somebody took this case meanwhile and holds it until {until}; it was not assigned."
    if summary.claimable:
        return f"{to} may not judge this case; choose somebody else."
    return _NOT_GIVEN
