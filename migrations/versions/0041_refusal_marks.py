"""When somebody was last refused something on the trail, so that refusals do not fill it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table; nobody was refused before."""
    op.create_table(
        "refusal_marks",
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("permission", sa.String(40), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor", "permission", name="pk_refusal_marks"),
    )


def downgrade() -> None:
    """Drop it: the events stay, and the next refusal leaves one at once."""
    op.drop_table("refusal_marks")
