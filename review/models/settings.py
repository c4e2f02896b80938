"""Settings that an administrator changed while the desk runs."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base, OnTrail


class ChosenSetting(OnTrail, Base):
    """What stands in place of the environment's value; ``id`` is the variable's name.

    ``value`` is None where the environment's counts again. ``version`` is what a form saw.
    """

    __tablename__ = "chosen_settings"

    value: Mapped[str | None] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(Moment)
