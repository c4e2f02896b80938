"""Leaving on the trail that somebody who is known was refused, at most once a minute for each permission."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from review import clock, db, ledger
from review.domain.permissions import Actor
from review.models import RefusalMark

PAUSE_SECONDS = 60


@dataclass(frozen=True)
class Refused:
    """What was refused: the permission of the route, the route by its name, the object by its id or none."""

    permission: str
    route: str
    object_id: str | None = None


def record_refusal(refused: Refused, *, actor: Actor) -> bool:
    """Record that this was refused; False where the same actor left such an event within the last minute.

    Who asks a thousand times waits for no write a thousand times: the mark is read first, and the conditional
    insert decides.
    """
    now = clock.now()
    since = now - timedelta(seconds=PAUSE_SECONDS)
    ours = (RefusalMark.actor == actor.id, RefusalMark.permission == refused.permission)
    if db.session().scalar(sa.select(RefusalMark.told_at).where(*ours, RefusalMark.told_at > since)):
        return False
    with db.transaction() as writer:
        dialect = sqlite if db.is_sqlite(writer) else postgresql
        marked = dialect.insert(RefusalMark.__table__).values(
            actor=actor.id, permission=refused.permission, told_at=now
        )
        told = writer.execute(
            marked.on_conflict_do_update(
                index_elements=["actor", "permission"],
                set_={"told_at": marked.excluded.told_at},
                where=RefusalMark.told_at <= since,
            ).returning(RefusalMark.actor)
        ).one_or_none()
        if told is None:
            return False
        ledger.record(
            writer,
            "authorisation.refused",
            "trail",
            actor=actor,
            at=now,
            fields={
                "permission": refused.permission,
                "route": refused.route,
                "object": refused.object_id,
                "key": actor.key_id,
            },
        )
        return True
