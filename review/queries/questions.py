"""What were senders asked, what did they answer, and which item may a moderator ask about?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.representation import OwnQuestion
from review.domain.states import CaseState, ItemStatus
from review.models import Case, Item, Question, Referral, Sender
from review.prepared import Prepared
from review.queries.cases import not_reviewed_by, shown_state
from review.queries.decisions import sender_names

SHORT_CHUNK = 400
LISTED = 50
ASKED_BACK = timedelta(days=14)

_ENDED = Prepared(
    lambda: (
        sa.select(Question.item_id, Question.question, Question.asked_at, Question.answer, Question.ended_at)
        .where(Question.case_id == sa.bindparam("case_id"), Question.ended_at.is_not(None))
        .order_by(Question.asked_at.desc())
    )
)
_OF_ITEM = Prepared(
    lambda: _of_items().where(Question.item_id == sa.bindparam("item_id")).order_by(Question.asked_at)
)


@dataclass(frozen=True)
class QuestionEnded:
    """One question as the next holder sees it; without ``answer`` there was none."""

    item_id: str
    question: str
    asked_at: datetime
    answer: str | None
    ended_at: datetime


@dataclass(frozen=True)
class Asked:
    """The item that a question is about, the names and references of the case's other senders."""

    item_id: str
    referral_id: str
    other_names: Collection[str]
    other_references: Collection[str]


@dataclass(frozen=True)
class AskedBefore:
    """A question of one sender's referral, to be answered: ``answer`` and ``ended_at`` as they stand."""

    id: str
    case_id: str
    item_id: str
    asked_at: datetime
    answer: str | None
    ended_at: datetime | None


@dataclass(frozen=True)
class AskedByOneself:
    """A question that a person asked: ``state`` is waiting, answered, ended or withdrawn; no words of it.

    ``case_state`` is where its case stands, as this person may know.
    """

    case_id: str
    asked_at: datetime
    ended_at: datetime | None
    state: str
    case_state: str


@dataclass(frozen=True)
class AskedListed:
    """The newest of them, and whether there are more."""

    rows: tuple[AskedByOneself, ...]
    more: bool


def questions_on(reader: Session, case_id: str) -> tuple[QuestionEnded, ...]:
    """The questions about a case that were answered or ended, the newest first."""
    return tuple(QuestionEnded(*row) for row in _ENDED.all(reader, case_id=case_id))


def item_to_ask(reader: Session, case_id: str, item_id: str | None) -> Asked | None:
    """That item of a case, or its first where none is named; None where it is not in review there.

    What another sender has in common with the one that is asked gives nobody away.
    """
    rows = reader.execute(
        sa.select(
            Item.id,
            Item.status,
            Item.referral_id,
            Referral.sender_id,
            Sender.name,
            Referral.reference,
            Referral.issuing_authority,
            Referral.contact_name,
            Referral.contact_email,
            Referral.removal_order,
        )
        .join(Referral, Referral.id == Item.referral_id)
        .join(Sender, Sender.id == Referral.sender_id)
        .where(Item.case_id == case_id)
        .order_by(Referral.received_at, Referral.id, Item.position)
    ).all()
    fitting = [
        row for row in rows if row.status == ItemStatus.IN_REVIEW and (item_id is None or row.id == item_id)
    ]
    if not fitting:
        return None
    asked = fitting[0]
    own = sender_names([row for row in rows if row.sender_id == asked.sender_id])
    others = sender_names([row for row in rows if row.sender_id != asked.sender_id])
    names, references = (other - known for other, known in zip(others, own, strict=True))
    return Asked(asked.id, asked.referral_id, names, references)


def questions_of(reader: Session, item_ids: Sequence[str]) -> dict[str, tuple[OwnQuestion, ...]]:
    """What the sender of these items was asked about each, in the order of asking."""
    rows: list[Any] = []
    if len(item_ids) == 1:
        rows = _OF_ITEM.all(reader, item_id=item_ids[0])
    else:
        for start in range(0, len(item_ids), SHORT_CHUNK):
            some = Question.item_id.in_(item_ids[start : start + SHORT_CHUNK])
            rows += reader.execute(_of_items().where(some).order_by(Question.item_id, Question.asked_at))
    found: dict[str, list[OwnQuestion]] = {}
    for row in rows:
        question = OwnQuestion(row.question, row.asked_at, row.answer, row.ended_at)
        found.setdefault(row.item_id, []).append(question)
    return {item_id: tuple(questions) for item_id, questions in found.items()}


def _of_items() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Question.item_id, Question.question, Question.asked_at, Question.answer, Question.ended_at
    )


def asked_of(
    reader: Session, referral_id: str, *, sender_id: str | None, item_id: str | None
) -> tuple[AskedBefore, ...] | None:
    """All questions about an own referral, or one item of it, the newest first; None where it is not own."""
    own = sa.select(Referral.id).where(Referral.id == referral_id, Referral.sender_id == sender_id)
    if reader.scalar(own) is None:
        return None
    wanted = (
        sa.select(
            Question.id,
            Question.case_id,
            Question.item_id,
            Question.asked_at,
            Question.answer,
            Question.ended_at,
        )
        .join(Item, Item.id == Question.item_id)
        .where(Item.referral_id == referral_id)
        .order_by(Question.asked_at.desc(), Question.id)
    )
    if item_id is not None:
        wanted = wanted.where(Item.id == item_id)
    return tuple(AskedBefore(*row) for row in reader.execute(wanted))


def asked_by(reader: Session, *, account_id: str, now: datetime) -> AskedListed:
    """What the person asked senders in the last 14 days: first what waits, then the newest."""
    rows = reader.execute(
        sa.select(
            Question.case_id,
            Question.asked_at,
            Question.answered_at,
            Question.ended_at,
            Case.state,
            (~not_reviewed_by(account_id)).label("recorded"),
        )
        .join(Case, Case.id == Question.case_id)
        .where(Question.asked_by == account_id, Question.asked_at > now - ASKED_BACK)
        .order_by(Question.asked_at.desc())
        .limit(LISTED + 1)
    ).all()
    found = [
        AskedByOneself(
            row.case_id,
            row.asked_at,
            row.ended_at,
            _state(row),
            shown_state(row.state, recorded=row.recorded),
        )
        for row in rows[:LISTED]
    ]
    found.sort(key=lambda one: one.state != "waiting")
    return AskedListed(tuple(found), len(rows) > LISTED)


def _state(row: Any) -> str:
    if row.ended_at is None:
        return "waiting"
    if row.answered_at is not None:
        return "answered"
    return "withdrawn" if row.state == CaseState.WITHDRAWN and not row.recorded else "ended"


def is_asked(referral_id: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
    """Whether a question about some item of a referral waits for its sender."""
    return sa.exists().where(
        Item.referral_id == referral_id, Question.item_id == Item.id, Question.ended_at.is_(None)
    )
