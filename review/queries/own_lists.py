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
from review.domain.states import STEPS, ItemStatus, referral_status
from review.models import Item, Question, Referral
from review.queries.questions import is_asked

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
    narrow = chosen != OwnFilters()
    window = newest_changes(
        sender_id, *_columns(chosen), after=after, most=LOOKED_THROUGH if narrow else limit + 1
    )
    places = reader.execute(
        sa.select(window.c.id, window.c.change_position)
        .where(*_conditions(chosen, window.c))
        .order_by(window.c.change_position.desc(), window.c.id.desc())
        .limit(limit + 1)
    ).all()
    following = None
    if len(places) > limit:
        following = Cursor(places[limit - 1].change_position, places[limit - 1].id)
    elif narrow:
        following = _edge(reader, window, oldest=chosen.oldest_change)
    return ListedPage(_lines(reader, [place.id for place in places[:limit]]), following)


def newest_changes(
    sender_id: str | None,
    *columns: sa.orm.InstrumentedAttribute[Any],
    after: Cursor | None = None,
    most: int,
) -> sa.Subquery:
    """A sender's newest changes: id and change position from the index of changes alone, and more columns.

    They are taken here because PostgreSQL would read the whole table to join them afterwards.
    """
    wanted = sa.select(Referral.id, Referral.change_position, *columns).where(Referral.sender_id == sender_id)
    if after is not None:
        behind = sa.tuple_(Referral.change_position, Referral.id)
        wanted = wanted.where(
            Referral.change_position <= after.position,  # the condition that the index knows
            behind < sa.tuple_(sa.literal(after.position), sa.literal(after.id)),
        )
    ordered = wanted.order_by(Referral.change_position.desc(), Referral.id.desc())
    return ordered.limit(most).subquery("newest_changes")


def stands_at(status: ItemStatus, referral_id: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
    """The same as `has_status` for few referrals: one look each, which PostgreSQL cannot turn into a join."""
    if status is ItemStatus.WAITING_SENDER:
        return is_asked(referral_id)
    order = [*STEPS, ItemStatus.WITHDRAWN]
    step = sa.case({one.value: place for place, one in enumerate(order)}, value=Item.status)
    least = sa.select(sa.func.min(step)).where(Item.referral_id == referral_id).scalar_subquery()
    stands = least == order.index(status)
    return sa.and_(stands, ~is_asked(referral_id)) if status is ItemStatus.IN_REVIEW else stands


def has_status(status: ItemStatus, referral_id: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
    """Whether the least finished item of a referral has this status, as `referral_status` computes it.

    That an item waits for its sender stands in no column: a question about it that has not ended says so.
    """

    def has(*statuses: ItemStatus) -> sa.ColumnElement[bool]:
        return sa.exists().where(Item.referral_id == referral_id, Item.status.in_(statuses))

    if status is ItemStatus.WITHDRAWN:
        return ~has(*STEPS)
    if status is ItemStatus.WAITING_SENDER:
        return is_asked(referral_id)
    earlier = STEPS[: STEPS.index(status)]
    found = sa.and_(has(status), ~has(*earlier)) if earlier else has(status)
    return sa.and_(found, ~is_asked(referral_id)) if status is ItemStatus.IN_REVIEW else found


def _columns(filters: OwnFilters) -> list[sa.orm.InstrumentedAttribute[Any]]:
    """What has to be read of each referral to know whether the filters leave it."""
    found: list[sa.orm.InstrumentedAttribute[Any]] = []
    if filters.intake_kind is not None:
        found.append(Referral.intake_kind)
    if filters.received_since is not None or filters.received_until is not None:
        found.append(Referral.received_at)
    if filters.changed_since is not None:
        found.append(Referral.updated_at)
    if filters.reference is not None:
        found.append(Referral.reference)
    return found


def _conditions(filters: OwnFilters, window: Any) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.intake_kind is not None:
        found.append(window.intake_kind == filters.intake_kind)
    if filters.received_since is not None:
        found.append(window.received_at >= filters.received_since)
    if filters.received_until is not None:
        found.append(window.received_at < filters.received_until)
    if filters.changed_since is not None:
        found.append(window.updated_at >= filters.changed_since)
    if filters.reference is not None:
        start = sa.func.substr(window.reference, 1, len(filters.reference))
        found.append(sa.func.lower(start) == sa.func.lower(sa.literal(filters.reference)))
    if filters.status is not None:
        found.append(stands_at(filters.status, window.id))
    return found


def _edge(reader: Session, window: sa.Subquery, *, oldest: datetime | None) -> Cursor | None:
    """Where the search goes on when a page found all that its window holds; None at the end."""
    looked = reader.scalar(sa.select(sa.func.count()).select_from(window)) or 0
    if looked < LOOKED_THROUGH:
        return None
    last = sa.select(window.c.id, window.c.change_position)
    row = reader.execute(last.order_by(window.c.change_position, window.c.id).limit(1)).one()
    changed_at = reader.scalar(sa.select(Referral.updated_at).where(Referral.id == row.id))
    if oldest is not None and changed_at is not None and changed_at < oldest - SLACK:
        return None
    return Cursor(row.change_position, row.id)


def _lines(reader: Session, referral_ids: Sequence[str]) -> tuple[ListedReferral, ...]:
    """What is said of these referrals, in their order."""
    counts = _status_counts(reader, referral_ids)
    rows = reader.execute(
        sa.select(
            Referral.id,
            Referral.reference,
            Referral.intake_kind,
            Referral.received_at,
            Referral.updated_at,
        ).where(Referral.id.in_(referral_ids))
    )
    found = {
        row.id: ListedReferral(
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
    }
    return tuple(found[referral_id] for referral_id in referral_ids if referral_id in found)


def _status_counts(reader: Session, referral_ids: Sequence[str]) -> dict[str, dict[ItemStatus, int]]:
    """How many items of each referral have which status."""
    waits = sa.and_(Question.item_id == Item.id, Question.ended_at.is_(None))
    status = sa.case((Question.id.is_not(None), ItemStatus.WAITING_SENDER.value), else_=Item.status)
    rows = reader.execute(
        sa.select(Item.referral_id, status, sa.func.count())
        .outerjoin(Question, waits)
        .where(Item.referral_id.in_(referral_ids))
        .group_by(Item.referral_id, status)
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
