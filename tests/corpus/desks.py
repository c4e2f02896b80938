"""Where the corpus is sent: the application in this process, or the real server; keys and judge for both."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from app import create_app
from review import db
from review.config import read_settings
from review.domain.locations import Hosts
from tests.conftest import Desk
from tests.corpus.cases import HOSTS
from tests.corpus.running import Judge, over_client, over_connection
from tests.factories import make_key, make_sender
from tests.journeys.server import Program, running


def new_keys() -> dict[str, str]:
    """Two keys of one sender, one of another, and one of an authority that may order removals."""
    sender = make_sender()
    return {
        "first": make_key(sender),
        "second": make_key(sender),
        "other": make_key(make_sender()),
        "authority": make_key(make_sender(kind="competent_authority")),
    }


def _session() -> Session:
    """The session of this context, its snapshot renewed."""
    session = db.session()
    session.rollback()
    session.expire_all()
    return session


def judge_in_process(desk: Desk) -> Judge:
    """A judge of the application in this process, on the hosts of the corpus."""
    desk.app.config["REVIEW_HOSTS"] = Hosts.parse(HOSTS)
    return Judge(over_client(desk.client()), _session, desk.settings.data_dir, new_keys())


@dataclass
class Served:
    """The real server, and a judge that sends to it and reads its database."""

    program: Program
    judge: Judge
    keys: Mapping[str, str]

    @property
    def processes(self) -> dict[int, str]:
        """Process id of the server and its children -> their command, the background loops left out."""
        assert self.program.process is not None
        root, found = self.program.process.pid, {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
                command = (folder / "cmdline").read_text().replace("\0", " ").strip()
            except OSError:
                continue  # it has ended meanwhile
            if root in (parent, int(folder.name)) and " work " not in f" {command} ":
                found[int(folder.name)] = command
        return found

    def resident_bytes(self) -> int:
        """Memory held by the server's processes now."""
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in self.processes)


@contextmanager
def served(folder: Path, database_url: str) -> Iterator[Served]:
    """Serve a fresh desk; its database is open in this process too, with an application context."""
    program = Program(folder, database_url, hosts=HOSTS)
    app = create_app(read_settings(program.environment))
    with running(program), app.app_context(), over_connection(program.port) as transport:
        keys = new_keys()
        judge = Judge(transport, _session, folder / "data", keys)
        try:
            yield Served(program, judge, keys)
        finally:
            db.session().close()
            db.extension.engine.dispose()
