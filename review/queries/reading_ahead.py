"""Rows of a long pass, which PostgreSQL gathers while those before are looked at.

They come over a connection of their own, from the same snapshot; what is looked up meanwhile goes over the
reader's. SQLite reads within this process: there nothing runs ahead.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.sessions import driver_error

AT_ONCE = 250
"""Rows fetched together."""

_AHEAD = "review_reads_ahead"
_numbers = count()


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
            asked = self._ask(name)
            while rows := asked.fetchall():
                asked = self._ask(name)
                yield rows
        except self._connection.dialect.loaded_dbapi.Error as error:
            raise driver_error(self._connection, text, error) from error

    def _ask(self, name: str) -> Any:
        asked = self._driver.cursor(binary=True)
        asked.execute(f"FETCH {AT_ONCE} FROM {name}", prepare=False)
        return asked


def ahead_of(reader: Session) -> Ahead | None:
    """What runs ahead of this reader, if something does."""
    found = reader.info.get(_AHEAD)
    return found if isinstance(found, Ahead) else None


@contextmanager
def reading_ahead(reader: Session) -> Iterator[None]:
    """Let long passes of a reader that has a snapshot run ahead of it, from that snapshot."""
    if db.is_sqlite(reader):
        yield
        return
    snapshot = reader.scalar(sa.text("SELECT pg_export_snapshot()"))
    with reader.connection().engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            driver.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            driver.execute("SET LOCAL statement_timeout = 0")  # rows wait for us as long as we take
            with driver.pipeline():
                reader.info[_AHEAD] = Ahead(connection)
                yield
        except connection.dialect.loaded_dbapi.Error as error:
            raise driver_error(connection, "", error) from error
        finally:
            reader.info.pop(_AHEAD, None)
