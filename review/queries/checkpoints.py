"""What does the trail vouch for, and what was vouched for already? Heads, checkpoints, and their growth."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain import merkle, tiles
from review.domain.commitments import leaf_entry
from review.domain.signed_note import Checkpoint
from review.errors import TrailBroken
from review.models import Leaf, Opening, PendingEvent, StoredCheckpoint

CHUNK = 1_000


@dataclass(frozen=True)
class StoredNote:
    """A signed checkpoint as the database keeps it."""

    size: int
    note: str


@dataclass(frozen=True)
class TrailState:
    """How far the trail is: entries with a position, events that wait for one, the newest checkpoint."""

    entries: int
    pending: int
    root: bytes
    newest: StoredNote | None


def newest_checkpoint(reader: Session) -> StoredNote | None:
    """The newest signed checkpoint; None before the first."""
    row = reader.execute(
        sa.select(StoredCheckpoint.size, StoredCheckpoint.note)
        .order_by(StoredCheckpoint.size.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else StoredNote(size=row.size, note=row.note)


def signed_tile(reader: Session, level: int, index: int, *, width: int) -> bytes | None:
    """The first ``width`` hashes, 1 to 256, of a tile (C2SP tlog-tiles); None where fewer are signed for."""
    newest = newest_checkpoint(reader)
    size = 0 if newest is None else newest.size
    first = index * tiles.TILE_WIDTH
    if (size >> level * tiles.TILE_HEIGHT) - first < width:
        return None
    read = ledger.tree_reader(reader, size)
    return b"".join(read(level * tiles.TILE_HEIGHT, first + place) for place in range(width))


def trail_state(reader: Session) -> TrailState:
    """Size and root of the tree, what waits, and the newest checkpoint."""
    head = ledger.head_of(reader)
    pending = reader.scalar(sa.select(sa.func.count()).select_from(PendingEvent)) or 0
    return TrailState(entries=head.size, pending=pending, root=head.root, newest=newest_checkpoint(reader))


def check_growth(reader: Session, head: ledger.Head, *, kept: Sequence[Checkpoint]) -> None:
    """Raise `TrailBroken` unless the tree of this head begins with every tree that was signed before.

    Entries after the largest of ``kept`` are hashed again from their contents, and the root is derived from
    what was signed and from them; stored roots are only compared.
    """
    for checkpoint in kept:
        if checkpoint.size > head.size:
            raise TrailBroken(
                f"A checkpoint of {checkpoint.size} entries was signed, but the database has {head.size}:"
                " it is an older copy or was cut. Nothing more is signed; restore the newest backup."
            )
    largest = max((checkpoint.size for checkpoint in kept), default=0)
    read = ledger.tree_reader(reader, head.size)
    for checkpoint in kept:
        if merkle.tree_root(checkpoint.size, read) != checkpoint.root:
            raise TrailBroken(
                f"The first {checkpoint.size} entries are not those that were signed."
                " Nothing more is signed; run flask trail verify."
            )
    subtrees = [read(level, index) for level, index in merkle.complete_subtrees(largest)]
    frontier = merkle.Frontier(largest, subtrees)
    _append_again(reader, frontier, head.size)
    if frontier.root() != head.root:
        raise TrailBroken(
            f"The entries do not add up to the tree head of {head.size}."
            " Nothing more is signed; run flask trail verify."
        )


def _append_again(reader: Session, frontier: merkle.Frontier, size: int) -> None:
    """Append the leaf hashes up to ``size``, each made anew from envelope and salt."""
    while frontier.size < size:
        rows = reader.execute(
            sa.select(Leaf.position, Opening.envelope, Opening.salt)
            .join(Opening, Opening.eid == Leaf.eid)
            .where(Leaf.position >= frontier.size, Leaf.position < size)
            .order_by(Leaf.position)
            .limit(CHUNK)
        ).all()
        for row in rows:
            if row.position != frontier.size:
                break
            frontier.append(merkle.leaf_hash(leaf_entry(row.envelope, salt=row.salt)))
        if not rows or rows[-1].position != frontier.size - 1:
            raise TrailBroken(f"Entry {frontier.size} is missing; run flask trail verify.")
