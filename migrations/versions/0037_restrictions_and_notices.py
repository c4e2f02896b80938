"""Restrictions that were carried out or failed; endpoints that are the platform or an e-mail address.

The platform belongs to no sender, so that the column of the sender may stay empty. SQLite takes that only
with the tables made anew: their rows wait beside them, children first, and come back with their guards.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = {
    "deliveries": "id, endpoint_id, sender_id, topic, subject_id, seq, body, created_at",
    "delivery_attempts": "id, delivery_id, began_at, milliseconds, status, failure, excerpt",
}
ENDPOINT = (
    "id, trail_version, sender_id, url, topics, sealed_secret, sealed_previous, previous_until, secret_at,"
    " last_seq, created_at, off_at, off_why, removed_at"
)
DELIVERY = (
    "id, trail_version, endpoint_id, sender_id, topic, subject_id, seq, body, created_at, standing, tries,"
    " next_at, lease, leased_until, finished_at, stopped"
)
ATTEMPT = "id, delivery_id, began_at, milliseconds, status, failure, excerpt"
KEPT = {"delivery_attempts": ATTEMPT, "deliveries": DELIVERY, "endpoints": ENDPOINT}
KINDS = "'webhook', 'email', 'platform'"
_WAITING = sa.text("implemented_at IS NULL AND failed_at IS NULL")
_FAILED = sa.text("implemented_at IS NULL AND failed_at IS NOT NULL")


def _guard_on_sqlite() -> None:
    for table, columns in FROZEN.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        op.execute(f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE OF {columns} ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} {refuse}")


def _endpoints(*, with_kinds: bool) -> None:
    kinds = (
        sa.Column("kind", sa.String(20), nullable=False, server_default="webhook"),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="ck_endpoints_kind"),
    )
    op.create_table(
        "endpoints",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.String(40), nullable=with_kinds),
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
        *(kinds if with_kinds else ()),
        sa.CheckConstraint("off_why IN ('gone', 'switched_off')", name="ck_endpoints_off_why"),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_endpoints_sender_id_senders"),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
    )
    op.create_index("ix_endpoints_sender_id", "endpoints", ["sender_id"])
    on = sa.text("off_at IS NULL AND removed_at IS NULL")
    op.create_index("ix_endpoints_on", "endpoints", ["sender_id"], sqlite_where=on)


def _deliveries(*, with_kinds: bool) -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.String(40), nullable=False),
        sa.Column("sender_id", sa.String(40), nullable=with_kinds),
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
    op.create_index("ix_deliveries_waiting", "deliveries", ["next_at"], sqlite_where=waiting)
    op.create_index("ix_deliveries_dead", "deliveries", ["finished_at"], sqlite_where=dead)
    op.create_index("ix_deliveries_sender", "deliveries", ["sender_id", "created_at", "id"])


def _attempts() -> None:
    op.create_table(
        "delivery_attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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


def _made_anew(*, with_kinds: bool) -> None:
    """The three tables once more on SQLite, with their rows and guards."""
    for table, columns in KEPT.items():
        op.execute(f"CREATE TABLE kept_{table} AS SELECT {columns} FROM {table}")
        op.drop_table(table)
    _endpoints(with_kinds=with_kinds)
    _deliveries(with_kinds=with_kinds)
    _attempts()
    for table, columns in reversed(KEPT.items()):
        op.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM kept_{table}")
        op.drop_table(f"kept_{table}")
    _guard_on_sqlite()


def upgrade() -> None:
    """Widen the tables; what the previous release writes fits as before."""
    op.add_column(
        "restrictions", sa.Column("trail_version", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("restrictions", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("restrictions", sa.Column("failure", sa.String(1000), nullable=True))
    for name, where in (("waiting", _WAITING), ("failed", _FAILED)):
        op.create_index(
            f"ix_restrictions_{name}",
            "restrictions",
            ["starts_at", "id"],
            sqlite_where=where,
            postgresql_where=where,
        )
    ours = sa.text("sender_id IS NULL")
    if op.get_bind().dialect.name == "sqlite":
        _made_anew(with_kinds=True)
        op.create_index("ix_deliveries_platform", "deliveries", ["subject_id"], sqlite_where=ours)
        return
    op.add_column("endpoints", sa.Column("kind", sa.String(20), nullable=False, server_default="webhook"))
    op.add_column("endpoints", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_endpoints_kind"), "endpoints", f"kind IN ({KINDS})")
    for table in ("endpoints", "deliveries"):
        op.alter_column(table, "sender_id", nullable=True)
    op.create_index("ix_deliveries_platform", "deliveries", ["subject_id"], postgresql_where=ours)


def _forget_the_new_kinds() -> None:
    """What the schema before cannot hold goes, with its messages; the trail keeps what it tells."""
    new = "SELECT id FROM endpoints WHERE kind <> 'webhook'"
    sent = f"SELECT id FROM deliveries WHERE endpoint_id IN ({new})"
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in FROZEN:
        if sqlite:
            op.execute(f"DROP TRIGGER guard_{table}_delete")
        else:
            op.execute(f"ALTER TABLE {table} DISABLE TRIGGER guard_{table}_row")
    op.execute(f"DELETE FROM delivery_attempts WHERE delivery_id IN ({sent})")
    op.execute(f"DELETE FROM deliveries WHERE endpoint_id IN ({new})")
    op.execute("DELETE FROM endpoints WHERE kind <> 'webhook'")
    if not sqlite:
        for table in FROZEN:
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_{table}_row")


def downgrade() -> None:
    """Narrow them again."""
    op.drop_index("ix_deliveries_platform", "deliveries")
    _forget_the_new_kinds()
    if op.get_bind().dialect.name == "sqlite":
        _made_anew(with_kinds=False)
    else:
        for table in ("endpoints", "deliveries"):
            op.alter_column(table, "sender_id", nullable=False)
        op.drop_constraint(op.f("ck_endpoints_kind"), "endpoints", type_="check")
        op.drop_column("endpoints", "confirmed_at")
        op.drop_column("endpoints", "kind")
    for name in ("waiting", "failed"):
        op.drop_index(f"ix_restrictions_{name}", "restrictions")
    for column in ("failure", "failed_at", "trail_version"):
        op.execute(f"ALTER TABLE restrictions DROP COLUMN {column}")
