"""Send a recorded review on its way when its undo window is over: decision, answers, events in one commit."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.answering import answer_items, insert_decision, move_late_items, touch_referrals
from review.domain.permissions import Actor, check_service
from review.domain.states import MOVES, ItemStatus
from review.errors import NotDispatchable, NotFound
from review.models import Case, Item, Review
from review.prepared import Prepared
from review.queries import decisions
from review.queries.decisions import StoredReview


def dispatch_review(review_id: str, *, actor: Actor) -> str | None:
    """Turn a review whose undo window is over into the decision, once; the decision's id.

    Answers every item that is still asked about and joined before the review; items that joined later go
    to a new open case. None where all items that the review covers were withdrawn: nothing is decided then
    and the case is open again for those that joined later. Raises `NotFound`, or `NotDispatchable` (too
    early, undone, done, or withdrawn).
    """
    check_service(actor)
    with db.transaction() as writer:
        now = clock.now()
        review = decisions.review_by_id(writer, review_id)
        if review is None:
            raise NotFound()
        if _answers_nothing(writer, review):
            _drop_review(writer, review, actor=actor, now=now)
            return None
        _close(writer, review, now)
        decision_id = insert_decision(writer, review, now=now)
        answered = answer_items(writer, review, decision_id, actor=actor, now=now)
        touch_referrals(writer, [referral_id for _item, referral_id in answered], now=now)
        ledger.record(
            writer,
            MOVES["decide"].event,
            review.case_id,
            actor=actor,
            at=now,
            fields={
                "decision": decision_id,
                "review": review.id,
                "items": [item_id for item_id, _referral in answered],
            },
            meta={"outcome": review.content.outcome},
        )
        move_late_items(writer, review, actor=actor, now=now)
        return decision_id


_LOCK = Prepared(lambda: sa.select(Case.id).where(Case.id == sa.bindparam("case_id")).with_for_update())
_COVERED = Prepared(
    lambda: (
        sa.select(Item.id)
        .where(
            Item.case_id == sa.bindparam("case_id"),
            Item.status == sa.literal(ItemStatus.IN_REVIEW.value),
            Item.joined_version <= sa.bindparam("seen"),
        )
        .limit(sa.literal(1))
    )
)
_DECIDE = Prepared(
    lambda: (
        sa.update(Case)
        .where(
            Case.id == sa.bindparam("case_id"),
            Case.state.in_([sa.literal(state) for state in MOVES["decide"].sources]),
            Case.pending_review_id == sa.bindparam("review_id"),
        )
        .values(
            state=MOVES["decide"].target,
            decided_at=sa.bindparam("now"),
            pending_review_id=sa.null(),
        )
        .returning(Case.id)
    )
)
_SEND = Prepared(
    lambda: (
        sa.update(Review)
        .where(
            Review.id == sa.bindparam("review_id"),
            Review.undone_at.is_(None),
            Review.dispatched_at.is_(None),
            Review.undo_until <= sa.bindparam("now"),
        )
        .values(dispatched_at=sa.bindparam("now"))
        .returning(Review.id)
    )
)


def _answers_nothing(writer: Session, review: StoredReview) -> bool:
    """Whether every item that the review covers was withdrawn meanwhile; locks the case."""
    if not db.is_sqlite(writer):
        _LOCK.all(writer, case_id=review.case_id)
    return _COVERED.first(writer, case_id=review.case_id, seen=review.case_version) is None


def _drop_review(writer: Session, review: StoredReview, *, actor: Actor, now: datetime) -> None:
    """Nothing is left to answer by this review: the case goes back to the queue for the items that joined."""
    move = MOVES["drop_review"]
    reopened = writer.scalar(
        sa.update(Case)
        .where(Case.id == review.case_id, Case.state.in_(move.sources), Case.pending_review_id == review.id)
        .values(pending_review_id=None, version=Case.version + 1)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    dropped = writer.scalar(
        sa.update(Review)
        .where(
            Review.id == review.id,
            Review.undone_at.is_(None),
            Review.dispatched_at.is_(None),
            Review.undo_until <= now,
        )
        .values(undone_at=now)
        .returning(Review.id)
        .execution_options(synchronize_session=False)
    )
    if reopened is None or dropped is None:
        raise NotDispatchable()
    ledger.record(writer, move.event, review.case_id, actor=actor, at=now, fields={"review": review.id})


def _close(writer: Session, review: StoredReview, now: datetime) -> None:
    """Decide the case and mark the review dispatched; both or neither."""
    decided = _DECIDE.scalar(writer, case_id=review.case_id, review_id=review.id, now=now)
    dispatched = _SEND.scalar(writer, review_id=review.id, now=now)
    if decided is None or dispatched is None:
        raise NotDispatchable()
