"""Databases for one run: filled ones from a cache, copies of them to spoil, empty ones; on both kinds."""

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import psycopg

from review import db, migrate
from review.config import Settings, read_settings
from tests.bench import content, filling
from tests.bench.filling import Filled, Progress
from tests.draws import NO_DRAW
from tests.house.readme_tables import ROOT
from tests.postgres import PostgresServer

SECRET = "0123456789abcdef" * 4
HOSTS = "video.example"


@dataclass(frozen=True)
class Source:
    """A filled database that is only copied, and what it holds."""

    url: str
    filled: Filled


class Databases(Protocol):
    """One kind of database."""

    kind: str

    def filled(self, cases: int) -> Source:
        """A desk filled with so many open cases, made now unless an earlier run left it."""

    def copy(self, source: Source) -> str:
        """A copy of it that a row may change; its URL."""

    def empty(self) -> str:
        """A migrated database without rows; its URL."""

    def bare(self) -> str:
        """A database without any table, for hand-written SQL; its URL."""

    def drop(self, url: str) -> None:
        """Give its room back."""


def settings_of(url: str, folder: Path) -> Settings:
    """Settings of a desk on that database."""
    return read_settings(
        {
            "REVIEW_DATABASE_URL": url,
            "REVIEW_SECRET_KEY": SECRET,
            "REVIEW_HOSTS": HOSTS,
            "REVIEW_DATA_DIR": str(folder / "data"),
            "REVIEW_INSECURE_COOKIES": "1",
            **NO_DRAW,
        }
    )


def dsn_of(url: str) -> str:
    """The URL of a PostgreSQL database as psycopg takes it."""
    return url.replace("postgresql+psycopg:", "postgresql:")


def _name_in(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def default_cache() -> Path:
    """Where filled databases stay between runs."""
    return Path(tempfile.gettempdir()) / "referral-review-bench"


def fingerprint() -> str:
    """Changes with the schema and with what is filled in, so that an old cache is not used."""
    migrations = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    files = [Path(content.__file__), Path(filling.__file__), *migrations]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]


class SqliteDatabases:
    """Files in the cache and in the folder of this run."""

    kind = "sqlite"

    def __init__(self, cache: Path, work: Path, progress: Progress) -> None:
        self._cache = cache
        self._work = work
        self._progress = progress
        self._numbers = 0

    def filled(self, cases: int) -> Source:
        """See `Databases`; other schemas' files are removed."""
        for old in self._cache.glob("sqlite-*"):
            if not old.name.endswith(fingerprint()):
                shutil.rmtree(old)
        folder = self._cache / f"sqlite-{cases}-{fingerprint()}"
        note = folder / "filled.json"
        path = folder / "review.db"
        if not note.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            self._migrate(path)
            found = filling.fill_sqlite(str(path), cases=cases, progress=self._progress)
            filling.count_trail(settings_of(f"sqlite:///{path}", self._work))
            note.write_text(json.dumps(asdict(found)))
        return Source(f"sqlite:///{path}", Filled(**json.loads(note.read_text())))

    def copy(self, source: Source) -> str:
        """See `Databases`."""
        path = self._path()
        shutil.copyfile(source.url.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"

    def empty(self) -> str:
        """See `Databases`."""
        path = self._path()
        self._migrate(path)
        return f"sqlite:///{path}"

    def bare(self) -> str:
        """See `Databases`."""
        return f"sqlite:///{self._path()}"

    def drop(self, url: str) -> None:
        """See `Databases`."""
        path = Path(url.removeprefix("sqlite:///"))
        for file in path.parent.glob(path.name + "*"):
            file.unlink()

    def _path(self) -> Path:
        self._numbers += 1
        return self._work / f"desk{self._numbers}.db"

    def _migrate(self, path: Path) -> None:
        engine = db.create_engine(settings_of(f"sqlite:///{path}", self._work))
        migrate.upgrade(engine)
        engine.dispose()


class PostgresDatabases:
    """Databases of a server whose data stay in the cache; on the same disk as SQLite's files, fsync on."""

    kind = "postgresql"

    def __init__(self, server: PostgresServer, cache: Path, work: Path, progress: Progress) -> None:
        self._server = server
        self._cache = cache
        self._work = work
        self._progress = progress
        self._numbers = 0
        self._check_left_over()

    def filled(self, cases: int) -> Source:
        """See `Databases`; other schemas' databases are dropped."""
        name = f"filled_{cases}_{fingerprint()}"
        note = self._cache / f"postgresql-{cases}-{fingerprint()}.json"
        if not note.exists():
            self._server.drop(name)
            url = self._server.create(name)
            self._migrate(url)
            dsn = self._server.dsn(name)
            found = filling.fill_postgresql(dsn, cases=cases, progress=self._progress)
            filling.count_trail(settings_of(url, self._work))
            note.write_text(json.dumps(asdict(found)))
        return Source(self._server.url(name), Filled(**json.loads(note.read_text())))

    def copy(self, source: Source) -> str:
        """See `Databases`."""
        name, template = self._name(), _name_in(source.url)
        with psycopg.connect(self._server.dsn("postgres"), autocommit=True) as connection:
            statement = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
            connection.execute(statement.encode())
        return self._server.url(name)

    def empty(self) -> str:
        """See `Databases`."""
        url = self.bare()
        self._migrate(url)
        return url

    def bare(self) -> str:
        """See `Databases`."""
        return self._server.create(self._name())

    def drop(self, url: str) -> None:
        """See `Databases`."""
        self._server.drop(_name_in(url))

    def _name(self) -> str:
        self._numbers += 1
        return f"desk{self._numbers}"

    def _migrate(self, url: str) -> None:
        engine = db.create_engine(settings_of(url, self._work))
        migrate.upgrade(engine)
        engine.dispose()

    def _check_left_over(self) -> None:
        """Drop what an earlier run or an earlier schema left."""
        for note in self._cache.glob("postgresql-*.json"):
            if not note.stem.endswith(fingerprint()):
                note.unlink()
        with psycopg.connect(self._server.dsn("postgres")) as connection:
            names = [row[0] for row in connection.execute("SELECT datname FROM pg_database")]
        for name in names:
            old = name.startswith("filled_") and not name.endswith(fingerprint())
            if old or name.startswith("desk"):
                self._server.drop(name)


@contextmanager
def opened(kind: str, *, cache: Path, progress: Progress) -> Iterator[Databases]:
    """The databases of one kind; one run at a time uses a cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with ExitStack() as closing:
        lock = closing.enter_context((cache / "lock").open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        work = Path(closing.enter_context(tempfile.TemporaryDirectory(dir=cache, prefix="run-")))
        if kind == "sqlite":
            yield SqliteDatabases(cache, work, progress)
            return
        server = PostgresServer(folder=cache / "pg")
        closing.callback(server.stop)
        yield PostgresDatabases(server, cache, work, progress)
