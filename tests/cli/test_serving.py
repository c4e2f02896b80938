"""The server keeps its port and its SQLite file for itself, ends whole, and says what is missing."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import httpx
import pytest

from review import db
from review.cli import serving
from review.errors import SettingsError
from review.queries import health
from tests.conftest import settings_for
from tests.journeys.server import Program, free_port, running, until
from tests.postgres import PostgresServer
from tests.witnessing import LOG


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A desk on SQLite, not started."""
    desk = Program(tmp_path, f"sqlite:///{tmp_path / 'new' / 'review.db'}", hosts="video.example")
    yield desk
    desk.closing.close()
    desk.stop()


def refusal(program: Program, *arguments: str) -> str:
    """The one line with which a command refuses."""
    result = program.run(*arguments)
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if line]
    return line


def living(session: int) -> list[str]:
    """Processes of a session that have not ended: by /proc/N/stat, proc(5)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(path.parent.name)
    return found


def test_the_start_before_upgrade_says_so_whatever_is_missing(program: Program) -> None:
    assert refusal(program, "serve", "--port", str(program.port)).endswith("run flask upgrade.")
    assert not (program.folder / "new").exists(), "nothing is made by a start that is refused"
    assert refusal(program, "work").endswith("run flask upgrade.")
    assert program.run("upgrade").returncode == 0
    for name in ("signer.key", "signer.vkey"):
        (program.folder / "data" / "keys" / name).unlink(missing_ok=True)
    assert refusal(program, "serve", "--port", str(program.port)).endswith("run flask upgrade.")


def test_port_and_database_belong_to_one_server(program: Program, tmp_path: Path) -> None:
    with running(program):
        assert f"Port {program.port} is taken" in refusal(program, "serve", "--port", str(program.port))
        other = str(free_port())
        assert "Another server serves this SQLite file" in refusal(program, "serve", "--port", other)
        assert program.run("senders", "list").returncode == 0, "commands are not hindered"
        assert program.client().get("/healthz").status_code == 200
        program.stop()
        program.start()
        assert program.client().get("/healthz").status_code == 200


def test_a_killed_server_leaves_no_worker_and_no_loops(program: Program) -> None:
    with running(program):
        assert program.process is not None
        session = program.process.pid
        assert len(living(session)) >= 3
        os.kill(session, signal.SIGKILL)
        program.process.wait()
        until(lambda: living(session) == [])
        with pytest.raises(httpx.TransportError):
            program.client().get("/healthz")
        program.start()


def test_a_port_is_given_once() -> None:
    port = free_port()
    refused = pytest.raises(click.ClickException, match=f"Port {port} is taken")
    with serving.hold_port(port), refused, serving.hold_port(port):
        pytest.fail("it was given twice")
    with serving.hold_port(port):
        pass
    with socket.socket() as another_program:
        another_program.bind(("127.0.0.1", port))
        another_program.listen()
        with pytest.raises(click.ClickException, match=f"Port {port} is taken"), serving.hold_port(port):
            pytest.fail("it was given twice")


def test_a_sqlite_file_is_held_by_one_and_postgresql_by_none(tmp_path: Path) -> None:
    chosen = settings_for(f"sqlite:///{tmp_path / 'review.db'}", tmp_path)
    with serving.hold_database(chosen), pytest.raises(click.ClickException), serving.hold_database(chosen):
        pytest.fail("it was given twice")
    shared = settings_for("postgresql://review@/review", tmp_path)
    with serving.hold_database(shared), serving.hold_database(shared):
        pass


def test_more_workers_than_postgresql_has_connections_stop_the_start(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    engine = db.create_engine(settings_for(postgres.url("postgres"), tmp_path))
    health.check_connections(engine, needed=4 * db.POOL_MOST + 8)
    with pytest.raises(SettingsError, match="raise max_connections"):
        health.check_connections(engine, needed=64 * db.POOL_MOST + 8)
    engine.dispose()


def test_a_policy_for_witnesses_that_is_not_of_this_trail_stops_the_start(program: Program) -> None:
    policy = program.folder / "policy"
    assert program.run("upgrade").returncode == 0
    program.environment["REVIEW_WITNESS_POLICY"] = str(policy)
    assert "REVIEW_WITNESS_POLICY names" in refusal(program, "serve", "--port", str(program.port))
    policy.write_text("quorum nobody\n")
    assert "line 1" in refusal(program, "serve", "--port", str(program.port))
    policy.write_text(f"log {LOG}\nquorum none\n")
    vkey = (program.folder / "data" / "keys" / "signer.vkey").read_text().strip()
    assert refusal(program, "work").endswith(f"add the line log {vkey}")
