"""`flask roles` on a real PostgreSQL: who owns, who upgrades, and how little who serves may do."""

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from review import db, migrate
from review.cli.roles import roles as command
from review.models import Base, schema
from review.models.roles import Roles, may_rewrite
from tests.conftest import settings_for
from tests.postgres import PostgresServer

_numbers = itertools.count()


class House:
    """A database of its own with roles of its own on the tests' server."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        number = next(_numbers)
        self.server = server
        self.name = f"roles{number}"
        self.newest = "head"
        self.folder = folder
        self.roles = Roles(f"owner {number}", f"migrate{number}", f"desk{number}")
        server.create(self.name)

    def url(self, user: str = "review") -> str:
        """The address as this user gives it."""
        return self.server.url(self.name).replace("review@", f"{user}@")

    def run(self, *more: str, admin: str = "review") -> str:
        """What the command prints; it ends well."""
        names = ["--owner", self.roles.owner, "--migrator", self.roles.migrator, "--desk", self.roles.desk]
        done = CliRunner().invoke(command, ["--admin-url", self.url(admin), *names, *more])
        assert done.exit_code == 0, done.output
        return done.output

    def upgrade(self, user: str) -> None:
        """Bring the database to the newest revision as this user."""
        engine = db.create_engine(settings_for(self.url(user), self.folder))
        migrate.upgrade(engine, self.newest)
        engine.dispose()

    @contextmanager
    def connected(self, user: str) -> Iterator[psycopg.Connection]:
        """A connection of this user; every statement stands by itself."""
        with psycopg.connect(
            f"host={self.server.folder} user={user} dbname={self.name}", autocommit=True
        ) as connection:
            yield connection

    def one(self, query: str) -> object:
        """The first value that the superuser reads."""
        with self.connected("review") as connection:
            row = connection.execute(query.encode()).fetchone()
            return row and row[0]


@pytest.fixture
def house(postgres: PostgresServer, tmp_path: Path) -> Iterator[House]:
    """An empty database."""
    found = House(postgres, tmp_path)
    yield found
    postgres.drop(found.name)
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        for role in (found.roles.desk, found.roles.migrator, found.roles.owner):
            connection.execute(f'DROP ROLE IF EXISTS "{role}"'.encode())


def _first(house: House) -> None:
    """The roles before the tables."""
    house.run()
    house.upgrade(house.roles.migrator)


def _later(house: House) -> None:
    """A desk that one role did everything for gets its roles."""
    house.upgrade("review")
    house.run()


@pytest.mark.parametrize("way", [_first, _later])
def test_the_owner_owns_everything_and_cannot_sign_in(house: House, way: Callable[[House], None]) -> None:
    way(house)
    owners = "SELECT string_agg(DISTINCT {0}::regrole::text, ',') FROM {1} JOIN pg_namespace n ON n.oid = {2}"
    for owner, catalogue, space in (
        ("relowner", "pg_class", "relnamespace"),
        ("proowner", "pg_proc", "pronamespace"),
    ):
        query = owners.format(owner, catalogue, space) + " WHERE nspname = 'public'"
        assert house.one(query) == f'"{house.roles.owner}"'
    assert house.one(f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{house.roles.owner}'") is False
    house.run()  # again: nothing to do, nothing lost
    house.upgrade(house.roles.migrator)


@pytest.mark.parametrize("way", [_first, _later])
def test_who_serves_can_rewrite_nothing(house: House, way: Callable[[House], None]) -> None:
    way(house)
    refused = [
        *(f"UPDATE {table} SET {_any_column(house, table)} = NULL" for table in schema.APPEND_ONLY),
        *(f"DELETE FROM {table}" for table in (*schema.APPEND_ONLY, *schema.FROZEN)),
        *(f"TRUNCATE {table} CASCADE" for table in schema.GUARDED),
        *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in schema.GUARDED),
        "UPDATE pending_events SET eid = eid",
        # what an erasure empties has a trigger of its own instead: tests/models/test_erasure_guards.py
        "UPDATE openings SET envelope = ''",
        "UPDATE reviews SET outcome = ''",
        "UPDATE referrals SET category = ''",
        "UPDATE alembic_version SET version_num = '0001'",
        "DROP TRIGGER guard_openings_row ON openings",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
        f'SET ROLE "{house.roles.owner}"',
    ]
    with house.connected(house.roles.desk) as connection:
        for statement in refused:
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject)):
                connection.execute(statement.encode())
        connection.execute("UPDATE reviews SET undone_at = now()")
        connection.execute("DELETE FROM pending_events")
        connection.execute("CREATE TEMPORARY TABLE staged (id int)")


def _any_column(house: House, table: str) -> object:
    return house.one(f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum = 1")


@pytest.mark.parametrize("way", [_first, _later])
def test_who_serves_may_use_every_table_also_those_of_a_later_upgrade(
    house: House, way: Callable[[House], None]
) -> None:
    newest, house.newest = house.newest, "0037"
    way(house)
    assert house.one("SELECT to_regclass('uploaded_files')") is None
    house.newest = newest
    house.upgrade(house.roles.migrator)
    with house.connected(house.roles.desk) as connection:
        for table in (*Base.metadata.tables, "alembic_version"):
            connection.execute(f"SELECT 1 FROM {table} LIMIT 0".encode())
        connection.execute("DELETE FROM uploaded_files")


def test_new_roles_get_a_password_once(house: House) -> None:
    said = house.run()
    for role, does in ((house.roles.migrator, "flask upgrade"), (house.roles.desk, "flask serve")):
        line = next(line for line in said.splitlines() if line.startswith(does))
        address = sa.make_url(line.partition("REVIEW_DATABASE_URL=")[2])
        assert (address.username, address.database) == (role, house.name)
        assert len(address.password or "") >= 32
        stored = str(house.one(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'"))
        assert stored.startswith("SCRAM-SHA-256$")
    again = house.run()
    assert "shown this once" not in again
    assert f"{house.roles.desk}@" in again
    assert house.one(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{house.roles.desk}'") == stored


def test_without_passwords_none_is_set(house: House) -> None:
    assert "password" not in house.run("--no-passwords")
    assert house.one(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{house.roles.desk}'") is None


def test_what_cannot_be_done_changes_nothing_and_says_why(house: House) -> None:
    house.run()
    names = ["--owner", "other", "--migrator", "other2", "--desk", "other3"]
    for arguments, words in (
        (["--admin-url", "sqlite:///review.db"], "Only PostgreSQL has roles"),
        (["--admin-url", "nonsense"], "is no address"),
        (["--admin-url", house.url(), "--owner", "same", "--desk", "same"], "must be three"),
        (["--admin-url", house.url(house.roles.desk), *names], "Nothing was changed"),
        (["--admin-url", "postgresql://review@/none?host=/nowhere"], "Nothing was changed"),
    ):
        done = CliRunner().invoke(command, arguments)
        assert (done.exit_code, words in done.output) == (1, True), done.output
    assert house.one("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'other%'") == 0


def test_the_desk_knows_whether_it_could_rewrite_its_trail(house: House) -> None:
    _later(house)
    for user, could in ((house.roles.desk, False), (house.roles.migrator, True), ("review", True)):
        engine = db.create_engine(settings_for(house.url(user), house.folder))
        with engine.connect() as connection:
            assert may_rewrite(connection) is could, user
        engine.dispose()


def test_without_the_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as where the package was never installed
    done = CliRunner().invoke(command, ["--admin-url", "postgresql://review@/review"])
    assert (done.exit_code, "[postgres]" in done.output) == (1, True), done.output
