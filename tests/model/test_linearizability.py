"""Claims and judgements by many at once could have happened one after the other, on both databases."""

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Barrier

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions.cases import claim_case, claim_next, release_claim, renew_claim
from review.actions.claiming import Claim
from review.actions.decisions import record_review, undo_review
from review.domain.decisions import ReviewInput
from review.domain.permissions import Actor
from review.errors import ReviewError
from review.models import Case
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.model.linearizability import Call, legal_order
from tests.rounds import more
from tests.threads import together

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DECLINE = ReviewInput(
    "declined", decline_reason="no_breach", rationale="A news report.", statement="It keeps our terms."
)
CASES, PEOPLE, TABS, CALLS = 3, 5, 2, 40
History = dict[str, list[Call]]


class Tab:
    """One window of one person: it knows which claims it was given, and tries anything with them."""

    def __init__(self, person: int, actor: Actor, ticks: "itertools.count[int]", *, seed: int) -> None:
        self.person, self.actor, self.ticks = person, actor, ticks
        self.chance = random.Random(seed)
        self.claims: dict[str, tuple[int, int]] = {}
        self.calls: list[tuple[str, Call]] = []

    def work(self, case_ids: list[str]) -> list[tuple[str, Call]]:
        """Forty calls; what came of each."""
        for _call in range(CALLS):
            action = self.chance.choice(("claim", "next", "decide", "decide", "undo", "release", "renew"))
            self.call(action, self.chance.choice(case_ids))
        return self.calls

    def call(self, action: str, case_id: str, take: Callable[..., Claim] = claim_case) -> None:
        """One call, put down with its answer; ``take`` is how this case is claimed."""
        generation, version = self.claims.get(case_id, (1, 1))
        begun = next(self.ticks)
        answer = "done"
        try:
            if action in ("claim", "next"):
                claim = take(case_id, actor=self.actor) if action == "claim" else claim_next(actor=self.actor)
                if claim is None:
                    return
                case_id, generation, version = claim.case_id, claim.claim_generation, claim.version
            elif action == "undo":
                generation, version = undo_review(case_id, actor=self.actor).generation, version + 2
            elif action == "decide":
                record_review(
                    case_id, DECLINE, claim_generation=generation, version=version, actor=self.actor
                )
            else:
                act = release_claim if action == "release" else renew_claim
                act(case_id, claim_generation=generation, actor=self.actor)
        except ReviewError as error:
            answer = error.code
        ended = next(self.ticks)
        if answer == "done" and action in ("claim", "next", "undo"):
            self.claims[case_id] = (generation, version)
        call = Call(self.person, action, answer, begun, ended, generation, version)
        self.calls.append((case_id, call))


def _history(desk: Desk, *, seed: int) -> History:
    """What many tabs saw who worked at the same moments on few cases."""
    case_ids = [make_case() for _case in range(CASES)]
    ticks = itertools.count()
    tabs = [
        Tab(person, actor, ticks, seed=seed + 10 * person + tab)
        for person, actor in enumerate([make_account() for _person in range(PEOPLE)])
        for tab in range(TABS)
    ]
    found: History = defaultdict(list)
    for calls in together(desk.app, [partial(tab.work, case_ids) for tab in tabs]):
        assert isinstance(calls, list), calls
        for case_id, call in calls:
            found[case_id].append(call)
    return found


def test_what_many_did_at_once_could_have_been_done_one_by_one(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    answers: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False):
        for round_number in range(2 * more(request.config)):
            history = _history(desk, seed=1000 * round_number)
            for case_id, calls in history.items():
                assert legal_order(calls) is not None, f"{case_id}: {calls}"
                answers.update(f"{call.action} {call.answer}" for call in calls)
            # the next round finds an empty queue
            with db.transaction() as writer:
                writer.execute(sa.update(Case).values(state="withdrawn", claimed_by=None, claimed_until=None))
    print(dict(sorted(answers.items())))
    wanted = {"claim done", "claim case_not_claimable", "next done", "decide done", "decide claim_lost"}
    assert wanted <= set(answers)


def _look_then_take(case_id: str, *, meeting: Barrier, actor: Actor) -> Claim:
    """A claim as one would write it first: look whether the case is free, then take it."""
    seen = db.session().get_one(Case, case_id)
    assert seen.claimed_by is None
    meeting.wait(10)
    with db.transaction() as writer:
        writer.execute(
            sa.update(Case)
            .where(Case.id == case_id)
            .values(claimed_by=actor.account_id, claimed_until=NOW.replace(hour=11), claim_generation=1)
        )
    return Claim(case_id, 1, 1)


def test_a_claim_that_looks_first_and_takes_then_is_found_out(desk: Desk) -> None:
    case_id, ticks, meeting = make_case(), itertools.count(), Barrier(4)
    tabs = [Tab(person, make_account(), ticks, seed=person) for person in range(4)]
    take = partial(_look_then_take, meeting=meeting)
    together(desk.app, [partial(tab.call, "claim", case_id, take) for tab in tabs])
    calls = [call for tab in tabs for _case_id, call in tab.calls]
    assert [call.answer for call in calls] == ["done"] * 4
    assert legal_order(calls) is None


def test_a_true_history_with_one_answer_changed_is_found_out(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        history = _history(desk, seed=7)
    judged = [calls for calls in history.values() if _first(calls, "decide", "done")]
    for calls in judged:
        taken, decided = _first(calls, "claim", "done"), _first(calls, "decide", "done")
        refused = _first(calls, "claim", "case_not_claimable")
        assert legal_order(calls) is not None
        assert decided
        assert legal_order([*calls, decided]) is None
        for honest in (taken, refused):
            if honest:
                doctored = replace(honest, answer="done", generation=99)
                assert legal_order([doctored if call is honest else call for call in calls]) is None
    assert judged


def _first(calls: list[Call], action: str, answer: str) -> Call | None:
    return next((call for call in calls if (call.action, call.answer) == (action, answer)), None)


def _taken(person: int, begun: int, ended: int, generation: int) -> Call:
    return Call(person, "claim", "done", begun, ended, generation, 1)


def test_two_holders_of_one_claim_are_found_out() -> None:
    assert legal_order([_taken(0, 0, 2, 1), _taken(1, 1, 3, 1)]) is None
    assert legal_order([_taken(0, 0, 2, 1), _taken(1, 1, 3, 2)]) is None


def test_two_who_judge_the_same_case_are_found_out() -> None:
    judged = [Call(0, "decide", "done", 2, 5, 1, 1), Call(0, "decide", "done", 3, 4, 1, 1)]
    assert legal_order([_taken(0, 0, 1, 1), *judged]) is None
    assert legal_order([_taken(0, 0, 1, 1), judged[0]]) is not None


def test_calls_may_change_places_only_where_they_overlap() -> None:
    released = Call(0, "release", "done", 4, 9, 1)
    assert legal_order([_taken(0, 0, 1, 1), released, _taken(1, 3, 5, 2)]) is not None
    assert legal_order([_taken(0, 0, 1, 1), released, _taken(1, 2, 3, 2)]) is None


def test_the_order_found_is_one_that_the_clock_allows() -> None:
    calls = [
        Call(1, "claim", "case_not_claimable", 0, 9),
        _taken(0, 2, 3, 1),
        Call(0, "release", "done", 4, 5, 1),
        _taken(2, 6, 7, 2),
    ]
    order = legal_order(calls)
    assert order is not None
    assert order[0] is calls[1]
    assert {call.begun for call in order} == {0, 2, 4, 6}
