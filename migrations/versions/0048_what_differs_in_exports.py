"""How many records of an export are not what the trail tells, and which come first.

A column that may be empty, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0048"
down_revision: str | None = "0047"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column; of what was exported before, nothing is known."""
    op.add_column("exports", sa.Column("differing", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop it; the files say it of each record."""
    op.drop_column("exports", "differing")
