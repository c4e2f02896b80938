"""How much were people shown on each day, and how many breaks were taken? Of everybody together."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import Role
from review.domain.team_exposure import DayCount, Part
from review.models import Account, Break, Case, Reveal
from review.queries.exposure import SHOWN, piece_shown

LONGEST_BREAK = timedelta(days=1)
"""How long before a day a break that ended on it may have begun; a longer one was forgotten."""


def exposure_by_day(reader: Session, *, days: Sequence[date]) -> list[DayCount]:
    """The counts of these days, which follow each other; a day without any has no row.

    A picture or text counts once a day for each person, as on the person's own page. What legal was shown in
    records is no work of the team.
    """
    place = _place_of(Reveal.revealed_at, days)
    shown = (
        # by person first, so that an index leads to the time
        sa.select(place.label("place"), Case.severity, Reveal.account_id, piece_shown())
        .select_from(Account)
        .join(Reveal, Reveal.account_id == Account.id)
        .join(Case, Case.id == Reveal.case_id)
        .where(
            Account.role != Role.SENDER,
            *_within(Reveal.revealed_at, days),
            Reveal.claim_generation.is_not(None),
            Reveal.stage.in_(SHOWN),
        )
        .distinct()
        .subquery()
    )
    people = sa.func.count(sa.distinct(shown.c.account_id))
    pieces = sa.select(shown.c.severity, shown.c.place, people, sa.func.count()).group_by(
        shown.c.severity, shown.c.place
    )
    found = [
        DayCount(Part(severity), days[place], people, count)
        for severity, place, people, count in reader.execute(pieces)
    ]
    return found + _breaks(reader, days)


def _breaks(reader: Session, days: Sequence[date]) -> list[DayCount]:
    """By the day on which they ended: one that goes on may still turn out to be forgotten."""
    ended = (
        sa.select(_place_of(Break.ended_at, days).label("place"), Break.account_id)
        .where(*_within(Break.ended_at, days), Break.started_at >= _start(days[0]) - LONGEST_BREAK)
        .subquery()
    )
    rows = reader.execute(
        sa.select(ended.c.place, sa.func.count(sa.distinct(ended.c.account_id)), sa.func.count()).group_by(
            ended.c.place
        )
    )
    return [DayCount(Part.BREAKS, days[place], people, count) for place, people, count in rows]


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _within(column: Any, days: Sequence[date]) -> tuple[sa.ColumnElement[bool], ...]:
    return column >= _start(days[0]), column < _start(days[-1] + timedelta(days=1))


def _place_of(column: Any, days: Sequence[date]) -> sa.Case[int]:
    """The place of the day in the list; databases do not agree on how to cut a day out of a moment."""
    newest_first = reversed(list(enumerate(days)))
    return sa.case(*((column >= _start(day), sa.literal(place)) for place, day in newest_first))
