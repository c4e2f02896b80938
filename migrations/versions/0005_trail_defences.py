"""Triggers that keep the trail and the wording of our terms append-only.

They stop accidents and errors of the program, not the owner of the database (trail.md, B.7). SQLite needs
one before INSERT too, because INSERT OR REPLACE is a silent change; PostgreSQL needs one for TRUNCATE, and
all of them to fire ALWAYS, so that replication mode does not switch them off.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEYS = {
    "openings": "eid = NEW.eid",
    "leaves": "position = NEW.position OR eid = NEW.eid",
    "tiles": "level = NEW.level AND number = NEW.number",
    "tree_heads": "size = NEW.size",
    "checkpoints": "size = NEW.size",
    "clause_versions": "id = NEW.id OR (clause_id = NEW.clause_id AND version = NEW.version)",
    "pending_events": "eid = NEW.eid",
}
SEQUENCED = "EXISTS (SELECT 1 FROM leaves WHERE leaves.eid = OLD.eid)"


def _sqlite() -> None:
    for table, key in KEYS.items():
        refuse = f"SELECT RAISE(ABORT, '{table} is append-only')"
        op.execute(f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE ON {table} BEGIN {refuse}; END")
        when = f"WHEN NOT {SEQUENCED} " if table == "pending_events" else ""
        op.execute(f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} {when}BEGIN {refuse}; END")
        op.execute(
            f"CREATE TRIGGER guard_{table}_insert BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key}) BEGIN {refuse}; END"
        )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_unsequenced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' AND {SEQUENCED} THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in KEYS:
        function = "refuse_unsequenced" if table == "pending_events" else "refuse_change"
        op.execute(
            f"CREATE TRIGGER guard_{table}_row BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
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
    if op.get_bind().dialect.name == "sqlite":
        for table in KEYS:
            for verb in ("update", "delete", "insert"):
                op.execute(f"DROP TRIGGER guard_{table}_{verb}")
        return
    for table in KEYS:
        op.execute(f"DROP TRIGGER guard_{table}_row ON {table}")
        op.execute(f"DROP TRIGGER guard_{table}_truncate ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP FUNCTION refuse_unsequenced()")
