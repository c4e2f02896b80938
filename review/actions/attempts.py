"""How often may one name try? Counts attempts in windows of time; not an event of the trail."""

import hashlib
import ipaddress
import threading
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review import db
from review.errors import TooManyRequests
from review.models import RateCount

MOST_REMEMBERED = 20_000
"""Windows kept in memory on SQLite before those that have passed are dropped."""

_counts: dict[tuple[str, str, int], int] = {}
_guard = threading.Lock()


def count_attempt(kind: str, name: str, *, at: datetime, most: int, window_seconds: int) -> None:
    """Count one attempt; raises `TooManyRequests` from the attempt after ``most`` in one window on.

    In memory on SQLite, where one process serves; in the database on PostgreSQL, where several do, in its
    own short transaction and without an event (architecture.md, rule 8). ``name`` is kept as a digest only.
    """
    digest = f"{kind}:{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:40]}"
    window = int(at.timestamp()) // window_seconds
    if db.is_sqlite(db.session()):
        attempts = _count_in_memory(digest, window)
    else:
        with db.transaction() as writer:
            attempts = _count_in_database(writer, digest, window * window_seconds, window_seconds)
    if attempts > most:
        again_at = datetime.fromtimestamp((window + 1) * window_seconds, UTC)
        raise TooManyRequests(
            f"Too many attempts; try again at {again_at:%Y-%m-%dT%H:%M:%SZ}.",
            retry_after_seconds=max(1, int((again_at - at).total_seconds()) + 1),
        )


def address_group(address: str) -> str:
    """The network that counts as one caller: an IPv4 address, or the /64 of an IPv6 one (one household)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed[:8] + bytes(8), 64)))


def _count_in_memory(name: str, window: int) -> int:
    place = (db.address(), name, window)
    with _guard:
        if len(_counts) >= MOST_REMEMBERED:
            for old in [found for found in _counts if found[2] < window] or list(_counts)[:1]:
                del _counts[old]
        _counts[place] = _counts.get(place, 0) + 1
        return _counts[place]


def _count_in_database(writer: Session, name: str, window_start: int, window_seconds: int) -> int:
    counted = insert(RateCount).values(name=name, window_start=window_start, attempts=1)
    attempts = writer.scalar(
        counted.on_conflict_do_update(
            index_elements=[RateCount.name, RateCount.window_start],
            set_={"attempts": RateCount.attempts + 1},
        ).returning(RateCount.attempts)
    )
    if attempts == 1:
        writer.execute(
            sa.delete(RateCount)
            .where(RateCount.window_start < window_start - window_seconds)
            .execution_options(synchronize_session=False)
        )
    return int(attempts or 0)
