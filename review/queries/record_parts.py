"""What stands in the record of a case on its items, referrals and reviews, as the trail tells it?

Rows are read raw and corrected by the trail, so that a forged or broken row is shown as what it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.snippets import KINDS
from review.domain.told import At, moment_of
from review.models import (
    Account,
    Answer,
    Clause,
    ClauseVersion,
    Item,
    Referral,
    Review,
    ReviewClause,
    Sender,
)
from review.queries.record_snippets import SnippetInRecord, main_cases, snippets_in_record
from review.queries.record_told import ToldRecord
from review.queries.senders import FlaggerListed, awards_of
from review.queries.stored_cases import in_sets
from review.queries.trail_rows import raw


@dataclass(frozen=True)
class ItemInRecord:
    """An item of the case, its location as sent and canonical, what it was described as, its answer verbatim.

    The trail tells of the description only by the digest of the whole original. ``differs`` names the
    columns that are not as the trail tells; what is shown is what the trail tells. ``superseded``: answers
    that were given before, each with its time.
    """

    id: str
    referral_id: str
    url_as_sent: str
    canonical_url: str
    content_type: str | None
    description: str | None
    status: str
    joined_at: datetime | None
    withdrawn_at: datetime | None
    answer: str | None
    answered_at: datetime | None
    superseded: tuple[tuple[str, datetime], ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReferralInRecord:
    """A referral with items in the case: who sent it, how, and what it says.

    ``flagger_then``: its sender was a trusted flagger on the day of receipt (DSA, Article 22(1)).
    """

    id: str
    sender: str
    sender_kind: str
    reference: str
    intake_kind: str
    urgency: str
    flagger_then: bool
    transmitted_via: str
    issuing_authority: str | None
    issuing_country: str | None
    legal_basis: str | None
    removal_order: str | None
    reason: str
    language: str | None
    body_sha256: str
    body_length: int
    received_at: datetime | None
    differs: tuple[str, ...] = ()


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
class PrecedentInRecord:
    """An earlier decision that the author of a review was shown, and why; blank where that was erased."""

    case_id: str
    why: str
    measure: int | None


@dataclass(frozen=True)
class ReviewInRecord:
    """One review with all that was recorded, by pseudonym.

    ``recorded_with``: the case at hand when it was recorded beside that one, in the same step.
    ``look``: what its author had looked at before, None for reviews from before that was recorded.
    """

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
    recorded_at: datetime | None
    undone_at: datetime | None
    look: str | None = None
    precedents: tuple[PrecedentInRecord, ...] = ()
    differs: tuple[str, ...] = ()
    snippets: tuple[SnippetInRecord, ...] = ()
    recorded_with: str | None = None


def items_in_record(reader: Session, rows: Sequence[sa.Row[Any]], told: ToldRecord) -> list[ItemInRecord]:
    """The items in these rows of `item_rows`, with the answers that the trail tells of."""
    answers: dict[str, sa.Row[Any]] = {}
    for some in in_sets(row.id for row in rows):
        statement = sa.select(*raw(Answer.item_id, Answer.body, Answer.answered_at))
        for row in reader.execute(statement.where(Answer.item_id.in_(some)).order_by(Answer.answered_at)):
            answers[row.item_id] = row
    return [_item(row, answers.get(row.id), told) for row in rows]


def item_rows(reader: Session, case_id: str, *, most: int) -> Sequence[sa.Row[Any]]:
    """The rows of the first items of a case, as they are stored."""
    columns = raw(
        Item.id, Item.referral_id, Item.url_as_sent, Item.canonical_url, Item.content_type, Item.description,
        Item.status, Item.joined_at, Item.withdrawn_at,
    )  # fmt: skip
    statement = sa.select(*columns).where(Item.case_id == case_id).order_by(Item.joined_at, Item.id)
    return reader.execute(statement.limit(most)).all()


def _item(row: sa.Row[Any], answer: sa.Row[Any] | None, told: ToldRecord) -> ItemInRecord:
    events = told.answers.get(row.id, [])
    body = events[-1].fields["answer"] if events else None if answer is None else answer.body
    answered_at = events[-1].at if events else None if answer is None else answer.answered_at

    def true(column: str) -> Any:
        return told.truth("item", row.id, column, row._mapping[column])

    return ItemInRecord(
        id=row.id,
        referral_id=_text(row.referral_id),
        url_as_sent=_text(true("url_as_sent")),
        canonical_url=_text(row.canonical_url),
        content_type=None if row.content_type is None else _text(row.content_type),
        description=None if row.description is None else _text(row.description),
        status=_text(true("status")),
        joined_at=_moment(true("joined_at")),
        withdrawn_at=_moment(true("withdrawn_at")),
        answer=None if body is None else _text(body),
        answered_at=_moment(answered_at),
        superseded=tuple((_text(event.fields["answer"]), event.at) for event in events[:-1]),
        differs=_differs(told, "item", row.id) + _differs(told, "answer", row.id),
    )


def referrals_in_record(reader: Session, ids: Sequence[str], told: ToldRecord) -> list[ReferralInRecord]:
    """These referrals, by time of receipt."""
    columns = raw(
        Referral.id, Referral.reference, Referral.intake_kind, Referral.urgency, Referral.transmitted_via,
        Referral.issuing_authority, Referral.issuing_country, Referral.legal_basis, Referral.reason,
        Referral.language, Referral.body_sha256, Referral.body_length, Referral.received_at,
        Referral.sender_id, Referral.removal_order,
    )  # fmt: skip
    found: list[ReferralInRecord] = []
    for some in in_sets(ids):
        rows = reader.execute(sa.select(*columns).where(Referral.id.in_(some))).all()
        true_ids = {row.id: told.truth("referral", row.id, "sender_id", row.sender_id) for row in rows}
        senders = sa.select(Sender.id, Sender.name, Sender.kind).where(Sender.id.in_(set(true_ids.values())))
        named = {row.id: (row.name, row.kind) for row in reader.execute(senders)}
        awards = awards_of(reader, set(true_ids.values()))
        found += [
            _referral(row, named.get(true_ids[row.id], ("", "other")), awards.get(true_ids[row.id], ()), told)
            for row in rows
        ]
    return sorted(found, key=lambda one: (one.received_at.isoformat() if one.received_at else "", one.id))


def _referral(
    row: sa.Row[Any], sender: tuple[str, str], awards: Sequence[FlaggerListed], told: ToldRecord
) -> ReferralInRecord:
    received_at = _moment(told.truth("referral", row.id, "received_at", row.received_at))

    def true(column: str) -> Any:
        return told.truth("referral", row.id, column, row._mapping[column])

    def text(column: str) -> str | None:
        value = true(column)
        return None if value is None else _text(value)

    return ReferralInRecord(
        id=row.id,
        sender=sender[0],
        sender_kind=sender[1],
        reference=text("reference") or "",
        intake_kind=text("intake_kind") or "",
        urgency=text("urgency") or "",
        flagger_then=received_at is not None and any(one.holds_on(received_at.date()) for one in awards),
        transmitted_via=text("transmitted_via") or "",
        issuing_authority=text("issuing_authority"),
        issuing_country=text("issuing_country"),
        legal_basis=text("legal_basis"),
        removal_order=text("removal_order"),
        reason=text("reason") or "",
        language=text("language"),
        body_sha256=text("body_sha256") or "",
        body_length=row.body_length if isinstance(row.body_length, int) else 0,
        received_at=received_at,
        differs=_differs(told, "referral", row.id),
    )


_REVIEW = (
    "round", "outcome", "ground", "decline_reason", "law", "rationale", "statement", "visibility",
    "account_measure", "territory", "context", "over_broad", "recorded_at", "undone_at",
)  # fmt: skip


def reviews_in_record(reader: Session, case_id: str, told: ToldRecord) -> list[ReviewInRecord]:
    """All reviews: those the trail tells of, as it tells them, and any row beside them."""
    columns = raw(Review.id, *(getattr(Review, name) for name in _REVIEW))
    reviewer = sa.type_coerce(Account.trail_id, sa.types.NullType()).label("reviewer")
    stored = {
        row.id: dict(row._mapping)
        for row in reader.execute(
            sa.select(*columns, reviewer)
            .outerjoin(Account, Account.id == Review.account_id)
            .where(Review.case_id == case_id)
            .order_by(Review.recorded_at, Review.id)
        )
    }
    shown = {review_id: dict.fromkeys(_REVIEW, "") | row for review_id, row in stored.items()}
    for review_id, review in told.case.reviews.items():
        shown[review_id] = {
            "undone_at": None,
            **shown.get(review_id, dict.fromkeys(_REVIEW)),
            **review.columns,
        }
    wordings = _clauses(reader, shown, told)
    pseudonyms = _pseudonyms(reader, {str(row["reviewer"]) for row in shown.values()})
    texts = {key: {name: _text(row[name] or "") for name in KINDS} for key, row in shown.items()}
    snippets, main = snippets_in_record(reader, texts, told), main_cases(reader, shown, told)
    return [
        ReviewInRecord(
            id=review_id,
            reviewer=pseudonyms.get(str(row["reviewer"]), ""),
            clauses=tuple(wordings.get(review_id, ())),
            look=_look(told, review_id),
            precedents=_precedents(told, review_id, str(row["reviewer"])),
            differs=_differs(told, "review", review_id),
            snippets=snippets.get(review_id, ()),
            recorded_with=main.get(review_id),
            **_review_values(row),
        )
        for review_id, row in shown.items()
    ]


def _look(told: ToldRecord, review_id: str) -> str | None:
    review = told.case.reviews.get(review_id)
    return None if review is None else review.look


def _precedents(told: ToldRecord, review_id: str, reviewer: str) -> tuple[PrecedentInRecord, ...]:
    """The earlier decisions that the event of a review names, as its author's first look tells of them."""
    review, look = told.case.reviews.get(review_id), told.case.looks.get(reviewer)
    shown = {one[0]: one for one in (look.precedents if look else None) or ()}
    named = () if review is None else review.precedents
    return tuple(PrecedentInRecord(*shown.get(case_id, (case_id, "", None))) for case_id in named)


