"""A verification is asked for once, done by one worker, taken over from a dead one, and ends in one event."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import verifying
from review.actions.verifying import LEASE_SECONDS, MOST_TRIES, Run
from review.domain.permissions import OPERATOR, SERVICE, Role
from review.errors import ClaimLost, NotPermitted
from review.models import Opening, TrailRun
from review.queries.trail import Finding
from review.queries.trail_runs import run_of, unfinished_run
from tests.conftest import Desk
from tests.factories import make_account
from tests.threads import together

FINDING = Finding(intact=True, entries=7, checkpoints=1, sentence="7 entries, unbroken.")
LATER = timedelta(seconds=LEASE_SECONDS + 1)


def events(desk: Desk) -> int:
    statement = sa.select(sa.func.count()).where(Opening.event_type == "trail.verified")
    return desk.session.scalar(statement) or 0


def taken() -> Run:
    run = verifying.take_verification(actor=SERVICE)
    assert run is not None
    return run


def later() -> Any:
    return time_machine.travel(clock.now() + LATER, tick=False)


def test_a_verification_ends_with_its_verdict_in_the_name_of_who_asked(desk: Desk) -> None:
    legal = make_account(Role.LEGAL)
    run_id = verifying.request_verification(actor=legal)
    waiting = unfinished_run(desk.session)
    assert waiting is not None
    assert (waiting.id, waiting.started_at) == (run_id, None)
    run = taken()
    assert verifying.take_verification(actor=SERVICE) is None
    verifying.renew_verification(run, entries=5, actor=SERVICE)
    under_way = unfinished_run(desk.session)
    assert under_way is not None
    assert under_way.entries == 5
    verifying.finish_verification(run, FINDING, actor=SERVICE)
    done = run_of(desk.session, run_id)
    assert done is not None
    assert done.verdict is not None
    assert (done.verdict.sentence, unfinished_run(desk.session)) == (FINDING.sentence, None)
    envelope = desk.session.scalar(sa.select(Opening.envelope).where(Opening.event_type == "trail.verified"))
    assert legal.id.encode() in (envelope or b"")


def test_who_asks_while_one_is_under_way_is_led_to_it(desk: Desk) -> None:
    first = verifying.request_verification(actor=make_account(Role.LEGAL))
    assert verifying.request_verification(actor=make_account(Role.LEGAL)) == first
    verifying.finish_verification(taken(), FINDING, actor=SERVICE)
    assert verifying.request_verification(actor=make_account(Role.LEGAL)) != first


def test_people_who_ask_at_once_get_one(desk: Desk) -> None:
    legal = make_account(Role.LEGAL)
    results = together(desk.app, [lambda: verifying.request_verification(actor=legal)] * 5)
    assert len(set(map(str, results))) == 1
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(TrailRun)) == 1


def test_workers_at_once_take_it_up_once(desk: Desk) -> None:
    verifying.request_verification(actor=make_account(Role.LEGAL))
    results = together(desk.app, [lambda: verifying.take_verification(actor=SERVICE)] * 5)
    assert len([result for result in results if result is not None]) == 1, results


def test_a_dead_worker_s_run_is_taken_over_and_its_late_verdict_refused(desk: Desk) -> None:
    verifying.request_verification(actor=make_account(Role.LEGAL))
    dead = taken()
    with later():
        alive = taken()
        assert alive.lease != dead.lease
        with pytest.raises(ClaimLost):
            verifying.renew_verification(dead, entries=9, actor=SERVICE)
        with pytest.raises(ClaimLost):
            verifying.finish_verification(dead, FINDING, actor=SERVICE)
        assert events(desk) == 0
        verifying.finish_verification(alive, FINDING, actor=SERVICE)
    assert events(desk) == 1


def test_a_run_that_workers_keep_dying_on_is_marked(desk: Desk) -> None:
    run_id = verifying.request_verification(actor=make_account(Role.LEGAL))
    with time_machine.travel(clock.now(), tick=False) as hand:
        for _try in range(MOST_TRIES):
            taken()
            hand.shift(LATER)
        assert verifying.take_verification(actor=SERVICE) is None
    done = run_of(desk.session, run_id)
    assert done is not None
    assert "worker died" in (done.failure or "")
    assert (done.verdict, events(desk)) == (None, 0)


def test_a_failure_is_told_and_leaves_no_event(desk: Desk) -> None:
    run_id = verifying.request_verification(actor=make_account(Role.LEGAL))
    run = taken()
    verifying.fail_verification(run, "The file is missing." * 100, actor=SERVICE)
    with pytest.raises(ClaimLost):
        verifying.finish_verification(run, FINDING, actor=SERVICE)
    done = run_of(desk.session, run_id)
    assert done is not None
    assert (done.failure or "").startswith("The file is missing.")
    assert events(desk) == 0


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD, Role.ADMIN])
def test_only_legal_asks_and_only_a_loop_works(desk: Desk, role: Role) -> None:
    with pytest.raises(NotPermitted):
        verifying.request_verification(actor=make_account(role))
    run = Run("T-1", "T-2", 0)
    for actor in (make_account(role), OPERATOR):
        with pytest.raises(NotPermitted):
            verifying.take_verification(actor=actor)
        with pytest.raises(NotPermitted):
            verifying.renew_verification(run, entries=0, actor=actor)
        with pytest.raises(NotPermitted):
            verifying.finish_verification(run, FINDING, actor=actor)
        with pytest.raises(NotPermitted):
            verifying.fail_verification(run, "", actor=actor)
