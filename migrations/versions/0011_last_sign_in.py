"""The last sign-in of an account by an index: the list of accounts asks for it once a line."""

from collections.abc import Sequence

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Let the index over accounts hold the time as well."""
    op.create_index("ix_sign_ins_account_id_created_at", "sign_ins", ["account_id", "created_at"])
    op.drop_index("ix_sign_ins_account_id", table_name="sign_ins")


def downgrade() -> None:
    """Go back to the index over accounts alone."""
    op.create_index("ix_sign_ins_account_id", "sign_ins", ["account_id"], unique=False)
    op.drop_index("ix_sign_ins_account_id_created_at", table_name="sign_ins")
