"""The database: engine, the one place that commits, and fair queueing of SQLite's writers."""

import hashlib
import importlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from inspect import iscoroutinefunction
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from flask import Flask, current_app
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review import metrics
from review.config import DatabaseAddress, Settings
from review.errors import DatabaseBusy, IdempotencyInFlight, ReviewError, StorageFull
from review.prepared import Prepared
from review.sessions import (
    DeskSession,
    ask_rested_connections,
    keep_values_out_of_errors,
    own_transactions,
)
from review.writers import writer_turn

extension = SQLAlchemy(session_options={"class_": DeskSession, "expire_on_commit": False})

_WRITES = "review_writes"


class TransactionMisuse(ReviewError):
    """A transaction was nested or missing."""

    code = "transaction_misuse"
    title = "A transaction was nested or missing"
    remedy = "Report it: it is an error of the program."


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether this SQLite library can corrupt a WAL database when the log is reset (3.7.0 to 3.51.2).

    Mended also in 3.50.7 and later of 3.50 and in 3.44.6 and later of 3.44.
    """
    if version[:2] == (3, 50) and version >= (3, 50, 7):
        return False
    if version[:2] == (3, 44) and version >= (3, 44, 6):
        return False
    return (3, 7, 0) <= version <= (3, 51, 2)


def sqlite_driver() -> Any:
    """The interpreter's own SQLite where its library is sound, else the one that ships in a package."""
    if has_wal_reset_bug(sqlite3.sqlite_version_info):
        return importlib.import_module("pysqlite3.dbapi2")
    return sqlite3


class Moment(sa.types.TypeDecorator[datetime]):
    """A point in time: aware UTC in Python, ``timestamptz`` in PostgreSQL, sortable text in SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """For SQLite the text itself, which its driver's own type would make in two steps more."""
        return _moment_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive times; hand SQLite the naive UTC form that its driver writes."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times must be aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give every time back aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _moment_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("times must be aware")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


# what SQLite and PostgreSQL say of a trouble that another try may not meet
_PASSING = (
    "locked",
    "busy",
    "timeout",
    "connection",
    "shutting down",
    "starting up",
    "terminating",
    "deadlock",
)
# connections of one process to PostgreSQL: kept open, and at most
POOL_KEPT = 8
POOL_MOST = 20
SMALL_CACHE_KIB = 1_024
"""What a connection of a loop keeps of a SQLite file; others keep SQLite's own 2 MiB."""
_COUNTS = "review_counts"
_in_flight: set[str] = set()
_addresses: WeakKeyDictionary[sa.Engine, str] = WeakKeyDictionary()
_registry_guard = threading.Lock()


def engine_settings(settings: DatabaseAddress) -> dict[str, Any]:
    """Arguments for `sqlalchemy.create_engine`, SQLite through the driver that carries a sound library."""
    if settings.is_sqlite:
        return {
            "url": settings.database_url,
            "module": sqlite_driver(),
            "pool_size": 64,
            "pool_use_lifo": True,
            "hide_parameters": True,
            "connect_args": {"check_same_thread": False, "timeout": settings.database_wait_seconds},
        }
    return {
        "url": settings.database_url,
        "pool_size": POOL_KEPT,
        "hide_parameters": True,
        "max_overflow": POOL_MOST - POOL_KEPT,
        "pool_use_lifo": True,
        "pool_timeout": settings.database_wait_seconds,
        "connect_args": {"connect_timeout": settings.database_wait_seconds},
    }


