"""Asking legal about a case one holds, giving advice, and taking back what nobody gave advice on in time."""

from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.claiming import Claim, lock_account, take_next
from review.actions.returning import bring_back, send_away
from review.domain.escalations import WAITS, check_advice, check_note
from review.domain.ids import new_id
from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.permissions import Actor, Permission, check_permission, check_service
from review.domain.states import MOVES, CaseState
from review.errors import (
    AlreadyClosed,
    ClaimLost,
    DatabaseBusy,
    FieldError,
    InvalidReview,
    NotFound,
    ReviewError,
    StaleVersion,
    StorageFull,
)
from review.models import Case, Draft, Escalation

BATCH = 100

log = structlog.get_logger()


def escalate_case(
    case_id: str,
    note: str,
    *,
    claim_generation: int,
    version: int,
    actor: Actor,
    then_next: bool = False,
    narrowed: Narrowed = EVERYTHING,
) -> Claim | None:
    """Put the case one holds before legal; it ends the claim and is no review, so nothing is undone.

    With ``then_next`` the next case of the queue is claimed in the same step, which is the answer. Raises
    `InvalidReview`, `ClaimLost` or `StaleVersion`; nothing is stored then.
    """
    check_permission(actor, Permission.REVIEW_CASE)
    check_note(note)
    move = MOVES["escalate"]
    with db.transaction() as writer:
        now = clock.now()
        if then_next:
            lock_account(writer, actor)
        seen = {"generation": claim_generation, "version": version}
        if not send_away(writer, case_id, move, **seen, actor=actor, now=now):
            raise _refusal(writer, case_id, claim_generation, version, actor=actor, now=now)
        escalation_id = new_id("X")
        row = {"id": escalation_id, "case_id": case_id, "asked_by": actor.account_id}
        writer.execute(sa.insert(Escalation), row | {"asked_at": now, "note": note})
        own_draft = (Draft.case_id == case_id, Draft.account_id == actor.account_id)
        writer.execute(sa.delete(Draft).where(*own_draft).execution_options(synchronize_session=False))
        ledger.record(
            writer,
            move.event,
            case_id,
            actor=actor,
            at=now,
            fields={"escalation": escalation_id, "note": note},
            meta=seen,
        )
        return take_next(writer, actor=actor, now=now, narrowed=narrowed) if then_next else None


def _refusal(
    writer: Session, case_id: str, claim_generation: int, version: int, *, actor: Actor, now: datetime
) -> ReviewError:
    """Which of the conditions did not hold."""
    case = writer.get(Case, case_id, populate_existing=True)
    if case is None:
        return NotFound()
    if case.state == CaseState.WITHDRAWN:
        return ClaimLost("Everything in this case was withdrawn; nothing is left to ask.")
    held = case.claimed_by == actor.account_id and case.claimed_until is not None and case.claimed_until > now
    if held and case.state not in MOVES["escalate"].sources:
        detail = "Legal is asked before the first review of a case; accept or decline this one."
        return InvalidReview(detail, errors=[FieldError("outcome", "not_in_this_round", detail)])
    if held and case.claim_generation == claim_generation and case.version != version:
        return StaleVersion(
            "An item joined or left this case since you opened the form; look at the items again, "
            "then ask legal. Your text is kept."
        )
    return ClaimLost(
        "Your claim on this case has ended, so legal was not asked. Your text is kept; claim the case again "
        "if it is free."
    )


def advise_case(case_id: str, advice: str, *, actor: Actor) -> None:
    """Give advice on a case that waits for it, which brings it back to the queue.

    Raises `NotFound`, `InvalidInput`, or `AlreadyClosed` where the case waits for none any more.
    """
    check_permission(actor, Permission.ADVISE)
    check_advice(advice)
    move = MOVES["advise"]
    with db.transaction() as writer:
        now = clock.now()
        returned = bring_back(writer, case_id, move)
        ended = (
            _end(writer, case_id, ended_at=now, advice=advice, advised_by=actor.account_id)
            if returned
            else None
        )
        if ended is None:
            if writer.get(Case, case_id) is None:
                raise NotFound()
            raise AlreadyClosed(
                "This case does not wait for advice any more: it was given, three days went by, or "
                "everything was withdrawn. Nothing was stored; copy your text if you need it."
            )
        ledger.record(
            writer,
            move.event,
            case_id,
            actor=actor,
            at=now,
            fields={"escalation": ended, "advice": advice},
        )


def end_escalations(*, actor: Actor) -> int:
    """Bring up to 100 cases back that waited three days for advice, each with its event; how many.

    The longest waiting first; one that cannot be brought back stops no other.
    """
    check_service(actor)
    before = clock.now() - WAITS
    due = db.session().execute(
        sa.select(Escalation.case_id)
        .where(
            Escalation.ended_at.is_(None),
            Escalation.asked_at <= before,
            sa.exists().where(Case.id == Escalation.case_id, Case.state.in_(MOVES["end_escalation"].sources)),
        )
        .order_by(Escalation.asked_at, Escalation.id)
        .limit(BATCH)
    )
    return sum(_ended_by_itself(row.case_id, before=before, actor=actor) for row in due.all())


def _ended_by_itself(case_id: str, *, before: datetime, actor: Actor) -> bool:
    move = MOVES["end_escalation"]
    try:
        with db.transaction() as writer:
            now = clock.now()
            returned = bring_back(writer, case_id, move)
            ended = _end(writer, case_id, Escalation.asked_at <= before, ended_at=now) if returned else None
            if ended is None:
                raise AlreadyClosed()
            ledger.record(writer, move.event, case_id, actor=actor, at=now, fields={"escalation": ended})
    except AlreadyClosed:
        return False
    except (DatabaseBusy, StorageFull):
        raise
    except ReviewError as error:
        log.error("escalation_not_ended", case=case_id, code=error.code)
        return False
    return True


def _end(
    writer: Session, case_id: str, *where: sa.ColumnElement[bool], **values: str | datetime | None
) -> str | None:
    """End the open escalation of a case; its id."""
    ended: str | None = writer.scalar(
        sa.update(Escalation)
        .where(Escalation.case_id == case_id, Escalation.ended_at.is_(None), *where)
        .values(**values)
        .returning(Escalation.id)
        .execution_options(synchronize_session=False)
    )
    return ended
