"""Counting the trail: how much a day received, decided and withdrew, and how long deciding took.

No event tells of a count. The counts are derived from the trail, which would grow by its own counting; they
may be thrown away and are the same when they are counted anew.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review import db
from review.domain.counting import Sums
from review.domain.permissions import Actor, check_operator, check_service
from review.models import CountedPosition, DayCount
from review.queries.counted_entries import progress_of, sums_between

BATCH = 2_000


def count_entries(*, actor: Actor) -> int:
    """Count the next entries of the trail, a batch at most; how many. Writes nothing when none waits.

    All reading and adding up is done before the transaction, which then moves the position only if it is
    still where it was seen: what another process counted meanwhile is not counted again.
    """
    check_service(actor)
    reader = db.session()
    progress = progress_of(reader)
    if not progress.waiting:
        return 0
    start = progress.next_position
    end = min(start + BATCH, progress.entries)
    sums = sums_between(reader, start, end)
    with db.transaction() as writer:
        if not _moved(writer, start, end):
            return 0
        _add(writer, sums)
    return end - start


def recount(*, actor: Actor) -> None:
    """Throw all counts away, so that the loop counts the whole trail anew."""
    check_operator(actor)
    with db.transaction() as writer:
        # the position first: whoever counts at this moment holds it, and its counts must go too
        writer.execute(
            sa.update(CountedPosition).values(next_position=0).execution_options(synchronize_session=False)
        )
        writer.execute(sa.delete(DayCount).execution_options(synchronize_session=False))


def _moved(writer: Session, start: int, end: int) -> bool:
    """Move the position on if it is where it was seen."""
    moved = writer.scalar(
        sa.update(CountedPosition)
        .where(CountedPosition.next_position == start)
        .values(next_position=end)
        .returning(CountedPosition.name)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


def _add(writer: Session, sums: Sums) -> None:
    if not sums:
        return
    counts = [
        {"day": day, "measure": measure, "word": word, "count": count}
        for (day, measure, word), count in sorted(sums.items())
    ]
    kind = sqlite if db.is_sqlite(writer) else postgresql
    added = kind.insert(DayCount)
    writer.execute(
        added.on_conflict_do_update(
            index_elements=[DayCount.day, DayCount.measure, DayCount.word],
            set_={"count": DayCount.count + added.excluded.count},
        ),
        counts,
    )
