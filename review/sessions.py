"""The session of a request or an action: one connection, begun for reading or for writing by ourselves.

SQLAlchemy's session begins, joins and ends its transactions with great care and at some cost; most of our
statements are prepared and need none of that. So the connection and its transaction are held here, and the
session's own machinery joins them only when an object is added, loaded or flushed.
"""

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import Session

_WORD = "review_begin"
_CURSOR = "review_cursor"
_IDLE_SINCE = "review_idle_since"
ASK_AFTER_SECONDS = 2.0
"""A pooled connection that rested longer is asked whether it lives; one that rested less is believed."""

# how each kind of database begins; reading is refused any write where the database can refuse it
_READ = {"sqlite": "BEGIN", "postgresql": "BEGIN READ ONLY"}
_SNAPSHOT = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
_WRITE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}


def driver_error(connection: sa.Connection, statement: str, error: Any) -> Exception:
    """An error of the driver in the shape of SQLAlchemy's; gives a lost connection up."""
    forget_values(error)
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)
    if lost:
        connection.invalidate(error)
    known: Exception = DBAPIError.instance(
        statement,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
    return known


def forget_values(error: BaseException | None) -> tuple[str, str] | None:
    """Leave of a driver's error the first of its sentences; the text before and after, None as it stands.

    PostgreSQL goes on with the row or key that it refused, word by word: a traceback would carry the text of
    a notice, or a person's address, into the log.
    """
    sentence = getattr(getattr(error, "diag", None), "message_primary", None)
    if error is None or not sentence:
        return None
    before, error.args = str(error), (sentence,)
    return before, sentence


def keep_values_out_of_errors(engine: sa.Engine) -> None:
    """Shorten what goes through SQLAlchemy's own cursors as well; it has made its sentence by then."""

    def on_error(context: sa.ExceptionContext) -> None:
        changed, known = forget_values(context.original_exception), context.sqlalchemy_exception
        if changed is not None and known is not None:
            known.args = tuple(
                part.replace(*changed) if isinstance(part, str) else part for part in known.args
            )

    event.listen(engine, "handle_error", on_error)


def cursor_of(connection: sa.Connection) -> Any:
    """The driver's cursor that this connection keeps for statements whose rows are fetched at once.

    A new one for each statement would look up anew how every type of value is written and read.
    """
    kept = connection.info
    found = kept.get(_CURSOR)
    if found is None:
        found = kept[_CURSOR] = connection.connection.cursor()
    return found


def own_transactions(engine: sa.Engine) -> None:
    """Let the engine's connections begin by the word that a `DeskSession` chose, plainly for all others.

    The driver must neither begin by itself nor end what we began: its connections are in autocommit mode.
    """

    def on_begin(connection: sa.Connection) -> None:
        word = connection.info.pop(_WORD, "BEGIN")
        try:
            cursor_of(connection).execute(word)
        except connection.dialect.loaded_dbapi.Error as error:
            raise driver_error(connection, word, error) from error

    event.listen(engine, "begin", on_begin)


def ask_rested_connections(engine: sa.Engine) -> None:
    """Replace pooled connections that died while they rested, without a round trip for busy ones."""

    def on_checkin(_connection: Any, record: Any) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    def on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get(_IDLE_SINCE)
        if since is None or time.monotonic() - since < ASK_AFTER_SECONDS:
            return
        try:
            connection.execute("SELECT 1").close()
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("the connection died while it rested") from error

    event.listen(engine, "checkin", on_checkin)
    event.listen(engine, "checkout", on_checkout)


class DeskSession(Session):
    """A session that holds its connection and transaction itself, from the first statement on.

    Reading begins by itself and ends without a trace; writing begins by `begin_writing` alone, which
    `review.db.transaction` calls.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connection: sa.Connection | None = None
        self._writes = False

    @property
    def dialect_name(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return str(self._engine().dialect.name)

    def _engine(self) -> sa.Engine:
        assert isinstance(self.bind, sa.Engine)
        return self.bind

    def get_bind(self, *_arguments: Any, **_options: Any) -> sa.Connection:
        """The connection with its transaction, for the session's own machinery."""
        return self.begun()

    def begun(self) -> sa.Connection:
        """The connection inside its transaction; a reading one is begun where none runs."""
        connection = self._connection
        if connection is None or not connection.in_transaction():
            return self._begin(_READ)
        return connection

    def unbegun(self) -> sa.Connection:
        """The connection for a single statement: without a transaction unless one runs already."""
        if self._connection is None:
            self._connection = self._engine().connect()
        return self._connection

    def begin_snapshot(self) -> None:
        """Let all that is read from here on come from one moment; gives up what was read before."""
        self.end_reading()
        self._begin(_SNAPSHOT)

    def begin_writing(self) -> None:
        """Begin to write; a read snapshot must be given up before, because SQLite never upgrades one."""
        self._begin(_WRITE)
        self._writes = True

    def _begin(self, words: dict[str, str]) -> sa.Connection:
        connection = self.unbegun()
        connection.info[_WORD] = words[connection.dialect.name]
        connection.begin()
        return connection

    def end_reading(self) -> None:
        """End a reading transaction and keep the connection.

        By COMMIT, because on ROLLBACK psycopg forgets what it prepared.
        """
        if self._transaction is not None:
            super().rollback()
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction() and not connection.invalidated:
                connection.commit()
        finally:
            connection.rollback()  # whatever the commit left; nothing after one that succeeded

    def commit(self) -> None:
        """Flush what is pending, commit, give the connection back; where it fails, roll back."""
        connection = self._connection
        if self._transaction is not None:
            super().commit()
        if connection is not None and connection.in_transaction():
            connection.commit()
        self._writes = False
        self._give_back()

    def rollback(self) -> None:
        """Undo what was written, or end reading; give the connection back."""
        if self._writes:
            self._writes = False
            super().rollback()
            if self._connection is not None:
                self._connection.rollback()
        else:
            self.end_reading()
        self._give_back()

    def close(self) -> None:
        """End whatever runs and forget every object."""
        self.rollback()
        super().close()

    def invalidate(self) -> None:
        """Throw the connection away: it died."""
        super().close()
        connection, self._connection = self._connection, None
        self._writes = False
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
