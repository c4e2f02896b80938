"""Files of referrals that a sender's people bring."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "uploaded_files",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("names", sa.JSON(), nullable=True),
        sa.Column("header", sa.LargeBinary(), nullable=True),
        sa.Column("columns", sa.JSON(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("ready", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("sent_before", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch_id", sa.String(40), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'unmapped', 'checked', 'sending', 'sent', 'refused', 'dropped')",
            name="ck_uploaded_files_state",
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_uploaded_files_batch_id_batches"),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_uploaded_files_sender_id_senders"),
        sa.PrimaryKeyConstraint("id", name="pk_uploaded_files"),
    )
    op.create_index("ix_uploaded_files_sender", "uploaded_files", ["sender_id", "created_at", "id"])
    op.create_index("ix_uploaded_files_state", "uploaded_files", ["state", "created_at"])


def downgrade() -> None:
    """Drop it; the trail keeps what it tells, and the referrals stay."""
    op.drop_table("uploaded_files")
