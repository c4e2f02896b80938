"""Are complaints and what came of them in their table what the trail tells?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import Difference, Told, differing
from review.domain.told_complaints import complaints_told
from review.models import Account, Complaint
from review.queries.trail_rows import among, raw, rows_by_name

Chains = Mapping[str, Sequence[Told]]


def compare_complaints(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Complaints of these cases that are gone, changed, or that no event tells of."""
    stored: dict[str, dict[str, Mapping[Any, Any]]] = {}
    for columns in rows_by_name(reader, _stored, list(chains)):
        stored.setdefault(columns["case_id"], {})[columns["id"]] = columns
    for case_id, events in chains.items():
        rows, owner = stored.get(case_id, {}), f"case {case_id}"
        told = complaints_told(events)
        for one in told.values():
            if one.id not in rows:
                yield Difference("complaint", one.id, owner, "gone", position=one.position)
                continue
            for column, found, wanted in differing(rows[one.id], one.columns):
                yield Difference("complaint", one.id, owner, "changed", column, found, wanted, one.position)
        for complaint_id in rows.keys() - told.keys():
            yield Difference("complaint", str(complaint_id), owner, "surplus")


def _stored(reader: Session) -> sa.Select[Any]:
    columns = raw(
        Complaint.id, Complaint.case_id, Complaint.decision_id, Complaint.item_id, Complaint.sender_id,
        Complaint.reasons, Complaint.contact, Complaint.complained_at, Complaint.joined_version,
        Complaint.ended_at, Complaint.result, Complaint.review_id, Complaint.statement,
    )  # fmt: skip
    # who is no account is told of as it stands
    known = sa.func.coalesce(Account.trail_id, Complaint.registered_by)
    registered_by = sa.type_coerce(known, sa.types.NullType()).label("registered_by")
    return (
        sa.select(*columns, registered_by)
        .outerjoin(Account, Account.id == Complaint.registered_by)
        .where(among(reader, Complaint.case_id))
        .order_by(Complaint.case_id, Complaint.id)
    )
