"""Which background loops live, seen over all processes and machines that run them?"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.loops import LOOPS, SILENT_SECONDS
from review.models import Heartbeat


@dataclass(frozen=True)
class LoopState:
    """One loop: its last turn without a fault anywhere, the newest fault's code, and whether it is well."""

    name: str
    succeeded_at: datetime | None
    failure: str | None
    well: bool


def loop_states(reader: Session, *, now: datetime) -> list[LoopState]:
    """Every loop that this program has, whether or not it ever ran."""
    rows = reader.execute(
        sa.select(Heartbeat.loop, Heartbeat.succeeded_at, Heartbeat.failure).order_by(Heartbeat.turned_at)
    ).all()
    states = []
    for name in LOOPS:
        own = [row for row in rows if row.loop == name]
        succeeded = max((row.succeeded_at for row in own if row.succeeded_at), default=None)
        failure = next((row.failure for row in reversed(own) if row.failure), None)
        well = succeeded is not None and (now - succeeded).total_seconds() <= SILENT_SECONDS
        states.append(LoopState(name=name, succeeded_at=succeeded, failure=failure, well=well))
    return states
