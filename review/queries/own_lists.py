"""Which of its own referrals does a sender want to see? Newest change first, narrowed, at a bounded cost.

The order is that of the index over a sender's changes. What no index is ordered by is looked for among so
many referrals a page; the next page goes on behind them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.cursors import Cursor
from review.domain.states import ItemStatus, referral_status
from review.models import Item, Referral

LISTED = 50
LOOKED_THROUGH = 5_000
"""Referrals that one page looks through for those that its filters leave."""
SLACK = timedelta(hours=1)
"""Clocks of two machines may differ by less: so long before a day the search for its changes goes on."""


@dataclass(frozen=True)
class OwnFilters:
    """What narrows the list; None leaves everything. ``received_until`` is the first moment after."""

    status: ItemStatus | None = None
    intake_kind: str | None = None
    received_since: datetime | None = None
    received_until: datetime | None = None
    changed_since: datetime | None = None
    reference: str | None = None

    @property
    def oldest_change(self) -> datetime | None:
        """Referrals that changed before it cannot fit: nothing changes before it is received."""
        return max(filter(None, (self.received_since, self.changed_since)), default=None)


@dataclass(frozen=True)
class ListedReferral:
    """One line of the list; ``items`` is how many there are, ``answered`` how many of them are decided."""

    id: str
    reference: str
    intake_kind: str
    status: ItemStatus
    items: int
    answered: int
    received_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class ListedPage:
    """Some lines of the list, and the cursor after which the next ones stand; None at the end.

    A page may hold few or none and still have a next one: it looked through as much as a page may.
    """

    referrals: tuple[ListedReferral, ...]
    next: Cursor | None


def newest_referrals(
    reader: Session,
    *,
    sender_id: str | None,
    filters: OwnFilters | None = None,
    limit: int = LISTED,
    after: Cursor | None = None,
) -> ListedPage:
    """Own referrals that the filters leave, newest change first, items only counted."""
    chosen = filters or OwnFilters()
    conditions = _conditions(chosen)
    most = LOOKED_THROUGH if conditions else limit + 1
    window = newest_changes(sender_id, after=after, most=most)
    rows = reader.execute(
        sa.select(
            Referral.id,
            Referral.reference,
            Referral.intake_kind,
            Referral.received_at,
            Referral.updated_at,
            Referral.change_position,
        )
        .join(window, window.c.id == Referral.id)
        .where(*conditions)
        .order_by(window.c.change_position.desc(), window.c.id.desc())
        .limit(limit + 1)
    ).all()
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        following = Cursor(shown[-1].change_position, shown[-1].id)
    elif conditions:
        following = _edge(reader, window, most=most, oldest=chosen.oldest_change)
    return ListedPage(_lines(reader, shown), following)


def newest_changes(sender_id: str | None, *, after: Cursor | None = None, most: int) -> sa.Subquery:
    """Id and change position of a sender's newest changes, read from the index of changes alone."""
    wanted = sa.select(Referral.id, Referral.change_position).where(Referral.sender_id == sender_id)
    if after is not None:
        behind = sa.tuple_(Referral.change_position, Referral.id)
        wanted = wanted.where(
            Referral.change_position <= after.position,  # the condition that the index knows
            behind < sa.tuple_(sa.literal(after.position), sa.literal(after.id)),
        )
    ordered = wanted.order_by(Referral.change_position.desc(), Referral.id.desc())
    return ordered.limit(most).subquery("newest_changes")


def has_status(status: ItemStatus, referral_id: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
    """Whether the least finished item of a referral has this status, as `referral_status` computes it."""

    def has(*statuses: ItemStatus) -> sa.ColumnElement[bool]:
        return sa.exists().where(Item.referral_id == referral_id, Item.status.in_(statuses))

    if status is ItemStatus.WITHDRAWN:
        return ~has(*_STEPS)
    earlier = _STEPS[: _STEPS.index(status)]
    return sa.and_(has(status), ~has(*earlier)) if earlier else has(status)


_STEPS = (ItemStatus.RECEIVED, ItemStatus.IN_REVIEW, ItemStatus.WAITING_SENDER, ItemStatus.DECIDED)


def _conditions(filters: OwnFilters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.status is not None:
        found.append(has_status(filters.status, Referral.id))
    if filters.intake_kind is not None:
        found.append(Referral.intake_kind == filters.intake_kind)
    if filters.received_since is not None:
        found.append(Referral.received_at >= filters.received_since)
    if filters.received_until is not None:
        found.append(Referral.received_at < filters.received_until)
    if filters.changed_since is not None:
        found.append(Referral.updated_at >= filters.changed_since)
    if filters.reference is not None:
        start = sa.func.substr(Referral.reference, 1, len(filters.reference))
        found.append(sa.func.lower(start) == sa.func.lower(sa.literal(filters.reference)))
    return found


def _edge(reader: Session, window: sa.Subquery, *, most: int, oldest: datetime | None) -> Cursor | None:
    """Where the search goes on when a page found all that its window holds; None at the end."""
    looked = reader.scalar(sa.select(sa.func.count()).select_from(window)) or 0
    if looked < most:
        return None
    row = reader.execute(
        sa.select(Referral.id, Referral.change_position, Referral.updated_at)
        .join(window, window.c.id == Referral.id)
        .order_by(window.c.change_position, window.c.id)
        .limit(1)
    ).one()
    if oldest is not None and row.updated_at < oldest - SLACK:
        return None
    return Cursor(row.change_position, row.id)


def _lines(reader: Session, rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> tuple[ListedReferral, ...]:
    counts = _status_counts(reader, [row.id for row in rows])
    return tuple(
        ListedReferral(
            id=row.id,
            reference=row.reference,
            intake_kind=row.intake_kind,
            status=referral_status(counts.get(row.id, {})),
            items=sum(counts.get(row.id, {}).values()),
            answered=counts.get(row.id, {}).get(ItemStatus.DECIDED, 0),
            received_at=row.received_at,
            updated_at=row.updated_at,
        )
        for row in rows
    )


def _status_counts(reader: Session, referral_ids: Sequence[str]) -> dict[str, dict[ItemStatus, int]]:
    """How many items of each referral have which status."""
    rows = reader.execute(
        sa.select(Item.referral_id, Item.status, sa.func.count())
        .where(Item.referral_id.in_(referral_ids))
        .group_by(Item.referral_id, Item.status)
    )
    counts: dict[str, dict[ItemStatus, int]] = {}
    for referral_id, status, count in rows:
        counts.setdefault(referral_id, {})[ItemStatus(status)] = count
    return counts


def referral_named(reader: Session, text: str, *, sender_id: str | None) -> str | None:
    """The own referral that carries exactly this reference; None when there is none."""
    return reader.scalar(
        sa.select(Referral.id).where(Referral.reference == text, Referral.sender_id == sender_id)
    )
