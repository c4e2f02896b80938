"""Rows: next, open, decide through the real pages; 8 moderators without a pause, 50 who think."""

from typing import Any

import sqlalchemy as sa

from review.models import Review
from tests.bench import load
from tests.bench.load import Measured
from tests.bench.servers import Installed, Person, Served
from tests.bench.stage import Stage, cost, refusals
from tests.bench.table import Row, Target

SHARE = Target(0.30, 0.45)
FAIRNESS = Target(50, 12, most=True, unit=" ms")


def order_of_desk(desk: Installed, people: list[Person]) -> dict[str, Any]:
    """Moderators at the pages of the desk."""
    return {
        "journey": "decide",
        "clients": len(people),
        "port": desk.port,
        "next": "/queue/next",
        "people": [person.as_dict() for person in people],
    }


def order_of_thin(served: Served, count: int) -> dict[str, Any]:
    """The same steps at thin."""
    nobody = {"cookie": "", "token": ""}
    return {
        "journey": "decide",
        "clients": count,
        "port": served.port,
        "next": "/next",
        "people": [nobody] * count,
    }


def doubles_of(desk: Installed, ours: Measured) -> int:
    """Cases with two standing reviews, by what clients were told and by what is stored."""
    engine = desk.engine()
    with engine.connect() as connection:
        stored = connection.execute(
            sa.select(sa.func.count(), sa.func.count(sa.distinct(Review.case_id))).where(
                Review.undone_at.is_(None)
            )
        ).one()
    engine.dispose()
    return ours.doubles + int(stored[0]) - int(stored[1])


def cycle_row(work: str, stage: Stage, desk: Installed, ours: Measured, thin: Measured) -> Row:
    """The line for a rate of whole cycles beside thin's."""
    doubles = doubles_of(desk, ours)
    steps = " ".join(f"{step} {ours.p50(step):.1f}" for step in ("claim", "open", "decide"))
    theirs = " ".join(f"{step} {thin.p50(step):.1f}" for step in ("claim", "open", "decide"))
    return Row(
        work,
        stage.kind,
        f"{ours.rate:.0f}/s, {doubles} double",
        ours.p50("cycle"),
        ours.p99("cycle"),
        f"thin {thin.rate:.0f}/s, p99 {thin.p99('cycle'):.0f} ms",
        ours.rate / thin.rate,
        target=SHARE,
        note=f"{cost(ours, thin)}. p50 in ms: {steps}; thin: {theirs}. {refusals(ours)}".strip()
        + (f" {doubles} DOUBLE DECISIONS" if doubles else ""),
    )


def rows_of(stage: Stage) -> list[Row]:
    """Eight moderators without a pause: three requests a cycle, and as the page does it, two."""
    desk, source = stage.desk()
    people = stage.moderators(desk, source, stage.options.moderators)
    mine, served = order_of_desk(desk, people), stage.thin()
    theirs = served, order_of_thin(served, len(people))
    ours, thin = stage.alternate((desk, mine), theirs)
    ours_on, thin_again = stage.alternate((desk, mine | {"go_on": True}), theirs)
    work = f"{len(people)} moderators, {source.filled.cases} open"
    return [
        cycle_row(f"next + open + decide, {work}", stage, desk, ours, thin),
        cycle_row(f"open + decide-and-next, {work}", stage, desk, ours_on, thin_again),
    ]


def thinking_rows(stage: Stage) -> list[Row]:
    """Fifty moderators who think a second between the steps: how long the slowest wait."""
    desk, source = stage.desk()
    options = stage.options
    people = stage.moderators(desk, source, options.many_moderators)
    timing = {
        "seconds": options.thought_run_seconds,
        "warm_seconds": options.thought_seconds * 2,
        "thought_seconds": options.thought_seconds,
    }
    thin = load.run(timing | order_of_thin(stage.thin(), len(people)))
    ours = load.run(timing | order_of_desk(desk, people))
    stage.noise.measure()
    doubles = doubles_of(desk, ours)
    who = f"{len(people)} moderators thinking {options.thought_seconds:g} s, {source.filled.cases} open"
    return [
        Row(
            f"{step}, {who}",
            stage.kind,
            f"{ours.rate:.1f} cycles/s, {doubles} double",
            ours.p50(step),
            ours.p99(step),
            f"thin p50 {thin.p50(step):.1f}, p99 {thin.p99(step):.1f} ms",
            ours.p99(step) / thin.p99(step),
            figure=ours.p99(step),
            target=FAIRNESS,
            note=f"judged by p99; {len(ours.steps.get(step, ()))} requests. {refusals(ours)}".strip(),
        )
        for step in ("claim", "open", "decide")
    ]


def process_rows(stage: Stage) -> list[Row]:
    """Two server processes on one PostgreSQL, beside thin with as many."""
    if stage.kind != "postgresql":
        return []
    stored, count = stage.options.stored, stage.options.moderators
    with stage.fresh_desk(stored, workers=2) as (desk, source), stage.fresh_thin(stored, workers=2) as served:
        people = stage.moderators(desk, source, count)
        theirs = served, order_of_thin(served, count)
        ours, thin = stage.alternate((desk, order_of_desk(desk, people)), theirs)
        ours_on, thin_again = stage.alternate((desk, order_of_desk(desk, people) | {"go_on": True}), theirs)
        who = f"{count} moderators"
        return [
            cycle_row(f"--workers 2: next + open + decide, {who}", stage, desk, ours, thin),
            cycle_row(f"--workers 2: open + decide-and-next, {who}", stage, desk, ours_on, thin_again),
        ]
