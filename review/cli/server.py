"""Commands that bring the desk up: upgrade, serve, work."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import sqlalchemy as sa
from flask import Flask, current_app
from flask.cli import with_appcontext

from review import db
from review.actions import trail as trail_actions
from review.cli import background, serving
from review.cli.erasures import replay_missing
from review.config import Settings
from review.domain.loops import LOOPS, SIGNER
from review.errors import ReviewError, SettingsError
from review.formats.policy_files import read_policy
from review.models import schema
from review.queries import health
from review.workers import loops

LOOPS_CONNECTIONS = len(LOOPS) + 2
"""Connections that `flask work` and its signer may need at once: one a loop, because each works in a thread
of its own, and in both one for their signs of life. Counted from the list, which has outgrown a fixed number
before."""
OF_WORK = [name for name in LOOPS if name != SIGNER]


def desk() -> Flask:
    """The current application itself, for other threads."""
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return found


def settings() -> Settings:
    """The settings of the current application."""
    found: Settings = current_app.config["REVIEW_SETTINGS"]
    return found


def _migrate(chosen: Settings) -> None:
    """Run the migrations in a process of their own, because this one may go on to serve."""
    address = {"database_url": chosen.database_url, "database_wait_seconds": chosen.database_wait_seconds}
    done = subprocess.run(
        [sys.executable, "-m", "review.migrate"],
        input=json.dumps(address),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    if done.returncode:
        raise SettingsError(f"The database could not be brought up to date: {_last_line(done.stderr)}")


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no reason was given")


def prepare(chosen: Settings) -> None:
    """Newest schema, folders and, unless the signer has a folder of its own, its key; safe to run again."""
    if chosen.is_sqlite:
        path = Path(chosen.database_url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    _migrate(chosen)
    chosen.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if chosen.signer_dir == chosen.data_dir:
        trail_actions.create_signing_key(chosen.signer_dir, origin=chosen.log_origin)


@click.command("upgrade")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def upgrade(*, as_json: bool) -> None:
    """Bring the database to the newest schema; create keys and folders."""
    try:
        prepare(settings())
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    revision = schema.newest_revision()
    click.echo(f'{{"revision": "{revision}"}}' if as_json else f"The database is at revision {revision}.")


def check_start(app: Flask, *, workers: int = 1) -> None:
    """Refuse to start with one clear line where something would not be safe; leaves no connection open.

    In a thread, whose memory is its own: what the first one of a forked process writes lies among what all of
    them share, and is shared no more. With the application's own engine, because making another is work too.
    """
    with app.app_context():
        engine = db.extension.engine
    with ThreadPoolExecutor(1) as apart:
        apart.submit(_check_start, app.config["REVIEW_SETTINGS"], engine, workers=workers).result()


def _check_start(chosen: Settings, engine: sa.Engine, *, workers: int) -> None:
    if chosen.is_sqlite and workers > 1:
        raise click.ClickException(
            "--workers above 1 needs PostgreSQL; SQLite is served by one process with threads."
        )
    if chosen.is_sqlite and not Path(chosen.database_url.removeprefix("sqlite:///")).is_file():
        raise click.ClickException("There is no database yet: run flask upgrade.")
    try:
        health.check_database(engine)
        if workers > 1:
            health.check_connections(engine, needed=workers * db.POOL_MOST + LOOPS_CONNECTIONS)
        trail_actions.check_signing_key(
            chosen.signer_dir, origin=chosen.log_origin, witnesses=read_policy(chosen.witness_policy)
        )
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    except sa.exc.OperationalError as error:
        raise click.ClickException("The database cannot be reached: see REVIEW_DATABASE_URL.") from error
    finally:
        engine.dispose()


def erase_again(chosen: Settings) -> None:
    """Before anybody is served: take away again what a backup brought back although it was erased."""
    try:
        done = replay_missing(chosen)
    except ReviewError as error:
        raise click.ClickException(f"Erasures could not be carried out again: {error.detail}") from error
    if done:
        click.echo(f"Erased again after a restore: {done}.")


@click.command("serve")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--no-background", is_flag=True, help="Start neither `flask work` nor the signer as children.")
@click.option("--no-signer", is_flag=True, help="Start no signer: `flask trail sign` runs as its own user.")
@with_appcontext
def serve(*, port: int, workers: int, no_background: bool, no_signer: bool) -> None:
    """Serve on 127.0.0.1 behind your proxy, with the background loops and the signer as children."""
    check_start(desk(), workers=workers)
    erase_again(settings())
    children = () if no_background else (background.WORK,) if no_signer else background.BOTH
    with serving.hold_port(port), serving.hold_database(settings()):
        click.echo(f"Referral Review serves on http://127.0.0.1:{port}/")
        serving.run_server("app:create_app", port=port, workers=workers, children=children, built=desk())


@click.command("work")
@click.argument("names", nargs=-1, type=click.Choice(sorted(OF_WORK)))
@click.option("--no-signer", is_flag=True, help="Start no signer: `flask trail sign` runs apart.")
@click.option("--parent", type=int, hidden=True, help="End when this process is no longer the parent.")
@with_appcontext
def work(*, names: tuple[str, ...], no_signer: bool, parent: int | None) -> None:
    """Run the background loops alone; none named means all, with the signer as a child of its own."""
    check_start(desk())
    stop = threading.Event()
    if parent is not None:
        threading.Thread(target=stop_with_parent, args=(parent, stop), daemon=True).start()
    signer = None if names or no_signer else background.Background(background.signer_starter())
    try:
        loops.run(desk(), names or OF_WORK, stop=stop)
    finally:
        if signer is not None:
            signer.stop()


def stop_with_parent(parent: int, stop: threading.Event) -> None:
    """Ask for a clean stop when this process is no longer a child of ``parent``."""
    while os.getppid() == parent and not stop.wait(0.5):
        pass
    stop.set()


commands = (upgrade, serve, work)
