"""Claims: one holder at a time, in order, for a limited time, and all of it on the trail."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions import cases as case_actions
from review.actions.cases import claim_case, claim_next, expire_claims, release_claim, renew_claim
from review.actions.claiming import MOST_CLAIMS, Claim
from review.actions.decisions import record_review, undo_review
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor, Role
from review.errors import CaseNotClaimable, ClaimLost, NotFound, NotPermitted, ReviewError, TooManyClaims
from review.models import Case, Opening
from tests.actions.races import at_once
from tests.conftest import Desk
from tests.factories import make_account, make_case

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DECLINE = ReviewInput(
    "declined", decline_reason="no_breach", rationale="A news report.", statement="It keeps our terms."
)


def events(desk: Desk, case_id: str) -> list[str]:
    """Names of the case's own events in their order."""
    rows = desk.session.scalars(
        sa.select(Opening.event_type)
        .where(
            Opening.object_kind == "case", Opening.object_id == case_id, Opening.object_version.is_not(None)
        )
        .order_by(Opening.object_version)
    )
    return list(rows)


def _record(claim: Claim, actor: Actor) -> None:
    record_review(
        claim.case_id, DECLINE, claim_generation=claim.claim_generation, version=claim.version, actor=actor
    )


def test_claim_next_takes_the_first_and_is_on_the_trail(desk: Desk) -> None:
    person = make_account()
    make_case()
    first = make_case(rank=0)
    claim = claim_next(actor=person)
    assert claim == Claim(first, 1, 1)
    case = desk.session.get_one(Case, first)
    assert case.claimed_by == person.account_id
    assert events(desk, first) == ["case.claimed"]


def test_the_queue_is_taken_by_rank_then_due_then_arrival(desk: Desk) -> None:
    late = make_case(due_in=timedelta(hours=9))
    overdue = make_case(due_in=timedelta(hours=-1))
    order = make_case(rank=1, intake_kind="removal_order")
    threat = make_case(rank=0, due_in=timedelta(hours=20))
    people = [make_account(), make_account()]
    taken = [claim_next(actor=people[number % 2]) for number in range(4)]
    assert [claim.case_id for claim in taken if claim] == [threat, order, overdue, late]
    assert claim_next(actor=people[0]) is None


