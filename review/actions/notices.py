"""E-mail addresses of a sender that are told that something changed: add, confirm by a link, remove.

Nothing but the mail that asks for the confirmation is sent before it.
"""

from collections.abc import Collection

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review import clock, db, ledger, outbox
from review.actions.stopping import give_up_waiting
from review.domain.ids import new_id
from review.domain.notices import CONFIRM, MOST_NOTICES, checked_address, checked_occasions, confirm_text
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.webhooks import EndpointKind, Stopped
from review.errors import AlreadyExists, NotFound, NotReady
from review.models import Endpoint, Sender
from review.outbox import Message


def add_notice(address: str, occasions: Collection[str], *, actor: Actor) -> str:
    """Ask whoever reads this address to confirm that it is told of these occasions; the endpoint's id.

    Raises `InvalidInput` for what may not be, `AlreadyExists` for an address that is there or too many, and
    `NotReady` where the settings name no mail server.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    if current_app.config["REVIEW_SETTINGS"].mail is None:
        raise NotReady("This desk sends no mail; ask the provider, or use an endpoint.")
    written, chosen = checked_address(address), checked_occasions(list(occasions))
    with db.transaction() as writer:
        now, new = clock.now(), new_id("J")
        own = sa.select(Sender.id).where(Sender.id == actor.sender_id)
        if writer.scalar(own.with_for_update(key_share=True)) is None:
            raise NotFound("There is no such sender.")
        _check_room(writer, actor.sender_id or "", written)
        row = {
            "id": new,
            "trail_version": 0,
            "sender_id": actor.sender_id,
            "kind": EndpointKind.EMAIL.value,
            "url": written,
            "topics": " ".join(chosen),
            "sealed_secret": b"",
            "secret_at": now,
            "last_seq": 0,
            "created_at": now,
        }
        writer.execute(sa.insert(Endpoint), row)
        fields = {"sender": actor.sender_id, "url": written, "topics": list(chosen)}
        meta = {"kind": EndpointKind.EMAIL.value}
        ledger.record(writer, "endpoint.added", new, actor=actor, at=now, fields=fields, meta=meta)
        outbox.write_messages(writer, [Message(new, CONFIRM, new, {}, confirm_text())], at=now)
    return new


def _check_room(writer: Session, sender_id: str, address: str) -> None:
    kept = writer.scalars(
        sa.select(Endpoint.url).where(
            Endpoint.sender_id == sender_id,
            Endpoint.kind == EndpointKind.EMAIL,
            Endpoint.removed_at.is_(None),
        )
    ).all()
    if address in kept:
        raise AlreadyExists("This address is in the list already; remove it first to begin again.")
    if len(kept) >= MOST_NOTICES:
        raise AlreadyExists(f"A sender has at most {MOST_NOTICES} addresses; remove one of them first.")


def confirm_notice(endpoint_id: str, *, actor: Actor) -> None:
    """Begin to tell an address, for whoever showed the link that was mailed there; once. `NotFound`."""
    with db.transaction() as writer:
        now = clock.now()
        confirmed = writer.scalar(
            sa.update(Endpoint)
            .where(*_there(endpoint_id), Endpoint.confirmed_at.is_(None))
            .values(confirmed_at=now)
            .returning(Endpoint.id)
            .execution_options(synchronize_session=False)
        )
        if confirmed is not None:
            ledger.record(writer, "endpoint.confirmed", endpoint_id, actor=actor, at=now)
        elif writer.scalar(sa.select(Endpoint.id).where(*_there(endpoint_id))) is None:
            raise NotFound("This address is not told any more.")


def remove_notice(endpoint_id: str, *, actor: Actor) -> None:
    """Tell an address of one's own organisation nothing more. `NotFound`."""
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        _remove(writer, endpoint_id, Endpoint.sender_id == actor.sender_id, actor=actor)


def end_notice(endpoint_id: str, *, actor: Actor) -> None:
    """Tell an address nothing more, for whoever showed the link that was mailed there. `NotFound`."""
    with db.transaction() as writer:
        _remove(writer, endpoint_id, sa.true(), actor=actor)


def _remove(writer: Session, endpoint_id: str, whose: sa.ColumnElement[bool], *, actor: Actor) -> None:
    now = clock.now()
    removed = writer.scalar(
        sa.update(Endpoint)
        .where(*_there(endpoint_id), whose)
        .values(removed_at=now)
        .returning(Endpoint.id)
        .execution_options(synchronize_session=False)
    )
    if removed is None:
        raise NotFound("This address is not told any more.")
    ledger.record(writer, "endpoint.removed", endpoint_id, actor=actor, at=now)
    give_up_waiting(writer, endpoint_id, Stopped.REMOVED, actor=actor, now=now)


def _there(endpoint_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Endpoint.id == endpoint_id,
        Endpoint.kind == EndpointKind.EMAIL,
        Endpoint.removed_at.is_(None),
    )
