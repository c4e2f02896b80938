"""The addresses of a sender that are told of changes: add, rotate, switch off and on, remove, test.

A person or a key reaches the endpoints of the own sender alone; those of others are missing for them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger, outbox
from review.actions.stopping import give_up_waiting
from review.domain.addresses import Network
from review.domain.endpoints import MOST_ENDPOINTS, AlreadyRotated, checked_endpoint
from review.domain.ids import new_id
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.sealing import seal
from review.domain.webhooks import (
    HEAD_START,
    OVERLAP,
    TEST,
    DeliveryState,
    EndpointKind,
    Stopped,
    new_secret,
    written_secret,
)
from review.errors import AlreadyClosed, AlreadyExists, NotFound
from review.models import Delivery, Endpoint, Sender
from review.outbox import Message

PURPOSE = "webhook-secret"


@dataclass(frozen=True)
class SecretShown:
    """An endpoint with its newest secret, which is shown once and kept sealed."""

    endpoint_id: str
    url: str
    topics: tuple[str, ...]
    secret: str


def add_endpoint(
    url: str,
    topics: Collection[str],
    *,
    endpoint_id: str | None = None,
    secret_key: str,
    networks: Sequence[Network],
    actor: Actor,
) -> SecretShown:
    """Let the actor's sender be told at ``url`` of these topics; the secret is given out here alone.

    ``endpoint_id`` is the id that a form stands for, so that the same form sent twice adds one. Raises
    `InvalidInput` for what may not be, `AlreadyExists` for a form sent again or too many endpoints.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    address, chosen = checked_endpoint(url, topics, networks=networks)
    secret, new = new_secret(), endpoint_id or new_id("J")
    with db.transaction() as writer:
        now = clock.now()
        # locked, so that two at once are counted one after the other; referrals go on meanwhile
        own = sa.select(Sender.id).where(Sender.id == actor.sender_id)
        if writer.scalar(own.with_for_update(key_share=True)) is None:
            raise NotFound("There is no such sender.")
        _check_room(writer, actor.sender_id or "", new)
        row = {
            "id": new,
            "trail_version": 0,
            "sender_id": actor.sender_id,
            "url": address,
            "topics": " ".join(chosen),
            "sealed_secret": seal(secret, secret_key=secret_key, purpose=PURPOSE, belongs_to=new),
            "secret_at": now,
            "last_seq": 0,
            "created_at": now,
        }
        writer.execute(sa.insert(Endpoint), row)
        fields = {"sender": actor.sender_id, "url": address, "topics": list(chosen)}
        ledger.record(writer, "endpoint.added", new, actor=actor, at=now, fields=fields)
    return SecretShown(new, address, chosen, written_secret(secret))


def _check_room(writer: Session, sender_id: str, new: str) -> None:
    if writer.scalar(sa.select(Endpoint.id).where(Endpoint.id == new)) is not None:
        raise AlreadyExists(
            "This form was sent before, and a secret is shown once only. Rotate the secret if nobody has it."
        )
    kept = sa.select(sa.func.count()).where(
        Endpoint.sender_id == sender_id,
        Endpoint.kind == EndpointKind.WEBHOOK,
        Endpoint.removed_at.is_(None),
    )
    if (writer.scalar(kept) or 0) >= MOST_ENDPOINTS:
        raise AlreadyExists(f"A sender has at most {MOST_ENDPOINTS} endpoints; remove one of them first.")


def rotate_secret(
    endpoint_id: str, *, ending: datetime | None = None, secret_key: str, actor: Actor
) -> SecretShown:
    """Give an endpoint a new secret; the one before signs beside it for 24 hours, then counts no more.

    Two sign at most, so a rotation before that ends an earlier one: this needs ``ending``, until when it was
    promised to sign. Raises `NotFound`, or `AlreadyRotated` where an earlier one signs and is not to end.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    secret = new_secret()
    with db.transaction() as writer:
        now = clock.now()
        row = writer.execute(
            sa.update(Endpoint)
            .where(
                *_own(endpoint_id, actor),
                sa.or_(
                    Endpoint.previous_until.is_(None),
                    Endpoint.previous_until <= now,
                    Endpoint.previous_until == ending,
                ),
            )
            .values(
                sealed_previous=Endpoint.sealed_secret,
                previous_until=now + OVERLAP,
                sealed_secret=seal(secret, secret_key=secret_key, purpose=PURPOSE, belongs_to=endpoint_id),
                secret_at=now,
            )
            .returning(Endpoint.url, Endpoint.topics)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if row is None:
            raise _not_rotated(writer, endpoint_id, actor)
        ledger.record(writer, "endpoint.rotated", endpoint_id, actor=actor, at=now)
    return SecretShown(endpoint_id, row.url, tuple(row.topics.split()), written_secret(secret))


def _not_rotated(writer: Session, endpoint_id: str, actor: Actor) -> NotFound | AlreadyRotated:
    until = writer.scalar(sa.select(Endpoint.previous_until).where(*_own(endpoint_id, actor)))
    if until is None:
        return _missing()
    written = clock.rfc3339(until)
    detail = f"The secret before signs as well until {written}, and a rotation now would end that at once."
    return AlreadyRotated(detail, values={"previous_secret_until": written})


def switch_off(endpoint_id: str, *, actor: Actor) -> None:
    """Tell this endpoint nothing more; what waits for it becomes dead letters.

    Raises `NotFound`, or `AlreadyClosed` where it is off.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        now = clock.now()
        values = {"off_at": now, "off_why": Stopped.SWITCHED_OFF.value}
        _change(writer, endpoint_id, values, Endpoint.off_at.is_(None), actor=actor)
        meta = {"why": Stopped.SWITCHED_OFF.value}
        ledger.record(writer, "endpoint.switched_off", endpoint_id, actor=actor, at=now, meta=meta)
        give_up_waiting(writer, endpoint_id, Stopped.SWITCHED_OFF, actor=actor, now=now)


