"""Which organisations refer, with which keys, and who holds trusted-flagger status on a day?"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.removal_order import MAY_ORDER
from review.models import FlaggerStatus, Sender, SenderKey
from review.prepared import Prepared


@dataclass(frozen=True)
class KeyFound:
    """What the guard checks of an API key; ``scopes`` are separated by spaces.

    The limits are its sender's own, None where the settings decide.
    """

    id: str
    sender_id: str | None
    scopes: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    requests_per_minute: int | None = None
    batch_lines: int | None = None


@dataclass(frozen=True)
class KeyListed:
    """One key in the list; never more of the key itself than its prefix."""

    key_id: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    label: str | None = None


@dataclass(frozen=True)
class FlaggerListed:
    """One dated piece of evidence of trusted-flagger status; ``valid_until`` is where it ended early, if so.

    No end means until withdrawn.
    """

    coordinator: str
    valid_from: date
    valid_until: date | None

    def holds_on(self, day: date) -> bool:
        """Whether the status is held on that day."""
        return self.valid_from <= day and (self.valid_until is None or self.valid_until >= day)


@dataclass(frozen=True)
class SenderListed:
    """One organisation with its keys and dated evidence."""

    sender_id: str
    name: str
    kind: str
    country: str | None
    created_at: datetime
    flagger: tuple[FlaggerListed, ...]
    keys: tuple[KeyListed, ...]


_KEY = Prepared(
    lambda: (
        sa.select(
            SenderKey.id,
            SenderKey.sender_id,
            SenderKey.scopes,
            SenderKey.expires_at,
            SenderKey.revoked_at,
            SenderKey.last_used_at,
            Sender.requests_per_minute,
            Sender.batch_lines,
        )
        .outerjoin(Sender, Sender.id == SenderKey.sender_id)  # the platform's key has none
        .where(SenderKey.digest == sa.bindparam("digest"))
    )
)


def key_by_digest(reader: Session, digest: str) -> KeyFound | None:
    """The key with this SHA-256, dead or alive, or None."""
    row = _KEY.first_alone(reader, digest=digest)
    return None if row is None else KeyFound(*row)


_FLAGGER = Prepared(
    lambda: (
        sa.select(FlaggerStatus.id)
        .where(
            FlaggerStatus.sender_id == sa.bindparam("sender_id"),
            FlaggerStatus.valid_from <= sa.bindparam("day"),
            sa.or_(FlaggerStatus.valid_until.is_(None), FlaggerStatus.valid_until >= sa.bindparam("day")),
            sa.or_(FlaggerStatus.ended_on.is_(None), FlaggerStatus.ended_on >= sa.bindparam("day")),
        )
        .limit(sa.literal(1))
    )
)


def flagger_on(reader: Session, sender_id: str, day: date) -> bool:
    """Whether dated evidence says that the sender was a trusted flagger on that day (DSA Art. 22)."""
    found = _FLAGGER.scalar(reader, sender_id=sender_id, day=day)
    return found is not None


def sender_id_of(reader: Session, name: str) -> str | None:
    """The id of the sender with this id or name, or None."""
    return reader.scalar(sa.select(Sender.id).where(sa.or_(Sender.id == name, Sender.name == name)))


def sender_name(reader: Session, sender_id: str) -> str | None:
    """The organisation's name; None where the id is nobody's."""
    return reader.scalar(sa.select(Sender.name).where(Sender.id == sender_id))


def list_senders(reader: Session) -> list[SenderListed]:
    """All organisations by name, each with its keys and evidence, oldest first."""
    senders = reader.execute(
        sa.select(Sender.id, Sender.name, Sender.kind, Sender.country, Sender.created_at).order_by(
            Sender.name, Sender.id
        )
    ).all()
    keys = _keys_of(reader)
    flagger = awards_of(reader)
    return [
        SenderListed(*row, tuple(flagger.get(row.id, ())), tuple(keys.get(row.id, ()))) for row in senders
    ]


def platform_keys(reader: Session) -> list[KeyListed]:
    """The keys of the platform, which belong to no sender, oldest first."""
    return _keys_of(reader).get(None, [])


def _keys_of(reader: Session) -> dict[str | None, list[KeyListed]]:
    rows = reader.execute(
        sa.select(
            SenderKey.sender_id,
            SenderKey.id,
            SenderKey.prefix,
            SenderKey.scopes,
            SenderKey.created_at,
            SenderKey.expires_at,
            SenderKey.revoked_at,
            SenderKey.last_used_at,
            SenderKey.label,
        ).order_by(SenderKey.created_at, SenderKey.id)
    )
    found: dict[str | None, list[KeyListed]] = {}
    for row in rows:
        found.setdefault(row.sender_id, []).append(
            KeyListed(
                key_id=row.id,
                prefix=row.prefix,
                scopes=tuple(row.scopes.split()),
                created_at=row.created_at,
                expires_at=row.expires_at,
                revoked_at=row.revoked_at,
                last_used_at=row.last_used_at,
                label=row.label,
            )
        )
    return found


def awards_of(reader: Session, sender_ids: Collection[str] | None = None) -> dict[str, list[FlaggerListed]]:
    """The dated evidence of these senders, or of all of them, by sender and oldest first."""
    statement = sa.select(
        FlaggerStatus.sender_id,
        FlaggerStatus.coordinator,
        FlaggerStatus.valid_from,
        sa.func.coalesce(FlaggerStatus.ended_on, FlaggerStatus.valid_until).label("valid_until"),
    ).order_by(FlaggerStatus.valid_from, FlaggerStatus.id)
    if sender_ids is not None:
        statement = statement.where(FlaggerStatus.sender_id.in_(sender_ids))
    rows = reader.execute(statement)
    found: dict[str, list[FlaggerListed]] = {}
    for row in rows:
        found.setdefault(row.sender_id, []).append(
            FlaggerListed(coordinator=row.coordinator, valid_from=row.valid_from, valid_until=row.valid_until)
        )
    return found


def may_order(reader: Session, sender_id: str | None) -> bool:
    """Whether this sender may send removal orders: its kind decides."""
    kind = reader.scalar(sa.select(Sender.kind).where(Sender.id == sender_id))
    return kind in MAY_ORDER
