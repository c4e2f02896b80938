"""Triggers that keep what was received, judged and answered as it is: texts, outcomes, originals, addresses.

What moves on (states, claims, undo, dispatch, positions of changes) may still be written. They stop accidents
and errors of the program, not the owner of the database, whose changes verification finds. No trigger before
INSERT: 26 000 rows at a time go in here, and a REPLACE fires the one before DELETE.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = {
    "answers": "item_id, decision_id, body, answered_at",
    "decisions": "id, case_id, review_id, outcome, decided_at",
    "items": "id, referral_id, position, url_as_sent, canonical_url, match_key, joined_at",
    "referrals": "id, sender_id, key_id, reference, intake_kind, transmitted_via, reason, category, keyword,"
    " issuing_authority, issuing_country, legal_basis, requested_action, urgency, content_digest,"
    " body_sha256, body_length, received_body, splices, received_at",
    "review_clauses": "review_id, clause_version_id",
    "reviews": "id, case_id, round, account_id, outcome, ground, decline_reason, law, rationale, statement,"
    " visibility, account_measure, territory, context, over_broad, case_version, claim_generation,"
    " recorded_at",
}


def _sqlite() -> None:
    for table, columns in FROZEN.items():
        refuse = f"SELECT RAISE(ABORT, '{table} is append-only')"
        op.execute(
            f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE OF {columns} ON {table} BEGIN {refuse}; END"
        )
        op.execute(f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} BEGIN {refuse}; END")


def _postgresql() -> None:
    for table, columns in FROZEN.items():
        op.execute(
            f"CREATE TRIGGER guard_{table}_row BEFORE UPDATE OF {columns} OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_{table}_row")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_{table}_truncate")


def upgrade() -> None:
    """Create the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def downgrade() -> None:
    """Drop the triggers."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in FROZEN:
        for verb in ("update", "delete") if sqlite else ("row", "truncate"):
            op.execute(f"DROP TRIGGER guard_{table}_{verb}" + ("" if sqlite else f" ON {table}"))
