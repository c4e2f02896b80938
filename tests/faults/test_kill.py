"""C-01, C-02: `kill -9` of the server and of the loops loses nothing acknowledged and halves nothing."""

import os
import signal
import threading
import time

import pytest

from tests.faults.conftest import MakeDesk
from tests.faults.faulted import FaultedDesk, chance_for

pytestmark = pytest.mark.faults

ROUNDS_OF_A_DESK = 10
KILLED_LOOPS = ("dispatch", "sequence", "sign")


def kill_everything(desk: FaultedDesk, number: int) -> None:
    """Server and loops end at one moment; the database is checked as the crash left it, then all starts."""
    chance = chance_for(f"everything {number}")
    begun = desk.journal.count("acknowledged")
    with desk.load(f"e{number}"):
        desk.journal.wait_for(begun + chance.randrange(15, 60))
        threading.Event().wait(chance.uniform(0, 0.02))
        desk.kill()
    desk.check()
    desk.start()


def kill_one_by_one(desk: FaultedDesk, number: int) -> None:
    """A process that answers requests dies and is replaced by its own main process; loops die one by one."""
    chance = chance_for(f"one {number}")
    begun = desk.journal.count("acknowledged")
    with desk.load(f"o{number}"):
        for loop in chance.sample(KILLED_LOOPS, 3):
            desk.journal.wait_for(begun := begun + chance.randrange(4, 15))
            threading.Event().wait(chance.uniform(0, 0.02))
            desk.kill(loop)
            desk.start(loop)
        desk.journal.wait_for(begun + chance.randrange(4, 15))
        os.kill(chance.choice(desk.server_workers()), signal.SIGKILL)
        desk.journal.wait_for(desk.journal.count("acknowledged") + 12)
    desk.check()


def test_kill_loses_nothing_that_was_acknowledged(make_desk: MakeDesk, rounds: int) -> None:
    begun, settled, kills = time.monotonic(), 0, 0
    acknowledged = 0
    for first in range(0, rounds, ROUNDS_OF_A_DESK):
        desk = make_desk()
        desk.start()
        seen = 0
        for number in range(first, min(rounds, first + ROUNDS_OF_A_DESK)):
            (kill_everything if number % 2 else kill_one_by_one)(desk, number)
            kills += 1 + len(KILLED_LOOPS)
            ambiguous = desk.unsettled(seen)
            desk.settle(ambiguous)
            settled += len(ambiguous)
            seen = desk.journal.attempts()[-1].number
        desk.check()
        desk.check_trail()
        acknowledged += desk.journal.count("acknowledged")
        desk.kill()
    seconds = (time.monotonic() - begun) / rounds
    print(
        f"\n{rounds} rounds, {kills} kills, {acknowledged} acknowledged, {settled} ambiguous submits settled,"
        f" 0 lost, 0 doubled; {seconds:.2f} s a round"
    )
