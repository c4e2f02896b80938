"""The only writer of the trail: records events inside an open transaction and gives them their positions.

An event is written as an opening and a pending row together with the change it tells of; one sequencer
later gives positions in batches (trail.md, B.2). Nothing else inserts into these tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review import clock, db
from review.domain import commitments, merkle, tiles
from review.domain.events import CLOCK, EVENTS, EventType
from review.domain.permissions import Actor
from review.domain.signed_note import encode_base64
from review.errors import NotFound, NotReady, TrailBroken
from review.models import (
    Leaf,
    Opening,
    PendingEvent,
    StoredCheckpoint,
    StoredTile,
    TreeHead,
)
from review.models.kinds import type_of_object
from review.models.rows import insert_both, insert_rows
from review.prepared import Prepared

BATCH = 2_000
CHUNK = 500

Value = str | bytes | bool | int | list | dict  # type: ignore[type-arg]


@dataclass(frozen=True)
class Head:
    """Size and root of the tree; ``added``: how many entries the step that made it brought."""

    size: int
    root: bytes
    added: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Record:
    """One event of many of a kind: its object, the values it commits to, and its enumerations."""

    object_id: str
    fields: Mapping[str, Value | None] | None = None
    meta: Mapping[str, str | int | bool | None] | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    """An object's place in its chain: version, the event before and when that was (None at the start)."""

    version: int | None = None
    previous: str | None = None
    earliest: datetime | None = None


def record(
    writer: Session,
    event_type: str,
    object_id: str,
    *,
    actor: Actor,
    at: datetime,
    fields: Mapping[str, Value | None] | None = None,
    meta: Mapping[str, str | int | bool | None] | None = None,
) -> str:
    """Write one event on an object and return its id; needs an open transaction.

    A change takes the object's next version and points to the event before it. ``fields`` are committed to
    one by one, absent values are left out; names that the table of events does not list are refused.
    Raises `NotReady` where the database refuses the event.
    """
    return record_many(writer, event_type, [Record(object_id, fields, meta)], actor=actor, at=at)[0]


def record_many(
    writer: Session,
    event_type: str,
    records: Sequence[Record],
    *,
    actor: Actor,
    at: datetime,
    created: bool = False,
) -> list[str]:
    """Write one event of a kind on each of many objects and return their ids in this order.

    No object may stand twice in ``records``. ``created``: the objects were inserted in this transaction
    with ``trail_version`` 1, so that this is the first event of each.
    """
    db.check_open(writer)
    kind = EVENTS[event_type]
    if not kind.changes:
        links = [_Link()] * len(records)
    elif created:
        links = [_Link(1)] * len(records)
    else:
        links = _next_in_chains(writer, kind, [entry.object_id for entry in records])
    named = _named(actor)
    openings, pending = [], []
    for entry, link in zip(records, links, strict=True):
        opening, leaf = _opened(kind, entry, link, actor=named, at=at)
        openings.append(opening)
        pending.append({"eid": opening["eid"], "leaf_hash": leaf})
    with _refused_cleanly():
        if len(records) == 1:
            insert_both(writer, (Opening, openings[0]), (PendingEvent, pending[0]))
        else:
            insert_rows(writer, Opening, openings)
            insert_rows(writer, PendingEvent, pending)
    db.count_on_commit(writer, "events", kind.name, len(records))
    return [opening["eid"] for opening in openings]


@contextmanager
def _refused_cleanly() -> Iterator[None]:
    """What the trail does not take is not done, and whoever asked for it is told so."""
    try:
        yield
    except DBAPIError as error:
        if db.translate(error) is not None:
            raise
        raise NotReady(
            "The trail did not take the event, so that nothing was changed; try again.", retry_after_seconds=5
        ) from error


def _opened(
    kind: EventType, entry: Record, link: _Link, *, actor: commitments.Actor, at: datetime
) -> tuple[dict[str, Any], bytes]:
    """The opening's row and the leaf hash of one event."""
    present = {name: value for name, value in (entry.fields or {}).items() if value is not None}
    stated = {name: value for name, value in (entry.meta or {}).items() if value is not None}
    _check_declared(kind, actor_kind=actor.kind, fields=present.keys(), meta=stated.keys())
    if link.earliest is not None and at < link.earliest:
        # clocks of two writers differ: an event is never dated before the one that it follows
        stated[CLOCK], at = clock.rfc3339(at), link.earliest
    eid = commitments.new_eid()
    values = {name: commitments.value_bytes(value) for name, value in present.items()}
    committed, opened = commitments.commit_fields(eid, values)
    envelope = commitments.write_envelope(
        commitments.build_envelope(
            kind.name,
            eid=eid,
            occurred_at=at,
            actor=actor,
            subject=commitments.Subject(kind=kind.object_kind, id=entry.object_id, version=link.version),
            previous=link.previous,
            meta=stated,
            commitments=committed,
        )
    )
    salt = commitments.new_key()
    opening = {
        "eid": eid,
        "envelope": envelope,
        "salt": salt,
        "fields": {name: [encode_base64(key), encode_base64(value)] for name, (key, value) in opened.items()},
        "recorded_at": at,
        "event_type": kind.name,
        "object_kind": kind.object_kind,
        "object_id": entry.object_id,
        "object_version": link.version,
    }
    return opening, merkle.leaf_hash(commitments.leaf_entry(envelope, salt=salt))