def prepare_engine(engine: sa.Engine, *, wait_seconds: int) -> None:
    """Attach what every connection needs: pragmas on SQLite, time-outs on PostgreSQL, an explicit BEGIN."""

    def on_connect(connection: Any, record: Any) -> None:
        if engine.dialect.name == "sqlite":
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "recursive_triggers=ON",
                "secure_delete=ON",
                f"busy_timeout={wait_seconds * 1000}",
            ):
                connection.execute("PRAGMA " + pragma)
            return
        connection.autocommit = True
        connection.execute(f"SET statement_timeout = '{wait_seconds * 6}s'")
        connection.execute(f"SET lock_timeout = '{wait_seconds}s'")
        connection.execute("SET TIME ZONE 'UTC'")

    event.listen(engine, "connect", on_connect)
    own_transactions(engine)
    if engine.dialect.name != "sqlite":
        ask_rested_connections(engine)
        keep_values_out_of_errors(engine)


def keep_small_caches(engine: sa.Engine) -> None:
    """Let connections that this process opens from now on keep little of a SQLite file in memory.

    For loops, which mostly look whether there is work: what they read lies in the system's cache anyway.
    """
    if engine.dialect.name == "sqlite" and not event.contains(engine, "connect", _keep_small_cache):
        event.listen(engine, "connect", _keep_small_cache)


def _keep_small_cache(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA cache_size=-{SMALL_CACHE_KIB}")


def create_engine(settings: DatabaseAddress) -> sa.Engine:
    """An engine outside any application, for migrations and start-up gates."""
    options = engine_settings(settings)
    engine = sa.create_engine(options.pop("url"), **options)
    prepare_engine(engine, wait_seconds=settings.database_wait_seconds)
    return engine


def connect_app(app: Flask, settings: Settings) -> None:
    """Give the application its engine; sessions live as long as the application context."""
    app.config["SQLALCHEMY_ENGINES"] = {"default": engine_settings(settings)}
    app.config["REVIEW_DATABASE_WAIT_SECONDS"] = settings.database_wait_seconds
    extension.init_app(app)
    # its part for asynchronous sessions, of which there are none, would start a thread for every request
    app.teardown_appcontext_funcs[:] = [
        function for function in app.teardown_appcontext_funcs if not iscoroutinefunction(function)
    ]
    app.teardown_appcontext(_close_session)  # before the extension's own: the last one registered is first
    with app.app_context():
        prepare_engine(extension.engine, wait_seconds=settings.database_wait_seconds)


def _close_session(_error: BaseException | None) -> None:
    """Give the connection back; one that died is thrown away without an error: the answer is made already."""
    kept = extension.session
    try:
        kept.close()
    except DBAPIError:
        kept.invalidate()


def session() -> DeskSession:
    """The session of this application context, for reading."""
    return _own_session()


def _own_session() -> DeskSession:
    found = extension.session
    assert isinstance(found, DeskSession)
    return found


def address() -> str:
    """The database of this application in words, without its password; written once for each engine."""
    engine = extension.engine
    found = _addresses.get(engine)
    if found is None:
        found = _addresses[engine] = str(engine.url)
    return found


def begin_snapshot(reader: Session) -> None:
    """Let everything read from here on come from one moment; gives up what the session has read before."""
    assert isinstance(reader, DeskSession)
    reader.begin_snapshot()


def is_sqlite(on: Session | sa.Engine) -> bool:
    """Whether this session or engine speaks to SQLite."""
    if isinstance(on, DeskSession):
        return on.dialect_name == "sqlite"
    bind = on.get_bind() if isinstance(on, Session) else on
    return bind.dialect.name == "sqlite"


def translate(error: DBAPIError) -> ReviewError | None:
    """The domain error behind a database error that passes: lock, lost connection, full disk; else None."""
    text = str(error.orig).lower()
    if "disk is full" in text or "no space left" in text or "disk i/o error" in text:
        return StorageFull("The storage is full; nothing was stored. Try later.", retry_after_seconds=30)
    if error.connection_invalidated or any(word in text for word in _PASSING):
        return DatabaseBusy("The database is busy or restarting; try again.", retry_after_seconds=2)
    return None


@contextmanager
def transaction() -> Iterator[Session]:
    """One action: begin for writing, hand out the session, commit; anything raised rolls all of it back.

    The only place that commits. Nesting is refused. A read snapshot that the session still holds is
    given up first, because SQLite must never upgrade a read transaction.
    """
    writer = _own_session()
    if writer.info.get(_WRITES):
        raise TransactionMisuse("A transaction is already open; actions do not call actions.")
    writer.end_reading()
    engine = extension.engine
    wait_seconds = float(current_app.config["REVIEW_DATABASE_WAIT_SECONDS"])
    began = time.monotonic()
    # PostgreSQL's writers need no turn
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    try:
        with writer_turn(path, wait_seconds=wait_seconds):
            writer.info[_WRITES] = True
            try:
                writer.begin_writing()
                metrics.current.database_wait.observe(time.monotonic() - began)
                yield writer
                writer.commit()
                for (figure, word), count in writer.info.get(_COUNTS, {}).items():
                    metrics.current.count(figure, word, count)
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.info.pop(_WRITES, None)
                writer.info.pop(_COUNTS, None)
    except DBAPIError as error:
        known = translate(error)
        if known is None:
            raise
        raise known from error


def check_open(writer: Session) -> None:
    """Raise `TransactionMisuse` unless ``writer`` is inside `transaction()`."""
    if not writer.info.get(_WRITES):
        raise TransactionMisuse("This needs an open transaction.")


def count_on_commit(writer: Session, figure: metrics.Figure, word: str, count: int) -> None:
    """Let this figure tell of ``count`` more under ``word`` once the transaction is committed."""
    counts = writer.info.setdefault(_COUNTS, {})
    counts[figure, word] = counts.get((figure, word), 0) + count


def lock_number(name: str) -> int:
    """A 63-bit number for PostgreSQL's advisory locks, from a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def try_lock(writer: Session, name: str) -> bool:
    """Take a lock until the end of the transaction if it is free; SQLite's single writer always has it."""
    if is_sqlite(writer):
        return True
    return bool(writer.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(lock_number(name)))))


