"""What an administrator enters of a sender: contacts, own limits, labels of keys, the end of a status.

What was awarded to a trusted flagger is guarded like everything that was received; only its end may be set.
Every new column has a default, so that the previous release still adds senders and keys.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AWARDED = "id, sender_id, coordinator, valid_from, valid_until, reference"


def upgrade() -> None:
    """Add the columns, then the guard."""
    for column in (
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("further_countries", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("contacts", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("identity_note", sa.String(length=2000), nullable=False, server_default=""),
        sa.Column("requests_per_minute", sa.Integer(), nullable=True),
        sa.Column("batch_lines", sa.Integer(), nullable=True),
    ):
        op.add_column("senders", column)
    op.add_column("flagger_statuses", sa.Column("reference", sa.String(length=200), nullable=True))
    op.add_column("flagger_statuses", sa.Column("ended_on", sa.Date(), nullable=True))
    op.add_column("sender_keys", sa.Column("label", sa.String(length=100), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        refuse = "SELECT RAISE(ABORT, 'flagger_statuses is append-only')"
        on = "flagger_statuses BEGIN"
        op.execute(
            f"CREATE TRIGGER guard_flagger_statuses_update BEFORE UPDATE OF {AWARDED} ON {on} {refuse}; END"
        )
        op.execute(f"CREATE TRIGGER guard_flagger_statuses_delete BEFORE DELETE ON {on} {refuse}; END")
        return
    op.execute(
        f"CREATE TRIGGER guard_flagger_statuses_row BEFORE UPDATE OF {AWARDED} OR DELETE ON flagger_statuses "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER guard_flagger_statuses_truncate BEFORE TRUNCATE ON flagger_statuses "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for verb in ("row", "truncate"):
        op.execute(f"ALTER TABLE flagger_statuses ENABLE ALWAYS TRIGGER guard_flagger_statuses_{verb}")


def downgrade() -> None:
    """Drop the guard, then the columns."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for verb in ("update", "delete") if sqlite else ("row", "truncate"):
        op.execute(f"DROP TRIGGER guard_flagger_statuses_{verb}" + ("" if sqlite else " ON flagger_statuses"))
    op.drop_column("sender_keys", "label")
    op.drop_column("flagger_statuses", "ended_on")
    op.drop_column("flagger_statuses", "reference")
    for column in (
        "batch_lines",
        "requests_per_minute",
        "identity_note",
        "contacts",
        "further_countries",
        "version",
    ):
        op.drop_column("senders", column)
