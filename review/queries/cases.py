"""Which cases wait, who holds them, and what does the holder see? Nothing here names a sender or a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Moment
from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.priority import Rank, why_first
from review.domain.states import CLAIMABLE, LIVE, QUEUED, ROUND_IN, CaseState, Round
from review.models import Case, EmailedReferral, Item, Pass, Review, SetAside
from review.prepared import Prepared
from review.queries.queued import is_in_dispute, is_queued, is_undelayed

PAGE_ROWS = 50
MOST_COUNTED = 999
LANGUAGES_OF = 1_000
"""Cases, the first of the queue, whose languages are offered to narrow it to."""


class Place(NamedTuple):
    """A place in the order of the queue: rank, due time, arrival, id."""

    rank: int
    due_at: datetime
    opened_at: datetime
    id: str


@dataclass(frozen=True)
class CaseSummary:
    """One line of the queue and the strip above a case: what, until when, held by whom; no content.

    ``why``: threat, order, overdue, target or arrival. ``held``: free, yours, held; ``held_until`` likewise
    None when free. ``recorded``: this person has a review of it that stands, and so learns nothing of what
    others do with it; pages show ``shown_state`` and never ``state``.
    """

    id: str
    state: str
    rank: int
    due_at: datetime
    opened_at: datetime
    why: str
    intake_kind: str
    content_type: str | None
    language: str | None
    items: int
    held: str
    held_until: datetime | None
    version: int
    claim_generation: int
    claimable: bool
    pending: bool
    recorded: bool = False

    @property
    def round(self) -> Round | None:
        """The round that a review recorded now would belong to; None where the case waits for none."""
        return ROUND_IN.get(CaseState(self.state))

    @property
    def works(self) -> bool:
        """Whether the case waits for reviews, as far as this person may know."""
        return self.round is not None and not self.recorded

    @property
    def assignable(self) -> bool:
        """Whether a lead may give it away: nobody chooses who judges after a colleague."""
        return self.claimable and not self.recorded and self.state == CaseState.OPEN

    @property
    def shown_state(self) -> str:
        """The state in words that do not tell whether a second review was drawn."""
        return shown_state(self.state, recorded=self.recorded)

    @property
    def place(self) -> Place:
        """Where it stands in the queue."""
        return Place(self.rank, self.due_at, self.opened_at, self.id)


@dataclass(frozen=True)
class QueuePage:
    """Cases in queue order and the place after which the next page starts; None on the last one."""

    rows: tuple[CaseSummary, ...]
    next_place: Place | None


@dataclass(frozen=True)
class QueueCounts:
    """Capped at 1 000 each, so that a page can say 999+."""

    waiting: int
    due_soon: int
    overdue: int
    held_by_you: int
    oldest_at: datetime | None


_ORDER = (Case.rank, Case.due_at, Case.opened_at, Case.id)

RECORDED = "recorded"
"""What one's own reviewed case is called for ever: another word at another time would tell of rounds."""


def shown_state(state: str, *, recorded: bool) -> str:
    """The state of a case as people who judge see it: their own reviewed ones all alike."""
    if recorded:
        return RECORDED
    return CaseState.OPEN if state in QUEUED else state


