"""Which cases does a search of legal staff find? The newest first, at a bounded cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Moment
from review.domain.searching import Reading
from review.domain.states import CaseState
from review.models import Case, Decision, Item, Referral, Review, Sender
from review.queries.queued import is_undelayed
from review.queries.search_entries import MOST_CANDIDATES, cases_read

LISTED = 50
MOST_COUNTED = 999
LOOKED_THROUGH = 5_000
"""Cases that one page looks through for those that a filter leaves; the next page goes on behind them."""
FIRST_CHARACTERS = 120
MOST_SENDERS = 500


class Place(NamedTuple):
    """A place in the list: when a case was opened, and its id."""

    opened_at: datetime
    id: str


@dataclass(frozen=True)
class Filters:
    """What narrows a search; None leaves everything. ``until`` is the first moment after."""

    intake_kind: str | None = None
    state: str | None = None
    outcome: str | None = None
    sender_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def narrow(self) -> bool:
        """Whether something is asked that no index of cases is ordered by."""
        return any((self.intake_kind, self.outcome, self.sender_id))


def start_of(day: date | None, *, days: int = 0) -> datetime | None:
    """The first moment of a day in UTC, so many days later; None for a day that no clock shows."""
    if day is None:
        return None
    try:
        return datetime.combine(day, time(), tzinfo=UTC) + timedelta(days=days)
    except OverflowError:
        return None


@dataclass(frozen=True)
class CaseListed:
    """One line of the list of records."""

    id: str
    state: str
    intake_kind: str
    outcome: str | None
    opened_at: datetime
    decided_at: datetime | None
    items: int


@dataclass(frozen=True)
class CasesFound:
    """A page of cases; ``count``, at most 1 000, is of those looked through, which are all if ``whole``.

    ``next_place`` is where the next page starts, also when this one found less because it looked through
    as much as a page may.
    """

    rows: tuple[CaseListed, ...]
    count: int
    whole: bool
    next_place: Place | None


@dataclass(frozen=True)
class FirstWords:
    """How the reason of a case's first referral begins."""

    text: str
    language: str | None


def cases_found(
    reader: Session,
    readings: tuple[Reading, ...],
    *,
    filters: Filters | None = None,
    after: Place | None = None,
) -> CasesFound:
    """The cases behind what was searched, or all of them when nothing was, newest first."""
    chosen = filters or Filters()
    window = None
    if readings:
        candidates = cases_read(reader, readings)
        among: sa.ColumnElement[bool] = Case.id.in_(candidates)
    else:
        most = LOOKED_THROUGH if chosen.narrow else MOST_COUNTED + 1
        window = _window(chosen, after, most=most)
        among = Case.id.in_(sa.select(window.c.id))
    places = _matching(reader, [among, *conditions_of(chosen), *_behind(after)])
    whole, edge = True, None
    if window is not None:
        looked, edge = _edge(reader, window) if chosen.narrow else (len(places), None)
        whole = looked < most
    elif _MANY & {reading.kind for reading in readings}:
        whole = int(reader.scalar(_number(candidates)) or 0) < MOST_CANDIDATES
    more = len(places) > LISTED
    return CasesFound(
        rows=_lines(reader, [place.id for place in places[:LISTED]]),
        count=len(places),
        whole=whole,
        next_place=places[LISTED - 1] if more else None if whole else edge,
    )


_MANY = frozenset({"batch", "digest", "host", "sender", "text"})
"""Ways to understand a search that may lead to more cases than it looks at."""


def _matching(reader: Session, where: Sequence[sa.ColumnElement[bool]]) -> list[Place]:
    """The first thousand of the cases that are left, newest first."""
    statement = sa.select(Case.opened_at, Case.id).where(*where)
    ordered = statement.order_by(Case.opened_at.desc(), Case.id.desc()).limit(MOST_COUNTED + 1)
    return [Place(row.opened_at, row.id) for row in reader.execute(ordered)]


def first_words(reader: Session, case_ids: Sequence[str]) -> dict[str, FirstWords]:
    """How the reasons begin, by case."""
    if not case_ids:
        return {}
    rows = reader.execute(
        sa.select(
            Item.case_id,
            sa.func.substr(Referral.reason, 1, FIRST_CHARACTERS).label("words"),
            Referral.language,
        )
        .join(Referral, Referral.id == Item.referral_id)
        .where(Item.case_id.in_(case_ids))
        .order_by(Item.joined_at.desc(), Item.id.desc())
        .limit(MOST_CANDIDATES)
    )
    return {row.case_id: FirstWords(row.words, row.language) for row in rows}


