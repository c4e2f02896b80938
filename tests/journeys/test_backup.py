"""C-17: README's backup, taken while the desk works, is restored by its command to a desk that is whole."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, ledger
from review.domain import merkle
from review.domain.signed_note import parse_checkpoint
from review.formats import key_files
from review.formats.backups import MANIFEST, files_of, read_contents
from tests.conftest import settings_for
from tests.factories import referral_body
from tests.house.readme_tables import ROOT, commands
from tests.journeys.server import Program, running, until
from tests.postgres import PostgresServer, binaries
from tests.rounds import more

BACKUPS = 2
"""Backups and restores under load on each kind of database in CI."""
PAUSE_SECONDS = 0.2
"""Between two referrals: each brings evidence, which is looked at in a process of its own."""

Place = Callable[[str], Program]


def _command(name: str) -> str:
    return commands(name).replace(".venv/bin/python", sys.executable).strip() + " ${ACCEPT:-}\n"


def _body(name: str) -> bytes:
    """A referral with a piece of evidence of its own."""
    piece = {
        "name": "page.txt",
        "media_type": "text/plain",
        "content": base64.b64encode(f"seen by {name}".encode()).decode(),
    }
    item = {"url": f"https://video.example/{name}", "content_type": "video", "evidence": [piece]}
    return referral_body(name, items=[item])


def _readme(program: Program, name: str, **values: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of README as it stands there, with PostgreSQL's programs at hand."""
    environment = program.environment | values | {"PATH": f"{binaries()}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-euc", _command(name)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def place(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Makes places for another desk of the same kind: an empty database and no data folder."""
    names: list[str] = []

    def make(name: str) -> Program:
        folder = tmp_path / name
        folder.mkdir()
        url = f"sqlite:///{folder / 'review.db'}"
        if not database_url.startswith("sqlite"):
            server: PostgresServer = request.getfixturevalue("postgres")
            names.append(f"restored_{name}")
            url = server.create(names[-1])
        program = Program(folder, url, hosts="video.example")
        program.environment["PATH"] = f"{binaries()}:{os.environ['PATH']}"
        return program

    yield make
    for name in names:
        request.getfixturevalue("postgres").drop(name)


@contextmanager
def _sending(program: Program, key: str, sent: list[int]) -> Iterator[None]:
    """Somebody refers all the time, with evidence."""
    sender, stop = program.sender(key), threading.Event()

    def send() -> None:
        while not stop.wait(PAUSE_SECONDS):
            answer = sender.post(
                "/api/v1/referrals",
                content=_body(f"ref-{sent[0]}"),
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 201, answer.text
            sent[0] += 1

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def _has_gone_on(sent: list[int], before: int, folder: Path) -> Callable[[], bool]:
    return lambda: sent[0] > before + 15 and (folder / "data" / "checkpoint").exists()


def _is_prefix(program: Program, folder: Path, contents: Any) -> bool:
    """Whether the tree of the backup is a prefix of the desk's own, by a consistency proof."""
    engine = db.create_engine(settings_for(program.environment["REVIEW_DATABASE_URL"], folder))
    with Session(engine) as reader:
        head = reader.execute(sa.text("SELECT size, root FROM tree_heads ORDER BY size DESC LIMIT 1")).one()
        read = ledger.tree_reader(reader, head.size)
        path = merkle.consistency_path(contents.size, head.size, read)
    engine.dispose()
    return merkle.verify_consistency(
        contents.size,
        head.size,
        path=path,
        first_root=bytes.fromhex(contents.root),
        second_root=head.root,
    )


@pytest.mark.timeout(900)
def test_backups_under_load_restore_to_a_prefix_and_say_what_is_lost(
    database_url: str, tmp_path: Path, place: Place, request: pytest.FixtureRequest
) -> None:
    program, sent = Program(tmp_path, database_url, hosts="video.example"), [0]
    backups, promised = [], []
    with running(program):
        sender_id = program.command("senders", "create", "Harbour Watch", "--kind", "other")["id"]
        key = program.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
        with _sending(program, key, sent):
            for number in range(BACKUPS * more(request.config)):
                before = sent[0]
                until(_has_gone_on(sent, before, tmp_path))
                promised.append(sent[0])
                backups.append(tmp_path / f"backup-{number}")
                done = _readme(program, "backup", TO=str(backups[-1]))
                assert done.returncode == 0, done.stderr
        size = read_contents(backups[-1]).size
        until(lambda: parse_checkpoint((tmp_path / "data/checkpoint").read_text()).size > size)
        newest = shutil.copy(tmp_path / "data/checkpoint", tmp_path / "kept")
    lost = parse_checkpoint(Path(newest).read_text()).size
    for number, backup in enumerate(backups):
        contents = read_contents(backup)
        assert _is_prefix(program, tmp_path, contents)
        restored, known = place(f"r{number}"), {"FROM": str(backup), "CHECKPOINT": str(newest)}
        done = _readme(restored, "restore", ACCEPT="--accept-loss" if number else "", **known)
        assert f"Lost: entries {contents.size} to {lost - 1}" in done.stdout, done.stdout + done.stderr
        assert "BROKEN" not in done.stdout
        evidence = [kept for kept in files_of(backup) if kept.path.startswith("evidence/")]
        assert promised[number] <= len(evidence), "what was acknowledged before the backup is in it"
        if number == 0:
            assert done.returncode == 1
            assert "an older copy" in restored.run("trail", "checkpoint", "--sign").stderr
            continue
        assert done.returncode == 0, done.stdout + done.stderr
        checked = restored.run("trail", "fsck", "--json")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert json.loads(checked.stdout)["pieces"] >= promised[number]
    with running(restored):
        found = restored.sender(key).get("/api/v1/referrals", params={"limit": "200"}).json()["referrals"]
        assert len(found) >= min(promised[-1], 100)


@pytest.fixture
def backed_up(database_url: str, tmp_path: Path) -> tuple[Program, Path]:
    """A desk and a backup of it."""
    program = Program(tmp_path, database_url, hosts="video.example")
    assert program.invoke("upgrade").exit_code == 0
    assert program.invoke("trail", "checkpoint", "--sign").exit_code in (0, 1)
    done = _readme(program, "backup", TO=str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    return program, tmp_path / "backup"


def test_nothing_is_written_over(backed_up: tuple[Program, Path], place: Place) -> None:
    program, backup = backed_up
    before = {path: path.read_bytes() for path in backup.rglob("*") if path.is_file()}
    again = program.invoke("backup", str(backup))
    assert (again.exit_code, "not empty" in again.output) == (1, True)
    over = program.invoke("restore", str(backup))
    assert (over.exit_code, "exists already" in over.output) == (1, True)
    assert {path: path.read_bytes() for path in backup.rglob("*") if path.is_file()} == before
    other = place("files")
    (other.folder / "data" / "evidence").mkdir(parents=True)
    assert "exists already" in other.invoke("restore", str(backup)).output
    full = place("database")
    assert full.invoke("upgrade").exit_code == 0
    shutil.rmtree(full.folder / "data")
    assert re.search("exists already|has tables already", full.invoke("restore", str(backup)).output)


@pytest.mark.timeout(900)
def test_a_backup_that_was_changed_or_cut_is_refused_and_leaves_nothing(
    backed_up: tuple[Program, Path], place: Place
) -> None:
    _program, backup = backed_up
    target = place("refused")
    names = [kept.path for kept in files_of(backup)]
    assert {"keys/signer.pem", "keys/signer.vkey"} <= set(names)
    for name in (*names, MANIFEST):
        path = backup / name
        whole = path.read_bytes()
        path.chmod(0o600)
        for damaged in (bytes([whole[0] ^ 1]) + whole[1:], None):
            if damaged is None:
                path.unlink()
            else:
                path.write_bytes(damaged)
            refused = target.invoke("restore", str(backup))
            assert refused.exit_code == 1, name
            assert re.search("backed up|cut off|cannot be read|no finished backup", refused.output), name
            assert not (target.folder / "data").exists()
            path.write_bytes(whole)
    done = target.run("restore", str(backup))
    assert done.returncode == 0, done.stdout + done.stderr
    assert key_files.read_key(target.folder / "data").vkey == read_contents(backup).vkey
