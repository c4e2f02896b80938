"""Settings that an administrator changed while the desk runs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "chosen_settings",
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chosen_settings"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("chosen_settings")
