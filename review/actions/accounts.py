"""People: create, close, change role, new password, and keeping a sign-in alive."""

from datetime import datetime

import sqlalchemy as sa

from review import db
from review.models import SignIn


def touch_sign_in(token_digest: str, *, at: datetime) -> None:
    """Note the last use of a sign-in; the caller asks at most once a minute.

    One of the writes that a GET may make (architecture.md, rule 8 of the write path): no event.
    """
    with db.transaction() as writer:
        writer.execute(
            sa.update(SignIn)
            .where(SignIn.token_digest == token_digest, SignIn.ended_at.is_(None), SignIn.last_used_at < at)
            .values(last_used_at=at)
            .execution_options(synchronize_session=False)
        )
