"""Signs of life of the background loops."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base


class Heartbeat(Base):
    """When one loop of one process last made a turn, and last made one without a fault.

    ``process`` is the machine's name and the process's number; ``failure`` the code of the last fault.
    """

    __tablename__ = "heartbeats"

    loop: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    process: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    turned_at: Mapped[datetime] = mapped_column(Moment)
    succeeded_at: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str | None] = mapped_column(sa.String(40))
