"""Many rows at once: inserted as each kind of database takes them fastest; constraints decide conflicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.models.base import Base
from review.sessions import cursor_of, driver_error

FEW = 16
"""Up to this many rows a plain INSERT costs less than the round trips of COPY."""
CHUNK = 500

Row = Mapping[str, Any]
Process = Callable[[Any], Any]


def insert_rows(writer: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert rows that all name the same columns: COPY on PostgreSQL, one prepared statement on SQLite."""
    db.check_open(writer)
    if not rows:
        return
    connection = writer.get_bind()
    assert isinstance(connection, sa.Connection)
    form = _form_of(connection, table.__table__, rows[0])
    if len(rows) == 1:
        _execute(connection, form.insert, form.values(rows[0]))
    elif connection.dialect.name == "sqlite" or len(rows) <= FEW:
        _execute(connection, form.insert, form.all_values(rows), many=True)
    else:
        _copy(connection, form, rows)


def insert_both(writer: Session, first: tuple[type[Base], Row], second: tuple[type[Base], Row]) -> None:
    """Insert one row each into two tables: in one round trip on PostgreSQL."""
    db.check_open(writer)
    connection = writer.get_bind()
    assert isinstance(connection, sa.Connection)
    forms = [_form_of(connection, table.__table__, row) for table, row in (first, second)]
    values = [form.values(row) for form, (_table, row) in zip(forms, (first, second), strict=True)]
    if connection.dialect.name == "sqlite":
        for form, given in zip(forms, values, strict=True):
            _execute(connection, form.insert, given)
    else:
        _execute(connection, f"WITH first AS ({forms[0].insert}) {forms[1].insert}", [*values[0], *values[1]])


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
    connection = writer.get_bind()
    assert isinstance(connection, sa.Connection)
    form = _form_of(connection, table.__table__, rows[0])
    condition = "" if where is None else f" WHERE {where.text}"
    insert = f"{form.insert} ON CONFLICT ({', '.join(unique)}){condition} DO NOTHING"
    if len(rows) == 1:
        made = _execute(connection, insert + " RETURNING id", form.values(rows[0]), returns=True)
        return {row[0] for row in made}
    _execute(connection, insert, form.all_values(rows), many=True)
    ids = [row["id"] for row in rows]
    own = form.table.c.id
    found: set[str] = set()
    for start in range(0, len(ids), CHUNK):
        found.update(connection.scalars(sa.select(own).where(own.in_(ids[start : start + CHUNK]))))
    return found


@dataclass(frozen=True)
class _Form:
    """How rows of one shape are written: the statement, and how each column gets its value.

    ``defaults``: of the columns that the rows leave out. ``processors``: of the columns, by place, whose
    values the driver does not take as they are. SQLAlchemy's own insert of many rows does the same at three
    times the cost of SQLite's part.
    """

    table: sa.FromClause
    names: tuple[str, ...]
    insert: str
    defaults: dict[str, Any]
    processors: tuple[tuple[int, Process], ...]

    def values(self, row: Row) -> list[Any]:
        """One row as the driver wants it: column defaults filled in, values by their column's type."""
        filled = {**row, **self.defaults}
        values = [filled[name] for name in self.names]
        for place, process in self.processors:
            values[place] = process(values[place])
        return values

    def all_values(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Many rows likewise, column by column, so that what most of them share is made once."""
        defaults = self.defaults
        columns = [
            [defaults[name]] * len(rows) if name in defaults else [row[name] for row in rows]
            for name in self.names
        ]
        for place, process in self.processors:
            columns[place] = _processed(columns[place], process)
        return list(zip(*columns, strict=True))


_forms: dict[tuple[str, str, tuple[str, ...]], _Form] = {}


def _form_of(connection: sa.Connection, table: sa.FromClause, row: Row) -> _Form:
    """The form of rows with these columns; made once for each kind of database."""
    key = (connection.dialect.name, str(table.name), tuple(row))  # type: ignore[attr-defined]
    found = _forms.get(key)
    if found is None:
        found = _forms[key] = _new_form(connection.dialect, table, row)
    return found


def _new_form(dialect: sa.Dialect, table: sa.FromClause, row: Row) -> _Form:
    columns: list[Any] = [column for column in table.columns if column.name in row or column.default]
    names = tuple(column.name for column in columns)
    sign = "?" if dialect.name == "sqlite" else "%s"
    processors = (column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns)
    return _Form(
        table=table,
        names=names,
        insert=f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join([sign] * len(names))})",  # noqa: S608
        defaults={column.name: column.default.arg for column in columns if column.name not in row},
        processors=tuple((place, process) for place, process in enumerate(processors) if process is not None),
    )


def _processed(values: Sequence[Any], process: Process) -> list[Any]:
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


def _execute(
    connection: sa.Connection, statement: str, values: Any, *, many: bool = False, returns: bool = False
) -> list[Any]:
    """Run it with the driver's own cursor; the rows that it returns."""
    cursor = cursor_of(connection)
    try:
        (cursor.executemany if many else cursor.execute)(statement, values)
        return list(cursor.fetchall()) if returns else []
    except connection.dialect.loaded_dbapi.Error as error:
        raise driver_error(connection, statement, error) from error


def _copy(connection: sa.Connection, form: _Form, rows: Sequence[Row]) -> None:
    """PostgreSQL's COPY, which SQLAlchemy has no words for."""
    statement = f"COPY {form.table} ({', '.join(form.names)}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for values in form.all_values(rows):
                copy.write_row(values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise driver_error(connection, statement, error) from error
