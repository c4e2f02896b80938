"""What does the record of a case hold? Everything that legal staff may read of it, in plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.commitments import parse_envelope
from review.domain.ids import read_id
from review.models import (
    Account,
    Answer,
    Case,
    Clause,
    ClauseVersion,
    Decision,
    Item,
    Leaf,
    Opening,
    Referral,
    Review,
    ReviewClause,
    Sender,
)

LISTED = 50


@dataclass(frozen=True)
class CaseListed:
    """One line of the list of records."""

    id: str
    state: str
    intake_kind: str
    opened_at: datetime
    decided_at: datetime | None
    items: int


@dataclass(frozen=True)
class ItemInRecord:
    """An item of the case, its location as sent and canonical, and its answer verbatim."""

    id: str
    referral_id: str
    url_as_sent: str
    canonical_url: str
    content_type: str | None
    status: str
    joined_at: datetime
    withdrawn_at: datetime | None
    answer: str | None
    answered_at: datetime | None


@dataclass(frozen=True)
class ReferralInRecord:
    """A referral with items in the case: who sent it, how, and what it says."""

    id: str
    sender: str
    sender_kind: str
    reference: str
    intake_kind: str
    transmitted_via: str
    issuing_authority: str | None
    issuing_country: str | None
    legal_basis: str | None
    reason: str
    language: str | None
    body_sha256: str
    body_length: int
    received_at: datetime


@dataclass(frozen=True)
class ClauseInRecord:
    """A clause as worded in the version that a review names."""

    document: str
    number: str
    version: int
    title: str
    text: str
    valid_from: str


@dataclass(frozen=True)
class ReviewInRecord:
    """One review with all that was recorded, by pseudonym."""

    id: str
    round: str
    reviewer: str
    outcome: str
    ground: str | None
    decline_reason: str | None
    law: str | None
    clauses: tuple[ClauseInRecord, ...]
    rationale: str
    statement: str
    visibility: str | None
    account_measure: str
    territory: str
    context: str
    over_broad: bool
    recorded_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True)
class Entry:
    """One event: ``number`` counts the case's own, ``position`` is its place in the whole trail, if any."""

    number: int | None
    event_type: str
    at: datetime
    actor_kind: str
    who: str
    object_kind: str
    object_id: str
    position: int | None


@dataclass(frozen=True)
class Record:
    """The full record of one case."""

    id: str
    state: str
    intake_kind: str
    severity: str
    opened_at: datetime
    due_at: datetime
    outcome: str | None
    decided_at: datetime | None
    decided_by: str | None
    decisive_review: str | None
    items: tuple[ItemInRecord, ...]
    referrals: tuple[ReferralInRecord, ...]
    reviews: tuple[ReviewInRecord, ...]
    timeline: tuple[Entry, ...]


def cases_listed(reader: Session, *, query: str = "") -> list[CaseListed]:
    """The newest cases, or those that exactly this case id, referral id, item id or reference leads to."""
    statement = (
        sa.select(Case.id, Case.state, Case.intake_kind, Case.opened_at, Case.decided_at, Case.items_live)
        .order_by(Case.opened_at.desc(), Case.id)
        .limit(LISTED)
    )
    wanted = query.strip()
    if wanted:
        of_items = (
            sa.select(Item.case_id)
            .join(Referral, Referral.id == Item.referral_id)
            .where(
                sa.or_(
                    Referral.reference == wanted,
                    Referral.id == read_id(wanted, "R"),
                    Item.id == read_id(wanted, "I"),
                )
            )
        )
        statement = statement.where(sa.or_(Case.id == read_id(wanted, "C"), Case.id.in_(of_items)))
    return [
        CaseListed(row.id, row.state, row.intake_kind, row.opened_at, row.decided_at, row.items_live)
        for row in reader.execute(statement)
    ]


def record_of(reader: Session, case_id: str) -> Record | None:
    """Everything on a case; None when there is no such case."""
    case = reader.execute(sa.select(Case.__table__).where(Case.id == case_id)).one_or_none()
    if case is None:
        return None
    items = _items(reader, case_id)
    referrals = _referrals(reader, {item.referral_id for item in items})
    reviews = _reviews(reader, case_id)
    decision = reader.execute(
        sa.select(Decision.outcome, Decision.decided_at, Decision.review_id)
        .where(Decision.case_id == case_id)
        .order_by(Decision.decided_at.desc())
        .limit(1)
    ).one_or_none()
    reviewers = {review.id: review.reviewer for review in reviews}
    subjects = {
        "case": [case_id],
        "referral": [referral.id for referral in referrals],
        "item": [item.id for item in items],
    }
    return Record(
        id=case.id,
        state=case.state,
        intake_kind=case.intake_kind,
        severity=case.severity,
        opened_at=case.opened_at,
        due_at=case.due_at,
        outcome=None if decision is None else decision.outcome,
        decided_at=None if decision is None else decision.decided_at,
        decided_by=None if decision is None else reviewers.get(decision.review_id),
        decisive_review=None if decision is None else decision.review_id,
        items=tuple(items),
        referrals=tuple(referrals),
        reviews=tuple(reviews),
        timeline=tuple(_timeline(reader, subjects)),
    )


