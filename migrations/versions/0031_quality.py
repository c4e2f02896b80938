"""Samples of decided cases for quality review; decisions and second reviews by their time.

Two new tables and two indexes, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SECOND = sa.text("round = 'second'")


def upgrade() -> None:
    """Create both tables and both indexes."""
    op.create_table(
        "quality_samples",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(40), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("strata", sa.JSON(), nullable=False),
        sa.Column("drawn_by", sa.String(40), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["drawn_by"], ["accounts.id"], name="fk_quality_samples_drawn_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_quality_samples"),
        sa.UniqueConstraint(
            "seed", "since", "until", "size", name="uq_quality_samples_seed_since_until_size"
        ),
    )
    op.create_table(
        "quality_entries",
        sa.Column("sample_id", sa.String(40), nullable=False),
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("intake_kind", sa.String(20), nullable=False),
        sa.Column("finding", sa.String(20), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("judged_by", sa.String(40), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "finding IN ('correct', 'false_accept', 'false_decline', 'wrong_clause', 'technical')",
            name="ck_quality_entries_finding",
        ),
        sa.CheckConstraint(
            "(finding IS NULL) = (judged_at IS NULL) AND (finding IS NULL) = (judged_by IS NULL)",
            name="ck_quality_entries_judged",
        ),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["quality_samples.id"], name="fk_quality_entries_sample_id_quality_samples"
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name="fk_quality_entries_decision_id_decisions"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_quality_entries_case_id_cases"),
        sa.ForeignKeyConstraint(["judged_by"], ["accounts.id"], name="fk_quality_entries_judged_by_accounts"),
        sa.PrimaryKeyConstraint("sample_id", "decision_id", name="pk_quality_entries"),
    )
    op.create_index("ix_quality_entries_sample_id_place", "quality_entries", ["sample_id", "place"])
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at"])
    op.create_index(
        "ix_reviews_second", "reviews", ["recorded_at"], sqlite_where=_SECOND, postgresql_where=_SECOND
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_reviews_second", table_name="reviews")
    op.drop_index("ix_decisions_decided_at", table_name="decisions")
    op.drop_table("quality_entries")
    op.drop_table("quality_samples")
