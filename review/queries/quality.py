"""Samples for quality review: what they are drawn from, what is in them, what was found; names nobody."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.sampling import Draw, Finding, Stratum, StratumResult, StratumShare
from review.models import Case, Decision, EmailedReferral, Item, QualityEntry, QualitySample, Review
from review.queries.record_parts import ClauseInRecord, ItemInRecord, ReviewInRecord
from review.queries.record_sides import EvidenceInRecord, WordingToday
from review.queries.records import record_of

LISTED = 50


@dataclass(frozen=True)
class SampleListed:
    """One sample in the list: how it was drawn, how many decisions it has and how many are judged."""

    id: str
    draw: Draw
    drawn_at: datetime
    drawn: int
    judged: int


@dataclass(frozen=True)
class EntryListed:
    """One decision of a sample; ``own``: the reader had a part in the case and does not judge it."""

    decision_id: str
    case_id: str
    place: int
    stratum: Stratum
    finding: str | None
    remark: str | None
    judged_at: datetime | None
    own: bool


@dataclass(frozen=True)
class Sample:
    """A sample with its entries, what was found in each stratum, and how often each was found."""

    id: str
    draw: Draw
    drawn_at: datetime
    entries: tuple[EntryListed, ...]
    results: tuple[StratumResult, ...]
    findings: dict[str, int]

    @property
    def judged(self) -> int:
        """How many entries are judged."""
        return sum(one.judged for one in self.results)

    @property
    def population(self) -> int:
        """How many decisions the span has."""
        return sum(one.share.population for one in self.results)


@dataclass(frozen=True)
class Reason:
    """What a referral says of the case; not from whom."""

    text: str
    language: str | None


@dataclass(frozen=True)
class CaseToJudge:
    """What whoever judges a decision reads of the case: nothing of senders, nothing of who reviewed it.

    ``broken``: its stored rows are not what the trail tells; what is shown is what the trail tells.
    """

    id: str
    intake_kind: str
    outcome: str | None
    decided_at: datetime | None
    items: tuple[ItemInRecord, ...]
    total: int
    reasons: tuple[Reason, ...]
    reviews: tuple[ReviewInRecord, ...]
    decisive_review: str | None
    wordings: Mapping[ClauseInRecord, WordingToday]
    evidence: tuple[EvidenceInRecord, ...]
    broken: bool


def had_part(account_id: str | None, case_id: Any) -> sa.ColumnElement[bool]:
    """This person reviewed the case in some round, even if undone, or confirmed an e-mail that led to it."""
    reviewed = sa.select(Review.id).where(Review.case_id == case_id, Review.account_id == account_id)
    confirmed = (
        sa.select(EmailedReferral.id)
        .join(Item, Item.referral_id == EmailedReferral.referral_id)
        .where(Item.case_id == case_id, EmailedReferral.ended_by == account_id)
    )
    return sa.or_(reviewed.exists(), confirmed.exists())


def decided_in(reader: Session, *, since: date, until: date) -> list[tuple[Stratum, str]]:
    """Every decision of these days in UTC, by stratum; decisions never change, so it is always the same."""
    rows = reader.execute(
        sa.select(Decision.outcome, Case.intake_kind, Decision.id)
        .join(Case, Case.id == Decision.case_id)
        .where(Decision.decided_at >= start_of(since), Decision.decided_at < start_of(until, days=1))
    )
    return [(Stratum(outcome, kind), decision_id) for outcome, kind, decision_id in rows]


def start_of(day: date, *, days: int = 0) -> datetime:
    """The first moment of a day in UTC, so many days later."""
    return datetime.combine(day, time(), UTC) + timedelta(days=days)


def samples_listed(reader: Session) -> tuple[SampleListed, ...]:
    """The last 50 samples, the newest first."""
    counts = sa.func.count(), sa.func.count(QualityEntry.finding)
    rows = reader.execute(
        sa.select(QualitySample, *counts)
        .join(QualityEntry, QualityEntry.sample_id == QualitySample.id)
        .group_by(QualitySample.id)
        .order_by(QualitySample.drawn_at.desc(), QualitySample.id)
        .limit(LISTED)
    )
    return tuple(
        SampleListed(sample.id, _draw_of(sample), sample.drawn_at, drawn, judged)
        for sample, drawn, judged in rows
    )


def _draw_of(sample: QualitySample) -> Draw:
    return Draw(sample.since, sample.until, sample.size, sample.seed)


def sample_of(reader: Session, sample_id: str, *, account_id: str | None) -> Sample | None:
    """A sample as this person sees it; None where there is none."""
    sample = reader.get(QualitySample, sample_id)
    if sample is None:
        return None
    rows = reader.execute(
        sa.select(QualityEntry, had_part(account_id, QualityEntry.case_id).label("own"))
        .where(QualityEntry.sample_id == sample_id)
        .order_by(QualityEntry.place)
    ).all()
    entries = tuple(_listed(entry, own=own) for entry, own in rows)
    return Sample(
        sample.id,
        _draw_of(sample),
        sample.drawn_at,
        entries,
        results=_results(sample.strata, entries),
        findings={one: count for one, count in Counter(each.finding for each in entries).items() if one},
    )


def _listed(entry: QualityEntry, *, own: bool) -> EntryListed:
    return EntryListed(
        entry.decision_id,
        entry.case_id,
        entry.place,
        Stratum(entry.outcome, entry.intake_kind),
        entry.finding,
        entry.remark,
        entry.judged_at,
        own=bool(own),
    )


def _results(strata: Sequence[Any], entries: Sequence[EntryListed]) -> tuple[StratumResult, ...]:
    found = []
    for outcome, kind, population, drawn in strata:
        share = StratumShare(Stratum(outcome, kind), population, drawn)
        judged = [one for one in entries if one.stratum == share.stratum and one.finding is not None]
        errors = sum(one.finding != Finding.CORRECT for one in judged)
        found.append(StratumResult(share, judged=len(judged), errors=errors))
    return tuple(found)


def case_to_judge(reader: Session, case_id: str, *, on: date) -> CaseToJudge | None:
    """What the record shows of a case, less senders and people; as the trail tells it."""
    record = record_of(reader, case_id, on=on)
    if record is None:
        return None
    return CaseToJudge(
        id=record.id,
        intake_kind=record.intake_kind,
        outcome=record.outcome,
        decided_at=record.decided_at,
        items=record.items,
        total=record.total,
        reasons=tuple(Reason(one.reason, one.language) for one in record.referrals),
        reviews=tuple(
            replace(review, reviewer="")
            for each in record.rounds
            for review in each.reviews
            if review.undone_at is None
        ),
        decisive_review=record.decisive_review,
        wordings=record.wordings,
        evidence=record.evidence,
        broken=bool(record.broken or record.differences),
    )
