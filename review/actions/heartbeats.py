"""Signs of life of the background loops: written often, so without events and in one short transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from review import clock, db
from review.domain.permissions import Actor, check_service
from review.models import Heartbeat

KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Beat:
    """What one loop has to tell: its last turn, its last turn without a fault, and the fault's code."""

    loop: str
    turned_at: datetime
    succeeded_at: datetime | None
    failure: str | None


def record_heartbeats(beats: Sequence[Beat], *, process: str, actor: Actor) -> None:
    """Replace what this process told before; what nobody renewed for an hour goes."""
    check_service(actor)
    with db.transaction() as writer:
        old = Heartbeat.turned_at < clock.now() - timedelta(seconds=KEPT_SECONDS)
        writer.execute(
            sa.delete(Heartbeat)
            .where(sa.or_(Heartbeat.process == process, old))
            .execution_options(synchronize_session=False)
        )
        if beats:
            writer.execute(sa.insert(Heartbeat), [asdict(beat) | {"process": process} for beat in beats])


def forget_heartbeats(*, process: str, actor: Actor) -> None:
    """Take back what this process told, because it ends as it should."""
    check_service(actor)
    with db.transaction() as writer:
        writer.execute(
            sa.delete(Heartbeat)
            .where(Heartbeat.process == process)
            .execution_options(synchronize_session=False)
        )
