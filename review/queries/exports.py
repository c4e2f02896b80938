"""Which exports were asked for, how far are they, and what is written into one?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.exports import ExportState, Selection
from review.models import (
    Account,
    Answer,
    Case,
    Clause,
    ClauseVersion,
    Decision,
    Export,
    Item,
    Referral,
    Review,
    ReviewClause,
    Sender,
)
from review.queries.record_search import Filters, conditions_of, start_of

LISTED = 100
CASES_AT_ONCE = 100
COLUMNS = (
    "case_id", "kind", "state", "opened_at", "decided_at", "item_id", "url", "item_status", "referral_id",
    "sender_id", "sender", "sender_reference", "received_at", "category", "outcome", "ground",
    "decline_reason", "clauses", "visibility", "account_measure", "territory", "rationale", "statement",
    "differs_from_trail",
)  # fmt: skip
"""What an export tells of each item, in this order; a time is RFC 3339 in UTC, absent is blank.

``differs_from_trail``: sentences on the record of its case, none where the trail tells what is stored.
"""


@dataclass(frozen=True)
class ListedExport:
    """One export as legal staff see it; ``who`` is a pseudonym.

    ``differing`` as in `Export`, None until it is finished.
    """

    id: str
    form: str
    selection: dict[str, Any]
    reason: str
    who: str
    requested_at: datetime
    state: str
    lease: str | None
    done: int
    cases: int
    rows: int | None
    length: int | None
    sha256: str | None
    differing: dict[str, Any] | None
    expires_at: datetime | None
    failure: str | None
    ended_at: datetime | None


def newest_exports(reader: Session) -> tuple[ListedExport, ...]:
    """The exports of all legal staff, the newest first, at most a hundred."""
    newest = _exports().order_by(Export.requested_at.desc(), Export.id.desc()).limit(LISTED)
    return tuple(ListedExport(**row._asdict()) for row in reader.execute(newest))


def export_of(reader: Session, export_id: str) -> ListedExport | None:
    """One export; None where there is none."""
    row = reader.execute(_exports().where(Export.id == export_id)).one_or_none()
    return None if row is None else ListedExport(**row._asdict())


def kept_exports(reader: Session, *, now: datetime) -> list[tuple[str, str]]:
    """Ids and leases of exports whose file is written, or may be fetched still."""
    whole = sa.and_(Export.state == ExportState.DONE, Export.expires_at > now)
    kept = sa.select(Export.id, Export.lease).where(sa.or_(Export.state == ExportState.WAITING, whole))
    return [(row.id, row.lease) for row in reader.execute(kept.where(Export.lease.is_not(None)))]


def over_exports(reader: Session, *, now: datetime) -> list[str]:
    """Finished exports whose time is over, at most a hundred."""
    over = sa.select(Export.id).where(Export.state == ExportState.DONE, Export.expires_at <= now)
    return list(reader.scalars(over.limit(100)))


def selected_cases(reader: Session, selection: Selection, *, most: int) -> list[str]:
    """The cases that a selection finds, in the order in which they were opened."""
    wanted = sa.select(Case.id).order_by(Case.opened_at, Case.id).limit(most)
    if selection.case_id is not None:
        wanted = wanted.where(Case.id == selection.case_id)
    filters = Filters(
        intake_kind=selection.intake_kind,
        state=selection.state,
        outcome=selection.outcome,
        sender_id=selection.sender_id,
        since=start_of(selection.since),
        until=start_of(selection.until, days=1),
    )
    return list(reader.scalars(wanted.where(*conditions_of(filters))))


def export_rows(
    reader: Session, case_ids: Sequence[str], *, differing: Mapping[str, Sequence[str]]
) -> Iterator[dict[str, Any]]:
    """One row an item of these cases, in their order, with the columns of `COLUMNS`.

    ``differing``: in what the record of a case differs from the trail, of those that do.
    """
    for start in range(0, len(case_ids), CASES_AT_ONCE):
        some = list(case_ids[start : start + CASES_AT_ONCE])
        rows = [dict(row._mapping) for row in reader.execute(_rows(some))]
        clauses = _clauses(reader, [row["review_id"] for row in rows if row["review_id"] is not None])
        place = {case_id: number for number, case_id in enumerate(some)}
        for row in sorted(rows, key=lambda row: (place[row["case_id"]], row["joined_at"], row["item_id"])):
            row["clauses"] = "; ".join(clauses.get(row["review_id"], ()))
            row["differs_from_trail"] = list(differing.get(row["case_id"], ()))
            yield {name: _plain(row[name]) for name in COLUMNS}


def _rows(case_ids: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    newest = (
        sa.select(Decision.review_id)
        .join(Answer, Answer.decision_id == Decision.id)
        .where(Answer.item_id == Item.id)
        .order_by(Decision.decided_at.desc())
        .limit(1)
        .correlate(Item)
        .scalar_subquery()
    )
    return (
        sa.select(
            Case.id.label("case_id"), Case.intake_kind.label("kind"), Case.state, Case.opened_at,
            Case.decided_at, Item.id.label("item_id"), Item.url_as_sent.label("url"),
            Item.status.label("item_status"), Item.joined_at, Referral.id.label("referral_id"),
            Referral.sender_id, Sender.name.label("sender"), Referral.reference.label("sender_reference"),
            Referral.received_at, Referral.category, Review.id.label("review_id"), Review.outcome,
            Review.ground, Review.decline_reason, Review.visibility, Review.account_measure,
            Review.territory, Review.rationale, Review.statement,
        )
        .join(Item, Item.case_id == Case.id)
        .join(Referral, Referral.id == Item.referral_id)
        .outerjoin(Sender, Sender.id == Referral.sender_id)
        .outerjoin(Review, Review.id == newest)
        .where(Case.id.in_(case_ids))
    )  # fmt: skip


def _clauses(reader: Session, review_ids: Sequence[str]) -> dict[str, list[str]]:
    """The clauses of reviews in words: number, title and version."""
    found: dict[str, list[str]] = {}
    if review_ids:
        named = (
            sa.select(ReviewClause.review_id, Clause.number, ClauseVersion.title, ClauseVersion.version)
            .join(ClauseVersion, ClauseVersion.id == ReviewClause.clause_version_id)
            .join(Clause, Clause.id == ClauseVersion.clause_id)
            .where(ReviewClause.review_id.in_(set(review_ids)))
            .order_by(ReviewClause.review_id, Clause.number)
        )
        for row in reader.execute(named):
            found.setdefault(row.review_id, []).append(f"{row.number} {row.title} (version {row.version})")
    return found


def _plain(value: object) -> object:
    if value is None:
        return ""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _exports() -> sa.Select[Any]:
    columns = (
        Export.id, Export.form, Export.selection, Export.reason, Account.pseudonym.label("who"),
        Export.requested_at, Export.state, Export.lease, Export.done, Export.cases, Export.rows,
        Export.length, Export.sha256, Export.differing, Export.expires_at, Export.failure, Export.ended_at,
    )  # fmt: skip
    return sa.select(*columns).join(Account, Account.id == Export.requested_by)
