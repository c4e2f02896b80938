"""How are the rows of the trail read for verification? Raw, so that a wrong type is a finding, no error."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review import db
from review.domain.trail_check import StoredEvent
from review.models import Opening
from review.queries.reading_ahead import AT_ONCE, ahead_of
from review.sessions import driver_error

CHUNK = 1_000
"""Entries after which progress is told."""


@dataclass(frozen=True)
class Problem:
    """Something wrong: where (None: at no position of the tree), a whole sentence, and what to do.

    ``about`` is what the sentence names by id, as it is stored; ``entry`` the entry that it names, if that is
    not the one at ``position``. ``table`` and ``row`` (its key) are where to look with the database's own
    console; a file outside the database is told as the table ``file``.
    """

    position: int | None
    sentence: str
    rest: str = "Restore a backup and compare it with this database."
    about: tuple[object, ...] = ()
    entry: int | None = None
    table: str = ""
    row: object = ""

    @property
    def order(self) -> tuple[bool, int]:
        """Positions first, the lowest first."""
        return self.position is None, self.position or 0


def raw(*columns: sa.orm.InstrumentedAttribute[Any]) -> list[sa.ColumnElement[Any]]:
    """Columns as the driver gives them, without any conversion that might fail."""
    return [sa.type_coerce(column, sa.types.NullType()).label(column.key) for column in columns]


def time_text(reader: Session, column: sa.orm.InstrumentedAttribute[Any]) -> sa.ColumnElement[Any]:
    """A time as text in the form in which SQLite keeps it: ``2026-11-23 10:00:00.123456``, in UTC."""
    if db.is_sqlite(reader):
        return sa.type_coerce(column, sa.types.NullType()).label(column.key)
    return sa.func.to_char(sa.func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US").label(column.key)


def among(reader: Session, column: sa.orm.InstrumentedAttribute[str]) -> sa.ColumnElement[bool]:
    """The column is one of those that `listed` names: one statement for any number, worded once."""
    if db.is_sqlite(reader):
        ids = sa.func.json_each(sa.bindparam("listed", type_=sa.Text)).table_valued("value")
        return column.in_(sa.select(ids.c.value))
    return column == sa.any_(sa.bindparam("listed", type_=sa.ARRAY(sa.Text)))


def listed(reader: Session, ids: Collection[str]) -> dict[str, Any]:
    """The parameter of a statement with `among`: these ids as one value."""
    return {"listed": json.dumps(list(ids)) if db.is_sqlite(reader) else list(ids)}


def can_be_id(value: object) -> bool:
    """Whether a value that an event names may be the id of a row: PostgreSQL takes no text with a NUL."""
    return isinstance(value, str) and "\x00" not in value


def is_unreadable(error: DBAPIError) -> bool:
    """Whether SQLite's driver stopped at text that is no UTF-8, which is a finding and no failure."""
    return "utf-8" in str(error.orig).lower()


