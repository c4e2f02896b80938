"""Legal holds: placing one on a record, and its release by a second person."""

from datetime import date

import sqlalchemy as sa

from review import clock, db, ledger
from review.domain.erasures import LOCK
from review.domain.holds import RecordKind, SecondPersonNeeded, check_hold, check_reason, is_second_person
from review.domain.ids import new_id
from review.domain.permissions import Actor, Permission, check_permission
from review.errors import AlreadyClosed, NotFound, ReviewError
from review.models import LegalHold
from review.models.rows import insert_rows
from review.queries.holds import hold_shown, is_record


def place_hold(kind: RecordKind, object_id: str, reason: str, review_on: date | None, *, actor: Actor) -> str:
    """Let nothing of this record be erased until the hold is released; its id.

    Raises `InvalidInput` without a reason or a day of review to come, `NotFound` for no such record.
    """
    check_permission(actor, Permission.PLACE_HOLDS)
    now = clock.now()
    check_hold(reason, review_on, today=now.date())
    assert review_on is not None
    hold_id = new_id("H")
    with db.transaction() as writer:
        db.wait_for_lock(writer, LOCK)
        if not is_record(writer, kind, object_id):
            raise NotFound("There is no such record; look its id up.")
        row = {"id": hold_id, "trail_version": 0, "object_kind": kind.value, "object_id": object_id}
        row |= {"reason": reason.strip(), "placed_by": actor.id, "placed_at": now}
        insert_rows(writer, LegalHold, [row | {"review_on": review_on}])
        fields = {"record": object_id, "reason": reason.strip(), "review_on": review_on.isoformat()}
        ledger.record(
            writer, "hold.placed", hold_id, actor=actor, at=now, fields=fields, meta={"on": kind.value}
        )
    return hold_id


def release_hold(hold_id: str, reason: str, *, actor: Actor) -> None:
    """End a hold that somebody else placed.

    Raises `InvalidInput` without a reason, `SecondPersonNeeded` for one's own hold, `AlreadyClosed` where
    it is released already, `NotFound`.
    """
    check_permission(actor, Permission.RELEASE_HOLDS)
    written = check_reason(reason, missing="Write why the hold is not needed any more.")
    now = clock.now()
    with db.transaction() as writer:
        released = writer.scalar(
            sa.update(LegalHold)
            .where(LegalHold.id == hold_id, LegalHold.released_at.is_(None), LegalHold.placed_by != actor.id)
            .values(released_by=actor.id, released_at=now, release_reason=written)
            .returning(LegalHold.id)
            .execution_options(synchronize_session=False)
        )
        if released is None:
            raise _refusal(writer, hold_id, actor)
        ledger.record(writer, "hold.released", hold_id, actor=actor, at=now, fields={"reason": written})


def _refusal(reader: sa.orm.Session, hold_id: str, actor: Actor) -> ReviewError:
    """Which of the conditions did not hold."""
    hold = hold_shown(reader, hold_id)
    if hold is None:
        return NotFound("There is no such hold; open it from the list.")
    if hold.released_at is None and not is_second_person(actor, first=hold.placed_by_id):
        return SecondPersonNeeded(
            "You placed this hold yourself; somebody else of legal, or an administrator, releases it."
        )
    return AlreadyClosed("The hold was released in the meantime; nothing was changed.")
