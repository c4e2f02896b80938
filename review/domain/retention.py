"""How long are records kept? By kind of intake, from the end of the case on; nothing is erased by itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

LEAST_DAYS: Final = 184
"""Complaints are possible for six months at least (DSA, Article 20(1)); what they rest on stays as long."""


def kept_until(ended_at: datetime, *, intake_kind: str, days: Mapping[str, int]) -> datetime:
    """When the retention of a record is over; legal looks at it then."""
    return ended_at + timedelta(days=days[intake_kind])


def ended_before(now: datetime, *, days: Mapping[str, int]) -> dict[str, datetime]:
    """By kind of intake: cases that ended before this are due for review."""
    return {kind: now - timedelta(days=count) for kind, count in days.items()}