def test_claims_need_the_role(desk: Desk) -> None:
    case_id, legal = make_case(), make_account(Role.LEGAL)
    for act in (
        lambda: claim_next(actor=legal),
        lambda: claim_case(case_id, actor=legal),
        lambda: renew_claim(case_id, claim_generation=1, actor=legal),
        lambda: release_claim(case_id, claim_generation=1, actor=legal),
        lambda: expire_claims(actor=make_account()),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_claim_this_is_refused_while_a_colleague_holds_it(desk: Desk) -> None:
    case_id, first, second = make_case(), make_account(), make_account(Role.LEAD)
    claim = claim_case(case_id, actor=first)
    assert claim_case(case_id, actor=first) == claim
    with pytest.raises(CaseNotClaimable, match="colleague holds"):
        claim_case(case_id, actor=second)
    with pytest.raises(NotFound):
        claim_case("C-0000-0000-0000", actor=first)
    assert events(desk, case_id) == ["case.claimed"]


def test_a_case_with_a_pending_or_final_review_is_not_claimable(desk: Desk) -> None:
    case_id, first, second = make_case(), make_account(), make_account()
    _record(claim_case(case_id, actor=first), first)
    for person in (first, second):
        assert claim_next(actor=person) is None
        with pytest.raises(CaseNotClaimable):
            claim_case(case_id, actor=person)


def test_an_undone_review_does_not_count_as_having_reviewed(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    _record(claim_case(case_id, actor=person), person)
    generation = undo_review(case_id, actor=person).generation
    release_claim(case_id, claim_generation=generation, actor=person)
    claim = claim_next(actor=person)
    assert claim is not None
    assert claim.case_id == case_id


def test_renew_counts_from_now_and_release_frees(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        case_id, person, other = make_case(), make_account(), make_account()
        claim = claim_case(case_id, actor=person)
        clock.shift(timedelta(minutes=14))
        until = renew_claim(case_id, claim_generation=claim.claim_generation, actor=person)
        assert until == NOW + timedelta(minutes=29)
        for wrong in (
            lambda: renew_claim(case_id, claim_generation=claim.claim_generation, actor=other),
            lambda: release_claim(case_id, claim_generation=claim.claim_generation + 1, actor=person),
        ):
            with pytest.raises(ClaimLost):
                wrong()
        with pytest.raises(NotFound):
            renew_claim("C-0000-0000-0000", claim_generation=1, actor=person)
        release_claim(case_id, claim_generation=claim.claim_generation, actor=person)
        with pytest.raises(ClaimLost):
            release_claim(case_id, claim_generation=claim.claim_generation, actor=person)
        assert claim_case(case_id, actor=other).claim_generation == 2
        assert events(desk, case_id) == [
            "case.claimed", "case.claim_renewed", "case.released", "case.claimed",
        ]  # fmt: skip


def test_a_claim_ends_at_its_moment_and_not_before(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        case_id, person, other = make_case(), make_account(), make_account()
        claim_case(case_id, actor=person)
        clock.move_to(NOW + timedelta(minutes=15, microseconds=-1))
        assert expire_claims(actor=SERVICE) == 0
        assert claim_next(actor=other) is None
        clock.move_to(NOW + timedelta(minutes=15))
        with pytest.raises(ClaimLost):
            renew_claim(case_id, claim_generation=1, actor=person)
        claim = claim_next(actor=other)
        assert claim is not None
        assert claim.claim_generation == 2
        assert events(desk, case_id) == ["case.claimed", "case.claim_expired", "case.claimed"]
        assert expire_claims(actor=SERVICE) == 0


def test_expired_claims_are_ended_each_with_its_event(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        ids, person = [make_case(), make_case()], make_account()
        for case_id in ids:
            claim_case(case_id, actor=person)
        clock.shift(timedelta(minutes=16))
        assert expire_claims(actor=SERVICE) == 2
        assert expire_claims(actor=SERVICE) == 0
        for case_id in ids:
            assert desk.session.get_one(Case, case_id).claimed_by is None
            assert events(desk, case_id) == ["case.claimed", "case.claim_expired"]


def test_one_broken_case_stops_no_other_expiry(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_actions, "EXPIRY_BATCH", 2)
    with time_machine.travel(NOW, tick=False) as clock_hand:
        taken = []
        for _number in range(7):
            claimed = claim_case(make_case(), actor=make_account())
            taken.append(claimed.case_id)
            clock_hand.shift(timedelta(seconds=1))
        broken = {taken[0], taken[1], taken[4]}
        with db.transaction() as writer:
            writer.execute(sa.update(Case).where(Case.id.in_(broken)).values(trail_version=99))
        clock_hand.shift(timedelta(hours=1))
        assert expire_claims(actor=SERVICE) == 4
        held = set(desk.session.scalars(sa.select(Case.id).where(Case.claimed_by.is_not(None))))
        assert held == broken
        assert expire_claims(actor=SERVICE) == 0
        told = sa.select(sa.func.count()).where(Opening.event_type == "case.claim_expired")
        assert desk.session.scalar(told) == 4


def test_five_claims_are_the_most(desk: Desk) -> None:
    person, ids = make_account(), [make_case() for _number in range(MOST_CLAIMS + 1)]
    for _number in range(MOST_CLAIMS):
        assert claim_next(actor=person) is not None
    with pytest.raises(TooManyClaims):
        claim_next(actor=person)
    with pytest.raises(TooManyClaims):
        claim_case(ids[-1], actor=person)


def test_many_tabs_of_one_person_get_no_more_than_five(desk: Desk) -> None:
    person = make_account()
    for _number in range(12):
        make_case()
    results = at_once(desk.app, [lambda: claim_next(actor=person)] * 10)
    assert sum(isinstance(result, Claim) for result in results) == MOST_CLAIMS
    assert sum(isinstance(result, TooManyClaims) for result in results) == 5


@pytest.mark.parametrize("held", [0, 3])
def test_a_double_click_on_next_takes_one_case(desk: Desk, held: int) -> None:
    moderator = make_account()
    cases = [make_case() for _number in range(held + 3)]
    marks = [claim.mark for _number in range(held) if (claim := claim_next(actor=moderator))]
    click = partial(claim_next, holding=frozenset(marks), actor=moderator)
    results = at_once(desk.app, [click] * 2)
    assert not [result for result in results if isinstance(result, ReviewError)], results
    assert results[0] == results[1] == click()
    assert results[0] is not None
    assert results[0].case_id in cases[held:]
    taken = desk.session.scalars(sa.select(Case).where(Case.claimed_by == moderator.account_id)).all()
    assert len(taken) == held + 1
    told = sa.select(sa.func.count()).where(Opening.event_type == "case.claimed")
    assert desk.session.scalar(told) == held + 1
    known = frozenset([*marks, results[0].mark])
    following = claim_next(holding=known, actor=moderator)
    assert following is not None
    assert following.case_id != results[0].case_id


def test_thirty_two_people_never_get_the_same_case(desk: Desk) -> None:
    ids = [make_case() for _number in range(60)]
    people = [make_account() for _number in range(32)]

    def take(actor: Actor) -> list[Claim | None]:
        return [claim_next(actor=actor), claim_next(actor=actor)]

    results = at_once(desk.app, [partial(take, actor) for actor in people])
    assert not [result for result in results if isinstance(result, ReviewError)]
    taken = Counter(
        claim.case_id for result in results if isinstance(result, list) for claim in result if claim
    )
    assert set(taken.values()) == {1}, "0 doubles"
    assert set(taken) == set(ids)


def test_of_eight_who_claim_this_case_one_gets_it(desk: Desk) -> None:
    case_id, people = make_case(), [make_account() for _number in range(8)]
    results = at_once(desk.app, [partial(claim_case, case_id, actor=actor) for actor in people])
    assert sum(isinstance(result, Claim) for result in results) == 1
    assert sum(isinstance(result, CaseNotClaimable) for result in results) == 7
    assert events(desk, case_id) == ["case.claimed"]


@pytest.mark.parametrize("held", [0, MOST_CLAIMS - 1])
def test_eight_clicks_of_one_person_on_one_case_are_one_claim(desk: Desk, held: int) -> None:
    person = make_account()
    for _number in range(held):
        claim_case(make_case(), actor=person)
    case_id = make_case()
    results = at_once(desk.app, [partial(claim_case, case_id, actor=person)] * 8)
    assert results == [Claim(case_id, 1, 1)] * 8
    assert events(desk, case_id) == ["case.claimed"]


def test_expiry_and_a_take_over_at_once_leave_one_expiry(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        case_id, person, other = make_case(), make_account(), make_account()
        claim_case(case_id, actor=person)
        clock.shift(timedelta(minutes=16))
        calls = [lambda: claim_case(case_id, actor=other), *[lambda: expire_claims(actor=SERVICE)] * 3]
        at_once(desk.app, calls)
        assert events(desk, case_id) == ["case.claimed", "case.claim_expired", "case.claimed"]
