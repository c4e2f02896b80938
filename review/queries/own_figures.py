"""How does a sender stand with us? Its own counts and our median answer time, at a bounded cost."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import ItemStatus
from review.models import Answer, Batch, Item, Referral, RefusedItem
from review.queries.own_lists import LOOKED_THROUGH, newest_changes, stands_at

MOST_COUNTED = 999
FEWEST_ANSWERED = 5
"""Below so many answered items a median would say nothing."""
MOST_ANSWERED = 1_000
"""The median is that of so many items at most, those of the referrals that changed last."""
SHOWN_REFUSED = 100
SHOWN_BATCHES = 20


@dataclass(frozen=True)
class OwnCounts:
    """Referrals in review, waiting for an answer, and decided since a moment; entries refused since then.

    1 000 stands for more. ``whole`` is False when there are more referrals than are looked through, so that
    some may be missing.
    """

    in_review: int
    waiting: int
    decided: int
    refused: int
    whole: bool


@dataclass(frozen=True)
class AnswerTimes:
    """Seconds from arrival to answer over own items; None where too few were answered."""

    items: int
    median_seconds: float | None
    bounded: bool


@dataclass(frozen=True)
class RefusedEntry:
    """One item that was refused while its referral stands, with the reasons in words."""

    referral_id: str
    reference: str
    url: str
    reasons: tuple[str, ...]
    received_at: datetime


@dataclass(frozen=True)
class RefusingBatch:
    """One delivery in which lines were refused."""

    id: str
    started_at: datetime
    lines: int
    refused: int


def own_counts(reader: Session, *, sender_id: str | None, since: datetime) -> OwnCounts:
    """The counters of a sender, among the referrals that changed last."""
    window = newest_changes(sender_id, Referral.received_at, Referral.updated_at, most=LOOKED_THROUGH)
    looked = reader.scalar(sa.select(sa.func.count()).select_from(window)) or 0
    in_review = sa.select(window.c.id).where(stands_at(ItemStatus.IN_REVIEW, window.c.id))
    waiting = sa.select(window.c.id).where(stands_at(ItemStatus.WAITING_SENDER, window.c.id))
    decided = sa.select(window.c.id).where(
        window.c.updated_at >= since, stands_at(ItemStatus.DECIDED, window.c.id)
    )
    return OwnCounts(
        in_review=_capped(reader, in_review),
        waiting=_capped(reader, waiting),
        decided=_capped(reader, decided),
        refused=_refused(reader, window, sender_id=sender_id, since=since),
        whole=looked < LOOKED_THROUGH,
    )


def answer_times(reader: Session, *, sender_id: str | None, since: datetime) -> AnswerTimes:
    """How long own items waited for their first answer, of those answered since then."""
    window = newest_changes(sender_id, Referral.received_at, Referral.updated_at, most=LOOKED_THROUGH)
    earlier = sa.orm.aliased(Answer)
    is_first = ~sa.exists().where(earlier.item_id == Answer.item_id, earlier.answered_at < Answer.answered_at)
    rows = reader.execute(
        sa.select(window.c.received_at, Answer.answered_at)
        .select_from(window)
        .join(Item, Item.referral_id == window.c.id)
        .join(Answer, Answer.item_id == Item.id)
        .where(window.c.updated_at >= since, Answer.answered_at >= since, is_first)
        .order_by(window.c.change_position.desc(), window.c.id.desc())
        .limit(MOST_ANSWERED)
    ).all()
    waited = [(answered_at - received_at).total_seconds() for received_at, answered_at in rows]
    enough = len(waited) >= FEWEST_ANSWERED
    return AnswerTimes(len(waited), median(waited) if enough else None, bounded=len(waited) == MOST_ANSWERED)


def newest_refused(reader: Session, *, sender_id: str | None) -> list[RefusedEntry]:
    """Refused items of the referrals that changed last, newest first."""
    window = newest_changes(sender_id, Referral.reference, Referral.received_at, most=LOOKED_THROUGH)
    rows = reader.execute(
        sa.select(
            window.c.id,
            window.c.reference,
            RefusedItem.url_as_sent,
            RefusedItem.errors,
            window.c.received_at,
        )
        .select_from(window)
        .join(RefusedItem, RefusedItem.referral_id == window.c.id)
        .order_by(window.c.received_at.desc(), window.c.id, RefusedItem.position)
        .limit(SHOWN_REFUSED)
    )
    return [
        RefusedEntry(row.id, row.reference, row.url_as_sent, _reasons(row.errors), row.received_at)
        for row in rows
    ]


def refusing_batches(reader: Session, *, sender_id: str | None) -> list[RefusingBatch]:
    """Deliveries with refused lines among the newest thousand, newest first."""
    newest = (
        sa.select(Batch.id, Batch.started_at, Batch.lines, Batch.refused)
        .where(Batch.sender_id == sender_id)
        .order_by(Batch.started_at.desc(), Batch.id.desc())
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    wanted = sa.select(newest).where(newest.c.refused > 0)
    ordered = wanted.order_by(newest.c.started_at.desc(), newest.c.id.desc()).limit(SHOWN_BATCHES)
    return [RefusingBatch(*row) for row in reader.execute(ordered)]


def _refused(reader: Session, window: sa.Subquery, *, sender_id: str | None, since: datetime) -> int:
    """Refused items and refused lines that arrived since then."""
    items = (
        sa.select(RefusedItem.position)
        .select_from(window)
        .join(RefusedItem, RefusedItem.referral_id == window.c.id)
        .where(window.c.received_at >= since)
    )
    batches = (
        sa.select(Batch.refused)
        .where(Batch.sender_id == sender_id, Batch.started_at >= since)
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    lines = reader.scalar(sa.select(sa.func.sum(batches.c.refused))) or 0
    return min(MOST_COUNTED + 1, _capped(reader, items) + int(lines))


def _capped(reader: Session, wanted: sa.Select[Any]) -> int:
    counted = wanted.limit(MOST_COUNTED + 1).subquery()
    return reader.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


def _reasons(errors: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(error["detail"] for error in errors)
