"""Verifications of the trail that run in the background."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "trail_runs",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=True),
        sa.Column("requested_by", sa.String(40), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.String(40), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(32), nullable=True),
        sa.Column("failure", sa.String(500), nullable=True),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["accounts.id"], name="fk_trail_runs_requested_by_accounts"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_trail_runs"),
        sa.UniqueConstraint("slot", name="uq_trail_runs_slot"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("trail_runs")
