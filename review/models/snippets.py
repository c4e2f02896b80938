"""Ready-made texts for a clause, their versions, which of them a review began with, and what it went with."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.snippets import KINDS
from review.models.base import Base, OnTrail, one_of


class Snippet(OnTrail, Base):
    """A text for one field of the review form, in one language, of one clause; ``version``: the newest."""

    __tablename__ = "snippets"
    __table_args__ = (
        sa.UniqueConstraint("clause_id", "language", "kind"),
        one_of("kind", KINDS, name="kind"),
    )

    clause_id: Mapped[str] = mapped_column(sa.ForeignKey("clauses.id"))
    language: Mapped[str] = mapped_column(sa.String(35))
    kind: Mapped[str] = mapped_column(sa.String(20))
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment)


class SnippetVersion(Base):
    """One wording of a snippet, never changed (trigger); one that is withdrawn has no text."""

    __tablename__ = "snippet_versions"
    __table_args__ = (
        sa.UniqueConstraint("snippet_id", "version"),
        sa.CheckConstraint("withdrawn = (text = '')", name="withdrawn"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    snippet_id: Mapped[str] = mapped_column(sa.ForeignKey("snippets.id"))
    version: Mapped[int]
    text: Mapped[str]
    withdrawn: Mapped[bool]
    written_by: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    written_at: Mapped[datetime] = mapped_column(Moment)


class ReviewSnippet(Base):
    """A snippet that was inserted into a review, in the version that was inserted."""

    __tablename__ = "review_snippets"
    __table_args__ = (sa.Index("ix_review_snippets_version", "snippet_version_id", "review_id"),)

    review_id: Mapped[str] = mapped_column(sa.ForeignKey("reviews.id"), primary_key=True)
    snippet_version_id: Mapped[str] = mapped_column(sa.ForeignKey("snippet_versions.id"), primary_key=True)


class ReviewCompanion(Base):
    """A review that was recorded in the same step as another, for a further case of the same referral."""

    __tablename__ = "review_companions"
    __table_args__ = (sa.Index("ix_review_companions_main_review_id", "main_review_id"),)

    review_id: Mapped[str] = mapped_column(sa.ForeignKey("reviews.id"), primary_key=True)
    main_review_id: Mapped[str] = mapped_column(sa.ForeignKey("reviews.id"))
