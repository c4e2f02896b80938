"""${message}.

Before this lands:
- one change only; schema and data apart
- both directions, tried with rows in the tables, on SQLite and PostgreSQL
- the previous release still runs on the new schema
- no rewrite of a large table under a lock; indexes on large tables built concurrently
- triggers of the trail still stand afterwards (batch mode on SQLite recreates tables)
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take it back."""
    ${downgrades if downgrades else "pass"}
