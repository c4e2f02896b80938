"""Taking a break: a private note of when it began and ended, on no trail and in no count of one person."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from review import clock, db
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.wellbeing import LEAST_BREAK
from review.models import Break

FORGOTTEN_AFTER = timedelta(hours=4)
"""A break that nobody ended for so long tells nothing; it is forgotten when the next one begins."""


def start_break(*, actor: Actor) -> None:
    """Begin a break; one that goes on already goes on."""
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        writer.execute(
            sa.delete(Break)
            .where(
                Break.account_id == actor.account_id,
                Break.ended_at.is_(None),
                Break.started_at < now - FORGOTTEN_AFTER,
            )
            .execution_options(synchronize_session=False)
        )
        dialect = sqlite if db.is_sqlite(writer) else postgresql
        row = {"account_id": actor.account_id, "started_at": now}
        # on conflict: the second half of a double click, or another page of the same person
        writer.execute(dialect.insert(Break.__table__).values(row).on_conflict_do_nothing())


def end_break(*, actor: Actor) -> None:
    """End the break that goes on, if there is one; one of less than three minutes is forgotten."""
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        going_on = (Break.account_id == actor.account_id, Break.ended_at.is_(None))
        for change in (
            sa.delete(Break).where(*going_on, Break.started_at > now - LEAST_BREAK),
            sa.update(Break).where(*going_on).values(ended_at=now),
        ):
            writer.execute(change.execution_options(synchronize_session=False))
