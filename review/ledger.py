"""The only writer of the trail: records events inside an open transaction and gives them their positions.

An event is written as an opening and a pending row together with the change it tells of; one sequencer
later gives positions in batches (trail.md, B.2). Nothing else inserts into these tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.domain import commitments, merkle, tiles
from review.domain.events import EVENTS, EventType
from review.domain.permissions import Actor
from review.domain.signed_note import encode_base64
from review.errors import NotFound, TrailBroken
from review.models import (
    Account,
    Case,
    Clause,
    Item,
    Leaf,
    Opening,
    PendingEvent,
    Referral,
    Sender,
    SenderKey,
    StoredCheckpoint,
    StoredTile,
    TreeHead,
)
from review.models.base import OnTrail

type_of_object: dict[str, type[OnTrail]] = {
    "account": Account,
    "case": Case,
    "clause": Clause,
    "item": Item,
    "key": SenderKey,
    "referral": Referral,
    "sender": Sender,
}
BATCH = 2_000

Value = str | bytes | bool | int | list | dict  # type: ignore[type-arg]


@dataclass(frozen=True)
class Head:
    """Size and root of the tree."""

    size: int
    root: bytes


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
    """
    db.check_open(writer)
    kind = EVENTS[event_type]
    present = {name: value for name, value in (fields or {}).items() if value is not None}
    stated = {name: value for name, value in (meta or {}).items() if value is not None}
    _check_declared(kind, actor=actor, fields=set(present), meta=set(stated))
    version, previous = None, None
    if kind.changes:
        version, previous, earliest = _next_in_chain(writer, kind, object_id)
        # clocks of two writers may differ: an event is never dated before the one that it follows
        at = max(at, earliest or at)
    eid = commitments.new_eid()
    keyed = {name: (commitments.new_key(), commitments.value_bytes(value)) for name, value in present.items()}
    envelope = commitments.envelope_bytes(
        commitments.build_envelope(
            event_type,
            eid=eid,
            occurred_at=at,
            actor=_named(actor),
            subject=commitments.Subject(kind=kind.object_kind, id=object_id, version=version),
            previous=previous,
            meta=stated,
            commitments=_committed(eid, keyed),
        )
    )
    salt = commitments.new_key()
    writer.execute(
        sa.insert(Opening),
        {
            "eid": eid,
            "envelope": envelope,
            "salt": salt,
            "fields": {
                name: [encode_base64(key), encode_base64(value)] for name, (key, value) in keyed.items()
            },
            "recorded_at": at,
            "event_type": event_type,
            "object_kind": kind.object_kind,
            "object_id": object_id,
            "object_version": version,
        },
    )
    leaf = merkle.leaf_hash(commitments.leaf_entry(envelope, salt=salt))
    writer.execute(sa.insert(PendingEvent), {"eid": eid, "leaf_hash": leaf})
    return eid


def _committed(eid: str, keyed: Mapping[str, tuple[bytes, bytes]]) -> dict[str, str]:
    return {name: commitments.commit_field(eid, name, value, key=key) for name, (key, value) in keyed.items()}


def _named(actor: Actor) -> commitments.Actor:
    return commitments.Actor(
        kind=actor.kind, id=actor.id, session=actor.session_digest, request=actor.request_id
    )


def _check_declared(kind: EventType, *, actor: Actor, fields: set[str], meta: set[str]) -> None:
    """Refuse what the closed table of events does not list: an error of the program, not of a person."""
    surplus = (fields - set(kind.fields)) | (meta - set(kind.meta))
    if surplus or actor.kind not in kind.actors:
        raise TrailBroken(
            f"{kind.name} by {actor.kind} with {sorted(surplus)} is not in the table of events."
        )


def _next_in_chain(
    writer: Session, kind: EventType, object_id: str
) -> tuple[int, str | None, datetime | None]:
    """Advance the object's event count; names its event before and when that was. Locks the object's row."""
    table = type_of_object[kind.object_kind]
    writer.flush()
    version = writer.scalar(
        sa.update(table)
        .where(table.id == object_id)
        .values(trail_version=table.trail_version + 1)
        .returning(table.trail_version)
        .execution_options(synchronize_session=False)
    )
    if version is None:
        raise NotFound()
    if version == 1:
        return 1, None, None
    previous = writer.execute(
        sa.select(Opening.eid, Opening.recorded_at).where(
            Opening.object_kind == kind.object_kind,
            Opening.object_id == object_id,
            Opening.object_version == version - 1,
        )
    ).one_or_none()
    if previous is None:
        raise TrailBroken(f"The trail lacks event {version - 1} of {kind.object_kind} {object_id}.")
    return version, previous.eid, previous.recorded_at


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
    rows = writer.execute(
        sa.select(Opening.eid, Opening.envelope, Opening.salt, PendingEvent.leaf_hash)
        .join(PendingEvent, PendingEvent.eid == Opening.eid)
        .order_by(Opening.recorded_at, Opening.object_version, Opening.eid)
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
    head = Head(size=grown, root=merkle.tree_root(grown, tree_reader(writer, grown)))
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
