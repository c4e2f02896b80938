"""Fixtures: a desk on SQLite and on a real PostgreSQL, each test with a database of its own."""

import contextvars
import gc
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
from hypothesis import HealthCheck
from hypothesis import settings as generation
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from review import db, migrate
from review.config import Settings, read_settings
from review.models.roles import Roles, set_up
from tests import compiled, data
from tests.draws import NO_DRAW
from tests.postgres import PostgresServer
from tests.rounds import is_wanted
from tests.sharing_out import WallsTogether

_numbers = itertools.count()
ROOM = 4 * 2**30  # bytes that the folders of a whole run may take
compiled.keep_templates()
compiled.keep_builders()
# how fast a machine is decides nothing
generation.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
generation.load_profile("untimed")


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
            # a machine that stops for a while makes nobody wait in vain
            "REVIEW_DATABASE_WAIT_SECONDS": "30",
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


def pytest_configure() -> None:
    """Keep compiled modules, and the tests' folders in memory where there is room for them.

    Without either, compiling and a slow disk decided how long the suite takes.

    What a killed program wrote stays all the same; nothing here tells anything of a power cut.
    """
    # a program that is started over and over must not be compiled each time
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_collection_finish() -> None:
    """Leave what lives as long as the process out of every collection, and collect less often.

    Every program built for a test is thousands of objects, and looking through them over and over took time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what need not run with every change."""
    wanted = {item: is_wanted(item) for item in items}
    config.hook.pytest_deselected(items=[item for item in items if not wanted[item]])
    items[:] = [item for item in items if wanted[item]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WallsTogether:
    """How tests are shared out among processes."""
    return WallsTogether(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--rounds``: how often experiments repeat; ``--looks``: those journeys; ``--pictures``: for README.

    ``--screenshots``: for whoever wants to look at what the journeys saw.
    """
    parser.addoption("--rounds", default="3", help="rounds of each fault experiment")
    parser.addoption("--looks", action="store_true", help="only journeys about looks and single keys")
    parser.addoption("--pictures", action="store_true", help="write README's pictures anew")
    parser.addoption("--screenshots", action="store_true", help="keep a picture of every page visited")