def is_free(now: datetime | sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    """The case is open to a claim at ``now``: claimable state, no review pending, nobody's claim runs."""
    return sa.and_(
        Case.state.in_([sa.literal(state) for state in CLAIMABLE]),
        Case.pending_review_id.is_(None),
        is_unclaimed(now),
    )


def is_unclaimed(now: datetime | sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    """Nobody's claim runs at ``now``."""
    return sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= now)


def is_for(resolves: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The case waits for everybody, or this person, where ``resolves`` is true, may judge after two."""
    return sa.or_(Case.state != sa.literal(CaseState.RESOLVING), resolves)


def is_held_by(
    account_id: str | sa.BindParameter[Any] | None, now: datetime | sa.BindParameter[Any]
) -> sa.ColumnElement[bool]:
    """This person's claim runs at ``now``."""
    return sa.and_(Case.claimed_by == account_id, Case.claimed_until > now)


def not_reviewed_by(account_id: str | sa.BindParameter[Any] | None) -> sa.ColumnElement[bool]:
    """This person has no review of the case that stands; an undone one does not count."""
    return ~(
        sa.select(Review.id)
        .where(Review.case_id == Case.id, Review.account_id == account_id, Review.undone_at.is_(None))
        .exists()
    )


def not_confirmed_by(account_id: str | sa.BindParameter[Any] | None) -> sa.ColumnElement[bool]:
    """This person made no item of the case out of an e-mail, and so does not know its sender."""
    return ~(
        sa.select(EmailedReferral.id)
        .join(Item, Item.referral_id == EmailedReferral.referral_id)
        .where(Item.case_id == Case.id, EmailedReferral.ended_by == account_id)
        .exists()
    )


def not_set_aside_by(
    account_id: str | sa.BindParameter[Any] | None, now: datetime | sa.BindParameter[Any]
) -> sa.ColumnElement[bool]:
    """This person has not set the case aside until a time after ``now``."""
    return ~(
        sa.select(SetAside.until)
        .where(SetAside.case_id == Case.id, SetAside.account_id == account_id, SetAside.until > now)
        .exists()
    )


def not_passed_by(account_id: str | sa.BindParameter[Any] | None) -> sa.ColumnElement[bool]:
    """This person has not passed the case on to others."""
    return ~(sa.select(Pass.reason).where(Pass.case_id == Case.id, Pass.account_id == account_id).exists())


def _listed_to(account_id: str | None) -> sa.ColumnElement[bool]:
    """Not one of those that this person reviewed (that they wait again is nothing to know) or passed on."""
    is_open = Case.state == sa.literal_column("'open'", sa.String())
    return sa.and_(sa.or_(is_open, not_reviewed_by(account_id)), not_passed_by(account_id))


def _waiting(account_id: str | None, *, resolves: bool) -> list[sa.ColumnElement[bool]]:
    """What waits for this person, in parts that one index each holds in the order of the queue."""
    parts = [is_queued(), is_in_dispute()] if resolves else [is_queued()]
    return [sa.and_(part, _listed_to(account_id)) for part in parts]


def are_narrowed(narrowed: Narrowed) -> list[sa.ColumnElement[bool]]:
    """The conditions of a narrowed queue, on columns that its index holds beside its order."""
    return [getattr(Case, column) == value for column, value in narrowed.conditions.items()]


def queue_page(
    reader: Session,
    *,
    account_id: str | None,
    now: datetime,
    after: Place | None = None,
    limit: int = PAGE_ROWS,
    resolves: bool = False,
    narrowed: Narrowed = EVERYTHING,
) -> QueuePage:
    """Cases that wait or are held by colleagues, in queue order after ``after``; not one's own or passed on.

    ``resolves``: with those on which two reviews differ.
    """
    chosen = are_narrowed(narrowed)
    beyond = [] if after is None else [sa.tuple_(*_ORDER) > _place_value(after)]
    found: list[Any] = []
    for waiting in _waiting(account_id, resolves=resolves):
        part = sa.select(Case).where(waiting, ~_certainly(is_held_by(account_id, now)), *chosen, *beyond)
        found += reader.scalars(part.order_by(*_ORDER).limit(limit + 1))
    found.sort(key=lambda case: Place(case.rank, case.due_at, case.opened_at, case.id))
    rows, previous = [], after
    for case in found[:limit]:
        tied = previous is not None and (previous.rank, previous.due_at) == (case.rank, case.due_at)
        rows.append(_summary(case, account_id=account_id, now=now, tied=tied, resolves=resolves))
        previous = rows[-1].place
    return QueuePage(tuple(rows), rows[-1].place if len(found) > limit else None)


def waiting_languages(reader: Session) -> tuple[str, ...]:
    """The languages of what waits first, to choose from."""
    first = sa.select(Case.language).where(is_queued()).order_by(*_ORDER).limit(LANGUAGES_OF).subquery()
    found = reader.scalars(sa.select(first.c.language).distinct().where(first.c.language.is_not(None)))
    return tuple(sorted(found))


def _certainly(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The condition with unknown read as false, so that its negation keeps rows without a claim."""
    return sa.func.coalesce(condition, sa.false())


def _place_value(place: Place) -> Any:
    return sa.tuple_(
        sa.literal(place.rank),
        sa.literal(place.due_at, Moment()),
        sa.literal(place.opened_at, Moment()),
        sa.literal(place.id),
    )


def _summary(
    case: Any,
    *,
    account_id: str | None,
    now: datetime,
    tied: bool = False,
    resolves: bool = False,
    recorded: bool = False,
) -> CaseSummary:
    waits = case.state in CLAIMABLE and (resolves or case.state != CaseState.RESOLVING)
    running = case.claimed_until is not None and case.claimed_until > now
    yours = running and case.claimed_by == account_id
    held = "yours" if yours else "held" if running else "free"
    return CaseSummary(
        id=case.id,
        state=case.state,
        rank=case.rank,
        due_at=case.due_at,
        opened_at=case.opened_at,
        why=why_first(rank=case.rank, due_at=case.due_at, now=now, tied=tied),
        intake_kind=case.intake_kind,
        content_type=case.content_type,
        language=case.language,
        items=case.items_live,
        held=held,
        held_until=case.claimed_until if running else None,
        version=case.version,
        claim_generation=case.claim_generation,
        claimable=waits and case.pending_review_id is None and not running,
        pending=case.pending_review_id is not None,
        recorded=recorded,
    )


def claim_mark(case_id: str, claim_generation: int) -> str:
    """What tells one claim from every other; a page names those that it knows of."""
    return f"{case_id}.{claim_generation}"


def held_cases(reader: Session, *, account_id: str | None, now: datetime) -> tuple[CaseSummary, ...]:
    """The cases that this person holds, in queue order."""
    found = _HELD.all(reader, account_id=account_id, now=now)
    return tuple(_summary(case, account_id=account_id, now=now) for case in found)


def queue_counts(
    reader: Session, *, account_id: str | None, now: datetime, resolves: bool = False
) -> QueueCounts:
    """How much waits for this person, what is due within the hour or overdue, and what this person holds."""
    # naming all ranks lets the index of the queue find due times without reading every waiting case
    free = [sa.and_(part, is_unclaimed(now)) for part in _waiting(account_id, resolves=resolves)]
    ranked = Case.rank.in_(list(Rank))

    def count(parts: Sequence[sa.ColumnElement[bool]], *conditions: sa.ColumnElement[bool]) -> int:
        some = [sa.select(Case.id).where(part, *conditions).limit(MOST_COUNTED + 1) for part in parts]
        rows = sa.union_all(*[sa.select(one.subquery()) for one in some]).subquery()
        return min(int(reader.scalar(sa.select(sa.func.count()).select_from(rows)) or 0), MOST_COUNTED + 1)

    return QueueCounts(
        waiting=count(free),
        due_soon=count(free, ranked, Case.due_at > now, Case.due_at <= now + timedelta(hours=1)),
        overdue=count(free, ranked, Case.due_at <= now),
        held_by_you=count([is_held_by(account_id, now)]),
        oldest_at=_oldest_at(reader, account_id, now, resolves=resolves),
    )


def _oldest_at(reader: Session, account_id: str | None, now: datetime, *, resolves: bool) -> datetime | None:
    """When the oldest that waits for this person came: state by state, because its index begins with that."""
    states = (*QUEUED, CaseState.RESOLVING) if resolves else QUEUED
    oldest = [
        sa.select(Case.opened_at)
        .where(Case.state == state, is_undelayed(), is_unclaimed(now), _listed_to(account_id))
        .order_by(Case.opened_at)
        .limit(1)
        .subquery()
        for state in states
    ]
    every = sa.union_all(*[sa.select(one.c.opened_at) for one in oldest]).subquery()
    found: datetime | None = reader.scalar(sa.select(sa.func.min(every.c.opened_at, type_=Moment())))
    return found


_HELD = Prepared(
    lambda: (
        sa.select(Case).where(is_held_by(sa.bindparam("account_id"), sa.bindparam("now"))).order_by(*_ORDER)
    )
)
_ONE = Prepared(lambda: sa.select(Case).where(Case.id == sa.bindparam("case_id")))


def case_summary(
    reader: Session, case_id: str, *, account_id: str | None, now: datetime, resolves: bool = False
) -> CaseSummary | None:
    """The strip of one case; None when there is no such case. ``recorded`` is for the caller to fill in."""
    case = _ONE.first(reader, case_id=case_id)
    return None if case is None else _summary(case, account_id=account_id, now=now, resolves=resolves)


def summaries_of(
    reader: Session, ids: Sequence[str], *, account_id: str | None, now: datetime, resolves: bool = False
) -> dict[str, CaseSummary]:
    """The strips of a few cases, by id; of those that there are."""
    found = _with_own(account_id).where(Case.id.in_(ids))
    return {
        case.id: _summary(case, account_id=account_id, now=now, resolves=resolves, recorded=recorded)
        for case, recorded in reader.execute(found)
    }


def _with_own(account_id: str | None) -> sa.Select[Any, bool]:
    """Cases, each with whether this person has reviewed it."""
    return sa.select(Case, (~not_reviewed_by(account_id)).label("recorded"))


def cases_among(
    reader: Session, ids: sa.Select[Any], *, account_id: str | None, now: datetime
) -> tuple[CaseSummary, ...]:
    """Of these cases the live ones and those that this person has reviewed, 50 at most, newest first."""
    statement = (
        _with_own(account_id)
        .where(Case.id.in_(ids), sa.or_(Case.state.in_(LIVE), ~not_reviewed_by(account_id)))
        .order_by(Case.opened_at.desc(), Case.id.desc())
        .limit(PAGE_ROWS)
    )
    return tuple(
        _summary(case, account_id=account_id, now=now, recorded=recorded)
        for case, recorded in reader.execute(statement)
    )
