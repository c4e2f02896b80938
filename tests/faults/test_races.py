"""Many at the same moment: no case is given twice, judged twice, or judged by who no longer holds it.

C-04, C-05 and C-06 of the targets. Beside each promise stands the careless way of doing it, which looks first
and writes then: the same checks must find it out, else they see nothing.
"""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
import sqlalchemy as sa

from app import create_app
from review import db
from review.actions.cases import claim_case, claim_next, expire_claims, release_claim, renew_claim
from review.actions.claiming import MOST_CLAIMS, Claim
from review.actions.decisions import Recorded, record_review, save_draft
from review.domain.ids import new_id
from review.domain.permissions import SERVICE, Actor
from review.errors import AlreadyRecorded, CaseNotClaimable, ClaimLost, ReviewError
from review.models import Case, Opening, Review
from review.web.errors import status_of
from tests.actions.races import at_once
from tests.actions.test_cases import DECLINE, NOW
from tests.conftest import Desk
from tests.factories import make_accounts, make_cases
from tests.rounds import more

pytestmark = pytest.mark.faults

WORKERS = 32
CI_CLAIMS, ALL_CLAIMS = 1_000, 10_000
DECIDERS = 8
CI_CASES, ALL_CASES = 100, 500
CI_TRIALS = 98  # every pair of edges twice
AHEAD = 40  # how far beyond the front of the queue "this" reaches
CLAIM_LENGTH = timedelta(minutes=15)
Result = TypeVar("Result")


def doubles(claims: Sequence[Claim]) -> dict[str, int]:
    """Cases that were given more than once, and how often."""
    given = Counter(claim.case_id for claim in claims)
    return {case_id: times for case_id, times in given.items() if times > 1}


def _events(desk: Desk, name: str) -> Counter[str]:
    rows = sa.select(Opening.object_id).where(Opening.event_type == name)
    return Counter(desk.session.scalars(rows))


def _take_all(ids: Sequence[str], people: Iterator[Actor], *, seed: int) -> list[Claim]:
    """Work through the queue until nothing is left: "next" and "this" by turns, five claims a person."""
    chance, taken = random.Random(seed), list[Claim]()
    place_of = {case_id: place for place, case_id in enumerate(ids)}
    place, actor, mine = 0, next(people), set[str]()
    while True:
        if chance.random() < 0.5:
            claim = claim_next(actor=actor)
            if claim is None:
                return taken
            place = place_of[claim.case_id]
        else:
            wanted = ids[min(place + chance.randrange(AHEAD), len(ids) - 1)]
            claim = None if wanted in mine else _this(wanted, actor)
        if claim is None:
            continue
        taken.append(claim)
        mine.add(claim.case_id)
        if len(mine) == MOST_CLAIMS:
            actor, mine = next(people), set()


def _this(case_id: str, actor: Actor) -> Claim | None:
    try:
        return claim_case(case_id, actor=actor)
    except CaseNotClaimable:
        return None


