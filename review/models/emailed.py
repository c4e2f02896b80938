"""Messages that came by e-mail: the bytes, what they say, and what a person made of them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base, OnTrail, one_of


class EmailedReferral(OnTrail, Base):
    """One message, byte for byte, with the facts that were read from it once.

    ``ended_by`` confirmed or refused it; ``referral_id`` is what it became, ``refusal`` why it became none.
    """

    __tablename__ = "emailed_referrals"
    __table_args__ = (
        sa.UniqueConstraint("sha256"),
        sa.UniqueConstraint("referral_id"),
        one_of("state", ("waiting", "confirmed", "refused"), name="state"),
        sa.CheckConstraint("(state = 'confirmed') = (referral_id IS NOT NULL)", name="referral"),
        sa.CheckConstraint("(state = 'waiting') = (ended_by IS NULL)", name="ended"),
        sa.Index("ix_emailed_referrals_state_arrived_at_id", "state", "arrived_at", "id"),
        sa.Index("ix_emailed_referrals_ended_by_referral_id", "ended_by", "referral_id"),
    )

    message: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    length: Mapped[int]
    from_header: Mapped[str]
    subject: Mapped[str]
    date_header: Mapped[str]
    message_id: Mapped[str]
    authentication_results: Mapped[str]
    text: Mapped[str]
    cut: Mapped[bool]
    arrived_at: Mapped[datetime] = mapped_column(Moment)
    entered_by: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[str] = mapped_column(sa.String(20))
    referral_id: Mapped[str | None] = mapped_column(sa.ForeignKey("referrals.id"))
    identity_way: Mapped[str | None] = mapped_column(sa.String(20))
    identity_words: Mapped[str | None] = mapped_column(sa.String(2000))
    refusal: Mapped[str | None] = mapped_column(sa.String(2000))
    ended_by: Mapped[str | None] = mapped_column(sa.ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
