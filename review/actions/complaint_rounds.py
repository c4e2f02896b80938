"""What does the review after a complaint lead to: the decision stands, or another one supersedes it?

Parts of `dispatching.dispatch_review`, all inside its transaction, which holds the case's row.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.actions.answering import answer_anew, insert_decision, touch_referrals
from review.actions.rounds import agrees, mark_dispatched
from review.actions.telling import ask_platform, tell_items, tell_lifted
from review.domain.complaints import ComplaintResult
from review.domain.permissions import Actor
from review.domain.states import MOVES, Move
from review.errors import NotDispatchable
from review.models import Case, Complaint, Item, Restriction
from review.queries.complaints import InForce, decision_in_force, review_in_force
from review.queries.decisions import StoredReview


@dataclass(frozen=True)
class _Round:
    """One review after complaints, the decision that it judges, who acts, and when."""

    review: StoredReview
    decision: InForce
    actor: Actor
    now: datetime

    @property
    def case_id(self) -> str:
        """The case of all of them."""
        return self.review.case_id


class _Ended(NamedTuple):
    """A complaint that was answered; item and referral of a sender's alone."""

    id: str
    item_id: str | None
    referral_id: str | None


def settle_complaints(
    writer: Session, review: StoredReview, *, told_platform: bool, actor: Actor, now: datetime
) -> str | None:
    """Uphold the decision where the review comes to the same, else reverse it; the new decision if any.

    Answers the complaints that the reviewer read; of one that came later the case is judged once more.
    ``told_platform``: whether the platform is told of restrictions.
    """
    decision = decision_in_force(writer, review.case_id)
    judged = None if decision is None else review_in_force(writer, decision)
    if decision is None or judged is None:
        raise NotDispatchable()
    this = _Round(review, decision, actor, now)
    if agrees(review, judged):
        _uphold(writer, this)
        return None
    return _reverse(writer, this, told_platform=told_platform)


def _uphold(writer: Session, this: _Round) -> None:
    """The decision stands, which those who complained are told and nobody else."""
    move = MOVES["uphold"]
    _end_round(writer, move, this)
    ended = _end_complaints(writer, this, ComplaintResult.UPHELD)
    ledger.record(
        writer,
        move.event,
        this.case_id,
        actor=this.actor,
        at=this.now,
        fields={
            "review": this.review.id,
            "decision": this.decision.id,
            "complaints": [one.id for one in ended],
        },
    )
    touch_referrals(writer, [one.referral_id for one in ended if one.referral_id], now=this.now)
    _carry_on(writer, this)
    assert move.topic is not None
    tell_items(writer, move.topic, [one.item_id for one in ended if one.item_id], at=this.now)


def _reverse(writer: Session, this: _Round, *, told_platform: bool) -> str:
    """Another decision supersedes this one: everybody who was answered is answered anew."""
    move, review = MOVES["reverse"], this.review
    _end_round(writer, move, this)
    decision_id = insert_decision(writer, review, now=this.now, supersedes=this.decision.id)
    answered = answer_anew(writer, review, decision_id, this.decision, actor=this.actor, now=this.now)
    ended = _end_complaints(writer, this, ComplaintResult.REVERSED)
    lifted = _lift(writer, this, decision_id)  # before the referrals: the order of a platform's report
    touch_referrals(writer, [referral_id for _item, referral_id in answered], now=this.now)
    ledger.record(
        writer,
        move.event,
        this.case_id,
        actor=this.actor,
        at=this.now,
        fields={
            "decision": decision_id,
            "review": review.id,
            "supersedes": this.decision.id,
            "items": [item_id for item_id, _referral in answered],
            "complaints": [one.id for one in ended],
        },
        meta={"outcome": review.content.outcome, "previous_outcome": this.decision.outcome},
    )
    _carry_on(writer, this)
    assert move.topic is not None
    tell_items(writer, move.topic, [item_id for item_id, _referral in answered], at=this.now)
    if told_platform:
        # what is asked for first, so that nothing is open for a moment between two measures
        ask_platform(writer, decision_id, at=this.now)
        if lifted is not None:
            tell_lifted(writer, lifted, at=this.now)
    return decision_id


def _end_round(writer: Session, move: Move, this: _Round) -> None:
    moved = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == this.case_id,
            Case.state.in_(move.sources),
            Case.pending_review_id == this.review.id,
        )
        .values(state=move.target, pending_review_id=None)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None or not mark_dispatched(writer, this.review.id, this.now):
        raise NotDispatchable()


def _end_complaints(writer: Session, this: _Round, result: ComplaintResult) -> list[_Ended]:
    """Answer what the reviewer read."""
    statement = this.review.content.statement
    rows = writer.execute(
        sa.update(Complaint)
        .where(
            Complaint.case_id == this.case_id,
            Complaint.ended_at.is_(None),
            Complaint.joined_version <= this.review.case_version,
        )
        .values(ended_at=this.now, result=result.value, review_id=this.review.id, statement=statement)
        .returning(Complaint.id, Complaint.item_id)
        .execution_options(synchronize_session=False)
    ).all()
    wanted = sa.select(Item.id, Item.referral_id).where(Item.id.in_([row.item_id for row in rows]))
    referrals = {row.id: row.referral_id for row in writer.execute(wanted)}
    ended = sorted(_Ended(row.id, row.item_id, referrals.get(row.item_id)) for row in rows)
    told = [
        ledger.Record(one.item_id, {"statement": statement}, {"result": result.value})
        for one in ended
        if one.item_id is not None
    ]
    if told:
        ledger.record_many(writer, "item.complaint_answered", told, actor=this.actor, at=this.now)
    return ended


def _lift(writer: Session, this: _Round, decision_id: str) -> str | None:
    """End the restriction that the superseded decision asked for, if it did; its id."""
    lifted: str | None = writer.scalar(
        sa.update(Restriction)
        .where(Restriction.decision_id == this.decision.id, Restriction.ends_at.is_(None))
        .values(ends_at=this.now)
        .returning(Restriction.id)
        .execution_options(synchronize_session=False)
    )
    if lifted is not None:
        instead = writer.scalar(sa.select(Restriction.id).where(Restriction.decision_id == decision_id))
        fields = {"replaced_by": instead}
        ledger.record(writer, "restriction.lifted", lifted, actor=this.actor, at=this.now, fields=fields)
    return lifted


def _carry_on(writer: Session, this: _Round) -> None:
    """Let the case wait again where somebody complained after the reviewer had read the others."""
    move = MOVES["carry_complaint"]
    left = writer.scalars(
        sa.select(Complaint.id)
        .where(Complaint.case_id == this.case_id, Complaint.ended_at.is_(None))
        .order_by(Complaint.complained_at, Complaint.id)
    ).all()
    if not left:
        return
    writer.execute(
        sa.update(Case)
        .where(Case.id == this.case_id, Case.state.in_(move.sources))
        .values(state=move.target)
        .execution_options(synchronize_session=False)
    )
    fields = {"complaints": list(left)}
    ledger.record(writer, move.event, this.case_id, actor=this.actor, at=this.now, fields=fields)
