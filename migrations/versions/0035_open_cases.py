"""Indexes that begin with the state say so in words that the condition of the queue does not imply.

SQLite keeps no statistics unless told to. Without them it took one of these indexes for the first of the
queue and sorted every waiting case; so worded, it has no choice but the index in the queue's order.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = {
    "ix_cases_queue": ["state", "rank", "due_at", "opened_at", "id"],
    "ix_cases_oldest": ["state", "opened_at"],
}
WAITING = "pending_review_id IS NULL"
EVERY = (
    "state IN ('open', 'second_review', 'resolving', 'waiting_sender', 'escalated', 'decided', 'complaint',"
    " 'withdrawn')"
)


def _index_where(condition: str) -> None:
    for name, columns in COLUMNS.items():
        op.drop_index(name, table_name="cases")
        where = sa.text(condition)
        op.create_index(name, "cases", columns, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Say so in both, and hold what waits for leads in the order of the queue."""
    _index_where(f"{WAITING} AND {EVERY}")
    disputed = sa.text(f"{WAITING} AND state = 'resolving'")
    order = ["rank", "due_at", "opened_at", "id"]
    op.create_index("ix_cases_disputed", "cases", order, sqlite_where=disputed, postgresql_where=disputed)


def downgrade() -> None:
    """Leave it out of both."""
    op.drop_index("ix_cases_disputed", table_name="cases")
    _index_where(WAITING)
