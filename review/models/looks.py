"""Who looked at what before judging: the first look at a case, and the earlier decisions shown after it.

Beside them what decided cases are found by: digests of words of their texts, parts of hashes of pictures.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.looks import Way
from review.domain.precedents import Why
from review.models.base import Base, one_of


class FirstLook(Base):
    """How and when one person had the first look at a case; from then on the sender's facts are shown.

    ``precedents``: how many earlier decisions are shown to that person.
    """

    __tablename__ = "first_looks"
    __table_args__ = (one_of("way", tuple(Way), name="way"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    way: Mapped[str] = mapped_column(sa.String(10))
    claim_generation: Mapped[int]
    precedents: Mapped[int] = mapped_column(sa.SmallInteger)
    looked_at: Mapped[datetime] = mapped_column(Moment)


class ShownPrecedent(Base):
    """An earlier decision that somebody is shown beside a case, and why it is like it.

    ``measure``: of pictures the bits in which they differ, of texts the per cent of words in common.
    """

    __tablename__ = "shown_precedents"
    __table_args__ = (
        one_of("why", tuple(Why), name="why"),
        sa.ForeignKeyConstraint(["case_id", "account_id"], ["first_looks.case_id", "first_looks.account_id"]),
    )

    case_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    place: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    precedent_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    why: Mapped[str] = mapped_column(sa.String(10))
    measure: Mapped[int | None] = mapped_column(sa.SmallInteger)


class CaseTerm(Base):
    """A word of what was said of a decided case, as a digest that does not give the word back."""

    __tablename__ = "case_terms"
    __table_args__ = (sa.Index("ix_case_terms_case_id", "case_id"), {"sqlite_with_rowid": False})

    term: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    case_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)


class PicturePart(Base):
    """A part of the perceptual hash of some picture: pictures that look alike share most of their parts."""

    __tablename__ = "picture_parts"
    __table_args__ = (
        sa.Index("ix_picture_parts_perceptual_hash", "perceptual_hash"),
        {"sqlite_with_rowid": False},
    )

    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    perceptual_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
