"""`kill -9` in the middle of submits and decisions loses nothing that was acknowledged."""

import json
import re
import threading
from pathlib import Path

import httpx
import pytest

from tests.factories import referral_body
from tests.journeys.server import Browser, Program, running, until

pytestmark = pytest.mark.faults


class Journal:
    """What clients were told, and what they never got an answer to."""

    def __init__(self) -> None:
        self.received: dict[str, str] = {}
        self.unanswered: list[str] = []
        self.recorded: set[str] = set()


def _submit(program: Program, key: str, journal: Journal, name: str, stop: threading.Event) -> None:
    sender, number = program.sender(key), 0
    while not stop.is_set():
        number += 1
        reference = f"{name}-{number}"
        body = referral_body(reference, f"https://video.example/{reference}")
        try:
            answer = sender.post(
                "/api/v1/referrals", content=body, headers={"Content-Type": "application/json"}
            )
        except httpx.TransportError:
            journal.unanswered.append(reference)
            return
        assert answer.status_code in (201, 503), answer.text
        if answer.status_code == 201:
            journal.received[reference] = answer.json()["id"]


def _decide(program: Program, email: str, journal: Journal, stop: threading.Event) -> None:
    try:
        moderator = Browser(program)
        moderator.sign_in(email)
        moderator.get("/queue")
        while not stop.is_set():
            moderator.post("/queue/next")
            case = re.search(r'action="(/cases/(C-[^/"]+))/review"', moderator.page)
            if case is None:
                moderator.get("/queue")
                continue
            moderator.post(
                case.group(1) + "/review",
                version=moderator.field("version"),
                claim_generation=moderator.field("claim_generation"),
                outcome="declined",
                decline_reason="no_breach",
                rationale="Nothing here breaks the terms.",
                statement="Thank you. We found no breach.",
            )
            journal.recorded.add(case.group(2))
    except httpx.TransportError:
        return


def _one_round(program: Program, key: str, journal: Journal, *, number: int) -> None:
    stop = threading.Event()
    threads = [
        threading.Thread(target=_submit, args=(program, key, journal, f"K{number}-{client}", stop))
        for client in range(3)
    ]
    threads.append(threading.Thread(target=_decide, args=(program, "first@desk.example", journal, stop)))
    received, recorded = len(journal.received), len(journal.recorded)
    for thread in threads:
        thread.start()
    until(lambda: len(journal.received) > received + 10 + number * 3 and len(journal.recorded) > recorded)
    program.kill()
    stop.set()
    for thread in threads:
        thread.join()


def test_kill_loses_nothing_that_was_acknowledged(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rounds = int(request.config.getoption("--rounds"))
    program = Program(tmp_path, database_url, hosts="video.example", undo_seconds=0)
    journal = Journal()
    with running(program):
        program.add_account("first@desk.example", "moderator")
        sender_id = program.command("senders", "create", "Unit", "--kind", "iru")["id"]
        key = str(program.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"])
        for number in range(rounds):
            _one_round(program, key, journal, number=number)
            program.start()
        sender = program.sender(key)
        for reference, referral_id in journal.received.items():
            found = sender.get(f"/api/v1/referrals/{referral_id}")
            assert found.status_code == 200, reference
            assert found.json()["reference"] == reference
        for reference in journal.unanswered:
            body = referral_body(reference, f"https://video.example/{reference}")
            again = sender.post(
                "/api/v1/referrals", content=body, headers={"Content-Type": "application/json"}
            )
            assert again.status_code in (200, 201)
            listed = sender.get("/api/v1/referrals", params={"reference": reference}).json()["referrals"]
            assert [referral["id"] for referral in listed] == [again.json()["id"]]
        _check_decisions(program, sender, journal)
        assert program.run("trail", "verify").returncode == 0
        journal_text = json.dumps(sorted(journal.recorded))
        assert len(journal.received) > 10 * rounds, journal_text


def _check_decisions(program: Program, sender: httpx.Client, journal: Journal) -> None:
    """Every acknowledged review was dispatched once: as many items are decided as cases were recorded."""
    assert journal.recorded

    def decided() -> int | None:
        count = 0
        wanted = {"limit": "200", "status": "decided"}
        while True:
            page = sender.get(
                "/api/v1/referrals",
                params=wanted,
            ).json()
            count += len(page["referrals"])
            if page["next"] is None:
                break
            wanted["cursor"] = page["next"]
        return count if count >= len(journal.recorded) else None

    # a review may have been stored although the connection died before its answer
    assert until(decided) - len(journal.recorded) <= program_rounds(journal)


def program_rounds(journal: Journal) -> int:
    """At most one unanswered review a round, and rounds leave unanswered submits behind."""
    return max(1, len(journal.unanswered))
