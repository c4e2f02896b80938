"""What does a decision leave behind? Frozen answers, the restriction, a new case for latecomers.

Parts of `decisions.dispatch_review`, all inside its transaction.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, ledger
from review.domain.decisions import answer_bytes
from review.domain.ids import new_id
from review.domain.permissions import Actor
from review.domain.states import CaseState, ItemStatus
from review.models import Answer, Case, Decision, Item, Referral, Restriction
from review.models.rows import insert_rows
from review.prepared import Prepared
from review.queries.complaints import InForce
from review.queries.decisions import StoredReview

CHUNK = 500


def insert_decision(
    writer: Session, review: StoredReview, *, now: datetime, supersedes: str | None = None
) -> str:
    """The decision that a review amounts to, and the restriction that an accept asks for; its id.

    ``supersedes``: the decision that this one reverses.
    """
    decision_id, content = new_id("D"), review.content
    decision = {
        "id": decision_id,
        "case_id": review.case_id,
        "review_id": review.id,
        "outcome": content.outcome,
        "decided_at": now,
        "supersedes_id": supersedes,
    }
    insert_rows(writer, Decision, [decision])
    if content.outcome == "accepted":
        restriction = {
            "id": new_id("M"),
            "trail_version": 0,
            "decision_id": decision_id,
            "visibility": content.visibility,
            "account_measure": content.account,
            "territory": content.territory,
            "starts_at": now,
        }
        insert_rows(writer, Restriction, [restriction])
    return decision_id


_DECIDE_ITEMS = Prepared(
    lambda: (
        sa.update(Item)
        .where(
            Item.case_id == sa.bindparam("in_case"),
            Item.status == sa.literal(ItemStatus.IN_REVIEW.value),
            Item.joined_version <= sa.bindparam("seen"),
        )
        .values(status=sa.literal(ItemStatus.DECIDED.value))
        .returning(Item.id, Item.referral_id)
    )
)
_TOUCH = Prepared(
    lambda: (
        sa.update(Referral)
        .where(Referral.id == sa.bindparam("touched"))
        .values(updated_at=sa.bindparam("now"), change_position=sa.bindparam("position"))
    )
)
_LATE = Prepared(
    lambda: (
        sa.select(Item.id)
        .where(
            Item.case_id == sa.bindparam("in_case"),
            Item.status == sa.literal(ItemStatus.IN_REVIEW.value),
            Item.joined_version > sa.bindparam("seen"),
        )
        .order_by(Item.joined_at, Item.id)
    )
)


def answer_items(
    writer: Session, review: StoredReview, decision_id: str, *, actor: Actor, now: datetime
) -> list[tuple[str, str]]:
    """Answer the items that the review covers, with the same frozen bytes; ids of item and referral."""
    rows = _DECIDE_ITEMS.all(writer, in_case=review.case_id, seen=review.case_version)
    answered = sorted((row.id, row.referral_id) for row in rows)
    _give_answers(writer, review, decision_id, answered, actor=actor, now=now)
    return answered


def answer_anew(
    writer: Session,
    review: StoredReview,
    decision_id: str,
    superseded: InForce,
    *,
    actor: Actor,
    now: datetime,
) -> list[tuple[str, str]]:
    """Answer once more what the superseded decision answered; ids of item and referral."""
    rows = writer.execute(
        sa.select(Item.id, Item.referral_id)
        .join(Answer, Answer.item_id == Item.id)
        .where(Item.case_id == review.case_id, Answer.decision_id == superseded.id)
        .order_by(Item.id)
    )
    answered = [(row.id, row.referral_id) for row in rows]
    _give_answers(writer, review, decision_id, answered, actor=actor, now=now, superseded=superseded)
    return answered


def _give_answers(
    writer: Session,
    review: StoredReview,
    decision_id: str,
    answered: Sequence[tuple[str, str]],
    *,
    actor: Actor,
    now: datetime,
    superseded: InForce | None = None,
) -> None:
    if not answered:
        return
    clauses: list[dict[str, str | int]] = [
        {"number": clause.number, "version": clause.version, "title": clause.title, "text": clause.text}
        for clause in review.clauses
    ]
    before = None if superseded is None else (superseded.outcome, superseded.decided_at)
    body = answer_bytes(review.content, clauses=clauses, decided_at=now, superseded=before)
    answers = [
        {"item_id": item_id, "decision_id": decision_id, "body": body, "answered_at": now}
        for item_id, _referral in answered
    ]
    insert_rows(writer, Answer, answers)
    meta = {
        "outcome": review.content.outcome,
        "previous_outcome": None if superseded is None else superseded.outcome,
    }
    told = [ledger.Record(item_id, {"answer": body}, meta) for item_id, _referral in answered]
    ledger.record_many(writer, "item.answered", told, actor=actor, at=now)


def touch_referrals(writer: Session, referral_ids: Sequence[str], *, now: datetime) -> None:
    """Let pollers see the change; in the order of ids, so that two dispatches never lock crosswise."""
    if not referral_ids:
        return
    position = db.next_change_position(writer, Referral.change_position)
    for referral_id in sorted(set(referral_ids)):
        _TOUCH.all(writer, touched=referral_id, now=now, position=position)


def move_late_items(writer: Session, review: StoredReview, *, actor: Actor, now: datetime) -> None:
    """Give items that joined after the review a new open case with the old one's place in the queue."""
    late = [row.id for row in _LATE.all(writer, in_case=review.case_id, seen=review.case_version)]
    if not late:
        return
    old = writer.get_one(Case, review.case_id, populate_existing=True)
    case_id = new_id("C")
    writer.execute(
        sa.insert(Case),
        {
            "id": case_id,
            "trail_version": 0,
            "match_digest": old.match_digest,
            "intake_kind": old.intake_kind,
            "state": CaseState.OPEN,
            "rank": old.rank,
            "severity": old.severity,
            "content_type": old.content_type,
            "language": old.language,
            "items_live": len(late),
            "opened_at": now,
            "due_at": old.due_at,
            "version": 1,
            "claim_generation": 0,
        },
    )
    for start in range(0, len(late), CHUNK):
        writer.execute(
            sa.update(Item)
            .where(Item.id.in_(late[start : start + CHUNK]))
            .values(case_id=case_id, joined_version=1)
            .execution_options(synchronize_session=False)
        )
    writer.execute(
        sa.update(Case)
        .where(Case.id == review.case_id)
        .values(items_live=Case.items_live - len(late))
        .execution_options(synchronize_session=False)
    )
    ledger.record(
        writer,
        "case.opened",
        case_id,
        actor=actor,
        at=now,
        fields={"items": late},
        meta={"reason": "joined_later"},
    )
