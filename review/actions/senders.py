"""Organisations that refer and their keys: create, issue, revoke."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.ids import new_id
from review.domain.keys import SHOWN, digest_of, new_key
from review.domain.permissions import Actor, Permission, Scope, can, check_operator, check_operator_or
from review.domain.senders import FlaggerEvidence, Profile, checked_flagger, checked_label, checked_profile
from review.errors import AlreadyClosed, AlreadyExists, FieldError, InvalidInput, NotFound
from review.models import FlaggerStatus, Sender, SenderKey

OF_SENDERS = frozenset({Scope.REFER, Scope.READ, Scope.MANAGE})
MOST_KEYS = 50
"""Keys in use of one sender: each has a limit of its own, which more keys must not multiply without end."""


@dataclass(frozen=True)
class KeyIssued:
    """A new key; ``key`` is shown once and not kept."""

    key_id: str
    key: str


def create_sender(
    name: str, *, kind: str, country: str | None, flagger: FlaggerEvidence | None, actor: Actor
) -> str:
    """Enter an organisation and return its id.

    Trusted-flagger status is dated evidence beside the kind, never assumed from it. Raises `InvalidInput`
    for a bad value and `AlreadyExists` for a known name.
    """
    check_operator_or(actor, Permission.MANAGE_SENDERS)
    profile = checked_profile(Profile(name, kind, country or None))
    name, country = profile.name, profile.country
    if flagger is not None:
        flagger = checked_flagger(flagger)
    now = clock.now()
    sender = Sender(id=new_id("S"), name=name, kind=kind, country=country, created_at=now)
    with db.transaction() as writer:
        writer.add(sender)
        try:
            writer.flush()
        except IntegrityError as error:
            raise name_taken() from error
        if flagger is not None:
            writer.add(
                FlaggerStatus(
                    sender_id=sender.id,
                    coordinator=flagger.coordinator,
                    valid_from=flagger.valid_from,
                    valid_until=flagger.valid_until,
                    reference=flagger.reference,
                )
            )
        fields = {"name": name, "country": country, "flagger": _stated(flagger)}
        ledger.record(
            writer, "sender.created", sender.id, actor=actor, at=now, fields=fields, meta={"kind": kind}
        )
    return sender.id


def issue_key(
    sender_id: str,
    *,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    label: str | None = None,
    key_id: str | None = None,
    actor: Actor,
) -> KeyIssued:
    """A new API key of a sender, for some of refer, read and manage; only its SHA-256 is stored.

    A person of a sender issues keys of that sender alone. ``key_id`` is the id that a form stands for, so
    that the same form sent twice makes one key. Raises `NotFound` for an unknown sender, `InvalidInput` for
    other scopes, an end that has passed or too many keys in use, `AlreadyExists` for a form sent again.
    """
    _check_may_keep_keys(actor)
    if not scopes or not OF_SENDERS.issuperset(scopes):
        detail = f"The scopes of a sender's key are some of: {', '.join(sorted(OF_SENDERS))}."
        raise InvalidInput(detail, errors=[FieldError("scopes", "scopes_not_valid", detail)])
    label = checked_label(label)
    now = clock.now()
    _check_end(expires_at, now=now)
    own = (Sender.id == sender_id, *_own(actor, Sender.id))
    with db.transaction() as writer:
        # locked, so that two at once are counted one after the other; referrals go on meanwhile
        if writer.scalar(sa.select(Sender.id).where(*own).with_for_update(key_share=True)) is None:
            raise NotFound("There is no such sender.")
        _check_room(writer, sender_id, key_id=key_id, now=now)
        row = _row(sender_id, scopes=scopes, expires_at=expires_at, label=label, key_id=key_id, at=now)
        return _issue(writer, *row, actor=actor)


def issue_platform_key(*, expires_at: datetime | None, actor: Actor) -> KeyIssued:
    """A new key for our own platform, which belongs to no sender and has the scope platform alone."""
    check_operator(actor)
    now = clock.now()
    _check_end(expires_at, now=now)
    with db.transaction() as writer:
        return _issue(
            writer, *_row(None, scopes=(Scope.PLATFORM,), expires_at=expires_at, at=now), actor=actor
        )


def revoke_key(key_id: str, *, actor: Actor) -> None:
    """Make a key useless from now on; raises `NotFound`, or `AlreadyClosed` for a revoked one.

    A person of a sender revokes keys of that sender alone.
    """
    _check_may_keep_keys(actor)
    own = (SenderKey.id == key_id, *_own(actor, SenderKey.sender_id))
    now = clock.now()
    with db.transaction() as writer:
        revoked = writer.execute(
            sa.update(SenderKey)
            .where(*own, SenderKey.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(SenderKey.id)
            .execution_options(synchronize_session=False)
        )
        if revoked.one_or_none() is None:
            if writer.scalar(sa.select(SenderKey.id).where(*own)) is None:
                raise NotFound("There is no such key.")
            raise AlreadyClosed("This key is revoked already.")
        ledger.record(writer, "key.revoked", key_id, actor=actor, at=now)


def touch_key(key_id: str, *, at: datetime) -> None:
    """Note the last use of a key; the caller asks at most once a minute.

    One of the writes that a GET may make (architecture.md, rule 8 of the write path): no event.
    """
    with db.transaction() as writer:
        writer.execute(
            sa.update(SenderKey)
            .where(
                SenderKey.id == key_id,
                sa.or_(SenderKey.last_used_at.is_(None), SenderKey.last_used_at < at),
            )
            .values(last_used_at=at)
            .execution_options(synchronize_session=False)
        )


def name_taken() -> AlreadyExists:
    """What the second sender of a name is told."""
    detail = "There is a sender of this name already."
    return AlreadyExists(detail, errors=[FieldError("name", "already_exists", detail)])


def _check_may_keep_keys(actor: Actor) -> None:
    """Commands, administrators, and people of a sender, whose own keys `_own` singles out."""
    if not can(actor, Permission.MANAGE_OWN_KEYS):
        check_operator_or(actor, Permission.MANAGE_SENDERS)


def _own(actor: Actor, column: sa.orm.InstrumentedAttribute[Any]) -> tuple[sa.ColumnElement[bool], ...]:
    """What a person of a sender may reach; everything else is missing for them."""
    if can(actor, Permission.MANAGE_OWN_KEYS):
        return (column == actor.sender_id,)
    return ()


def _check_end(expires_at: datetime | None, *, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        detail = "The key would have expired already; give a later day."
        raise InvalidInput(detail, errors=[FieldError("expires", "already_expired", detail)])


def _check_room(writer: Session, sender_id: str, *, key_id: str | None, now: datetime) -> None:
    """Raise unless one more key may be in use and the form's key is not issued yet."""
    if key_id is not None and writer.scalar(sa.select(SenderKey.id).where(SenderKey.id == key_id)):
        raise AlreadyExists(
            "This form was sent before, and a key is shown once only. Revoke that key if nobody has it."
        )
    in_use = sa.select(sa.func.count()).where(
        SenderKey.sender_id == sender_id,
        SenderKey.revoked_at.is_(None),
        sa.or_(SenderKey.expires_at.is_(None), SenderKey.expires_at > now),
    )
    if (writer.scalar(in_use) or 0) >= MOST_KEYS:
        raise InvalidInput(f"A sender has at most {MOST_KEYS} keys in use; revoke one of them first.")


