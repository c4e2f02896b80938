"""How are the rows of the trail read for verification? Raw, so that a wrong type is a finding, no error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.domain.trail_check import StoredEvent
from review.models import Opening

CHUNK = 1_000


@dataclass(frozen=True)
class Problem:
    """Something wrong: where (None: at no position of the tree) and a whole sentence."""

    position: int | None
    sentence: str

    @property
    def order(self) -> tuple[bool, int]:
        """Positions first, the lowest first."""
        return self.position is None, self.position or 0


def raw(*columns: sa.orm.InstrumentedAttribute[Any]) -> list[sa.ColumnElement[Any]]:
    """Columns as the driver gives them, without any conversion that might fail."""
    return [sa.type_coerce(column, sa.types.NullType()).label(column.key) for column in columns]


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
def stream(reader: Session, statement: sa.Select[Any]) -> Iterator[Iterator[sa.Row[Any]]]:
    """Rows one after the other, a thousand in memory at most."""
    result = reader.execute(statement, execution_options={"yield_per": CHUNK})
    try:
        yield iter(result)
    finally:
        result.close()
