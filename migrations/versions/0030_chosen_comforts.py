"""What people chose for the sake of their own wellbeing, and an index over cases of low severity.

A new table and an index alone, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


_LOW = sa.text("pending_review_id IS NULL AND state IN ('open', 'second_review') AND severity = 'low'")


def upgrade() -> None:
    """One row for each person who chose."""
    op.create_index(
        "ix_cases_low",
        "cases",
        ["rank", "due_at", "opened_at", "id"],
        sqlite_where=_LOW,
        postgresql_where=_LOW,
    )
    op.create_table(
        "chosen_comforts",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("blur", sa.Boolean(), nullable=False),
        sa.Column("grey", sa.Boolean(), nullable=False),
        sa.Column("size", sa.String(10), nullable=False),
        sa.Column("break_minutes", sa.Integer(), nullable=True),
        sa.Column("budget_high", sa.Integer(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size IN ('small', 'full')", name="ck_chosen_comforts_size"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_chosen_comforts_account_id_accounts"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_chosen_comforts"),
    )


def downgrade() -> None:
    """Forget the choices."""
    op.drop_table("chosen_comforts")
    op.drop_index("ix_cases_low", table_name="cases")
