"""Drafts of clauses; of each version who drafted and who published it, why, and whether it ends the clause.

Two people stand behind every version that came by the pages: the database refuses one and the same. Versions
that a command brought in name nobody. The index finds the decisions that name a version.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Added one by one and in SQL, because Alembic would copy the table on SQLite and lose its triggers; each
# constraint belongs to its column, so that it goes with it.
COLUMNS = {
    "ends": "BOOLEAN NOT NULL DEFAULT FALSE",
    "reason": "VARCHAR",
    "drafted_by": "VARCHAR(40) CONSTRAINT fk_clause_versions_drafted_by_accounts REFERENCES accounts (id)",
    "published_by": "VARCHAR(40) CONSTRAINT fk_clause_versions_published_by_accounts REFERENCES accounts (id)"
    " CONSTRAINT ck_clause_versions_four_eyes CHECK ((drafted_by IS NULL) = (published_by IS NULL)"
    " AND (drafted_by IS NULL OR drafted_by <> published_by))",
}


def upgrade() -> None:
    """Create the table of drafts, the columns and the index."""
    op.create_table(
        "clause_drafts",
        sa.Column("clause_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("drafted_by", sa.String(length=40), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clause_id"], ["clauses.id"], name="fk_clause_drafts_clause_id_clauses"),
        sa.ForeignKeyConstraint(["drafted_by"], ["accounts.id"], name="fk_clause_drafts_drafted_by_accounts"),
        sa.PrimaryKeyConstraint("clause_id", name="pk_clause_drafts"),
    )
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE clause_versions ADD COLUMN {name} {kind}")
    op.create_index("ix_review_clauses_version", "review_clauses", ["clause_version_id", "review_id"])


def downgrade() -> None:
    """Take them back; the texts of drafts are lost, the trail keeps their digests."""
    op.drop_index("ix_review_clauses_version", table_name="review_clauses")
    for name in reversed(COLUMNS):
        op.execute(f"ALTER TABLE clause_versions DROP COLUMN {name}")
    op.drop_table("clause_drafts")
