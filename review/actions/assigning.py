"""Giving waiting cases to a colleague: claims like any other, made by a lead in somebody's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db
from review.actions.claiming import MOST_CLAIMS, Claim, claims_of, give
from review.actions.offering import free_case
from review.domain.permissions import Actor, Permission, Role, check_permission, is_own_account
from review.domain.states import MOVES
from review.errors import CaseNotClaimable, InvalidInput, NotFound, TooManyClaims
from review.models import Account, Case
from review.queries import cases
from review.queries.team import reviews_here

_NOT_GIVEN = "This case is none that can be assigned now; look at the queue again."
"""The same for a case that is decided and one that is reviewed again: which it is, is nobody's to learn."""


@dataclass(frozen=True)
class Assigned:
    """What became of one case of several: a claim, or the sentence that says why there is none."""

    case_id: str
    claim: Claim | None
    refusal: str = ""


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
        _check_room(writer, person, {case_id}, to=to, now=now)
        return _given(writer, case_id, person, to=to, actor=actor, now=now)


def assign_cases(case_ids: Sequence[str], *, to: str, actor: Actor) -> tuple[Assigned, ...]:
    """The same for several cases at once, each with its own event; what became of each, in their order.

    A case that cannot be assigned leaves the others as they are. Nothing is done, and `InvalidInput` or
    `TooManyClaims` raised, for no case, for no such colleague, and for more than that person may hold.
    """
    check_permission(actor, Permission.ASSIGN_CASES)
    wanted = list(dict.fromkeys(case_ids))
    if not wanted:
        raise InvalidInput("Tick at least one case, then assign.", values={"field": "cases"})
    with db.transaction() as writer:
        now = clock.now()
        person = _colleague(writer, to, actor)
        _check_room(writer, person, set(wanted), to=to, now=now)
        # locked in one order, so that two leads at once do not wait for each other
        became = {one: _tried(writer, one, person, to=to, actor=actor, now=now) for one in sorted(wanted)}
        return tuple(became[case_id] for case_id in wanted)


def _tried(writer: Session, case_id: str, person: Actor, *, to: str, actor: Actor, now: datetime) -> Assigned:
    try:
        return Assigned(case_id, _given(writer, case_id, person, to=to, actor=actor, now=now))
    except NotFound:
        return Assigned(case_id, None, _NOT_GIVEN)
    except CaseNotClaimable as error:
        return Assigned(case_id, None, error.detail)


def _given(writer: Session, case_id: str, person: Actor, *, to: str, actor: Actor, now: datetime) -> Claim:
    summary = cases.case_summary(writer, case_id, account_id=person.account_id, now=now)
    if summary is None:
        raise NotFound()
    if summary.held == "yours":
        return Claim(case_id, summary.claim_generation, summary.version)
    found = free_case(writer, case_id, person, now)  # locked, so that its state stays
    given = (
        found is not None and found.state in MOVES["assign"].sources and not _passed(writer, found.id, person)
    )
    claim = give(writer, found, to=person, actor=actor, now=now) if found is not None and given else None
    if claim is None:
        raise CaseNotClaimable(_why_not(writer, case_id, to, actor, now))
    return claim


def _passed(writer: Session, case_id: str, person: Actor) -> bool:
    """Whether this person passed the case on, for whatever reason: others do not bring it back."""
    not_passed = sa.select(Case.id).where(Case.id == case_id, cases.not_passed_by(person.account_id))
    return writer.scalar(not_passed) is None


def _check_room(writer: Session, person: Actor, wanted: set[str], *, to: str, now: datetime) -> None:
    """Raise `TooManyClaims` where the person would hold more than the most with these."""
    held = {claim.case_id for claim in claims_of(writer, person, now)}
    more, room = len(wanted - held), MOST_CLAIMS - len(held)
    if more and room <= 0:
        raise TooManyClaims(f"{to} holds {MOST_CLAIMS} cases already; choose somebody else.")
    if more > room:
        raise TooManyClaims(
            f"{to} may hold {MOST_CLAIMS} cases at a time and has room for {room}; tick no more than that.",
            values={"field": "cases"},
        )


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
    """Why not: that the person reviewed it, knows its sender or passed it on is told in the same words."""
    summary = cases.case_summary(writer, case_id, account_id=actor.account_id, now=now)
    if summary is None or summary.state not in MOVES["assign"].sources:
        return _NOT_GIVEN
    if summary.held == "yours":
        return "You hold this case yourself; give it back first, then assign it."
    if summary.held_until is not None:
        until = summary.held_until.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"Somebody took this case meanwhile and holds it until {until}; it was not assigned."
    if summary.claimable:
        return f"{to} cannot take this case; choose somebody else."
    return _NOT_GIVEN
