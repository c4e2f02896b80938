"""Signs of life: the newest stays, a clean end takes them back, and nobody but a loop writes them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions.heartbeats import Beat, forget_heartbeats, record_heartbeats
from review.domain.loops import LOOPS
from review.domain.permissions import ANONYMOUS, OPERATOR, SERVICE, Actor
from review.errors import NotPermitted
from review.models import Heartbeat
from review.queries.heartbeats import loop_states
from tests.conftest import Desk
from tests.signs import beat_all
from tests.threads import together


def processes(desk: Desk) -> list[str]:
    return sorted(set(desk.session.scalars(sa.select(Heartbeat.process))))


def silent(desk: Desk) -> list[str]:
    return [state.name for state in loop_states(desk.session, now=clock.now()) if not state.well]


def test_a_process_replaces_what_it_told_and_takes_it_back(desk: Desk) -> None:
    assert silent(desk) == list(LOOPS)
    beat_all(process="one:1")
    beat_all(process="one:1")
    beat_all(process="two:1")
    assert silent(desk) == []
    forget_heartbeats(process="one:1", actor=SERVICE)
    assert processes(desk) == ["two:1"]
    assert silent(desk) == []


def test_a_loop_that_only_fails_is_named_with_its_fault(desk: Desk) -> None:
    beat_all()
    with time_machine.travel(clock.now() + timedelta(seconds=120), tick=False):
        now = clock.now()
        beats = [Beat("sign", turned_at=now, succeeded_at=None, failure="trail_broken")]
        record_heartbeats(beats, process="two:1", actor=SERVICE)
        states = {state.name: state for state in loop_states(desk.session, now=now)}
    assert (states["sign"].well, states["sign"].failure) == (False, "trail_broken")
    assert states["dispatch"].failure is None


def test_one_living_machine_is_enough_and_the_dead_are_forgotten(desk: Desk) -> None:
    beat_all(process="dead:1")
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        assert len(silent(desk)) == len(LOOPS)
        beat_all(process="alive:1")
        assert silent(desk) == []
        assert processes(desk) == ["alive:1"]


@pytest.mark.parametrize("actor", [ANONYMOUS, OPERATOR], ids=["anyone", "command"])
def test_only_loops_tell(desk: Desk, actor: Actor) -> None:
    with pytest.raises(NotPermitted):
        record_heartbeats([], process="one:1", actor=actor)
    with pytest.raises(NotPermitted):
        forget_heartbeats(process="one:1", actor=actor)


def test_many_processes_tell_at_once(desk: Desk) -> None:
    calls = [lambda number=number: beat_all(process=f"p:{number}") for number in range(6)]
    assert [result for result in together(desk.app, calls) if result is not None] == []
    assert len(processes(desk)) == 6
