"""Fill an empty, migrated desk with many cases, fast: bulk rows, indexes made afterwards, genuine events."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from app import create_app
from review import db
from review.actions.numbers import count_entries
from review.config import Settings
from review.domain.permissions import SERVICE
from review.domain.trail_check import TileStream
from tests.bench.content import COLUMNS, Desk, Rows, people_rows, start_of

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Filled:
    """What a filled database holds: how much, and who and what pages can be asked for (plain values)."""

    cases: int
    events: int
    seconds: float
    people: dict[str, Any]
    samples: list[dict[str, Any]]


class _Tree:
    """Tiles and tree heads over the leaves of one chunk after the other."""

    def __init__(self) -> None:
        self._tiles = TileStream()
        self._size = 0

    def extend(self, rows: Rows, desk: Desk) -> None:
        """Add what the leaves of these rows complete."""
        for _position, _eid, leaf in rows["leaves"]:
            rows["tiles"] += [
                (tile.level, tile.index, tile.hashes, tile.root) for tile in self._tiles.append(leaf)
            ]
        size = desk.trail.position
        if size > self._size:
            rows["tree_heads"].append((size, self._size, desk.trail.frontier.root()))
            self._size = size


def chunks_of(cases: int, progress: Progress) -> tuple[Desk, Iterator[Rows]]:
    """The desk that makes the rows, and all rows in the order in which they can be inserted."""
    now = start_of()
    people, first = people_rows(now)
    desk, tree = Desk(people, cases=cases, now=now), _Tree()

    def made() -> Iterator[Rows]:
        yield first
        for number, rows in enumerate(desk.rows()):
            tree.extend(rows, desk)
            if number % 20 == 19:
                progress(f"{desk.referrals} referrals, {desk.trail.position} events")
            yield rows

    return desk, made()


def _filled(desk: Desk, *, cases: int, seconds: float) -> Filled:
    return Filled(
        cases=cases,
        events=desk.trail.position,
        seconds=round(seconds, 1),
        people=asdict(desk.people),
        samples=[asdict(sample) for sample in desk.samples],
    )


def fill_sqlite(path: str, *, cases: int, progress: Progress) -> Filled:
    """Fill the SQLite database at ``path``; not durable until done, so a cut filling is thrown away."""
    started = time.monotonic()
    connection = db.sqlite_driver().connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1500000", "foreign_keys=OFF"):
        connection.execute("PRAGMA " + pragma)
    later = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    for kind, name, _sql in later:
        connection.execute(f"DROP {kind} {name}")
    connection.execute("BEGIN")
    desk, chunks = chunks_of(cases, progress)
    for rows in chunks:
        for table, tuples in rows.items():
            if tuples:
                marks = ", ".join("?" * len(COLUMNS[table]))
                connection.executemany(f"INSERT INTO {table} {_columns(table)} VALUES ({marks})", tuples)
    connection.execute("COMMIT")
    progress("indexes")
    for _kind, _name, sql in later:
        connection.execute(sql)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return _filled(desk, cases=cases, seconds=time.monotonic() - started)


def fill_postgresql(dsn: str, *, cases: int, progress: Progress) -> Filled:
    """Fill the PostgreSQL database behind ``dsn`` by COPY; needs its owner to be a superuser."""
    started = time.monotonic()
    with psycopg.connect(dsn, autocommit=True) as connection:
        for setting in ("synchronous_commit = off", "session_replication_role = replica"):
            connection.execute(f"SET {setting}".encode())
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute("SET maintenance_work_mem = '512MB'")
        with _without_indexes(connection):
            desk, chunks = chunks_of(cases, progress)
            for rows in chunks:
                for table, tuples in rows.items():
                    _copy(connection, table, tuples)
            progress("indexes")
        if cases:  # a new installation knows nothing of its tables, rather than that they are empty
            connection.execute("VACUUM (ANALYZE)")
    return _filled(desk, cases=cases, seconds=time.monotonic() - started)


def count_trail(settings: Settings) -> None:
    """Count the whole trail, so that the desk's own loop has no arrears to make up under measurement."""
    app = create_app(settings)
    with app.app_context():
        engine = db.extension.engine
        while count_entries(actor=SERVICE):
            pass
    engine.dispose()


@contextmanager
def _without_indexes(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Drop the indexes that no constraint needs, and make them anew at the end."""
    found = connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " JOIN pg_class ON pg_class.oid = indrelid"
        " WHERE relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"
    ).fetchall()
    for name, _definition in found:
        connection.execute(f"DROP INDEX {name}".encode())
    yield
    for _name, definition in found:
        connection.execute(definition.encode())


def _copy(connection: "psycopg.Connection[Any]", table: str, tuples: Sequence[tuple[Any, ...]]) -> None:
    if not tuples:
        return
    statement = f"COPY {table} {_columns(table)} FROM STDIN".encode()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in tuples:
            copy.write_row(row)


def _columns(table: str) -> str:
    return "(" + ", ".join(COLUMNS[table]) + ")"
