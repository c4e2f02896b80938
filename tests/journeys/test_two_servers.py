"""README, "When one machine is not enough", two servers, one PostgreSQL, one ends under load."""

import os
import re
import signal
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from review.config import read_settings
from tests.factories import referral_body
from tests.house.readme_tables import README
from tests.journeys.server import Browser, Program, running, until
from tests.journeys.working import review_next

KEPT_ON = 15


class Work:
    """What senders and moderators were told by one server, until it dies or they stop."""

    def __init__(self, program: Program, key: str, *, name: str, email: str) -> None:
        self.program, self.key, self.name, self.email = program, key, name, email
        self.received: dict[str, str] = {}
        self.unanswered: list[str] = []
        self.reviewed: set[str] = set()
        self.wrong: list[str] = []
        self.stop = threading.Event()
        self.threads = [
            threading.Thread(target=self._until_lost, args=(self._submit, number)) for number in range(2)
        ]
        self.threads.append(threading.Thread(target=self._until_lost, args=(self._decide, 0)))

    def _until_lost(self, work: Callable[[int], None], number: int) -> None:
        try:
            work(number)
        except httpx.TransportError:
            return
        except AssertionError as error:
            self.wrong.append(str(error))

    def _submit(self, client: int) -> None:
        sender, number = self.program.sender(self.key), 0
        while not self.stop.is_set():
            number += 1
            reference = f"{self.name}-{client}-{number}"
            self.unanswered.append(reference)
            answer = send(sender, reference)
            assert answer.status_code in (201, 503), answer.text
            if answer.status_code == 201:
                self.received[reference] = answer.json()["id"]
                self.unanswered.remove(reference)

    def _decide(self, _client: int) -> None:
        moderator = Browser(self.program)
        moderator.sign_in(self.email)
        moderator.get("/queue")
        while not self.stop.is_set():
            case = review_next(moderator)
            if case is not None:
                self.reviewed.add(case)

    def start(self) -> None:
        """Begin."""
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        """Stop and wait."""
        self.stop.set()
        for thread in self.threads:
            thread.join()


def send(sender: httpx.Client, reference: str) -> httpx.Response:
    """Submit the referral that belongs to a reference."""
    return sender.post(
        "/api/v1/referrals",
        content=referral_body(reference, f"https://video.example/{reference}"),
        headers={"Content-Type": "application/json"},
    )


def decided(sender: httpx.Client) -> int:
    """How many of the sender's referrals are decided."""
    wanted: dict[str, Any] = {"limit": "200", "status": "decided"}
    count = 0
    while True:
        page = sender.get("/api/v1/referrals", params=wanted).json()
        count += len(page["referrals"])
        if page["next"] is None:
            return count
        wanted["cursor"] = page["next"]


@contextmanager
def second_server(first: Program, folder: Path) -> Any:
    """Another machine: the same settings and data folder, a port of its own."""
    second = Program(folder, first.environment["REVIEW_DATABASE_URL"], hosts="video.example")
    second.environment = first.environment
    second.start("--workers", "1")
    try:
        yield second
    finally:
        second.closing.close()
        second.stop()


@pytest.mark.faults
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_one_of_two_servers_ends_under_load_and_the_other_goes_on(
    database_url: str, tmp_path: Path, how: signal.Signals
) -> None:
    (tmp_path / "second").mkdir()
    first = Program(tmp_path, database_url, hosts="video.example", undo_seconds=0)
    with running(first, "--workers", "2"), second_server(first, tmp_path / "second") as second:
        first.add_account("first@desk.example", "moderator")
        first.add_account("second@desk.example", "moderator")
        sender_id = first.command("senders", "create", "Unit", "--kind", "iru")["id"]
        key = str(first.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"])
        works = [
            Work(first, key, name="A", email="first@desk.example"),
            Work(second, key, name="B", email="second@desk.example"),
        ]
        for work in works:
            work.start()
        try:
            until(lambda: all(len(work.received) > 10 and work.reviewed for work in works))
            check_figures(first, works[0])
            assert first.process is not None
            os.killpg(first.process.pid, how)
            first.process.wait(30)
            before, reviews = len(works[1].received), len(works[1].reviewed)
            until(lambda: len(works[1].received) > before + KEPT_ON and len(works[1].reviewed) > reviews)
        finally:
            for work in works:
                work.end()
        assert [work.wrong for work in works] == [[], []]
        check_nothing_is_lost(second, key, works)
        until(lambda: second.client().get("/readyz").status_code == 200)
        assert second.run("trail", "verify").returncode == 0
        with suppress(httpx.TransportError):
            assert first.client().get("/healthz").status_code != 200, "a worker outlived its server"


def check_figures(program: Program, work: Work) -> None:
    """Whichever of the workers answers, it gives the figures of both."""
    with httpx.Client(base_url=program.address) as client:
        for _ in range(4):
            told = len(work.received)
            figures = client.get("/metrics", headers={"Connection": "close"}).text
            received = re.search(r'review_events_total\{event="referral.received"\} (\d+)', figures)
            assert received is not None
            assert int(received.group(1)) >= told


def listed_under(sender: httpx.Client, reference: str) -> list[str]:
    """Ids of the sender's referrals with this reference."""
    found = sender.get("/api/v1/referrals", params={"reference": reference}).json()["referrals"]
    return [referral["id"] for referral in found]


def check_nothing_is_lost(program: Program, key: str, works: list[Work]) -> None:
    """Everything acknowledged by either is there, once; what was not can be sent again."""
    sender = program.sender(key)
    for work in works:
        for reference, referral_id in work.received.items():
            assert sender.get(f"/api/v1/referrals/{referral_id}").json()["reference"] == reference
        for reference in work.unanswered:
            again = send(sender, reference)
            assert again.status_code in (200, 201)
            # pollers see a change when no older transaction runs any more, a moment after it is answered
            until(partial(listed_under, sender, reference))
            assert listed_under(sender, reference) == [again.json()["id"]]
    reviewed = [case for work in works for case in work.reviewed]
    assert len(reviewed) == len(set(reviewed))
    until(lambda: decided(sender) >= len(reviewed))


def test_readme_says_it_and_its_settings_exist() -> None:
    section = README.read_text().partition("## When one machine is not enough")[2].partition("\n## ")[0]
    for step in ("flask upgrade", "flask serve --port 8000 --workers 2", "/readyz", "flask trail verify"):
        assert step in section
    named = set(re.findall(r"REVIEW_[A-Z_]+", section))
    assert len(named) > 3
    given = dict.fromkeys(named, "1") | {
        "REVIEW_DATABASE_URL": "postgresql://review@db/review",
        "REVIEW_SECRET_KEY": "0123456789abcdef" * 4,
        "REVIEW_HOSTS": "video.example",
    }
    read_settings({name: value for name, value in given.items() if name != "REVIEW_METRICS_TOKEN"})
