"""What was one person shown, and what did that person choose? For the own pages alone, and for "next"."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.config import Settings
from review.domain.media import Stage
from review.domain.wellbeing import (
    DAY,
    LOOK_BACK,
    Comfort,
    Exposure,
    Limits,
    lowered,
    working_since,
)
from review.models import Case, ChosenComfort, Reveal, Review
from review.prepared import Prepared
from review.queries.own_breaks import last_break

SHOWN = tuple(stage.value for stage in Stage if stage is not Stage.PLACEHOLDER)
"""Stages that show something: a picture in any size, or a text unfolded to its end. Names are not counted."""


def piece_shown() -> sa.ColumnElement[str]:
    """What a reveal is counted by: its piece of evidence, or else the item whose own text was unfolded."""
    return sa.func.coalesce(Reveal.evidence_id, Reveal.item_id)


@dataclass(frozen=True)
class Choice:
    """What counts for one person: how pictures appear, and the limits; ``own_...`` are those chosen.

    ``chosen_at`` is None while all is as the desk has it.
    """

    comfort: Comfort
    limits: Limits
    own_break_minutes: int | None
    own_budget_high: int | None
    chosen_at: datetime | None


def standard_comfort(settings: Settings) -> Comfort:
    """How pictures appear to whoever has not chosen."""
    words = settings.comfort
    return Comfort("blur" in words, "grey" in words, "full" if "full" in words else "small")


_CHOSEN = Prepared(
    lambda: sa.select(
        ChosenComfort.blur,
        ChosenComfort.grey,
        ChosenComfort.size,
        ChosenComfort.break_minutes,
        ChosenComfort.budget_high,
        ChosenComfort.chosen_at,
    ).where(ChosenComfort.account_id == sa.bindparam("account_id"))
)


def choice_of(reader: Session, account_id: str, *, settings: Settings) -> Choice:
    """This person's choice on top of the desk's settings."""
    row = _CHOSEN.first(reader, account_id=account_id)
    minutes, high = (None, None) if row is None else (row.break_minutes, row.budget_high)
    return Choice(
        comfort=standard_comfort(settings)
        if row is None
        else Comfort(bool(row.blur), bool(row.grey), row.size),
        limits=Limits(
            break_minutes=lowered(settings.break_minutes, minutes),
            break_reveals=settings.break_reveals,
            high=lowered(settings.budget_high, high),
            low=settings.budget_low,
        ),
        own_break_minutes=minutes,
        own_budget_high=high,
        chosen_at=None if row is None else row.chosen_at,
    )


def _last_met() -> sa.Subquery:
    """Severities of the cases that the person saw or recorded last, as many as may come in a row.

    Seen alone counts as well: who passes a case on, asks about it or gives it back has seen it.
    """
    recorded = sa.select(Review.case_id, Review.recorded_at.label("at")).where(
        Review.account_id == sa.bindparam("account_id"), Review.recorded_at >= sa.bindparam("since")
    )
    seen = sa.select(Reveal.case_id, Reveal.revealed_at.label("at")).where(
        Reveal.account_id == sa.bindparam("account_id"),
        Reveal.revealed_at >= sa.bindparam("since"),
        Reveal.stage.in_([sa.literal(stage) for stage in SHOWN]),
    )
    met = sa.union_all(recorded, seen).subquery("met")
    return (
        sa.select(Case.severity)
        .join(met, met.c.case_id == Case.id)
        .group_by(Case.id, Case.severity)
        .order_by(sa.func.max(met.c.at).desc())
        .limit(sa.bindparam("most"))
        .subquery("last_met")
    )


_PIECES = Prepared(
    lambda: (
        sa.select(Case.severity, piece_shown(), sa.func.min(Reveal.revealed_at).label("first_at"))
        .join(Case, Case.id == Reveal.case_id)
        .where(
            Reveal.account_id == sa.bindparam("account_id"),
            Reveal.revealed_at >= sa.bindparam("since"),
            Reveal.stage.in_([sa.literal(stage) for stage in SHOWN]),
        )
        .group_by(Case.severity, piece_shown())
    )
)


def exposure_of(reader: Session, account_id: str, *, now: datetime) -> Exposure:
    """Pictures and texts shown today, each once however often and large; and the run of work so far."""
    pieces = _PIECES.all(reader, account_id=account_id, since=now - DAY)
    rested = last_break(reader, account_id=account_id)
    rested_until = None if rested is None else rested.ended_at or now
    began = working_since(_seen(reader, account_id, now), rested_until=rested_until, now=now)
    high = [row for row in pieces if row.severity == "high"]
    return Exposure(
        high=len(high),
        low=len(pieces) - len(high),
        high_since_break=sum(began is not None and row.first_at >= began for row in high),
        working_minutes=0 if began is None else int((now - began) / timedelta(minutes=1)),
        rested_today=rested_until is not None and rested_until >= now - DAY,
    )


def _seen(reader: Session, account_id: str, now: datetime) -> list[datetime]:
    """Times at which the person was shown or recorded something, of the last hours."""
    since = now - LOOK_BACK
    shown = reader.scalars(
        sa.select(Reveal.revealed_at).where(Reveal.account_id == account_id, Reveal.revealed_at >= since)
    ).all()
    recorded = reader.scalars(
        sa.select(Review.recorded_at).where(Review.account_id == account_id, Review.recorded_at >= since)
    ).all()
    return [*shown, *recorded]


_PACE = Prepared(
    lambda: sa.select(
        sa.select(ChosenComfort.budget_high)
        .where(ChosenComfort.account_id == sa.bindparam("account_id"))
        .scalar_subquery()
        .label("own_budget"),
        sa.select(sa.func.count(sa.distinct(piece_shown())))
        .join(Case, Case.id == Reveal.case_id)
        .where(
            Reveal.account_id == sa.bindparam("account_id"),
            Reveal.revealed_at >= sa.bindparam("day"),
            Reveal.stage.in_([sa.literal(stage) for stage in SHOWN]),
            Case.severity == sa.literal("high"),
        )
        .scalar_subquery()
        .label("high"),
        sa.select(sa.func.count())
        .select_from(_last_met())
        .where(sa.literal_column("severity") == sa.literal("high"))
        .scalar_subquery()
        .label("in_a_row"),
    )
)


def wants_low(reader: Session, account_id: str, *, settings: Settings, now: datetime) -> str:
    """Why "next" should offer this person low severity now: ``budget``, ``row``, or blank for no reason."""
    most = settings.severe_in_a_row
    row = _PACE.first(reader, account_id=account_id, day=now - DAY, since=now - LOOK_BACK, most=max(most, 1))
    assert row is not None
    budget = lowered(settings.budget_high, row.own_budget)
    if 0 < budget <= row.high:
        return "budget"
    return "row" if 0 < most <= row.in_a_row else ""