def _named(actor: Actor) -> commitments.Actor:
    return commitments.Actor(
        kind=actor.kind, id=actor.id, session=actor.session_digest, request=actor.request_id
    )


def _check_declared(
    kind: EventType, *, actor_kind: str, fields: AbstractSet[str], meta: AbstractSet[str]
) -> None:
    """Refuse what the closed table of events does not list: an error of the program, not of a person."""
    surplus = fields - set(kind.fields) | meta - set(kind.meta)
    if surplus or actor_kind not in kind.actors:
        raise TrailBroken(
            f"{kind.name} by {actor_kind} with {sorted(surplus)} is not in the table of events."
        )


def _next_in_chains(writer: Session, kind: EventType, object_ids: Sequence[str]) -> list[_Link]:
    """Advance the event count of each object and find its event before. Locks the objects' rows."""
    table = type_of_object[kind.object_kind]
    writer.flush()
    if len(object_ids) == 1:
        return [_next_of_one(writer, kind, object_ids[0])]
    versions: dict[str, int] = {}
    earlier: dict[str, tuple[str, datetime]] = {}
    for start in range(0, len(object_ids), CHUNK):
        ids = object_ids[start : start + CHUNK]
        advanced = writer.execute(
            sa.update(table)
            .where(table.id.in_(ids))
            .values(trail_version=table.trail_version + 1)
            .returning(table.id, table.trail_version)
            .execution_options(synchronize_session=False)
        )
        found = {row.id: row.trail_version for row in advanced}
        versions |= found
        last = sa.select(Opening.object_id, Opening.eid, Opening.recorded_at).where(
            Opening.object_kind == kind.object_kind,
            Opening.object_id == table.id,
            Opening.object_version == table.trail_version - 1,
            table.id.in_(ids),
        )
        if any(version > 1 for version in found.values()):
            earlier |= {row.object_id: (row.eid, row.recorded_at) for row in writer.execute(last)}
    return [_link(kind, object_id, versions.get(object_id), earlier) for object_id in object_ids]


def _advance(kind: str, table: Any) -> Prepared:
    """One more event of an object; beside its version the event before, which the update finds as well."""
    before = (Opening.object_kind == sa.literal(kind), Opening.object_id == sa.bindparam("object_id"))
    at_version = Opening.object_version == table.trail_version - sa.literal(1)

    def build() -> Any:
        return (
            sa.update(table)
            .where(table.id == sa.bindparam("object_id"))
            .values(trail_version=table.trail_version + sa.literal(1))
            .returning(
                table.trail_version,
                sa.select(Opening.eid).where(*before, at_version).scalar_subquery().label("eid"),
                sa.select(Opening.recorded_at).where(*before, at_version).scalar_subquery().label("earliest"),
            )
        )

    return Prepared(build)


_ADVANCE = {kind: _advance(kind, table) for kind, table in type_of_object.items()}


def _next_of_one(writer: Session, kind: EventType, object_id: str) -> _Link:
    advanced = _ADVANCE[kind.object_kind].first(writer, object_id=object_id)
    version = None if advanced is None else advanced.trail_version
    earlier = {}
    if advanced is not None and advanced.eid is not None:
        earlier = {object_id: (advanced.eid, advanced.earliest)}
    return _link(kind, object_id, version, earlier)


def _link(
    kind: EventType, object_id: str, version: int | None, earlier: Mapping[str, tuple[str, datetime]]
) -> _Link:
    if version is None:
        raise NotFound()
    if version == 1:
        return _Link(1)
    if object_id not in earlier:
        raise TrailBroken(f"The trail lacks event {version - 1} of {kind.object_kind} {object_id}.")
    return _Link(version, *earlier[object_id])


def erase_fields(writer: Session, named: Mapping[str, AbstractSet[str]]) -> None:
    """Take these fields, by event id, out of their openings: value and key, so that nothing opens them again.

    An executed erasure of this transaction names them all (`ErasedPart`); the database refuses any other.
    """
    db.check_open(writer)
    for start in range(0, len(named), CHUNK):
        some = list(named)[start : start + CHUNK]
        rows = writer.execute(sa.select(Opening.eid, Opening.fields).where(Opening.eid.in_(some))).all()
        for row in rows:
            left = {name: pair for name, pair in row.fields.items() if name not in named[row.eid]}
            change = sa.update(Opening).where(Opening.eid == row.eid).values(fields=left)
            writer.execute(change.execution_options(synchronize_session=False))


