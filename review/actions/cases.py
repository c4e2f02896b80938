"""Taking cases and giving them back: claims that expire, decided by conditional updates alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.permissions import SERVICE, Actor, Permission, check_permission, check_service
from review.errors import CaseNotClaimable, ClaimLost, NotFound, TooManyClaims
from review.models import Account, Case
from review.queries import cases

MOST_CLAIMS = 5
"""Live claims that one person may hold; an undone review comes back on top of them."""
TRIES = 5
EXPIRY_BATCH = 200


@dataclass(frozen=True)
class Claim:
    """A claim just taken: the case, and what its holder's writes must carry."""

    case_id: str
    claim_generation: int
    version: int


def claim_next(*, actor: Actor) -> Claim | None:
    """Claim the first case of the queue that this person has not reviewed; None when none waits.

    Raises `TooManyClaims` at five live claims.
    """
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        _check_claims(writer, actor, now)
        for _attempt in range(TRIES):
            found = _first_free(writer, actor, now)
            if found is None:
                return None
            claim = _take(writer, found, way="next", actor=actor, now=now)
            if claim is not None:
                return claim
    return None


def claim_case(case_id: str, *, actor: Actor) -> Claim:
    """Claim this case; the running claim, without another event, when the person holds it already.

    Raises `NotFound`, `CaseNotClaimable` or, at five live claims, `TooManyClaims`.
    """
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        summary = cases.case_summary(writer, case_id, account_id=actor.account_id, now=now)
        if summary is None:
            raise NotFound()
        if summary.held == "yours":
            return Claim(case_id, summary.claim_generation, summary.version)
        _check_claims(writer, actor, now)
        found = _free_case(writer, case_id, actor, now)
        claim = None if found is None else _take(writer, found, way="this", actor=actor, now=now)
        if claim is None:
            raise CaseNotClaimable(_why_not_claimable(writer, case_id, actor, now))
        return claim


def _check_claims(writer: Session, actor: Actor, now: datetime) -> None:
    """At most five claims a person; the locked account row lets two tabs count one after the other."""
    writer.execute(
        sa.select(Account.id).where(Account.id == actor.account_id).with_for_update(key_share=True)
    )
    held = writer.scalar(
        sa.select(sa.func.count()).select_from(Case).where(cases.is_held_by(actor.account_id, now))
    )
    if (held or 0) >= MOST_CLAIMS:
        raise TooManyClaims(f"You hold {MOST_CLAIMS} cases; record or release one of them first.")


def _candidates(actor: Actor, now: datetime) -> sa.Select[str, str | None, int]:
    return sa.select(Case.id, Case.claimed_by, Case.claim_generation).where(
        cases.is_free(now), cases.not_reviewed_by(actor.account_id)
    )


def _first_free(writer: Session, actor: Actor, now: datetime) -> Mapping[Any, Any] | None:
    """The first of the queue, rows that others are taking at this moment left out."""
    return (
        writer.execute(
            _candidates(actor, now)
            .order_by(Case.rank, Case.due_at, Case.opened_at, Case.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=Case)
        )
        .mappings()
        .one_or_none()
    )


def _free_case(writer: Session, case_id: str, actor: Actor, now: datetime) -> Mapping[Any, Any] | None:
    return (
        writer.execute(_candidates(actor, now).where(Case.id == case_id).with_for_update(of=Case))
        .mappings()
        .one_or_none()
    )


def _take(
    writer: Session, found: Mapping[Any, Any], *, way: str, actor: Actor, now: datetime
) -> Claim | None:
    """Claim by one conditional update and put it on the trail; None when somebody was faster."""
    generation = int(found["claim_generation"]) + 1
    version = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == found["id"],
            Case.claim_generation == generation - 1,
            cases.is_free(now),
            cases.not_reviewed_by(actor.account_id),
        )
        .values(
            claimed_by=actor.account_id,
            claimed_until=now + _claim_length(),
            claim_generation=generation,
        )
        .returning(Case.version)
        .execution_options(synchronize_session=False)
    )
    if version is None:
        return None
    if found["claimed_by"] is not None:
        _record_expiry(writer, found, now)
    ledger.record(
        writer,
        "case.claimed",
        found["id"],
        actor=actor,
        at=now,
        meta={"generation": generation, "way": way},
    )

    return Claim(str(found["id"]), generation, version)


