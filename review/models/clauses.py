"""Our own terms: numbered clauses, their immutable, dated versions, and the drafts of new ones."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base, OnTrail


class Clause(OnTrail, Base):
    """One rule of one document of our terms; identity is document and number."""

    __tablename__ = "clauses"
    __table_args__ = (sa.UniqueConstraint("document", "number"),)

    document: Mapped[str] = mapped_column(sa.String(200))
    number: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime] = mapped_column(Moment)


class ClauseVersion(Base):
    """The wording of a clause from a day on, until the next version's day; never changed (trigger).

    ``ends``: from that day on the clause does not hold any more; title and text repeat the wording that ends.
    Who drafted and who published it are two people, or nobody where a command brought it in.
    """

    __tablename__ = "clause_versions"
    __table_args__ = (
        sa.UniqueConstraint("clause_id", "version"),
        sa.CheckConstraint(
            "(drafted_by IS NULL) = (published_by IS NULL)"
            " AND (drafted_by IS NULL OR drafted_by <> published_by)",
            name="four_eyes",
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    clause_id: Mapped[str] = mapped_column(sa.ForeignKey("clauses.id"))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(500))
    text: Mapped[str]
    text_sha256: Mapped[str] = mapped_column(sa.String(64))
    valid_from: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(Moment)
    ends: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    reason: Mapped[str | None]
    drafted_by: Mapped[str | None] = mapped_column(sa.ForeignKey("accounts.id"))
    published_by: Mapped[str | None] = mapped_column(sa.ForeignKey("accounts.id"))


class ClauseDraft(Base):
    """The one draft of a clause: a new wording, or its end; taken out when it is published or discarded.

    ``version`` is drawn anew at each saving and never comes twice, so that no form of an earlier draft fits
    a later one. ``drafted_by`` is who saved last: nobody publishes what nobody else has read.
    """

    __tablename__ = "clause_drafts"

    clause_id: Mapped[str] = mapped_column(sa.ForeignKey("clauses.id"), primary_key=True)
    version: Mapped[str] = mapped_column(sa.String(40))
    ends: Mapped[bool]
    title: Mapped[str] = mapped_column(sa.String(500))
    text: Mapped[str]
    valid_from: Mapped[date]
    reason: Mapped[str]
    drafted_by: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    saved_at: Mapped[datetime] = mapped_column(Moment)
