"""Evidence that came with an item: named and digested here, its bytes in a file of that digest."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base


class Evidence(Base):
    """One file sent along with an item; the bytes lie under the data folder by their SHA-256."""

    __tablename__ = "evidence"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    item_id: Mapped[str] = mapped_column(sa.ForeignKey("items.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(255))
    media_type: Mapped[str] = mapped_column(sa.String(255))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    length: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(Moment)
