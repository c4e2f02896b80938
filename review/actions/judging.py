"""Which decision of a sample may this person judge, and why not? Asked by all that a judge does."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import Actor
from review.errors import AlreadyClosed, NotFound, NotPermitted, ReviewError
from review.models import QualityEntry
from review.queries import quality

OWN_PART = "You had a part in this case; somebody else judges it for quality."


@dataclass(frozen=True)
class Entry:
    """One decision of a sample that waits to be judged."""

    sample_id: str
    decision_id: str
    case_id: str
    outcome: str


def waiting_entry(
    writer: Session, sample_id: str, decision_id: str, *, actor: Actor, still: bool = False
) -> Entry:
    """The entry that this person may judge; raises `NotFound`, `NotPermitted` or `AlreadyClosed`.

    ``still``: nobody judges it before this transaction ends.
    """
    statement = sa.select(QualityEntry.case_id, QualityEntry.outcome).where(
        QualityEntry.sample_id == sample_id,
        QualityEntry.decision_id == decision_id,
        QualityEntry.finding.is_(None),
        ~quality.had_part(actor.account_id, QualityEntry.case_id),
    )
    if still:
        statement = statement.with_for_update(read=True, of=QualityEntry)
    row = writer.execute(statement).one_or_none()
    if row is None:
        raise refusal_of(writer, sample_id, decision_id, actor=actor)
    return Entry(sample_id, decision_id, row.case_id, row.outcome)


def refusal_of(writer: Session, sample_id: str, decision_id: str, *, actor: Actor) -> ReviewError:
    """Why this person may not judge the entry, or not any more."""
    row = writer.execute(
        sa.select(
            QualityEntry.finding, quality.had_part(actor.account_id, QualityEntry.case_id).label("own")
        ).where(QualityEntry.sample_id == sample_id, QualityEntry.decision_id == decision_id)
    ).one_or_none()
    if row is None:
        return NotFound()
    if row.own:
        return NotPermitted(OWN_PART)
    return AlreadyClosed(
        "This decision was judged in the meantime; nothing was changed. The sample shows it."
    )
