"""A desk of real processes to be killed: database, files, journal, and the checks after each fault."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from review import db
from review.actions import trail
from review.config import read_settings
from review.domain.permissions import OPERATOR
from review.formats import key_files
from tests.draws import NO_DRAW
from tests.faults import journal as outcomes
from tests.faults.connection import Ambiguous, Connection, Unreached
from tests.faults.invariants import Scene, violations
from tests.faults.journal import Attempt, Journal
from tests.faults.load import People, crowd, resend, working
from tests.faults.trail_events import Events
from tests.house.readme_tables import ROOT
from tests.journeys.server import free_port

SERVER = "server"
LOOPS = ("dispatch", "sequence", "sign", "expire", "index", "verify", "count")
PAUSE_SECONDS = 0.01


def until(what: Callable[[], object], *, seconds: float = 60) -> None:
    """Ask again, often, until it is true; fails after ``seconds``."""
    pause = threading.Event()
    for _moment in range(int(seconds / PAUSE_SECONDS)):
        if what():
            return
        pause.wait(PAUSE_SECONDS)
    raise AssertionError("it did not happen in time")


class Host:
    """The process that forks desks; see `tests.faults.host`."""

    def __init__(self) -> None:
        dropped = ("REVIEW_", "COVERAGE_", "COV_CORE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.host"],
            env=kept,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _ask(self, **order: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, **order: object) -> int:
        """Fork one process; its id."""
        return int(self._ask(do="start", **order))

    def wait(self, process: int) -> bool:
        """Wait for its end; whether it came."""
        return bool(self._ask(do="wait", pid=process))

    def close(self) -> None:
        """End it and whatever it still runs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@dataclass
class FaultedDesk:
    """One desk; ``running`` maps each of its roles, "server" or the name of a loop, to its process."""

    folder: Path
    database_url: str
    people: People
    host: Host
    workers: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    variant: str = ""
    clock: str = ""
    running: dict[str, int] = field(default_factory=dict)
    others: list["FaultedDesk"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.journal = Journal(self.folder / "journal")
        self.log = self.folder / "desk.log"
        self.environment = {
            "REVIEW_DATABASE_URL": self.database_url,
            "REVIEW_SECRET_KEY": "0123456789abcdef" * 4,
            "REVIEW_HOSTS": "video.example",
            "REVIEW_DATA_DIR": str(self.folder / "data"),
            "REVIEW_INSECURE_COOKIES": "1",
            "REVIEW_UNDO_SECONDS": "1",
            "REVIEW_LOG_ORIGIN": "desk.example/trail",
            **NO_DRAW,
        } | self.settings
        self.app: Flask = create_app(read_settings(self.environment))

    def start(self, *roles: str) -> None:
        """Start these roles (server and all loops unless named), and wait until the server answers."""
        for role in roles or (SERVER, *LOOPS):
            self.running[role] = self.host.start(
                environment=self.environment,
                log=str(self.log),
                clock=self.clock,
                variant=self.variant if role == SERVER else "",
                loops=[] if role == SERVER else [role],
                port=self.port,
                workers=self.workers,
            )
        if SERVER in self.running:
            until(self.answers)

    def answers(self) -> bool:
        """Whether the server says that it is alive; fails when its process has ended."""
        assert _alive(self.running[SERVER]), self.log_text()[-2000:]
        connection = Connection(self.port)
        try:
            return connection.request("GET", "/healthz").status == 200
        except (Unreached, Ambiguous):
            return False
        finally:
            connection.close()

    def server_workers(self) -> list[int]:
        """The processes that answer requests, below the server's main one."""
        main = self.running[SERVER]
        return [int(child) for child in Path(f"/proc/{main}/task/{main}/children").read_text().split()]

    def kill(self, *roles: str) -> None:
        """End these roles (all unless named) at once, with everything below them."""
        chosen = roles or tuple(self.running)
        processes = [self.running.pop(role) for role in chosen]
        below = [child for process in processes for child in _descendants(process)]
        for process in processes:
            os.killpg(process, signal.SIGKILL)
        for process in processes:
            assert self.host.wait(process)
        until(lambda: not any(_alive(child) for child in below))
        if SERVER in chosen:
            until(self._port_is_free)  # its threads may outlive its main one for some milliseconds

    def _port_is_free(self) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return False
            return True

    def log_text(self) -> str:
        """What its processes wrote."""
        return self.log.read_text() if self.log.exists() else ""

    @contextmanager
    def load(self, name: str, *, senders: int = 4, moderators: int = 3) -> Iterator[None]:
        """Clients at work until the end of the block."""
        stop = threading.Event()
        clients = crowd(
            self.people, self.port, self.journal, stop, name=name, senders=senders, moderators=moderators
        )
        with working(clients, stop):
            yield

    def unsettled(self, since: int = 0) -> list[Attempt]:
        """Submits of which nobody knows what became, sent after attempt ``since``."""
        return [
            attempt
            for attempt in self.journal.attempts()
            if attempt.what == "submit" and attempt.outcome == outcomes.AMBIGUOUS and attempt.number > since
        ]

    def settle(self, attempts: Sequence[Attempt]) -> None:
        """Send ambiguous submits again, first under their key, then by reference alone: one referral each."""
        by_key = resend(attempts, self.port, self.journal, by="key")
        assert resend(attempts, self.port, self.journal, by="reference") == by_key

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot of the database; nothing of it stays open afterwards, so that a crash recovers anew."""
        with self.app.app_context():
            reader = db.session()
            try:
                db.begin_snapshot(reader)
                yield reader
            finally:
                reader.close()
                db.extension.engine.dispose()

    @contextmanager
    def scene(self) -> Iterator[Scene]:
        """This moment, with what clients were told until now."""
        attempts = self.journal.attempts()
        data_dir = self.app.config["REVIEW_SETTINGS"].data_dir
        outside = key_files.read_note(data_dir)
        with self.reading() as reader:
            yield Scene(
                reader=reader,
                data_dir=data_dir,
                attempts=attempts,
                checkpoint_file=outside,
                events=Events(reader),
            )

    def violations(self) -> list[str]:
        """All that is wrong now, and every answer that nobody may get."""
        with self.scene() as scene:
            wrong = [f"{one.what}: {one.told}" for one in scene.attempts if one.outcome == outcomes.WRONG]
            return wrong + violations(scene)

    def check(self) -> None:
        """Fail where anything is wrong."""
        wrong = self.violations()
        assert not wrong, "\n".join([*wrong[:20], self.log_text()[-3000:]])

    def check_trail(self) -> None:
        """Run `flask trail verify` itself, which records its finding."""
        with self.app.app_context():
            data_dir = self.app.config["REVIEW_SETTINGS"].data_dir
            finding = trail.verify_trail(folder=data_dir, actor=OPERATOR).finding
            db.session().close()
            db.extension.engine.dispose()
        assert finding.intact, finding

    def second(self, **options: Any) -> "FaultedDesk":
        """Another server on the same database and files, closed with this one."""
        folder = self.folder / f"second{len(self.others)}"
        folder.mkdir()
        shared = {"REVIEW_DATA_DIR": self.environment["REVIEW_DATA_DIR"]}
        other = FaultedDesk(
            folder, self.database_url, self.people, self.host, settings=self.settings | shared, **options
        )
        self.others.append(other)
        return other

    def close(self) -> None:
        """End everything."""
        for other in self.others:
            other.close()
        self.kill()
        self.journal.close()


def _descendants(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def chance_for(name: str) -> random.Random:
    """Chance that is the same at each run of the same round."""
    return random.Random(name)
