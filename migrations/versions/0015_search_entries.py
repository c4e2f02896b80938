"""What records are found by beside their own indexes: hosts and digests, and how far they are read in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "search_entries",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("term", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("object_id", sa.String(40), nullable=False),
        sa.CheckConstraint("kind IN ('body', 'content', 'host')", name="ck_search_entries_kind"),
        sa.PrimaryKeyConstraint("kind", "term", "at", "object_id", name="pk_search_entries"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_marks",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change_position", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_marks"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("search_marks")
    op.drop_table("search_entries")
