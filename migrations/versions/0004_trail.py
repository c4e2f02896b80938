"""Tables of the trail."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous_size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoints"),
    )


def _openings() -> None:
    op.create_table(
        "openings",
        sa.Column("eid", sa.String(length=32), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_type", sa.String(length=40), nullable=False),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("object_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("eid", name="pk_openings"),
    )
    op.create_index(
        "uq_openings_chain", "openings", ["object_kind", "object_id", "object_version"], unique=True
    )


def _tiles() -> None:
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name="pk_tiles"),
    )


def _tree_heads() -> None:
    op.create_table(
        "tree_heads",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous_size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_tree_heads"),
    )


def _leaves() -> None:
    op.create_table(
        "leaves",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("eid", sa.String(length=32), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["eid"], ["openings.eid"], name="fk_leaves_eid_openings"),
        sa.PrimaryKeyConstraint("position", name="pk_leaves"),
        sa.UniqueConstraint("eid", name="uq_leaves_eid"),
    )


def _pending_events() -> None:
    op.create_table(
        "pending_events",
        sa.Column("eid", sa.String(length=32), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["eid"], ["openings.eid"], name="fk_pending_events_eid_openings"),
        sa.PrimaryKeyConstraint("eid", name="pk_pending_events"),
    )


def upgrade() -> None:
    """Create them."""
    _checkpoints()
    _openings()
    _tiles()
    _tree_heads()
    _leaves()
    _pending_events()


def downgrade() -> None:
    """Drop them."""
    op.drop_table("pending_events")
    op.drop_table("leaves")
    op.drop_table("tree_heads")
    op.drop_table("tiles")
    op.drop_index("uq_openings_chain", table_name="openings")
    op.drop_table("openings")
    op.drop_table("checkpoints")
