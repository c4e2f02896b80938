"""The harness is not blind: a desk that answers before it commits, or forgets commits, is found out."""

import pytest

from tests.faults.conftest import MakeDesk
from tests.faults.faulted import FaultedDesk, chance_for

pytestmark = pytest.mark.faults

MOST_KILLS = 25


def what_is_lost(desk: FaultedDesk) -> list[str]:
    """Kill it under load until something that was acknowledged is missing, 25 times at most."""
    for number in range(MOST_KILLS):
        desk.start()
        begun = desk.journal.count("acknowledged")
        with desk.load(f"h{number}"):
            desk.journal.wait_for(begun + chance_for(f"harness {number}").randrange(8, 16))
            desk.kill()
        if lost := [sentence for sentence in desk.violations() if "is lost" in sentence]:
            return lost
    return []


def test_a_receipt_given_before_the_commit_is_noticed(make_desk: MakeDesk) -> None:
    assert what_is_lost(make_desk(variant="answer_before_commit"))


def test_a_lost_commit_is_noticed(make_sqlite_desk: MakeDesk) -> None:
    assert what_is_lost(make_sqlite_desk(variant="lose_commits"))
