"""Quality review: drawing a sample of decided cases, reading one of them, and saying what was found."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.evidence import end_reveals
from review.actions.judging import Entry, refusal_of, waiting_entry
from review.domain.ids import new_id
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.sampling import Draw, Drawn, check_draw, check_judgement, draw_sample
from review.errors import InvalidInput, NotFound
from review.models import Decision, QualityEntry, QualitySample, Reveal
from review.models.rows import insert_new, insert_rows
from review.queries import quality
from review.queries.quality import CaseToJudge


@dataclass(frozen=True)
class SampleDrawn:
    """The id of a sample; ``new`` is False where the same one was drawn before."""

    sample_id: str
    new: bool


def draw_quality_sample(draw: Draw, *, actor: Actor) -> SampleDrawn:
    """Draw a sample of the decisions of a span; the same seed, span and size give the sample that stands.

    Raises `InvalidInput` for a wrong span, size or seed and where nothing was decided in the span.
    """
    check_permission(actor, Permission.JUDGE_QUALITY)
    check_draw(draw, today=clock.now().date())
    # read and drawn before the write lock is taken: decisions of days that are over do not change
    reader = db.session()
    decided = quality.decided_in(reader, since=draw.since, until=draw.until)
    if not decided:
        raise InvalidInput("No case was decided in these days, so that there is nothing to draw.")
    drawn = draw_sample(decided, draw)
    cases = _cases_of(reader, [one.decision_id for one in drawn])
    population, taken = Counter(stratum for stratum, _id in decided), Counter(one.stratum for one in drawn)
    strata = [[*stratum, population[stratum], taken[stratum]] for stratum in sorted(population)]
    sample_id = new_id("Y")
    with db.transaction() as writer:
        now = clock.now()
        row = {"id": sample_id, "trail_version": 1, "strata": strata, "drawn_by": actor.account_id}
        row |= {"seed": draw.seed, "since": draw.since, "until": draw.until, "size": draw.size}
        unique = ("seed", "since", "until", "size")
        if not insert_new(writer, QualitySample, [row | {"drawn_at": now}], unique=unique):
            earlier = sa.select(QualitySample.id).filter_by(**{name: row[name] for name in unique})
            return SampleDrawn(writer.scalars(earlier).one(), new=False)
        insert_rows(writer, QualityEntry, _entries(sample_id, drawn, cases))
        event = ledger.Record(
            sample_id,
            fields={
                "seed": draw.seed,
                "since": draw.since.isoformat(),
                "until": draw.until.isoformat(),
                "decisions": [one.decision_id for one in drawn],
                "strata": strata,
            },
            meta={"size": draw.size, "population": len(decided)},
        )
        ledger.record_many(writer, "quality.sampled", [event], actor=actor, at=now, created=True)
        return SampleDrawn(sample_id, new=True)


def _cases_of(reader: Session, decision_ids: Sequence[str]) -> dict[str, str]:
    """The case of each decision; a sample has a thousand at most."""
    rows = reader.execute(sa.select(Decision.id, Decision.case_id).where(Decision.id.in_(decision_ids)))
    return {row.id: row.case_id for row in rows}


def _entries(sample_id: str, drawn: Sequence[Drawn], cases: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "sample_id": sample_id,
            "decision_id": one.decision_id,
            "case_id": cases[one.decision_id],
            "place": place,
            "outcome": one.stratum.outcome,
            "intake_kind": one.stratum.intake_kind,
        }
        for place, one in enumerate(drawn, start=1)
    ]


def open_drawn_case(sample_id: str, decision_id: str, *, actor: Actor) -> CaseToJudge:
    """What is to be judged, for a lead who had no part in it; opening it is an event on the case.

    Raises `NotFound`, `NotPermitted` for one's own case, `AlreadyClosed` where it is judged.
    """
    with db.transaction() as writer:
        check_permission(actor, Permission.JUDGE_QUALITY)
        now = clock.now()
        entry = waiting_entry(writer, sample_id, decision_id, actor=actor)
        found = quality.case_to_judge(writer, entry.case_id, on=now.date())
        if found is None:
            raise NotFound()
        ledger.record(writer, "record.opened", entry.case_id, actor=actor, at=now)
        return found


def leave_drawn_case(sample_id: str, decision_id: str, item_id: str, *, actor: Actor) -> None:
    """Put on the trail that the judge leaves for the live address of an item, as the trail tells it.

    Raises `NotFound`, `NotPermitted` for one's own case, `AlreadyClosed` where it is judged.
    """
    check_permission(actor, Permission.JUDGE_QUALITY)
    with db.transaction() as writer:
        now = clock.now()
        entry = waiting_entry(writer, sample_id, decision_id, actor=actor, still=True)
        found = quality.case_to_judge(writer, entry.case_id, on=now.date())
        urls = {} if found is None else {item.id: item.canonical_url for item in found.items}
        if item_id not in urls:
            raise NotFound("The case shows no such item; open it from the sample again.")
        fields: dict[str, ledger.Value | None] = {"item": item_id, "url": urls[item_id]}
        ledger.record(writer, "record.location_opened", entry.case_id, actor=actor, at=now, fields=fields)


def judge_decision(sample_id: str, decision_id: str, finding: str, remark: str, *, actor: Actor) -> None:
    """Say what was found of a decision of the sample; that is final, and ends what the judge is shown of it.

    Raises `InvalidInput`, `NotFound`, `NotPermitted` for one's own case, `AlreadyClosed` where somebody was
    faster.
    """
    check_permission(actor, Permission.JUDGE_QUALITY)
    with db.transaction() as writer:
        now = clock.now()
        entry = waiting_entry(writer, sample_id, decision_id, actor=actor)
        found = check_judgement(finding, remark, outcome=entry.outcome)
        if not _judged(writer, entry, found, remark, actor=actor, now=now):
            raise refusal_of(writer, sample_id, decision_id, actor=actor)
        of_reader = Reveal.claim_generation.is_(None)
        end_reveals(writer, actor, now, of_reader, Reveal.case_id == entry.case_id)
        ledger.record(
            writer,
            "quality.judged",
            sample_id,
            actor=actor,
            at=now,
            fields={"decision": decision_id, "case": entry.case_id, "remark": remark or None},
            meta={"finding": found.value},
        )


def _judged(writer: Session, entry: Entry, finding: str, remark: str, *, actor: Actor, now: datetime) -> bool:
    """Whether the finding is stored: nobody was faster, and the judge had no part in the case."""
    stored = writer.scalar(
        sa.update(QualityEntry)
        .where(
            QualityEntry.sample_id == entry.sample_id,
            QualityEntry.decision_id == entry.decision_id,
            QualityEntry.finding.is_(None),
            ~quality.had_part(actor.account_id, QualityEntry.case_id),
        )
        .values(finding=finding, remark=remark or None, judged_by=actor.account_id, judged_at=now)
        .returning(QualityEntry.decision_id)
        .execution_options(synchronize_session=False)
    )
    return stored is not None
