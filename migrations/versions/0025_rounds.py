"""Second reviews: an index over what waits for anybody, and under which letter a resolver sees a review.

An index and an empty column alone, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_QUEUED = sa.text("pending_review_id IS NULL AND state IN ('open', 'second_review')")


def upgrade() -> None:
    """Create both."""
    op.create_index(
        "ix_cases_next",
        "cases",
        ["rank", "due_at", "opened_at", "id"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
    op.add_column("reviews", sa.Column("letter", sa.String(1), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("reviews", "letter")
    op.drop_index("ix_cases_next", table_name="cases")
