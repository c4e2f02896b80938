"""The servers under load: the installed desk as `flask serve` runs it, and thin on the very same server."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from review import db
from review.cli.server import prepare
from review.models import Account, SignIn
from tests.bench.databases import HOSTS, SECRET, settings_of
from tests.bench.loader import Connection
from tests.bench.machine import Memory, cpu_seconds_of, memory_of
from tests.bench.thin_store import store_of
from tests.house.readme_tables import ROOT
from tests.journeys.server import Program, until

UNLIMITED = {
    "REVIEW_LOG_ORIGIN": "",
    "REVIEW_REQUESTS_PER_MINUTE": "0",
    "REVIEW_ADDRESS_REQUESTS_PER_MINUTE": "0",
    "REVIEW_WEBHOOK_NETWORKS": "127.0.0.0/8",
}
"""Load as heavy as the desk takes it; what would refuse it by count is switched off."""


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in: the session cookie, and the token of a form."""

    cookie: str
    token: str

    def as_dict(self) -> dict[str, str]:
        """As the loader takes it."""
        return {"cookie": self.cookie, "token": self.token}


class Served:
    """One server process with its children, on a port of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process = process
        self.port = port

    def memory(self) -> Memory:
        """What the whole process tree holds now, and held at most."""
        return memory_of(self.process.pid)

    def cpu_seconds(self) -> float:
        """Processor time that the whole process tree has used so far."""
        return cpu_seconds_of(self.process.pid)

    def stop(self) -> None:
        """End it as an administrator would."""
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Installed(Served):
    """The desk on one database."""

    def __init__(self, process: "subprocess.Popen[bytes]", program: Program, url: str) -> None:
        super().__init__(process, program.port)
        self.url = url
        self.folder = program.folder
        self.address = program.address

    def engine(self) -> sa.Engine:
        """A connection beside the server, to look or to count."""
        return db.create_engine(settings_of(self.url, self.folder))

    def sign_in(self, account_ids: list[str]) -> list[Person]:
        """Sign people in past the password, which is slow on purpose; each opens a page for its token."""
        app = Flask("cookies")
        app.secret_key = SECRET
        writer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert writer is not None
        now = datetime.now(UTC)
        tokens = {account_id: secrets.token_urlsafe(32) for account_id in account_ids}
        engine = self.engine()
        with engine.begin() as connection:
            for account_id, token in tokens.items():
                connection.execute(
                    sa.insert(SignIn).values(
                        token_digest=sha256(token.encode()).hexdigest(),
                        account_id=account_id,
                        role=sa.select(Account.role).where(Account.id == account_id).scalar_subquery(),
                        created_at=now,
                        last_used_at=now,
                        expires_at=now + timedelta(hours=12),
                    )
                )
        engine.dispose()
        return [
            self._person(str(writer.dumps({"_user_id": token, "_fresh": True}))) for token in tokens.values()
        ]

    def _person(self, cookie: str) -> Person:
        with closing(Connection(self.port, cookie=f"review={cookie}")) as connection:
            connection.send("GET", "/")
            status, page = connection.send("GET", connection.location)
        token = page.decode().partition('name="csrf_token" value="')[2].partition('"')[0]
        assert status == 200, (connection.location, status)
        assert token, "the start page has a form"
        return Person(connection.cookie, token)


def _environment(more: dict[str, str]) -> dict[str, str]:
    """Without the settings and, for the desk's libraries, without what only its tests install."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REVIEW_")}
    return kept | {"PYTHONPATH": str(ROOT / "tests" / "bench" / "absent")} | more


def _spawn(arguments: list[str], environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            cwd=ROOT,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def _wait(served: Served, address: str, log: Path) -> None:
    def answers() -> bool:
        assert served.process.poll() is None, log.read_text()[-2000:]
        try:
            return httpx.get(f"http://127.0.0.1:{served.port}{address}").status_code == 200
        except httpx.TransportError:
            return False

    until(answers)


@contextmanager
def installed(
    url: str, folder: Path, *, workers: int = 1, undo_seconds: int = 60, target: str = ""
) -> Iterator[Installed]:
    """The desk with all its loops; ``target`` serves another factory on the same server (for profiles)."""
    folder.mkdir(exist_ok=True)
    settings = settings_of(url, folder)
    prepare(settings)
    program = Program(folder, url, hosts=HOSTS, undo_seconds=undo_seconds)
    log = folder / "server.log"
    environment = _environment(program.environment | UNLIMITED)
    command = ["-m", "flask", "serve", "--port", str(program.port), "--workers", str(workers)]
    if target:
        command = ["-m", "tests.bench.serve", target, str(program.port), str(workers)]
    served = Installed(_spawn(command, environment, log), program, url)
    try:
        _wait(served, "/healthz", log)
        yield served
    finally:
        served.stop()


@contextmanager
def thin(url: str, folder: Path, *, workers: int = 1, cases: int = 0) -> Iterator[Served]:
    """Thin on the same server with the same threads, with so many open cases."""
    folder.mkdir(exist_ok=True)
    environment = _environment({"THIN_DATABASE_URL": url})
    store_of(url).prepare(cases)
    port = Program(folder, url, hosts=HOSTS).port
    log = folder / "thin.log"
    command = ["-m", "tests.bench.serve", "tests.bench.thin:create_thin", str(port), str(workers)]
    served = Served(_spawn(command, environment, log), port)
    try:
        _wait(served, "/hello", log)
        yield served
    finally:
        served.stop()
