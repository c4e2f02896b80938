"""Organisations that refer and their keys: create, issue, revoke."""

from datetime import datetime

import sqlalchemy as sa

from review import db
from review.models import SenderKey


def touch_key(key_id: str, *, at: datetime) -> None:
    """Note the last use of a key; the caller asks at most once a minute.

    One of the writes that a GET may make (architecture.md, rule 8 of the write path): no event.
    """
    with db.transaction() as writer:
        writer.execute(
            sa.update(SenderKey)
            .where(
                SenderKey.id == key_id,
                sa.or_(SenderKey.last_used_at.is_(None), SenderKey.last_used_at < at),
            )
            .values(last_used_at=at)
            .execution_options(synchronize_session=False)
        )
