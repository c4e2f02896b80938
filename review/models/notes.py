"""What people write about a case for each other: notes, and who is mentioned in them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base


class Note(Base):
    """One internal note, never changed; ``claim_generation`` is that of its case when it was written."""

    __tablename__ = "notes"
    __table_args__ = (sa.Index("ix_notes_case_id", "case_id", "written_at"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    text: Mapped[str]
    claim_generation: Mapped[int]
    written_at: Mapped[datetime] = mapped_column(Moment)
    pinned: Mapped[bool]


class NoteMention(Base):
    """A person whom a note mentions."""

    __tablename__ = "note_mentions"
    __table_args__ = (sa.Index("ix_note_mentions_account_id", "account_id", "at"),)

    note_id: Mapped[str] = mapped_column(sa.ForeignKey("notes.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