def _row(
    sender_id: str | None,
    *,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    label: str | None = None,
    key_id: str | None = None,
    at: datetime,
) -> tuple[SenderKey, str]:
    """The row of a new key, and the key."""
    key = new_key()
    row = SenderKey(
        id=key_id or new_id("K"),
        sender_id=sender_id,
        prefix=key[:SHOWN],
        digest=digest_of(key),
        scopes=" ".join(sorted(set(scopes))),
        created_at=at,
        expires_at=expires_at,
        label=label,
    )
    return row, key


def _issue(writer: Session, row: SenderKey, key: str, *, actor: Actor) -> KeyIssued:
    writer.add(row)
    fields = {
        "scopes": row.scopes.split(),
        "sender": row.sender_id,
        "expires_at": clock.rfc3339(row.expires_at) if row.expires_at else None,
        "label": row.label,
    }
    ledger.record(writer, "key.issued", row.id, actor=actor, at=row.created_at, fields=fields)
    return KeyIssued(key_id=row.id, key=key)


def _stated(flagger: FlaggerEvidence | None) -> dict[str, str] | None:
    if flagger is None:
        return None
    return {
        "coordinator": flagger.coordinator,
        "valid_from": flagger.valid_from.isoformat(),
        **({"valid_until": flagger.valid_until.isoformat()} if flagger.valid_until else {}),
        **({"reference": flagger.reference} if flagger.reference else {}),
    }
