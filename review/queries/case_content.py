"""What was referred, as the holder of its case sees it; nothing here names a sender or a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import LIVE, CaseState
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
from review.prepared import Prepared

MOST_ITEMS_SHOWN = 100
MOST_EARLIER_SHOWN = 20


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


@dataclass(frozen=True)
class CaseContent:
    """Everything that the holder reads before deciding; ``senders``: how many the statement goes to."""

    referrals: tuple[ReferralShown, ...]
    senders: int
    others: tuple[tuple[str, str], ...]
    earlier: tuple[EarlierDecision, ...]


def case_content(reader: Session, case_id: str, *, account_id: str | None = None) -> CaseContent:
    """What was referred, who else waits at the location, and what was decided there before.

    Cases that this person has reviewed stand there with that review, whatever became of it.
    """
    rows = _ITEMS.all(reader, case_id=case_id)
    alone = _COMPANY.first(reader, case_id=case_id) is None
    return CaseContent(
        referrals=_grouped(reader, rows),
        senders=len({row.sender_id for row in rows})
        if len(rows) < MOST_ITEMS_SHOWN
        else count_senders(reader, case_id),
        others=() if alone else live_cases_of_other_kinds(reader, case_id, account_id=account_id),
        earlier=() if alone else earlier_decisions(reader, case_id, account_id=account_id),
    )


_ITEMS = Prepared(
    lambda: (
        sa.select(
            Item.id,
            Item.url_as_sent,
            Item.canonical_url,
            Item.defanged,
            Item.content_type,
            Item.language,
            Item.published_at,
            Item.description,
            Item.status,
            sa.select(Evidence.id).where(Evidence.item_id == Item.id).exists().label("has_evidence"),
            Referral.id.label("referral_id"),
            Referral.sender_id,
            Referral.reason,
            Referral.language.label("referral_language"),
            Referral.legal_basis,
            Referral.detected_at,
            Referral.received_at,
            Referral.urgency,
            Referral.category,
            Referral.keyword,
            Referral.requested_action,
            Referral.issuing_authority,
            Referral.issuing_country,
            Sender.kind.label("sender_kind"),
        )
        .join(Referral, Referral.id == Item.referral_id)
        .join(Sender, Sender.id == Referral.sender_id)
        .where(Item.case_id == sa.bindparam("case_id"), Item.status != sa.literal("withdrawn"))
        .order_by(Referral.received_at, Referral.id, Item.position)
        .limit(sa.literal(MOST_ITEMS_SHOWN))
    )
)


def _company() -> sa.Select[str]:
    this, other = sa.orm.aliased(Case), sa.orm.aliased(Case)
    return (
        sa.select(other.id)
        .join(this, this.match_digest == other.match_digest)
        .where(this.id == sa.bindparam("case_id"), other.id != this.id)
        .limit(sa.literal(1))
    )


_COMPANY = Prepared(_company)


def referrals_of(reader: Session, case_id: str) -> tuple[ReferralShown, ...]:
    """What was referred, the first 100 items that are still asked about, by time of receipt."""
    return _grouped(reader, _ITEMS.all(reader, case_id=case_id))


def _grouped(reader: Session, rows: Sequence[Any]) -> tuple[ReferralShown, ...]:
    evidence = _evidence_of(reader, [row.id for row in rows if row.has_evidence])
    grouped: dict[str, tuple[Any, list[ItemShown]]] = {}
    for row in rows:
        shown = _item_shown(row, evidence.get(row.id, ()))
        grouped.setdefault(row.referral_id, (row, []))[1].append(shown)
    return tuple(
        ReferralShown(
            reason=row.reason,
            language=row.referral_language,
            legal_basis=row.legal_basis,
            detected_at=row.detected_at,
            received_at=row.received_at,
            urgency=row.urgency,
            items=tuple(items),
            sender_kind=row.sender_kind,
            category=row.category,
            keyword=row.keyword,
            requested_action=row.requested_action,
            issuing_authority=row.issuing_authority,
            issuing_country=row.issuing_country,
        )
        for row, items in grouped.values()
    )


def count_senders(reader: Session, case_id: str) -> int:
    """How many senders the statement goes to."""
    statement = (
        sa.select(sa.func.count(sa.distinct(Referral.sender_id)))
        .join(Item, Item.referral_id == Referral.id)
        .where(Item.case_id == case_id, Item.status != "withdrawn")
    )
    return int(reader.scalar(statement) or 0)


def _item_shown(row: Any, evidence: Sequence[EvidenceNamed]) -> ItemShown:
    return ItemShown(
        id=row.id,
        url_as_sent=row.url_as_sent,
        canonical_url=row.canonical_url,
        defanged=bool(row.defanged),
        content_type=row.content_type,
        language=row.language,
        published_at=row.published_at,
        description=row.description,
        status=row.status,
        evidence=tuple(evidence),
    )


def _evidence_of(reader: Session, item_ids: Sequence[str]) -> dict[str, list[EvidenceNamed]]:
    found: dict[str, list[EvidenceNamed]] = {}
    if not item_ids:
        return found
    rows = reader.execute(
        sa.select(Evidence.item_id, Evidence.name, Evidence.media_type, Evidence.length)
        .where(Evidence.item_id.in_(item_ids))
        .order_by(Evidence.item_id, Evidence.name, Evidence.id)
    )
    for item_id, name, media_type, length in rows:
        found.setdefault(item_id, []).append(EvidenceNamed(name, media_type, length))
    return found


def live_cases_of_other_kinds(
    reader: Session, case_id: str, *, account_id: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Id and intake kind of the live cases at the same location that came in as another kind.

    Without those that this person has reviewed: that one of them still lives is nothing to know.
    """
    this, other = sa.orm.aliased(Case), sa.orm.aliased(Case)
    rows = reader.execute(
        sa.select(other.id, other.intake_kind)
        .join(this, this.match_digest == other.match_digest)
        .where(
            this.id == case_id, other.id != case_id, other.state.in_(LIVE), ~_has_review(other.id, account_id)
        )
        .order_by(other.opened_at, other.id)
    )
    return tuple((row.id, row.intake_kind) for row in rows)


