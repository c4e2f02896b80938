"""Many rows at once: inserted as each kind of database takes them fastest; constraints decide conflicts."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review import db
from review.models.base import Base, OnTrail

FEW = 16
"""Up to this many rows a plain INSERT costs less than the round trips of COPY."""
CHUNK = 500

Row = Mapping[str, Any]


def insert_into(writer: Session, table: type[Base]) -> Any:
    """An INSERT that can say what to do on conflict, in this database's words."""
    return (sqlite if db.is_sqlite(writer) else postgresql).insert(table.__table__)


def insert_rows(writer: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert rows that all name the same columns: COPY on PostgreSQL, one prepared statement on SQLite."""
    db.check_open(writer)
    if not rows:
        return
    if db.is_sqlite(writer) or len(rows) <= FEW:
        writer.connection().execute(sa.insert(table.__table__), rows)  # type: ignore[arg-type]
    else:
        _copy(writer.connection(), table, rows)


def insert_new(
    writer: Session,
    table: type[OnTrail],
    rows: Sequence[Row],
    *,
    unique: Sequence[str],
    where: sa.TextClause | None = None,
) -> set[str]:
    """Insert the rows whose ``unique`` columns are free (of rows with ``where``); the ids of these.

    Give the rows in the order of those columns, so that two writers never wait for each other in a circle.
    """
    db.check_open(writer)
    if not rows:
        return set()
    ids = [row["id"] for row in rows]
    insert = insert_into(writer, table).on_conflict_do_nothing(  # type: ignore[arg-type]
        index_elements=unique, index_where=where
    )
    if len(rows) == 1:
        inserted = writer.connection().scalar(insert.values(rows[0]).returning(table.id))
        return {inserted} if inserted else set()
    writer.connection().execute(insert, rows)
    found: set[str] = set()
    for start in range(0, len(ids), CHUNK):
        wanted = sa.select(table.id).where(table.id.in_(ids[start : start + CHUNK]))
        found.update(writer.connection().scalars(wanted))
    return found


def _copy(connection: sa.Connection, table: type[Base], rows: Sequence[Row]) -> None:
    """PostgreSQL's COPY, which SQLAlchemy has no words for; its errors get the shape of SQLAlchemy's."""
    dialect = connection.dialect
    columns = [column for column in sa.inspect(table).columns if column.name in rows[0] or column.default]
    defaults = {column.name: column.default.arg for column in columns if column.default}  # type: ignore[attr-defined]
    processors = [
        (column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in columns
    ]
    names = ", ".join(f'"{column.name}"' for column in columns)
    statement = f'COPY "{table.__tablename__}" ({names}) FROM STDIN'
    driver: Any = connection.connection.driver_connection
    error_type = dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                whole = {**defaults, **row}
                copy.write_row(
                    [process(whole[name]) if process else whole[name] for name, process in processors]
                )
    except error_type as error:
        lost = dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement,
            None,
            error,
            error_type,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        ) from error
