"""Whether single keys act for a person, kept with the account; without a choice the browser's own counts.

A column that may be empty, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("accounts", sa.Column("single_keys", sa.String(3), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("accounts", "single_keys")
