"""May a record be erased now? Asked for a request, and again in the transaction that carries it out."""

from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review.actions.erasing import scope_of
from review.domain.erasures import Ground, NotErasable
from review.domain.holds import RecordHeld, RecordKind
from review.domain.states import CaseState
from review.domain.webhooks import DeliveryState
from review.errors import NotFound
from review.models import Case, Delivery
from review.queries.holds import is_held, is_record
from review.queries.kept_records import keepers_of
from review.queries.stored_cases import in_sets

ENDED = (CaseState.DECIDED.value, CaseState.WITHDRAWN.value)


def retention_days() -> dict[str, int]:
    """By kind of intake the days that records are kept after their end, as the settings say now."""
    settings = current_app.config["REVIEW_SETTINGS"]
    return {
        "referral": settings.retention_referral_days,
        "notice": settings.retention_notice_days,
        "removal_order": settings.retention_order_days,
    }


def check_erasable(writer: Session, kind: RecordKind, object_id: str, *, ground: str, at: datetime) -> None:
    """Raise unless the record is there, no hold stands, its cases have ended and its messages have left.

    Where the ground is that the retention is over, that has to be so for each of its cases. The cases are
    locked, so that nothing of this changes before the transaction ends.
    """
    if not is_record(writer, kind, object_id):
        raise NotFound(f"There is no {kind} {object_id}; look its id up.")
    if is_held(writer, kind, object_id):
        raise RecordHeld(f"A legal hold stands on {object_id} or on what belongs to it; nothing was changed.")
    scope = scope_of(writer, kind, object_id)
    for some in in_sets(scope.cases):
        cases = sa.select(Case.id, Case.state, Case.pending_review_id).where(Case.id.in_(some))
        for case in writer.execute(cases.order_by(Case.id).with_for_update()):
            if case.state not in ENDED or case.pending_review_id is not None:
                raise NotErasable(f"Case {case.id} is not ended yet; nothing was changed.")
    if ground == Ground.RETENTION:
        _check_retention(writer, kind, object_id, at=at)
    for some in in_sets([*scope.referrals, *scope.items, *scope.restrictions]):
        on_its_way = Delivery.standing == DeliveryState.WAITING.value
        waiting = sa.select(Delivery.id).where(on_its_way, Delivery.subject_id.in_(some)).limit(1)
        if writer.scalar(waiting) is not None:
            raise NotErasable(f"A message about {object_id} is still on its way; nothing was changed.")


def _check_retention(writer: Session, kind: RecordKind, object_id: str, *, at: datetime) -> None:
    """Raise where a case keeps the record; looked up anew, as its items may just have got another case."""
    keepers = keepers_of(writer, kind, object_id, now=at, days=retention_days())
    if not keepers:
        return
    case_id, until = keepers[0].case_id, keepers[0].until
    if keepers[0].held:
        raise RecordHeld(f"{object_id} stays: case {case_id} is under a legal hold. Nothing was changed.")
    if until is None:
        raise NotErasable(f"{object_id} stays: case {case_id} has not ended. Nothing was changed.")
    raise NotErasable(
        f"{object_id} stays: case {case_id} is kept until {until:%Y-%m-%d}; ask again then, or on another "
        "ground. Nothing was changed."
    )
