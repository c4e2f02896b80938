"""Which items were answered how in a span of days, by sender, authority and country?"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.domain.acceptance import Answered
from review.models import Decision, Item, Referral, Review, Sender


def answered_items(reader: Session, *, since: datetime, before: datetime) -> tuple[Answered, ...]:
    """The items whose case was decided in the span, each by the newest decision on its case.

    The country is the authority's, else that of the sender.
    """
    later = aliased(Decision)
    superseded = sa.exists().where(later.case_id == Decision.case_id, later.decided_at > Decision.decided_at)
    columns = (
        Sender.id,
        Sender.name,
        sa.func.coalesce(Referral.issuing_authority, ""),
        sa.func.coalesce(Referral.issuing_country, Sender.country, ""),
        Decision.outcome,
        Review.decline_reason,
    )
    rows = reader.execute(
        sa.select(*columns, sa.func.count())
        .select_from(Decision)
        .join(Review, Review.id == Decision.review_id)
        .join(Item, Item.case_id == Decision.case_id)
        .join(Referral, Referral.id == Item.referral_id)
        .join(Sender, Sender.id == Referral.sender_id)
        .where(
            Decision.decided_at >= since,
            Decision.decided_at < before,
            Item.status == "decided",
            ~superseded,
        )
        .group_by(*columns)
        .order_by(*columns)
    )
    return tuple(Answered(*row) for row in rows)
