"""What does the record of a case hold? Everything that legal staff may read of it, in plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import Difference, moment_of
from review.models import Case, Erasure, Item, LegalHold
from review.queries.escalations import EscalationInRecord, escalations_told
from review.queries.notes import NoteInRecord, notes_told
from review.queries.record_complaints import (
    ComplaintInRecord,
    SupersededInRecord,
    complaints_in_record,
    superseded_in_record,
)
from review.queries.record_emails import EmailInRecord, emails_in_record
from review.queries.record_parts import (
    ClauseInRecord,
    ItemInRecord,
    ReferralInRecord,
    item_rows,
    items_in_record,
    referrals_in_record,
    reviews_in_record,
)
from review.queries.record_questions import QuestionInRecord, questions_in_record
from review.queries.record_readings import READINGS, Reading, readings_of
from review.queries.record_sides import (
    EvidenceInRecord,
    MessageInRecord,
    RoundInRecord,
    WordingToday,
    evidence_in_record,
    messages_in_record,
    rounds_in_record,
    wordings_today,
)
from review.queries.record_timeline import Entry, timeline_of
from review.queries.record_told import ToldRecord, told_record

MOST_ITEMS = 500


@dataclass(frozen=True)
class DifferenceShown:
    """A row that is not as the trail tells: the sentence, and for a value what is told and what is stored."""

    sentence: str
    told: str | None
    stored: str | None


@dataclass(frozen=True)
class Record:
    """The full record of one case; ``items`` are its first 500 of ``total``.

    Everything that an event tells of is shown as told; ``differences`` are the rows that say otherwise and
    ``broken`` the entries of the trail that were changed themselves. ``readings``: who read the
    record and its evidence, newest first; ``timeline`` leaves these out. ``emails``: by the referral of each.
    ``why_second``: codes of what asked for a second review. ``superseded``: decisions that were reversed.
    """

    id: str
    state: str
    intake_kind: str
    severity: str
    received_at: datetime | None
    opened_at: datetime
    due_at: datetime
    outcome: str | None
    decided_at: datetime | None
    decided_by: str | None
    decisive_review: str | None
    items: tuple[ItemInRecord, ...]
    total: int
    referrals: tuple[ReferralInRecord, ...]
    emails: Mapping[str, EmailInRecord]
    rounds: tuple[RoundInRecord, ...]
    why_second: tuple[str, ...]
    wordings: Mapping[ClauseInRecord, WordingToday]
    messages: tuple[MessageInRecord, ...]
    evidence: tuple[EvidenceInRecord, ...]
    questions: tuple[QuestionInRecord, ...]
    complaints: tuple[ComplaintInRecord, ...]
    superseded: tuple[SupersededInRecord, ...]
    escalations: tuple[EscalationInRecord, ...]
    notes: tuple[NoteInRecord, ...]
    readings: tuple[Reading, ...]
    timeline: tuple[Entry, ...]
    differences: tuple[DifferenceShown, ...]
    broken: tuple[str, ...]

    @property
    def evidence_names(self) -> Mapping[str, str]:
        """Names of the files by id."""
        return {file.id: file.name for file in self.evidence}


def record_of(reader: Session, case_id: str, *, on: date) -> Record | None:
    """Everything on a case, with what became of its clauses by that day; None when there is no such case."""
    case = reader.execute(sa.select(Case.__table__).where(Case.id == case_id)).one_or_none()
    if case is None:
        return None
    rows = item_rows(reader, case_id, most=MOST_ITEMS)
    told = told_record(reader, case_id, items_stored={row.id: (row.referral_id, row.status) for row in rows})
    items = items_in_record(reader, rows, told)
    referrals = referrals_in_record(reader, sorted({item.referral_id for item in items}), told)
    emails = emails_in_record(reader, [referral.id for referral in referrals], told)
    reviews = reviews_in_record(reader, case_id, told)
    decision = _decision(told)
    decisive = None if decision is None else str(decision["review_id"])
    subjects = {
        "case": [case_id],
        "referral": [referral.id for referral in referrals],
        "item": [item.id for item in items],
        "email": [email.id for email in emails],
    }
    about = [case_id, *subjects["referral"]]
    for kind, model in (("hold", LegalHold), ("erasure", Erasure)):
        on_these = model.object_kind.in_(("case", "referral")), model.object_id.in_(about)
        subjects[kind] = list(reader.scalars(sa.select(model.id).where(*on_these)))
    total = sa.select(sa.func.count()).where(Item.case_id == case_id)
    timeline = timeline_of(reader, subjects)
    return Record(
        id=case.id,
        state=told.case.state,
        intake_kind=case.intake_kind,
        severity=case.severity,
        received_at=min((one.received_at for one in referrals if one.received_at), default=None),
        opened_at=case.opened_at,
        due_at=case.due_at,
        outcome=None if decision is None else str(decision["outcome"]),
        decided_at=None if decision is None else decision["decided_at"].moment,
        decided_by=next((review.reviewer for review in reviews if review.id == decisive), None),
        decisive_review=decisive,
        items=tuple(items),
        total=int(reader.scalar(total) or 0),
        referrals=tuple(referrals),
        emails={email.referral_id: email for email in emails},
        rounds=rounds_in_record(reviews, state=told.case.state),
        why_second=told.case.why_second,
        wordings=wordings_today(reader, reviews, on=on),
        messages=messages_in_record(items, referrals),
        evidence=evidence_in_record(reader, subjects["item"]),
        questions=questions_in_record(reader, told, items, referrals),
        complaints=complaints_in_record(reader, told, items, referrals),
        superseded=superseded_in_record(told),
        escalations=escalations_told(reader, case_id),
        notes=notes_told(reader, case_id),
        readings=readings_of(reader, case_id),
        timeline=tuple(entry for entry in timeline if entry.event_type not in READINGS),
        differences=tuple(_shown(difference) for difference in told.differences),
        broken=told.broken,
    )


def _decision(told: ToldRecord) -> Any:
    """The columns of the newest decision that the trail tells of."""
    decisions = list(told.case.decisions.values())
    return decisions[-1][0] if decisions else None


def _shown(difference: Difference) -> DifferenceShown:
    if difference.way != "changed":
        return DifferenceShown(difference.sentence, None, None)
    return DifferenceShown(difference.sentence, _words(difference.told), _words(difference.stored))


def _words(value: object) -> str:
    """A value for people; nothing for none."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, tuple):
        return ", ".join(str(entry) for entry in value)
    moment = getattr(value, "moment", None) or (moment_of(value) if isinstance(value, datetime) else None)
    if moment is not None:
        return f"{moment:%d %b %Y %H:%M:%S} UTC"
    return "" if value is None else str(value)
