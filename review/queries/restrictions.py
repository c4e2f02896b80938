"""Which restrictions are not in place, which failed, and which messages to the platform are dead letters?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.restrictions import RestrictionState, state_of
from review.domain.webhooks import PLATFORM_ENDPOINT, DeliveryState
from review.models import Answer, Case, Decision, Delivery, DeliveryAttempt, Item, Restriction

MOST_LISTED = 100
MOST_COUNTED = 999
MOST_PLACES = 20
_LIVE = Restriction.ends_at.is_(None)
_TO_DO = (Restriction.implemented_at.is_(None), Restriction.failed_at.is_(None), _LIVE)
_FAILED = (Restriction.implemented_at.is_(None), Restriction.failed_at.is_not(None), _LIVE)
_LIFTED = Restriction.ends_at.is_not(None)
_DEAD = (
    Delivery.standing == sa.literal_column(f"'{DeliveryState.DEAD}'"),
    Delivery.endpoint_id == PLATFORM_ENDPOINT,
)


@dataclass(frozen=True)
class RestrictionShown:
    """One restriction and what was reported of it; ``locations`` of one alone, 20 spellings at most.

    ``message``: how the newest message about it to the platform stands; None where none was written.
    """

    id: str
    decision_id: str
    case_id: str
    intake_kind: str
    visibility: str | None
    account_measure: str
    territory: str
    starts_at: datetime
    implemented_at: datetime | None
    failed_at: datetime | None
    failure: str | None
    message: str | None
    ends_at: datetime | None
    locations: tuple[str, ...] = ()

    @property
    def state(self) -> RestrictionState:
        """How it stands."""
        return state_of(implemented_at=self.implemented_at, failed_at=self.failed_at, ends_at=self.ends_at)


@dataclass(frozen=True)
class DeadLetter:
    """A message to the platform that did not arrive, and what came of the last try."""

    id: str
    restriction_id: str
    created_at: datetime
    finished_at: datetime
    tries: int
    status: int | None
    failure: str | None
    excerpt: str


@dataclass(frozen=True)
class Restrictions:
    """What needs somebody: waiting ones and failed ones, the oldest first, and dead letters to the platform.

    ``lifted``: the newest that ended, which whoever put them in place by hand takes away again. Each list
    holds 100 at most; the counts go at most 1 000.
    """

    waiting: tuple[RestrictionShown, ...]
    failed: tuple[RestrictionShown, ...]
    lifted: tuple[RestrictionShown, ...]
    dead: tuple[DeadLetter, ...]
    waiting_count: int
    failed_count: int
    dead_count: int


def restriction_shown(reader: Session, restriction_id: str) -> RestrictionShown | None:
    """One restriction with its location as written in referrals; None where there is none."""
    row = reader.execute(_restrictions().where(Restriction.id == restriction_id)).one_or_none()
    if row is None:
        return None
    places = reader.scalars(
        sa.select(Item.canonical_url)
        .join(Answer, Answer.item_id == Item.id)
        .where(Item.case_id == row.case_id, Answer.decision_id == row.decision_id)
        .distinct()
        .order_by(Item.canonical_url)
        .limit(MOST_PLACES)
    )
    return RestrictionShown(**row._mapping, locations=tuple(places))


def restrictions_to_follow(reader: Session) -> Restrictions:
    """All that is not in place, and what did not reach the platform."""
    oldest = _restrictions().order_by(Restriction.starts_at, Restriction.id).limit(MOST_LISTED)
    return Restrictions(
        waiting=tuple(RestrictionShown(**row._mapping) for row in reader.execute(oldest.where(*_TO_DO))),
        failed=tuple(RestrictionShown(**row._mapping) for row in reader.execute(oldest.where(*_FAILED))),
        lifted=tuple(
            RestrictionShown(**row._mapping)
            for row in reader.execute(
                _restrictions()
                .where(_LIFTED)
                .order_by(Restriction.ends_at.desc(), Restriction.id)
                .limit(MOST_LISTED)
            )
        ),
        dead=_dead_letters(reader),
        waiting_count=_count(reader, sa.select(Restriction.id).where(*_TO_DO)),
        failed_count=_count(reader, sa.select(Restriction.id).where(*_FAILED)),
        dead_count=_count(reader, sa.select(Delivery.id).where(*_DEAD)),
    )


def count_overdue(reader: Session, *, now: datetime, hours: int) -> int:
    """Restrictions that should be in place by now, at most 1 000; 0 hours: nothing is ever late."""
    if hours == 0:
        return 0
    late = Restriction.starts_at < now - timedelta(hours=hours)
    return _count(reader, sa.select(Restriction.id).where(*_TO_DO, late))


def count_failed(reader: Session) -> int:
    """Restrictions that were reported as failed and are not in place since, at most 1 000."""
    return _count(reader, sa.select(Restriction.id).where(*_FAILED))


def _restrictions() -> sa.Select[*tuple[Any, ...]]:
    newest = (
        sa.select(Delivery.standing)
        .where(Delivery.sender_id.is_(None), Delivery.subject_id == Restriction.id)
        .order_by(Delivery.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        sa.select(
            Restriction.id,
            Restriction.decision_id,
            Decision.case_id,
            Case.intake_kind,
            Restriction.visibility,
            Restriction.account_measure,
            Restriction.territory,
            Restriction.starts_at,
            Restriction.implemented_at,
            Restriction.failed_at,
            Restriction.failure,
            newest.label("message"),
            Restriction.ends_at,
        )
        .join(Decision, Decision.id == Restriction.decision_id)
        .join(Case, Case.id == Decision.case_id)
    )


def _dead_letters(reader: Session) -> tuple[DeadLetter, ...]:
    last = (
        sa.select(sa.func.max(DeliveryAttempt.id))
        .where(DeliveryAttempt.delivery_id == Delivery.id)
        .correlate(Delivery)
        .scalar_subquery()
    )
    rows = reader.execute(
        sa.select(
            Delivery.id,
            Delivery.subject_id.label("restriction_id"),
            Delivery.created_at,
            Delivery.finished_at,
            Delivery.tries,
            DeliveryAttempt.status,
            DeliveryAttempt.failure,
            sa.func.coalesce(DeliveryAttempt.excerpt, "").label("excerpt"),
        )
        .outerjoin(DeliveryAttempt, DeliveryAttempt.id == last)
        .where(*_DEAD)
        .order_by(Delivery.finished_at, Delivery.id)
        .limit(MOST_LISTED)
    )
    return tuple(DeadLetter(**row._mapping) for row in rows)


def _count(reader: Session, wanted: sa.Select[*tuple[Any, ...]]) -> int:
    some = wanted.limit(MOST_COUNTED + 1).subquery()
    return reader.scalar(sa.select(sa.func.count()).select_from(some)) or 0
