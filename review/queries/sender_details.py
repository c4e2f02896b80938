"""Who are our senders, page by page, and what is entered of one of them?"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.keys import state_of
from review.domain.senders import Contact, Limits, Profile
from review.models import Account, FlaggerStatus, Referral, Sender, SenderKey, SignIn

MOST_LISTED_KEYS = 100
LAST_CHANGED = 100
"""Referrals of a sender, by their last change, of which the newest one tells when it was here."""
_CONTACT = tuple(part.name for part in fields(Contact))


@dataclass(frozen=True)
class SenderRow:
    """One line of the list; ``last_active_at``: when a key, a person or a referral of it was here."""

    id: str
    name: str
    kind: str
    country: str | None
    flagger_today: bool
    keys_in_use: int
    last_active_at: datetime | None


@dataclass(frozen=True)
class SendersPage:
    """Some senders by name; ``next`` is the id after which the following page starts."""

    rows: tuple[SenderRow, ...]
    next: str | None


@dataclass(frozen=True)
class Award:
    """Dated evidence of trusted-flagger status; ``last_day`` is its earlier end, None for no end."""

    id: int
    coordinator: str
    valid_from: date
    valid_until: date | None
    reference: str | None
    ended_on: date | None

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds."""
        return self.ended_on or self.valid_until

    def state(self, today: date) -> Literal["coming", "holds", "ended"]:
        """Whether it holds on that day."""
        if self.last_day is not None and self.last_day < today:
            return "ended"
        return "coming" if self.valid_from > today else "holds"


@dataclass(frozen=True)
class KeyShown:
    """One key as people see it; never more of the key itself than its beginning."""

    id: str
    sender_id: str | None
    prefix: str
    label: str | None
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    state: Literal["in_use", "expired", "revoked"]


@dataclass(frozen=True)
class SenderDetails:
    """Everything entered of one sender; ``version`` is what its forms carry."""

    id: str
    version: int
    created_at: datetime
    profile: Profile
    limits: Limits
    awards: tuple[Award, ...]


def senders_page(
    reader: Session, *, kind: str | None = None, after: str | None = None, limit: int, now: datetime
) -> SendersPage:
    """Senders by name, of one kind or all, following the one with the id ``after``."""
    today = now.date()
    keys_in_use = sa.select(sa.func.count()).where(SenderKey.sender_id == Sender.id, *_in_use(now))
    last_key = sa.select(sa.func.max(SenderKey.last_used_at)).where(SenderKey.sender_id == Sender.id)
    statement = (
        sa.select(
            *(Sender.id, Sender.name, Sender.kind, Sender.country),
            sa.exists().where(FlaggerStatus.sender_id == Sender.id, *holds_on(today)).label("flagger_today"),
            keys_in_use.scalar_subquery().label("keys_in_use"),
            last_key.scalar_subquery().label("last_used_at"),
        )
        .order_by(Sender.name, Sender.id)
        .limit(limit + 1)
    )
    if kind is not None:
        statement = statement.where(Sender.kind == kind)
    if after is not None:
        before = sa.select(Sender.name).where(Sender.id == after).scalar_subquery()
        statement = statement.where(
            sa.or_(Sender.name > before, sa.and_(Sender.name == before, Sender.id > after))
        )
    rows = reader.execute(statement).all()
    ids = [row.id for row in rows[:limit]]
    people, received = _people_seen(reader, ids), _received_last(reader, ids)
    shown = tuple(_listed(row, people.get(row.id), received.get(row.id)) for row in rows[:limit])
    return SendersPage(shown, shown[-1].id if len(rows) > limit else None)


def _listed(row: Any, *others: datetime | None) -> SenderRow:
    seen = [at for at in (row.last_used_at, *others) if at is not None]
    return SenderRow(
        row.id,
        row.name,
        row.kind,
        row.country,
        flagger_today=bool(row.flagger_today),
        keys_in_use=row.keys_in_use,
        last_active_at=max(seen, default=None),
    )


def _people_seen(reader: Session, sender_ids: Sequence[str]) -> dict[str, datetime]:
    """When somebody of each sender was signed in last."""
    rows: Sequence[Any] = reader.execute(
        sa.select(Account.sender_id, sa.func.max(SignIn.last_used_at))
        .join(SignIn, SignIn.account_id == Account.id)
        .where(Account.sender_id.in_(sender_ids))
        .group_by(Account.sender_id)
    ).all()
    return {row[0]: row[1] for row in rows}


