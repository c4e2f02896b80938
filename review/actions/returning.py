"""How does a case leave the queue with a question, and come back? Parts of actions, in their transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, ledger
from review.domain.permissions import Actor
from review.domain.states import MOVES, Move
from review.models import Case, Item, Question, Referral
from review.queries.cases import is_held_by

CHUNK = 500


def send_away(
    writer: Session, case_id: str, move: Move, *, generation: int, version: int, actor: Actor, now: datetime
) -> bool:
    """Let the case one holds, if it is as one saw it, leave the queue by this move; whether it did."""
    moved = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == case_id,
            Case.state.in_(move.sources),
            Case.pending_review_id.is_(None),
            Case.claim_generation == generation,
            Case.version == version,
            is_held_by(actor.account_id, now),
        )
        .values(state=move.target, claimed_by=None, claimed_until=None)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


def bring_back(writer: Session, case_id: str, move: Move) -> bool:
    """Let a case that waits be reviewed again, its place in the queue unchanged; whether it did wait.

    The case before its question or escalation: the order in which asking takes them.
    """
    returned = writer.scalar(
        sa.update(Case)
        .where(Case.id == case_id, Case.state.in_(move.sources))
        .values(state=move.target)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    return returned is not None


def end_question(writer: Session, question_id: str, **values: str | datetime) -> str | None:
    """End a question that waits; the item that it is about, or None where it does not wait any more."""
    item_id: str | None = writer.scalar(
        sa.update(Question)
        .where(Question.id == question_id, Question.ended_at.is_(None))
        .values(**values)
        .returning(Question.item_id)
        .execution_options(synchronize_session=False)
    )
    return item_id


def touch_sender(writer: Session, item_id: str, *, at: datetime) -> None:
    """Let the sender of this item see a change of its referral, and nobody else."""
    position = db.next_change_position(writer, Referral.change_position)
    of_item = sa.select(Item.referral_id).where(Item.id == item_id).scalar_subquery()
    writer.execute(
        sa.update(Referral)
        .where(Referral.id == of_item)
        .values(updated_at=at, change_position=position)
        .execution_options(synchronize_session=False)
    )


def end_questions_about(
    writer: Session, item_ids: Sequence[str], *, emptied: Collection[str], actor: Actor, at: datetime
) -> None:
    """Nobody will answer about items that were withdrawn: their cases come back, where items are left.

    ``emptied`` are the cases that were withdrawn with their last item.
    """
    for start in range(0, len(item_ids), CHUNK):
        ended = writer.execute(
            sa.update(Question)
            .where(Question.item_id.in_(item_ids[start : start + CHUNK]), Question.ended_at.is_(None))
            .values(ended_at=at)
            .returning(Question.id, Question.case_id)
            .execution_options(synchronize_session=False)
        ).all()
        for row in sorted(ended, key=lambda row: row.case_id):
            move = MOVES["end_question"]
            if row.case_id not in emptied and bring_back(writer, row.case_id, move):
                fields = {"question": row.id}
                ledger.record(writer, move.event, row.case_id, actor=actor, at=at, fields=fields)
