"""C-19: whoever changes the stored trail is seen, at the right place; who leaves it alone is not accused."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, ledger
from review.actions import trail
from review.domain.signed_note import checkpoint_body, parse_checkpoint, sign
from review.domain.tiles import TILE_WIDTH
from review.formats import key_files
from review.queries.fsck import Break, check_everything, check_with
from tests.conftest import Desk
from tests.queries.test_trail_tampering import Row, Tampering, undefended
from tests.trails import record_events, record_one

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

MUTATIONS, CLEAN_LOGS = 200, 200


def _silent(_what: str, _count: int) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Done:
    """What was changed, and where that must be told: the table, its row, and the entry, where there is one.

    An entry is told itself, or as part of the stretch that the tree head over it vouches for.
    """

    what: str
    table: str | None
    row: object = None
    entry: int | None = None


class Mutations:
    """Kinds of changes, each made at random, each with the place at which it must be found."""

    def __init__(self, tampering: Tampering, folder: Path, dice: random.Random) -> None:
        self.tampering = tampering
        self.dice = dice
        self.key = key_files.read_key(folder)
        key_files.create_key(folder / "other", name=self.key.name)
        self.other_key = key_files.read_key(folder / "other")
        self.leaves = tampering.rows("leaves")
        self.notes = tampering.rows("checkpoints")
        self.heads = [row["size"] for row in tampering.rows("tree_heads")]
        self.openings = {row["eid"]: row for row in tampering.rows("openings")}

    def _place(self) -> tuple[int, Row]:
        leaf = self.dice.choice(self.leaves)
        return leaf["position"], self.openings[leaf["eid"]]

    def _two(self) -> tuple[Row, Row]:
        first, second = sorted(self.dice.sample(range(len(self.leaves)), 2))
        return self.leaves[first], self.leaves[second]

    def flip_a_bit(self) -> Done:
        """One bit of an envelope, a leaf, a tile, a root, or a note."""
        place, row = self._place()
        table = self.dice.choice(["openings", "leaves", "tiles", "tree_heads", "checkpoints"])
        if table == "openings":
            self.tampering.update(table, row, envelope=self.tampering.other(row["envelope"]))
            return Done("flip in an envelope", table, row["eid"], place)
        if table == "leaves":
            leaf = self.leaves[place]
            self.tampering.update(table, leaf, leaf_hash=self.tampering.other(leaf["leaf_hash"]))
            return Done("flip in a leaf", "openings", leaf["eid"], place)
        chosen = self.dice.choice(self.tampering.rows(table))
        columns = {"tiles": ["hashes", "root"], "tree_heads": ["root"], "checkpoints": ["note"]}[table]
        column = self.dice.choice(columns)
        self.tampering.update(table, chosen, **{column: self.tampering.other(chosen[column])})
        name = f"{chosen['level']}/{chosen['number']}" if table == "tiles" else chosen["size"]
        return Done(f"flip in {table}.{column}", table, name)

    def delete(self) -> Done:
        """An entry, its content, or what vouches for it."""
        place, row = self._place()
        table = self.dice.choice(["openings", "leaves", "checkpoints"])
        if table == "leaves":
            self.tampering.delete(table, self.leaves[place])
            return Done("delete a leaf", table, place, place)
        if table == "openings":
            self.tampering.delete(table, row)
            return Done("delete an opening", table, row["eid"], place)
        gone = self.dice.randrange(len(self.notes))
        self.tampering.delete(table, self.notes[gone])
        return Done("delete a checkpoint", table, self.notes[min(gone + 1, len(self.notes) - 1)]["size"])

    def swap(self) -> Done:
        """Two entries change their places, or the contents of two events."""
        first, second = self._two()
        if self.dice.random() < 0.5:
            for leaf in (first, second):
                self.tampering.delete("leaves", leaf)
            for leaf, at in ((first, second), (second, first)):
                self.tampering.insert("leaves", leaf | {"position": at["position"]})
            return Done("swap two leaves", None, entry=first["position"])
        one, other = self.openings[first["eid"]], self.openings[second["eid"]]
        for target, source in ((one, other), (other, one)):
            self.tampering.update("openings", target, envelope=source["envelope"], salt=source["salt"])
        return Done("swap two contents", "openings", one["eid"], first["position"])

    def duplicate(self) -> Done:
        """An entry again at the end, a content beside the trail, or an entry that waits again."""
        _place, row = self._place()
        leaf, fresh = self.leaves[-1], "0" * 32
        way = self.dice.randrange(3)
        if way == 0:
            self.tampering.insert("leaves", leaf | {"position": len(self.leaves), "eid": fresh})
            return Done("duplicate a leaf", "openings", fresh, len(self.leaves))
        if way == 1:
            self.tampering.insert("openings", row | {"eid": fresh})
            return Done("duplicate an opening", "openings")  # which of the two is the copy, nobody can tell
        again = self.dice.choice(self.leaves)
        self.tampering.insert("pending_events", {"eid": again["eid"], "leaf_hash": again["leaf_hash"]})
        return Done("an entry waits again", "pending_events", again["eid"])

    def truncate(self) -> Done:
        """The end is cut off, with all that vouched for it in the database or without."""
        size = self.dice.choice(self.heads[:-1])
        if self.dice.random() < 0.5:
            size = self.dice.randrange(len(self.leaves))
        else:
            for table in ("tree_heads", "checkpoints"):
                for row in self.tampering.rows(table):
                    if row["size"] > size:
                        self.tampering.delete(table, row)
        for leaf in self.leaves[size:]:
            self.tampering.delete("leaves", leaf)
        return Done("truncate", "leaves", size, size)

    def sign_again(self) -> Done:
        """A checkpoint by another key, or by ours over another tree."""
        row = self.dice.choice(self.notes)
        noted = parse_checkpoint(row["note"])
        key, root = (self.other_key, noted.root) if self.dice.random() < 0.5 else (self.key, b"r" * 32)
        body = checkpoint_body(key.name, noted.size, root)
        note = sign(body, name=key.name, private_key=key.private_key)
        self.tampering.update("checkpoints", row, note=note)
        return Done("sign again", "checkpoints", row["size"])

    def alter_a_salt(self) -> Done:
        """The salt of an envelope."""
        place, row = self._place()
        self.tampering.update("openings", row, salt=self.tampering.other(row["salt"]))
        return Done("alter a salt", "openings", row["eid"], place)

    def alter_an_opening(self) -> Done:
        """A committed value, its key, or a column that repeats the envelope."""
        place, row = self._place()
        column = self.dice.choice(["fields", "event_type", "object_id", "recorded_at"])
        self.tampering.update("openings", row, **{column: self.tampering.other(row[column])})
        return Done(f"alter {column}", "openings", row["eid"], place)

    def replay(self) -> Done:
        """The whole content of another event, of whomever it tells."""
        first, second = self._two()
        source, target = self.openings[first["eid"]], self.openings[second["eid"]]
        content = {name: value for name, value in source.items() if name not in ("eid", "object_version")}
        self.tampering.update("openings", target, **content)
        return Done("replay", "openings", target["eid"], second["position"])


KINDS: tuple[Callable[[Mutations], Done], ...] = (
    Mutations.flip_a_bit,
    Mutations.delete,
    Mutations.swap,
    Mutations.duplicate,
    Mutations.truncate,
    Mutations.sign_again,
    Mutations.alter_a_salt,
    Mutations.alter_an_opening,
    Mutations.replay,
)


def _is_there(found: Break, done: Done, heads: list[int]) -> bool:
    """Whether the break is told where the change was made."""
    if done.table is not None and found.table != done.table:
        return False
    if done.row is not None and found.row != str(done.row):
        return False
    if done.entry is None or found.entry == done.entry:
        return True
    if done.table is not None or found.entry is None or found.entry > done.entry:
        return False
    if found.table == "tiles":
        return done.entry < found.entry + TILE_WIDTH
    return not any(found.entry < head <= done.entry for head in heads)


def test_every_mutation_is_found_at_the_right_place(desk: Desk, times: int) -> None:
    folder = desk.settings.data_dir
    vkey = trail.create_signing_key(folder, origin="")
    record_events(120, 140, 9, 40, sign=folder)
    notes = key_files.read_note(folder), None
    missed, misplaced, count = [], [], MUTATIONS * times
    with undefended(seed=19) as tampering:
        mutations = Mutations(tampering, folder, random.Random(7))

        def breaks() -> tuple[Break, ...]:
            with Session(bind=tampering.connection, join_transaction_mode="create_savepoint") as reader:
                return check_with(reader, folder, notes=notes, vkeys=[vkey], progress=_silent).breaks

        assert breaks() == ()
        for number in range(count):
            point = tampering.connection.begin_nested()
            done = KINDS[number % len(KINDS)](mutations)
            found = breaks()
            point.rollback()
            if not found:
                missed.append(done)
            elif not _is_there(found[0], done, mutations.heads):
                misplaced.append((done, found[0]))
        assert breaks() == ()
    print(f"\n{count} changes, {len(missed)} missed, {len(misplaced)} told at another place")
    assert missed == []
    assert misplaced == []


def test_no_clean_log_raises_an_alarm(desk: Desk, times: int) -> None:
    """The same log at so many sizes, with and without events that wait and heads that nobody signed yet."""
    folder, dice = desk.settings.data_dir, random.Random(3)
    trail.create_signing_key(folder, origin="")
    ids, count = record_events(), CLEAN_LOGS * times
    for number in range(count):
        with db.transaction() as writer:
            for event in range(dice.randrange(1, 6)):
                record_one(writer, dice.choice(ids), number=number + event)
            if dice.random() < 0.8:
                ledger.sequence_pending(writer)
        if dice.random() < 0.8:
            trail.sign_checkpoint(folder=folder)
        report = check_everything(folder, progress=_silent)
        assert (report.intact, report.remarks) == (True, ()), report
    size = desk.session.scalar(sa.text("SELECT count(*) FROM leaves")) or 0
    print(f"\n{count} clean logs up to {size} entries, 0 alarms")
    assert size > count
