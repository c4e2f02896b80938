"""The real program for journeys: commands, server process and background loops on a database of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from click.testing import Result

from app import create_app
from review import db
from review.config import read_settings
from tests.draws import NO_DRAW
from tests.house.readme_tables import ROOT

Found = TypeVar("Found")
PATIENCE = 60  # seconds
PASSWORD = "a long and unusual password"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], Found | None], *, seconds: float = 60) -> Found:
    """Ask again until there is an answer; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.05)


class Program:
    """One installed desk; ``serve`` runs it as a person would, in a process group that can be killed."""

    def __init__(self, folder: Path, database_url: str, *, hosts: str, undo_seconds: int = 1) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.closing = ExitStack()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REVIEW_")}
        self.environment = kept | {
            "REVIEW_DATABASE_URL": database_url,
            "REVIEW_SECRET_KEY": "0123456789abcdef" * 4,
            "REVIEW_HOSTS": hosts,
            "REVIEW_DATA_DIR": str(folder / "data"),
            "REVIEW_INSECURE_COOKIES": "1",
            "REVIEW_UNDO_SECONDS": str(undo_seconds),
            "REVIEW_LOG_ORIGIN": "desk.example/trail",
            # one key and one address stand for the whole world here
            "REVIEW_REQUESTS_PER_MINUTE": "0",
            "REVIEW_ADDRESS_REQUESTS_PER_MINUTE": "0",
            "REVIEW_FAILED_KEYS_PER_MINUTE": "0",
            # journeys of the second factor ask for it themselves
            "REVIEW_SECOND_FACTOR": "off",
            **NO_DRAW,
        }

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> httpx.Client:
        """A client on this desk, closed when the desk ends; how fast that answers is not its matter."""
        return self.closing.enter_context(httpx.Client(base_url=self.address, timeout=PATIENCE, **options))

    def sender(self, key: str) -> httpx.Client:
        """A sender's program with its key."""
        return self.client(headers={"Authorization": f"Bearer {key}"})

    def run(self, *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """Run one `flask` command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            env=self.environment,
            cwd=ROOT,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def command(self, *arguments: str, typed: str = "") -> dict[str, Any]:
        """Run one command with ``--json`` in this process (starting one costs a second); what it printed."""
        result = self.invoke(*arguments, "--json", typed=typed)
        assert result.exit_code == 0, (arguments, result.output)
        printed: dict[str, Any] = json.loads(result.output.strip().splitlines()[-1])
        return printed

    def invoke(self, *arguments: str, typed: str = "") -> Result:
        """Run one command in this process, apart from the event loop of a browser; what came of it."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._invoke, arguments, typed).result()

    def _invoke(self, arguments: tuple[str, ...], typed: str) -> Result:
        app = create_app(read_settings(self.environment))
        result = app.test_cli_runner().invoke(args=list(arguments), input=typed)
        with app.app_context():
            db.extension.engine.dispose()
        return result

    def add_account(self, email: str, role: str, *more: str) -> None:
        """Create a person with the known password."""
        self.command(
            "accounts",
            "create",
            email,
            "--role",
            role,
            "--name",
            email.split("@", maxsplit=1)[0],
            "--password-stdin",
            *more,
            typed=PASSWORD + "\n",
        )

    def start(self, *arguments: str) -> None:
        """Serve and wait until it answers."""
        log = self.closing.enter_context((self.folder / "server.log").open("ab"))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "serve", "--port", str(self.port), *arguments],
            env=self.environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        until(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
        try:
            return httpx.get(self.address + "/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """End server, its workers and the loops at once, as `kill -9` does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it as an administrator would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def running(program: Program, *arguments: str) -> Iterator[Program]:
    """Upgrade, serve with these ``arguments``, and end whatever happens."""
    upgraded = program.invoke("upgrade")
    assert upgraded.exit_code == 0, upgraded.output
    program.start(*arguments)
    try:
        yield program
    finally:
        program.closing.close()
        program.stop()


class Browser:
    """A person's client without script: keeps cookies, sends forms with their hidden fields."""

    def __init__(self, program: Program) -> None:
        self.http = program.client(follow_redirects=True)
        self.page = ""

    def get(self, address: str) -> str:
        """Open a page."""
        answer = self.http.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        self.page = answer.text
        return self.page

    def post(self, address: str, expected: int = 200, **fields: Any) -> httpx.Response:
        """Send a form of the current page to ``address``, with its token."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page)
        assert token is not None, "the page has a form"
        answer = self.http.post(address, data={"csrf_token": token.group(1), **fields})
        assert answer.status_code == expected, (address, answer.status_code, answer.text[-1500:])
        self.page = answer.text
        return answer

    def sign_in(self, email: str) -> None:
        """Sign in with the known password."""
        self.get("/sign-in")
        self.post("/sign-in", email=email, password=PASSWORD)

    def field(self, name: str) -> str:
        """The value of a hidden field of the current page."""
        found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', self.page)
        assert found is not None, name
        return found.group(1)
