"""What becomes of messages whose endpoint is told no more? Part of actions, in their transaction."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain.permissions import Actor
from review.domain.webhooks import DeliveryState, Stopped
from review.models import Delivery


def give_up_waiting(writer: Session, endpoint_id: str, why: Stopped, *, actor: Actor, now: datetime) -> None:
    """Make dead letters of what waits for an endpoint whose row this transaction has changed."""
    rows = writer.execute(
        sa.update(Delivery)
        .where(Delivery.endpoint_id == endpoint_id, Delivery.standing == DeliveryState.WAITING)
        .values(
            standing=DeliveryState.DEAD.value,
            stopped=why.value,
            next_at=None,
            lease=None,
            leased_until=None,
            finished_at=now,
        )
        .returning(Delivery.id, Delivery.topic, Delivery.tries)
        .execution_options(synchronize_session=False)
    ).all()
    records = [
        ledger.Record(row.id, meta={"topic": row.topic, "tries": row.tries, "why": why.value})
        for row in sorted(rows, key=lambda row: row.id)
    ]
    if records:
        ledger.record_many(writer, "delivery.given_up", records, actor=actor, at=now)
