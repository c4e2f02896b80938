"""Who reviews here, and what does the team do as a whole? Pseudonyms to choose from, and counts of many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import REVIEWERS, Role
from review.domain.states import CaseState
from review.domain.team import LEAST_PEOPLE, PERIODS, TeamFigures, figures_of, is_team
from review.models import Account, Case, Review
from review.prepared import Prepared
from review.queries.cases import is_free
from review.queries.numbers import MOST_COUNTED, Counted, numbers_of
from review.queries.queued import is_undelayed

MOST_LISTED = 500


@dataclass(frozen=True)
class Team:
    """What the team does: open cases by where they stand, and the figures of each period.

    ``standing``: waiting, held, recorded, escalated and waiting_sender, each counted up to 10 000.
    """

    standing: Mapping[str, int]
    figures: tuple[TeamFigures, ...]


def reviews_here() -> sa.ColumnElement[bool]:
    """The account is open and of somebody who reviews cases."""
    return sa.and_(
        Account.closed_at.is_(None), Account.role.in_([sa.literal(role) for role in sorted(REVIEWERS)])
    )


_COLLEAGUES = Prepared(
    lambda: (
        sa.select(Account.pseudonym)
        .where(reviews_here(), Account.id != sa.bindparam("account_id"))
        .order_by(Account.pseudonym)
        .limit(sa.literal(MOST_LISTED))
    )
)


def colleagues(reader: Session, *, account_id: str | None) -> tuple[str, ...]:
    """The pseudonyms of everybody else who reviews, 500 at most; nothing about any of them."""
    return tuple(row.pseudonym for row in _COLLEAGUES.all(reader, account_id=account_id))


def is_shown(reader: Session) -> bool:
    """Whether enough people review here now to tell of them together."""
    return is_team(_counted(reader, sa.select(Account.id).where(reviews_here()), most=LEAST_PEOPLE))


def team_now(reader: Session, *, now: datetime, counted: Counted) -> Team:
    """Everything of the team at this moment and in the last days."""
    figures = []
    for days in PERIODS:
        numbers = numbers_of(reader, now=now, days=days, counted=counted)
        since = datetime.combine(numbers.period.first, time.min, UTC)
        figures.append(figures_of(numbers, people=_took_part(reader, since), undone=_undone(reader, since)))
    return Team(standing=_standing(reader, now), figures=tuple(figures))


def _took_part(reader: Session, since: datetime) -> int:
    """How many people recorded a review since then, counted up to what makes a team."""
    recorded = sa.select(Review.id).where(Review.account_id == Account.id, Review.recorded_at >= since)
    people = sa.select(Account.id).where(Account.role != Role.SENDER, recorded.exists())
    return _counted(reader, people, most=LEAST_PEOPLE)


def _undone(reader: Session, since: datetime) -> int:
    """Reviews that their authors took back; what the service dropped later is none of them."""
    undone = (Review.undone_at >= since, Review.undone_at < Review.undo_until)
    return _counted(reader, sa.select(Review.id).where(*undone))


def _standing(reader: Session, now: datetime) -> dict[str, int]:
    held = sa.select(Case.id).join(Account, Account.id == Case.claimed_by).where(Case.claimed_until > now)
    waits = (Review.undone_at.is_(None), Review.dispatched_at.is_(None))
    recorded = (
        sa.select(Review.id)
        .join(Case, sa.and_(Case.id == Review.case_id, Case.pending_review_id == Review.id))
        .where(*waits)
    )
    away = {
        state: sa.select(Case.id).where(Case.state == state, is_undelayed())
        for state in (CaseState.ESCALATED, CaseState.WAITING_SENDER)
    }
    return {
        "waiting": _counted(reader, sa.select(Case.id).where(is_free(now), is_undelayed())),
        "held": _counted(reader, held),
        "recorded": _counted(reader, recorded),
        **{state.value: _counted(reader, cases) for state, cases in away.items()},
    }


def _counted(reader: Session, rows: sa.Select[Any], *, most: int = MOST_COUNTED) -> int:
    """How many rows there are, up to ``most``."""
    return reader.scalar(sa.select(sa.func.count()).select_from(rows.limit(most).subquery())) or 0