def senders_named(reader: Session) -> list[tuple[str, str]]:
    """Id and name of the senders to choose from, by name."""
    named = sa.select(Sender.id, Sender.name).order_by(Sender.name, Sender.id).limit(MOST_SENDERS)
    return [(row.id, row.name) for row in reader.execute(named)]


def _number(statement: sa.Select[Any]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(statement.subquery())


def _lines(reader: Session, case_ids: Sequence[str]) -> tuple[CaseListed, ...]:
    """What is said of these cases, in their order."""
    columns = (
        Case.id,
        Case.state,
        Case.intake_kind,
        _outcome().label("outcome"),
        Case.opened_at,
        Case.decided_at,
        Case.items_live,
    )
    rows = reader.execute(sa.select(*columns).where(Case.id.in_(case_ids))) if case_ids else ()
    found = {row.id: CaseListed(*row) for row in rows}
    return tuple(found[case_id] for case_id in case_ids if case_id in found)


def _outcome() -> sa.ScalarSelect[Any]:
    """The outcome of the newest decision."""
    newest = sa.select(Decision.outcome).where(Decision.case_id == Case.id)
    return newest.order_by(Decision.decided_at.desc()).limit(1).correlate(Case).scalar_subquery()


def conditions_of(filters: Filters) -> list[sa.ColumnElement[bool]]:
    """What a case must be for these filters to leave it."""
    found: list[sa.ColumnElement[bool]] = [*_between(filters)]
    if filters.state is not None:
        found.append(Case.state == filters.state)
    if filters.intake_kind is not None:
        found.append(Case.intake_kind == filters.intake_kind)
    if filters.outcome is not None:
        found.append(_outcome() == filters.outcome)
    if filters.sender_id is not None:
        sent = sa.select(Item.id).join(Referral, Referral.id == Item.referral_id)
        sent = sent.where(Item.case_id == Case.id, Referral.sender_id == filters.sender_id)
        found.append(sent.correlate(Case).exists())
    return found


def _between(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found = [] if filters.since is None else [Case.opened_at >= filters.since]
    return found if filters.until is None else [*found, Case.opened_at < filters.until]


def _behind(place: Place | None) -> list[sa.ColumnElement[bool]]:
    """Cases after this place of the list; the first condition is the one that an index knows."""
    if place is None:
        return []
    moment = sa.literal(place.opened_at, Moment())
    there = sa.tuple_(moment, sa.literal(place.id))
    return [Case.opened_at <= moment, sa.tuple_(Case.opened_at, Case.id) < there]


def _window(filters: Filters, after: Place | None, *, most: int) -> Any:
    """The newest cases after a place, state by state along the index that is ordered by arrival.

    Cases whose review waits for its undo window are not in that index, but in the one of such reviews.
    """
    columns = sa.select(Case.id, Case.opened_at).where(*_between(filters), *_behind(after))
    newest_first = (Case.opened_at.desc(), Case.id.desc())
    states = [CaseState(filters.state)] if filters.state is not None else list(CaseState)
    parts = [
        columns.where(Case.state == state, is_undelayed()).order_by(*newest_first).limit(most).subquery()
        for state in states
    ]
    waiting = columns.join(
        Review, sa.and_(Review.case_id == Case.id, Review.id == Case.pending_review_id)
    ).where(Review.undone_at.is_(None), Review.dispatched_at.is_(None))
    if filters.state is not None:
        waiting = waiting.where(Case.state == filters.state)
    parts.append(waiting.order_by(*newest_first).limit(most).subquery())
    every = sa.union_all(*[sa.select(part.c.id, part.c.opened_at) for part in parts]).subquery()
    ordered = sa.select(every.c.id, every.c.opened_at).order_by(every.c.opened_at.desc(), every.c.id.desc())
    return ordered.limit(most).subquery()


def _edge(reader: Session, window: Any) -> tuple[int, Place | None]:
    """How many cases are in a window, and the last of them."""
    looked = int(reader.scalar(sa.select(sa.func.count()).select_from(window)) or 0)
    last = sa.select(window.c.opened_at, window.c.id).order_by(window.c.opened_at, window.c.id).limit(1)
    row = reader.execute(last).one_or_none()
    return looked, None if row is None else Place(row.opened_at, row.id)
