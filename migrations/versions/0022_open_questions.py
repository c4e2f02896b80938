"""Open questions to legal by an index: the loop that ends them and the list of them read no others.

An index alone, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_escalations_open",
        "escalations",
        ["asked_at", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_escalations_open", table_name="escalations")