def event_columns(reader: Session) -> list[sa.ColumnElement[Any]]:
    """The columns of an opening, raw: ``fields`` as text, the time as text in the database's own form."""
    at: sa.ColumnElement[Any] = sa.func.to_char(
        sa.func.timezone("UTC", Opening.recorded_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    )
    if db.is_sqlite(reader):
        at = sa.type_coerce(Opening.recorded_at, sa.types.NullType())
    return [
        *raw(Opening.envelope, Opening.salt, Opening.event_type, Opening.object_kind, Opening.object_id),
        *raw(Opening.object_version),
        sa.type_coerce(Opening.eid, sa.types.NullType()).label("opening_eid"),
        sa.cast(Opening.fields, sa.Text).label("fields"),
        at.label("recorded_at"),
    ]


def event_of(row: Any) -> StoredEvent:
    """The event in a row of `event_columns`, its time in RFC 3339 as the envelope has it."""
    at = row.recorded_at
    if isinstance(at, str) and not at.endswith("Z"):
        at = at.replace(" ", "T", 1) + "Z"  # SQLite keeps "2026-11-23 10:00:00.123456"
    return StoredEvent(
        eid=row.opening_eid,
        envelope=row.envelope,
        salt=row.salt,
        fields=row.fields,
        recorded_at=at,
        event_type=row.event_type,
        object_kind=row.object_kind,
        object_id=row.object_id,
        object_version=row.object_version,
    )


class Asked:
    """A statement that is asked for plain tuples, again and again, with a cursor of the driver's own.

    SQLAlchemy words it once: wrapping its rows costs several times what the database needs to find them.
    """

    def __init__(self, reader: Session, statement: sa.Select[Any]) -> None:
        self._reader = reader
        self._connection = reader.connection()
        self.names = tuple(statement.selected_columns.keys())
        found = statement.compile(dialect=self._connection.dialect)
        self._text = found.string
        self._given = dict(found.params)
        self._order = tuple(found.positiontup or ()) if found.positional else None

    def about(self, ids: Collection[str]) -> list[tuple[Any, ...]]:
        """All rows of a statement with `among`."""
        with closing(self._cursor()) as cursor, self._translated():
            self._execute(cursor, listed(self._reader, ids))
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    @contextmanager
    def parts(self) -> Iterator[Iterator[list[tuple[Any, ...]]]]:
        """All rows, some hundred together and, but for those on their way, no more in memory."""
        if (ahead := ahead_of(self._reader)) is not None:
            yield ahead.parts(self._text, self._given)
            return
        with closing(self._cursor(f"review_{next(_numbers)}")) as cursor:
            yield self._fetched(cursor)

    def _fetched(self, cursor: Any) -> Iterator[list[tuple[Any, ...]]]:
        """Asks when the first rows are wanted: SQLite's driver reads one with the question."""
        with self._translated():
            self._execute(cursor, {})
            rows = cursor.fetchmany(AT_ONCE)
        while rows:
            yield rows
            with self._translated():
                rows = cursor.fetchmany(AT_ONCE)

    def _cursor(self, name: str | None = None) -> Any:
        """With a ``name`` PostgreSQL keeps the rows until they are fetched; SQLite always does."""
        driver = self._connection.connection
        if db.is_sqlite(self._reader):
            return driver.cursor()
        return driver.cursor(binary=True) if name is None else driver.cursor(name, binary=True)

    def _execute(self, cursor: Any, values: dict[str, Any]) -> None:
        given = self._given | values
        cursor.execute(self._text, given if self._order is None else [given[name] for name in self._order])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors of the driver in the shape of SQLAlchemy's."""
        try:
            yield
        except self._connection.dialect.loaded_dbapi.Error as error:
            raise driver_error(self._connection, self._text, error) from error


_numbers = count()
_ASKED = "review_asked"
Build = Callable[[Session], sa.Select[Any]]


def rows_by_name(reader: Session, build: Build, ids: Collection[str]) -> list[dict[str, Any]]:
    """Rows as mappings from the name of a column to its value, straight from the driver, past the mapper.

    ``build`` words a statement with `among` for these ``ids``, once for as long as the connection is kept.
    """
    connection = reader.connection()
    of_connection, kept = reader.info.get(_ASKED, (None, {}))
    if of_connection is not connection:
        kept = {}
        reader.info[_ASKED] = connection, kept
    asked: Asked | None = kept.get(build)
    if asked is None:
        asked = kept[build] = Asked(reader, build(reader))
    return [dict(zip(asked.names, row, strict=True)) for row in asked.about(ids)]


@contextmanager
def many_pages(reader: Session) -> Iterator[None]:
    """Let SQLite keep 32 MiB of pages instead of 2 while much is looked up out of order."""
    if not db.is_sqlite(reader):
        yield
        return
    connection = reader.connection()
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql("PRAGMA cache_size = -32768")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {int(before)}")


@contextmanager
def stream(
    reader: Session, statement: sa.Select[Any], ids: Collection[str] | None = None, *, at_once: int = AT_ONCE
) -> Iterator[Iterator[sa.Row[Any]]]:
    """Rows one after the other, some hundred in memory at most; straight from the driver, past the mapper.

    ``ids`` are those of `among`, where the statement has it.
    """
    given = {} if ids is None else listed(reader, ids)
    result = reader.connection().execute(statement, given, execution_options={"yield_per": at_once})
    try:
        yield chain.from_iterable(result.partitions())
    finally:
        result.close()
