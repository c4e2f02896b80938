"""Indexes of the queue without cases whose review is recorded, and one for the case that waits longest."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ORDER = ["state", "rank", "due_at", "opened_at", "id"]


def upgrade() -> None:
    """Create them."""
    waiting = sa.text("pending_review_id IS NULL")
    op.drop_index("ix_cases_queue", table_name="cases")
    op.create_index("ix_cases_queue", "cases", ORDER, sqlite_where=waiting, postgresql_where=waiting)
    op.create_index(
        "ix_cases_oldest", "cases", ["state", "opened_at"], sqlite_where=waiting, postgresql_where=waiting
    )


def downgrade() -> None:
    """Go back to the index over all cases."""
    op.drop_index("ix_cases_oldest", table_name="cases")
    op.drop_index("ix_cases_queue", table_name="cases")
    op.create_index("ix_cases_queue", "cases", ORDER, unique=False)
