"""README's three commands make a witness that cosigns for a running desk, and outlives `kill -9`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from review.domain.cosignatures import cosignature_of
from review.domain.signed_note import parse_checkpoint, verify
from review.domain.witness_policy import parse_policy
from tests.domain.test_witness_policy import policy_text
from tests.factories import referral_body
from tests.house.readme_tables import ROOT, commands
from tests.journeys.server import Program, free_port, running, until


def _commands() -> list[str]:
    lines = [line for line in commands("witness").splitlines() if not line.startswith("#")]
    return [line.replace(".venv/bin/python", sys.executable) for line in lines]


class _Witness:
    """A witness in a folder, run as README says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.create, self.serve, self.look = _commands()
        self.environment = os.environ | {
            "FOLDER": str(folder / "state"),
            "KEY": str(folder / "witness.pem"),
            "PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
        }

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        """One command to its end."""
        return subprocess.run(
            ["bash", "-euc", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def serving(self) -> Iterator[None]:
        """It runs until it is killed."""
        with (self.folder / "witness.log").open("ab") as log:
            process = subprocess.Popen(
                ["bash", "-euc", self.serve],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                until(lambda: process.poll() is not None or self.answers())
                assert process.poll() is None, (self.folder / "witness.log").read_text()
                yield
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def answers(self) -> bool:
        """Whether it listens."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/").status_code == 404
        except httpx.TransportError:
            return False


@pytest.mark.faults
def test_the_commands_of_readme_make_a_witness(tmp_path: Path) -> None:
    desk = Program(tmp_path, f"sqlite:///{tmp_path / 'review.db'}", hosts="video.example")
    with running(desk, "--no-background"):
        log = desk.client().get("/log/key").text.strip()
    witness = _Witness(tmp_path)
    (tmp_path / "trail.vkey").write_text(f"{log}\n")
    created = witness.run(witness.create)
    assert created.returncode == 0, created.stderr
    vkey = created.stdout.strip()
    policy = policy_text(log, [vkey], [f"http://127.0.0.1:{witness.port}/"])
    (tmp_path / "policy").write_text(policy)
    desk.environment["REVIEW_WITNESS_POLICY"] = str(tmp_path / "policy")
    sender = desk.command("senders", "create", "Unit", "--kind", "iru")["id"]
    key = desk.command("senders", "issue-key", sender, "--scope", "refer,read")["key"]
    sizes: list[int] = []
    with running(desk):
        program = desk.sender(key)
        for number in range(2):
            with witness.serving():
                sent = program.post(
                    "/api/v1/referrals",
                    content=referral_body(f"R-{number}"),
                    headers={"Content-Type": "application/json"},
                )
                assert sent.status_code == 201, sent.text
                note = until(lambda: _cosigned(desk, vkey, above=sizes[-1] if sizes else 0), seconds=90)
                sizes.append(verify(note, log).size)
                seen = witness.run(witness.look)
                assert (seen.returncode, seen.stdout) == (0, note)
                assert parse_policy(policy).stands({"+".join(vkey.split("+", 2)[:2])})
        ready = desk.client().get("/readyz").json()
    assert f"The quorum stands for the first {sizes[-1]} entries" in ready["checks"]["witnesses"]["detail"]


def _cosigned(desk: Program, vkey: str, *, above: int) -> str:
    """The newest checkpoint, once it is cosigned and covers more."""
    answer = desk.client().get("/log/checkpoint")
    if answer.status_code == 404:
        return ""  # nothing is signed yet
    note = answer.text
    checkpoint = parse_checkpoint(note)
    return note if checkpoint.size > above and cosignature_of(checkpoint, vkey) else ""