def _claim_length() -> timedelta:
    return timedelta(seconds=current_app.config["REVIEW_SETTINGS"].claim_seconds)


def _record_expiry(writer: Session, ended: Mapping[Any, Any], now: datetime) -> None:
    holder = writer.scalar(sa.select(Account.trail_id).where(Account.id == ended["claimed_by"]))
    ledger.record(
        writer,
        "case.claim_expired",
        ended["id"],
        actor=SERVICE,
        at=now,
        fields={"holder": holder},
        meta={"generation": int(ended["claim_generation"])},
    )


def _why_not_claimable(writer: Session, case_id: str, actor: Actor, now: datetime) -> str:
    summary = cases.case_summary(writer, case_id, account_id=actor.account_id, now=now)
    if summary is not None and summary.held == "held" and summary.held_until is not None:
        until = summary.held_until.strftime("%H:%M:%S UTC")
        return f"A colleague holds this case until {until}; take another one or come back then."
    if summary is not None and summary.claimable:
        return "You have reviewed this case already; take another one."
    return "This case is not waiting for a review any more; take another one."


def renew_claim(case_id: str, *, claim_generation: int, actor: Actor) -> datetime:
    """Let one's own running claim last longer, counted from now; its new end. Raises `ClaimLost`."""
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        until = now + _claim_length()
        _change_claim(
            writer, case_id, claim_generation, actor=actor, now=now, values={"claimed_until": until}
        )
        meta = {"generation": claim_generation}
        ledger.record(writer, "case.claim_renewed", case_id, actor=actor, at=now, meta=meta)
        return until


def release_claim(case_id: str, *, claim_generation: int, actor: Actor) -> None:
    """Give one's own case back to the queue; the draft stays private to its author. Raises `ClaimLost`."""
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        freed = {"claimed_by": None, "claimed_until": None}
        _change_claim(writer, case_id, claim_generation, actor=actor, now=now, values=freed)
        meta = {"generation": claim_generation}
        ledger.record(writer, "case.released", case_id, actor=actor, at=now, meta=meta)


def _change_claim(
    writer: Session,
    case_id: str,
    claim_generation: int,
    *,
    actor: Actor,
    now: datetime,
    values: Mapping[str, datetime | None],
) -> None:
    changed = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == case_id,
            Case.claim_generation == claim_generation,
            cases.is_held_by(actor.account_id, now),
        )
        .values(**values)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if changed is not None:
        return
    if writer.get(Case, case_id) is None:
        raise NotFound()
    raise ClaimLost("You do not hold this case any more; claim it again if it is free.")


def expire_claims(*, actor: Actor) -> int:
    """End up to 200 claims whose time is over, each with its event; how many. The loop calls it again."""
    check_service(actor)
    with db.transaction() as writer:
        now = clock.now()
        ended = (
            writer.execute(
                sa.select(Case.id, Case.claimed_by, Case.claim_generation)
                .where(Case.claimed_by.is_not(None), Case.claimed_until <= now)
                .order_by(Case.claimed_until, Case.id)
                .limit(EXPIRY_BATCH)
                .with_for_update(skip_locked=True)
            )
            .mappings()
            .all()
        )
        return sum(_expire(writer, claim, now) for claim in ended)


def _expire(writer: Session, ended: Mapping[Any, Any], now: datetime) -> bool:
    """End one claim unless it was renewed or taken over meanwhile."""
    changed = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == ended["id"],
            Case.claim_generation == ended["claim_generation"],
            Case.claimed_by.is_not(None),
            Case.claimed_until <= now,
        )
        .values(claimed_by=None, claimed_until=None)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        return False
    _record_expiry(writer, ended, now)
    return True