def _review_values(row: Mapping[str, Any]) -> dict[str, Any]:
    optional = {"ground", "decline_reason", "law", "visibility"}
    values: dict[str, Any] = {}
    for name in _REVIEW:
        value = row[name]
        if name.endswith("_at"):
            values[name] = _moment(value)
        elif name == "over_broad":
            values[name] = bool(value)
        else:
            values[name] = None if value is None and name in optional else _text(value or "")
    return values


def _pseudonyms(reader: Session, trail_ids: set[str]) -> dict[str, str]:
    statement = sa.select(Account.trail_id, Account.pseudonym).where(Account.trail_id.in_(trail_ids))
    return {row.trail_id: row.pseudonym for row in reader.execute(statement)}


def _clauses(
    reader: Session, review_ids: Mapping[str, object], told: ToldRecord
) -> dict[str, list[ClauseInRecord]]:
    """The clauses of each review, in the wording of the versions that it names."""
    named = {
        (row.review_id, row.clause_version_id)
        for some in in_sets(review_ids)
        for row in reader.execute(
            sa.select(ReviewClause.review_id, ReviewClause.clause_version_id).where(
                ReviewClause.review_id.in_(some)
            )
        )
    }
    for review_id, review in told.case.reviews.items():
        if review.clauses is not None:
            named = {pair for pair in named if pair[0] != review_id}
            named |= {(review_id, version_id) for version_id in review.clauses}
    wordings: dict[str, ClauseInRecord] = {}
    for some in in_sets({version_id for _review, version_id in named}):
        rows = reader.execute(
            sa.select(Clause.document, Clause.number, ClauseVersion.__table__)
            .join(Clause, Clause.id == ClauseVersion.clause_id)
            .where(ClauseVersion.id.in_(some))
        )
        for row in rows:
            wordings[row.id] = ClauseInRecord(
                row.document, row.number, row.version, row.title, row.text, row.valid_from.isoformat()
            )
    found: dict[str, list[ClauseInRecord]] = {}
    for review_id, version_id in named:
        if version_id in wordings:
            found.setdefault(review_id, []).append(wordings[version_id])
    return {
        key: sorted(one, key=lambda clause: (clause.document, clause.number)) for key, one in found.items()
    }


def _differs(told: ToldRecord, noun: str, row_id: str) -> tuple[str, ...]:
    """What is not as the trail tells, in words: columns, or the whole row."""
    return tuple(one.column.replace("_", " ") or "the whole row" for one in told.of(noun, row_id))


def _text(value: object) -> str:
    """Text whatever the type: SQLite keeps what somebody wrote behind the program."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _moment(value: object) -> datetime | None:
    return None if value is None else value.moment if isinstance(value, At) else moment_of(value)
