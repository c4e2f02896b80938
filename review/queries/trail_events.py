"""Which entries has the trail? The newest first, what they say of themselves but not what they commit to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain.ids import read_id
from review.models import Account, Leaf, Opening
from review.queries.record_timeline import actor_in, names_of

PAGE_ROWS = 50
LOOKED_THROUGH = 5_000
"""Entries that one page looks through for those that a filter leaves; the next page goes on behind them."""
OUT_OF_ORDER = 2_000
"""Entries may stand so far from where their time would put them: one batch of the sequencer."""
_WHOLE = "trail"
"""What events are on that belong to no single object; too many for the index of chains."""
_KINDS = {
    "A": "account", "B": "batch", "C": "case", "G": "snippet", "H": "hold", "I": "item", "J": "endpoint",
    "K": "key", "L": "clause", "R": "referral", "S": "sender", "U": "file", "X": "erasure", "Y": "sample",
    "Z": "delivery",
}  # fmt: skip


_Select = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class TrailFilters:
    """What narrows the list; None leaves everything. ``who``: pseudonym, or the kind of an actor."""

    since: datetime | None = None
    until: datetime | None = None
    who: str | None = None
    object_id: str | None = None
    event_type: str | None = None


@dataclass(frozen=True)
class TrailEntry:
    """One entry: its place, when, what, who (a pseudonym, a sender's name, or blank), on which object."""

    position: int
    at: datetime
    event_type: str
    actor_kind: str
    who: str
    object_kind: str
    object_id: str
    leaf_hash: bytes


@dataclass(frozen=True)
class TrailPage:
    """Entries, newest first; ``next_before`` starts the next page, None on the last one.

    A page that looked through as much as it may ends early, and the next one goes on behind it.
    """

    rows: tuple[TrailEntry, ...]
    next_before: int | None


def trail_page(
    reader: Session, *, filters: TrailFilters | None = None, before: int | None = None
) -> TrailPage:
    """The entries below position ``before`` (from the newest where none is given) that the filters leave."""
    chosen = filters or TrailFilters()
    size = ledger.head_of(reader).size
    top = size if before is None else min(before, size)
    if chosen.object_id not in (None, _WHOLE):
        lowest, statement = 0, _of_object(chosen.object_id or "")
        if statement is None:
            return TrailPage((), None)
        found = reader.execute(_narrowed(statement, chosen).where(Leaf.position < top).limit(PAGE_ROWS * 40))
    else:
        first, last = _bounds(reader, chosen, size)
        top = min(top, last)
        lowest = max(first, top - LOOKED_THROUGH)
        window = (Leaf.position < top, Leaf.position >= lowest)
        found = reader.execute(_narrowed(_entries(), chosen).where(*window))
        lowest = lowest if lowest > first else 0
    rows = _picked(reader, found, chosen.who)
    if len(rows) > PAGE_ROWS:
        rows = rows[:PAGE_ROWS]
        lowest = rows[-1].position
    return TrailPage(_named(reader, rows), lowest or None)


def _entries() -> _Select:
    columns = (
        Leaf.position,
        Opening.recorded_at,
        Opening.event_type,
        Opening.object_kind,
        Opening.object_id,
        Leaf.leaf_hash,
        Opening.envelope,
    )
    return sa.select(*columns).join(Opening, Opening.eid == Leaf.eid).order_by(Leaf.position.desc())


def _of_object(object_id: str) -> _Select | None:
    """Entries on one object, by the index of chains; None where it is no id of ours."""
    for prefix, kind in _KINDS.items():
        wanted = read_id(object_id, prefix)
        if wanted is not None:
            return _entries().where(Opening.object_kind == kind, Opening.object_id == wanted)
    return None


def _narrowed(statement: _Select, filters: TrailFilters) -> _Select:
    if filters.since is not None:
        statement = statement.where(Opening.recorded_at >= filters.since)
    if filters.until is not None:
        statement = statement.where(Opening.recorded_at < filters.until)
    if filters.object_id == _WHOLE:
        statement = statement.where(Opening.object_kind == _WHOLE)
    if filters.event_type is not None:
        statement = statement.where(Opening.event_type == filters.event_type)
    return statement


def _bounds(reader: Session, filters: TrailFilters, size: int) -> tuple[int, int]:
    """Positions between which all entries of the span of time lie, found by halving."""
    first = 0 if filters.since is None else max(0, _place_of(reader, filters.since, size) - OUT_OF_ORDER)
    last = size if filters.until is None else min(size, _place_of(reader, filters.until, size) + OUT_OF_ORDER)
    return first, last


def _place_of(reader: Session, moment: datetime, size: int) -> int:
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        at = reader.scalar(
            sa.select(Opening.recorded_at)
            .join(Leaf, Leaf.eid == Opening.eid)
            .where(Leaf.position >= middle)
            .order_by(Leaf.position)
            .limit(1)
        )
        if at is None or at >= moment:
            high = middle
        else:
            low = middle + 1
    return low


def _picked(reader: Session, found: Iterable[Any], who: str | None) -> list[Any]:
    """The rows of one page and one more, of this actor only where one is asked for."""
    wanted = None if who is None else _actors_called(reader, who)
    rows: list[Any] = []
    for row in found:
        actor = actor_in(row.envelope)
        if wanted is None or (actor["kind"], actor["id"]) in wanted or (actor["kind"], "") in wanted:
            rows.append(row)
            if len(rows) > PAGE_ROWS:
                break
    return rows


def _actors_called(reader: Session, who: str) -> frozenset[tuple[str, str]]:
    """Kind and id on the trail of whoever is meant; a kind without an id means all of it."""
    people = sa.select(Account.trail_id).where(sa.func.lower(Account.pseudonym) == who.lower())
    named = {("account", trail_id) for trail_id in reader.scalars(people)}
    sender_id = read_id(who, "S")
    if sender_id is not None:
        named.add(("sender", sender_id))
    kind = who.lower()
    if kind in ("service", "operator", "sender", "anonymous"):
        named.add((kind, ""))
    return frozenset(named)


def _named(reader: Session, rows: Sequence[Any]) -> tuple[TrailEntry, ...]:
    actors: list[Mapping[str, Any]] = [actor_in(row.envelope) for row in rows]
    names = names_of(reader, actors)
    return tuple(
        TrailEntry(
            position=row.position,
            at=row.recorded_at,
            event_type=row.event_type,
            actor_kind=actor["kind"],
            who=names.get((actor["kind"], actor["id"]), ""),
            object_kind=row.object_kind,
            object_id=row.object_id,
            leaf_hash=row.leaf_hash,
        )
        for row, actor in zip(rows, actors, strict=True)
    )
