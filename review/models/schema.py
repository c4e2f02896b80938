"""The schema's state: its version, and which defences of the trail are missing."""

from pathlib import Path

import sqlalchemy as sa

import review

# Tables whose rows may never change or go; a pending event may go once its leaf stands, and of an opening
# the fields that an executed erasure names.
APPEND_ONLY = ("openings", "leaves", "tiles", "tree_heads", "checkpoints", "clause_versions", "erased_parts")
# Tables whose recorded columns may not change and whose rows may not go; the others of their columns move on.
FROZEN = (
    "answers",
    "complaints",
    "decisions",
    "deliveries",
    "delivery_attempts",
    "emailed_referrals",
    "flagger_statuses",
    "items",
    "notes",
    "questions",
    "referrals",
    "review_clauses",
    "review_companions",
    "review_snippets",
    "referrals",
    "reviews",
    "snippet_versions",
    "first_looks",
    "shown_precedents",
    "cosignatures",
    "legal_holds",
    "erasures",
)
# Of these an executed erasure takes away the values that it names (`erased_parts`), and nothing else does.
ERASABLE = (
    "openings", "answers", "complaints", "deliveries", "emailed_referrals", "items", "notes", "questions",
    "referrals", "reviews",
)  # fmt: skip
GUARDED = (*APPEND_ONLY, "pending_events", *FROZEN)


def migrations() -> Path:
    """The folder of migrations: inside the installed package, or beside it in a source tree."""
    package = Path(review.__file__).parent
    folder = package / "_migrations"
    return folder if folder.is_dir() else package.parent / "migrations"


def newest_revision() -> str:
    """The revision that this program needs: the number of its last migration, by which its file is named."""
    return max(path.name.partition("_")[0] for path in (migrations() / "versions").glob("[0-9]*_*.py"))


def current_revision(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None when it is empty."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def expected_triggers(dialect: str) -> set[str]:
    """Names of the triggers that guard the trail and what it tells of on this kind of database."""
    if dialect == "sqlite":
        every = {f"guard_{table}_{verb}" for table in GUARDED for verb in ("update", "delete", "insert")}
        every -= {f"guard_{table}_insert" for table in FROZEN}
    else:
        every = {f"guard_{table}_{verb}" for table in GUARDED for verb in ("row", "truncate")}
        every.add("guard_erased_parts_insert")
    return every | {f"guard_{table}_erasure" for table in ERASABLE} | {"guard_erasures_held"}


def missing_triggers(connection: sa.Connection) -> set[str]:
    """Expected triggers that are absent or, on PostgreSQL, not set to fire always."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
    return expected_triggers(connection.dialect.name) - set(connection.execute(sa.text(query)).scalars())
