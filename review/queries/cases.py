"""Which cases wait, who holds them, and what does the holder see? Nothing here names a sender or a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.priority import why_first
from review.domain.states import CLAIMABLE, FOR_LEADS, LIVE, QUEUED, ROUND_IN, CaseState, Round
from review.models import Case, Complaint, EmailedReferral, Item, Pass, Review, SetAside
from review.prepared import Prepared
from review.queries.queued import is_in_dispute, is_queued

PAGE_ROWS = 50
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


_ORDER = (Case.rank, Case.due_at, Case.opened_at, Case.id)

RECORDED = "recorded"
"""What one's own reviewed case is called for ever: another word at another time would tell of rounds."""


def shown_state(state: str, *, recorded: bool) -> str:
    """The state of a case as people who judge see it: their own reviewed ones all alike."""
    if recorded:
        return RECORDED
    return CaseState.OPEN if state in QUEUED else state


Bound = sa.BindParameter[Any]
Time = datetime | Bound
Person = str | Bound | None


def is_free(now: Time) -> sa.ColumnElement[bool]:
    """The case is open to a claim at ``now``: claimable state, no review pending, nobody's claim runs."""
    return sa.and_(
        Case.state.in_([sa.literal(state) for state in CLAIMABLE]),
        Case.pending_review_id.is_(None),
        is_unclaimed(now),
    )


def is_unclaimed(now: Time) -> sa.ColumnElement[bool]:
    """Nobody's claim runs at ``now``."""
    return sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= now)


def is_for(resolves: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The case waits for everybody, or this person, where ``resolves`` is true, may judge for leads."""
    return sa.or_(Case.state.not_in([sa.literal(state) for state in FOR_LEADS]), resolves)


def is_held_by(account_id: Person, now: Time) -> sa.ColumnElement[bool]:
    """This person's claim runs at ``now``."""
    return sa.and_(Case.claimed_by == account_id, Case.claimed_until > now)


def not_reviewed_by(account_id: Person) -> sa.ColumnElement[bool]:
    """This person has no review of the case that stands; an undone one does not count."""
    return ~(
        sa.select(Review.id)
        .where(Review.case_id == Case.id, Review.account_id == account_id, Review.undone_at.is_(None))
        .exists()
    )


def not_confirmed_by(account_id: Person) -> sa.ColumnElement[bool]:
    """This person made no item of the case out of an e-mail, and so does not know its sender."""
    return ~(
        sa.select(EmailedReferral.id)
        .join(Item, Item.referral_id == EmailedReferral.referral_id)
        .where(Item.case_id == Case.id, EmailedReferral.ended_by == account_id)
        .exists()
    )


def not_registered_by(account_id: Person) -> sa.ColumnElement[bool]:
    """This person registered no complaint about the case on somebody's behalf."""
    return ~(
        sa.select(Complaint.id)
        .where(Complaint.case_id == Case.id, Complaint.registered_by == account_id)
        .exists()
    )


def not_set_aside_by(account_id: Person, now: Time) -> sa.ColumnElement[bool]:
    """This person has not set the case aside until a time after ``now``."""
    return ~(
        sa.select(SetAside.until)
        .where(SetAside.case_id == Case.id, SetAside.account_id == account_id, SetAside.until > now)
        .exists()
    )


def not_passed_by(account_id: Person) -> sa.ColumnElement[bool]:
    """This person has not passed the case on to others."""
    return ~(sa.select(Pass.reason).where(Pass.case_id == Case.id, Pass.account_id == account_id).exists())


def is_listed_to(account_id: Person) -> sa.ColumnElement[bool]:
    """Not one of those that this person reviewed (that they wait again is nothing to know) or passed on."""
    is_open = Case.state == sa.literal_column("'open'", sa.String())
    return sa.and_(sa.or_(is_open, not_reviewed_by(account_id)), not_passed_by(account_id))


def waiting_parts(account_id: Person, *, resolves: bool) -> list[sa.ColumnElement[bool]]:
    """What waits for this person, in parts that one index each holds in the order of the queue."""
    parts = [is_queued(), is_in_dispute()] if resolves else [is_queued()]
    return [sa.and_(part, is_listed_to(account_id)) for part in parts]


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
    asked = _parts_of_page(resolves, tuple(narrowed.conditions), after is not None)
    given = narrowed.conditions | ({} if after is None else after._asdict())
    given |= {"me": account_id, "now": now, "most": limit + 1}
    found = [case for part in asked for case in part.all(reader, **given)]
    found.sort(key=lambda case: Place(case.rank, case.due_at, case.opened_at, case.id))
    rows, previous = [], after
    for case in found[:limit]:
        tied = previous is not None and (previous.rank, previous.due_at) == (case.rank, case.due_at)
        rows.append(_summary(case, account_id=account_id, now=now, tied=tied, resolves=resolves))
        previous = rows[-1].place
    return QueuePage(tuple(rows), rows[-1].place if len(found) > limit else None)


@cache
def _parts_of_page(resolves: bool, columns: tuple[str, ...], goes_on: bool) -> list[Prepared]:
    """The statements of a page, one for each index that holds a part of the queue in its order."""
    return [Prepared(partial(_page_of, part, columns, goes_on)) for part in range(2 if resolves else 1)]


def _page_of(part: int, columns: tuple[str, ...], goes_on: bool) -> sa.Select[Any]:
    me: Bound = sa.bindparam("me")
    waiting = waiting_parts(me, resolves=True)[part]
    chosen = [getattr(Case, column) == sa.bindparam(column) for column in columns]
    place = [sa.bindparam(column.key, type_=column.type) for column in _ORDER]
    beyond = [sa.tuple_(*_ORDER) > sa.tuple_(*place)] if goes_on else []
    free = ~_certainly(is_held_by(me, sa.bindparam("now")))
    found = sa.select(Case).where(waiting, free, *chosen, *beyond)
    return found.order_by(*_ORDER).limit(sa.bindparam("most", type_=sa.Integer()))


def waiting_languages(reader: Session) -> tuple[str, ...]:
    """The languages of what waits first, to choose from."""
    return tuple(sorted(row[0] for row in _LANGUAGES.all(reader)))


def _languages() -> sa.Select[Any]:
    # as a value it would hide from the planner how few are read
    most: sa.ColumnElement[int] = sa.literal_column(str(LANGUAGES_OF))
    first = sa.select(Case.language).where(is_queued()).order_by(*_ORDER).limit(most).subquery()
    return sa.select(first.c.language).distinct().where(first.c.language.is_not(None))


_LANGUAGES = Prepared(_languages)


def _certainly(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The condition with unknown read as false, so that its negation keeps rows without a claim."""
    return sa.func.coalesce(condition, sa.false())


def _summary(
    case: Any,
    *,
    account_id: str | None,
    now: datetime,
    tied: bool = False,
    resolves: bool = False,
    recorded: bool = False,
) -> CaseSummary:
    waits = case.state in CLAIMABLE and (resolves or case.state not in FOR_LEADS)
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