def _has_review(
    case_id: sa.orm.InstrumentedAttribute[str], account_id: str | None, *, others: bool = False
) -> sa.ColumnElement[bool]:
    """Whether a review of the case stands that this person wrote, or, with ``others``, somebody else."""
    theirs = Review.account_id != account_id if others else Review.account_id == account_id
    review = sa.select(Review.id).where(Review.case_id == case_id, Review.undone_at.is_(None), theirs)
    return review.correlate_except(Review).exists()


def earlier_decisions(
    reader: Session, case_id: str, *, account_id: str | None = None
) -> tuple[EarlierDecision, ...]:
    """What was decided at the location of this case before, newest first, at most 20.

    Of a case that this person alone has reviewed, as far as that may be known, it is that review, at the time
    of its recording: so it is the same whether a colleague reviews it too.
    """
    this, deciding = sa.orm.aliased(Case), sa.orm.aliased(Review)
    here = (this.id == case_id, Case.id != case_id)
    own = _has_review(Case.id, account_id)
    known = sa.or_(~own, _has_review(Case.id, account_id, others=True))
    decided = (
        sa.select(Case.id, Decision.outcome, Decision.decided_at, deciding.id, deciding.decline_reason)
        .join(this, this.match_digest == Case.match_digest)
        .join(Decision, Decision.case_id == Case.id)
        .join(deciding, deciding.id == Decision.review_id)
        .where(*here, Case.state == CaseState.DECIDED, known)
        .order_by(Decision.decided_at.desc(), Case.id)
        .limit(MOST_EARLIER_SHOWN)
    )
    recorded = (
        sa.select(Case.id, deciding.outcome, deciding.recorded_at, deciding.id, deciding.decline_reason)
        .join(this, this.match_digest == Case.match_digest)
        .join(deciding, deciding.case_id == Case.id)
        .where(
            *here,
            deciding.account_id == account_id,
            deciding.undone_at.is_(None),
            deciding.dispatched_at.is_not(None),
            sa.or_(Case.state != CaseState.DECIDED, ~_has_review(Case.id, account_id, others=True)),
        )
        .order_by(deciding.recorded_at.desc(), Case.id)
        .limit(MOST_EARLIER_SHOWN)
    )
    found: list[Any] = list(reader.execute(decided))
    if account_id is not None:
        found += reader.execute(recorded)
    found.sort(key=lambda row: (-row[2].timestamp(), row[0]))
    rows = found[:MOST_EARLIER_SHOWN]
    clauses = _named_clauses(reader, [row[3] for row in rows])
    return tuple(
        EarlierDecision(earlier_id, outcome, reason, decided_at, tuple(clauses.get(review_id, ())))
        for earlier_id, outcome, decided_at, review_id, reason in rows
    )


def _named_clauses(reader: Session, review_ids: Sequence[str]) -> dict[str, list[str]]:
    """The clauses that each review names, as number and version."""
    clauses: dict[str, list[str]] = {}
    if not review_ids:
        return clauses
    named = reader.execute(
        sa.select(ReviewClause.review_id, Clause.number, ClauseVersion.version)
        .join(ClauseVersion, ClauseVersion.id == ReviewClause.clause_version_id)
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .where(ReviewClause.review_id.in_(review_ids))
        .order_by(Clause.document, Clause.number)
    )
    for review_id, number, version in named:
        clauses.setdefault(review_id, []).append(f"{number} (v{version})")
    return clauses
