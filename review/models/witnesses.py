"""The tables of witnesses: their cosignatures of checkpoints, and what came of asking each last."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base


class Cosignature(Base):
    """One line under one checkpoint (C2SP tlog-cosignature); ``witness`` is the key as ``name+id``."""

    __tablename__ = "cosignatures"

    size: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("checkpoints.size"), primary_key=True, autoincrement=False
    )
    witness: Mapped[str] = mapped_column(sa.String(400), primary_key=True)
    line: Mapped[str]
    cosigned_at: Mapped[datetime] = mapped_column(Moment)


class WitnessTry(Base):
    """When a witness was last asked; ``failure`` says why it did not cosign, None where it did."""

    __tablename__ = "witness_tries"

    witness: Mapped[str] = mapped_column(sa.String(400), primary_key=True)
    tried_at: Mapped[datetime] = mapped_column(Moment)
    failure: Mapped[str | None] = mapped_column(sa.String(40))
