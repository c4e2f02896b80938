"""Verifications of the trail that run in the background, and questions to legal about a case."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
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
    op.create_table(
        "escalations",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("asked_by", sa.String(40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("advised_by", sa.String(40), nullable=True),
        sa.Column("advice", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(advice IS NULL) = (advised_by IS NULL)", name="ck_escalations_advice"),
        sa.ForeignKeyConstraint(["advised_by"], ["accounts.id"], name="fk_escalations_advised_by_accounts"),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name="fk_escalations_asked_by_accounts"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_escalations_case_id_cases"),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index("ix_escalations_case_id", "escalations", ["case_id"])
    op.create_index(
        "uq_escalations_open",
        "escalations",
        ["case_id"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("escalations")
    op.drop_table("trail_runs")
