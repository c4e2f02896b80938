"""Exports as jobs, and beside each message the digest of its frozen bytes.

Messages that stand already have none: what they said when they were sent is committed to on the trail from
now on, and no old row is rewritten.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0043"
down_revision: str | None = "0042"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table, and the column that the previous release leaves blank."""
    op.create_table(
        "exports",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("case_ids", sa.JSON(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("requested_by", sa.String(40), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(40), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(500), nullable=True),
        sa.CheckConstraint("form IN ('csv', 'jsonl', 'pdf', 'bundle')", name="ck_exports_form"),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'failed', 'cancelled', 'expired')", name="ck_exports_state"
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["accounts.id"], name="fk_exports_requested_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
    )
    op.create_index("ix_exports_requested", "exports", ["requested_at", "id"])
    op.create_index("ix_exports_state", "exports", ["state", "requested_at"])
    op.add_column("deliveries", sa.Column("body_sha256", sa.String(64), nullable=True))


def downgrade() -> None:
    """Drop both; the trail keeps which exports were made."""
    op.drop_column("deliveries", "body_sha256")
    op.drop_table("exports")
