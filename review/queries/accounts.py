"""Who is signed in, and which people does the desk know?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import Actor, Role
from review.models import Account, OneTimeLink, SignIn
from review.prepared import Prepared


@dataclass(frozen=True)
class SignedIn:
    """A living sign-in and what the pages need of its account."""

    account_id: str
    trail_id: str
    pseudonym: str
    role: str
    sender_id: str | None
    last_used_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None
    single_keys: str | None


@dataclass(frozen=True)
class LinkHolder:
    """The person who holds a one-time link."""

    account_id: str
    trail_id: str
    email: str
    expires_at: datetime


@dataclass(frozen=True)
class Credential:
    """An open account and the hash of its password; None where it must be set by a link."""

    account_id: str
    password_hash: str | None


@dataclass(frozen=True)
class AccountListed:
    """One line of the list of people."""

    account_id: str
    pseudonym: str
    email: str
    name: str
    role: str
    sender_id: str | None
    created_at: datetime
    closed_at: datetime | None


_SIGNED_IN = Prepared(
    lambda: (
        sa.select(
            Account.id,
            Account.trail_id,
            Account.pseudonym,
            Account.role,
            Account.sender_id,
            SignIn.last_used_at,
            SignIn.expires_at,
            SignIn.confirmed_at,
            Account.single_keys,
        )
        .join(Account, Account.id == SignIn.account_id)
        .where(
            SignIn.token_digest == sa.bindparam("token_digest"),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > sa.bindparam("now"),
            SignIn.last_used_at > sa.bindparam("idle_since"),
            SignIn.role == Account.role,
            Account.closed_at.is_(None),
        )
    )
)


def signed_in(reader: Session, token_digest: str, *, at: datetime, idle_seconds: int) -> SignedIn | None:
    """The sign-in behind a token while it lives, else None.

    It dies by sign-out, at its absolute end, ``idle_seconds`` after its last use, when the account closes,
    and when the account's role is no longer the one that it was opened with.
    """
    idle_since = at - timedelta(seconds=idle_seconds)
    row = _SIGNED_IN.first_alone(reader, token_digest=token_digest, now=at, idle_since=idle_since)
    if row is None:
        return None
    return SignedIn(
        account_id=row.id,
        trail_id=row.trail_id,
        pseudonym=row.pseudonym,
        role=row.role,
        sender_id=row.sender_id,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        confirmed_at=row.confirmed_at,
        single_keys=row.single_keys,
    )


def holder_of_link(reader: Session, token_digest: str, *, at: datetime) -> LinkHolder | None:
    """Whose one-time link this is while it is unused, not too old, and the account open; else None."""
    row = reader.execute(
        sa.select(Account.id, Account.trail_id, Account.email, OneTimeLink.expires_at)
        .join(OneTimeLink, OneTimeLink.account_id == Account.id)
        .where(
            OneTimeLink.token_digest == token_digest,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > at,
            Account.closed_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else LinkHolder(*row)


def credential_of(reader: Session, email: str) -> Credential | None:
    """What the password of an open account is checked with, by its e-mail address as stored."""
    row = reader.execute(
        sa.select(Account.id, Account.password_hash).where(
            Account.email == email, Account.closed_at.is_(None)
        )
    ).one_or_none()
    return None if row is None else Credential(*row)


def actor_of(reader: Session, email: str) -> Actor | None:
    """The open account with this e-mail address as an actor, for commands that act for somebody."""
    row = reader.execute(
        sa.select(Account.id, Account.trail_id, Account.role, Account.sender_id).where(
            Account.email == email, Account.closed_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return None
    return Actor(
        kind="account", id=row.trail_id, account_id=row.id, role=Role(row.role), sender_id=row.sender_id
    )


def account_by_name(reader: Session, name: str) -> AccountListed | None:
    """The account with this e-mail address, id or pseudonym, or None."""
    key = name.strip()
    rows = _listed(reader, sa.or_(Account.email == key.lower(), Account.id == key, Account.pseudonym == key))
    return rows[0] if rows else None


def list_accounts(reader: Session) -> list[AccountListed]:
    """All people, open and closed, oldest first."""
    return _listed(reader, sa.true())


def _listed(reader: Session, condition: sa.ColumnElement[bool]) -> list[AccountListed]:
    rows = reader.execute(
        sa.select(
            Account.id,
            Account.pseudonym,
            Account.email,
            Account.name,
            Account.role,
            Account.sender_id,
            Account.created_at,
            Account.closed_at,
        )
        .where(condition)
        .order_by(Account.created_at, Account.id)
    )
    return [AccountListed(*row) for row in rows]


def person_of(reader: Session, account_id: str) -> tuple[str, str]:
    """Name and e-mail address of a person, for that person's own forms; blank where there is none."""
    row = reader.execute(sa.select(Account.name, Account.email).where(Account.id == account_id)).one_or_none()
    return (row.name, row.email) if row is not None else ("", "")
