"""Tables of people, senders, keys and our terms."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _clauses() -> None:
    op.create_table(
        "clauses",
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clauses"),
        sa.UniqueConstraint("document", "number", name="uq_clauses_document_number"),
    )


def _rate_counts() -> None:
    op.create_table(
        "rate_counts",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("window_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "window_start", name="pk_rate_counts"),
    )


def _senders() -> None:
    op.create_table(
        "senders",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('iru', 'competent_authority', 'trusted_flagger', 'civil_society', 'other')",
            name="ck_senders_kind",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_senders"),
        sa.UniqueConstraint("name", name="uq_senders_name"),
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("trail_id", sa.String(length=40), nullable=False),
        sa.Column("pseudonym", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("sender_id", sa.String(length=40), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("password_once", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(role = 'sender') = (sender_id IS NOT NULL)", name="ck_accounts_sender_role"),
        sa.CheckConstraint(
            "role IN ('moderator', 'lead', 'legal', 'admin', 'sender')", name="ck_accounts_role"
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_accounts_sender_id_senders"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
        sa.UniqueConstraint("pseudonym", name="uq_accounts_pseudonym"),
        sa.UniqueConstraint("trail_id", name="uq_accounts_trail_id"),
    )
    op.create_index("ix_accounts_sender_id", "accounts", ["sender_id"], unique=False)


def _clause_versions() -> None:
    op.create_table(
        "clause_versions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("clause_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clause_id"], ["clauses.id"], name="fk_clause_versions_clause_id_clauses"),
        sa.PrimaryKeyConstraint("id", name="pk_clause_versions"),
        sa.UniqueConstraint("clause_id", "version", name="uq_clause_versions_clause_id_version"),
    )


def _flagger_statuses() -> None:
    op.create_table(
        "flagger_statuses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.String(length=40), nullable=False),
        sa.Column("coordinator", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_flagger_statuses_sender_id_senders"),
        sa.PrimaryKeyConstraint("id", name="pk_flagger_statuses"),
    )
    op.create_index("ix_flagger_statuses_sender_id", "flagger_statuses", ["sender_id"], unique=False)


def _sender_keys() -> None:
    op.create_table(
        "sender_keys",
        sa.Column("sender_id", sa.String(length=40), nullable=True),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_sender_keys_sender_id_senders"),
        sa.PrimaryKeyConstraint("id", name="pk_sender_keys"),
        sa.UniqueConstraint("digest", name="uq_sender_keys_digest"),
    )
    op.create_index("ix_sender_keys_sender_id", "sender_keys", ["sender_id"], unique=False)


def _one_time_links() -> None:
    op.create_table(
        "one_time_links",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_one_time_links_account_id_accounts"
        ),
        sa.PrimaryKeyConstraint("token_digest", name="pk_one_time_links"),
    )
    op.create_index("ix_one_time_links_account_id", "one_time_links", ["account_id"], unique=False)


def _sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sign_ins_account_id_accounts"),
        sa.PrimaryKeyConstraint("token_digest", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_account_id", "sign_ins", ["account_id"], unique=False)


def upgrade() -> None:
    """Create them."""
    _clauses()
    _rate_counts()
    _senders()
    _accounts()
    _clause_versions()
    _flagger_statuses()
    _sender_keys()
    _one_time_links()
    _sign_ins()


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_sign_ins_account_id", table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index("ix_one_time_links_account_id", table_name="one_time_links")
    op.drop_table("one_time_links")
    op.drop_index("ix_sender_keys_sender_id", table_name="sender_keys")
    op.drop_table("sender_keys")
    op.drop_index("ix_flagger_statuses_sender_id", table_name="flagger_statuses")
    op.drop_table("flagger_statuses")
    op.drop_table("clause_versions")
    op.drop_index("ix_accounts_sender_id", table_name="accounts")
    op.drop_table("accounts")
    op.drop_table("senders")
    op.drop_table("rate_counts")
    op.drop_table("clauses")
