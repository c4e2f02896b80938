"""The numbers of the desk: sums that the loop keeps, and bounded counts of the cases that are open now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.loops import SILENT_SECONDS
from review.domain.numbers import Numbers, Period, read_counts
from review.domain.priority import Rank
from review.domain.states import LIVE
from review.models import Case, DayCount, Leaf, Opening
from review.prepared import Prepared
from review.queries.counted_entries import Progress, progress_of
from review.queries.queued import is_undelayed

MOST_COUNTED = 10_000
"""A count of open cases ends here: beyond it, how many more changes nothing to do."""

_EVER = timedelta(days=36_500)
AGES = {
    "day": (-_EVER, timedelta(days=1)),
    "three_days": (timedelta(days=1), timedelta(days=3)),
    "week": (timedelta(days=3), timedelta(days=7)),
    "older": (timedelta(days=7), _EVER),
}
"""How long ago a case was opened: from, and below."""
TIMES_LEFT = {
    "overdue": (-_EVER, timedelta(0)),
    "hour": (timedelta(0), timedelta(hours=1)),
    "day": (timedelta(hours=1), timedelta(days=1)),
    "three_days": (timedelta(days=1), timedelta(days=3)),
    "longer": (timedelta(days=3), _EVER),
}
"""How long until a case is due: above, and up to."""


@dataclass(frozen=True)
class Counted:
    """How far the counting has come.

    When the trail's first entry, the last counted one and the next that waits were recorded; each None where
    there is none.
    """

    progress: Progress
    first_at: datetime | None
    last_at: datetime | None
    next_at: datetime | None

    def is_late(self, now: datetime) -> bool:
        """Whether something waits to be counted for longer than the loop takes."""
        return self.next_at is not None and (now - self.next_at).total_seconds() > SILENT_SECONDS


@dataclass(frozen=True)
class OpenCases:
    """Live cases whose review is not recorded yet, by age and by time left; each count ends at 10 000."""

    by_age: Mapping[str, int]
    by_time_left: Mapping[str, int]


_RECORDED_AT = Prepared(
    lambda: (
        sa.select(Opening.recorded_at)
        .join(Leaf, Leaf.eid == Opening.eid)
        .where(Leaf.position == sa.bindparam("position"))
    )
)
_COUNTS = Prepared(
    lambda: sa.select(DayCount.day, DayCount.measure, DayCount.word, DayCount.count.label("counted")).where(
        DayCount.day >= sa.bindparam("first"), DayCount.day <= sa.bindparam("last")
    )
)


def counted_so_far(reader: Session) -> Counted:
    """Where the counting stands."""
    progress = progress_of(reader)
    begun = progress.next_position > 0
    return Counted(
        progress=progress,
        first_at=_RECORDED_AT.scalar(reader, position=0) if begun else None,
        last_at=_RECORDED_AT.scalar(reader, position=progress.next_position - 1) if begun else None,
        next_at=_RECORDED_AT.scalar(reader, position=progress.next_position) if progress.waiting else None,
    )


def numbers_of(reader: Session, *, now: datetime, days: int, counted: Counted) -> Numbers:
    """The numbers of the last ``days`` days in UTC, today included."""
    today, progress = now.date(), counted.progress
    period = Period(
        first=today - timedelta(days=days - 1),
        last=today,
        known_from=counted.first_at.date() if counted.first_at else None,
        known_to=counted.last_at.date() if progress.waiting and counted.last_at else today,
    )
    return read_counts(_COUNTS.all(reader, first=period.first, last=period.last), period=period)


def _bounded(column: Any, *more: sa.ColumnElement[bool]) -> Prepared:
    """Cases with this time after one moment and up to another, counted up to the limit."""
    return Prepared(
        lambda: sa.select(
            sa.select(sa.func.count())
            .select_from(
                sa.select(sa.literal(1))
                .where(
                    Case.state.in_([sa.literal(state.value) for state in LIVE]),
                    is_undelayed(),
                    column > sa.bindparam("after", type_=column.type),
                    column <= sa.bindparam("until", type_=column.type),
                    *more,
                )
                .limit(sa.literal(MOST_COUNTED))
                .subquery()
            )
            .scalar_subquery()
            .label("cases")
        )
    )


_OPENED = _bounded(Case.opened_at)
# naming all ranks lets the index of the queue find due times
_DUE = _bounded(Case.due_at, Case.rank.in_([sa.literal(int(rank)) for rank in Rank]))


def open_cases(reader: Session, *, now: datetime) -> OpenCases:
    """What waits at this moment."""
    return OpenCases(
        by_age={
            word: _OPENED.scalar(reader, after=now - longest, until=now - shortest)
            for word, (shortest, longest) in AGES.items()
        },
        by_time_left={
            word: _DUE.scalar(reader, after=now + least, until=now + most)
            for word, (least, most) in TIMES_LEFT.items()
        },
    )
