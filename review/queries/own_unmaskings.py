"""Of which case was legal told who this person is, when, and why? For that person alone.

Read from the events that tell of it, by an index over them alone: they are few, and nothing else keeps them.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.signed_note import encode_base64
from review.domain.states import LIVE
from review.models import Account, Case, Opening, Review
from review.models.trail import IS_UNMASKING
from review.queries.record_timeline import text_in

LISTED = 50


@dataclass(frozen=True)
class OwnUnmasking:
    """Legal was told whose review of this case one is; nothing of who asked. No ``reason``: it is gone."""

    case_id: str
    at: datetime
    reason: str | None


def unmaskings_of(reader: Session, *, account_id: str) -> tuple[tuple[OwnUnmasking, ...], bool]:
    """When this person was named, the newest first; and whether there is more.

    What tells of a case that is still judged is listed once that is over: its reason may speak of another
    review, and that it waits would tell that there is one.
    """
    trail_id = reader.scalar(sa.select(Account.trail_id).where(Account.id == account_id)) or ""
    # as text, so that a row changed behind the program is no error on the pages of everybody
    names = sa.cast(Opening.fields, sa.Text).contains(encode_base64(trail_id.encode()))
    rows = reader.execute(
        sa.select(Opening.object_id, Opening.recorded_at, Opening.fields)
        .join(Case, Case.id == Opening.object_id)
        .where(IS_UNMASKING, names, Case.state.not_in(LIVE))
        .order_by(Opening.recorded_at.desc())
        .limit(LISTED + 1)
    ).all()
    shown = rows[:LISTED]
    reviews = {text_in(row.fields, "review") for row in shown}
    own = set(
        reader.scalars(
            sa.select(Review.id).where(
                Review.account_id == account_id, Review.id.in_(sorted(one for one in reviews if one))
            )
        )
        if reviews
        else ()
    )
    found = (
        OwnUnmasking(row.object_id, row.recorded_at, text_in(row.fields, "reason"))
        for row in shown
        if text_in(row.fields, "review") in own
    )
    return tuple(found), len(rows) > LISTED
