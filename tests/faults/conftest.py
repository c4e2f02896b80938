"""Desks to be broken: a seeded database of each kind to copy, and the process that forks them."""

import hashlib
import itertools
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from app import create_app
from review import clock, db
from review.domain.permissions import Role
from review.formats import key_files
from review.models import SignIn
from tests.conftest import settings_for
from tests.factories import make_account, make_clause, make_key, make_sender
from tests.faults.faulted import FaultedDesk, Host
from tests.faults.load import People
from tests.postgres import PostgresServer
from tests.rounds import more

SENDERS, MODERATORS = 3, 4
DAYS_AHEAD = 60
CI_KILL_ROUNDS = 10
ORIGIN = "desk.example/trail"

_numbers = itertools.count()
MakeDesk = Callable[..., FaultedDesk]


def _people(app: Flask) -> People:
    """Senders with keys and moderators who are signed in, whatever the desk's clock will say."""
    make_clause()
    keys = tuple(make_key(make_sender()) for _number in range(SENDERS))
    moderators = []
    for _number in range(MODERATORS):
        actor = make_account(Role.MODERATOR)
        token = secrets.token_urlsafe(32)
        later = clock.now() + timedelta(days=DAYS_AHEAD)
        with db.transaction() as writer:
            writer.add(
                SignIn(
                    token_digest=hashlib.sha256(token.encode()).hexdigest(),
                    account_id=actor.account_id,
                    role=Role.MODERATOR,
                    created_at=clock.now(),
                    last_used_at=later,
                    expires_at=later,
                )
            )
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        with time_machine.travel(clock.now() - timedelta(days=2), tick=False):
            cookie = serializer.dumps({"_user_id": token, "_fresh": True})
        moderators.append((actor.id, {app.config["SESSION_COOKIE_NAME"]: cookie}))
    return People(keys=keys, moderators=tuple(moderators))


def _seed(url: str, folder: Path) -> People:
    app = create_app(settings_for(url, folder))
    with app.app_context():
        people = _people(app)
        if db.is_sqlite(db.session()):
            db.session().execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        db.session().close()
        db.extension.engine.dispose()
    return people


@pytest.fixture(scope="session")
def signing_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a signing key, to copy."""
    folder = tmp_path_factory.mktemp("signing") / "data"
    key_files.create_key(folder, name=ORIGIN)
    return folder


@pytest.fixture(scope="session")
def seeded_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, People]:
    """A database file with people in it, to copy."""
    path = tmp_path_factory.mktemp("seeded") / "review.db"
    shutil.copy(sqlite_template, path)
    return path, _seed(f"sqlite:///{path}", path.parent)


def seed_postgres(server: PostgresServer, template: str, folder: Path) -> tuple[str, People]:
    """A PostgreSQL database with people and the means to check its indexes, to copy."""
    url = server.create("template_faults", template=template)
    people = _seed(url, folder)
    engine = db.create_engine(settings_for(url, folder))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE EXTENSION amcheck"))
    engine.dispose()
    return "template_faults", people


@pytest.fixture(scope="session")
def seeded_postgres(
    postgres: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, People]:
    """Its name and the people in it."""
    return seed_postgres(postgres, postgres_template, tmp_path_factory.mktemp("seeded"))


def own_folder(folder: Path, signing_folder: os.PathLike[str]) -> Path:
    """The folder with data and key for a desk of its own."""
    shutil.copytree(signing_folder, folder / "data")
    return folder


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """The process that forks desks."""
    host = Host()
    yield host
    host.close()


@pytest.fixture
def make_sqlite_desk(
    seeded_sqlite: tuple[Path, People], signing_folder: Path, host: Host, tmp_path: Path
) -> Iterator[MakeDesk]:
    """Makes desks on SQLite, each with a fresh database."""
    template, people = seeded_sqlite
    with ExitStack() as closing:

        def make(folder: Path | None = None, **options: object) -> FaultedDesk:
            own = tmp_path / f"desk{next(_numbers)}"
            own.mkdir()
            held = folder or own
            shutil.copy(template, held / "review.db")
            shutil.copytree(signing_folder, held / "data")
            url = f"sqlite:///{held / 'review.db'}"
            settings = {"REVIEW_DATA_DIR": str(held / "data")} | dict(options.pop("settings", {}))  # type: ignore[call-overload]
            desk = FaultedDesk(own, url, people, host, settings=settings, **options)  # type: ignore[arg-type]
            closing.callback(desk.close)
            return desk

        yield make


@pytest.fixture
def make_postgres_desk(
    postgres: PostgresServer,
    seeded_postgres: tuple[str, People],
    signing_folder: Path,
    host: Host,
    tmp_path: Path,
) -> Iterator[MakeDesk]:
    """Makes desks on PostgreSQL, each with a fresh database and two server processes."""
    template, people = seeded_postgres
    with ExitStack() as closing:

        def make(**options: object) -> FaultedDesk:
            number = next(_numbers)
            own = tmp_path / f"desk{number}"
            own.mkdir()
            shutil.copytree(signing_folder, own / "data")
            name = f"fault{number}"
            url = postgres.create(name, template=template)
            closing.callback(postgres.drop, name)
            desk = FaultedDesk(own, url, people, host, **{"workers": 2} | options)  # type: ignore[arg-type]
            closing.callback(desk.close)
            return desk

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def make_desk(request: pytest.FixtureRequest) -> MakeDesk:
    """Makes desks, once on each kind of database."""
    kind = "sqlite" if request.param == "sqlite" else "postgres"
    made: MakeDesk = request.getfixturevalue(f"make_{kind}_desk")
    return made


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How many rounds of kills: 10 on each kind of database in CI, more where ``--rounds`` says so."""
    return max(CI_KILL_ROUNDS, int(request.config.getoption("--rounds")))


@pytest.fixture
def times(request: pytest.FixtureRequest) -> int:
    """By how much the counts of an experiment are multiplied."""
    return more(request.config)
