"""Tables of reviews, decisions, answers and restrictions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_drafts_account_id_accounts"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_drafts_case_id_cases"),
        sa.PrimaryKeyConstraint("case_id", "account_id", name="pk_drafts"),
    )


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("round", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=True),
        sa.Column("decline_reason", sa.String(length=40), nullable=True),
        sa.Column("law", sa.String(length=500), nullable=True),
        sa.Column("rationale", sa.String(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(length=40), nullable=True),
        sa.Column("account_measure", sa.String(length=20), nullable=False),
        sa.Column("territory", sa.String(length=200), nullable=False),
        sa.Column("context", sa.String(length=30), nullable=False),
        sa.Column("over_broad", sa.Boolean(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("claim_generation", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("round IN ('first', 'second', 'resolving', 'complaint')", name="ck_reviews_round"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_reviews_account_id_accounts"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_reviews_case_id_cases"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_account_id", "reviews", ["account_id", "recorded_at"], unique=False)
    op.create_index(
        "ix_reviews_waiting",
        "reviews",
        ["undo_until"],
        unique=False,
        sqlite_where=sa.text("undone_at IS NULL AND dispatched_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL AND dispatched_at IS NULL"),
    )
    op.create_index(
        "uq_reviews_standing",
        "reviews",
        ["case_id", "round"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("review_id", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_decisions_case_id_cases"),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_decisions_review_id_reviews"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint("review_id", name="uq_decisions_review_id"),
    )
    op.create_index("ix_decisions_case_id", "decisions", ["case_id"], unique=False)


def _review_clauses() -> None:
    op.create_table(
        "review_clauses",
        sa.Column("review_id", sa.String(length=40), nullable=False),
        sa.Column("clause_version_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["clause_version_id"],
            ["clause_versions.id"],
            name="fk_review_clauses_clause_version_id_clause_versions",
        ),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_review_clauses_review_id_reviews"),
        sa.PrimaryKeyConstraint("review_id", "clause_version_id", name="pk_review_clauses"),
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_answers_decision_id_decisions"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_answers_item_id_items"),
        sa.PrimaryKeyConstraint("item_id", "decision_id", name="pk_answers"),
    )


def _restrictions() -> None:
    op.create_table(
        "restrictions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column("visibility", sa.String(length=40), nullable=True),
        sa.Column("account_measure", sa.String(length=20), nullable=False),
        sa.Column("territory", sa.String(length=200), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("implemented_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name="fk_restrictions_decision_id_decisions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_restrictions"),
        sa.UniqueConstraint("decision_id", name="uq_restrictions_decision_id"),
    )


def upgrade() -> None:
    """Create them."""
    _drafts()
    _reviews()
    _decisions()
    _review_clauses()
    _answers()
    _restrictions()


def downgrade() -> None:
    """Drop them."""
    op.drop_table("restrictions")
    op.drop_table("answers")
    op.drop_table("review_clauses")
    op.drop_index("ix_decisions_case_id", table_name="decisions")
    op.drop_table("decisions")
    op.drop_index(
        "uq_reviews_standing",
        table_name="reviews",
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.drop_index(
        "ix_reviews_waiting",
        table_name="reviews",
        sqlite_where=sa.text("undone_at IS NULL AND dispatched_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL AND dispatched_at IS NULL"),
    )
    op.drop_index("ix_reviews_account_id", table_name="reviews")
    op.drop_table("reviews")
    op.drop_table("drafts")
