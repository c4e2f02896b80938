"""The newest verdict on the trail by an index: health reads it at every look, among all events.

An index alone, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_VERDICT = sa.text("event_type = 'trail.verified'")


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_openings_verdict",
        "openings",
        ["recorded_at"],
        sqlite_where=_VERDICT,
        postgresql_where=_VERDICT,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_openings_verdict", table_name="openings")
