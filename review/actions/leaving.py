"""Leaving a case without judging it: setting it aside for a time, or passing it on for good.

Both end the claim, keep the draft for its author, and leave the case in the queue for everybody else, so that
no deadline waits for one person.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.clock import rfc3339
from review.domain.leaving import check_reason, check_until
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.states import MOVES
from review.errors import ClaimLost, NotFound
from review.models import Case, Pass, SetAside
from review.queries.cases import is_held_by


@dataclass(frozen=True)
class Left:
    """A case set aside: until when, and its target, which may come before."""

    until: datetime
    due_at: datetime

    @property
    def is_late(self) -> bool:
        """Whether the target comes first."""
        return self.until > self.due_at


def set_aside_case(case_id: str, until: datetime, *, claim_generation: int, actor: Actor) -> Left:
    """Give the case one holds back to the queue; one's own "next" leaves it out until then.

    Raises `InvalidInput` for a time that is over or more than seven days away, `NotFound` or `ClaimLost`.
    """
    move = MOVES["set_aside"]
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        check_until(until, now=now)
        due_at = _end_claim(writer, case_id, claim_generation, move.name, actor=actor, now=now)
        _replace(writer, SetAside, case_id, actor, until=until, at=now)
        ledger.record(
            writer,
            move.event,
            case_id,
            actor=actor,
            at=now,
            fields={"until": rfc3339(until)},
            meta={"generation": claim_generation},
        )
        return Left(until, due_at)


def pass_case(case_id: str, reason: str, *, claim_generation: int, actor: Actor) -> None:
    """Give the case one holds back for good: one's own "next" never offers it again.

    The event is that of a release, with the reason committed to. Raises `InvalidInput` for no reason of the
    list, `NotFound` or `ClaimLost`.
    """
    move = MOVES["pass"]
    check_permission(actor, Permission.WORK_QUEUE)
    check_reason(reason)
    with db.transaction() as writer:
        now = clock.now()
        _end_claim(writer, case_id, claim_generation, move.name, actor=actor, now=now)
        _replace(writer, Pass, case_id, actor, reason=reason, at=now)
        ledger.record(
            writer,
            move.event,
            case_id,
            actor=actor,
            at=now,
            fields={"passed": reason},
            meta={"generation": claim_generation},
        )


def _end_claim(
    writer: Session, case_id: str, claim_generation: int, name: str, *, actor: Actor, now: datetime
) -> datetime:
    """Free the case by one conditional update; its target."""
    due_at: datetime | None = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == case_id,
            Case.state.in_(MOVES[name].sources),
            Case.claim_generation == claim_generation,
            is_held_by(actor.account_id, now),
        )
        .values(claimed_by=None, claimed_until=None)
        .returning(Case.due_at)
        .execution_options(synchronize_session=False)
    )
    if due_at is not None:
        return due_at
    if writer.get(Case, case_id) is None:
        raise NotFound()
    raise ClaimLost("You do not hold this case any more, so there is nothing to leave; your text is kept.")


def _replace(
    writer: Session, table: type[SetAside] | type[Pass], case_id: str, actor: Actor, **values: Any
) -> None:
    """This person's one row about the case; the case's own row is locked by now."""
    key = {"case_id": case_id, "account_id": actor.account_id}
    old = sa.delete(table).where(table.case_id == case_id, table.account_id == actor.account_id)
    writer.execute(old.execution_options(synchronize_session=False))
    writer.execute(sa.insert(table), key | values)
