"""The tables of the trail: pending events, openings, leaves, tiles, heads, checkpoints.

Every column here can be derived from another or is covered by a signature, so that verify sees any change.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base

IS_VERDICT = sa.text("event_type = 'trail.verified'")
"""Written out, as a query must be that is to find them by their index."""
IS_UNMASKING = sa.text("event_type = 'record.reviewer_unmasked'")
"""Likewise: that legal was told who recorded a review."""


class Opening(Base):
    """One event: its envelope and salt, which give the leaf, and field -> (key, value), which may be erased.

    ``fields`` maps a name to base64 of key and value. The columns after it repeat parts of the envelope for
    look-ups; verify compares them.
    """

    __tablename__ = "openings"
    __table_args__ = (
        sa.Index("uq_openings_chain", "object_kind", "object_id", "object_version", unique=True),
        sa.Index("ix_openings_verdict", "recorded_at", sqlite_where=IS_VERDICT, postgresql_where=IS_VERDICT),
        sa.Index(
            "ix_openings_unmasking",
            "recorded_at",
            sqlite_where=IS_UNMASKING,
            postgresql_where=IS_UNMASKING,
        ),
    )

    eid: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    envelope: Mapped[bytes]
    salt: Mapped[bytes]
    fields: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    event_type: Mapped[str] = mapped_column(sa.String(40))
    object_kind: Mapped[str] = mapped_column(sa.String(20))
    object_id: Mapped[str] = mapped_column(sa.String(40))
    object_version: Mapped[int | None]


class PendingEvent(Base):
    """An event that is committed and waits for its position; deleted once its leaf exists.

    The leaf hash stands here from the first moment, so that a change before sequencing shows too.
    """

    __tablename__ = "pending_events"

    eid: Mapped[str] = mapped_column(sa.ForeignKey("openings.eid"), primary_key=True)
    leaf_hash: Mapped[bytes]


class Leaf(Base):
    """An event's position in the tree, from 0 without gaps, and its leaf hash (RFC 6962, section 2.1)."""

    __tablename__ = "leaves"

    position: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    eid: Mapped[str] = mapped_column(sa.ForeignKey("openings.eid"), unique=True)
    leaf_hash: Mapped[bytes]


class StoredTile(Base):
    """A complete tile of 256 hashes (C2SP tlog-tiles) and the root over it; partial ones are computed."""

    __tablename__ = "tiles"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes]
    root: Mapped[bytes]


class TreeHead(Base):
    """Size and root of the tree after a batch was sequenced, and the size before it (0 before the first)."""

    __tablename__ = "tree_heads"

    size: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    previous_size: Mapped[int] = mapped_column(sa.BigInteger)
    root: Mapped[bytes]


class StoredCheckpoint(Base):
    """A signed note over one tree head (C2SP tlog-checkpoint), and the size of the note before it (or 0)."""

    __tablename__ = "checkpoints"

    size: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    previous_size: Mapped[int] = mapped_column(sa.BigInteger)
    note: Mapped[str]
