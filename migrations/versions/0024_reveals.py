"""Captures among the evidence, what decoding found in a file, and who was shown what of it.

The columns that evidence gains may stay empty, so that the previous release runs on this schema as before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STAGES = "'placeholder', 'small', 'grey', 'colour', 'text'"


def upgrade() -> None:
    """Add the columns, each with its constraint as SQLite takes it, and create the tables."""
    moment = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    op.execute(
        "ALTER TABLE evidence ADD COLUMN account_id VARCHAR(40)"
        " CONSTRAINT fk_evidence_account_id_accounts REFERENCES accounts (id)"
    )
    op.execute(
        f"ALTER TABLE evidence ADD COLUMN captured_at {moment}"
        " CONSTRAINT ck_evidence_captured CHECK ((account_id IS NULL) = (captured_at IS NULL))"
    )
    op.create_table(
        "evidence_looks",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("characters", sa.Integer(), nullable=True),
        sa.Column("perceptual_hash", sa.String(64), nullable=True),
        sa.Column("refused", sa.String(20), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_evidence_looks"),
    )
    op.create_index("ix_evidence_looks_perceptual_hash", "evidence_looks", ["perceptual_hash"])
    _create_reveals()


def _create_reveals() -> None:
    op.create_table(
        "reveals",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("evidence_id", sa.String(40), nullable=True),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("claim_generation", sa.Integer(), nullable=True),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"stage IN ({STAGES})", name="ck_reveals_stage"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_reveals_case_id_cases"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_reveals_item_id_items"),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_reveals_evidence_id_evidence"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_reveals_account_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_reveals"),
    )
    op.create_index("ix_reveals_case_id_account_id", "reveals", ["case_id", "account_id"])
    op.create_index("ix_reveals_account_id_revealed_at", "reveals", ["account_id", "revealed_at"])


def downgrade() -> None:
    """Drop them; SQLite drops a column with a constraint only along with the whole table."""
    op.drop_table("reveals")
    op.drop_table("evidence_looks")
    with op.batch_alter_table("evidence") as evidence:
        evidence.drop_constraint(op.f("ck_evidence_captured"), type_="check")
        evidence.drop_column("captured_at")
        evidence.drop_column("account_id")
