"""What was asked of the senders of a case, and what did they answer, as the trail tells it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from review.domain.told import At
from review.queries.record_parts import ItemInRecord, ReferralInRecord
from review.queries.record_timeline import names_of
from review.queries.record_told import ToldRecord


@dataclass(frozen=True)
class QuestionInRecord:
    """One question to the sender of an item, and its answer; texts are None where they were erased.

    ``sender`` and ``reference`` are blank where the item is none of those that the record shows.
    """

    id: str
    asked_by: str
    asked_at: datetime
    item_id: str
    sender: str
    reference: str
    text: str | None
    answered_at: datetime | None
    answer: str | None
    ended_at: datetime | None
    differs: tuple[str, ...] = ()


def questions_in_record(
    reader: Session, told: ToldRecord, items: Sequence[ItemInRecord], referrals: Sequence[ReferralInRecord]
) -> tuple[QuestionInRecord, ...]:
    """All questions of a case, in the order in which they were asked."""
    questions = told.case.questions.values()
    if not questions:
        return ()
    asked_by = [{"kind": "account", "id": question.columns["asked_by"]} for question in questions]
    names = names_of(reader, asked_by)
    of_item = {item.id: item.referral_id for item in items}
    named = {referral.id: referral for referral in referrals}
    found = []
    for question in questions:
        columns = question.columns
        item_id = columns.get("item_id") or ""
        referral = named.get(of_item.get(item_id, ""))
        found.append(
            QuestionInRecord(
                id=question.id,
                asked_by=names.get(("account", columns["asked_by"]), ""),
                asked_at=columns["asked_at"].moment,
                item_id=item_id,
                sender="" if referral is None else referral.sender,
                reference="" if referral is None else referral.reference,
                text=columns.get("question"),
                answered_at=_moment(columns["answered_at"]),
                answer=columns.get("answer"),
                ended_at=_moment(columns["ended_at"]),
                differs=tuple(one.column for one in told.of("question", question.id)),
            )
        )
    return tuple(found)


def _moment(at: Any) -> datetime | None:
    return at.moment if isinstance(at, At) else None
