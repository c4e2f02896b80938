"""Complaints, guarded as what was received; decisions that supersede others; rounds that come again.

A contact may be erased, so that the guard leaves it alone. A restriction that was lifted waits for nobody.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = "id, case_id, decision_id, item_id, sender_id, registered_by, reasons, complained_at, joined_version"
DECISION = "id, case_id, review_id, outcome, decided_at"
_ONCE, _STANDING = "undone_at IS NULL AND round <> 'complaint'", "undone_at IS NULL"
_LIVE = " AND ends_at IS NULL"
_RESTRICTIONS = {
    "waiting": "implemented_at IS NULL AND failed_at IS NULL",
    "failed": "implemented_at IS NULL AND failed_at IS NOT NULL",
}
INDEXES = {
    "uq_complaints_open_sender": (["case_id", "sender_id"], "ended_at IS NULL AND sender_id IS NOT NULL"),
    "uq_complaints_open_provider": (["case_id"], "ended_at IS NULL AND sender_id IS NULL"),
    "ix_complaints_open": (["complained_at", "id"], "ended_at IS NULL"),
    "ix_complaints_case_id": (["case_id"], None),
    "ix_complaints_item_id": (["item_id"], None),
    "ix_complaints_ended_at": (["ended_at"], None),
}


def _is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


def _guard_complaints() -> None:
    table, refuse = "complaints", "SELECT RAISE(ABORT, 'complaints is append-only')"
    if _is_sqlite():
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


def _guard_decisions(columns: str) -> None:
    """The guard of decisions anew, over these columns."""
    if _is_sqlite():
        op.execute("DROP TRIGGER guard_decisions_update")
        op.execute(
            f"CREATE TRIGGER guard_decisions_update BEFORE UPDATE OF {columns} ON decisions "
            "BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END"
        )
        return
    op.execute("DROP TRIGGER guard_decisions_row ON decisions")
    op.execute(
        f"CREATE TRIGGER guard_decisions_row BEFORE UPDATE OF {columns} OR DELETE ON decisions "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE decisions ENABLE ALWAYS TRIGGER guard_decisions_row")


def _standing_reviews(where: str) -> None:
    op.drop_index("uq_reviews_standing", "reviews")
    condition = sa.text(where)
    op.create_index(
        "uq_reviews_standing",
        "reviews",
        ["case_id", "round"],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _restrictions(more: str) -> None:
    for name, where in _RESTRICTIONS.items():
        condition = sa.text(where + more)
        op.drop_index(f"ix_restrictions_{name}", "restrictions")
        op.create_index(
            f"ix_restrictions_{name}",
            "restrictions",
            ["starts_at", "id"],
            sqlite_where=condition,
            postgresql_where=condition,
        )


def _complaints() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "complaints",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=True),
        sa.Column("sender_id", sa.String(40), nullable=True),
        sa.Column("registered_by", sa.String(40), nullable=True),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("contact", sa.String(500), nullable=True),
        sa.Column("complained_at", moment, nullable=False),
        sa.Column("joined_version", sa.Integer(), nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("result", sa.String(20), nullable=True),
        sa.Column("review_id", sa.String(40), nullable=True),
        sa.Column("statement", sa.String(), nullable=True),
        sa.CheckConstraint("result IN ('upheld', 'reversed')", name="ck_complaints_result"),
        sa.CheckConstraint("(sender_id IS NULL) = (item_id IS NULL)", name="ck_complaints_item"),
        sa.CheckConstraint("(sender_id IS NULL) = (registered_by IS NOT NULL)", name="ck_complaints_party"),
        sa.CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name="ck_complaints_ended"),
        sa.CheckConstraint("(ended_at IS NULL) = (review_id IS NULL)", name="ck_complaints_review"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_complaints_{column}_{table}")
            for column, table in (
                ("case_id", "cases"),
                ("decision_id", "decisions"),
                ("item_id", "items"),
                ("sender_id", "senders"),
                ("registered_by", "accounts"),
                ("review_id", "reviews"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name="pk_complaints"),
    )
    for name, (columns, where) in INDEXES.items():
        condition = None if where is None else sa.text(where)
        op.create_index(
            name,
            "complaints",
            columns,
            unique=name.startswith("uq_"),
            sqlite_where=condition,
            postgresql_where=condition,
        )


def upgrade() -> None:
    """Widen what is there, then create the table with its guards."""
    op.execute(
        "ALTER TABLE decisions ADD COLUMN supersedes_id VARCHAR(40)"
        " CONSTRAINT fk_decisions_supersedes_id_decisions REFERENCES decisions (id)"
    )
    op.create_index("uq_decisions_supersedes_id", "decisions", ["supersedes_id"], unique=True)
    _guard_decisions(f"{DECISION}, supersedes_id")
    _standing_reviews(_ONCE)
    _restrictions(_LIVE)
    _complaints()
    _guard_complaints()


def downgrade() -> None:
    """Take it back; refused by its index where a case was judged after two complaints."""
    op.drop_table("complaints")
    _restrictions("")
    _standing_reviews(_STANDING)
    _guard_decisions(DECISION)
    op.drop_index("uq_decisions_supersedes_id", "decisions")
    op.execute("ALTER TABLE decisions DROP COLUMN supersedes_id")
