"""Do the entries add up one after the other? The pass over contents, tiles, heads and checkpoints."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.merkle import HASH_BYTES, Frontier
from review.domain.tiles import Tile
from review.domain.trail_check import TileStream, checked_note, name_of, problem_of
from review.errors import TrailBroken
from review.formats.key_files import CHECKPOINT
from review.models import StoredCheckpoint, StoredTile, TreeHead
from review.queries.erased import Erased
from review.queries.trail_entries import Entry, entry_parts
from review.queries.trail_rows import CHUNK, Problem, event_of, raw, stream

Progress = Callable[[int], None]

FILE = "file"
"""What a place outside the database is called in the column of tables."""


class Seals:
    """Rows that vouch for the tree at one size each (heads, checkpoints), met in order of size."""

    def __init__(
        self, rows: Iterator[sa.Row[Any]], check: Callable[[sa.Row[Any], bytes], str | None]
    ) -> None:
        self._rows = rows
        self._check = check
        self._next = next(rows, None)
        self.size = 0
        self.count = 0
        self.met: object = ""  # the size that the last row met says

    def is_due(self, size: int) -> bool:
        """Whether there is a row of this size or less that was not met yet."""
        return self._next is not None and isinstance(self._next.size, int) and self._next.size <= size

    def problem_at(self, size: int, root: bytes) -> str | None:
        """What is wrong with the rows of this size or less that were not met yet."""
        while (row := self._next) is not None and self.is_due(size):
            self._next, self.met = next(self._rows, None), row.size
            if row.size != size:
                return f"of {row.size} entries belongs to no tree"
            if row.previous_size != self.size:
                return f"of {size} entries does not follow the one before it; one is missing or was added"
            if (problem := self._check(row, root)) is not None:
                return f"of {size} entries {problem}"
            self.size = size
            self.count += 1
        return None

    def left_over(self) -> str | None:
        """The size that a row claims beyond the end of the tree."""
        return None if self._next is None else str(self._next.size)[:40]


class Walk:
    """The pass over all entries; ``size`` and ``checkpoints`` say how far it found everything good."""

    def __init__(
        self, reader: Session, *, vkeys: Sequence[str], outside: str | None, progress: Progress | None
    ) -> None:
        self._reader = reader
        self._vkeys = vkeys
        self._outside = outside
        self._progress = progress or (lambda _entries: None)
        self._frontier = Frontier()
        self._tiles = TileStream()
        self._erased = Erased(reader)
        self._promised: tuple[int, bytes] | None = None
        self._same_as_outside = False
        self.size = 0
        self.checkpoints = 0
        self._covered = 0

    def good_sentence(self, *, waiting: int) -> str:
        """The verdict on an intact trail, beside which so many events wait for their positions."""
        waits = "1 event waits for its position." if waiting == 1 else f"{waiting} events wait for positions."
        return f"{self._of_entries()} {waits}" if waiting else self._of_entries()

    def _of_entries(self) -> str:
        if not self.size:
            return "The trail is intact: it has no entries yet."
        entries = f"{_counted(self.size)}, unbroken, head {self._frontier.root().hex()[:12]}…"
        if not self.checkpoints:
            return f"{entries}; no checkpoint is signed yet."
        kept = "equals" if self._same_as_outside else "was not compared with"
        return (
            f"{entries}; the newest of {self.checkpoints} signed checkpoints covers"
            f" {_counted(self._covered)} and {kept} the one kept outside the database."
        )

    def problem(self) -> Problem | None:
        """The first problem with entries, tiles, heads and checkpoints."""
        if self._outside is not None:
            try:
                note = checked_note(self._outside, self._vkeys)
            except TrailBroken as error:
                sentence = f"The checkpoint file outside the database does not hold: {error.detail}"
                return Problem(None, sentence, table=FILE, row=CHECKPOINT)
            self._promised = note.size, note.root
        heads = sa.select(*raw(TreeHead.size, TreeHead.previous_size, TreeHead.root))
        notes = sa.select(*raw(StoredCheckpoint.size, StoredCheckpoint.previous_size, StoredCheckpoint.note))
        with (
            entry_parts(self._reader) as parts,
            stream(self._reader, heads.order_by(TreeHead.size)) as head_rows,
            stream(self._reader, notes.order_by(StoredCheckpoint.size)) as note_rows,
        ):
            self._heads = Seals(head_rows, self._head_problem)
            self._notes = Seals(note_rows, self._note_problem)
            for part in parts:
                if (found := self._part_problem(part)) is not None:
                    return found
            return self._end_problem()

    def _part_problem(self, rows: Sequence[tuple[Any, ...]]) -> Problem | None:
        for row in rows:
            if (found := self._entry_problem(Entry._make(row))) is not None:
                return found
        return None

    def _entry_problem(self, row: Entry) -> Problem | None:
        position = self._frontier.size
        if row.position != position or not isinstance(row.position, int):
            sentence = f"Entry {position} is missing; after it comes {str(row.position)[:40]}."
            return Problem(position, sentence, table="leaves", row=position)
        if row.opening_eid is None:
            sentence = f"Entry {position} has lost its content."
            return Problem(position, sentence, table="openings", row=row.eid)
        event = event_of(row)
        leaf = row.leaf_hash
        reason = problem_of(event, leaf=leaf, erased=self._erased.fields_of)
        if reason is not None or not isinstance(leaf, bytes) or len(leaf) != HASH_BYTES:
            sentence = f"Entry {position} ({name_of(event)}) {reason}."
            about = (event.object_id,)
            return Problem(position, sentence, about=about, table="openings", row=row.opening_eid)
        self._frontier.append(leaf)
        for tile in self._tiles.append(leaf):
            if (found := self._tile_problem(tile)) is not None:
                return found
        found = self._seal_problem()
        if found is None:
            self.size = self._frontier.size
            if self.size % CHUNK == 0:
                self._progress(self.size)
        return found

    def _tile_problem(self, tile: Tile) -> Problem | None:
        row = self._reader.execute(
            sa.select(*raw(StoredTile.hashes, StoredTile.root)).where(
                StoredTile.level == tile.level, StoredTile.number == tile.index
            )
        ).one_or_none()
        start = tile.index << 8 * (tile.level + 1)
        stop = self._frontier.size - 1
        wrong = "are missing" if row is None else "are not those of the entries"
        if row is not None and row.hashes == tile.hashes and row.root == tile.root:
            return None
        sentence = f"The stored hashes of entries {start} to {stop} {wrong}."
        return Problem(start, sentence, table="tiles", row=f"{tile.level}/{tile.index}")

    def _seal_problem(self) -> Problem | None:
        size, start = self._frontier.size, self._heads.size
        promised = self._promised is not None and self._promised[0] == size
        if not (promised or self._heads.is_due(size) or self._notes.is_due(size)):
            return None
        root = self._frontier.root()
        if (reason := self._heads.problem_at(size, root)) is not None:
            sentence = f"From entry {start} on the trail does not add up: the tree head {reason}."
            return Problem(start, sentence, table="tree_heads", row=self._heads.met)
        if (reason := self._notes.problem_at(size, root)) is not None:
            sentence = f"From entry {start} on nothing is vouched for: the checkpoint {reason}."
            return Problem(start, sentence, table="checkpoints", row=self._notes.met)
        self.checkpoints, self._covered = self._notes.count, self._notes.size
        if promised:
            if self._promised != (size, root):
                sentence = "The checkpoint kept outside the database is of another trail."
                return Problem(start, sentence, table=FILE, row=CHECKPOINT)
            if self._notes.size != size:
                sentence = f"The checkpoint of {size} entries was removed from the database."
                return Problem(start, sentence, table="checkpoints", row=size)
        return None

    def _head_problem(self, row: sa.Row[Any], root: bytes) -> str | None:
        return None if row.root == root else "has another root"

    def _note_problem(self, row: sa.Row[Any], root: bytes) -> str | None:
        if not self._vkeys:
            return "cannot be checked, because the public key is missing"
        try:
            note = checked_note(row.note, self._vkeys)
        except TrailBroken as error:
            return f"does not hold: {error.detail.rstrip('.')}"
        if note.size != row.size or note.root != root:
            return "is of another tree"
        if row.note == self._outside:
            self._same_as_outside = True
        return None

    def _end_problem(self) -> Problem | None:
        size = self._frontier.size
        self._progress(size)
        for seals, what in ((self._heads, "tree head"), (self._notes, "checkpoint")):
            if (claimed := seals.left_over()) is not None:
                sentence = f"Entry {size} is missing: a {what} counts {claimed} entries."
                return Problem(size, sentence, table="leaves", row=size)
        if self._promised is not None and self._promised[0] > size:
            return Problem(
                size,
                f"Entry {size} is missing: the checkpoint kept outside the database covers"
                f" {self._promised[0]} entries, so the end of the trail was cut off.",
                table="leaves",
                row=size,
            )
        if self._heads.size != size:
            sentence = f"From entry {self._heads.size} on no tree head covers the trail."
            return Problem(self._heads.size, sentence, table="tree_heads", row=size)
        stored = self._reader.scalar(sa.select(sa.func.count()).select_from(StoredTile))
        if stored != self._tiles.completed:
            return Problem(None, "There are stored hashes that belong to no entries.", table="tiles")
        return None


def _counted(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries} entries"
