"""Raw inserts: the very rows that a batch left, written again by hand-written SQL in one transaction.

Into plain tables with their primary keys and nothing else: no other index, no check, no trigger, no foreign
key. So the reference is what the bytes alone cost.
"""

import time
from collections.abc import Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from review import db
from review.models import BatchLine, Case, Item, Opening, PendingEvent, Referral
from review.models.base import Base
from tests.bench.databases import dsn_of
from tests.bench.servers import Installed

TABLES: tuple[type[Base], ...] = (Case, Referral, Item, Opening, PendingEvent, BatchLine)

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

Stored = dict[str, Sequence[tuple[Any, ...]]]


def rows_of_batch(desk: Installed) -> Stored:
    """All rows of those tables as the driver gives them; an event that has its leaf waits for it again."""
    engine = desk.engine()
    stored: Stored = {}
    with engine.connect() as connection:
        for table in TABLES:
            if table is PendingEvent:
                statement = (
                    "SELECT eid, leaf_hash FROM leaves UNION ALL SELECT eid, leaf_hash FROM pending_events"
                )
            else:
                statement = f"SELECT {_columns(table)} FROM {table.__tablename__}"
            found = connection.exec_driver_sql(statement).fetchall()
            stored[table.__tablename__] = [tuple(row) for row in found]
    engine.dispose()
    return stored


def _columns(table: type[Base]) -> str:
    return ", ".join(column.name for column in table.__table__.columns)


class RawInsert:
    """Hand-written inserts into a database without any table."""

    def __init__(self, url: str) -> None:
        self._url = url

    @staticmethod
    def ways(kind: str) -> tuple[str, ...]:
        """How it can be done there."""
        return ("executemany, FULL",) if kind == "sqlite" else ("executemany", "COPY")

    def seconds(self, way: str, stored: Stored) -> float:
        """How long the one transaction took, its commit included."""
        return self._sqlite(stored) if way.endswith("FULL") else self._postgresql(way, stored)

    def _sqlite(self, stored: Stored) -> float:
        path = self._url.removeprefix("sqlite:///")
        connection = db.sqlite_driver().connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        for table in TABLES:
            connection.execute(
                f"CREATE TABLE {table.__tablename__} ({_columns(table)}, {_primary_key(table)})"
            )
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            marks = ", ".join("?" * len(table.__table__.columns))
            connection.executemany(
                f"INSERT INTO {table.__tablename__} VALUES ({marks})", stored[table.__tablename__]
            )
        connection.execute("COMMIT")
        taken = time.perf_counter() - started
        connection.close()
        return taken

    def _postgresql(self, way: str, stored: Stored) -> float:
        with psycopg.connect(dsn_of(self._url)) as connection:
            for table in TABLES:
                typed = ", ".join(
                    f"{column.name} {column.type.compile(_DIALECT)}" for column in table.__table__.columns
                )
                statement = f"CREATE TABLE {table.__tablename__} ({typed}, {_primary_key(table)})"
                connection.execute(statement.encode())
            connection.commit()
            prepared = {name: [_plain(row) for row in rows] for name, rows in stored.items()}
            started = time.perf_counter()
            with connection.cursor() as cursor:
                for table in TABLES:
                    name = table.__tablename__
                    if way == "COPY":
                        self._copy(cursor, name, prepared[name])
                    else:
                        marks = ", ".join(["%s"] * len(table.__table__.columns))
                        cursor.executemany(f"INSERT INTO {name} VALUES ({marks})".encode(), prepared[name])
            connection.commit()
            return time.perf_counter() - started

    @staticmethod
    def _copy(cursor: "psycopg.Cursor[Any]", name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with cursor.copy(f"COPY {name} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)


def _primary_key(table: type[Base]) -> str:
    return f"PRIMARY KEY ({', '.join(column.name for column in sa.inspect(table).primary_key)})"


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """JSON that the driver read goes back as text."""
    return tuple(psycopg.types.json.Json(value) if isinstance(value, list | dict) else value for value in row)
