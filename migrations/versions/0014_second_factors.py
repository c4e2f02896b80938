"""Tables of second factors and of sign-ins that lack one, and what a sign-in knows of its factor."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _account(table: str) -> tuple["sa.Column[str]", sa.ForeignKeyConstraint]:
    return (
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts"),
    )


def _totp_factors() -> None:
    op.create_table(
        "totp_factors",
        *_account("totp_factors"),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _moment("enrolled_at"),
        sa.PrimaryKeyConstraint("account_id", name="pk_totp_factors"),
    )


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(length=40), nullable=False),
        *_account("passkeys"),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        _moment("enrolled_at"),
        _moment("last_used_at", nullable=True),
        _moment("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )
    op.create_index("ix_passkeys_account_id", "passkeys", ["account_id"])


def _recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("digest", sa.String(length=64), nullable=False),
        *_account("recovery_codes"),
        _moment("issued_at"),
        _moment("used_at", nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_recovery_codes"),
    )
    op.create_index("ix_recovery_codes_account_id", "recovery_codes", ["account_id"])


def _half_sign_ins() -> None:
    op.create_table(
        "half_sign_ins",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        *_account("half_sign_ins"),
        sa.Column("password_mark", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.String(length=20), nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("token_digest", name="pk_half_sign_ins"),
    )
    op.create_index("ix_half_sign_ins_account_id", "half_sign_ins", ["account_id"])


def upgrade() -> None:
    """Create them; sign-ins that live stay as they are, without a factor."""
    _totp_factors()
    _passkeys()
    _recovery_codes()
    _half_sign_ins()
    op.add_column("sign_ins", sa.Column("factor", sa.String(length=20), nullable=True))
    op.add_column("sign_ins", _moment("confirmed_at", nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("sign_ins", "confirmed_at")
    op.drop_column("sign_ins", "factor")
    for table in ("half_sign_ins", "recovery_codes", "passkeys", "totp_factors"):
        op.drop_table(table)
