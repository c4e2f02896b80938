"""Changes made behind the program's back, triggers dropped: verify names each, and nothing else."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.actions import trail
from review.formats import key_files
from review.models import schema
from review.queries.trail import Finding, verify_trail
from tests.conftest import Desk
from tests.trails import record_events, record_one

KEYS = {
    "openings": ("eid",),
    "pending_events": ("eid",),
    "leaves": ("position",),
    "tiles": ("level", "number"),
    "tree_heads": ("size",),
    "checkpoints": ("size",),
}
CHANGES = 90

Row = dict[str, Any]


class Tampering:
    """One connection that may change anything, and takes it all back."""

    def __init__(self, connection: sa.Connection, seed: int) -> None:
        self.connection = connection
        self.random = random.Random(seed)
        found = sa.MetaData()
        found.reflect(connection, only=list(KEYS))
        self.tables = found.tables

    def rows(self, table: str) -> list[Row]:
        """All rows of a table in the order of its key."""
        source = self.tables[table]
        statement = sa.select(source).order_by(*(source.c[name] for name in KEYS[table]))
        return [dict(row._mapping) for row in self.connection.execute(statement)]

    def update(self, table: str, row: Row, **values: Any) -> None:
        """Change one row."""
        source = self.tables[table]
        wanted = [source.c[name] == row[name] for name in KEYS[table]]
        self.connection.execute(sa.update(source).where(*wanted).values(**values))

    def delete(self, table: str, row: Row) -> None:
        """Remove one row."""
        source = self.tables[table]
        wanted = [source.c[name] == row[name] for name in KEYS[table]]
        self.connection.execute(sa.delete(source).where(*wanted))

    def insert(self, table: str, row: Row) -> None:
        """Add one row."""
        self.connection.execute(sa.insert(self.tables[table]).values(**row))

    def other(self, value: Any) -> Any:
        """A value of the same type that is not the same."""
        dice = self.random
        if isinstance(value, bytes):
            place = dice.randrange(len(value))
            return value[:place] + bytes([value[place] ^ 1 << dice.randrange(8)]) + value[place + 1 :]
        if isinstance(value, str):
            place = dice.randrange(len(value))
            return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
        if isinstance(value, int):
            return value + dice.choice((-1, 1, 1000))
        if value is None:
            return 7
        if isinstance(value, dict):
            return self._other_fields(value)
        return value.replace(microsecond=(value.microsecond + 1) % 1_000_000)

    def _other_fields(self, fields: dict[str, list[str]]) -> dict[str, list[str]]:
        if not fields:
            return {"surplus": ["AAAA", "AAAA"]}
        name = self.random.choice(sorted(fields))
        key, value = fields[name]
        choice = self.random.randrange(4)
        if choice == 0:
            return {other: both for other, both in fields.items() if other != name}
        changed = [[key, "QUFB" + value], ["AAAA" + key[4:], value], [value]][choice - 1]
        return fields | {name: changed}

    def change(self, table: str) -> str:
        """One random change to the table; says what was done."""
        rows = self.rows(table)
        row = self.random.choice(rows)
        kinds = ["update", "update", "update", "delete", "swap", "duplicate", "truncate"]
        kind = self.random.choice(kinds)
        columns = [name for name in row if len({str(one[name]) for one in rows}) > 1]
        if kind == "swap" and len(columns) > 0 and table != "pending_events":
            return self._swap(table, rows, columns)
        if kind == "duplicate":
            if table == "pending_events":
                leaf = self.random.choice(self.rows("leaves"))
                self.insert(table, {"eid": leaf["eid"], "leaf_hash": leaf["leaf_hash"]})
                return "an entry waits again"
            changed = {name: self._fresh(row[name], rows, name) for name in KEYS[table]}
            if table == "leaves":
                changed["eid"] = "0" * 32
            self.insert(table, row | changed)
            return f"duplicate of {row} as {changed}"
        if kind == "delete":
            self.delete(table, row)
            return f"delete {row}"
        if kind == "truncate":
            self.connection.execute(sa.delete(self.tables[table]))
            return "truncate"
        name = self.random.choice(sorted(row))
        value = self.other(row[name])
        if name in KEYS[table] or (table, name) == ("leaves", "eid"):
            value = self._fresh(row[name], rows, name)
        self.update(table, row, **{name: value})
        return f"{name} of {row} to {value!r}"

    def _fresh(self, value: Any, rows: list[Row], name: str) -> Any:
        taken = {row[name] for row in rows}
        while value in taken:
            value = self.other(value)
        return value

    def _swap(self, table: str, rows: list[Row], columns: list[str]) -> str:
        name = self.random.choice(columns)
        first = self.random.choice(rows)
        second = self.random.choice([row for row in rows if row[name] != first[name]])
        if name in KEYS[table] or (table, name) == ("leaves", "eid"):
            self.delete(table, first)
            self.delete(table, second)
            self.insert(table, first | {name: second[name]})
            self.insert(table, second | {name: first[name]})
        else:
            self.update(table, first, **{name: second[name]})
            self.update(table, second, **{name: first[name]})
        return f"swap {name} of {first} and {second}"


@contextmanager
def undefended(seed: int) -> Iterator[Tampering]:
    """A connection without triggers and foreign keys, on which everything is rolled back at the end."""
    engine = db.extension.engine
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            for name in schema.expected_triggers("sqlite"):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql("DROP INDEX uq_openings_chain")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
            for table in schema.GUARDED:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            connection.exec_driver_sql("DROP INDEX uq_openings_chain")
        yield Tampering(connection, seed)
        connection.rollback()
        connection.invalidate()


def build(desk: Desk) -> tuple[str, str]:
    """A trail with a full tile, several heads and checkpoints, and events that wait; key and last note."""
    vkey = trail.create_signing_key(desk.settings.data_dir, origin="")
    ids = record_events(120, 140, 9, sign=desk.settings.data_dir)
    record_events(5)
    with db.transaction() as writer:
        for number in range(6):
            record_one(writer, ids[1], number=number)
    note = key_files.read_note(desk.settings.data_dir)
    assert note is not None
    return vkey, note


def found(connection: sa.Connection, vkey: str, note: str) -> Finding:
    with Session(bind=connection, join_transaction_mode="create_savepoint") as reader:
        return verify_trail(reader, vkey=vkey, checkpoint_file=note)


def found_entry_by_entry(connection: sa.Connection, vkey: str, note: str) -> Finding:
    """The same, where nothing is seen as right at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("review.queries.trail_run.plain_event", lambda _row: None)
        patch.setattr("review.queries.trail.plain_event", lambda _row: None)
        patch.setattr("review.queries.trail_links.Links.hold", lambda _links: False)
        patch.setattr("review.queries.plain_rows.PlainRows.differ", lambda _rows: True)
        patch.setattr("review.queries.plain_rows.PlainRows.counted", lambda _rows: False)
        patch.setattr("review.queries.trail._counts_agree", lambda *_given: False)
        return found(connection, vkey, note)


