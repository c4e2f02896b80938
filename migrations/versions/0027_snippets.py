"""Snippets of clauses in versions, which of them a review began with, and reviews recorded in one step.

Versions and both lists are guarded like the reviews that they belong to. Of a draft the claim that it was
saved in.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = {
    "snippet_versions": "id, snippet_id, version, text, withdrawn, written_by, written_at",
    "review_snippets": "review_id, snippet_version_id",
    "review_companions": "review_id, main_review_id",
}


def _guard() -> None:
    """What was written and recorded stays as it is."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, columns in FROZEN.items():
        if sqlite:
            refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            op.execute(f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE OF {columns} ON {table} {refuse}")
            op.execute(f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} {refuse}")
            continue
        op.execute(
            f"CREATE TRIGGER guard_{table}_row BEFORE UPDATE OF {columns} OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        for moment in ("row", "truncate"):
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_{table}_{moment}")


def _snippets() -> None:
    op.create_table(
        "snippets",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("clause_id", sa.String(40), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('rationale', 'statement')", name="ck_snippets_kind"),
        sa.ForeignKeyConstraint(["clause_id"], ["clauses.id"], name="fk_snippets_clause_id_clauses"),
        sa.PrimaryKeyConstraint("id", name="pk_snippets"),
        sa.UniqueConstraint("clause_id", "language", "kind", name="uq_snippets_clause_id_language_kind"),
    )


def _versions() -> None:
    op.create_table(
        "snippet_versions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("snippet_id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("written_by", sa.String(40), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("withdrawn = (text = '')", name="ck_snippet_versions_withdrawn"),
        sa.ForeignKeyConstraint(
            ["snippet_id"], ["snippets.id"], name="fk_snippet_versions_snippet_id_snippets"
        ),
        sa.ForeignKeyConstraint(
            ["written_by"], ["accounts.id"], name="fk_snippet_versions_written_by_accounts"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_snippet_versions"),
        sa.UniqueConstraint("snippet_id", "version", name="uq_snippet_versions_snippet_id_version"),
    )


def _of_reviews() -> None:
    op.create_table(
        "review_snippets",
        sa.Column("review_id", sa.String(40), nullable=False),
        sa.Column("snippet_version_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_review_snippets_review_id_reviews"),
        sa.ForeignKeyConstraint(
            ["snippet_version_id"],
            ["snippet_versions.id"],
            name="fk_review_snippets_snippet_version_id_snippet_versions",
        ),
        sa.PrimaryKeyConstraint("review_id", "snippet_version_id", name="pk_review_snippets"),
    )
    op.create_index("ix_review_snippets_version", "review_snippets", ["snippet_version_id", "review_id"])
    op.create_table(
        "review_companions",
        sa.Column("review_id", sa.String(40), nullable=False),
        sa.Column("main_review_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_review_companions_review_id_reviews"),
        sa.ForeignKeyConstraint(
            ["main_review_id"], ["reviews.id"], name="fk_review_companions_main_review_id_reviews"
        ),
        sa.PrimaryKeyConstraint("review_id", name="pk_review_companions"),
    )
    op.create_index("ix_review_companions_main_review_id", "review_companions", ["main_review_id"])


def upgrade() -> None:
    """Create the tables with their guards."""
    _snippets()
    _versions()
    _of_reviews()
    op.add_column("drafts", sa.Column("claim_generation", sa.Integer(), nullable=True))
    _guard()


def downgrade() -> None:
    """Drop them, and their guards with them; the trail keeps what it tells."""
    op.drop_column("drafts", "claim_generation")
    for table in ("review_companions", "review_snippets", "snippet_versions", "snippets"):
        op.drop_table(table)
