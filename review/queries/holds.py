"""Which legal holds are there, and which of them stand on a record?"""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.holds import RecordKind
from review.models import Account, Case, Item, LegalHold, Referral, Sender
from review.models.base import OnTrail

PAGE_ROWS = 100
TABLES: dict[RecordKind, type[OnTrail]] = {
    RecordKind.CASE: Case,
    RecordKind.REFERRAL: Referral,
    RecordKind.SENDER: Sender,
}


@dataclass(frozen=True)
class Hold:
    """One hold; people by pseudonym, and by ``placed_by_id`` as the trail names them."""

    id: str
    object_kind: RecordKind
    object_id: str
    reason: str
    review_on: date
    placed_by: str
    placed_by_id: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None

    @property
    def state(self) -> str:
        """``standing`` or ``released``."""
        return "standing" if self.released_at is None else "released"


def is_record(reader: Session, kind: RecordKind, object_id: str) -> bool:
    """Whether there is such a record."""
    return reader.scalar(sa.select(TABLES[kind].id).where(TABLES[kind].id == object_id)) is not None


def hold_shown(reader: Session, hold_id: str) -> Hold | None:
    """One hold; None where there is none."""
    row = reader.execute(_holds().where(LegalHold.id == hold_id)).one_or_none()
    return None if row is None else _hold(row)


def holds_listed(
    reader: Session, *, state: str | None = None, object_id: str | None = None, words: str = ""
) -> tuple[Hold, ...]:
    """Holds, the newest first, 100 at most: those in a state, of a record, or with words in their reason.

    Words are compared here: SQLite knows capitals of ASCII alone, and there are few holds.
    """
    statement = _holds().order_by(LegalHold.placed_at.desc(), LegalHold.id.desc())
    if state is not None:
        released = LegalHold.released_at.is_not(None)
        statement = statement.where(released if state == "released" else ~released)
    if object_id is not None:
        statement = statement.where(LegalHold.object_id == object_id)
    if not words:
        statement = statement.limit(PAGE_ROWS)
    rows = (row for row in reader.execute(statement).all() if _folded(words) in _folded(row.reason))
    return tuple(_hold(row) for row in islice(rows, PAGE_ROWS))


def _folded(text: str) -> str:
    """The same for capitals and small letters, composed or not."""
    return unicodedata.normalize("NFKC", text).casefold()


def holds_on(reader: Session, kind: RecordKind, object_id: str) -> tuple[Hold, ...]:
    """The holds that stand on a record, or on one that it shares items with; the newest first.

    A hold on a referral or its sender also keeps the cases of its items, one on a case the referrals in it.
    """
    covering = covered_by(kind, object_id)
    statement = _holds().where(LegalHold.released_at.is_(None), covering)
    rows = reader.execute(statement.order_by(LegalHold.placed_at.desc(), LegalHold.id.desc()))
    return tuple(_hold(row) for row in rows)


def covered_by(kind: RecordKind, object_id: str) -> sa.ColumnElement[bool]:
    """The condition of holds that keep this record."""
    own = sa.and_(LegalHold.object_kind == kind.value, LegalHold.object_id == object_id)
    if kind is RecordKind.SENDER:
        return own
    within = Item.case_id == object_id if kind is RecordKind.CASE else Item.referral_id == object_id
    senders = sa.select(Referral.sender_id).join(Item, Item.referral_id == Referral.id).where(within)
    return sa.or_(
        own,
        _named(RecordKind.CASE, sa.select(Item.case_id).where(within)),
        _named(RecordKind.REFERRAL, sa.select(Item.referral_id).where(within)),
        _named(RecordKind.SENDER, senders),
    )


def _named(kind: RecordKind, ids: sa.Select[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(LegalHold.object_kind == kind.value, LegalHold.object_id.in_(ids))


def holding(case_id: Any) -> sa.ColumnElement[bool]:
    """The condition that a hold keeps the case with this id, a column of the statement around it."""
    hold, item, referral = sa.orm.aliased(LegalHold), sa.orm.aliased(Item), sa.orm.aliased(Referral)
    standing = hold.released_at.is_(None)
    own = sa.exists().where(standing, hold.object_kind == RecordKind.CASE.value, hold.object_id == case_id)
    through = sa.or_(
        sa.and_(hold.object_kind == RecordKind.REFERRAL.value, hold.object_id == item.referral_id),
        sa.and_(hold.object_kind == RecordKind.SENDER.value, hold.object_id == referral.sender_id),
    )
    shared = sa.exists().where(item.case_id == case_id, referral.id == item.referral_id, standing, through)
    return sa.or_(own, shared)


def is_held(reader: Session, kind: RecordKind, object_id: str) -> bool:
    """Whether a hold keeps the record."""
    standing = sa.select(LegalHold.id).where(LegalHold.released_at.is_(None), covered_by(kind, object_id))
    return reader.scalar(standing.limit(1)) is not None


def count_due(reader: Session, *, today: date) -> int:
    """Holds that stand and whose day of review has come."""
    due = sa.select(sa.func.count()).where(LegalHold.released_at.is_(None), LegalHold.review_on <= today)
    return int(reader.scalar(due) or 0)


def _holds() -> sa.Select[*tuple[Any, ...]]:
    placer, releaser = sa.orm.aliased(Account), sa.orm.aliased(Account)
    return (
        sa.select(LegalHold.__table__, placer.pseudonym.label("placer"), releaser.pseudonym.label("releaser"))
        .outerjoin(placer, placer.trail_id == LegalHold.placed_by)
        .outerjoin(releaser, releaser.trail_id == LegalHold.released_by)
    )


def _hold(row: Any) -> Hold:
    return Hold(
        id=row.id,
        object_kind=RecordKind(row.object_kind),
        object_id=row.object_id,
        reason=row.reason,
        review_on=row.review_on,
        placed_by=row.placer or "",
        placed_by_id=row.placed_by,
        placed_at=row.placed_at,
        released_by=None if row.released_by is None else row.releaser or "",
        released_at=row.released_at,
        release_reason=row.release_reason,
    )