def test_thirty_two_workers_share_thousands_of_cases_without_a_double(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    count = min(ALL_CLAIMS, CI_CLAIMS * more(request.config))
    ids = make_cases(count)
    people = iter(make_accounts(count // MOST_CLAIMS + 2 * WORKERS))
    db.session().rollback()
    barrier = threading.Barrier(WORKERS)
    # as two processes would: each with connections of its own
    apps = [desk.app, create_app(desk.settings)]

    def work(seed: int) -> list[Claim]:
        with apps[seed % 2].app_context():
            barrier.wait(30)
            return _take_all(ids, people, seed=seed)

    with ThreadPoolExecutor(WORKERS) as pool:
        claims = list(itertools.chain.from_iterable(pool.map(work, range(WORKERS))))
    with apps[1].app_context():
        db.extension.engine.dispose()
    assert doubles(claims) == {}
    assert {claim.case_id for claim in claims} == set(ids)
    assert {claim.claim_generation for claim in claims} == {1}
    assert _events(desk, "case.claimed") == Counter(ids)
    print(f"{desk.database}: {len(claims)} claims by {WORKERS} workers, {len(doubles(claims))} doubles")


def _look_then_take(case_id: str, actor: Actor, meeting: threading.Barrier) -> Claim:
    """The careless claim: look whether the case is free, then take it whatever happened since."""
    assert db.session().get_one(Case, case_id).claimed_by is None
    meeting.wait(10)
    with db.transaction() as writer:
        until = NOW + CLAIM_LENGTH
        mine = sa.update(Case).values(claimed_by=actor.account_id, claimed_until=until, claim_generation=1)
        writer.execute(mine.where(Case.id == case_id))
    return Claim(case_id, 1, 1)


def test_the_check_for_doubles_finds_a_careless_claim(desk: Desk) -> None:
    people, meeting = make_accounts(DECIDERS), threading.Barrier(DECIDERS)
    (case_id,) = make_cases(1)
    calls = [partial(_look_then_take, case_id, actor, meeting) for actor in people]
    claims = [result for result in at_once(desk.app, calls) if isinstance(result, Claim)]
    assert doubles(claims) == {case_id: DECIDERS}


def _decide(claim: Claim, actor: Actor) -> Recorded:
    return record_review(
        claim.case_id, DECLINE, claim_generation=claim.claim_generation, version=claim.version, actor=actor
    )


def _claim_and_decide(case_id: str, actor: Actor) -> Recorded:
    return _decide(claim_case(case_id, actor=actor), actor)


def winners(results: Sequence[Recorded | ReviewError]) -> int:
    """How many of those who judged one case at the same moment were told that it is recorded."""
    return sum(isinstance(result, Recorded) for result in results)


def _deciders(case_id: str, people: Sequence[Actor], *, way: int) -> list[Callable[[], Recorded]]:
    """Eight tabs of the holder; eight people who each claim first; or four of either."""
    if way == 1:
        return [partial(_claim_and_decide, case_id, actor) for actor in people]
    claim = claim_case(case_id, actor=people[0])
    tabs = DECIDERS if way == 0 else DECIDERS // 2
    return [
        partial(_decide, claim, people[0]) if place < tabs else partial(_claim_and_decide, case_id, actor)
        for place, actor in enumerate(people)
    ]


def test_of_eight_who_judge_a_case_at_once_exactly_one_does(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    ids = make_cases(min(ALL_CASES, CI_CASES * more(request.config)))
    people = make_accounts(DECIDERS)
    refusals: Counter[str] = Counter()
    for place, case_id in enumerate(ids):
        calls = _deciders(case_id, people, way=place % 3)
        db.session().rollback()
        results = at_once(desk.app, calls)
        assert winners(results) == 1, f"{case_id}: {results}"
        refused = [result for result in results if isinstance(result, ReviewError)]
        assert [status_of(error) for error in refused] == [409] * (DECIDERS - 1)
        assert all(isinstance(error, AlreadyRecorded | CaseNotClaimable | ClaimLost) for error in refused)
        refusals.update(error.code for error in refused)
    assert Counter(desk.session.scalars(sa.select(Review.case_id))) == Counter(ids)
    assert _events(desk, "case.review_recorded") == Counter(ids)
    print(f"{desk.database}: {len(ids)} cases x {DECIDERS} deciders, one winner each; {dict(refusals)}")


def _look_then_decide(claim: Claim, actor: Actor, meeting: threading.Barrier) -> Recorded:
    """The careless judgement: look whether the claim is still one's own, then write all the same."""
    seen = db.session().get_one(Case, claim.case_id)
    assert (seen.claimed_by, seen.pending_review_id) == (actor.account_id, None)
    meeting.wait(10)
    with db.transaction() as writer:
        review_id = new_id("V")
        judged = sa.update(Case).values(pending_review_id=review_id, claimed_by=None, claimed_until=None)
        writer.execute(judged.where(Case.id == claim.case_id))
    return Recorded(review_id, NOW)


def test_the_count_of_winners_finds_a_careless_judgement(desk: Desk) -> None:
    (actor,), (case_id,), meeting = make_accounts(1), make_cases(1), threading.Barrier(DECIDERS)
    claim = claim_case(case_id, actor=actor)
    db.session().rollback()
    assert winners(at_once(desk.app, [partial(_look_then_decide, claim, actor, meeting)] * DECIDERS)) == 8


class Clocks:
    """The clocks of several machines: every thread may go before or after the common time."""

    def __init__(self) -> None:
        self.time = NOW
        self._own = threading.local()

    def now(self) -> datetime:
        """What the clock of this thread says."""
        return self.time + getattr(self._own, "by", timedelta(0))

    def at(self, by: timedelta, call: Callable[[], Result]) -> Result:
        """The call on a machine whose clock is ahead of the common time by so much."""
        self._own.by = by
        try:
            return call()
        finally:
            self._own.by = timedelta(0)


EDGES = tuple(timedelta(microseconds=by) for by in (-50_000, -1_000, -1, 0, 1, 1_000, 50_000))


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """Clocks that differ from thread to thread."""
    clocks = Clocks()
    monkeypatch.setattr("review.clock.now", clocks.now)
    return clocks


def test_at_its_end_a_claim_has_one_holder_whatever_the_clocks_say(
    desk: Desk, clocks: Clocks, request: pytest.FixtureRequest
) -> None:
    trials = CI_TRIALS * more(request.config)
    ids, people = make_cases(trials), make_accounts(2 * trials)
    outcomes: Counter[str] = Counter()
    for case_id, edges in zip(ids, itertools.cycle(itertools.product(EDGES, EDGES)), strict=False):
        holder, other = people.pop(), people.pop()
        claim = claim_case(case_id, actor=holder)
        clocks.time += CLAIM_LENGTH
        db.session().rollback()
        calls: list[Callable[[], Claim | Recorded]] = [
            partial(clocks.at, edges[0], partial(_decide, claim, holder)),
            partial(clocks.at, edges[1], partial(claim_case, case_id, actor=other)),
        ]
        before, after = at_once(desk.app, calls)
        outcomes[_one_holder(before, after, edges)] += 1
        if isinstance(after, Claim):
            _nobody_else_writes(claim, holder)
            assert isinstance(clocks.at(edges[1], partial(_decide, after, other)), Recorded)
    assert len(outcomes) == 3, outcomes
    print(f"{desk.database}: {trials} ends of claims, {dict(outcomes)}")


def _one_holder(
    before: Claim | Recorded | ReviewError, after: Claim | Recorded | ReviewError, edges: Sequence[timedelta]
) -> str:
    """Who got the case at the end of a claim: its holder, the next one or nobody; never both."""
    kept, passed = isinstance(before, Recorded), isinstance(after, Claim)
    assert kept or isinstance(before, ClaimLost), before
    assert passed or isinstance(after, CaseNotClaimable), after
    runs_out, is_free = edges[0] >= timedelta(0), edges[1] >= timedelta(0)
    assert not (kept and passed), "two holders"
    assert not (kept and runs_out), "judged after the end"
    assert not (passed and not is_free), "taken before the end"
    assert kept or passed or (runs_out and not is_free), "the case was refused to both"
    return "holder" if kept else "next" if passed else "nobody"


def _nobody_else_writes(claim: Claim, holder: Actor) -> None:
    """Whatever the former holder sends with the old generation is refused by name."""
    case_id, generation = claim.case_id, claim.claim_generation
    for write in (
        lambda: _decide(claim, holder),
        lambda: save_draft(case_id, {"rationale": "late"}, claim_generation=generation, actor=holder),
        lambda: renew_claim(case_id, claim_generation=generation, actor=holder),
        lambda: release_claim(case_id, claim_generation=generation, actor=holder),
    ):
        with pytest.raises(ClaimLost):
            write()


def test_who_claims_again_cannot_use_the_form_of_the_ended_claim(desk: Desk, clocks: Clocks) -> None:
    (case_id,), (person,) = make_cases(1), make_accounts(1)
    first = claim_case(case_id, actor=person)
    clocks.time += CLAIM_LENGTH
    assert expire_claims(actor=SERVICE) == 1
    second = claim_case(case_id, actor=person)
    assert second.claim_generation == first.claim_generation + 1
    _nobody_else_writes(first, person)
    assert isinstance(_decide(second, person), Recorded)
    assert desk.session.get_one(Case, case_id).pending_review_id is not None
