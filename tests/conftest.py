"""Fixtures: a desk on SQLite and on a real PostgreSQL, each test with a database of its own."""

import contextvars
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from review import db, migrate
from review.config import Settings, read_settings
from review.models.roles import Roles, set_up
from tests import compiled, data
from tests.draws import NO_DRAW
from tests.postgres import PostgresServer

_numbers = itertools.count()
compiled.keep_templates()
compiled.keep_builders()


class Visitor(FlaskClient):
    """A client whose requests get a context of their own, as in a server, whatever the test has open."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        """Send one request."""
        return contextvars.Context().run(super().open, *arguments, **options)


@dataclass
class Desk:
    """A running program on one database; ``session`` always sees what is committed now."""

    app: Flask
    settings: Settings
    database: str

    @property
    def session(self) -> Session:
        """The session of the test's own context, its read snapshot renewed."""
        session = db.session()
        session.rollback()
        session.expire_all()
        return session

    def client(self) -> FlaskClient:
        """A browser or program of its own, with its own cookies."""
        self.app.test_client_class = Visitor
        return self.app.test_client()


def settings_for(url: str, folder: Path, **changes: object) -> Settings:
    """Settings of a desk for tests; ``changes`` replace single ones."""
    settings = read_settings(
        {
            "REVIEW_DATABASE_URL": url,
            "REVIEW_SECRET_KEY": "0123456789abcdef" * 4,
            "REVIEW_HOSTS": "video.example,.social.example,github.com,.github.io",
            "REVIEW_DATA_DIR": str(folder / "data"),
            "REVIEW_LOG_ORIGIN": "desk.example/trail",
            "REVIEW_INSECURE_COOKIES": "1",
            # one key and one address stand for the whole world here
            "REVIEW_REQUESTS_PER_MINUTE": "0",
            "REVIEW_ADDRESS_REQUESTS_PER_MINUTE": "0",
            "REVIEW_FAILED_KEYS_PER_MINUTE": "0",
            # tests of the second factor ask for it themselves
            "REVIEW_SECOND_FACTOR": "off",
            **NO_DRAW,
        }
    )
    return replace(settings, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite database to copy."""
    path = tmp_path_factory.mktemp("template") / "review.db"
    engine = db.create_engine(settings_for(f"sqlite:///{path}", path.parent))
    migrate.upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests of this process."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of an empty, migrated PostgreSQL database to copy."""
    url = postgres.create("template_review")
    engine = db.create_engine(settings_for(url, tmp_path_factory.mktemp("template")))
    migrate.upgrade(engine)
    with engine.begin() as connection:
        set_up(connection, Roles())
    engine.dispose()
    return "template_review"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated database, once on each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "review.db")
        yield f"sqlite:///{tmp_path / 'review.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"t{next(_numbers)}"
    yield server.create(name, template=request.getfixturevalue("postgres_template"))
    server.drop(name)


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk on a fresh database of each kind, its application context open."""
    settings = settings_for(database_url, tmp_path)
    app = create_app(settings)
    with app.app_context():
        yield Desk(app=app, settings=settings, database=database_url.partition(":")[0])
        db.session().close()
        db.extension.engine.dispose()


@pytest.fixture
def public_data() -> Path:
    """The folder of public test data; skips where it is absent."""
    return data.public_data()


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> None:
    """No setting of the caller's shell reaches a test."""
    for name in list(os.environ):
        if name.startswith("REVIEW_") and not name.startswith("REVIEW_TEST_"):
            del os.environ[name]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--rounds``: how often the fault experiments repeat; ``--pictures``: for README."""
    parser.addoption("--rounds", default="3", help="rounds of each fault experiment")
    parser.addoption("--pictures", action="store_true", help="write README's pictures anew")