def switch_on(endpoint_id: str, *, actor: Actor) -> None:
    """Tell this endpoint of what happens from now on. `NotFound`, or `AlreadyClosed` where it is on."""
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        values = {"off_at": None, "off_why": None}
        _change(writer, endpoint_id, values, Endpoint.off_at.is_not(None), actor=actor)
        ledger.record(writer, "endpoint.switched_on", endpoint_id, actor=actor, at=clock.now())


def remove_endpoint(endpoint_id: str, *, actor: Actor) -> None:
    """Take an endpoint away for good with its secrets; what waits becomes dead letters. `NotFound`."""
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        now = clock.now()
        values = {"removed_at": now, "sealed_secret": b"", "sealed_previous": None, "previous_until": None}
        _change(writer, endpoint_id, values, actor=actor)
        ledger.record(writer, "endpoint.removed", endpoint_id, actor=actor, at=now)
        give_up_waiting(writer, endpoint_id, Stopped.REMOVED, actor=actor, now=now)


def try_endpoint(endpoint_id: str, *, actor: Actor) -> str:
    """Send an endpoint a message that says nothing, tried once and before what waits; its id.

    Raises `NotFound`, or `AlreadyClosed` where it is off or a test is on its way.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        now = clock.now()
        own = sa.select(Endpoint.id).where(*_own(endpoint_id, actor))
        if writer.scalar(own) is None:
            raise _missing()
        message = Message(endpoint_id, TEST, endpoint_id, {"endpoint": endpoint_id})
        written = outbox.write_messages(writer, [message], at=now, due_at=now - HEAD_START)
        if not written:
            raise AlreadyClosed("This endpoint is switched off; switch it on before you test it.")
        _check_one_test(writer, endpoint_id)
        fields = {"delivery": written[0]}
        ledger.record(writer, "endpoint.tested", endpoint_id, actor=actor, at=now, fields=fields)
        return written[0]


def _check_one_test(writer: Session, endpoint_id: str) -> None:
    """One test at a time, so that nobody makes the desk knock at an address without end.

    The endpoint's row is locked: its messages were counted.
    """
    under_way = sa.select(sa.func.count()).where(
        Delivery.endpoint_id == endpoint_id,
        Delivery.topic == TEST,
        Delivery.standing == DeliveryState.WAITING,
    )
    if (writer.scalar(under_way) or 0) > 1:
        raise AlreadyClosed("A test message is on its way already; wait for what comes of it.")


def _own(endpoint_id: str, actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Endpoint.id == endpoint_id,
        Endpoint.sender_id == actor.sender_id,
        Endpoint.kind == EndpointKind.WEBHOOK,
        Endpoint.removed_at.is_(None),
    )


def _change(
    writer: Session,
    endpoint_id: str,
    values: dict[str, Any],
    *where: sa.ColumnElement[bool],
    actor: Actor,
) -> None:
    """Change one's own endpoint; raises `NotFound`, or `AlreadyClosed` where it is so already."""
    changed = writer.scalar(
        sa.update(Endpoint)
        .where(*_own(endpoint_id, actor), *where)
        .values(values)
        .returning(Endpoint.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        if writer.scalar(sa.select(Endpoint.id).where(*_own(endpoint_id, actor))) is None:
            raise _missing()
        raise AlreadyClosed("Somebody has switched this endpoint already; look at it again.")


def _missing() -> NotFound:
    return NotFound("There is no such endpoint.")
