"""Migrations: both directions on both databases, and the models equal the schema they make."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from review import db, migrate
from review.models import Base, schema
from tests.conftest import settings_for
from tests.house.readme_tables import ROOT
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> sa.Engine:
    """An engine on an empty database of each kind."""
    if request.param == "sqlite":
        return db.create_engine(settings_for(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path))
    server: PostgresServer = request.getfixturevalue("postgres")
    return db.create_engine(settings_for(server.create(f"empty_{tmp_path.name.lower()}"), tmp_path))


def _tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def test_migrations_go_up_down_and_up_again(empty_engine: sa.Engine) -> None:
    migrate.upgrade(empty_engine)
    assert _tables(empty_engine) == set(Base.metadata.tables)
    migrate.downgrade(empty_engine, "base")
    assert _tables(empty_engine) == set()
    migrate.upgrade(empty_engine)
    with empty_engine.connect() as connection:
        assert schema.current_revision(connection) == schema.newest_revision()
        assert schema.missing_triggers(connection) == set()
    empty_engine.dispose()


def test_each_migration_can_be_taken_back_alone(empty_engine: sa.Engine) -> None:
    for revision in sorted(path.name[:4] for path in (ROOT / "migrations/versions").glob("0*.py")):
        migrate.upgrade(empty_engine, revision)
        migrate.downgrade(empty_engine, "-1")
        migrate.upgrade(empty_engine, revision)
    with empty_engine.connect() as connection:
        assert schema.current_revision(connection) == schema.newest_revision()
    empty_engine.dispose()


def test_models_equal_the_schema(empty_engine: sa.Engine) -> None:
    migrate.upgrade(empty_engine)
    with empty_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    empty_engine.dispose()


def test_a_missing_trigger_is_named(empty_engine: sa.Engine) -> None:
    migrate.upgrade(empty_engine)
    verb = "delete" if empty_engine.dialect.name == "sqlite" else "row"
    on = "" if empty_engine.dialect.name == "sqlite" else " ON leaves"
    with empty_engine.begin() as connection:
        connection.execute(sa.text(f"DROP TRIGGER guard_leaves_{verb}{on}"))
    with empty_engine.connect() as connection:
        assert schema.missing_triggers(connection) == {f"guard_leaves_{verb}"}
    empty_engine.dispose()


def test_a_half_done_upgrade_leaves_nothing(empty_engine: sa.Engine) -> None:
    with empty_engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE reviews (id INTEGER)"))
    with pytest.raises(sa.exc.DBAPIError):
        migrate.upgrade(empty_engine)
    assert _tables(empty_engine) == {"reviews"}
    empty_engine.dispose()


def test_the_newest_revision_is_the_head_of_the_migrations() -> None:
    """The servers read it from the name of the last file, because they do without Alembic."""
    config = Config()
    config.set_main_option("script_location", str(schema.migrations()))
    assert schema.newest_revision() == ScriptDirectory.from_config(config).get_current_head()


def test_the_server_carries_no_alembic() -> None:
    """It is needed for seconds in the life of an installation, and costs several MiB."""
    code = "import sys, app; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
