"""What may be told of a team? Numbers of everybody together, from five people up, nothing of one."""

from dataclasses import dataclass
from typing import Final

from review.domain.numbers import Numbers, share, total

LEAST_PEOPLE: Final = 5
"""With fewer, a number of the team would tell of single persons."""
PERIODS: Final = (7, 30)
"""How many days the page tells of, today included."""


@dataclass(frozen=True)
class TeamFigures:
    """What the team did in some days; a number is None where nobody knows it or where it is withheld.

    ``withheld``: fewer than five people took part. ``half_seconds``: within which half of the cases were
    decided, about; ``accepted``: the share of answered items.
    """

    days: int
    withheld: bool
    decided: int | None = None
    within: float | None = None
    half_seconds: float | None = None
    accepted: float | None = None
    undone: int | None = None

    @property
    def has_share(self) -> bool:
        """Whether a share of something can be told."""
        return self.within is not None or self.accepted is not None


def is_team(people: int) -> bool:
    """Whether so many people are enough to be told of together."""
    return people >= LEAST_PEOPLE


def figures_of(numbers: Numbers, *, people: int, undone: int) -> TeamFigures:
    """What may be told of the days of these numbers, in which so many people recorded a review."""
    days = len(numbers.period.days)
    if not is_team(people):
        return TeamFigures(days, withheld=True)
    accepted, declined = total(numbers.accepted), total(numbers.declined)
    known = accepted is not None and declined is not None
    return TeamFigures(
        days,
        withheld=False,
        decided=numbers.decisions.cases if known else None,
        within=numbers.decisions.share_within,
        half_seconds=numbers.decisions.median,
        accepted=share(accepted or 0, (accepted or 0) + (declined or 0)),
        undone=undone,
    )
