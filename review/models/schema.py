"""The schema's state: bring it to the newest version, and say which defences of the trail are missing."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import review

# Tables whose rows may never change or go; a pending event may go once its leaf stands.
APPEND_ONLY = ("openings", "leaves", "tiles", "tree_heads", "checkpoints", "clause_versions")
# Tables whose recorded columns may not change and whose rows may not go; the others of their columns move on.
FROZEN = ("answers", "decisions", "items", "referrals", "review_clauses", "reviews")
GUARDED = (*APPEND_ONLY, "pending_events", *FROZEN)


def _config(connection: sa.Connection | None = None) -> Config:
    package = Path(review.__file__).parent
    folder = package / "_migrations"
    if not folder.is_dir():
        folder = package.parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the database to ``revision``, all or nothing."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` for empty), all or nothing."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def newest_revision() -> str | None:
    """The revision that this program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current_revision(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def expected_triggers(dialect: str) -> set[str]:
    """Names of the triggers that guard the trail and what it tells of on this kind of database."""
    if dialect == "sqlite":
        every = {f"guard_{table}_{verb}" for table in GUARDED for verb in ("update", "delete", "insert")}
        return every - {f"guard_{table}_insert" for table in FROZEN}
    return {f"guard_{table}_{verb}" for table in GUARDED for verb in ("row", "truncate")}


def missing_triggers(connection: sa.Connection) -> set[str]:
    """Expected triggers that are absent or, on PostgreSQL, not set to fire always."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
    return expected_triggers(connection.dialect.name) - set(connection.execute(sa.text(query)).scalars())
