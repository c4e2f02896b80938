"""Evidence of an item, what decoding found in it, and who was shown what of it; its bytes are files."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.media import Stage
from review.models.base import Base, one_of


class Evidence(Base):
    """One file that came with an item, or that a moderator (``account_id``) added as a capture of it.

    The bytes lie under the data folder by their SHA-256.
    """

    __tablename__ = "evidence"
    __table_args__ = (sa.CheckConstraint("(account_id IS NULL) = (captured_at IS NULL)", name="captured"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    item_id: Mapped[str] = mapped_column(sa.ForeignKey("items.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(255))
    media_type: Mapped[str] = mapped_column(sa.String(255))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    length: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(Moment)
    account_id: Mapped[str | None] = mapped_column(sa.ForeignKey("accounts.id"))
    captured_at: Mapped[datetime | None] = mapped_column(Moment)


class EvidenceLook(Base):
    """What the decoding child found in the bytes of a digest; derived from them, and made anew at need.

    ``refused`` says why they cannot be shown.
    """

    __tablename__ = "evidence_looks"
    __table_args__ = (sa.Index("ix_evidence_looks_perceptual_hash", "perceptual_hash"),)

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    media_type: Mapped[str | None] = mapped_column(sa.String(40))
    width: Mapped[int | None]
    height: Mapped[int | None]
    frames: Mapped[int | None]
    pages: Mapped[int | None]
    characters: Mapped[int | None]
    perceptual_hash: Mapped[str | None] = mapped_column(sa.String(64))
    refused: Mapped[str | None] = mapped_column(sa.String(20))
    looked_at: Mapped[datetime] = mapped_column(Moment)


class Reveal(Base):
    """Somebody was shown a piece of evidence (or, without one, the text of an item) in one stage.

    Width and height in pixels and the bytes are those of what was shown. It lives until it is hidden, and as
    long as the person holds the case by the claim of that generation. Without one it was shown to a reader of
    the record, for a quarter of an hour at most.
    """

    __tablename__ = "reveals"
    __table_args__ = (
        one_of("stage", tuple(Stage), name="stage"),
        sa.Index("ix_reveals_case_id_account_id", "case_id", "account_id"),
        sa.Index("ix_reveals_account_id_revealed_at", "account_id", "revealed_at"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    item_id: Mapped[str] = mapped_column(sa.ForeignKey("items.id"))
    evidence_id: Mapped[str | None] = mapped_column(sa.ForeignKey("evidence.id"))
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    claim_generation: Mapped[int | None]
    stage: Mapped[str] = mapped_column(sa.String(20))
    width: Mapped[int | None]
    height: Mapped[int | None]
    bytes: Mapped[int]
    revealed_at: Mapped[datetime] = mapped_column(Moment)
    hidden_at: Mapped[datetime | None] = mapped_column(Moment)
