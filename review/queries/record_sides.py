"""What stands beside the rounds of a record: messages sent, evidence named, today's wording."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.clause_difference import Row, compare_wordings
from review.domain.clause_words import plain_words
from review.domain.rounds import why_empty
from review.domain.states import Round
from review.models import Evidence
from review.queries.clauses import clauses_in_force
from review.queries.record_parts import ClauseInRecord, ItemInRecord, ReferralInRecord, ReviewInRecord
from review.queries.stored_cases import in_sets


@dataclass(frozen=True)
class MessageInRecord:
    """One answer as one sender got it, byte for byte, and the items of that sender which it answers."""

    sender: str
    reference: str
    referral_id: str
    body: str
    answered_at: datetime | None
    items: tuple[str, ...]


@dataclass(frozen=True)
class EvidenceInRecord:
    """A file that came with an item: its name and digest, never the file."""

    id: str
    item_id: str
    name: str
    media_type: str
    length: int
    sha256: str
    received_at: datetime


@dataclass(frozen=True)
class RoundInRecord:
    """The reviews of one round; where there is none, ``reason`` is the code that says why."""

    name: str
    reviews: tuple[ReviewInRecord, ...]
    reason: str | None


@dataclass(frozen=True)
class WordingToday:
    """A clause today: ``version`` is None where it does not hold any more; ``rows`` is empty while equal."""

    version: int | None
    rows: tuple[Row, ...]


def messages_in_record(
    items: Sequence[ItemInRecord], referrals: Sequence[ReferralInRecord]
) -> tuple[MessageInRecord, ...]:
    """The answers by referral, superseded ones too; one that several items got alike stands once."""
    named = {referral.id: referral for referral in referrals}
    grouped: dict[tuple[str, str, datetime | None], list[str]] = {}
    for item in items:
        for answer, answered_at in item.superseded:
            grouped.setdefault((item.referral_id, answer, answered_at), []).append(item.id)
        if item.answer is not None:
            grouped.setdefault((item.referral_id, item.answer, item.answered_at), []).append(item.id)
    return tuple(
        MessageInRecord(
            sender=named[referral_id].sender if referral_id in named else "",
            reference=named[referral_id].reference if referral_id in named else "",
            referral_id=referral_id,
            body=body,
            answered_at=answered_at,
            items=tuple(ids),
        )
        for (referral_id, body, answered_at), ids in grouped.items()
    )


def evidence_in_record(reader: Session, item_ids: Iterable[str]) -> tuple[EvidenceInRecord, ...]:
    """The files that came with these items, in their order."""
    found: list[EvidenceInRecord] = []
    for some in in_sets(item_ids):
        statement = sa.select(
            Evidence.id,
            Evidence.item_id,
            Evidence.name,
            Evidence.media_type,
            Evidence.length,
            Evidence.sha256,
            Evidence.received_at,
        )
        ordered = statement.where(Evidence.item_id.in_(some)).order_by(Evidence.item_id, Evidence.id)
        found += [EvidenceInRecord(*row) for row in reader.execute(ordered)]
    return tuple(found)


def rounds_in_record(reviews: Sequence[ReviewInRecord], *, state: str) -> tuple[RoundInRecord, ...]:
    """Every round of a case, also those that there were none of; reviews of no known round stand first."""
    known = {name.value for name in Round}
    astray = tuple(review for review in reviews if review.round not in known)
    rounds = [RoundInRecord("", astray, None)] if astray else []
    for name in Round:
        own = tuple(review for review in reviews if review.round == name.value)
        rounds.append(RoundInRecord(name.value, own, None if own else why_empty(name, state=state)))
    return tuple(rounds)


def wordings_today(
    reader: Session, reviews: Sequence[ReviewInRecord], *, on: date
) -> Mapping[ClauseInRecord, WordingToday]:
    """What became of each clause that a review names."""
    named = {clause for review in reviews for clause in review.clauses}
    if not named:
        return {}
    current = {(clause.document, clause.number): clause for clause in clauses_in_force(reader, on=on)}
    found: dict[ClauseInRecord, WordingToday] = {}
    for clause in named:
        today = current.get((clause.document, clause.number))
        if today is None:
            found[clause] = WordingToday(None, ())
            continue
        then, now = ("\n".join((one.title, plain_words(one.text))) for one in (clause, today))
        found[clause] = WordingToday(today.version, compare_wordings(then, now) if then != now else ())
    return found
