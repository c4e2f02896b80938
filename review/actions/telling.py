"""Who is told what of a change? Messages to the endpoints of its senders, inside the change's transaction.

Parts of actions; each looks first whether anybody wants to be told, which mostly nobody does.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import outbox
from review.domain.representation import OwnReferral
from review.models import Endpoint, Item, Referral
from review.outbox import Message
from review.prepared import Prepared
from review.queries.referrals import told_items

CHUNK = 500
_ON = (Endpoint.off_at.is_(None), Endpoint.removed_at.is_(None))
_ENDPOINTS = Prepared(
    lambda: sa.select(Endpoint.id, Endpoint.topics).where(
        Endpoint.sender_id == sa.bindparam("sender_id"), *_ON
    )
)


def tell_received(
    writer: Session, sender_id: str, referrals: Callable[[], Iterable[OwnReferral]], *, at: datetime
) -> None:
    """Tell the sender's endpoints of referrals that were received; these are only made where one is told."""
    topic = "referral.received"
    own = _ENDPOINTS.all(writer, sender_id=sender_id)
    listening = [row.id for row in own if topic in row.topics.split()]
    if not listening:
        return
    messages = [
        Message(endpoint_id, topic, referral.id, referral.as_dict())
        for referral in referrals()
        for endpoint_id in listening
    ]
    outbox.write_messages(writer, messages, at=at)


def tell_items(writer: Session, topic: str, item_ids: Sequence[str], *, at: datetime) -> None:
    """Tell the endpoints of the senders of these items how each stands now."""
    listening: dict[str, list[str]] = {}
    for start in range(0, len(item_ids), CHUNK):
        rows = writer.execute(
            sa.select(Item.id, Endpoint.id.label("endpoint_id"), Endpoint.topics)
            .join(Referral, Referral.id == Item.referral_id)
            .join(Endpoint, Endpoint.sender_id == Referral.sender_id)
            .where(Item.id.in_(item_ids[start : start + CHUNK]), *_ON)
            .order_by(Item.id, Endpoint.id)
        )
        for row in rows:
            if topic in row.topics.split():
                listening.setdefault(row.id, []).append(row.endpoint_id)
    if not listening:
        return
    messages = [
        Message(
            endpoint_id,
            topic,
            item.id,
            item.as_dict() | {"referral": item.referral_id, "reference": reference},
        )
        for item, reference in told_items(writer, list(listening))
        for endpoint_id in listening[item.id]
    ]
    outbox.write_messages(writer, messages, at=at)
