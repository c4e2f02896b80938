"""Which cases wait, who holds them, and what does the holder see? Nothing here names a sender or a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Moment
from review.domain.priority import Rank, why_first
from review.domain.states import CLAIMABLE, LIVE, CaseState
from review.models import (
    Case,
    Clause,
    ClauseVersion,
    Decision,
    Evidence,
    Item,
    Referral,
    Review,
    ReviewClause,
    Sender,
)

PAGE_ROWS = 50
MOST_COUNTED = 999
MOST_ITEMS_SHOWN = 100
MOST_EARLIER_SHOWN = 20


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
    None when free.
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


@dataclass(frozen=True)
class EvidenceNamed:
    """A file that came along: named with its size in bytes, not shown."""

    name: str
    media_type: str
    length: int


@dataclass(frozen=True)
class ItemShown:
    """One item of a case as its holder sees it."""

    id: str
    url_as_sent: str
    canonical_url: str
    defanged: bool
    content_type: str | None
    language: str | None
    published_at: datetime | None
    description: str | None
    status: str
    evidence: tuple[EvidenceNamed, ...]


@dataclass(frozen=True)
class ReferralShown:
    """One referral of a case; from ``sender_kind`` on it may sway the first look, and is folded away."""

    reason: str
    language: str | None
    legal_basis: str | None
    detected_at: datetime | None
    received_at: datetime
    urgency: str
    items: tuple[ItemShown, ...]
    sender_kind: str
    category: str | None
    keyword: str | None
    requested_action: str | None
    issuing_authority: str | None
    issuing_country: str | None


@dataclass(frozen=True)
class EarlierDecision:
    """What was decided at this location before: outcome, date, and clauses as number and version."""

    case_id: str
    outcome: str
    reason: str | None
    decided_at: datetime
    clauses: tuple[str, ...]


_ORDER = (Case.rank, Case.due_at, Case.opened_at, Case.id)


def is_free(now: datetime) -> sa.ColumnElement[bool]:
    """The case is open to a claim at ``now``: claimable state, no review pending, nobody's claim runs."""
    return sa.and_(
        Case.state.in_(CLAIMABLE),
        Case.pending_review_id.is_(None),
        sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= now),
    )


def is_held_by(account_id: str | None, now: datetime) -> sa.ColumnElement[bool]:
    """This person's claim runs at ``now``."""
    return sa.and_(Case.claimed_by == account_id, Case.claimed_until > now)


def not_reviewed_by(account_id: str | None) -> sa.ColumnElement[bool]:
    """This person has no review of the case that stands; an undone one does not count."""
    return ~(
        sa.select(Review.id)
        .where(Review.case_id == Case.id, Review.account_id == account_id, Review.undone_at.is_(None))
        .exists()
    )


def queue_page(
    reader: Session,
    *,
    account_id: str | None,
    now: datetime,
    after: Place | None = None,
    limit: int = PAGE_ROWS,
) -> QueuePage:
    """Cases that wait or are held by colleagues, in queue order from ``after`` on; one's own stand apart."""
    statement = (
        sa.select(Case)
        .where(
            Case.state.in_(CLAIMABLE),
            Case.pending_review_id.is_(None),
            ~_certainly(is_held_by(account_id, now)),
        )
        .order_by(*_ORDER)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(sa.tuple_(*_ORDER) > _place_value(after))
    found = list(reader.scalars(statement))
    rows, previous = [], after
    for case in found[:limit]:
        tied = previous is not None and (previous.rank, previous.due_at) == (case.rank, case.due_at)
        rows.append(_summary(case, account_id=account_id, now=now, tied=tied))
        previous = rows[-1].place
    return QueuePage(tuple(rows), rows[-1].place if len(found) > limit else None)


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


def _summary(case: Case, *, account_id: str | None, now: datetime, tied: bool = False) -> CaseSummary:
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
        claimable=case.state in CLAIMABLE and case.pending_review_id is None and not running,
        pending=case.pending_review_id is not None,
    )


def held_cases(reader: Session, *, account_id: str | None, now: datetime) -> tuple[CaseSummary, ...]:
    """The cases that this person holds, in queue order."""
    statement = sa.select(Case).where(is_held_by(account_id, now)).order_by(*_ORDER)
    return tuple(_summary(case, account_id=account_id, now=now) for case in reader.scalars(statement))


def queue_counts(reader: Session, *, account_id: str | None, now: datetime) -> QueueCounts:
    """How much waits for anybody, what is due within the hour or overdue, and what this person holds.

    Naming all ranks lets the index of the queue find due times without reading every waiting case.
    """
    free = is_free(now)
    ranked = Case.rank.in_(list(Rank))

    def count(*conditions: sa.ColumnElement[bool]) -> int:
        rows = sa.select(Case.id).where(*conditions).limit(MOST_COUNTED + 1).subquery()
        return int(reader.scalar(sa.select(sa.func.count()).select_from(rows)) or 0)

    return QueueCounts(
        waiting=count(free),
        due_soon=count(free, ranked, Case.due_at > now, Case.due_at <= now + timedelta(hours=1)),
        overdue=count(free, ranked, Case.due_at <= now),
        held_by_you=count(is_held_by(account_id, now)),
        oldest_at=reader.scalar(sa.select(sa.func.min(Case.opened_at)).where(free)),
    )


