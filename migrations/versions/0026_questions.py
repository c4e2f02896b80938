"""Questions to the senders of items, guarded as what went out: a question stays as it was asked."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = "id, case_id, item_id, asked_by, question, asked_at"
_OPEN = sa.text("ended_at IS NULL")


def _guard() -> None:
    """What was asked stays; answer and end are written once, by the program."""
    table, refuse = "questions", "SELECT RAISE(ABORT, 'questions is append-only')"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE OF {FROZEN} ON {table} BEGIN {refuse}; END"
        )
        op.execute(f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} BEGIN {refuse}; END")
        return
    op.execute(
        f"CREATE TRIGGER guard_{table}_row BEFORE UPDATE OF {FROZEN} OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for moment in ("row", "truncate"):
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_{table}_{moment}")


def upgrade() -> None:
    """Create the table with its guards."""
    op.create_table(
        "questions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("asked_by", sa.String(40), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="ck_questions_answer"),
        sa.CheckConstraint("answered_at IS NULL OR ended_at IS NOT NULL", name="ck_questions_ended"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_questions_case_id_cases"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_questions_item_id_items"),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name="fk_questions_asked_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    op.create_index("ix_questions_case_id", "questions", ["case_id"])
    op.create_index("ix_questions_item_id", "questions", ["item_id"])
    op.create_index("ix_questions_asked_by", "questions", ["asked_by", "asked_at"])
    op.create_index(
        "uq_questions_open",
        "questions",
        ["case_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_questions_open", "questions", ["asked_at", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    _guard()


def downgrade() -> None:
    """Drop it, and its guards with it."""
    op.drop_table("questions")
