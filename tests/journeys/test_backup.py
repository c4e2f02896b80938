"""README's backup, taken while the desk works, gives back a desk whose trail is intact."""

import base64
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.factories import referral_body
from tests.house.readme_tables import README, ROOT
from tests.journeys.server import Program, running, until
from tests.postgres import PostgresServer, binaries

NAME = "restored_backup"


def _commands() -> str:
    found = re.search(r"<!-- command: backup -->\n```sh\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1].replace(".venv/bin/python", sys.executable)


def _body(name: str) -> bytes:
    """A referral with a piece of evidence of its own."""
    piece = {
        "name": "page.txt",
        "media_type": "text/plain",
        "content": base64.b64encode(f"seen by {name}".encode()).decode(),
    }
    item = {"url": f"https://video.example/{name}", "content_type": "video", "evidence": [piece]}
    return referral_body(name, items=[item])


def _back_up(program: Program, folder: Path) -> None:
    environment = program.environment | {
        "TO": str(folder),
        "PATH": f"{binaries()}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euc", _commands()], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _restore(program: Program, backup: Path, folder: Path, request: pytest.FixtureRequest) -> Program:
    """Another desk that stands on the backup alone."""
    folder.mkdir()
    url = f"sqlite:///{folder / 'review.db'}"
    if (backup / "review.dump").exists():
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.create(NAME)
        subprocess.run(
            [binaries() / "pg_restore", "--no-owner", f"--dbname={url}", backup / "review.dump"], check=True
        )
    else:
        shutil.copy(backup / "review.db", folder / "review.db")
    shutil.copytree(
        backup, folder / "data", ignore=shutil.ignore_patterns("review.db", "review.dump"), dirs_exist_ok=True
    )
    restored = Program(folder, url, hosts="video.example")
    restored.environment["REVIEW_SECRET_KEY"] = program.environment["REVIEW_SECRET_KEY"]
    return restored


def test_a_backup_under_load_restores_to_an_intact_trail(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    program = Program(tmp_path, database_url, hosts="video.example")
    backup, stop, sent = tmp_path / "backup", threading.Event(), [0]
    backup.mkdir()
    with running(program):
        sender_id = program.command("senders", "create", "Harbour Watch", "--kind", "other")["id"]
        key = program.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
        sender = program.sender(key)

        def send() -> None:
            while not stop.is_set():
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
            until(lambda: sent[0] > 20 and (tmp_path / "data" / "checkpoint").exists())
            before = sent[0]
            _back_up(program, backup)
        finally:
            stop.set()
            thread.join(30)
    restored = _restore(program, backup, tmp_path / "restored", request)
    try:
        assert restored.run("upgrade").returncode == 0
        verified = restored.run("trail", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        with running(restored):
            found = restored.sender(key).get("/api/v1/referrals", params={"limit": "200"}).json()["referrals"]
            assert {f"ref-{number}" for number in range(min(before, 100))} <= {
                referral["reference"] for referral in found
            }
    finally:
        if not database_url.startswith("sqlite"):
            request.getfixturevalue("postgres").drop(NAME)
