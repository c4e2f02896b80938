"""What do the next entries of the trail count? Their events, and the rows that say what these leave out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.domain.counting import COUNTED, DecidedCase, Entry, Rows, Sums, add_up
from review.models import Case, CountedPosition, Item, Leaf, Opening, Referral, Sender
from review.prepared import Prepared

CHUNK = 500


@dataclass(frozen=True)
class Progress:
    """How far the counting has come: the first position not counted, and the entries that there are."""

    next_position: int
    entries: int

    @property
    def waiting(self) -> int:
        """Entries that are not counted yet."""
        return max(0, self.entries - self.next_position)


_PROGRESS = Prepared(
    lambda: sa.select(
        CountedPosition.next_position,
        sa.select(sa.func.max(Leaf.position)).scalar_subquery().label("newest"),
    )
)
_ENTRIES = Prepared(
    lambda: (
        sa.select(Opening.event_type, Opening.recorded_at, Opening.object_id, Opening.envelope)
        .join(Leaf, Leaf.eid == Opening.eid)
        .where(
            Leaf.position >= sa.bindparam("start"),
            Leaf.position < sa.bindparam("end"),
            Opening.event_type.in_([sa.literal(name) for name in COUNTED]),
        )
        .order_by(Leaf.position)
    )
)


def progress_of(reader: Session) -> Progress:
    """The state of the counting: one statement, no transaction, because it is asked every second."""
    row = _PROGRESS.first_alone(reader)
    if row is None:
        return Progress(0, 0)
    return Progress(row.next_position, 0 if row.newest is None else row.newest + 1)


def sums_between(reader: Session, start: int, end: int) -> Sums:
    """What the entries from ``start`` to below ``end`` add up to.

    The same whenever it is asked: rows of items and referrals never go, the kind of a sender is today's, and
    a case keeps the times of its decision.
    """
    entries = [
        Entry(row.event_type, row.recorded_at, row.object_id, orjson.loads(row.envelope).get("meta", {}))
        for row in _ENTRIES.all(reader, start=start, end=end)
    ]

    def named(event: str) -> list[str]:
        return sorted({entry.object_id for entry in entries if entry.event == event})

    rows = Rows(
        received=_found(reader, _items_of, named("referral.received")),
        withdrawn=_found(reader, _withdrawn_with, named("referral.withdrawn")),
        senders=_found(reader, _sender_of, named("item.answered")),
        cases={
            case_id: DecidedCase(*values)
            for case_id, *values in _rows(reader, _times_of, named("case.decided"))
        },
    )
    return add_up(entries, rows)


Chosen = sa.Select[*tuple[Any, ...]]
Statement = Callable[[Sequence[str]], Chosen]


def _rows(reader: Session, statement: Statement, ids: Sequence[str]) -> list[Any]:
    return [
        row
        for start in range(0, len(ids), CHUNK)
        for row in reader.execute(statement(ids[start : start + CHUNK]))
    ]


def _found(reader: Session, statement: Statement, ids: Sequence[str]) -> dict[str, Any]:
    return {row[0]: row[1] for row in _rows(reader, statement, ids)}


def _items_of(ids: Sequence[str]) -> Chosen:
    return (
        sa.select(Item.referral_id, sa.func.count())
        .where(Item.referral_id.in_(ids))
        .group_by(Item.referral_id)
    )


def _withdrawn_with(ids: Sequence[str]) -> Chosen:
    """Items that were withdrawn with their whole referral: those without an event of their own.

    A referral is withdrawn as a whole at most once, because nothing is left in review after it.
    """
    own = aliased(Opening)
    alone = (
        sa.select(own.eid)
        .where(own.object_kind == "item", own.object_id == Item.id, own.event_type == "item.withdrawn")
        .exists()
    )
    return _items_of(ids).where(Item.withdrawn_at.is_not(None), ~alone)


def _sender_of(ids: Sequence[str]) -> Chosen:
    return (
        sa.select(Item.id, Sender.kind)
        .join(Referral, Referral.id == Item.referral_id)
        .join(Sender, Sender.id == Referral.sender_id)
        .where(Item.id.in_(ids))
    )


def _times_of(ids: Sequence[str]) -> Chosen:
    return sa.select(Case.id, Case.intake_kind, Case.opened_at, Case.due_at).where(Case.id.in_(ids))
