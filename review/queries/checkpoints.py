"""What does the trail vouch for, and what was vouched for already? Heads, checkpoints, and their growth."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain import merkle, tiles
from review.domain.commitments import leaf_entry
from review.domain.signed_note import Checkpoint
from review.domain.signer_refusals import Refusal, SignerRefused
from review.domain.trail_check import TileStream
from review.errors import TrailBroken
from review.models import Leaf, Opening, PendingEvent, StoredCheckpoint, StoredTile

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
    size = _signed_size(reader)
    first = index * tiles.TILE_WIDTH
    if (size >> level * tiles.TILE_HEIGHT) - first < width:
        return None
    read = ledger.tree_reader(reader, size)
    return b"".join(read(level * tiles.TILE_HEIGHT, first + place) for place in range(width))


def signed_entries(reader: Session, index: int, *, width: int) -> bytes | None:
    """The entries below the first ``width`` hashes of a tile of level 0, as a bundle (C2SP tlog-tiles).

    An entry is the digest of its event's envelope under a salt, so that it tells nothing of the event. None
    where fewer are signed for; raises `TrailBroken` where one is not what was signed for.
    """
    first = index * tiles.TILE_WIDTH
    if _signed_size(reader) - first < width:
        return None
    rows = reader.execute(
        sa.select(Opening.envelope, Opening.salt, Leaf.leaf_hash)
        .join(Leaf, Leaf.eid == Opening.eid)
        .where(Leaf.position >= first, Leaf.position < first + width)
        .order_by(Leaf.position)
    ).all()
    entries = [leaf_entry(row.envelope, salt=row.salt) for row in rows]
    hashes = [merkle.leaf_hash(entry) for entry in entries]
    if len(rows) != width or hashes != [row.leaf_hash for row in rows]:
        raise TrailBroken("An entry is not what was signed for; run flask trail verify.")
    return tiles.entry_bundle(entries)


def _signed_size(reader: Session) -> int:
    newest = newest_checkpoint(reader)
    return 0 if newest is None else newest.size


def trail_state(reader: Session) -> TrailState:
    """Size and root of the tree, what waits, and the newest checkpoint."""
    head = ledger.head_of(reader)
    pending = reader.scalar(sa.select(sa.func.count()).select_from(PendingEvent)) or 0
    return TrailState(entries=head.size, pending=pending, root=head.root, newest=newest_checkpoint(reader))


def check_growth(
    reader: Session, head: ledger.Head, *, kept: Sequence[Checkpoint], whole: bool = False
) -> None:
    """Raise `SignerRefused` unless the tree of this head begins with every tree that was signed before.

    Entries after the largest of ``kept`` are hashed again from their contents, and the root is derived from
    what was signed and from them; stored roots are only compared. ``whole``: every entry is, and every tile
    is compared as well.
    """
    for checkpoint in kept:
        if checkpoint.size > head.size:
            seen = f"A checkpoint of {checkpoint.size} entries was signed, but there are {head.size}."
            raise SignerRefused(Refusal.OLDER_COPY, seen)
    read = ledger.tree_reader(reader, head.size)
    for checkpoint in kept:
        if merkle.tree_root(checkpoint.size, read) != checkpoint.root:
            seen = f"The first {checkpoint.size} entries are others than were signed."
            raise SignerRefused(Refusal.ENTRIES_CHANGED, seen)
    begun = 0 if whole else max((checkpoint.size for checkpoint in kept), default=0)
    subtrees = [read(level, index) for level, index in merkle.complete_subtrees(begun)]
    frontier = merkle.Frontier(begun, subtrees)
    _append_again(reader, frontier, head.size, stream=TileStream() if whole else None)
    if frontier.root() != head.root:
        seen = f"The entries do not add up to the tree head of {head.size}."
        raise SignerRefused(Refusal.ENTRIES_CHANGED, seen)


def _append_again(
    reader: Session, frontier: merkle.Frontier, size: int, *, stream: TileStream | None
) -> None:
    """Append the leaf hashes up to ``size``, each made anew from envelope and salt."""
    while frontier.size < size:
        rows = reader.execute(
            sa.select(Leaf.position, Leaf.leaf_hash, Opening.envelope, Opening.salt)
            .join(Opening, Opening.eid == Leaf.eid)
            .where(Leaf.position >= frontier.size, Leaf.position < size)
            .order_by(Leaf.position)
            .limit(CHUNK)
        ).all()
        if not rows:
            raise SignerRefused(Refusal.ENTRIES_CHANGED, f"Entry {frontier.size} is missing.")
        for row in rows:
            if row.position != frontier.size:
                raise SignerRefused(Refusal.ENTRIES_CHANGED, f"Entry {frontier.size} is missing.")
            found = merkle.leaf_hash(leaf_entry(row.envelope, salt=row.salt))
            if found != row.leaf_hash:
                seen = f"Entry {row.position} does not match its fingerprint."
                raise SignerRefused(Refusal.ENTRIES_CHANGED, seen)
            frontier.append(found)
            if stream is not None:
                _compare_tiles(reader, stream.append(found))


def _compare_tiles(reader: Session, completed: Sequence[tiles.Tile]) -> None:
    for tile in completed:
        stored = reader.execute(
            sa.select(StoredTile.hashes, StoredTile.root).where(
                StoredTile.level == tile.level, StoredTile.number == tile.index
            )
        ).one_or_none()
        if stored is None or tuple(stored) != (tile.hashes, tile.root):
            seen = (
                f"The stored hashes of tile {tile.index} of level {tile.level} are not those of its entries."
            )
            raise SignerRefused(Refusal.ENTRIES_CHANGED, seen)
