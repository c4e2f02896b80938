"""How many requests may one key or one address send a minute? Cheap enough to ask on every request.

On SQLite, where one process serves, the count stands in memory. On PostgreSQL, where several serve, each
takes a fiftieth of the limit at a time from the shared counter (architecture.md, rule 8) and spends it in
memory, so that a limit of thousands costs at most fifty short writes a minute. All processes together never
grant more than the limit; what a process took and did not spend is lost, at most a fiftieth each.
"""

import hashlib
import math
import threading
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from review import db
from review.errors import DatabaseBusy, StorageFull, TooManyRequests
from review.models import RateCount

WINDOW_SECONDS = 60
LEASES = 50
MOST_REMEMBERED = 20_000
FORGET_BATCH = 1_000


@dataclass
class _Lease:
    """What this process may still grant in one window."""

    window: int
    left: int = 0
    spent: bool = False


_leases: dict[tuple[str, str], _Lease] = {}
_guard = threading.Lock()


def count_request(kind: str, name: str, *, at: datetime, most: int) -> None:
    """Count one request; raises `TooManyRequests` past ``most`` in one minute; 0 means no limit.

    ``kind`` is what is counted and ``name`` who, of which only a digest is kept. Where the counter itself
    cannot be reached the request passes: nobody is refused because a count could not be written.
    """
    if most == 0:
        return
    place = f"rate:{kind}:{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:40]}"
    window = int(at.timestamp()) // WINDOW_SECONDS
    shared = not db.is_sqlite(db.session())
    lease = _lease(place, window, whole=0 if shared else most)
    if _spend(lease):
        return
    if shared and not lease.spent:
        block = math.ceil(most / LEASES)
        try:
            granted = _take_block(place, window, block=block, most=most)
        except (DatabaseBusy, StorageFull):
            return
        with _guard:
            lease.left += granted
            lease.spent = granted < block
        if _spend(lease):
            return
    over_in = (window + 1) * WINDOW_SECONDS - at.timestamp()
    raise TooManyRequests(
        "Too many requests in this minute; send the next ones later.",
        retry_after_seconds=max(1, math.ceil(over_in)),
    )


def _lease(place: str, window: int, *, whole: int) -> _Lease:
    """This process's lease in this window, begun anew with the window; memory stays bounded."""
    key = (db.address(), place)
    with _guard:
        lease = _leases.get(key)
        if lease is None or lease.window != window:
            if len(_leases) >= MOST_REMEMBERED:
                for old in [known for known in _leases if _leases[known].window < window] or [*_leases][:1]:
                    del _leases[old]
            lease = _leases[key] = _Lease(window, left=whole)
        return lease


def _spend(lease: _Lease) -> bool:
    with _guard:
        if lease.left == 0:
            return False
        lease.left -= 1
        return True


def _take_block(place: str, window: int, *, block: int, most: int) -> int:
    """Take up to ``block`` requests from the shared counter, in its own short transaction; how many."""
    with db.transaction() as writer:
        counted = insert(RateCount).values(name=place, window_start=window * WINDOW_SECONDS, attempts=block)
        total = writer.scalar(
            counted.on_conflict_do_update(
                index_elements=[RateCount.name, RateCount.window_start],
                set_={"attempts": RateCount.attempts + block},
            ).returning(RateCount.attempts)
        )
        if total == block:
            # the first of its window clears away old windows; never one that another is clearing already
            old = (
                sa.select(RateCount.name, RateCount.window_start)
                .where(
                    RateCount.name.startswith("rate:", autoescape=True),
                    RateCount.window_start < (window - 1) * WINDOW_SECONDS,
                )
                .limit(FORGET_BATCH)
                .with_for_update(skip_locked=True)
            )
            writer.execute(
                sa.delete(RateCount)
                .where(sa.tuple_(RateCount.name, RateCount.window_start).in_(old))
                .execution_options(synchronize_session=False)
            )
    return min(block, max(0, most - (int(total or 0) - block)))
