"""Messages that came by e-mail and wait for a person to confirm them, guarded as what was received."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


FROZEN = (
    "id, message, sha256, length, from_header, subject, date_header, message_id, authentication_results,"
    " text, cut, arrived_at, entered_by"
)


def _guard() -> None:
    """What arrived stays as it is; what a person makes of it is written once, by the program."""
    table, refuse = "emailed_referrals", "SELECT RAISE(ABORT, 'emailed_referrals is append-only')"
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
        "emailed_referrals",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("from_header", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("date_header", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("authentication_results", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("cut", sa.Boolean(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("referral_id", sa.String(40), nullable=True),
        sa.Column("identity_way", sa.String(20), nullable=True),
        sa.Column("identity_words", sa.String(2000), nullable=True),
        sa.Column("refusal", sa.String(2000), nullable=True),
        sa.Column("ended_by", sa.String(40), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'confirmed', 'refused')", name="ck_emailed_referrals_state"),
        sa.CheckConstraint(
            "(state = 'confirmed') = (referral_id IS NOT NULL)", name="ck_emailed_referrals_referral"
        ),
        sa.CheckConstraint("(state = 'waiting') = (ended_by IS NULL)", name="ck_emailed_referrals_ended"),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name="fk_emailed_referrals_referral_id_referrals"
        ),
        sa.ForeignKeyConstraint(["ended_by"], ["accounts.id"], name="fk_emailed_referrals_ended_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_emailed_referrals"),
        sa.UniqueConstraint("sha256", name="uq_emailed_referrals_sha256"),
        sa.UniqueConstraint("referral_id", name="uq_emailed_referrals_referral_id"),
    )
    op.create_index(
        "ix_emailed_referrals_state_arrived_at_id", "emailed_referrals", ["state", "arrived_at", "id"]
    )
    op.create_index(
        "ix_emailed_referrals_ended_by_referral_id", "emailed_referrals", ["ended_by", "referral_id"]
    )
    _guard()


def downgrade() -> None:
    """Drop it, and its guards with it."""
    op.drop_table("emailed_referrals")
