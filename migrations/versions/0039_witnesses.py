"""Cosignatures of checkpoints by witnesses, guarded as the checkpoints are, and the last try of each."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = "size, witness, line, cosigned_at"


def _guard() -> None:
    """What was cosigned stays as it is."""
    table = "cosignatures"
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        op.execute(f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE OF {COLUMNS} ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} {refuse}")
        return
    op.execute(
        f"CREATE TRIGGER guard_{table}_row BEFORE UPDATE OF {COLUMNS} OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for moment in ("row", "truncate"):
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_{table}_{moment}")


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "cosignatures",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(400), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("cosigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["checkpoints.size"], name="fk_cosignatures_size_checkpoints"),
        sa.PrimaryKeyConstraint("size", "witness", name="pk_cosignatures"),
    )
    op.create_table(
        "witness_tries",
        sa.Column("witness", sa.String(400), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.String(40), nullable=True),
        sa.PrimaryKeyConstraint("witness", name="pk_witness_tries"),
    )
    _guard()


def downgrade() -> None:
    """Drop both: checkpoints stay signed, and witnesses cosign the newest anew."""
    op.drop_table("witness_tries")
    op.drop_table("cosignatures")
