"""Complaining of a decision: by the sender of an item, or registered on behalf of the content provider."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.returning import touch_sender
from review.clock import rfc3339
from review.domain.complaints import (
    ComplaintOpen,
    NoDecision,
    Party,
    check_in_time,
    check_reasons,
    check_registered,
)
from review.domain.ids import new_id
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.states import MOVES
from review.errors import NotFound
from review.models import Case, Complaint
from review.queries.complaints import decided_item, decision_in_force, open_complaint


@dataclass(frozen=True)
class _Given:
    """What a party says: about which of its items, why, and where it is answered if it is no sender."""

    reasons: str
    item_id: str | None = None
    contact: str | None = None

    @property
    def party(self) -> Party:
        """Whose complaint it is."""
        return Party.CONTENT_PROVIDER if self.item_id is None else Party.SENDER


def complain(item_id: str, reasons: str, *, actor: Actor) -> None:
    """Complain of the decision on one's own item; the case waits for a lead who judged nothing in it.

    The same reasons again while the complaint is open change nothing. Raises `NotFound` for what is not the
    actor's, `InvalidInput`, `NoDecision`, `ComplaintTooLate`, or `ComplaintOpen`.
    """
    check_permission(actor, Permission.COMPLAIN)
    check_reasons(reasons)
    with db.transaction() as writer:
        now = clock.now()
        case_id = decided_item(writer, item_id, sender_id=actor.sender_id)
        if case_id is None:
            raise NotFound()
        if not case_id:
            raise NoDecision("This item has no decision yet; nothing was stored.")
        given = _Given(reasons, item_id=item_id)
        if _take(writer, case_id, given, actor=actor, now=now) is None:
            return
        fields = {"reasons": reasons}
        ledger.record(writer, "item.complaint_sent", item_id, actor=actor, at=now, fields=fields)
        touch_sender(writer, item_id, at=now)


def register_complaint(case_id: str, reasons: str, contact: str, *, actor: Actor) -> str:
    """Enter what the content provider says against the decision of a case; the id of the complaint.

    ``contact``: where they are answered, kept apart from the reasons so that it can be erased. The same again
    while it is open changes nothing. Raises `NotFound`, `InvalidInput`, `NoDecision`, `ComplaintTooLate`, or
    `ComplaintOpen`.
    """
    check_permission(actor, Permission.REGISTER_COMPLAINTS)
    check_registered(reasons, contact)
    with db.transaction() as writer:
        now = clock.now()
        if writer.get(Case, case_id) is None:
            raise NotFound()
        given = _Given(reasons, contact=contact)
        taken = _take(writer, case_id, given, actor=actor, now=now)
        return taken or str(open_complaint(writer, case_id, sender_id=None).id)


def _take(writer: Session, case_id: str, given: _Given, *, actor: Actor, now: datetime) -> str | None:
    """Store a complaint and let the case wait for its judgement; None where this very one is open already.

    Whoever complains of one case comes one after the other, so that of two at once the second sees the first.
    """
    writer.get(Case, case_id, populate_existing=True, with_for_update={"key_share": True})
    sender_id = actor.sender_id if given.party is Party.SENDER else None
    waiting = open_complaint(writer, case_id, sender_id=sender_id)
    if waiting is not None:
        _check_same(waiting, given)
        return None
    decision = decision_in_force(writer, case_id)
    if decision is None:
        raise NoDecision("This case has no decision to complain of; nothing was stored.")
    check_in_time(decision.decided_at, now=now)
    complaint_id, version = new_id("O"), _waiting_version(writer, case_id)
    row = {
        "id": complaint_id,
        "case_id": case_id,
        "decision_id": decision.id,
        "item_id": given.item_id,
        "sender_id": sender_id,
        "registered_by": actor.account_id if sender_id is None else None,
        "reasons": given.reasons,
        "contact": given.contact,
        "complained_at": now,
        "joined_version": version,
    }
    writer.execute(sa.insert(Complaint), row)
    ledger.record(
        writer,
        MOVES["complain"].event,
        case_id,
        actor=actor,
        at=now,
        fields={
            "complaint": complaint_id,
            "decision": decision.id,
            "item": given.item_id,
            "sender": sender_id,
            "reasons": given.reasons,
            "contact": given.contact,
        },
        meta={"party": given.party.value, "version": version},
    )
    return complaint_id


def _check_same(waiting: Any, given: _Given) -> None:
    """Raise `ComplaintOpen` unless this was complained of in these very words, to be answered there."""
    known = (waiting.item_id, waiting.reasons, waiting.contact)
    if known == (given.item_id, given.reasons, given.contact):
        return
    raise ComplaintOpen(
        f"A complaint of the same party of {rfc3339(waiting.complained_at)} waits for its result; nothing "
        "was stored."
    )


def _waiting_version(writer: Session, case_id: str) -> int:
    """Let the case wait for a judgement, or go on waiting; the version from which on it has the complaint.

    Whoever holds it has a form that is older than the complaint, which is refused once.
    """
    first, further = MOVES["complain"], MOVES["add_complaint"]
    for move, values in ((first, {"state": first.target}), (further, {})):
        version = writer.scalar(
            sa.update(Case)
            .where(Case.id == case_id, Case.state.in_(move.sources))
            .values(version=Case.version + 1, **values)
            .returning(Case.version)
            .execution_options(synchronize_session=False)
        )
        if version is not None:
            return int(version)
    raise NoDecision("This case has no decision to complain of; nothing was stored.")
