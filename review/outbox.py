"""The only writer of messages: their bytes are frozen in the transaction of what they tell.

The endpoints' rows are locked while their messages are counted, so write messages last in a transaction.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.domain.ids import new_id
from review.domain.webhooks import DeliveryState, message_bytes
from review.models import Delivery, Endpoint
from review.models.rows import insert_rows


@dataclass(frozen=True, slots=True)
class Message:
    """What one endpoint is told about one thing: ``data``, or, where it is mailed, ``words`` alone."""

    endpoint_id: str
    topic: str
    subject_id: str
    data: Mapping[str, Any]
    words: str | None = None


def write_messages(
    writer: Session, messages: Sequence[Message], *, at: datetime, due_at: datetime | None = None
) -> list[str]:
    """Freeze messages for endpoints that are on; the ids of those that were written, in order.

    ``due_at``: when they are tried first; None: at once, behind what waits longer.
    """
    db.check_open(writer)
    wanted = Counter(message.endpoint_id for message in messages)
    following: dict[str, tuple[int, str | None]] = {}
    for endpoint_id in sorted(wanted):  # in this order, so that two transactions never wait crosswise
        row = writer.execute(
            sa.update(Endpoint)
            .where(Endpoint.id == endpoint_id, Endpoint.off_at.is_(None), Endpoint.removed_at.is_(None))
            .values(last_seq=Endpoint.last_seq + wanted[endpoint_id])
            .returning(Endpoint.last_seq, Endpoint.sender_id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if row is not None:
            following[endpoint_id] = (row.last_seq - wanted[endpoint_id] + 1, row.sender_id)
    rows = []
    for message in messages:
        if message.endpoint_id in following:
            seq, sender_id = following[message.endpoint_id]
            following[message.endpoint_id] = (seq + 1, sender_id)
            rows.append(_row(message, seq=seq, sender_id=sender_id, at=at) | {"next_at": due_at or at})
    insert_rows(writer, Delivery, rows)
    return [row["id"] for row in rows]


def _row(message: Message, *, seq: int, sender_id: str | None, at: datetime) -> dict[str, Any]:
    body = (
        message_bytes(message.topic, seq=seq, data=message.data, at=at)
        if message.words is None
        else message.words.encode()
    )
    return {
        "id": new_id("Z"),
        "trail_version": 0,
        "endpoint_id": message.endpoint_id,
        "sender_id": sender_id,
        "topic": message.topic,
        "subject_id": message.subject_id,
        "seq": seq,
        "body": body,
        "body_sha256": sha256(body).hexdigest(),
        "created_at": at,
        "standing": DeliveryState.WAITING.value,
        "tries": 0,
    }
