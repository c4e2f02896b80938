"""What comes first, and until when? The rank of a referral and the target of its cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from review.config import Settings
from review.domain.representation import ORDER_TIME


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


def due_at(
    received_at: datetime, *, rank: Rank, trusted_flagger: bool, settings: Settings, order: bool = False
) -> datetime:
    """When a decision is wanted: our own target, no legal deadline except for removal orders.

    ``trusted_flagger``: the sender holds that status on the day of receipt (DSA, Article 22(1)). An ``order``
    is due one hour after receipt whatever our targets are (Regulation (EU) 2021/784, Article 3(3)).
    """
    if rank is not Rank.OTHER:
        seconds = settings.target_threat_seconds
    else:
        seconds = settings.target_flagger_seconds if trusted_flagger else settings.target_seconds
    target = timedelta(seconds=seconds)
    return received_at + (min(target, ORDER_TIME) if order or rank is Rank.ORDER else target)


@dataclass(frozen=True)
class Terms:
    """What decides the target of one referral; ``trusted_flagger`` on the day of receipt; a removal order."""

    received_at: datetime
    rank: Rank
    trusted_flagger: bool
    order: bool = False

    @property
    def rule(self) -> str:
        """Which rule applies: ``threat``, ``order``, ``flagger`` or ``other``."""
        if self.rank is not Rank.OTHER:
            return self.rank.name.lower()
        return "flagger" if self.trusted_flagger else "other"


def why_due(due: datetime, terms: Sequence[Terms], *, settings: Settings) -> int | None:
    """Which of these referrals gave their case its target; None of none.

    Where none fits exactly, because the settings were others then, the one that presses most by today's.
    """
    own = [
        due_at(
            one.received_at,
            rank=one.rank,
            trusted_flagger=one.trusted_flagger,
            order=one.order,
            settings=settings,
        )
        for one in terms
    ]

    def distance(place: int) -> tuple[bool, bool, datetime]:
        return own[place] != due, terms[place].received_at > due, own[place]

    return min(range(len(own)), key=distance, default=None)


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


def is_pressing(*, rank: int, due_at: datetime, now: datetime) -> bool:
    """Whether a case goes before the wish for a calmer one: a threat, an order, or an hour left at most."""
    return rank < Rank.OTHER or due_at <= now + timedelta(hours=1)
