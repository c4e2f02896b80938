"""C-03: who does not know what became of a request sends it again; nothing is doubled, even a month later."""

import json
import random
import threading
from collections import Counter

import pytest

from tests.factories import referral_body
from tests.faults import journal as outcomes
from tests.faults.conftest import MakeDesk
from tests.faults.connection import Connection
from tests.faults.faulted import SERVER, FaultedDesk
from tests.faults.journal import Attempt

pytestmark = pytest.mark.faults

CUT, CLIENTS = 100, 4
LONGEST_CUT_SECONDS = 0.06
DAY = 24 * 3600
JSON = {"Content-Type": "application/json"}


def cut_off(desk: FaultedDesk, client: int, many: int) -> None:
    """Submit, and cut each connection at a moment between sending and being answered."""
    chance, key = random.Random(client), desk.people.keys[client % len(desk.people.keys)]
    cutting = threading.Event()
    for number in range(many):
        reference = f"cut-{client}-{number}"
        body = referral_body(reference, f"https://video.example/{reference}").decode()
        sent = desk.journal.sent(
            "submit", reference=reference, body=body, key=key, idempotency_key=f"key-{reference}"
        )
        headers = JSON | {"Idempotency-Key": f"key-{reference}"}
        connection = Connection(desk.port, key=key)
        open_one = connection.send_only("POST", "/api/v1/referrals", body.encode(), headers)
        cutting.wait(chance.uniform(0, LONGEST_CUT_SECONDS))
        open_one.close()
        desk.journal.ended(sent, outcomes.AMBIGUOUS)


def ambiguous_submits(desk: FaultedDesk, many: int) -> list[Attempt]:
    """So many submits of which nobody knows what became."""
    threads = [
        threading.Thread(target=cut_off, args=(desk, client, many // CLIENTS)) for client in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return desk.unsettled()


def test_ambiguous_outcomes_sent_again_are_neither_lost_nor_doubled(make_desk: MakeDesk, times: int) -> None:
    desk = make_desk()
    desk.start()
    ambiguous = ambiguous_submits(desk, CUT * times)
    assert len(ambiguous) == CUT * times
    desk.settle(ambiguous)
    desk.check()
    replayed = Counter(bool(one.told["replayed"]) for one in desk.journal.attempts() if one.told.get("id"))
    answered_before = replayed[True]
    assert answered_before  # some had been stored, their answers lost: the case that matters
    print(f"\n{len(ambiguous)} ambiguous, {answered_before} of them stored before the retry, 0 doubled")
    for clock, replays in ((29 * DAY + 23 * 3600, True), (31 * DAY, False)):
        later(desk, ambiguous[:: len(ambiguous) // 10], clock=clock, replays=replays)
    desk.check()


def later(desk: FaultedDesk, attempts: list[Attempt], *, clock: int, replays: bool) -> None:
    """Send again when the server's clock is moved; within 30 days the stored bytes, then today's answer."""
    desk.kill()
    desk.clock = str(clock)
    desk.start(SERVER)
    since = desk.journal.attempts()[-1].number
    desk.settle(attempts)
    again = [one for one in desk.journal.attempts() if one.number > since]
    by_key = [one for one in again if one.details["idempotency_key"]]
    assert {one.told["replayed"] for one in by_key} == {replays}
    assert {one.told["status"] for one in by_key} == {201 if replays else 200}


def test_one_key_means_one_content_and_one_request_at_a_time(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.start(SERVER)
    key, headers = desk.people.keys[0], JSON | {"Idempotency-Key": "the-one"}
    body, other = (referral_body("THE-ONE", f"https://video.example/{name}") for name in ("a", "b"))
    statuses: list[int] = []
    ready = threading.Barrier(6)

    def send() -> None:
        connection = Connection(desk.port, key=key)
        ready.wait(30)
        statuses.append(connection.request("POST", "/api/v1/referrals", body, headers).status)
        connection.close()

    threads = [threading.Thread(target=send) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 201 in statuses
    assert set(statuses) <= {201, 409}
    connection = Connection(desk.port, key=key)
    refused = connection.request("POST", "/api/v1/referrals", other, headers)
    conflict = connection.request("POST", "/api/v1/referrals", other, JSON)
    connection.close()
    assert (refused.status, json.loads(refused.body)["type"]) == (422, "/errors/idempotency_key_reused")
    assert (conflict.status, json.loads(conflict.body)["type"]) == (409, "/errors/reference_conflict")
    desk.check()
