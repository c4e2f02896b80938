"""Erasures: what was asked for by one person and settled by another, and every value that went by one."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.erasures import ErasureState, Ground
from review.domain.holds import RecordKind
from review.models.base import Base, OnTrail, one_of

_WAITING = sa.text("state = 'waiting'")
_UNFINISHED = sa.text("state = 'executed' AND finished_at IS NULL")


class Erasure(OnTrail, Base):
    """One request about one record; ``parts`` are names of `review.domain.erasures.PARTS`.

    People are named as the trail names them. ``finished_at``: since when the files are gone as well, the
    journal outside the database knows of it, and the database file holds no left-over pages of it.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        one_of("object_kind", tuple(RecordKind), name="object_kind"),
        one_of("state", tuple(ErasureState), name="state"),
        one_of("ground", tuple(Ground), name="ground"),
        sa.CheckConstraint("(state = 'waiting') = (ended_by IS NULL)", name="ended"),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ended_at"),
        sa.CheckConstraint("ended_by IS NULL OR ended_by <> requested_by", name="two_people"),
        sa.Index(
            "uq_erasures_waiting",
            "object_kind",
            "object_id",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        sa.Index("ix_erasures_object", "object_kind", "object_id"),
        sa.Index("ix_erasures_requested_at", "requested_at", "id"),
        sa.Index(
            "ix_erasures_unfinished", "ended_at", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED
        ),
    )

    object_kind: Mapped[str] = mapped_column(sa.String(20))
    object_id: Mapped[str] = mapped_column(sa.String(40))
    parts: Mapped[list[Any]] = mapped_column(sa.JSON)
    ground: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.String(2000))
    requested_by: Mapped[str] = mapped_column(sa.String(40))
    requested_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(sa.String(20))
    ended_by: Mapped[str | None] = mapped_column(sa.String(40))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_reason: Mapped[str | None] = mapped_column(sa.String(2000))
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class ErasedPart(Base):
    """One value that an executed erasure names: without such a row no guarded value can be taken away.

    ``place`` is a table, ``row_id`` its row, ``part`` the column; of ``openings`` the name of the field.
    """

    __tablename__ = "erased_parts"
    __table_args__ = (
        sa.Index("ix_erased_parts_erasure_id", "erasure_id"),
        {"sqlite_with_rowid": False},
    )

    place: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    row_id: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    part: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    erasure_id: Mapped[str] = mapped_column(sa.ForeignKey("erasures.id"))
