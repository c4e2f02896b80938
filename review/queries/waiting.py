"""What does a case wait for: which question, since when, and until when at most?"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.escalations import WAITS as LEGAL_WAITS
from review.domain.questions import WAITS as SENDER_WAITS
from review.domain.states import CaseState
from review.models import Escalation, Item, Question


@dataclass(frozen=True)
class WaitingFor:
    """The question that a case waits on. ``text``, ``item_id``, ``url``: None for others than who asked.

    ``own``: this person asked. ``until``: when the case comes back by itself.
    """

    own: bool
    asked_at: datetime
    until: datetime
    text: str | None
    item_id: str | None = None
    url: str | None = None


def waiting_for(reader: Session, case_id: str, *, state: str, account_id: str | None) -> WaitingFor | None:
    """What this case waits for, None where it waits for nothing; the words are for who asked alone.

    Whoever holds the case next reads a question to its sender there. One to legal is kept from second
    reviewers, and anybody else may become one.
    """
    if state == CaseState.WAITING_SENDER:
        return _of_sender(reader, case_id, account_id=account_id)
    if state == CaseState.ESCALATED:
        return _of_legal(reader, case_id, account_id=account_id)
    return None


def _of_sender(reader: Session, case_id: str, *, account_id: str | None) -> WaitingFor | None:
    row = reader.execute(
        sa.select(Question.asked_by, Question.question, Question.asked_at, Item.id, Item.canonical_url)
        .join(Item, Item.id == Question.item_id)
        .where(Question.case_id == case_id, Question.ended_at.is_(None))
        .order_by(Question.asked_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    own = row.asked_by == account_id
    until = row.asked_at + SENDER_WAITS
    if not own:
        return WaitingFor(own, row.asked_at, until, None)
    return WaitingFor(own, row.asked_at, until, row.question, row.id, row.canonical_url)


def _of_legal(reader: Session, case_id: str, *, account_id: str | None) -> WaitingFor | None:
    row = reader.execute(
        sa.select(Escalation.asked_by, Escalation.note, Escalation.asked_at)
        .where(Escalation.case_id == case_id, Escalation.ended_at.is_(None))
        .order_by(Escalation.asked_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    own = row.asked_by == account_id
    return WaitingFor(own, row.asked_at, row.asked_at + LEGAL_WAITS, row.note if own else None)
