"""How does a delivery of many referrals stand, and what became of each of its lines? Own ones only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.clock import rfc3339
from review.domain.cursors import Cursor
from review.domain.states import ItemStatus, referral_status
from review.models import Answer, Batch, BatchLine, Decision, Item, Question
from review.queries.complaints import stands
from review.queries.positions import moment_at, position_of

SHOWN_REFUSALS = 100
"""Refused lines in the answer to an upload; the results list all."""
RESULTS_CHUNK = 500


@dataclass(frozen=True)
class OwnBatch:
    """One delivery as its sender sees it; the first counts are of lines, the last three of items."""

    id: str
    started_at: datetime
    completed_at: datetime | None
    lines: int
    received: int
    repeated: int
    refused: int
    decided: int = 0
    accepted: int = 0
    declined: int = 0

    def as_dict(self) -> dict[str, Any]:
        """All members in the order in which they are written; ``seconds`` only once it is complete."""
        address = f"/api/v1/batches/{self.id}"
        seconds = None
        if self.completed_at is not None:
            seconds = round((self.completed_at - self.started_at).total_seconds(), 3)
        return {
            "id": self.id,
            "started_at": rfc3339(self.started_at),
            "completed_at": None if self.completed_at is None else rfc3339(self.completed_at),
            "seconds": seconds,
            "lines": self.lines,
            "received": self.received,
            "repeated": self.repeated,
            "refused": self.refused,
            "decided": self.decided,
            "accepted": self.accepted,
            "declined": self.declined,
            "links": {"self": address, "results": f"{address}/results", "receipt": f"{address}/receipt"},
        }


@dataclass(frozen=True)
class BatchPage:
    """Some batches, newest first, and the cursor after which the next ones stand; None at the end."""

    batches: tuple[OwnBatch, ...]
    next: Cursor | None


@dataclass(frozen=True)
class LineResult:
    """What became of one line: the referral's id with status and outcome, or the errors."""

    line: int
    result: str
    reference: str | None
    referral_id: str | None
    errors: Sequence[Mapping[str, str]]
    status: ItemStatus | None = None
    outcome: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The members of one line of the results."""
        if self.referral_id is None:
            return {"line": self.line, "reference": self.reference, "errors": list(self.errors)}
        return {
            "line": self.line,
            "id": self.referral_id,
            "result": self.result,
            "status": self.status,
            "outcome": self.outcome,
        }


def own_batch(reader: Session, batch_id: str, *, sender_id: str | None) -> OwnBatch | None:
    """The batch with its progress; None when there is none of this sender."""
    row = reader.execute(_batches().where(Batch.id == batch_id, Batch.sender_id == sender_id)).one_or_none()
    if row is None:
        return None
    counted = (
        sa.select(Decision.outcome, sa.func.count(sa.distinct(Item.id)))
        .join_from(BatchLine, Item, Item.referral_id == BatchLine.referral_id)
        .join(Answer, Answer.item_id == Item.id)
        .join(Decision, Decision.id == Answer.decision_id)
        .where(BatchLine.batch_id == batch_id, Item.status == ItemStatus.DECIDED, stands())
        .group_by(Decision.outcome)
    )
    outcomes: dict[str, int] = dict(reader.execute(counted).all())
    accepted, declined = outcomes.get("accepted", 0), outcomes.get("declined", 0)
    return OwnBatch(**row._asdict(), decided=accepted + declined, accepted=accepted, declined=declined)


def newest_batches(
    reader: Session, *, sender_id: str | None, limit: int, after: Cursor | None = None
) -> BatchPage:
    """Own batches, newest first, without the counts of items."""
    wanted = _batches().where(Batch.sender_id == sender_id)
    if after is not None:
        wanted = wanted.where(
            sa.tuple_(Batch.started_at, Batch.id) < sa.tuple_(moment_at(after.position), sa.literal(after.id))
        )
    rows = reader.execute(wanted.order_by(Batch.started_at.desc(), Batch.id.desc()).limit(limit + 1)).all()
    shown = [OwnBatch(**row._asdict()) for row in rows[:limit]]
    last = Cursor(position_of(shown[-1].started_at), shown[-1].id) if len(rows) > limit else None
    return BatchPage(tuple(shown), last)


def first_refusals(reader: Session, batch_id: str) -> list[LineResult]:
    """The first hundred refused lines of a batch."""
    rows = reader.execute(
        sa.select(BatchLine.line, BatchLine.reference, BatchLine.errors)
        .where(BatchLine.batch_id == batch_id, BatchLine.result == "refused")
        .order_by(BatchLine.line)
        .limit(SHOWN_REFUSALS)
    )
    return [LineResult(line, "refused", reference, None, errors or ()) for line, reference, errors in rows]


def line_results(
    reader: Session, batch_id: str, *, after: int = 0, limit: int = RESULTS_CHUNK
) -> list[LineResult]:
    """What became of the next lines behind ``after``, in order; none at the end."""
    rows = reader.execute(
        sa.select(
            BatchLine.line, BatchLine.result, BatchLine.reference, BatchLine.referral_id, BatchLine.errors
        )
        .where(BatchLine.batch_id == batch_id, BatchLine.line > after)
        .order_by(BatchLine.line)
        .limit(limit)
    ).all()
    found = _standing(reader, [row.referral_id for row in rows if row.referral_id is not None])
    return [
        LineResult(
            row.line,
            row.result,
            row.reference,
            row.referral_id,
            row.errors or (),
            *found.get(row.referral_id, (None, None)),
        )
        for row in rows
    ]


def _standing(reader: Session, referral_ids: Sequence[str]) -> dict[str, tuple[ItemStatus, str | None]]:
    """Status of referrals, and their outcome where all items that are decided have the same one."""
    rows = reader.execute(
        sa.select(Item.referral_id, Item.id, Item.status, Decision.outcome, Question.id)
        .outerjoin(Question, sa.and_(Question.item_id == Item.id, Question.ended_at.is_(None)))
        .outerjoin(Answer, Answer.item_id == Item.id)
        .outerjoin(Decision, Decision.id == Answer.decision_id)
        .where(Item.referral_id.in_(set(referral_ids)))
        .order_by(Answer.answered_at)
    )
    statuses: dict[str, dict[str, ItemStatus]] = {}
    outcomes: dict[str, dict[str, str]] = {}
    for referral_id, item_id, status, outcome, asked in rows:
        stands = ItemStatus(status) if asked is None else ItemStatus.WAITING_SENDER
        statuses.setdefault(referral_id, {})[item_id] = stands
        if status == ItemStatus.DECIDED and outcome is not None:
            outcomes.setdefault(referral_id, {})[item_id] = outcome
    return {
        referral_id: (referral_status(items.values()), _only(set(outcomes.get(referral_id, {}).values())))
        for referral_id, items in statuses.items()
    }


def _only(values: set[str]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def _batches() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Batch.id,
        Batch.started_at,
        Batch.completed_at,
        Batch.lines,
        Batch.received,
        Batch.repeated,
        Batch.refused,
    )
