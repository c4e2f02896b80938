"""Copies the database while the desk runs, from one moment, and puts a copy back into an empty place."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click
import sqlalchemy as sa

from review import clock, db
from review.config import Settings
from review.formats.backups import Contents
from review.formats.key_files import settle
from review.models.backup_files import DATABASE

_STATE = (
    "SELECT (SELECT version_num FROM alembic_version), size, root FROM tree_heads ORDER BY size DESC LIMIT 1"
)
_REVISION = "SELECT version_num FROM alembic_version"


def kind_of(settings: Settings) -> str:
    """`sqlite` or `postgresql`."""
    return "sqlite" if settings.is_sqlite else "postgresql"


def copy_database(settings: Settings, folder: Path, *, vkey: str) -> Contents:
    """Write the copy into a folder; what it holds, read from the same moment."""
    target = folder / DATABASE[kind_of(settings)]
    return (_copy_sqlite if settings.is_sqlite else _dump)(settings, target, vkey)


def check_empty(settings: Settings) -> None:
    """Refuse to write over a database."""
    if settings.is_sqlite:
        path = _path_of(settings)
        if path.exists() and path.stat().st_size:
            raise click.ClickException(f"{path} exists already: move it aside, nothing is written over.")
        return
    engine = db.create_engine(settings)
    try:
        tables = sa.inspect(engine).get_table_names()
    except sa.exc.OperationalError as error:
        raise click.ClickException("The database cannot be reached: see REVIEW_DATABASE_URL.") from error
    finally:
        engine.dispose()
    if tables:
        raise click.ClickException(
            "The database of REVIEW_DATABASE_URL has tables already: name an empty one instead."
        )


def put_back(settings: Settings, copy: Path) -> None:
    """Make the database of the settings, which is empty, the one in the copy."""
    if not settings.is_sqlite:
        program = _program("pg_restore")
        _run(
            [program, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"],
            settings,
            [copy],
        )
        return
    path = _path_of(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.restored")
    shutil.copyfile(copy, fresh)
    fresh.chmod(0o600)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    fresh.replace(path)
    settle(path.parent)


def _copy_sqlite(settings: Settings, target: Path, vkey: str) -> Contents:
    """`VACUUM INTO`: one read transaction, beside which writers go on."""
    path = _path_of(settings)
    if not path.is_file():
        raise click.ClickException(f"There is no database {path}: see REVIEW_DATABASE_URL.")
    driver = db.sqlite_driver()
    with closing(driver.connect(str(path), timeout=settings.database_wait_seconds)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    with closing(driver.connect(f"file:{target}?immutable=1", uri=True)) as copy:
        row = copy.execute(_STATE).fetchone()
        revision = row[0] if row else copy.execute(_REVISION).fetchone()[0]
    return _contents("sqlite", revision, row, vkey)


def _dump(settings: Settings, target: Path, vkey: str) -> Contents:
    """`pg_dump` of the very snapshot in which size and root are read."""
    program = _program("pg_dump")
    engine = db.create_engine(settings)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            row = connection.exec_driver_sql(_STATE).one_or_none()
            revision = row[0] if row else connection.exec_driver_sql(_REVISION).scalar_one()
            options = ["--format=custom", f"--snapshot={snapshot}", f"--file={target}"]
            _run([program, *options], settings)
            connection.rollback()
    except sa.exc.OperationalError as error:
        raise click.ClickException("The database cannot be reached: see REVIEW_DATABASE_URL.") from error
    finally:
        engine.dispose()
    target.chmod(0o600)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return _contents("postgresql", revision, row, vkey)


def _contents(
    database: str, revision: str, row: Sequence[object] | sa.Row[tuple[object, ...]] | None, vkey: str
) -> Contents:
    size, root = (row[1], row[2]) if row else (0, b"")
    assert isinstance(size, int)
    assert isinstance(root, bytes)
    return Contents(
        taken_at=clock.now().isoformat(),
        database=database,
        revision=revision,
        vkey=vkey,
        size=size,
        root=root.hex(),
    )


def _path_of(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise click.ClickException(f"{name} is not found: install PostgreSQL's own programs of its version.")
    return found


def _run(command: Sequence[str], settings: Settings, files: Sequence[Path] = ()) -> None:
    """Run one of PostgreSQL's programs on the database; its password is no argument for others to see."""
    address = sa.make_url(settings.database_url)
    plain = address.set(drivername="postgresql", password=None).render_as_string()
    password = {} if address.password is None else {"PGPASSWORD": str(address.password)}
    done = subprocess.run(
        [*command, f"--dbname={plain}", *map(str, files)],
        env=os.environ | password,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[0]
        raise click.ClickException(f"{Path(command[0]).name} failed: {reason}")
