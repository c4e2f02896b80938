"""Signs of life as the loops of a running desk would write them."""

from review import clock
from review.actions.heartbeats import Beat, record_heartbeats
from review.domain.loops import LOOPS
from review.domain.permissions import SERVICE


def beat_all(*, process: str = "here:1") -> None:
    """Every loop made a good turn just now."""
    now = clock.now()
    record_heartbeats(
        [Beat(loop=name, turned_at=now, succeeded_at=now, failure=None) for name in LOOPS],
        process=process,
        actor=SERVICE,
    )