def wait_for_lock(writer: Session, name: str) -> None:
    """Take a lock until the end of the transaction, behind whoever has it; SQLite's single writer has it."""
    check_open(writer)
    if not is_sqlite(writer):
        writer.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_number(name))))


@contextmanager
def in_flight(name: str) -> Iterator[None]:
    """Hold ``name`` for the length of a request; raises `IdempotencyInFlight` where another one holds it.

    Advisory lock on a connection of its own on PostgreSQL (many processes), a set in this process on SQLite.
    """
    if extension.engine.dialect.name == "sqlite":
        with _registry_guard:
            if name in _in_flight:
                raise IdempotencyInFlight(retry_after_seconds=1)
            _in_flight.add(name)
        try:
            yield
        finally:
            with _registry_guard:
                _in_flight.discard(name)
        return
    with extension.engine.connect() as connection:
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(lock_number(name)))):
            raise IdempotencyInFlight(retry_after_seconds=1)
        yield
        connection.rollback()


_LARGEST: dict[str, Prepared] = {}
_TRANSACTION = Prepared(
    lambda: sa.select(
        sa.cast(sa.cast(sa.func.pg_current_xact_id(), sa.Text), sa.BigInteger).label("transaction_id")
    )
)


def next_change_position(writer: Session, column: sa.orm.InstrumentedAttribute[int]) -> int:
    """The position of a change in the order in which pollers may see it.

    PostgreSQL: the transaction id, with which readers stay below the oldest running one. SQLite: one more
    than the largest, safe because only one transaction writes at a time.
    """
    check_open(writer)
    if is_sqlite(writer):
        largest = _LARGEST.setdefault(
            column.key, Prepared(lambda: sa.select(sa.func.max(column).label("largest")))
        )
        return int(largest.scalar(writer) or 0) + 1
    return int(_TRANSACTION.scalar(writer))


def settled_position(reader: Session) -> int:
    """All changes below this position are committed or gone; pollers read no further."""
    if is_sqlite(reader):
        return 2**62
    return int(reader.scalar(sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")) or 0)
