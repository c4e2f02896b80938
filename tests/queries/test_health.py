"""The start is refused on a database on which nothing should be built, with one clear line."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from review import clock, db, migrate
from review.errors import SettingsError
from review.queries import health
from tests.conftest import Desk, settings_for
from tests.postgres import PostgresServer


def refusal(engine: sa.Engine) -> str:
    with pytest.raises(SettingsError) as caught:
        health.check_database(engine)
    assert "\n" not in caught.value.detail
    return caught.value.detail


def test_a_sound_database_may_start(desk: Desk) -> None:
    health.check_database(db.extension.engine)


def test_an_old_schema_and_a_missing_trigger_stop_the_start(desk: Desk) -> None:
    engine = db.extension.engine
    migrate.downgrade(engine, "-1")
    assert "run flask upgrade" in refusal(engine)
    migrate.upgrade(engine)
    trigger = "guard_tiles_delete" if desk.database == "sqlite" else "guard_tiles_truncate ON tiles"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    assert trigger.split(maxsplit=1)[0] in refusal(engine)


def test_an_empty_database_stops_the_start(tmp_path: Path) -> None:
    engine = db.create_engine(settings_for(f"sqlite:///{tmp_path}/new.db", tmp_path))
    assert "revision none" in refusal(engine)
    engine.dispose()


def test_sqlite_with_the_wal_reset_bug_stops_the_start(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    if desk.database != "sqlite":
        return
    monkeypatch.setattr(db.extension.engine.dialect.dbapi, "sqlite_version_info", (3, 40, 1))
    assert refusal(db.extension.engine).startswith("SQLite 3.40.1 can corrupt")


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes"])
def test_postgresql_that_may_lose_commits_stops_the_start(name: str, tmp_path: Path) -> None:
    server = PostgresServer(options=("-c", f"{name}=off"))
    try:
        engine = db.create_engine(settings_for(server.url("postgres"), tmp_path))
        assert f"{name} = off" in refusal(engine)
        engine.dispose()
    finally:
        server.remove()


def test_a_database_that_does_not_answer_is_the_only_check(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = desk.session

    def fail(*_arguments: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(reader, "execute", fail)
    (check,) = health.readiness(reader, now=clock.now(), rooms=())
    assert (check.name, check.ok) == ("database", False)
