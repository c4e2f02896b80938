"""Dead letters of a sender and of the platform: sent on their way again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.webhooks import HEAD_START, PLATFORM_ENDPOINT, TEST, DeliveryState
from review.errors import AlreadyClosed, NotFound
from review.models import Delivery, Endpoint
from review.queries.erased import erased_part

MOST_AGAIN: Final = 1_000
"""Dead letters that one step sends again."""
CHUNK: Final = 500


def send_again(delivery_id: str, *, actor: Actor) -> None:
    """Send a dead letter of one's own on its way once more: the same id and bytes, all tries anew.

    Somebody asked for this one and looks what comes of it, so it goes before what waits.
    Raises `NotFound`, or `AlreadyClosed` where it is no dead letter or its endpoint is not on.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        _send_one_again(writer, delivery_id, Delivery.sender_id == actor.sender_id, actor=actor)


def send_to_platform_again(delivery_id: str, *, actor: Actor) -> None:
    """Send a dead letter to the platform on its way once more. Raises as `send_again`."""
    check_permission(actor, Permission.FOLLOW_RESTRICTIONS)
    with db.transaction() as writer:
        _send_one_again(writer, delivery_id, Delivery.endpoint_id == PLATFORM_ENDPOINT, actor=actor)


def send_all_again(endpoint_id: str, *, actor: Actor) -> int:
    """Send the dead letters of one's own endpoint on their way once more, the oldest 1 000; how many.

    Raises `NotFound`, or `AlreadyClosed` where there is none or the endpoint is not on.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        own = (Endpoint.id == endpoint_id, Endpoint.sender_id == actor.sender_id)
        if writer.scalar(sa.select(Endpoint.id).where(*own, Endpoint.removed_at.is_(None))) is None:
            raise NotFound("There is no such endpoint.")
        return _send_all_again(writer, endpoint_id, actor=actor)


def send_all_to_platform_again(*, actor: Actor) -> int:
    """Send the dead letters to the platform on their way once more, the oldest 1 000; how many.

    Raises `AlreadyClosed` where there is none.
    """
    check_permission(actor, Permission.FOLLOW_RESTRICTIONS)
    with db.transaction() as writer:
        return _send_all_again(writer, PLATFORM_ENDPOINT, actor=actor)


def _send_one_again(writer: Session, delivery_id: str, own: sa.ColumnElement[bool], *, actor: Actor) -> None:
    wanted = sa.select(Delivery.endpoint_id).where(Delivery.id == delivery_id, own)
    endpoint_id = writer.scalar(wanted)
    if endpoint_id is None:
        raise NotFound("There is no such message.")
    _check_on(writer, endpoint_id)
    if not _revive(writer, [delivery_id], early=HEAD_START, actor=actor):
        raise AlreadyClosed("This message is no dead letter any more; look at it again.")


def _send_all_again(writer: Session, endpoint_id: str, *, actor: Actor) -> int:
    _check_on(writer, endpoint_id)
    dead = sa.select(Delivery.id).where(
        Delivery.endpoint_id == endpoint_id,
        Delivery.standing == sa.literal_column(f"'{DeliveryState.DEAD}'"),
        Delivery.topic != TEST,
    )
    oldest = writer.scalars(dead.order_by(Delivery.finished_at, Delivery.id).limit(MOST_AGAIN)).all()
    sent = _revive(writer, oldest, actor=actor)
    if not sent:
        raise AlreadyClosed("There is no dead letter any more; look at the messages again.")
    return sent


def _check_on(writer: Session, endpoint_id: str) -> None:
    """Hold the endpoint's row; raises `AlreadyClosed` where it is not on."""
    on = sa.select(Endpoint.id).where(
        Endpoint.id == endpoint_id, Endpoint.off_at.is_(None), Endpoint.removed_at.is_(None)
    )
    if writer.scalar(on.with_for_update()) is None:
        raise AlreadyClosed("The endpoint of this message is off; switch it on, then send it again.")


def _revive(
    writer: Session, delivery_ids: Sequence[str], *, early: timedelta = timedelta(), actor: Actor
) -> int:
    """Make those of these that are dead letters wait again, due so much earlier than now; how many."""
    now, records = clock.now(), []
    for start in range(0, len(delivery_ids), CHUNK):
        rows = writer.execute(
            sa.update(Delivery)
            .where(
                Delivery.id.in_(delivery_ids[start : start + CHUNK]),
                Delivery.standing == DeliveryState.DEAD,
                ~erased_part("deliveries", Delivery.id, "body"),
            )
            .values(
                standing=DeliveryState.WAITING.value,
                tries=0,
                next_at=now - early,
                finished_at=None,
                stopped=None,
            )
            .returning(Delivery.id, Delivery.topic)
            .execution_options(synchronize_session=False)
        )
        records += [ledger.Record(row.id, meta={"topic": row.topic}) for row in rows]
    records.sort(key=lambda record: record.object_id)
    if records:
        ledger.record_many(writer, "delivery.sent_again", records, actor=actor, at=now)
    return len(records)
