"""Many rows at once: inserted as each kind of database takes them fastest; constraints decide conflicts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review import db
from review.models.base import Base

FEW = 16
"""Up to this many rows a plain INSERT costs less than the round trips of COPY."""
CHUNK = 500

Row = Mapping[str, Any]


def insert_rows(writer: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert rows that all name the same columns: COPY on PostgreSQL, one prepared statement on SQLite."""
    db.check_open(writer)
    if not rows:
        return
    connection = writer.connection()
    filled = _Filled(connection, table.__table__, rows)
    if connection.dialect.name == "sqlite" or len(rows) <= FEW:
        connection.exec_driver_sql(filled.insert, filled.values)
    else:
        _copy(connection, filled)


def insert_new(
    writer: Session,
    table: type[Base],
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
    connection = writer.connection()
    filled = _Filled(connection, table.__table__, rows)
    condition = "" if where is None else f" WHERE {where.text}"
    insert = f"{filled.insert} ON CONFLICT ({', '.join(unique)}){condition} DO NOTHING"
    if len(rows) == 1:
        return set(connection.exec_driver_sql(insert + " RETURNING id", filled.values[0]).scalars())
    connection.exec_driver_sql(insert, filled.values)
    ids = [row["id"] for row in rows]
    own = filled.table.c.id
    found: set[str] = set()
    for start in range(0, len(ids), CHUNK):
        found.update(connection.scalars(sa.select(own).where(own.in_(ids[start : start + CHUNK]))))
    return found


class _Filled:
    """Rows as the driver wants them: column defaults filled in, values by their column's type.

    SQLAlchemy's own insert of many rows does the same at three times the cost of SQLite's part.
    """

    def __init__(self, connection: sa.Connection, table: sa.FromClause, rows: Sequence[Row]) -> None:
        dialect = connection.dialect
        columns: list[Any] = [column for column in table.columns if column.name in rows[0] or column.default]
        defaults = {column.name: column.default.arg for column in columns if column.default}
        self.names = [column.name for column in columns]
        self.table = table
        listed, place = ", ".join(self.names), "?" if dialect.name == "sqlite" else "%s"
        self.insert = f"INSERT INTO {table} ({listed}) VALUES ({', '.join([place] * len(columns))})"  # noqa: S608
        whole = [[row[name] if name in row else defaults[name] for row in rows] for name in self.names]
        processors = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
        self.values = list(
            zip(
                *(
                    values if process is None else _processed(values, process)
                    for values, process in zip(whole, processors, strict=True)
                ),
                strict=True,
            )
        )


def _processed(values: Sequence[Any], process: Callable[[Any], Any]) -> list[Any]:
    """Each value by its column's type; the same moment, which most rows share, only once."""
    moments: dict[datetime, Any] = {}
    found = []
    for value in values:
        if type(value) is not datetime:
            found.append(process(value))
            continue
        if value not in moments:
            moments[value] = process(value)
        found.append(moments[value])
    return found


def _copy(connection: sa.Connection, filled: _Filled) -> None:
    """PostgreSQL's COPY, which SQLAlchemy has no words for; its errors get the shape of SQLAlchemy's."""
    dialect = connection.dialect
    statement = f"COPY {filled.table} ({', '.join(filled.names)}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    error_type = dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for values in filled.values:
                copy.write_row(values)
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
