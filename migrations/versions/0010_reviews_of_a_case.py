"""An index over the reviews of a case: its record read all reviews of all cases."""

from collections.abc import Sequence

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create it."""
    op.create_index("ix_reviews_case_id", "reviews", ["case_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_reviews_case_id", table_name="reviews")
