"""Whose name legal was told by an index: the person reads of it on their own work, among all events.

An index alone, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0047"
down_revision: str | None = "0046"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_UNMASKING = sa.text("event_type = 'record.reviewer_unmasked'")


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_openings_unmasking",
        "openings",
        ["recorded_at"],
        sqlite_where=_UNMASKING,
        postgresql_where=_UNMASKING,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_openings_unmasking", table_name="openings")
