"""Does an outward text give somebody of the desk away?"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.outward import staff_candidates
from review.domain.permissions import Role
from review.models import Account

CHUNK = 400


def staff_named(reader: Session, text: str) -> str | None:
    """The pseudonym or e-mail address of ours that a text holds, of somebody who has left too; or None.

    Nothing is asked where the text can hold none. A sender's own people are not ours.
    """
    candidates = sorted(staff_candidates(text))
    for start in range(0, len(candidates), CHUNK):
        some = candidates[start : start + CHUNK]
        pseudonym, email = sa.func.lower(Account.pseudonym).in_(some), sa.func.lower(Account.email).in_(some)
        name: str | None = reader.scalar(
            sa.select(sa.case((pseudonym, Account.pseudonym), else_=Account.email))
            .where(Account.role != Role.SENDER, sa.or_(pseudonym, email))
            .order_by(Account.pseudonym)
            .limit(1)
        )
        if name is not None:
            return name
    return None