def case_summary(
    reader: Session, case_id: str, *, account_id: str | None, now: datetime
) -> CaseSummary | None:
    """The strip of one case; None when there is no such case."""
    case = reader.get(Case, case_id, populate_existing=True)
    return None if case is None else _summary(case, account_id=account_id, now=now)


def referrals_of(reader: Session, case_id: str) -> tuple[ReferralShown, ...]:
    """What was referred, the first 100 items that are still asked about, by time of receipt."""
    rows = reader.execute(
        sa.select(Item, Referral, Sender.kind)
        .join(Referral, Referral.id == Item.referral_id)
        .join(Sender, Sender.id == Referral.sender_id)
        .where(Item.case_id == case_id, Item.status != "withdrawn")
        .order_by(Referral.received_at, Referral.id, Item.position)
        .limit(MOST_ITEMS_SHOWN)
    ).all()
    evidence = _evidence_of(reader, [item.id for item, _referral, _kind in rows])
    grouped: dict[str, tuple[Referral, str, list[ItemShown]]] = {}
    for item, referral, kind in rows:
        shown = _item_shown(item, evidence.get(item.id, ()))
        grouped.setdefault(referral.id, (referral, kind, []))[2].append(shown)
    return tuple(
        ReferralShown(
            reason=referral.reason,
            language=referral.language,
            legal_basis=referral.legal_basis,
            detected_at=referral.detected_at,
            received_at=referral.received_at,
            urgency=referral.urgency,
            items=tuple(items),
            sender_kind=kind,
            category=referral.category,
            keyword=referral.keyword,
            requested_action=referral.requested_action,
            issuing_authority=referral.issuing_authority,
            issuing_country=referral.issuing_country,
        )
        for referral, kind, items in grouped.values()
    )


def count_senders(reader: Session, case_id: str) -> int:
    """How many senders the statement goes to."""
    statement = (
        sa.select(sa.func.count(sa.distinct(Referral.sender_id)))
        .join(Item, Item.referral_id == Referral.id)
        .where(Item.case_id == case_id, Item.status != "withdrawn")
    )
    return int(reader.scalar(statement) or 0)


def _item_shown(item: Item, evidence: Sequence[EvidenceNamed]) -> ItemShown:
    return ItemShown(
        id=item.id,
        url_as_sent=item.url_as_sent,
        canonical_url=item.canonical_url,
        defanged=item.defanged,
        content_type=item.content_type,
        language=item.language,
        published_at=item.published_at,
        description=item.description,
        status=item.status,
        evidence=tuple(evidence),
    )


def _evidence_of(reader: Session, item_ids: Sequence[str]) -> dict[str, list[EvidenceNamed]]:
    found: dict[str, list[EvidenceNamed]] = {}
    rows = reader.execute(
        sa.select(Evidence.item_id, Evidence.name, Evidence.media_type, Evidence.length)
        .where(Evidence.item_id.in_(item_ids))
        .order_by(Evidence.item_id, Evidence.name, Evidence.id)
    )
    for item_id, name, media_type, length in rows:
        found.setdefault(item_id, []).append(EvidenceNamed(name, media_type, length))
    return found


def live_cases_of_other_kinds(reader: Session, case_id: str) -> tuple[tuple[str, str], ...]:
    """Id and intake kind of the live cases at the same location that came in as another kind."""
    this, other = sa.orm.aliased(Case), sa.orm.aliased(Case)
    rows = reader.execute(
        sa.select(other.id, other.intake_kind)
        .join(this, this.match_digest == other.match_digest)
        .where(this.id == case_id, other.id != case_id, other.state.in_(LIVE))
        .order_by(other.opened_at, other.id)
    )
    return tuple((row.id, row.intake_kind) for row in rows)


def earlier_decisions(reader: Session, case_id: str) -> tuple[EarlierDecision, ...]:
    """What was decided at the location of this case before, newest first, at most 20."""
    this = sa.orm.aliased(Case)
    rows = reader.execute(
        sa.select(Case.id, Decision.outcome, Decision.decided_at, Review.id, Review.decline_reason)
        .join(this, this.match_digest == Case.match_digest)
        .join(Decision, Decision.case_id == Case.id)
        .join(Review, Review.id == Decision.review_id)
        .where(this.id == case_id, Case.id != case_id, Case.state == CaseState.DECIDED)
        .order_by(Decision.decided_at.desc(), Case.id)
        .limit(MOST_EARLIER_SHOWN)
    ).all()
    clauses: dict[str, list[str]] = {}
    named = reader.execute(
        sa.select(ReviewClause.review_id, Clause.number, ClauseVersion.version)
        .join(ClauseVersion, ClauseVersion.id == ReviewClause.clause_version_id)
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .where(ReviewClause.review_id.in_([row[3] for row in rows]))
        .order_by(Clause.document, Clause.number)
    )
    for review_id, number, version in named:
        clauses.setdefault(review_id, []).append(f"{number} (v{version})")
    return tuple(
        EarlierDecision(case_id, outcome, reason, decided_at, tuple(clauses.get(review_id, ())))
        for case_id, outcome, decided_at, review_id, reason in rows
    )
