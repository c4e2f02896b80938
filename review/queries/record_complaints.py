"""What was complained of in a case, and which decisions were reversed, as the trail tells it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from review.domain.complaints import Party
from review.domain.told import At
from review.queries.record_parts import ItemInRecord, ReferralInRecord
from review.queries.record_timeline import names_of
from review.queries.record_told import ToldRecord


@dataclass(frozen=True)
class ComplaintInRecord:
    """One complaint with all that is known of it; texts are None where they were erased.

    ``sender`` and ``reference`` are blank of the content provider's, and where the item is none of those
    that the record shows.
    """

    id: str
    party: Party
    sender: str
    reference: str
    item_id: str
    registered_by: str
    reasons: str | None
    contact: str | None
    complained_at: datetime
    ended_at: datetime | None
    result: str | None
    review_id: str | None
    statement: str | None
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class SupersededInRecord:
    """A decision that another one reversed: the review it followed, and that other decision."""

    id: str
    review_id: str
    outcome: str
    decided_at: datetime
    superseded_by: str


def complaints_in_record(
    reader: Session, told: ToldRecord, items: Sequence[ItemInRecord], referrals: Sequence[ReferralInRecord]
) -> tuple[ComplaintInRecord, ...]:
    """All complaints of a case, in the order in which they came."""
    if not told.complaints:
        return ()
    people = [one.columns["registered_by"] for one in told.complaints.values()]
    names = names_of(reader, [{"kind": "account", "id": person} for person in people if person])
    of_item = {item.id: item.referral_id for item in items}
    named = {referral.id: referral for referral in referrals}
    found = []
    for one in told.complaints.values():
        columns = one.columns
        item_id = columns.get("item_id") or ""
        referral = named.get(of_item.get(item_id, ""))
        found.append(
            ComplaintInRecord(
                id=one.id,
                party=one.party,
                sender="" if referral is None else referral.sender,
                reference="" if referral is None else referral.reference,
                item_id=item_id,
                registered_by=names.get(("account", columns["registered_by"]), ""),
                reasons=columns.get("reasons"),
                contact=columns.get("contact"),
                complained_at=columns["complained_at"].moment,
                ended_at=_moment(columns["ended_at"]),
                result=columns["result"],
                review_id=columns["review_id"],
                statement=columns.get("statement"),
                differs=tuple(each.column.replace("_", " ") for each in told.of("complaint", one.id)),
            )
        )
    return tuple(found)


def superseded_in_record(told: ToldRecord) -> tuple[SupersededInRecord, ...]:
    """The decisions of a case that were reversed, the oldest first."""
    decisions = told.case.decisions
    later = {columns["supersedes_id"]: decision_id for decision_id, (columns, _at) in decisions.items()}
    return tuple(
        SupersededInRecord(
            decision_id,
            str(columns["review_id"]),
            str(columns["outcome"]),
            columns["decided_at"].moment,
            later[decision_id],
        )
        for decision_id, (columns, _at) in decisions.items()
        if decision_id in later
    )


def _moment(at: Any) -> datetime | None:
    return at.moment if isinstance(at, At) else None
