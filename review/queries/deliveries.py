"""Which messages went to a sender's endpoints, and what came of each try? Own ones, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.clock import EPOCH
from review.domain.cursors import Cursor
from review.domain.ids import read_id
from review.domain.webhooks import TEST, DeliveryState
from review.models import Delivery, DeliveryAttempt, Endpoint, Item

LISTED = 50
MOST_COUNTED = 999
DEAD_DAYS = 7
"""Dead letters of so many days are counted for whoever looks after the desk."""


@dataclass(frozen=True)
class AttemptShown:
    """One try: how it ended, and how long that took."""

    began_at: datetime
    milliseconds: int
    status: int | None
    failure: str | None
    excerpt: str


@dataclass(frozen=True)
class DeliveryShown:
    """One message; ``endpoint_state`` is on, off or removed. ``attempts``: the oldest first, of one alone.

    ``referral_id``: the referral that it is about or whose item it is about; None where it is about neither.
    """

    id: str
    endpoint_id: str
    url: str
    endpoint_state: str
    kind: str
    topic: str
    subject_id: str
    referral_id: str | None
    seq: int
    created_at: datetime
    standing: str
    tries: int
    next_at: datetime | None
    finished_at: datetime | None
    stopped: str | None
    body: str = ""
    attempts: tuple[AttemptShown, ...] = ()

    @property
    def can_be_sent_again(self) -> bool:
        """Whether it is a dead letter whose endpoint is on."""
        return self.standing == DeliveryState.DEAD and self.endpoint_state == "on"


@dataclass(frozen=True)
class DeliveryPage:
    """Some messages, and the cursor after which older ones stand; None at the end."""

    deliveries: tuple[DeliveryShown, ...]
    next: Cursor | None


def newest_deliveries(
    reader: Session,
    *,
    sender_id: str | None,
    standing: DeliveryState | None = None,
    endpoint_id: str | None = None,
    after: Cursor | None = None,
    limit: int = LISTED,
) -> DeliveryPage:
    """A sender's messages that the filters leave, the newest first."""
    wanted = _deliveries().where(Delivery.sender_id == sender_id)
    if standing is not None:
        wanted = wanted.where(Delivery.standing == standing)
    if endpoint_id is not None:
        wanted = wanted.where(Delivery.endpoint_id == endpoint_id)
    if after is not None:
        at = EPOCH + timedelta(microseconds=after.position)
        wanted = wanted.where(
            sa.or_(Delivery.created_at < at, sa.and_(Delivery.created_at == at, Delivery.id < after.id))
        )
    rows = reader.execute(
        wanted.order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(limit + 1)
    ).all()
    shown = tuple(_shown(row) for row in rows[:limit])
    return DeliveryPage(shown, _cursor(shown[-1]) if len(rows) > limit else None)


def _cursor(last: DeliveryShown) -> Cursor:
    return Cursor((last.created_at - EPOCH) // timedelta(microseconds=1), last.id)


def delivery_shown(reader: Session, delivery_id: str, *, sender_id: str | None) -> DeliveryShown | None:
    """One message of this sender with its bytes and its tries; None where there is none."""
    row = reader.execute(
        _deliveries()
        .add_columns(Delivery.body)
        .where(Delivery.id == delivery_id, Delivery.sender_id == sender_id)
    ).one_or_none()
    if row is None:
        return None
    attempts = reader.execute(
        sa.select(
            DeliveryAttempt.began_at,
            DeliveryAttempt.milliseconds,
            DeliveryAttempt.status,
            DeliveryAttempt.failure,
            DeliveryAttempt.excerpt,
        )
        .where(DeliveryAttempt.delivery_id == delivery_id)
        .order_by(DeliveryAttempt.id)
    )
    return _shown(row, body=row.body.decode(), attempts=[AttemptShown(*one) for one in attempts])


def _deliveries() -> sa.Select[*tuple[Any, ...]]:
    wanted = sa.select(
        Delivery.id,
        Delivery.endpoint_id,
        Endpoint.url,
        Endpoint.off_at,
        Endpoint.removed_at,
        Endpoint.kind,
        Delivery.topic,
        Delivery.subject_id,
        Item.referral_id,
        Delivery.seq,
        Delivery.created_at,
        Delivery.standing,
        Delivery.tries,
        Delivery.next_at,
        Delivery.finished_at,
        Delivery.stopped,
    )
    of_endpoints = wanted.join(Endpoint, Endpoint.id == Delivery.endpoint_id)
    return of_endpoints.outerjoin(Item, Item.id == Delivery.subject_id)


def _shown(
    row: sa.Row[*tuple[Any, ...]], *, body: str = "", attempts: Sequence[AttemptShown] = ()
) -> DeliveryShown:
    state = "off" if row.off_at is not None else "on"
    return DeliveryShown(
        id=row.id,
        endpoint_id=row.endpoint_id,
        url=row.url,
        endpoint_state="removed" if row.removed_at is not None else state,
        kind=row.kind,
        topic=row.topic,
        subject_id=row.subject_id,
        referral_id=row.referral_id or read_id(row.subject_id, "R"),
        seq=row.seq,
        created_at=row.created_at,
        standing=row.standing,
        tries=row.tries,
        next_at=row.next_at,
        finished_at=row.finished_at,
        stopped=row.stopped,
        body=body,
        attempts=tuple(attempts),
    )


def recent_dead_letters(reader: Session, *, now: datetime) -> int:
    """Dead letters of all senders in the last 7 days, at most 1 000; messages of tests are left out."""
    return _recent_dead(reader, Delivery.sender_id.is_not(None), now=now)


def recent_dead_letters_to_platform(reader: Session, *, now: datetime) -> int:
    """Dead letters to the platform in the last 7 days, at most 1 000."""
    return _recent_dead(reader, Delivery.sender_id.is_(None), now=now)


def _recent_dead(reader: Session, whose: sa.ColumnElement[bool], *, now: datetime) -> int:
    some = (
        sa.select(Delivery.id)
        .where(
            Delivery.standing == sa.literal_column(f"'{DeliveryState.DEAD}'"),
            Delivery.topic != TEST,
            whose,
            Delivery.finished_at > now - timedelta(days=DEAD_DAYS),
        )
        .limit(MOST_COUNTED + 1)
    )
    return reader.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
