"""Rows of a long pass, which PostgreSQL gathers while those before are looked at.

They come over a connection of their own, from the same snapshot; what is looked up meanwhile goes over the
reader's. SQLite reads within this process: there nothing runs ahead.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from review import db
from review.sessions import DeskSession, driver_error

AT_ONCE = 250
"""Rows fetched together."""

_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET TRANSACTION SNAPSHOT '{snapshot}'",
    "SET LOCAL statement_timeout = 0",  # rows wait for us as long as we take
)
_AHEAD = "review_reads_ahead"
_numbers = count()

log = structlog.get_logger()


class Ahead:
    """A connection that has been asked for the next rows of each statement before they are wanted."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection

    def parts(self, text: str, values: Mapping[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
        """All rows of a statement in the words of the driver, some hundred together."""
        name = f"ahead_{next(_numbers)}"
        try:
            self._driver.cursor().execute(f"DECLARE {name} NO SCROLL CURSOR FOR {text}", values)
            fetching = self._fetch(name)
            while rows := fetching.fetchall():
                fetching = self._fetch(name)
                yield rows
        except self._connection.dialect.loaded_dbapi.Error as error:
            # whichever statement is read from when another fails is told of it
            raise driver_error(self._connection, "rows read ahead", error) from error

    def _fetch(self, name: str) -> Any:
        fetching = self._driver.cursor(binary=True)
        fetching.execute(f"FETCH {AT_ONCE} FROM {name}", prepare=False)
        return fetching


def ahead_of(reader: Session) -> Ahead | None:
    """What runs ahead of this reader, if something does."""
    found = reader.info.get(_AHEAD)
    return found if isinstance(found, Ahead) else None


@contextmanager
def reading_ahead(reader: Session) -> Iterator[None]:
    """Let long passes of a reader that has a snapshot run ahead of it, from that snapshot.

    Nothing runs ahead where no second connection is to be had, nor of a reader that joined somebody's
    transaction: what is not committed no other connection sees.
    """
    if db.is_sqlite(reader) or not isinstance(reader, DeskSession):
        yield
        return
    snapshot = reader.scalar(sa.text("SELECT pg_export_snapshot()"))
    with ExitStack() as opened:
        connection = _second_connection(reader.connection().engine, snapshot, opened)
        if connection is not None:
            reader.info[_AHEAD] = Ahead(connection)
        try:
            yield
        finally:
            reader.info.pop(_AHEAD, None)


def _second_connection(engine: sa.Engine, snapshot: str, opened: ExitStack) -> sa.Connection | None:
    """A connection in that snapshot and in pipeline mode until ``opened`` ends; None where there is none."""
    try:
        with ExitStack() as opening:
            connection = opening.enter_context(engine.connect())
            driver: Any = connection.connection.driver_connection
            for word in _BEGIN:
                driver.execute(word.format(snapshot=snapshot))
            opening.enter_context(_pipeline(connection))
            opened.push(opening.pop_all())
            return connection
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        log.warning("nothing_read_ahead", error=type(error).__name__)
        return None


@contextmanager
def _pipeline(connection: sa.Connection) -> Iterator[None]:
    """Pipeline mode; what becomes of rows that nobody wants any more is no error."""
    driver: Any = connection.connection.driver_connection
    wanted = True
    try:
        with driver.pipeline():
            yield
            wanted = False
    except connection.dialect.loaded_dbapi.Error:
        connection.invalidate()
        if wanted:
            raise
