"""Keeping what witnesses said about a checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite

from review import clock, db
from review.domain.permissions import Actor, check_service
from review.domain.witness_requests import WitnessFailure
from review.models import Cosignature, WitnessTry


@dataclass(frozen=True)
class Said:
    """What one witness (``name+id``) said: a cosignature line that holds and its time, or a failure."""

    witness: str
    line: str = ""
    cosigned_at: datetime | None = None
    failure: WitnessFailure | None = None


def record_cosignatures(size: int, said: Sequence[Said], *, actor: Actor) -> None:
    """Keep the cosignatures of the checkpoint of this size, and what came of asking each witness.

    The first cosignature of a witness stays: a later one of the same checkpoint says nothing more.
    """
    check_service(actor)
    now = clock.now()
    lines = [
        {"size": size, "witness": one.witness, "line": one.line, "cosigned_at": one.cosigned_at}
        for one in said
        if one.cosigned_at is not None
    ]
    tries = [{"witness": one.witness, "tried_at": now, "failure": one.failure} for one in said]
    with db.transaction() as writer:
        dialect = sqlite if db.is_sqlite(writer) else postgresql
        if lines:
            writer.execute(dialect.insert(Cosignature.__table__).on_conflict_do_nothing(), lines)
        if tries:
            fresh = dialect.insert(WitnessTry.__table__)
            changed = {"tried_at": fresh.excluded.tried_at, "failure": fresh.excluded.failure}
            writer.execute(fresh.on_conflict_do_update(index_elements=["witness"], set_=changed), tries)
