"""Tables of what arrives and of the queue."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _stored_answers() -> None:
    op.create_table(
        "stored_answers",
        sa.Column("sender_id", sa.String(length=40), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_stored_answers_sender_id_senders"),
        sa.PrimaryKeyConstraint("sender_id", "idempotency_key", name="pk_stored_answers"),
    )
    op.create_index("ix_stored_answers_created_at", "stored_answers", ["created_at"])


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("match_digest", sa.String(length=64), nullable=False),
        sa.Column("intake_kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("content_type", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=40), nullable=True),
        sa.Column("items_live", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=40), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_generation", sa.Integer(), nullable=False),
        sa.Column("pending_review_id", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'second_review', 'resolving', 'waiting_sender', 'escalated', "
            "'decided', 'complaint', 'withdrawn')",
            name="ck_cases_state",
        ),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name="ck_cases_claim"),
        sa.ForeignKeyConstraint(["claimed_by"], ["accounts.id"], name="fk_cases_claimed_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_claimed_by", "cases", ["claimed_by"], unique=False)
    op.create_index("ix_cases_match_digest", "cases", ["match_digest", "opened_at"], unique=False)
    op.create_index("ix_cases_queue", "cases", ["state", "rank", "due_at", "opened_at", "id"], unique=False)
    op.create_index(
        "uq_cases_live",
        "cases",
        ["match_digest", "intake_kind"],
        unique=True,
        sqlite_where=sa.text(
            "state IN ('open', 'second_review', 'resolving', 'waiting_sender', 'escalated')"
        ),
        postgresql_where=sa.text(
            "state IN ('open', 'second_review', 'resolving', 'waiting_sender', 'escalated')"
        ),
    )


def _referrals() -> None:
    op.create_table(
        "referrals",
        sa.Column("sender_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("intake_kind", sa.String(length=20), nullable=False),
        sa.Column("transmitted_via", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=True),
        sa.Column("keyword", sa.String(length=100), nullable=True),
        sa.Column("issuing_authority", sa.String(length=500), nullable=True),
        sa.Column("issuing_country", sa.String(length=2), nullable=True),
        sa.Column("legal_basis", sa.String(length=2000), nullable=True),
        sa.Column("requested_action", sa.String(length=200), nullable=True),
        sa.Column("urgency", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=True),
        sa.Column("contact_name", sa.String(length=200), nullable=True),
        sa.Column("contact_email", sa.String(length=254), nullable=True),
        sa.Column("good_faith", sa.Boolean(), nullable=True),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("earlier_received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("body_length", sa.Integer(), nullable=False),
        sa.Column("received_body", sa.LargeBinary(), nullable=False),
        sa.Column("splices", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_position", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "intake_kind IN ('referral', 'notice', 'removal_order')", name="ck_referrals_intake_kind"
        ),
        sa.ForeignKeyConstraint(["key_id"], ["sender_keys.id"], name="fk_referrals_key_id_sender_keys"),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"], name="fk_referrals_sender_id_senders"),
        sa.PrimaryKeyConstraint("id", name="pk_referrals"),
        sa.UniqueConstraint("reference", "sender_id", name="uq_referrals_reference_sender_id"),
    )
    op.create_index("ix_referrals_change_position", "referrals", ["change_position"], unique=False)
    op.create_index("ix_referrals_poll", "referrals", ["sender_id", "change_position", "id"], unique=False)


def _items() -> None:
    op.create_table(
        "items",
        sa.Column("referral_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url_as_sent", sa.String(), nullable=False),
        sa.Column("defanged", sa.Boolean(), nullable=False),
        sa.Column("canonical_url", sa.String(), nullable=False),
        sa.Column("match_key", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=40), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("joined_version", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('in_review', 'decided', 'withdrawn')", name="ck_items_status"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_items_case_id_cases"),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name="fk_items_referral_id_referrals"),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint("referral_id", "position", name="uq_items_referral_id_position"),
    )
    op.create_index("ix_items_case_id", "items", ["case_id"], unique=False)


def _refused_items() -> None:
    op.create_table(
        "refused_items",
        sa.Column("referral_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url_as_sent", sa.String(), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name="fk_refused_items_referral_id_referrals"
        ),
        sa.PrimaryKeyConstraint("referral_id", "position", name="pk_refused_items"),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_evidence_item_id_items"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_item_id", "evidence", ["item_id"], unique=False)
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"], unique=False)


def upgrade() -> None:
    """Create them."""
    _stored_answers()
    _cases()
    _referrals()
    _items()
    _refused_items()
    _evidence()


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_evidence_sha256", table_name="evidence")
    op.drop_index("ix_evidence_item_id", table_name="evidence")
    op.drop_table("evidence")
    op.drop_table("refused_items")
    op.drop_index("ix_items_case_id", table_name="items")
    op.drop_table("items")
    op.drop_index("ix_referrals_poll", table_name="referrals")
    op.drop_index("ix_referrals_change_position", table_name="referrals")
    op.drop_table("referrals")
    op.drop_index(
        "uq_cases_live",
        table_name="cases",
        sqlite_where=sa.text(
            "state IN ('open', 'second_review', 'resolving', 'waiting_sender', 'escalated')"
        ),
        postgresql_where=sa.text(
            "state IN ('open', 'second_review', 'resolving', 'waiting_sender', 'escalated')"
        ),
    )
    op.drop_index("ix_cases_queue", table_name="cases")
    op.drop_index("ix_cases_match_digest", table_name="cases")
    op.drop_index("ix_cases_claimed_by", table_name="cases")
    op.drop_table("cases")
    op.drop_table("stored_answers")
