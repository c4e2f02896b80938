"""Statements that are asked on every page: built and compiled once for each kind of database.

Building a statement, finding it in SQLAlchemy's cache and wrapping its rows costs several times what SQLite
needs to answer it. The words of each dialect, the types of values and columns, the connection and its
transaction stay SQLAlchemy's; only the cursor is the driver's own.
"""

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.sessions import DeskSession, cursor_of, driver_error

Process = Callable[[Any], Any] | None


@dataclass(frozen=True)
class _Compiled:
    """SQL text, its parameters with their processors, those that never change, and how a row is made."""

    text: str
    positional: bool
    names: tuple[str, ...]
    binds: tuple[tuple[str, Process], ...]
    fixed: dict[str, Any]
    columns: tuple[Process, ...]
    row: Callable[[Any], Any]


class Prepared:
    """One statement with named parameters (`sa.bindparam`), none of them expanding.

    ``build`` is called at the first use with each kind of database. Rows are named tuples of the columns
    that the statement selects or returns. The session's own pending objects are not flushed.
    """

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build
        self._compiled: dict[str, _Compiled] = {}

    def all(self, session: Session, **values: Any) -> list[Any]:
        """All rows, none for a statement that returns none."""
        connection = session.begun() if isinstance(session, DeskSession) else session.connection()
        return self._rows(connection, values)

    def first_alone(self, session: Session, **values: Any) -> Any:
        """The first row, or None, of a read that needs nothing else of the same moment: no transaction."""
        connection = session.unbegun() if isinstance(session, DeskSession) else session.connection()
        rows = self._rows(connection, values)
        return rows[0] if rows else None

    def _rows(self, connection: sa.Connection, values: dict[str, Any]) -> list[Any]:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._build(), dialect)
        if compiled.fixed:
            values = compiled.fixed | values
        given: Any = [
            values[name] if process is None else process(values[name]) for name, process in compiled.binds
        ]
        if not compiled.positional:
            given = dict(zip(compiled.names, given, strict=True))
        cursor = cursor_of(connection)
        try:
            cursor.execute(compiled.text, given)
            rows = cursor.fetchall() if compiled.columns else ()
        except dialect.loaded_dbapi.Error as error:
            raise driver_error(connection, compiled.text, error) from error
        make, columns = compiled.row, compiled.columns
        return [make(_read(row, columns)) for row in rows]

    def first(self, session: Session, **values: Any) -> Any:
        """The first row, or None."""
        rows = self.all(session, **values)
        return rows[0] if rows else None

    def scalar(self, session: Session, **values: Any) -> Any:
        """The first value of the first row, or None."""
        rows = self.all(session, **values)
        return rows[0][0] if rows else None


def _compile(statement: Any, dialect: sa.Dialect) -> _Compiled:
    found = statement.compile(dialect=dialect)
    if found.post_compile_params or found.literal_execute_params:
        raise TypeError("A prepared statement has no parameter that expands; write IN with literals.")
    kinds = {name: bind for bind, name in found.bind_names.items()}
    names = tuple(found.positiontup) if found.positional else tuple(kinds)
    processors = {name: kinds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names}
    fixed = {
        name: _written(bind.value, processors[name]) for name, bind in kinds.items() if not bind.required
    }
    selected = tuple(getattr(statement, "exported_columns", ()))
    row = namedtuple("Row", [column.name for column in selected], rename=True)  # type: ignore[misc]
    return _Compiled(
        text=found.string,
        positional=bool(found.positional),
        names=names,
        binds=tuple((name, None if name in fixed else processors[name]) for name in names),
        fixed=fixed,
        columns=tuple(_reader(column.type, dialect) for column in selected),
        row=row._make,
    )


def _read(row: Any, columns: tuple[Process, ...]) -> list[Any]:
    return [value if process is None else process(value) for value, process in zip(row, columns, strict=True)]


def _written(value: Any, process: Process) -> Any:
    return value if process is None else process(value)


def _reader(kind: Any, dialect: sa.Dialect) -> Process:
    read: Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return read
