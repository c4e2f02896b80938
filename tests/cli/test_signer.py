"""The signer is a process of its own, which alone opens the key, whatever command the desk was started by."""

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from review import db
from review.config import read_settings
from review.domain.signed_note import verify
from review.models import Heartbeat
from tests.actions.test_device_keys import SIGNS
from tests.house.readme_tables import ROOT, commands
from tests.journeys.server import Program, running, until

BEGUN = re.compile(r"\) = (\d+)$")
OPENED = re.compile(r'^(\d+) .*?"([^"]*)"')


@pytest.fixture
def program(database_url: str, tmp_path: Path) -> Iterator[Program]:
    """An upgraded desk, not started."""
    desk = Program(tmp_path, database_url, hosts="video.example")
    assert desk.run("upgrade").returncode == 0
    yield desk
    desk.closing.close()
    desk.stop()


@contextmanager
def watched(program: Program, *command: str) -> Iterator[Path]:
    """A command of `flask` with every file that it and its children open written down."""
    opened = program.folder / "opened"
    log = program.closing.enter_context((program.folder / "watched.log").open("ab"))
    watch = ["strace", "-f", "-qq", "-s", "400", "-e", "trace=open,openat,clone,clone3", "-o", str(opened)]
    process = subprocess.Popen(
        [*watch, sys.executable, "-m", "flask", *command],
        env=program.environment,
        cwd=ROOT,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield opened
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def processes_of(program: Program, loop: str) -> set[int]:
    """The processes that say they run this loop."""
    engine = db.create_engine(read_settings(program.environment))
    with engine.connect() as connection:
        rows = connection.scalars(sa.select(Heartbeat.process).where(Heartbeat.loop == loop)).all()
    engine.dispose()
    return {int(row.rpartition(":")[2]) for row in rows}


def processes_in(lines: Sequence[str]) -> dict[int, int]:
    """The process that each thread belongs to, also of those that are over: who began it, by strace."""
    found: dict[int, int] = {}
    begins: set[int] = set()
    for line in lines:
        beginner, _, rest = line.partition(" ")
        if "CLONE_THREAD" in rest:
            begins.add(int(beginner))
        elif "clone" not in rest:
            continue
        if (thread := BEGUN.search(rest)) and int(beginner) in begins:
            found[int(thread[1])] = found.get(int(beginner), int(beginner))
        if thread or "= -1" in rest:
            begins.discard(int(beginner))
    return found


def who_opened(opened: Path, name: str) -> set[int]:
    """The processes that opened a file of this name."""
    lines = opened.read_text(errors="replace").splitlines()
    process = processes_in(lines)
    found = [OPENED.match(line) for line in lines]
    threads = {int(one[1]) for one in found if one is not None and one[2].endswith(name)}
    return {process.get(thread, thread) for thread in threads}


def signed(program: Program) -> bool:
    """Whether the signer's own file is there."""
    return (program.folder / "data" / "checkpoint").exists()


@pytest.mark.parametrize("command", [("serve",), ("work",)])
def test_the_signer_alone_opens_the_key(program: Program, command: Sequence[str]) -> None:
    program.command("senders", "create", "Unit", "--kind", "iru")
    named = ["--port", str(program.port)] if command == ("serve",) else []
    with watched(program, *command, *named) as opened:
        until(lambda: signed(program))
        (signer,) = until(lambda: processes_of(program, "sign"))
        (sequencer,) = until(lambda: processes_of(program, "sequence"))
        assert signer != sequencer
        if command == ("serve",):
            until(lambda: program.client().get("/healthz").status_code == 200)
            assert program.client().get("/log/key").status_code == 200
            assert program.client().get("/verify").status_code == 200
        assert who_opened(opened, "keys/signer.pem") == {signer}
        assert who_opened(opened, "keys/signer.vkey") > {signer}


def test_a_killed_signer_is_started_again(program: Program) -> None:
    with running(program):
        (first,) = until(lambda: processes_of(program, "sign"))
        os.kill(first, signal.SIGKILL)
        until(lambda: processes_of(program, "sign") - {first})
        program.command("senders", "create", "Unit", "--kind", "iru")
        until(lambda: signed(program))


def created(program: Program, folder: Path) -> str:
    """Make the key as README says; its public form."""
    typed = commands("signer").replace(".venv/bin/flask", f"{sys.executable} -m flask")
    environment = program.environment | {"SIGNER": str(folder)}
    done = subprocess.run(
        ["bash", "-euc", typed], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_signer_of_its_own_user_signs_for_a_desk_that_cannot_read_the_key(program: Program) -> None:
    own = program.folder / "signer"
    program.environment["REVIEW_SIGNER_DIR"] = str(own)
    refused = program.run("serve", "--port", str(program.port))
    assert "run flask trail create-key" in refused.stderr
    vkey = created(program, own)
    assert program.command("trail", "create-key")["vkey"] == vkey, "it is made once"
    assert stat.S_IMODE((own / "keys").stat().st_mode) == 0o755
    assert stat.S_IMODE((own / "keys" / "signer.pem").stat().st_mode) == 0o600
    signer = program.run("trail", "sign", "--parent", "1")  # no child of that: it ends after one turn
    assert signer.returncode == 0, signer.stderr
    program.command("senders", "create", "Unit", "--kind", "iru")
    program.start("--no-signer")
    until(lambda: processes_of(program, "sequence"))
    assert processes_of(program, "sign") == set()
    assert program.client().get("/log/key").text.strip() == vkey
    with watched(program, "trail", "sign") as opened:
        until(lambda: program.client().get("/log/checkpoint").status_code == 200)
        (process,) = until(lambda: processes_of(program, "sign"))
        assert who_opened(opened, "keys/signer.pem") == {process}
    assert (own / "checkpoint").read_text() == program.client().get("/log/checkpoint").text
    assert not signed(program)
    assert program.run("trail", "verify").returncode == 0


def test_a_key_in_a_device_is_made_known_by_command_and_signs_for_the_server(program: Program) -> None:
    own = program.folder / "signer"
    own.mkdir(mode=0o755)
    program.environment["REVIEW_SIGNER_DIR"] = str(own)
    key = Ed25519PrivateKey.generate()
    public = program.folder / "public.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    refused = program.invoke("trail", "create-key", "--device-key", str(public))
    assert refused.exit_code == 1
    assert "sign-with-device cannot be run" in refused.output
    secret = program.folder / "device.pem"
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (own / "sign-with-device").write_text(SIGNS.format(python=sys.executable, key=secret))
    (own / "sign-with-device").chmod(0o700)
    vkey = program.command("trail", "create-key", "--device-key", str(public))["vkey"]
    with running(program):
        program.command("senders", "create", "Unit", "--kind", "iru")
        until(lambda: program.client().get("/log/checkpoint").status_code == 200)
        assert verify(program.client().get("/log/checkpoint").text, vkey).size
