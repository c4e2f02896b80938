"""Endpoints of senders, the messages to them, and every try to deliver one.

What a message says and what came of a try are guarded like the answers that they tell of; where a message is
on its way moves on.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = {
    "deliveries": "id, endpoint_id, sender_id, topic, subject_id, seq, body, created_at",
    "delivery_attempts": "id, delivery_id, began_at, milliseconds, status, failure, excerpt",
}


def _guard() -> None:
    """What was written stays as it is."""
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


def _endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.String(40), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("topics", sa.String(200), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_previous", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_why", sa.String(20), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("off_why IN ('gone', 'switched_off')", name="ck_endpoints_off_why"),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_endpoints_sender_id_senders"),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
    )
    op.create_index("ix_endpoints_sender_id", "endpoints", ["sender_id"])
    on = sa.text("off_at IS NULL AND removed_at IS NULL")
    op.create_index("ix_endpoints_on", "endpoints", ["sender_id"], sqlite_where=on, postgresql_where=on)


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.String(40), nullable=False),
        sa.Column("sender_id", sa.String(40), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.String(40), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("standing", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.String(40), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped", sa.String(20), nullable=True),
        sa.CheckConstraint("standing IN ('waiting', 'arrived', 'dead')", name="ck_deliveries_standing"),
        sa.CheckConstraint(
            "stopped IN ('tried_out', 'gone', 'switched_off', 'removed')", name="ck_deliveries_stopped"
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name="fk_deliveries_endpoint_id_endpoints"
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_deliveries_sender_id_senders"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("endpoint_id", "seq", name="uq_deliveries_endpoint_id_seq"),
    )
    waiting, dead = sa.text("standing = 'waiting'"), sa.text("standing = 'dead'")
    op.create_index(
        "ix_deliveries_waiting", "deliveries", ["next_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index(
        "ix_deliveries_dead", "deliveries", ["finished_at"], sqlite_where=dead, postgresql_where=dead
    )
    op.create_index("ix_deliveries_sender", "deliveries", ["sender_id", "created_at", "id"])


def _attempts() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "delivery_attempts",
        sa.Column("id", number, nullable=False),
        sa.Column("delivery_id", sa.String(40), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("failure", sa.String(20), nullable=True),
        sa.Column("excerpt", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_delivery_attempts_delivery_id_deliveries"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_attempts"),
    )
    op.create_index("ix_delivery_attempts_delivery_id", "delivery_attempts", ["delivery_id"])


def upgrade() -> None:
    """Create the tables with their guards."""
    _endpoints()
    _deliveries()
    _attempts()
    _guard()


def downgrade() -> None:
    """Drop them, and their guards with them; the trail keeps what it tells."""
    for table in ("delivery_attempts", "deliveries", "endpoints"):
        op.drop_table(table)
