"""The index of what waits to be sent names its whole order: many messages are due at one moment."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0044"
down_revision: str | None = "0043"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _put(columns: Sequence[str]) -> None:
    waiting = sa.text("standing = 'waiting'")
    op.drop_index("ix_deliveries_waiting", "deliveries")
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        list(columns),
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def upgrade() -> None:
    """Let the id, by which those of one moment are ordered, follow the moment."""
    _put(["next_at", "id"])


def downgrade() -> None:
    """The moment alone, as before."""
    _put(["next_at"])
