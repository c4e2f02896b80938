"""Indexes for what an erasure looks for: it holds the writer, and read whole tables meanwhile."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0046"
down_revision: str | None = "0045"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Find messages, search entries, words and parts of pictures by what they belong to."""
    op.drop_index("ix_deliveries_platform", "deliveries")
    op.create_index("ix_deliveries_subject_id", "deliveries", ["subject_id"])
    op.create_index("ix_search_entries_object_id", "search_entries", ["object_id"])
    op.create_index("ix_case_terms_case_id", "case_terms", ["case_id"])
    op.create_index("ix_picture_parts_perceptual_hash", "picture_parts", ["perceptual_hash"])


def downgrade() -> None:
    """As before: messages to the platform alone are found by what they are about."""
    op.drop_index("ix_picture_parts_perceptual_hash", "picture_parts")
    op.drop_index("ix_case_terms_case_id", "case_terms")
    op.drop_index("ix_search_entries_object_id", "search_entries")
    op.drop_index("ix_deliveries_subject_id", "deliveries")
    ours = sa.text("sender_id IS NULL")
    op.create_index(
        "ix_deliveries_platform", "deliveries", ["subject_id"], sqlite_where=ours, postgresql_where=ours
    )
