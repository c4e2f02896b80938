"""Taking cases and giving them back: claims that expire, decided by conditional updates alone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.claiming import (
    Claim,
    check_number,
    claim_length,
    claims_of,
    lock_account,
    record_expiry,
    take,
    take_first,
)
from review.actions.offering import free_case, resolves
from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.permissions import Actor, Permission, check_permission, check_service
from review.domain.states import MOVES, CaseState
from review.errors import (
    CaseNotClaimable,
    ClaimLost,
    DatabaseBusy,
    NotFound,
    ReviewError,
    StorageFull,
)
from review.models import Case, SetAside
from review.prepared import Prepared
from review.queries import cases, decisions

EXPIRY_BATCH = 200

log = structlog.get_logger()


def claim_next(
    *,
    holding: Collection[str] | None = None,
    narrowed: Narrowed = EVERYTHING,
    severe: bool = False,
    actor: Actor,
) -> Claim | None:
    """Claim the first case of the queue that this person has not reviewed; None when none waits.

    ``holding`` are the marks of the claims that the person had when the page was made: one that came since,
    as by the first half of a double click, is the answer then, and nothing more is claimed. ``severe``: the
    person wants high severity though the day's budget is used. Raises `TooManyClaims` at five live claims.
    """
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        lock_account(writer, actor)
        held = claims_of(writer, actor, now)
        fresh = [] if holding is None else [claim for claim in held if claim.mark not in holding]
        if fresh:
            return fresh[-1]
        check_number(held)
        return take_first(writer, actor, now, narrowed=narrowed, severe=severe)


_TAKEN_AGAIN = Prepared(
    lambda: sa.delete(SetAside).where(
        SetAside.case_id == sa.bindparam("case_id"), SetAside.account_id == sa.bindparam("account_id")
    )
)


def claim_case(case_id: str, *, actor: Actor) -> Claim:
    """Claim this case, one set aside included; the running claim, without another event, when one has it.

    Raises `NotFound`, `CaseNotClaimable` or, at five live claims, `TooManyClaims`.
    """
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        lock_account(writer, actor)
        summary = cases.case_summary(writer, case_id, account_id=actor.account_id, now=now)
        if summary is None:
            raise NotFound()
        if summary.held == "yours":
            return Claim(case_id, summary.claim_generation, summary.version)
        check_number(claims_of(writer, actor, now))
        found = free_case(writer, case_id, actor, now)
        claim = None if found is None else take(writer, found, way="this", actor=actor, now=now)
        if claim is None:
            raise CaseNotClaimable(_why_not_claimable(writer, case_id, actor, now))
        _TAKEN_AGAIN.all(writer, case_id=case_id, account_id=actor.account_id)
        return claim


def _why_not_claimable(writer: Session, case_id: str, actor: Actor, now: datetime) -> str:
    """First whether one has reviewed it oneself: nothing then tells what others do with it."""
    if decisions.standing_review(writer, case_id, account_id=actor.account_id) is not None:
        return "You have reviewed this case already; take another one."
    summary = cases.case_summary(
        writer, case_id, account_id=actor.account_id, now=now, resolves=resolves(actor)
    )
    if summary is not None and summary.held == "held" and summary.held_until is not None:
        until = summary.held_until.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"A colleague holds this case until {until}; take another one or come back then."
    if summary is not None and summary.claimable and summary.state == CaseState.COMPLAINT:
        return "You have a part in this complaint or know its sender; another lead judges it."
    if summary is not None and summary.claimable:
        return "You know the sender of this case from an e-mail that you confirmed; take another one."
    return "This case is not waiting for a review any more; take another one."


def renew_claim(case_id: str, *, claim_generation: int, actor: Actor) -> datetime:
    """Let one's own running claim last longer, counted from now; its new end. Raises `ClaimLost`."""
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        until = now + claim_length()
        _change_claim(
            writer, case_id, claim_generation, actor=actor, now=now, values={"claimed_until": until}
        )
        meta = {"generation": claim_generation}
        ledger.record(writer, MOVES["renew"].event, case_id, actor=actor, at=now, meta=meta)
        return until


def release_claim(case_id: str, *, claim_generation: int, actor: Actor) -> None:
    """Give one's own case back to the queue; the draft stays private to its author. Raises `ClaimLost`."""
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        freed = {"claimed_by": None, "claimed_until": None}
        _change_claim(writer, case_id, claim_generation, actor=actor, now=now, values=freed)
        meta = {"generation": claim_generation}
        ledger.record(writer, MOVES["release"].event, case_id, actor=actor, at=now, meta=meta)


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
    """End up to 200 claims whose time is over, each with its event; how many. The loop calls it again.

    Where one of them cannot be ended, all that are over are tried one by one, so that it stops no other.
    """
    check_service(actor)
    try:
        with db.transaction() as writer:
            now = clock.now()
            return sum(_expire(writer, claim, now) for claim in _ended(writer, now))
    except (DatabaseBusy, StorageFull):
        raise
    except ReviewError as error:
        log.error("expiry_failed", code=error.code)
    return _expire_one_by_one()


def _expire_one_by_one() -> int:
    done, after = 0, None
    while True:
        with db.transaction() as writer:
            ended = _ended(writer, clock.now(), after=after)
        for claim in ended:
            try:
                with db.transaction() as writer:
                    done += _expire(writer, claim, clock.now())
            except (DatabaseBusy, StorageFull):
                raise
            except ReviewError as error:
                log.error("expiry_failed", case=claim.id, code=error.code)
        if len(ended) < EXPIRY_BATCH:
            return done
        after = ended[-1]


def _ended(writer: Session, now: datetime, *, after: Any | None = None) -> Sequence[Any]:
    """The next claims whose time is over, the longest over first; rows that others hold left out."""
    statement = (
        sa.select(Case.id, Case.claimed_by, Case.claim_generation, Case.claimed_until)
        # more than nothing, which is "not null" in words that lead SQLite to the index of claims
        .where(Case.claimed_by > "", Case.claimed_until <= now)
        .order_by(Case.claimed_until, Case.id)
        .limit(EXPIRY_BATCH)
        .with_for_update(skip_locked=True)
    )
    if after is not None:
        place = sa.tuple_(sa.literal(after.claimed_until, db.Moment()), sa.literal(after.id))
        statement = statement.where(sa.tuple_(Case.claimed_until, Case.id) > place)
    return writer.execute(statement).all()


def _expire(writer: Session, ended: Any, now: datetime) -> bool:
    """End one claim unless it was renewed or taken over meanwhile."""
    changed = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == ended.id,
            Case.claim_generation == ended.claim_generation,
            Case.claimed_by.is_not(None),
            Case.claimed_until <= now,
        )
        .values(claimed_by=None, claimed_until=None)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        return False
    record_expiry(writer, ended, now)
    return True
