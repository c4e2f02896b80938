"""Statements that are asked on every page: built and compiled once for each kind of database.

Building a statement, finding it in SQLAlchemy's cache and wrapping its rows costs several times what SQLite
needs to answer it. The words of each dialect, the types of values and columns, the connection and its
transaction stay SQLAlchemy's; only the cursor is the driver's own.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_KEPT = "review_connection"

Process = Callable[[Any], Any] | None


@dataclass(frozen=True)
class _Compiled:
    """SQL text, its parameters with their processors, those that never change, and how a row is made."""

    text: str
    positional: bool
    binds: tuple[tuple[str, Process], ...]
    fixed: dict[str, Any]
    columns: tuple[Process, ...]
    row: Callable[[Any], Any]


@contextmanager
def driver_errors(connection: sa.Connection, statement: str) -> Iterator[None]:
    """Give errors of the driver inside the shape of SQLAlchemy's, and a lost connection up."""
    dialect = connection.dialect
    error_type = dialect.loaded_dbapi.Error
    try:
        yield
    except error_type as error:
        lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)
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
        connection = _connection(session)
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._build(), dialect)
        given = compiled.fixed | values
        bound = [(name, given[name] if process is None else process(given[name]))
                 for name, process in compiled.binds]  # fmt: skip
        parameters: Any = tuple(value for _name, value in bound) if compiled.positional else dict(bound)
        with driver_errors(connection, compiled.text):
            cursor = connection.connection.cursor()
            try:
                cursor.execute(compiled.text, parameters)
                rows = cursor.fetchall() if compiled.columns else ()
            finally:
                cursor.close()
        make, columns = compiled.row, compiled.columns
        return [
            make(
                value if process is None else process(value)
                for value, process in zip(row, columns, strict=True)
            )
            for row in rows
        ]

    def first(self, session: Session, **values: Any) -> Any:
        """The first row, or None."""
        rows = self.all(session, **values)
        return rows[0] if rows else None

    def scalar(self, session: Session, **values: Any) -> Any:
        """The first value of the first row, or None."""
        rows = self.all(session, **values)
        return rows[0][0] if rows else None


def _connection(session: Session) -> sa.Connection:
    """The session's connection, which it keeps until its transaction ends; asking it anew is not cheap."""
    kept: sa.Connection | None = session.info.get(_KEPT)
    if kept is None or kept.closed or not kept.in_transaction():
        kept = session.info[_KEPT] = session.connection()
    return kept


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
        binds=tuple((name, None if name in fixed else processors[name]) for name in names),
        fixed=fixed,
        columns=tuple(_reader(column.type, dialect) for column in selected),
        row=row._make,
    )


def _written(value: Any, process: Process) -> Any:
    return value if process is None else process(value)


def _reader(kind: Any, dialect: sa.Dialect) -> Process:
    read: Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return read
