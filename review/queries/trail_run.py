"""The pass over the entries in long strides: what is plainly right is added to the tree many at a time.

Entry by entry, as `Walk` has it, goes only what is spelt in another way than the ledger's.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.plain_event import PlainEvent, plain_event
from review.domain.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from review.models import StoredTile
from review.queries.trail_entries import Entry
from review.queries.trail_rows import CHUNK, Problem, raw, stream
from review.queries.trail_walk import Progress, Walk

TILES_AT_ONCE = 32
LEAF_HASH = Entry._fields.index("leaf_hash")


class Run(Walk):
    """The same pass with the same verdict; ``met`` is told of the plain events, ``doubted`` of other rows."""

    def __init__(
        self,
        reader: Session,
        *,
        vkeys: Sequence[str],
        outside: str | None,
        progress: Progress | None,
        met: Callable[[list[PlainEvent]], None],
        doubted: Callable[[Entry], None],
    ) -> None:
        super().__init__(reader, vkeys=vkeys, outside=outside, progress=progress)
        self._met = met
        self._doubted = doubted
        self._leaves: list[bytes] = []
        self._events: list[PlainEvent] = []
        self._stop = 0
        self._stored_tiles: Iterator[sa.Row[Any]] = iter(())

    def problem(self) -> Problem | None:
        """The first problem with entries, tiles, heads and checkpoints."""
        statement = (
            sa.select(*raw(StoredTile.number, StoredTile.hashes, StoredTile.root))
            .where(StoredTile.level == 0)
            .order_by(StoredTile.number)
        )
        with stream(self._reader, statement, at_once=TILES_AT_ONCE) as tiles:
            self._stored_tiles = tiles
            return super().problem()

    def _part_problem(self, rows: Sequence[tuple[Any, ...]]) -> Problem | None:
        for row in rows:
            size = self._frontier.size + len(self._leaves)
            event = plain_event(row)
            if event is None or event.position != size:
                if (found := self._odd_problem(Entry._make(row))) is not None:
                    return found
                continue
            if not self._leaves:
                self._stop = self._next_stop()
            self._leaves.append(row[LEAF_HASH])
            self._events.append(event)
            if size + 1 == self._stop and (found := self._stride_problem()) is not None:
                return found
        return None

    def _odd_problem(self, row: Entry) -> Problem | None:
        """An entry that is spelt in another way, or wrong."""
        found = self._stride_problem() or self._entry_problem(row)
        if found is None:
            self._doubted(row)
        return found

    def _end_problem(self) -> Problem | None:
        return self._stride_problem() or super()._end_problem()

    def _next_stop(self) -> int:
        """The size at which a tile is complete, or a head, a checkpoint or the outside note is due."""
        size = self._frontier.size
        sizes = range(size + 1, size + TILE_WIDTH - size % TILE_WIDTH + 1)
        if self._promised is not None and self._promised[0] in sizes:
            sizes = range(size + 1, self._promised[0] + 1)
        if not self._is_due(sizes[-1]):
            return sizes[-1]
        return sizes[bisect_left(sizes, True, key=self._is_due)]

    def _is_due(self, size: int) -> bool:
        return self._heads.is_due(size) or self._notes.is_due(size)

    def _stride_problem(self) -> Problem | None:
        """Add the entries that were found right; the tile and the seals at their end."""
        leaves, events = self._leaves, self._events
        if not leaves:
            return None
        self._leaves, self._events = [], []
        before = self._frontier.size
        roots = self._frontier.extend(leaves, height=TILE_HEIGHT)
        self.size = self._frontier.size - 1
        for tile in self._tiles.extend(leaves, roots=roots):
            if (found := self._tile_problem(tile)) is not None:
                return found
        if (found := self._seal_problem()) is not None:
            return found
        self.size = self._frontier.size
        self._met(events)
        if before // CHUNK != self.size // CHUNK:
            self._progress(self.size)
        return None

    def _tile_problem(self, tile: Tile) -> Problem | None:
        if tile.level == 0:
            row = next(self._stored_tiles, None)
            if row is not None and tuple(row) == (tile.index, tile.hashes, tile.root):
                return None
        return super()._tile_problem(tile)
