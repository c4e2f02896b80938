"""What a person drafted and asked, and what was undone, by indexes: the pages of one's own work and the team.

Indexes alone, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_UNDONE = sa.text("undone_at IS NOT NULL")


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("ix_drafts_account_id", "drafts", ["account_id", "saved_at"])
    op.create_index("ix_escalations_asked_by", "escalations", ["asked_by", "asked_at"])
    op.create_index(
        "ix_reviews_undone_at", "reviews", ["undone_at"], sqlite_where=_UNDONE, postgresql_where=_UNDONE
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_reviews_undone_at", table_name="reviews")
    op.drop_index("ix_escalations_asked_by", table_name="escalations")
    op.drop_index("ix_drafts_account_id", table_name="drafts")
