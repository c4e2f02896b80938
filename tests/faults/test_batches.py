"""A large delivery is cut by `kill -9`: whole chunks stay, sent again it is complete, nothing is doubled."""

import json
import threading

import pytest
import sqlalchemy as sa

from review.models import Batch, Referral
from tests.factories import referral_body
from tests.faults.conftest import MakeDesk
from tests.faults.connection import Ambiguous, Connection
from tests.faults.faulted import FaultedDesk, until

pytestmark = pytest.mark.faults

LINES, CHUNK = 2_200, 1_000
NDJSON = {"Content-Type": "application/x-ndjson"}


def stored_lines(desk: FaultedDesk) -> list[tuple[int, int]]:
    """Last stored line and number of lines of each batch."""
    with desk.reading() as reader:
        rows = reader.execute(sa.select(Batch.last_line, Batch.lines).order_by(Batch.started_at))
        return [(row.last_line, row.lines) for row in rows]


def count_referrals(desk: FaultedDesk) -> int:
    with desk.reading() as reader:
        return reader.scalar(sa.select(sa.func.count()).select_from(Referral)) or 0


def send(desk: FaultedDesk, lines: bytes) -> dict[str, int]:
    """The whole batch; its counts."""
    connection = Connection(desk.port, key=desk.people.keys[0])
    answer = connection.request("POST", "/api/v1/referrals/batch", lines, NDJSON)
    connection.close()
    assert answer.status == 200, answer.text[:500]
    counts: dict[str, int] = json.loads(answer.body)
    return {name: counts[name] for name in ("lines", "received", "repeated", "refused")}


def cut_after(desk: FaultedDesk, lines: bytes, *, chunks: int) -> None:
    """Send, and kill everything once so many chunks of this batch are stored."""
    begun = len(stored_lines(desk))
    cut: list[bool] = []

    def deliver() -> None:
        connection = Connection(desk.port, key=desk.people.keys[0])
        try:
            connection.request("POST", "/api/v1/referrals/batch", lines, NDJSON)
        except Ambiguous:
            cut.append(True)
        connection.close()

    thread = threading.Thread(target=deliver)
    thread.start()
    until(lambda: any(last >= chunks * CHUNK for last, _lines in stored_lines(desk)[begun:]))
    desk.kill()
    thread.join()
    assert cut, "the batch was complete before it was cut"


def test_a_batch_that_is_cut_leaves_whole_chunks_and_can_be_sent_again(
    make_desk: MakeDesk, times: int
) -> None:
    for number in range(times):
        desk = make_desk()
        desk.start()
        lines = b"\n".join(
            referral_body(f"B{number}-{line}", f"https://video.example/{number}/{line}")
            for line in range(LINES)
        )
        cut_after(desk, lines, chunks=1 + number % 2)
        stored = count_referrals(desk)
        [(last, counted)] = stored_lines(desk)
        assert 0 < stored < LINES
        assert stored % CHUNK == 0
        assert stored == last == counted
        desk.check()
        desk.start()
        assert send(desk, lines) == {
            "lines": LINES,
            "received": LINES - stored,
            "repeated": stored,
            "refused": 0,
        }
        assert send(desk, lines) == {"lines": LINES, "received": 0, "repeated": LINES, "refused": 0}
        assert count_referrals(desk) == LINES
        desk.check()
        print(f"\ncut after {stored} of {LINES} lines: the rest came by the second sending, 0 doubled")
