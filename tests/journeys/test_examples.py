"""README's programs of a sender, run as they stand there against a served desk."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from review.formats.receipts import check_receipt
from tests.factories import referral_body
from tests.house.readme_tables import README, ROOT
from tests.journeys.server import Browser, Program, free_port, running, until
from tests.journeys.working import review_next

MODERATOR = "moderator@desk.example"


def example(name: str) -> str:
    """The code of this example, as it stands in README."""
    found = re.search(rf"<!-- example: {name} -->\n```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@dataclass
class Sender:
    """A sender of a served desk, in a folder of its own."""

    program: Program
    folder: Path
    key: str

    @contextmanager
    def run(self, code: str, **more: str) -> Iterator["subprocess.Popen[str]"]:
        """A program of the sender, as long as it is needed."""
        environment = os.environ | {
            "DESK": self.program.address,
            "DESK_KEY": self.key,
            "PYTHONPATH": str(ROOT),
            **more,
        }
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def output(self, code: str) -> str:
        """What a program prints that ends by itself."""
        with self.run(code) as process:
            printed, trouble = process.communicate(timeout=120)
        assert (process.returncode, trouble) == (0, "")
        return printed


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite that may send to this machine."""
    folder = tmp_path_factory.mktemp("examples")
    desk = Program(folder, f"sqlite:///{folder / 'review.db'}", hosts="video.example")
    desk.environment["REVIEW_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
    with running(desk):
        desk.add_account(MODERATOR, "moderator")
        until(lambda: httpx.get(f"{desk.address}/log/checkpoint").status_code == 200)
        yield desk


@pytest.fixture
def sender(program: Program, tmp_path: Path) -> Sender:
    sender_id = program.command("senders", "create", tmp_path.name[:40], "--kind", "iru")["id"]
    key = program.command("senders", "issue-key", sender_id, "--scope", "refer,read,manage")["key"]
    return Sender(program, tmp_path, key)


def test_one_referral_and_its_receipt(sender: Sender) -> None:
    said = re.fullmatch(
        r"(R-\S+) in_review received \d{4}-\d\d-\d\d .*\+00:00 entry \d+\n", sender.output(example("refer"))
    )
    assert said is not None
    receipt = (sender.folder / f"{said[1]}-receipt.txt").read_bytes()
    vkey = httpx.get(f"{sender.program.address}/log/key").text.strip()
    assert check_receipt(receipt, vkey).object_id == said[1]
    assert (sender.folder / "desk" / "vkey").read_text().strip() == vkey


def test_a_file_and_the_answers_as_they_come(sender: Sender) -> None:
    mine = sender.program.sender(sender.key)
    other = referral_body("OTHER-1", "https://video.example/other")
    mine.post("/api/v1/referrals", content=other, headers={"Content-Type": "application/json"})
    lines = [referral_body(f"F-{number}", f"https://video.example/file/{number}") for number in range(3)]
    (sender.folder / "action.ndjson").write_bytes(b"\n".join([*lines, b"{}"]) + b"\n")
    code = example("follow")
    assert "time.sleep(10)" in code
    moderator = Browser(sender.program)
    moderator.sign_in(MODERATOR)
    with sender.run(code.replace("time.sleep(10)", "time.sleep(0.2)")) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "3 received, 0 repeated, 1 refused\n"
        until(lambda: not (review_next(moderator) or review_next(moderator)))  # the other one among them
        printed, trouble = process.communicate(timeout=120)
    assert (process.returncode, trouble) == (0, "")
    assert sorted(printed.splitlines()) == [
        f"F-{number} https://video.example/file/{number} declined" for number in range(3)
    ]
    assert json.loads((sender.folder / "desk" / "place.json").read_text())["seen"]
    assert (sender.folder / "desk" / "checkpoint").exists()
    assert sender.output(code) == "0 received, 3 repeated, 1 refused\n", "again, it has nothing to wait for"


def test_a_message_is_received_and_a_forged_one_is_not(sender: Sender) -> None:
    port = free_port()
    hook = f"http://127.0.0.1:{port}/"
    mine = sender.program.sender(sender.key)
    added = mine.post("/api/v1/endpoints", json={"url": hook, "topics": ["referral.received"]})
    assert added.status_code == 201, added.text
    with sender.run(example("receive"), PORT=str(port), WEBHOOK_SECRETS=added.json()["secret"]) as process:
        until(lambda: _refused(hook))
        content = referral_body("M-1", "https://video.example/message")
        received = mine.post(
            "/api/v1/referrals", content=content, headers={"Content-Type": "application/json"}
        )
        assert process.stdout is not None
        assert process.stdout.readline() == f"referral.received {received.json()['id']}\n"
    assert (sender.folder / "desk" / "checkpoint").exists()


def _refused(hook: str) -> bool:
    """Whether the receiver answers, and refuses what is not signed."""
    forged = {"webhook-id": "Z-1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    try:
        return httpx.post(hook, content=b'{"type":"x"}', headers=forged).status_code == 400
    except httpx.TransportError:
        return False
