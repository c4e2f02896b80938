"""How are the rows of the trail read for verification? Raw, so that a wrong type is a finding, no error."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from review import db
from review.domain.trail_check import StoredEvent
from review.models import Opening

CHUNK = 1_000
"""Entries after which progress is told."""
AT_ONCE = 250
"""Rows fetched together."""


@dataclass(frozen=True)
class Problem:
    """Something wrong: where (None: at no position of the tree), a whole sentence, and what to do."""

    position: int | None
    sentence: str
    rest: str = "Restore a backup and compare it with this database."

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


def among(
    reader: Session, column: sa.orm.InstrumentedAttribute[str], ids: Collection[str]
) -> sa.ColumnElement[bool]:
    """The column is one of these, which travel as one list: one statement for any number, read once."""
    if db.is_sqlite(reader):
        listed = sa.func.json_each(json.dumps(list(ids))).table_valued("value")
        return column.in_(sa.select(listed.c.value))
    return column == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.String)))


def is_unreadable(error: DBAPIError) -> bool:
    """Whether SQLite's driver stopped at text that is no UTF-8, which is a finding and no failure."""
    return "utf-8" in str(error.orig).lower()


def follows() -> sa.ColumnElement[Any]:
    """When the event before on the same object was recorded, raw; NULL for the first."""
    before = aliased(Opening)
    at = sa.select(sa.type_coerce(before.recorded_at, sa.types.NullType())).where(
        before.object_kind == Opening.object_kind,
        before.object_id == Opening.object_id,
        before.object_version == Opening.object_version - 1,
    )
    return at.correlate(Opening).scalar_subquery().label("follows")


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


def event_of(row: sa.Row[Any]) -> StoredEvent:
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
    reader: Session, statement: sa.Select[Any], *, at_once: int = AT_ONCE
) -> Iterator[Iterator[sa.Row[Any]]]:
    """Rows one after the other, some hundred in memory at most; straight from the driver, past the mapper."""
    result = reader.connection().execute(statement, execution_options={"yield_per": at_once})
    try:
        yield chain.from_iterable(result.partitions())
    finally:
        result.close()
