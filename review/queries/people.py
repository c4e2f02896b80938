"""Which people does account administration see? The one place where names are read for a page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import Role
from review.models import Account, OneTimeLink, Sender, SignIn

LISTED = 50
MOST_COUNTED = 999


class AccountState(StrEnum):
    """Whether an account can sign in: yes, not until its one-time link is used, or never again."""

    OPEN = "open"
    INVITED = "invited"
    CLOSED = "closed"


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; None narrows nothing."""

    role: Role | None = None
    state: AccountState | None = None
    sender_id: str | None = None


@dataclass(frozen=True)
class Person:
    """One account as its administrator sees it; ``last_sign_in_at`` is None where there was none."""

    account_id: str
    pseudonym: str
    name: str
    email: str
    role: Role
    sender_id: str | None
    sender_name: str | None
    state: AccountState
    created_at: datetime
    closed_at: datetime | None
    last_sign_in_at: datetime | None


@dataclass(frozen=True)
class PeoplePage:
    """One page of people by name; ``following`` is the account after which the next page starts."""

    people: tuple[Person, ...]
    following: str | None
    count: int
    """Of all pages; at most one more than `MOST_COUNTED`."""


@dataclass(frozen=True)
class Access:
    """How a person can get in now: sign-ins that live, and until when the newest unused link is good."""

    sign_ins: int
    link_until: datetime | None


_OPEN = Account.closed_at.is_(None)
_CONDITIONS = {
    AccountState.OPEN: sa.and_(_OPEN, Account.password_hash.is_not(None)),
    AccountState.INVITED: sa.and_(_OPEN, Account.password_hash.is_(None)),
    AccountState.CLOSED: sa.not_(_OPEN),
}
_ORDER = sa.func.lower(Account.name)


def people_page(reader: Session, wanted: Wanted, *, after: str | None, limit: int = LISTED) -> PeoplePage:
    """People in the order of their names, from the account after which a page ended."""
    conditions = _narrowed(wanted)
    counted = sa.select(Account.id).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    count = reader.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
    if after is not None:
        place = sa.select(_ORDER).where(Account.id == after).correlate(None).scalar_subquery()
        conditions.append(sa.tuple_(_ORDER, Account.id) > sa.tuple_(place, sa.literal(after)))
    rows = reader.execute(_people().where(*conditions).order_by(_ORDER, Account.id).limit(limit + 1)).all()
    people = tuple(_person(row) for row in rows[:limit])
    return PeoplePage(people, people[-1].account_id if len(rows) > limit else None, count)


def person(reader: Session, account_id: str) -> Person | None:
    """One person, or None where the id is nobody's."""
    row = reader.execute(_people().where(Account.id == account_id)).one_or_none()
    return None if row is None else _person(row)


def access_of(reader: Session, account_id: str, *, at: datetime, idle_seconds: int) -> Access:
    """The living sign-ins and the newest one-time link of an account."""
    living = sa.select(sa.func.count()).where(
        SignIn.account_id == account_id,
        SignIn.ended_at.is_(None),
        SignIn.expires_at > at,
        SignIn.last_used_at > at - timedelta(seconds=idle_seconds),
    )
    newest = sa.select(sa.func.max(OneTimeLink.expires_at)).where(
        OneTimeLink.account_id == account_id, OneTimeLink.used_at.is_(None)
    )
    return Access(sign_ins=reader.scalar(living) or 0, link_until=reader.scalar(newest))


def organisations(reader: Session) -> list[tuple[str, str]]:
    """Id and name of every organisation that an account can belong to, by name."""
    rows = reader.execute(sa.select(Sender.id, Sender.name).order_by(Sender.name, Sender.id))
    return [(row.id, row.name) for row in rows]


def _narrowed(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.role is not None:
        conditions.append(Account.role == wanted.role)
    if wanted.state is not None:
        conditions.append(_CONDITIONS[wanted.state])
    if wanted.sender_id is not None:
        conditions.append(Account.sender_id == wanted.sender_id)
    return conditions


def _people() -> sa.Select[*tuple[Any, ...]]:
    last = sa.select(sa.func.max(SignIn.created_at)).where(SignIn.account_id == Account.id)
    return sa.select(
        Account.id,
        Account.pseudonym,
        Account.name,
        Account.email,
        Account.role,
        Account.sender_id,
        Sender.name.label("sender_name"),
        Account.password_hash.is_(None).label("without_password"),
        Account.created_at,
        Account.closed_at,
        last.scalar_subquery().label("last_sign_in_at"),
    ).outerjoin(Sender, Sender.id == Account.sender_id)


def _person(row: sa.Row[*tuple[Any, ...]]) -> Person:
    state = AccountState.INVITED if row.without_password else AccountState.OPEN
    return Person(
        account_id=row.id,
        pseudonym=row.pseudonym,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        sender_id=row.sender_id,
        sender_name=row.sender_name,
        state=AccountState.CLOSED if row.closed_at is not None else state,
        created_at=row.created_at,
        closed_at=row.closed_at,
        last_sign_in_at=row.last_sign_in_at,
    )
