"""Restrictions after the decision: reported as in place or as failed, and read by whoever acts by hand."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.answering import touch_referrals
from review.actions.telling import tell_items
from review.clock import rfc3339
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.restrictions import check_implemented_at, checked_reason
from review.errors import NotFound, RestrictionConflict
from review.models import Answer, Item, Restriction
from review.queries.restrictions import RestrictionShown, restriction_shown


def report_implemented(restriction_id: str, at: datetime, *, actor: Actor) -> RestrictionShown:
    """Note that a restriction is in place since ``at``; its senders see it and are told.

    The same report again changes nothing. The platform cannot put in place what it reported as failed; a
    person may, who has seen to it by hand. Raises `InvalidInput` for a time that cannot be, `NotFound`, or
    `RestrictionConflict` where another report stands or the restriction was lifted.
    """
    check_permission(actor, Permission.REPORT_RESTRICTIONS)
    with db.transaction() as writer:
        now = clock.now()
        shown = _found(writer, restriction_id)
        if shown.implemented_at == at:
            return shown
        check_implemented_at(at, starts_at=shown.starts_at, now=now)
        free = [Restriction.implemented_at.is_(None), Restriction.ends_at.is_(None)]
        if actor.kind != "account":
            free.append(Restriction.failed_at.is_(None))
        if not _changed(writer, restriction_id, {"implemented_at": at}, *free):
            return _same_or_conflict(writer, restriction_id, at=at)
        fields = {"at": rfc3339(at)}
        ledger.record(writer, "restriction.implemented", restriction_id, actor=actor, at=now, fields=fields)
        _tell_senders(writer, shown, now=now)
        return _found(writer, restriction_id)


def report_failed(restriction_id: str, reason: str, *, actor: Actor) -> RestrictionShown:
    """Note that a restriction cannot be put in place, and why; the same report again changes nothing.

    Raises `InvalidInput`, `NotFound`, or `RestrictionConflict` where another report stands.
    """
    check_permission(actor, Permission.REPORT_RESTRICTIONS)
    written = checked_reason(reason)
    with db.transaction() as writer:
        now = clock.now()
        _found(writer, restriction_id)
        values = {"failed_at": now, "failure": written}
        free = (
            Restriction.implemented_at.is_(None),
            Restriction.failed_at.is_(None),
            Restriction.ends_at.is_(None),
        )
        if not _changed(writer, restriction_id, values, *free):
            return _same_or_conflict(writer, restriction_id, reason=written)
        ledger.record(
            writer, "restriction.failed", restriction_id, actor=actor, at=now, fields={"reason": written}
        )
        return _found(writer, restriction_id)


def open_restriction(restriction_id: str, *, actor: Actor) -> RestrictionShown:
    """A restriction with its location for whoever follows it; the reading is an event. Raises `NotFound`."""
    check_permission(actor, Permission.FOLLOW_RESTRICTIONS)
    with db.transaction() as writer:
        shown = _found(writer, restriction_id)
        ledger.record(writer, "restriction.opened", restriction_id, actor=actor, at=clock.now())
        return shown


def _found(reader: Session, restriction_id: str) -> RestrictionShown:
    shown = restriction_shown(reader, restriction_id)
    if shown is None:
        raise NotFound("There is no such restriction.")
    return shown


def _changed(
    writer: Session, restriction_id: str, values: dict[str, object], *where: sa.ColumnElement[bool]
) -> bool:
    changed = writer.scalar(
        sa.update(Restriction)
        .where(Restriction.id == restriction_id, *where)
        .values(values)
        .returning(Restriction.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


def _same_or_conflict(
    writer: Session, restriction_id: str, *, at: datetime | None = None, reason: str | None = None
) -> RestrictionShown:
    """The restriction as it stands where that is what was reported; else raises `RestrictionConflict`."""
    stands = _found(writer, restriction_id)
    if stands.ends_at is not None:
        raise RestrictionConflict(f"It was lifted at {rfc3339(stands.ends_at)}; take it away where it is.")
    if stands.implemented_at is not None:
        if at is not None and stands.implemented_at == at:
            return stands
        raise RestrictionConflict(f"It was reported as in place since {rfc3339(stands.implemented_at)}.")
    if reason is not None and stands.failure == reason:
        return stands
    raise RestrictionConflict("It was reported as failed, for the reason that was given then.")


def _tell_senders(writer: Session, shown: RestrictionShown, *, now: datetime) -> None:
    """Let the senders of what the decision answered see it, and tell those who want to be told."""
    answered = sa.select(Item.id, Item.referral_id).join(Answer, Answer.item_id == Item.id)
    by_it = (Item.case_id == shown.case_id, Answer.decision_id == shown.decision_id)
    rows = writer.execute(answered.where(*by_it).order_by(Item.id)).all()
    touch_referrals(writer, [row.referral_id for row in rows], now=now)
    tell_items(writer, "item.implemented", [row.id for row in rows], at=now)
