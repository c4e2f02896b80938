"""How much was the team shown? Told so that no number, and no difference of two, tells of fewer than five.

Every number is a sum of whole days, and a day counts only where at least five people took part in it. So a
period taken from a longer one, or yesterday's page from today's, leaves such days again. The present day is
left out: while it lasts, its number would grow with each step of whoever is at work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from review.domain.team import PERIODS, is_team


class Part(StrEnum):
    """What is counted: pictures and long texts shown, by severity of their case, and breaks taken."""

    HIGH = "high"
    LOW = "low"
    BREAKS = "breaks"


class DayCount(NamedTuple):
    """How often something happened on a day, and to how many different people."""

    part: Part
    day: date
    people: int
    number: int


class Sum(NamedTuple):
    """A number of some days, and on how many of them enough people took part; None where on none."""

    number: int | None
    days: int


@dataclass(frozen=True)
class TeamExposure:
    """The counts of whole days, oldest first; a day with too few people is in no part's ``counts``."""

    days: tuple[date, ...]
    counts: Mapping[Part, Mapping[date, int]]

    def daily(self, part: Part) -> tuple[int | None, ...]:
        """The number of each day, None where it is withheld."""
        return tuple(self.counts.get(part, {}).get(day) for day in self.days)

    def total(self, part: Part, *, days: int) -> Sum:
        """What may be told of the newest so many days."""
        told = [count for count in self.daily(part)[-days:] if count is not None]
        return Sum(sum(told) if told else None, len(told))

    @property
    def withheld(self) -> bool:
        """Whether nothing at all may be told."""
        return not any(self.counts.values())


def whole_days(today: date) -> tuple[date, ...]:
    """The days of the longest period, oldest first; the last one is yesterday."""
    return tuple(today - timedelta(days=back) for back in range(max(PERIODS), 0, -1))


def exposure_told(rows: Iterable[DayCount], *, days: Sequence[date]) -> TeamExposure:
    """The counts without those days on which too few people took part."""
    counts: dict[Part, dict[date, int]] = {part: {} for part in Part}
    for row in rows:
        if row.day in days and is_team(row.people):
            counts[row.part][row.day] = row.number
    return TeamExposure(tuple(days), counts)
