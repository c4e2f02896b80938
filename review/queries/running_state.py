"""What runs here and how far is it? The queue, the newest checkpoint, the loops, and all versions."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.models import Leaf, Opening, StoredCheckpoint, schema
from review.queries.heartbeats import LoopState, loop_states
from review.queries.queue_counts import QueueCounts, queue_counts


@dataclass(frozen=True)
class NewestCheckpoint:
    """How many entries it covers, and when the newest of these was recorded: a checkpoint has no time."""

    size: int
    recorded_at: datetime


@dataclass(frozen=True)
class RunningState:
    """All that the health page tells beside its checks."""

    queue: QueueCounts
    checkpoint: NewestCheckpoint | None
    loops: tuple[LoopState, ...]
    database: str
    revision: str


def running_state(reader: Session, *, now: datetime) -> RunningState:
    """The state at this moment; asks for a database whose schema is the newest."""
    return RunningState(
        queue=queue_counts(reader, account_id=None, now=now, resolves=True),
        checkpoint=_newest_checkpoint(reader),
        loops=tuple(loop_states(reader, now=now)),
        database=_database_version(reader),
        revision=schema.current_revision(reader.connection()) or "",
    )


def _newest_checkpoint(reader: Session) -> NewestCheckpoint | None:
    size = reader.scalar(sa.select(sa.func.max(StoredCheckpoint.size)))
    if not size:
        return None
    recorded_at = reader.scalar(
        sa.select(Opening.recorded_at).join(Leaf, Leaf.eid == Opening.eid).where(Leaf.position == size - 1)
    )
    return None if recorded_at is None else NewestCheckpoint(size, recorded_at)


def _database_version(reader: Session) -> str:
    if db.is_sqlite(reader):
        return f"SQLite {reader.scalar(sa.text('SELECT sqlite_version()'))}"
    return f"PostgreSQL {reader.scalar(sa.text('SHOW server_version'))}"
