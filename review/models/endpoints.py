"""Being told: endpoints of senders and the platform, the messages to them, and every try to deliver one."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.webhooks import DeliveryState, EndpointKind, Stopped
from review.models.base import Base, OnTrail, one_of

_ON = sa.text("off_at IS NULL AND removed_at IS NULL")
_WAITING = sa.text("standing = 'waiting'")
_DEAD = sa.text("standing = 'dead'")


class Endpoint(OnTrail, Base):
    """An address that is told of changes, of the topics named with blanks between.

    ``kind``: a program of a sender, an e-mail address of one (told once it is confirmed), or our own
    platform, which has no sender. Secrets are sealed; the previous one signs beside the newest until
    ``previous_until``. ``last_seq`` counts the messages. ``off_why``: who or what switched it off.
    """

    __tablename__ = "endpoints"
    __table_args__ = (
        one_of("off_why", (Stopped.GONE, Stopped.SWITCHED_OFF), name="off_why"),
        one_of("kind", tuple(EndpointKind), name="kind"),
        sa.Index("ix_endpoints_on", "sender_id", sqlite_where=_ON, postgresql_where=_ON),
    )

    sender_id: Mapped[str | None] = mapped_column(sa.ForeignKey("senders.id"), index=True)
    url: Mapped[str] = mapped_column(sa.String(2048))
    topics: Mapped[str] = mapped_column(sa.String(200))
    sealed_secret: Mapped[bytes]
    sealed_previous: Mapped[bytes | None]
    previous_until: Mapped[datetime | None] = mapped_column(Moment)
    secret_at: Mapped[datetime] = mapped_column(Moment)
    last_seq: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(Moment)
    off_at: Mapped[datetime | None] = mapped_column(Moment)
    off_why: Mapped[str | None] = mapped_column(sa.String(20))
    removed_at: Mapped[datetime | None] = mapped_column(Moment)
    kind: Mapped[str] = mapped_column(sa.String(20), default=EndpointKind.WEBHOOK, server_default="webhook")
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)


class Delivery(OnTrail, Base):
    """One message to an endpoint; its id is the ``webhook-id``, its bytes are frozen when it is written.

    ``body_sha256`` is frozen with them; older messages have none. While it waits, whoever holds ``lease``
    until ``leased_until`` tries it; ``tries`` counts those since it was last sent on its way.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("standing", tuple(DeliveryState), name="standing"),
        one_of("stopped", tuple(Stopped), name="stopped"),
        sa.UniqueConstraint("endpoint_id", "seq"),
        sa.Index("ix_deliveries_waiting", "next_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        sa.Index("ix_deliveries_dead", "finished_at", sqlite_where=_DEAD, postgresql_where=_DEAD),
        sa.Index("ix_deliveries_sender", "sender_id", "created_at", "id"),
        sa.Index("ix_deliveries_subject_id", "subject_id"),
    )

    endpoint_id: Mapped[str] = mapped_column(sa.ForeignKey("endpoints.id"))
    sender_id: Mapped[str | None] = mapped_column(sa.ForeignKey("senders.id"))
    topic: Mapped[str] = mapped_column(sa.String(40))
    subject_id: Mapped[str] = mapped_column(sa.String(40))
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    body: Mapped[bytes]
    body_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(Moment)
    standing: Mapped[str] = mapped_column(sa.String(20))
    tries: Mapped[int]
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[str | None] = mapped_column(sa.String(40))
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    stopped: Mapped[str | None] = mapped_column(sa.String(20))


class DeliveryAttempt(Base):
    """One try: when it began, how many milliseconds it took, what was answered, or why nothing was.

    ``excerpt`` is the beginning of a refusal, at most 200 characters.
    """

    __tablename__ = "delivery_attempts"

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(sa.ForeignKey("deliveries.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(Moment)
    milliseconds: Mapped[int]
    status: Mapped[int | None]
    failure: Mapped[str | None] = mapped_column(sa.String(20))
    excerpt: Mapped[str] = mapped_column(sa.String(200))
