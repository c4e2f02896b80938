"""Ten times more than it can do: programs are told to wait, people's pages answer, nothing is lost."""

import http.client
import itertools
import json
import statistics
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from review.web.admission import LARGE_BODY, lanes
from tests.factories import referral_body
from tests.journeys.server import Browser, Program, running, until
from tests.journeys.working import review_next

pytestmark = pytest.mark.faults

CLIENTS = 10 * lanes()["api"].working
PAGE_ROUNDS = 2
SLOW_UPLOADS = 8


class Flood:
    """Programs that ask again at once, whatever they are told."""

    def __init__(self, program: Program, key: str) -> None:
        self.program = program
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.stop = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.received: dict[str, str] = {}
        self.unanswered: list[str] = []
        self.wrong: list[str] = []
        self._numbers = itertools.count()
        self.threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=60)
        while not self.stop.is_set():
            self._send(connection, f"F-{next(self._numbers)}")
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, reference: str) -> None:
        body = referral_body(reference, f"https://video.example/{reference}")
        try:
            connection.request("POST", "/api/v1/referrals", body, self.headers)
            answer = connection.getresponse()
            text = answer.read()
        except (ConnectionError, http.client.HTTPException):
            self.unanswered.append(reference)
            connection.close()
            return
        self.statuses[answer.status] += 1
        if answer.status == 201:
            self.received[reference] = json.loads(text)["id"]
        elif answer.status not in (429, 503):
            self.wrong.append(f"{answer.status} {text[:200]!r}")
        elif not answer.headers["Retry-After"] or json.loads(text)["status"] != answer.status:
            self.wrong.append(f"{answer.status} without Retry-After")


def _slow_upload(program: Program, key: str) -> http.client.HTTPConnection:
    """Announce a large body, send a little of it, and stop."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=60)
    connection.putrequest("POST", "/api/v1/referrals")
    for name, value in (
        ("Authorization", f"Bearer {key}"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(2 * LARGE_BODY)),
    ):
        connection.putheader(name, value)
    connection.endheaders(b'{"reference": ')
    return connection


def _desk(program: Program) -> str:
    program.add_account("first@desk.example", "moderator")
    sender_id = program.command("senders", "create", "Unit", "--kind", "iru")["id"]
    return str(program.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"])


def _page_times(moderator: Browser, rounds: int) -> list[float]:
    """Seconds of each page while a moderator works; every one must answer 200, and cases get reviewed."""
    seconds, reviewed = [], 0
    while reviewed < rounds:
        began = time.perf_counter()
        assert moderator.http.get("/queue").status_code == 200
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
        reviewed += review_next(moderator) is not None
        seconds.append(time.perf_counter() - began)
    return seconds


def test_pages_live_and_nothing_is_lost_under_ten_times_the_load(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rounds = PAGE_ROUNDS * int(request.config.getoption("--rounds"))
    program = Program(tmp_path, database_url, hosts="video.example", undo_seconds=0)
    with running(program):
        key = _desk(program)
        moderator = Browser(program)
        moderator.sign_in("first@desk.example")
        flood = Flood(program, key)
        uploads = [_slow_upload(program, key) for _ in range(SLOW_UPLOADS)]
        for thread in flood.threads:
            thread.start()
        try:
            until(lambda: flood.statuses[503] > CLIENTS and len(flood.received) > CLIENTS)
            seconds = _page_times(moderator, rounds)
        finally:
            flood.stop.set()
            for thread in flood.threads:
                thread.join()
            for connection in uploads:
                connection.close()
        assert flood.wrong == []
        assert len(flood.unanswered) < 1 + flood.statuses.total() // 100
        sender = program.sender(key)
        for reference in ["after", *flood.unanswered]:
            body = referral_body(reference, f"https://video.example/{reference}")
            again = sender.post("/api/v1/referrals", content=body, headers=flood.headers)
            assert again.status_code in (200, 201)
        for reference, referral_id in flood.received.items():
            assert sender.get(f"/api/v1/referrals/{referral_id}").json()["reference"] == reference
        figures = sender.get("/metrics").text
        shed = f'review_requests_shed_total{{lane="api"}} {float(flood.statuses[503])}'
        assert shed in figures
        until(lambda: 'review_requests_in_flight{lane="large"} 0.0' in sender.get("/metrics").text)
        assert program.run("trail", "verify").returncode == 0
    print(
        f"\n{database_url.partition(':')[0]}: {CLIENTS} clients, {dict(flood.statuses)};"
        f" pages: {len(seconds)}, median {statistics.median(seconds) * 1000:.0f} ms,"
        f" p99 {sorted(seconds)[int(len(seconds) * 0.99)] * 1000:.0f} ms"
    )