def head_of(reader: Session) -> Head:
    """The newest size and root; an empty tree before the first event."""
    row = reader.execute(sa.select(TreeHead).order_by(TreeHead.size.desc()).limit(1)).scalar_one_or_none()
    return Head(size=row.size, root=row.root) if row else Head(size=0, root=merkle.EMPTY_ROOT)


def tail_of(reader: Session, level: int, size: int) -> list[bytes]:
    """Hashes at one tile level that are not yet in a complete tile of that level, of a tree of ``size``."""
    complete = size >> (8 * level)
    start = complete - complete % tiles.TILE_WIDTH
    if level == 0:
        leaves = sa.select(Leaf.leaf_hash).where(Leaf.position >= start, Leaf.position < complete)
        return list(reader.scalars(leaves.order_by(Leaf.position)))
    roots = sa.select(StoredTile.root).where(
        StoredTile.level == level - 1, StoredTile.number >= start, StoredTile.number < complete
    )
    return list(reader.scalars(roots.order_by(StoredTile.number)))


def tree_reader(reader: Session, size: int) -> merkle.Reader:
    """Any complete subtree's hash of the stored tree of ``size`` leaves."""

    def tile(level: int, number: int) -> bytes | None:
        return reader.scalar(
            sa.select(StoredTile.hashes).where(StoredTile.level == level, StoredTile.number == number)
        )

    return tiles.reader(size, tile, lambda level: tail_of(reader, level, size))


def sequence_pending(writer: Session) -> Head | None:
    """Give up to 2 000 pending events their positions, extend the tree, store tiles and the new head.

    Returns the new head, or None when nothing was pending or another process sequences already. Pending
    rows are taken by row, never by a high-water mark over ids, which would lose events that commit late.
    Raises `TrailBroken` when an event was changed while it waited.
    """
    db.check_open(writer)
    if not db.try_lock(writer, "sequencer"):
        return None
    # an outer join, because SQLite would else begin with all openings that there ever were
    rows = writer.execute(
        sa.select(PendingEvent.eid, Opening.envelope, Opening.salt, PendingEvent.leaf_hash)
        .outerjoin(Opening, Opening.eid == PendingEvent.eid)
        .order_by(Opening.recorded_at, Opening.object_version, PendingEvent.eid)
        .limit(BATCH)
    ).all()
    if not rows:
        return None
    size = head_of(writer).size
    hashes = [_hash_again(row.eid, row.envelope, row.salt, row.leaf_hash) for row in rows]
    completed = tiles.new_tiles(size, hashes, lambda level: tail_of(writer, level, size))
    writer.execute(
        sa.insert(Leaf),
        [
            {"position": size + offset, "eid": row.eid, "leaf_hash": leaf}
            for offset, (row, leaf) in enumerate(zip(rows, hashes, strict=True))
        ],
    )
    _store_tiles(writer, completed)
    _forget_pending(writer, [row.eid for row in rows])
    grown = size + len(rows)
    head = Head(size=grown, root=merkle.tree_root(grown, tree_reader(writer, grown)), added=len(rows))
    writer.execute(sa.insert(TreeHead), {"size": head.size, "previous_size": size, "root": head.root})
    return head


def _hash_again(eid: str, envelope: bytes, salt: bytes, kept: bytes) -> bytes:
    """The leaf hash from what is stored now, if it is still what was recorded."""
    found = merkle.leaf_hash(commitments.leaf_entry(envelope, salt=salt))
    if found != kept:
        raise TrailBroken(f"The waiting event {eid} was changed; run flask trail verify before going on.")
    return found


def _store_tiles(writer: Session, completed: Sequence[tiles.Tile]) -> None:
    if completed:
        writer.execute(
            sa.insert(StoredTile),
            [
                {"level": tile.level, "number": tile.index, "hashes": tile.hashes, "root": tile.root}
                for tile in completed
            ],
        )


def _forget_pending(writer: Session, eids: Sequence[str]) -> None:
    for start in range(0, len(eids), 500):
        writer.execute(
            sa.delete(PendingEvent)
            .where(PendingEvent.eid.in_(eids[start : start + 500]))
            .execution_options(synchronize_session=False)
        )


def keep_checkpoint(writer: Session, *, size: int, note: str) -> bool:
    """Store a signed checkpoint; False when one of this size or a larger one is there already."""
    db.check_open(writer)
    newest = writer.scalar(sa.select(sa.func.max(StoredCheckpoint.size))) or 0
    if newest >= size:
        return False
    writer.execute(sa.insert(StoredCheckpoint), {"size": size, "previous_size": newest, "note": note})
    return True
