"""What the trail told, counted day by day, and how far the counting has come."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables; the one row of the second says that counting begins with the first entry."""
    op.create_table(
        "day_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("word", sa.String(length=24), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "measure", "word", name="pk_day_counts"),
    )
    positions = op.create_table(
        "counted_positions",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("next_position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counted_positions"),
    )
    op.bulk_insert(positions, [{"name": "numbers", "next_position": 0}])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("counted_positions")
    op.drop_table("day_counts")
