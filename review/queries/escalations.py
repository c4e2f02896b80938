"""What was legal asked, what waits for its advice, and what did it say?"""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import MOVES
from review.models import Account, Case, Escalation, Opening
from review.prepared import Prepared
from review.queries.record_timeline import actor_in, names_of, text_in

MOST_LISTED = 200
_ENDED = Prepared(
    lambda: (
        sa.select(Escalation.note, Escalation.asked_at, Escalation.advice, Escalation.ended_at)
        .where(Escalation.case_id == sa.bindparam("case_id"), Escalation.ended_at.is_not(None))
        .order_by(Escalation.asked_at.desc())
    )
)


@dataclass(frozen=True)
class EscalationListed:
    """A case that waits for advice: who asked and since when."""

    case_id: str
    intake_kind: str
    asked_by: str
    asked_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class AdviceShown:
    """One question and what came of it, as the next holder sees it; without ``advice`` there was none."""

    note: str
    asked_at: datetime
    advice: str | None
    ended_at: datetime


@dataclass(frozen=True)
class EscalationInRecord:
    """One question to legal as the trail tells it; texts are None where they were erased."""

    asked_by: str
    asked_at: datetime
    note: str | None
    ended_at: datetime | None = None
    advised_by: str | None = None
    advice: str | None = None


def escalations_listed(reader: Session) -> tuple[EscalationListed, ...]:
    """The cases that wait for advice, the longest waiting first, 200 at most."""
    rows = reader.execute(
        sa.select(Escalation.case_id, Case.intake_kind, Account.pseudonym, Escalation.asked_at, Case.due_at)
        .join(Case, Case.id == Escalation.case_id)
        .join(Account, Account.id == Escalation.asked_by)
        .where(Escalation.ended_at.is_(None), Case.state.in_(MOVES["advise"].sources))
        .order_by(Escalation.asked_at, Escalation.id)
        .limit(MOST_LISTED)
    )
    return tuple(EscalationListed(*row) for row in rows)


def advice_on(reader: Session, case_id: str) -> tuple[AdviceShown, ...]:
    """The questions about a case that are answered or ended by themselves, the newest first."""
    return tuple(AdviceShown(*row) for row in _ENDED.all(reader, case_id=case_id))


def escalations_told(reader: Session, case_id: str) -> tuple[EscalationInRecord, ...]:
    """All questions about a case in their order, read from the events that tell of them."""
    asked, advised, ended = (MOVES[name].event for name in ("escalate", "advise", "end_escalation"))
    rows = reader.execute(
        sa.select(Opening.event_type, Opening.recorded_at, Opening.envelope, Opening.fields)
        .where(
            Opening.object_kind == "case",
            Opening.object_id == case_id,
            Opening.event_type.in_((asked, advised, ended)),
        )
        .order_by(Opening.object_version)
    ).all()
    actors = [actor_in(row.envelope) for row in rows]
    names = names_of(reader, actors)
    found: dict[str, EscalationInRecord] = {}
    for row, actor in zip(rows, actors, strict=True):
        escalation_id = text_in(row.fields, "escalation") or ""
        who = names.get((actor["kind"], actor["id"]), "")
        if row.event_type == asked:
            found[escalation_id] = EscalationInRecord(who, row.recorded_at, text_in(row.fields, "note"))
        elif escalation_id in found:
            found[escalation_id] = replace(
                found[escalation_id],
                ended_at=row.recorded_at,
                advised_by=who if row.event_type == advised else None,
                advice=text_in(row.fields, "advice"),
            )
    return tuple(found.values())
