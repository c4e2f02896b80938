"""Which decisions are complained of, what did each party say, and what was it told?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.domain.complaints import Party
from review.domain.representation import OwnComplaint
from review.domain.states import CaseState, ItemStatus
from review.models import Case, Complaint, Decision, Item, Referral
from review.prepared import Prepared
from review.queries import cases
from review.queries.cases import CaseSummary
from review.queries.decisions import StoredReview, review_by_id, standing_reviews

SHORT_CHUNK = 400
MOST_LISTED = 100
MOST_COUNTED = 999


@dataclass(frozen=True)
class InForce:
    """The decision of a case that no other one supersedes."""

    id: str
    case_id: str
    review_id: str
    outcome: str
    decided_at: datetime


@dataclass(frozen=True)
class ComplaintToJudge:
    """One complaint as whoever judges it reads it: of which party, not of whom."""

    party: Party
    reasons: str
    complained_at: datetime


@dataclass(frozen=True)
class ToJudge:
    """What is complained of: the complaints, the decision, and every review behind it in order."""

    complaints: tuple[ComplaintToJudge, ...]
    decided_at: datetime
    decisive_review: str
    reviews: tuple[StoredReview, ...]


@dataclass(frozen=True)
class ComplaintListed:
    """One case that waits for a judgement after complaints: how many, since when, and who may take it.

    ``held``: free, yours, held; ``own``: this person reviewed something in it or registered the complaint.
    """

    case_id: str
    intake_kind: str
    complaints: int
    complained_at: datetime
    held: str
    held_until: datetime | None
    pending: bool
    own: bool


@dataclass(frozen=True)
class ComplaintsListed:
    """The first hundred, the oldest complaint first; ``count`` goes at most to 1 000."""

    rows: tuple[ComplaintListed, ...]
    count: int


def stands(decision: Any = Decision) -> sa.ColumnElement[bool]:
    """No other decision supersedes this one."""
    later = aliased(Decision)
    return ~sa.select(later.id).where(later.supersedes_id == decision.id).exists()


_IN_FORCE = Prepared(
    lambda: sa.select(
        Decision.id, Decision.case_id, Decision.review_id, Decision.outcome, Decision.decided_at
    ).where(Decision.case_id == sa.bindparam("case_id"), stands())
)


def decision_in_force(reader: Session, case_id: str) -> InForce | None:
    """The decision of a case as it stands; None where it has none."""
    row = _IN_FORCE.first(reader, case_id=case_id)
    return None if row is None else InForce(*row)


def decided_item(reader: Session, item_id: str, *, sender_id: str | None) -> str | None:
    """The case of one own item; blank where the item is not decided, None where there is no own item."""
    row = reader.execute(
        sa.select(Item.case_id, Item.status)
        .join(Referral, Referral.id == Item.referral_id)
        .where(Item.id == item_id, Referral.sender_id == sender_id)
    ).one_or_none()
    if row is None:
        return None
    return row.case_id if row.status == ItemStatus.DECIDED and row.case_id is not None else ""


def open_complaint(reader: Session, case_id: str, *, sender_id: str | None) -> Any:
    """The complaint of a party that has no result yet: of a sender, or with None of the content provider."""
    own = Complaint.sender_id.is_(None) if sender_id is None else Complaint.sender_id == sender_id
    return reader.execute(
        sa.select(
            Complaint.id, Complaint.item_id, Complaint.reasons, Complaint.contact, Complaint.complained_at
        ).where(Complaint.case_id == case_id, Complaint.ended_at.is_(None), own)
    ).one_or_none()


def complaints_of(reader: Session, item_ids: Sequence[str]) -> dict[str, tuple[OwnComplaint, ...]]:
    """What the senders of these items complained of, by item, in the order of complaining."""
    found: dict[str, list[OwnComplaint]] = {}
    for start in range(0, len(item_ids), SHORT_CHUNK):
        rows = reader.execute(
            sa.select(
                Complaint.item_id,
                Complaint.reasons,
                Complaint.complained_at,
                Complaint.ended_at,
                Complaint.result,
                Complaint.statement,
            )
            .where(Complaint.item_id.in_(item_ids[start : start + SHORT_CHUNK]))
            .order_by(Complaint.complained_at, Complaint.id)
        )
        for row in rows:
            own = OwnComplaint(row.reasons, row.complained_at, row.ended_at, row.result, row.statement)
            found.setdefault(str(row.item_id), []).append(own)
    return {item_id: tuple(own) for item_id, own in found.items()}


def complaints_to_judge(reader: Session, case: CaseSummary) -> ToJudge | None:
    """What a case is complained of, for whoever holds it in that round; None in every other."""
    decision = decision_in_force(reader, case.id) if case.state == CaseState.COMPLAINT else None
    if decision is None:
        return None
    rows = reader.execute(
        sa.select(Complaint.sender_id, Complaint.reasons, Complaint.complained_at)
        .where(Complaint.case_id == case.id, Complaint.ended_at.is_(None))
        .order_by(Complaint.complained_at, Complaint.id)
    )
    return ToJudge(
        tuple(ComplaintToJudge(_party(row.sender_id), row.reasons, row.complained_at) for row in rows),
        decided_at=decision.decided_at,
        decisive_review=decision.review_id,
        reviews=standing_reviews(reader, case.id),
    )


def _party(sender_id: str | None) -> Party:
    return Party.CONTENT_PROVIDER if sender_id is None else Party.SENDER


def review_in_force(reader: Session, decision: InForce) -> StoredReview | None:
    """The review that a decision follows."""
    return review_by_id(reader, decision.review_id)


def complaints_listed(reader: Session, *, account_id: str | None, now: datetime) -> ComplaintsListed:
    """Cases that were complained of, as this lead sees them."""
    waiting = (
        sa.select(
            Complaint.case_id,
            sa.func.count().label("complaints"),
            sa.func.min(Complaint.complained_at, type_=Complaint.complained_at.type).label("since"),
        )
        .where(Complaint.ended_at.is_(None))
        .group_by(Complaint.case_id)
        .subquery()
    )
    may_judge = sa.and_(
        cases.not_reviewed_by(account_id),
        cases.not_confirmed_by(account_id),
        cases.not_registered_by(account_id),
    )
    rows = reader.execute(
        sa.select(Case, waiting.c.complaints, waiting.c.since, (~may_judge).label("own"))
        .join(waiting, waiting.c.case_id == Case.id)
        .order_by(waiting.c.since, Case.id)
        .limit(MOST_LISTED)
    )
    some = sa.select(sa.literal(1)).select_from(waiting).limit(MOST_COUNTED + 1).subquery()
    count = reader.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return ComplaintsListed(
        tuple(_listed(*row, account_id=account_id, now=now) for row in rows.all()), int(count)
    )


def _listed(
    case: Any, complaints: int, since: datetime, own: bool, *, account_id: str | None, now: datetime
) -> ComplaintListed:
    running = case.claimed_until is not None and case.claimed_until > now
    yours = running and case.claimed_by == account_id
    return ComplaintListed(
        case.id,
        case.intake_kind,
        complaints,
        since,
        held="yours" if yours else "held" if running else "free",
        held_until=case.claimed_until if running else None,
        pending=case.pending_review_id is not None,
        own=bool(own),
    )
