"""What a removal order says of Annex I (Regulation (EU) 2021/784), beside the referral that it is.

Older referrals have none. The original commits to it, as to the other columns that repeat it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column, empty everywhere; the previous release leaves it empty."""
    op.add_column("referrals", sa.Column("removal_order", sa.String(), nullable=True))


def downgrade() -> None:
    """Drop it; the original as received still says it."""
    op.drop_column("referrals", "removal_order")