def _items(reader: Session, case_id: str) -> list[ItemInRecord]:
    rows = reader.execute(
        sa.select(
            Item.id,
            Item.referral_id,
            Item.url_as_sent,
            Item.canonical_url,
            Item.content_type,
            Item.status,
            Item.joined_at,
            Item.withdrawn_at,
            Answer.body,
            Answer.answered_at,
        )
        .outerjoin(Answer, Answer.item_id == Item.id)
        .where(Item.case_id == case_id)
        .order_by(Item.joined_at, Item.id)
    )
    return [
        ItemInRecord(
            **{name: value for name, value in row._mapping.items() if name != "body"},
            answer=None if row.body is None else row.body.decode(),
        )
        for row in rows
    ]


def _referrals(reader: Session, ids: set[str]) -> list[ReferralInRecord]:
    rows = reader.execute(
        sa.select(
            Referral.id,
            Sender.name.label("sender"),
            Sender.kind.label("sender_kind"),
            Referral.reference,
            Referral.intake_kind,
            Referral.transmitted_via,
            Referral.issuing_authority,
            Referral.issuing_country,
            Referral.legal_basis,
            Referral.reason,
            Referral.language,
            Referral.body_sha256,
            Referral.body_length,
            Referral.received_at,
        )
        .join(Sender, Sender.id == Referral.sender_id)
        .where(Referral.id.in_(ids))
        .order_by(Referral.received_at, Referral.id)
    )
    return [ReferralInRecord(**row._mapping) for row in rows]


def _reviews(reader: Session, case_id: str) -> list[ReviewInRecord]:
    rows = reader.execute(
        sa.select(Review.__table__, Account.pseudonym)
        .join(Account, Account.id == Review.account_id)
        .where(Review.case_id == case_id)
        .order_by(Review.recorded_at, Review.id)
    ).all()
    clauses = _clauses(reader, [row.id for row in rows])
    return [
        ReviewInRecord(
            id=row.id,
            round=row.round,
            reviewer=row.pseudonym,
            outcome=row.outcome,
            ground=row.ground,
            decline_reason=row.decline_reason,
            law=row.law,
            clauses=tuple(clauses.get(row.id, ())),
            rationale=row.rationale,
            statement=row.statement,
            visibility=row.visibility,
            account_measure=row.account_measure,
            territory=row.territory,
            context=row.context,
            over_broad=row.over_broad,
            recorded_at=row.recorded_at,
            undone_at=row.undone_at,
        )
        for row in rows
    ]


def _clauses(reader: Session, review_ids: Sequence[str]) -> dict[str, list[ClauseInRecord]]:
    rows = reader.execute(
        sa.select(ReviewClause.review_id, Clause.document, Clause.number, ClauseVersion.__table__)
        .join(ClauseVersion, ClauseVersion.id == ReviewClause.clause_version_id)
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .where(ReviewClause.review_id.in_(review_ids))
        .order_by(Clause.document, Clause.number)
    )
    found: dict[str, list[ClauseInRecord]] = {}
    for row in rows:
        worded = ClauseInRecord(
            row.document, row.number, row.version, row.title, row.text, row.valid_from.isoformat()
        )
        found.setdefault(row.review_id, []).append(worded)
    return found


def _timeline(reader: Session, subjects: Mapping[str, Sequence[str]]) -> list[Entry]:
    """All events on these objects, oldest first."""
    rows = reader.execute(
        sa.select(
            Opening.envelope,
            Opening.event_type,
            Opening.object_kind,
            Opening.object_id,
            Opening.object_version,
            Opening.recorded_at,
            Leaf.position,
        )
        .outerjoin(Leaf, Leaf.eid == Opening.eid)
        .where(
            sa.or_(
                *(
                    sa.and_(Opening.object_kind == kind, Opening.object_id.in_(ids))
                    for kind, ids in subjects.items()
                )
            )
        )
        .order_by(Opening.recorded_at, Opening.object_version, Opening.eid)
    ).all()
    actors = [parse_envelope(row.envelope)["actor"] for row in rows]
    names = _names(reader, actors)
    return [
        Entry(
            number=row.object_version if row.object_kind == "case" else None,
            event_type=row.event_type,
            at=row.recorded_at,
            actor_kind=actor["kind"],
            who=names.get((actor["kind"], actor["id"]), ""),
            object_kind=row.object_kind,
            object_id=row.object_id,
            position=row.position,
        )
        for row, actor in zip(rows, actors, strict=True)
    ]


def _names(reader: Session, actors: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Pseudonyms of people and names of senders behind the trail's actor ids."""
    people = {actor["id"] for actor in actors if actor["kind"] == "account"}
    senders = {actor["id"] for actor in actors if actor["kind"] == "sender"}
    named = {
        ("account", row.trail_id): row.pseudonym
        for row in reader.execute(
            sa.select(Account.trail_id, Account.pseudonym).where(Account.trail_id.in_(people))
        )
    }
    for row in reader.execute(sa.select(Sender.id, Sender.name).where(Sender.id.in_(senders))):
        named["sender", row.id] = row.name
    return named
