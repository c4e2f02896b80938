"""Does the trail add up, from the first entry to the last? Verification, in bounded memory.

Over one snapshot: the entries in their order with tiles, tree heads and checkpoints; what waits for a
position; the chain of each object; the objects' own counts; and the ordinary rows, which must say what the
trail says. Chains and many rows are looked at beside the pass over the entries, some hundred at once, and one
by one only where that leaves a doubt. The earliest problem is the verdict.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review import memory
from review.domain.display import visible
from review.domain.ids import is_id
from review.domain.plain_event import PlainEvent, plain_event
from review.domain.trail_check import Link, name_of, previous_of, problem_of, problem_of_link
from review.models import Leaf, Opening, PendingEvent
from review.models.base import OnTrail
from review.models.kinds import type_of_object
from review.queries.erased import Erased
from review.queries.plain_rows import PlainRows, plain_rows
from review.queries.stored_referrals import Evidence
from review.queries.stored_rows import OF_CASES, OF_ITEMS, OF_REFERRALS, REST, row_problem
from review.queries.trail_links import Links
from review.queries.trail_rows import Problem, event_columns, event_of, is_unreadable, many_pages, raw, stream
from review.queries.trail_run import Run
from review.queries.trail_walk import Progress, Walk

Check = Callable[[], Problem | None]

SETTLED = (OF_REFERRALS, OF_ITEMS, OF_CASES)
"""Types of events that are compared with their rows as the pass over the entries meets them."""


@dataclass(frozen=True)
class Finding:
    """The verdict: ``sentence`` says it; ``entries`` were found good, from the start and without a gap.

    ``first_bad`` is the first position not found good, None when all is intact or when what is wrong has no
    position; ``checkpoints`` counts the signed notes that hold up to there.
    ``about`` holds the ids and ``entry`` the position that the sentence names; ``table`` and ``row`` are
    where to look, None where that is no single place.
    """

    intact: bool
    entries: int
    checkpoints: int
    sentence: str
    first_bad: int | None = None
    detail: str = ""
    about: tuple[str, ...] = ()
    entry: int | None = None
    table: str | None = None
    row: str | None = None

    @property
    def is_of_rows(self) -> bool:
        """Whether the trail itself is intact, and what differs from it is an ordinary row, or several."""
        return self.detail == REST


def verify_trail(
    reader: Session,
    *,
    vkey: str | Sequence[str] | None,
    checkpoint_file: str | None = None,
    evidence: Evidence | None = None,
    progress: Progress | None = None,
) -> Finding:
    """Check every row of the trail; ``checkpoint_file`` is the note kept outside, read before the snapshot.

    ``vkey``: the key of the trail, or all that it ever had. Without it no checkpoint can be checked, so that
    having any is a finding; without ``evidence`` no original from which evidence was spliced out.
    ``progress`` is told how many entries were read.
    """
    keys = [vkey] if isinstance(vkey, str) else list(vkey or ())
    beside = plain_rows(reader, evidence=evidence)
    with many_pages(reader), memory.few_collections(), beside as rows:
        return _verified(
            reader, rows, vkeys=keys, checkpoint_file=checkpoint_file, evidence=evidence, progress=progress
        )


def _verified(
    reader: Session,
    rows: PlainRows,
    *,
    vkeys: Sequence[str],
    checkpoint_file: str | None,
    evidence: Evidence | None,
    progress: Progress | None,
) -> Finding:
    links = Links(reader)

    def take(events: Sequence[PlainEvent]) -> None:
        rows.take(events)
        links.take(events)

    def take_odd(row: Any) -> None:
        rows.take_odd(row)
        links.take_odd(row)

    run = Run(reader, vkeys=vkeys, outside=checkpoint_file, progress=progress, met=take, doubted=take_odd)
    entries: tuple[Check, ...] = (
        run.problem,
        lambda: _waiting_problem(reader, take, take_odd),
        lambda: _unplaced_problem(reader),
    )
    problems = [problem for check in entries if (problem := _readable(check)) is not None]
    chains: tuple[Check, ...] = (
        lambda: None if not problems and links.hold() else _chain_problem(reader),
        lambda: _count_problem(reader, known=("referral",) if not problems and rows.counted() else ()),
    )
    problems += [problem for check in chains if (problem := _readable(check)) is not None]
    if not problems:  # what the rows say has no position, so that it counts only where all else is right
        compared = () if rows.differ() else SETTLED
        different = _readable(lambda: row_problem(reader, evidence=evidence, compared=compared))
        problems += [] if different is None else [different]
    waiting = reader.scalar(sa.select(sa.func.count()).select_from(PendingEvent)) or 0
    return _verdict(run, problems, waiting=waiting)


def _verdict(walk: Walk, problems: Sequence[Problem], *, waiting: int) -> Finding:
    """The finding behind these problems, of which the first in the log, or the first found, is named."""
    if not problems:
        return Finding(
            intact=True,
            entries=walk.size,
            checkpoints=walk.checkpoints,
            sentence=walk.good_sentence(waiting=waiting),
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
        detail=rest if first.position is not None else first.rest,
        about=tuple(str(one) for one in first.about if is_id(one)),
        entry=first.position if first.entry is None else first.entry,
        table=first.table or None,
        row=visible(str(first.row)[:80]) or None,
    )


def _readable(check: Check) -> Problem | None:
    """The check's answer; text that is no UTF-8 stops SQLite's driver, and is a finding as well."""
    try:
        return check()
    except DBAPIError as error:
        if not is_unreadable(error):
            raise
        return Problem(None, "A row of the trail holds text that cannot be read.")


def _waiting_problem(
    reader: Session, met: Callable[[Sequence[PlainEvent]], None], odd: Callable[[Any], None]
) -> Problem | None:
    """Events without a position: each has its content, unchanged, and is not sequenced already.

    ``met`` is told of the plain ones, ``odd`` of the rows of others that are right.
    """
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
                lost = "An event that waits for its position has lost its content."
                return Problem(None, lost, table="pending_events", row=row.eid)
            plain = None if row.sequenced else plain_event((None, *tuple(row)[:-1]))
            if plain is not None:
                met([plain])
                continue
            event = event_of(row)
            reason: str | None = "has a position already"
            if not row.sequenced:
                reason = problem_of(event, leaf=row.leaf_hash, erased=Erased(reader).fields_of)
            if reason is not None:
                sentence = f"An event that waits for its position ({name_of(event)}) {reason}."
                about = (event.object_id,)
                return Problem(None, sentence, about=about, table="pending_events", row=row.eid)
            odd(row)
    return None


def _unplaced_problem(reader: Session) -> Problem | None:
    """Contents that no entry and no waiting event stands for; asked where each of these has its content."""
    entries, waiting = (
        sa.select(sa.func.count(eid.distinct())).scalar_subquery() for eid in (Leaf.eid, PendingEvent.eid)
    )
    contents = sa.select(sa.func.count()).select_from(Opening).scalar_subquery()
    if reader.scalar(sa.select(entries + waiting == contents)):
        return None
    statement = sa.select(*event_columns(reader)).where(
        ~sa.exists().where(Leaf.eid == Opening.eid), ~sa.exists().where(PendingEvent.eid == Opening.eid)
    )
    row = reader.execute(statement.limit(1)).one_or_none()
    if row is None:
        return None
    event = event_of(row)
    sentence = f"An event stands beside the trail without an entry ({name_of(event)})."
    return Problem(None, sentence, about=(event.object_id,), table="openings", row=event.eid)


def _chain_problem(reader: Session) -> Problem | None:
    """Each object's events: versions from 1 without a gap, each naming the one before."""
    statement = (
        sa.select(*event_columns(reader), *raw(Leaf.position))
        .outerjoin(Leaf, Leaf.eid == Opening.eid)
        .where(Opening.object_version.is_not(None))
        # of two of one version the earlier in the log is taken for the genuine one, and the other named
        .order_by(
            Opening.object_kind, Opening.object_id, Opening.object_version, Leaf.position.asc().nulls_last()
        )
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
            if reason is None and link.object_kind not in type_of_object:
                reason = "counts in the chain of no object"
            before = link
            if reason is None:
                continue
            entry = "An event that waits for its position" if position is None else f"Entry {position}"
            sentence, about = f"{entry} ({name_of(event)}) {reason}.", (event.object_id,)
            found = Problem(position, sentence, about=about, table="openings", row=event.eid)
            if first is None or found.order < first.order:
                first = found
    return first


def _counts_agree(reader: Session, kind: str, table: type[OnTrail]) -> bool:
    """Whether this is plainly so for all objects of a kind, in chains that are whole.

    Each says no more events than it has, since the last one is there; all together say as many as there are.
    """
    last = sa.exists().where(
        Opening.object_kind == kind,
        Opening.object_id == table.id,
        Opening.object_version == table.trail_version,
    )
    too_many = sa.select(sa.literal(1)).select_from(table).where(table.trail_version != 0, ~last)
    if reader.execute(too_many.limit(1)).first() is not None:
        return False
    told = sa.select(sa.func.count()).where(Opening.object_kind == kind, Opening.object_version.is_not(None))
    said = sa.select(sa.func.coalesce(sa.func.sum(table.trail_version), 0))
    return bool(reader.scalar(sa.select(said.scalar_subquery() == told.scalar_subquery())))


def _count_problem(reader: Session, *, known: Collection[str]) -> Problem | None:
    """Each object has as many events as it says, and each event that counts has its object.

    ``known`` are kinds of objects of which this is known already.
    """
    for kind, table in type_of_object.items():
        if kind in known or _counts_agree(reader, kind, table):
            continue
        counted = (
            sa.select(Opening.object_id, sa.func.count().label("events"))
            .where(Opening.object_kind == kind, Opening.object_version.is_not(None))
            .group_by(Opening.object_id)
            .subquery()
        )
        events = sa.func.coalesce(counted.c.events, 0)
        wrong = (
            sa.select(*raw(table.id, table.trail_version), events.label("events"))
            .select_from(table)
            .outerjoin(counted, counted.c.object_id == table.id)
            .where(table.trail_version != events)
            .limit(1)
        )
        if reader.execute(wrong).first() is not None:  # in no order, which is several times as fast
            row = reader.execute(wrong.order_by(table.id)).one()
            told = f"says that {row.trail_version} events are on the trail, which has {row.events}"
            sentence, name = f"The {kind} {row.id} {told}.", str(sa.inspect(table).local_table)
            return Problem(None, sentence, about=(row.id,), table=name, row=row.id)
        lost = reader.execute(
            sa.select(*event_columns(reader))
            .where(Opening.object_kind == kind, Opening.object_version.is_not(None))
            .where(~sa.exists().where(table.id == Opening.object_id))
            .limit(1)
        ).one_or_none()
        if lost is not None:
            event = event_of(lost)
            sentence = f"The object of an event is gone ({name_of(event)})."
            about, name = (event.object_id,), str(sa.inspect(table).local_table)
            return Problem(None, sentence, about=about, table=name, row=event.object_id)
    return None
