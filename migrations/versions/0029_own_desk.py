"""What a person keeps of one's own: notes with mentions, cases set aside or passed on, and breaks.

New tables alone, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OPEN = sa.text("ended_at IS NULL")


def _moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(table: str, column: str, of: str) -> tuple["sa.Column[str]", sa.ForeignKeyConstraint]:
    name = f"fk_{table}_{column}_{of}"
    return (
        sa.Column(column, sa.String(40), nullable=False),
        sa.ForeignKeyConstraint([column], [f"{of}.id"], name=name),
    )


def _guard_notes() -> None:
    """A note stays as it was written."""
    refuse = "SELECT RAISE(ABORT, 'notes is append-only')"
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"CREATE TRIGGER guard_notes_{verb} BEFORE {verb} ON notes BEGIN {refuse}; END")
        return
    op.execute(
        "CREATE TRIGGER guard_notes_row BEFORE UPDATE OR DELETE ON notes "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER guard_notes_truncate BEFORE TRUNCATE ON notes "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for moment in ("row", "truncate"):
        op.execute(f"ALTER TABLE notes ENABLE ALWAYS TRIGGER guard_notes_{moment}")


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.String(40), nullable=False),
        *_key("notes", "case_id", "cases"),
        *_key("notes", "account_id", "accounts"),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("claim_generation", sa.Integer(), nullable=False),
        _moment("written_at"),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
    )
    op.create_index("ix_notes_case_id", "notes", ["case_id", "written_at"])
    op.create_table(
        "note_mentions",
        *_key("note_mentions", "note_id", "notes"),
        *_key("note_mentions", "account_id", "accounts"),
        _moment("at"),
        sa.PrimaryKeyConstraint("note_id", "account_id", name="pk_note_mentions"),
    )
    op.create_index("ix_note_mentions_account_id", "note_mentions", ["account_id", "at"])


def _left_cases() -> None:
    op.create_table(
        "set_asides",
        *_key("set_asides", "case_id", "cases"),
        *_key("set_asides", "account_id", "accounts"),
        _moment("until"),
        _moment("at"),
        sa.PrimaryKeyConstraint("case_id", "account_id", name="pk_set_asides"),
    )
    op.create_index("ix_set_asides_account_id", "set_asides", ["account_id", "until"])
    op.create_table(
        "passes",
        *_key("passes", "case_id", "cases"),
        *_key("passes", "account_id", "accounts"),
        sa.Column("reason", sa.String(40), nullable=False),
        _moment("at"),
        sa.CheckConstraint(
            "reason IN ('personal_impact', 'conflict_of_interest', 'language')", name="ck_passes_reason"
        ),
        sa.PrimaryKeyConstraint("case_id", "account_id", name="pk_passes"),
    )


def _breaks() -> None:
    op.create_table(
        "breaks",
        *_key("breaks", "account_id", "accounts"),
        _moment("started_at"),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("account_id", "started_at", name="pk_breaks"),
    )
    op.create_index(
        "uq_breaks_open", "breaks", ["account_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def upgrade() -> None:
    """Create the tables; notes with their guards."""
    _notes()
    _guard_notes()
    _left_cases()
    _breaks()


def downgrade() -> None:
    """Drop them, and the guards with their table."""
    for table in ("breaks", "passes", "set_asides", "note_mentions", "notes"):
        op.drop_table(table)
