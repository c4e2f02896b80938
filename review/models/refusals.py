"""When was somebody last refused something on the trail? So that refusals do not fill it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base


class RefusalMark(Base):
    """The last time that an actor (its id on the trail) left an event of being refused this permission."""

    __tablename__ = "refusal_marks"

    actor: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    permission: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    told_at: Mapped[datetime] = mapped_column(Moment)
