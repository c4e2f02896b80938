"""Does the trail add up, from the first entry to the last? Verification, in bounded memory.

Several passes over one snapshot: the entries in their order with tiles, tree heads and checkpoints; what
waits for a position; the chain of each object; and the objects' own counts. The earliest problem is the
verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review import db, ledger
from review.domain.trail_check import Link, name_of, previous_of, problem_of, problem_of_link
from review.models import Leaf, Opening, PendingEvent
from review.queries.trail_rows import Problem, event_columns, event_of, raw, stream
from review.queries.trail_walk import Progress, Walk


@dataclass(frozen=True)
class Finding:
    """The verdict: ``sentence`` says it; ``entries`` were found good, from the start and without a gap.

    ``first_bad`` is the first position not found good, None when all is intact or when what is wrong has no
    position; ``checkpoints`` counts the signed notes that hold up to there.
    """

    intact: bool
    entries: int
    checkpoints: int
    sentence: str
    first_bad: int | None = None
    detail: str = ""


def begin_snapshot(reader: Session) -> None:
    """Let everything read from here on come from one moment; gives up what the session has read before."""
    reader.rollback()
    if not db.is_sqlite(reader):
        reader.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def verify_trail(
    reader: Session, *, vkey: str | None, checkpoint_file: str | None = None, progress: Progress | None = None
) -> Finding:
    """Check every row of the trail; ``checkpoint_file`` is the note kept outside, read before the snapshot.

    Without ``vkey`` no checkpoint can be checked, so that having any is a finding. ``progress`` is told how
    many entries were read.
    """
    walk = Walk(reader, vkey=vkey, outside=checkpoint_file, progress=progress)
    problems = [
        problem
        for check in (
            walk.problem,
            lambda: _waiting_problem(reader),
            lambda: _unplaced_problem(reader),
            lambda: _chain_problem(reader),
            lambda: _count_problem(reader),
        )
        if (problem := _readable(check)) is not None
    ]
    if not problems:
        return Finding(
            intact=True, entries=walk.size, checkpoints=walk.checkpoints, sentence=walk.good_sentence()
        )
    first = min(problems, key=lambda problem: problem.order)
    good = walk.size if first.position is None else min(walk.size, first.position)
    rest = f"The {good} entries before it are intact." if good else "Nothing before it was found good."
    return Finding(
        intact=False,
        entries=good,
        checkpoints=walk.checkpoints,
        sentence=first.sentence,
        first_bad=first.position,
        detail=rest if first.position is not None else "Restore a backup and compare it with this database.",
    )


def _readable(check: Callable[[], Problem | None]) -> Problem | None:
    """The check's answer; text that is no UTF-8 stops SQLite's driver, and is a finding as well."""
    try:
        return check()
    except DBAPIError as error:
        if "utf-8" not in str(error.orig).lower():
            raise
        return Problem(None, "A row of the trail holds text that cannot be read.")


def _waiting_problem(reader: Session) -> Problem | None:
    """Events without a position: each has its content, unchanged, and is not sequenced already."""
    statement = (
        sa.select(
            *raw(PendingEvent.eid, PendingEvent.leaf_hash),
            *event_columns(reader),
            sa.exists().where(Leaf.eid == PendingEvent.eid).label("sequenced"),
        )
        .select_from(PendingEvent)
        .outerjoin(Opening, Opening.eid == PendingEvent.eid)
    )
    with stream(reader, statement) as rows:
        for row in rows:
            if row.opening_eid is None:
                return Problem(None, "An event that waits for its position has lost its content.")
            event = event_of(row)
            reason = "has a position already" if row.sequenced else problem_of(event, leaf=row.leaf_hash)
            if reason is not None:
                return Problem(None, f"An event that waits for its position ({name_of(event)}) {reason}.")
    return None


def _unplaced_problem(reader: Session) -> Problem | None:
    """Contents that no entry and no waiting event stands for."""
    statement = sa.select(*event_columns(reader)).where(
        ~sa.exists().where(Leaf.eid == Opening.eid), ~sa.exists().where(PendingEvent.eid == Opening.eid)
    )
    row = reader.execute(statement.limit(1)).one_or_none()
    if row is None:
        return None
    return Problem(None, f"An event stands beside the trail without an entry ({name_of(event_of(row))}).")


def _chain_problem(reader: Session) -> Problem | None:
    """Each object's events: versions from 1 without a gap, each naming the one before."""
    statement = (
        sa.select(*event_columns(reader), *raw(Leaf.position))
        .outerjoin(Leaf, Leaf.eid == Opening.eid)
        .where(Opening.object_version.is_not(None))
        .order_by(Opening.object_kind, Opening.object_id, Opening.object_version)
    )
    first: Problem | None = None
    before: Link | None = None
    with stream(reader, statement) as rows:
        for row in rows:
            event = event_of(row)
            position = row.position if isinstance(row.position, int) else None
            link = Link(
                object_kind=event.object_kind,
                object_id=event.object_id,
                version=event.object_version,
                eid=event.eid,
                previous=previous_of(event.envelope),
                position=position,
            )
            reason = problem_of_link(link, before)
            if reason is None and link.object_kind not in ledger.type_of_object:
                reason = "counts in the chain of no object"
            before = link
            if reason is None:
                continue
            entry = "An event that waits for its position" if position is None else f"Entry {position}"
            found = Problem(position, f"{entry} ({name_of(event)}) {reason}.")
            if first is None or found.order < first.order:
                first = found
    return first


def _count_problem(reader: Session) -> Problem | None:
    """Each object has as many events as it says, and each event that counts has its object."""
    for kind, table in ledger.type_of_object.items():
        events = sa.func.count(Opening.eid)
        of_object = sa.and_(
            Opening.object_kind == kind,
            Opening.object_id == table.id,
            Opening.object_version.is_not(None),
        )
        row = reader.execute(
            sa.select(*raw(table.id, table.trail_version), events.label("events"))
            .select_from(table)
            .outerjoin(Opening, of_object)
            .group_by(table.id)
            .having(table.trail_version != events)
            .limit(1)
        ).one_or_none()
        if row is not None:
            told = f"says that {row.trail_version} events are on the trail, which has {row.events}"
            return Problem(None, f"The {kind} {row.id} {told}.")
        lost = reader.execute(
            sa.select(*event_columns(reader))
            .where(Opening.object_kind == kind, Opening.object_version.is_not(None))
            .where(~sa.exists().where(table.id == Opening.object_id))
            .limit(1)
        ).one_or_none()
        if lost is not None:
            return Problem(None, f"The object of an event is gone ({name_of(event_of(lost))}).")
    return None
