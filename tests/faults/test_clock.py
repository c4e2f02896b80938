"""C-16: clocks that are wrong, differ, or jump; every invariant holds."""

from pathlib import Path

import pytest

from tests.faults.clocks import step
from tests.faults.conftest import MakeDesk
from tests.faults.connection import Connection
from tests.faults.faulted import LOOPS, SERVER, FaultedDesk

pytestmark = pytest.mark.faults

HOUR, DAY = 3600, 24 * 3600
# the server's clock and that of the loops, against the database's
APART = ((HOUR, 0), (-HOUR, 0), (DAY, -DAY))
JUMPS = (DAY, 0, -HOUR, HOUR, -DAY, 0.5, -0.5, 0)


def ready(desk: FaultedDesk) -> str:
    connection = Connection(desk.port)
    answer = connection.request("GET", "/readyz")
    connection.close()
    return answer.text


def test_clocks_that_differ_break_nothing(make_desk: MakeDesk, times: int) -> None:
    for number in range(times):
        desk = make_desk()
        for server, loops in APART:
            desk.clock = str(server)
            desk.start(SERVER)
            desk.clock = str(loops)
            desk.start(*LOOPS)
            with desk.load(f"c{number}{server}{loops}", senders=3, moderators=2):
                desk.journal.wait_for(desk.journal.count("acknowledged") + 15)
            if server and not desk.database_url.startswith("sqlite"):
                assert "clock" in ready(desk)
            desk.check()
            desk.kill()
        desk.check_trail()


def test_a_clock_that_jumps_breaks_nothing(make_desk: MakeDesk, tmp_path: Path, times: int) -> None:
    moved = tmp_path / "clock"
    step(moved, 0)
    desk = make_desk(clock=str(moved))
    desk.start()
    for number in range(times):
        with desk.load(f"j{number}", senders=3, moderators=2):
            for seconds in JUMPS:
                desk.journal.wait_for(desk.journal.count("acknowledged") + 10)
                step(moved, seconds)
        desk.check()
    desk.check_trail()