def test_every_random_change_is_found_and_a_clean_trail_raises_no_alarm(desk: Desk) -> None:
    vkey, note = build(desk)
    with undefended(seed=2026) as tampering:
        clean = found(tampering.connection, vkey, note)
        assert clean.intact, clean
        assert (clean.entries, clean.checkpoints) == (274, 3)
        assert found_entry_by_entry(tampering.connection, vkey, note) == clean
        missed = []
        for number in range(CHANGES):
            table = list(KEYS)[number % len(KEYS)]
            point = tampering.connection.begin_nested()
            done = tampering.change(table)
            finding = found(tampering.connection, vkey, note)
            if finding.intact or not finding.sentence:
                missed.append(f"{table}: {done}")
            one_by_one = found_entry_by_entry(tampering.connection, vkey, note)
            assert (finding.sentence, finding.first_bad) == (one_by_one.sentence, one_by_one.first_bad), done
            point.rollback()
        assert missed == []
        assert found(tampering.connection, vkey, note) == clean


def test_the_first_bad_entry_is_named_and_nothing_after_it_is_called_good(desk: Desk) -> None:
    vkey, note = build(desk)
    with undefended(seed=1) as tampering:
        leaves, openings = tampering.rows("leaves"), {row["eid"]: row for row in tampering.rows("openings")}

        def after(position: int, table: str, **values: Any) -> Finding:
            row = leaves[position] if table == "leaves" else openings[leaves[position]["eid"]]
            point = tampering.connection.begin_nested()
            tampering.update(table, row, **values)
            finding = found(tampering.connection, vkey, note)
            point.rollback()
            assert (finding.first_bad, finding.entries, finding.intact) == (position, position, False)
            return finding

        event = openings[leaves[17]["eid"]]
        named = f"{event['event_type']} on {event['object_kind']} {event['object_id']}, "
        wrong = after(17, "openings", salt=b"x" * 32)
        assert wrong.sentence.startswith(f"Entry 17 ({named}")
        assert wrong.sentence.endswith(" UTC) does not match its fingerprint.")
        assert wrong.detail == "The 17 entries before it are intact."
        assert "another event_type" in after(3, "openings", event_type="account.closed").sentence
        assert "lost its content" in after(200, "leaves", eid="0" * 32).sentence
        assert after(0, "leaves", leaf_hash=b"").detail == "Nothing before it was found good."


def test_values_of_a_wrong_type_are_findings_and_no_errors(desk: Desk) -> None:
    if desk.database != "sqlite":
        return  # PostgreSQL's columns take only their own type
    vkey, note = build(desk)
    with undefended(seed=3) as tampering:
        for table, (key, *_more) in KEYS.items():
            first = f"{key} = (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1)"
            for column in tampering.tables[table].c:
                for value in ("'text'", "x'00ff'", "1.5", "CAST(x'ff' AS TEXT)", "-1"):
                    point = tampering.connection.begin_nested()
                    tampering.connection.exec_driver_sql(
                        f"UPDATE {table} SET {column.name} = {value} WHERE {first}"
                    )
                    assert not found(tampering.connection, vkey, note).intact, (table, column.name, value)
                    point.rollback()


def test_an_object_that_lost_its_events_or_its_row_is_found(desk: Desk) -> None:
    vkey, note = build(desk)
    with undefended(seed=4) as tampering:
        for statement in (
            "UPDATE accounts SET trail_version = trail_version + 1",
            "UPDATE senders SET trail_version = 1",
            "DELETE FROM accounts",
        ):
            if statement.startswith("UPDATE senders"):
                tampering.connection.execute(
                    sa.text(
                        "INSERT INTO senders (id, name, kind, created_at, trail_version)"
                        " VALUES ('S-1', 'Unit', 'iru', '2026-11-23 10:00:00', 0)"
                    )
                )
            point = tampering.connection.begin_nested()
            tampering.connection.execute(sa.text(statement))
            assert not found(tampering.connection, vkey, note).intact, statement
            point.rollback()


def test_a_damaged_file_and_a_foreign_key_are_findings(desk: Desk) -> None:
    vkey, note = build(desk)
    reader = desk.session
    assert not verify_trail(reader, vkey=vkey, checkpoint_file=note[:-3]).intact
    assert not verify_trail(reader, vkey=None).intact
    other = key_files.create_key(desk.settings.data_dir / "other", name="desk.example/other")
    assert not verify_trail(reader, vkey=other).intact
    assert "was not compared" in verify_trail(reader, vkey=vkey).sentence
