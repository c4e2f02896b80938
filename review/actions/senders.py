"""Organisations that refer and their keys: create, issue, revoke."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.ids import new_id
from review.domain.keys import SHOWN, digest_of, new_key
from review.domain.permissions import Actor, Scope, check_operator
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound
from review.models import FlaggerStatus, Sender, SenderKey
from review.models.senders import SENDER_KINDS

OF_SENDERS = frozenset({Scope.REFER, Scope.READ, Scope.MANAGE})


@dataclass(frozen=True)
class FlaggerEvidence:
    """The award of trusted-flagger status (DSA Art. 22): by which coordinator, from and until which day."""

    coordinator: str
    valid_from: date
    valid_until: date | None


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
    check_operator(actor)
    name = _check_words(name, "the organisation's name")
    country = _check_country(country)
    if kind not in SENDER_KINDS:
        raise InvalidInput(f"The kind of a sender is one of: {', '.join(SENDER_KINDS)}.")
    if flagger is not None:
        flagger = _check_flagger(flagger)
    now = clock.now()
    sender = Sender(id=new_id("S"), name=name, kind=kind, country=country, created_at=now)
    with db.transaction() as writer:
        writer.add(sender)
        try:
            writer.flush()
        except IntegrityError as error:
            raise AlreadyExists(
                "There is a sender of this name already; see `flask senders list`."
            ) from error
        if flagger is not None:
            writer.add(
                FlaggerStatus(
                    sender_id=sender.id,
                    coordinator=flagger.coordinator,
                    valid_from=flagger.valid_from,
                    valid_until=flagger.valid_until,
                )
            )
        fields = {"name": name, "country": country, "flagger": _stated(flagger)}
        ledger.record(
            writer, "sender.created", sender.id, actor=actor, at=now, fields=fields, meta={"kind": kind}
        )
    return sender.id


def issue_key(
    sender_id: str, *, scopes: Collection[Scope], expires_at: datetime | None, actor: Actor
) -> KeyIssued:
    """A new API key of a sender, for some of refer, read and manage; only its SHA-256 is stored.

    Raises `NotFound` for an unknown sender, `InvalidInput` for other scopes or an end that has passed.
    """
    check_operator(actor)
    if not scopes or not OF_SENDERS.issuperset(scopes):
        raise InvalidInput(f"The scopes of a sender's key are some of: {', '.join(sorted(OF_SENDERS))}.")
    now = clock.now()
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("The key would have expired already; give a later day.")
    with db.transaction() as writer:
        if writer.scalar(sa.select(Sender.id).where(Sender.id == sender_id)) is None:
            raise NotFound("There is no such sender; see `flask senders list`.")
        return _issue(writer, sender_id, scopes=scopes, expires_at=expires_at, actor=actor, at=now)


def issue_platform_key(*, expires_at: datetime | None, actor: Actor) -> KeyIssued:
    """A new key for our own platform, which belongs to no sender and has the scope platform alone."""
    check_operator(actor)
    now = clock.now()
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("The key would have expired already; give a later day.")
    with db.transaction() as writer:
        return _issue(writer, None, scopes=(Scope.PLATFORM,), expires_at=expires_at, actor=actor, at=now)


def revoke_key(key_id: str, *, actor: Actor) -> None:
    """Make a key useless from now on; raises `NotFound`, or `AlreadyClosed` for a revoked one."""
    check_operator(actor)
    now = clock.now()
    with db.transaction() as writer:
        revoked = writer.execute(
            sa.update(SenderKey)
            .where(SenderKey.id == key_id, SenderKey.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(SenderKey.id)
            .execution_options(synchronize_session=False)
        )
        if revoked.one_or_none() is None:
            if writer.scalar(sa.select(SenderKey.id).where(SenderKey.id == key_id)) is None:
                raise NotFound("There is no such key; see `flask senders list`.")
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


def _issue(
    writer: Session,
    sender_id: str | None,
    *,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    actor: Actor,
    at: datetime,
) -> KeyIssued:
    key = new_key()
    row = SenderKey(
        id=new_id("K"),
        sender_id=sender_id,
        prefix=key[:SHOWN],
        digest=digest_of(key),
        scopes=" ".join(sorted(set(scopes))),
        created_at=at,
        expires_at=expires_at,
    )
    writer.add(row)
    fields = {
        "scopes": sorted(set(scopes)),
        "sender": sender_id,
        "expires_at": clock.rfc3339(expires_at) if expires_at else None,
    }
    ledger.record(writer, "key.issued", row.id, actor=actor, at=at, fields=fields)
    return KeyIssued(key_id=row.id, key=key)


def _check_words(text: str, what: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > 200 or not text.isprintable():
        raise InvalidInput(f"Give {what} in 1 to 200 printable characters.")
    return text


def _check_country(country: str | None) -> str | None:
    if country is None:
        return None
    code = country.strip().upper()
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise InvalidInput("Give the country as two letters (ISO 3166-1), for example BE.")
    return code


def _check_flagger(flagger: FlaggerEvidence) -> FlaggerEvidence:
    if flagger.valid_until is not None and flagger.valid_until < flagger.valid_from:
        raise InvalidInput("The trusted-flagger status ends before it begins; exchange the two days.")
    coordinator = _check_words(flagger.coordinator, "the coordinator that awarded the status")
    return FlaggerEvidence(coordinator, flagger.valid_from, flagger.valid_until)


def _stated(flagger: FlaggerEvidence | None) -> dict[str, str] | None:
    if flagger is None:
        return None
    until = {"valid_until": flagger.valid_until.isoformat()} if flagger.valid_until else {}
    return {"coordinator": flagger.coordinator, "valid_from": flagger.valid_from.isoformat()} | until
