"""What comes first, and until when? The rank of a referral and the target of its cases."""

from datetime import datetime, timedelta
from enum import IntEnum

from review.config import Settings


class Rank(IntEnum):
    """Order of the queue before anything else: the lower, the earlier."""

    THREAT = 0
    ORDER = 1
    OTHER = 2


def rank_of(*, intake_kind: str, urgency: str) -> Rank:
    """A threat to life comes before a removal order, both before everything else."""
    if urgency == "threat_to_life":
        return Rank.THREAT
    return Rank.ORDER if intake_kind == "removal_order" else Rank.OTHER


def due_at(received_at: datetime, *, rank: Rank, trusted_flagger: bool, settings: Settings) -> datetime:
    """When a decision is wanted: our own target, no legal deadline except for removal orders.

    ``trusted_flagger``: the sender holds that status on the day of receipt (DSA, Article 22(1)).
    """
    if rank is not Rank.OTHER:
        seconds = settings.target_threat_seconds
    else:
        seconds = settings.target_flagger_seconds if trusted_flagger else settings.target_seconds
    return received_at + timedelta(seconds=seconds)


def why_first(*, rank: int, due_at: datetime, now: datetime, tied: bool = False) -> str:
    """Which rule put a case where it stands: ``threat``, ``order``, ``overdue``, ``target`` or ``arrival``.

    ``tied``: the case before it has the same rank and due time, so that arrival decided.
    """
    if rank == Rank.THREAT:
        return "threat"
    if rank == Rank.ORDER:
        return "order"
    if due_at <= now:
        return "overdue"
    return "arrival" if tied else "target"
