"""Batches and their lines."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "batches",
        sa.Column("sender_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("transmitted_via", sa.String(length=20), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_line", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_batches_sender_id_senders"),
        sa.ForeignKeyConstraint(["key_id"], ["sender_keys.id"], name="fk_batches_key_id_sender_keys"),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index("ix_batches_sender_id_started_at", "batches", ["sender_id", "started_at", "id"])
    op.create_table(
        "batch_lines",
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("referral_id", sa.String(length=40), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("errors", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("result IN ('received', 'repeated', 'refused')", name="ck_batch_lines_result"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_lines_batch_id_batches"),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name="fk_batch_lines_referral_id_referrals"
        ),
        sa.PrimaryKeyConstraint("batch_id", "line", name="pk_batch_lines"),
    )
    op.create_index("ix_batch_lines_referral_id", "batch_lines", ["referral_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_batch_lines_referral_id", table_name="batch_lines")
    op.drop_table("batch_lines")
    op.drop_index("ix_batches_sender_id_started_at", table_name="batches")
    op.drop_table("batches")
