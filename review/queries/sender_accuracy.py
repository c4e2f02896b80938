"""How often was a sender right? What became of its items, from one query with a bound."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Answer, Decision, Item, Referral, Review

MOST_COUNTED = 5_000
"""Items that are looked at, those of the referrals that changed last: more would not change the picture."""


@dataclass(frozen=True)
class Accuracy:
    """Answered items of a sender: how many were accepted, how many declined for which reason.

    ``bounded``: there are more than were counted.
    """

    accepted: int
    declined: Mapping[str, int]
    bounded: bool

    @property
    def answered(self) -> int:
        """All items that were counted."""
        return self.accepted + sum(self.declined.values())

    @property
    def judged(self) -> int:
        """Items that were held against our terms or the law: accepted, or declined as no breach."""
        return self.accepted + self.declined.get("no_breach", 0)

    @property
    def precision(self) -> float | None:
        """Accepted of judged, 0 to 1 (product.md, sender precision); None while nothing was judged."""
        return self.accepted / self.judged if self.judged else None


def accuracy_of(reader: Session, sender_id: str) -> Accuracy:
    """The figures of one sender; each item counts once, by its newest answer."""
    newest = (
        sa.select(Item.id)
        .join(Referral, Referral.id == Item.referral_id)
        .where(Referral.sender_id == sender_id, Item.status == "decided")
        .order_by(Referral.change_position.desc(), Referral.id.desc())
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    later = sa.orm.aliased(Answer)
    superseded = sa.exists().where(
        later.item_id == Answer.item_id,
        sa.or_(
            later.answered_at > Answer.answered_at,
            sa.and_(later.answered_at == Answer.answered_at, later.decision_id > Answer.decision_id),
        ),
    )
    rows = reader.execute(
        sa.select(Review.outcome, Review.decline_reason, sa.func.count().label("items"))
        .select_from(newest)
        .join(Answer, Answer.item_id == newest.c.id)
        .join(Decision, Decision.id == Answer.decision_id)
        .join(Review, Review.id == Decision.review_id)
        .where(~superseded)
        .group_by(Review.outcome, Review.decline_reason)
    ).all()
    declined: dict[str, int] = {}
    for row in rows:
        if row.outcome == "declined":
            declined[row.decline_reason] = row.items
    accepted = sum(row.items for row in rows if row.outcome == "accepted")
    counted = accepted + sum(declined.values())
    return Accuracy(accepted, declined, bounded=counted > MOST_COUNTED)
