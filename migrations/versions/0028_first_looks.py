"""First looks at cases, the earlier decisions shown after them, and what such decisions are found by.

Looks and what was shown are guarded like the reviews that follow them. The index of what waits next gains
what the queue may be narrowed to.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = {
    "first_looks": "case_id, account_id, way, claim_generation, precedents, looked_at",
    "shown_precedents": "case_id, account_id, place, precedent_id, why, measure",
}

_QUEUED = sa.text("pending_review_id IS NULL AND state IN ('open', 'second_review')")
_ORDER = ["rank", "due_at", "opened_at", "id"]


def _index(*more: str) -> None:
    op.drop_index("ix_cases_next", table_name="cases")
    op.create_index(
        "ix_cases_next", "cases", [*_ORDER, *more], sqlite_where=_QUEUED, postgresql_where=_QUEUED
    )


def _guard() -> None:
    """What was looked at and shown stays as it is."""
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


def _looks() -> None:
    op.create_table(
        "first_looks",
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("claim_generation", sa.Integer(), nullable=False),
        sa.Column("precedents", sa.SmallInteger(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("way IN ('revealed', 'without')", name="ck_first_looks_way"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_first_looks_case_id_cases"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_first_looks_account_id_accounts"),
        sa.PrimaryKeyConstraint("case_id", "account_id", name="pk_first_looks"),
    )


def _precedents() -> None:
    op.create_table(
        "shown_precedents",
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("precedent_id", sa.String(40), nullable=False),
        sa.Column("why", sa.String(10), nullable=False),
        sa.Column("measure", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint("why IN ('location', 'file', 'picture', 'text')", name="ck_shown_precedents_why"),
        sa.ForeignKeyConstraint(
            ["case_id", "account_id"],
            ["first_looks.case_id", "first_looks.account_id"],
            name="fk_shown_precedents_case_id_account_id_first_looks",
        ),
        sa.ForeignKeyConstraint(
            ["precedent_id"], ["cases.id"], name="fk_shown_precedents_precedent_id_cases"
        ),
        sa.PrimaryKeyConstraint("case_id", "account_id", "place", name="pk_shown_precedents"),
    )


def _found_by() -> None:
    op.create_table(
        "case_terms",
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("term", "case_id", name="pk_case_terms"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "picture_parts",
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("perceptual_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("part", "perceptual_hash", name="pk_picture_parts"),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Create the tables with their guards."""
    _looks()
    _precedents()
    _found_by()
    _guard()
    _index("intake_kind", "severity", "content_type", "language")


def downgrade() -> None:
    """Drop them, and their guards with them; the trail keeps what it tells."""
    _index()
    for table in ("picture_parts", "case_terms", "shown_precedents", "first_looks"):
        op.drop_table(table)