def _received_last(reader: Session, sender_ids: Sequence[str]) -> dict[str, datetime]:
    """When the newest referral of each sender came, among those that changed last: an index has these."""
    if not sender_ids:
        return {}
    parts = [
        sa.select(Referral.sender_id, Referral.received_at)
        .where(Referral.sender_id == sender_id)
        .order_by(Referral.change_position.desc(), Referral.id.desc())
        .limit(LAST_CHANGED)
        .subquery()
        for sender_id in sender_ids
    ]
    every = sa.union_all(*[sa.select(part.c.sender_id, part.c.received_at) for part in parts]).subquery()
    newest = sa.select(every.c.sender_id, sa.func.max(every.c.received_at)).group_by(every.c.sender_id)
    return {row[0]: row[1] for row in reader.execute(newest)}


def holds_on(day: date) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which an award holds on a day."""
    return (
        FlaggerStatus.valid_from <= day,
        sa.or_(FlaggerStatus.valid_until.is_(None), FlaggerStatus.valid_until >= day),
        sa.or_(FlaggerStatus.ended_on.is_(None), FlaggerStatus.ended_on >= day),
    )


def _in_use(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        SenderKey.revoked_at.is_(None),
        sa.or_(SenderKey.expires_at.is_(None), SenderKey.expires_at > now),
    )


_PROFILE = (
    Sender.name,
    Sender.kind,
    Sender.country,
    Sender.further_countries,
    Sender.contacts,
    Sender.identity_note,
)


def _profile(row: sa.Row[Any]) -> Profile:
    contacts = tuple(
        Contact(**{part: str(entry.get(part, "")) for part in _CONTACT}) for entry in row.contacts
    )
    further = tuple(row.further_countries.split())
    return Profile(row.name, row.kind, row.country, further, contacts, row.identity_note)


def profile_of(reader: Session, sender_id: str) -> Profile | None:
    """What is entered of a sender, or None."""
    row = reader.execute(sa.select(*_PROFILE).where(Sender.id == sender_id)).one_or_none()
    return None if row is None else _profile(row)


def limits_of(reader: Session, sender_id: str) -> Limits | None:
    """The own limits of a sender, or None where there is no such sender."""
    statement = sa.select(Sender.requests_per_minute, Sender.batch_lines).where(Sender.id == sender_id)
    row = reader.execute(statement).one_or_none()
    return None if row is None else Limits(*row)


def sender_details(reader: Session, sender_id: str) -> SenderDetails | None:
    """One sender with its awards, newest first; None where the id is nobody's."""
    row = reader.execute(
        sa.select(
            *(Sender.id, Sender.version, Sender.created_at, *_PROFILE),
            *(Sender.requests_per_minute, Sender.batch_lines),
        ).where(Sender.id == sender_id)
    ).one_or_none()
    if row is None:
        return None
    limits = Limits(row.requests_per_minute, row.batch_lines)
    return SenderDetails(
        row.id, row.version, row.created_at, _profile(row), limits, _awards(reader, sender_id)
    )


def _awards(reader: Session, sender_id: str) -> tuple[Award, ...]:
    rows = reader.execute(
        sa.select(
            *(FlaggerStatus.id, FlaggerStatus.coordinator, FlaggerStatus.valid_from),
            *(FlaggerStatus.valid_until, FlaggerStatus.reference, FlaggerStatus.ended_on),
        )
        .where(FlaggerStatus.sender_id == sender_id)
        .order_by(FlaggerStatus.valid_from.desc(), FlaggerStatus.id.desc())
    )
    return tuple(Award(*row) for row in rows)


_KEY = (
    SenderKey.id,
    SenderKey.sender_id,
    SenderKey.prefix,
    SenderKey.label,
    SenderKey.scopes,
    SenderKey.created_at,
    SenderKey.expires_at,
    SenderKey.revoked_at,
    SenderKey.last_used_at,
)


def keys_of(reader: Session, sender_id: str, *, now: datetime) -> tuple[KeyShown, ...]:
    """The keys of a sender, those in use first, each group newest first; at most 100."""
    ended = sa.case((sa.and_(*_in_use(now)), 0), else_=1)
    rows = reader.execute(
        sa.select(*_KEY)
        .where(SenderKey.sender_id == sender_id)
        .order_by(ended, SenderKey.created_at.desc(), SenderKey.id)
        .limit(MOST_LISTED_KEYS)
    )
    return tuple(_shown(row, now) for row in rows)


def key_shown(reader: Session, key_id: str, *, now: datetime) -> KeyShown | None:
    """One key, whoever's it is, or None."""
    row = reader.execute(sa.select(*_KEY).where(SenderKey.id == key_id)).one_or_none()
    return None if row is None else _shown(row, now)


def _shown(row: Any, now: datetime) -> KeyShown:
    state = state_of(expires_at=row.expires_at, revoked_at=row.revoked_at, at=now)
    return KeyShown(
        row.id,
        row.sender_id,
        row.prefix,
        row.label,
        tuple(row.scopes.split()),
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
        state,
    )
