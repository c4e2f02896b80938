"""Recording for further cases of the same referral: each ticked, each its own review, all in one step."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review.actions.cases import claim_case
from review.actions.companions import LeftOut, Ticked
from review.actions.decisions import Recorded, record_review, undo_review
from review.actions.dispatching import dispatch_review
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor, Role
from review.errors import InvalidInput, InvalidReview, NotPermitted, ReviewError
from review.models import Case, Item, Opening, Review, ReviewCompanion
from review.queries.companions import MOST_COMPANIONS, companions_of, senders_of
from tests.actions.races import at_once
from tests.actions.test_cases import DECLINE, NOW, events
from tests.conftest import Desk
from tests.factories import join_case, make_account, make_case, make_sender, receive, sender_actor

URLS = tuple(f"https://video.example/together/{number}" for number in range(4))


def together(desk: Desk, *urls: str, **members: Any) -> list[str]:
    """The cases of one referral, in the order of its items."""
    received = receive(sender_actor(make_sender()), *(urls or URLS), **members)
    rows = desk.session.execute(
        sa.select(Item.case_id).where(Item.referral_id == received.referral_id).order_by(Item.position)
    )
    return [row.case_id for row in rows]


def record(
    case_id: str, *also: str, actor: Actor, review: ReviewInput = DECLINE, version: int = 1, **more: Any
) -> Recorded:
    claim = claim_case(case_id, actor=actor)
    return record_review(
        case_id,
        review,
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=actor,
        also=[Ticked(one, version) for one in also],
        **more,
    )


def listed(desk: Desk, case_id: str, actor: Actor) -> list[str]:
    found = companions_of(desk.session, case_id, account_id=actor.account_id, now=NOW)
    return [one.case_id for one in found]


def reviews(desk: Desk) -> dict[str, tuple[str | None, bool]]:
    """By case: the case of the review it was recorded with, and whether it stands."""
    main = sa.orm.aliased(Review)
    rows = desk.session.execute(
        sa.select(Review.case_id, main.case_id, Review.undone_at)
        .outerjoin(ReviewCompanion, ReviewCompanion.review_id == Review.id)
        .outerjoin(main, main.id == ReviewCompanion.main_review_id)
        .order_by(Review.recorded_at)
    )
    return {row[0]: (row[1], row[2] is None) for row in rows}


def test_each_ticked_case_gets_a_review_of_its_own_with_its_own_events(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_account()
        first, second, third, fourth = together(desk)
        assert listed(desk, first, person) == [second, third, fourth]
        recorded = record(first, second, third, actor=person)
        assert set(recorded.also) == {second, third}
        assert recorded.left_out == ()
        assert reviews(desk) == {first: (None, True), second: (first, True), third: (first, True)}
        for case_id in (first, second, third):
            assert events(desk, case_id) == ["case.claimed", "case.review_recorded"]
        assert desk.session.get_one(Case, fourth).claim_generation == 0
        opening = desk.session.scalars(
            sa.select(Opening).where(Opening.object_id == second).order_by(Opening.object_version.desc())
        ).first()
        assert opening is not None
        assert "recorded_with" in opening.fields
        hand.shift(timedelta(seconds=61))
        for row in desk.session.scalars(sa.select(Review.id)).all():
            assert dispatch_review(row, actor=SERVICE) is not None


def test_what_others_hold_reviewed_or_saw_change_is_left_out_and_told(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        person, other = make_account(), make_account()
        first, held, reviewed, changed = together(desk)
        claim_case(held, actor=other)
        record(reviewed, actor=other)
        join_case(changed, url=URLS[3])
        assert listed(desk, first, person) == [changed]
        strange = make_case()
        recorded = record(first, held, reviewed, changed, strange, "C-0000-0000-0000", first, actor=person)
        assert recorded.also == ()
        assert set(recorded.left_out) == {
            LeftOut(held, "taken"),
            LeftOut(reviewed, "taken"),
            LeftOut(changed, "changed"),
            LeftOut(strange, "taken"),
            LeftOut("C-0000-0000-0000", "taken"),
        }
        assert events(desk, changed) == []
        assert events(desk, strange) == []


def test_a_case_that_one_holds_oneself_goes_along_even_at_five_claims(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        person = make_account()
        first, second, *_rest = together(desk)
        for _number in range(3):
            claim_case(make_case(), actor=person)
        claim_case(second, actor=person)
        recorded = record(first, second, actor=person)
        assert recorded.also == (second,)
        assert events(desk, second) == ["case.claimed", "case.review_recorded"]


def test_kinds_do_not_mix(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        person = make_account()
        first, second, *_rest = together(desk)
        notice = make_case(url=URLS[1], intake_kind="notice")
        assert notice not in listed(desk, first, person)
        recorded = record(first, notice, actor=person)
        assert recorded.left_out == (LeftOut(notice, "taken"),)
        assert second in listed(desk, second.replace(second, first), make_account())


def test_the_statement_names_no_sender_of_any_of_them(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        person = make_account()
        first, second, *_rest = together(desk)
        join_case(second, url=URLS[1], sender_id=make_sender("Harbour Watch"))
        assert senders_of(desk.session, [first, second]) == 2
        review = ReviewInput(
            "declined", decline_reason="no_breach", rationale="A report.", statement="Harbour Watch, thanks."
        )
        with pytest.raises(InvalidReview, match="not recorded") as refused:
            record(first, second, actor=person, review=review, version=2)
        assert [error.code for error in refused.value.errors] == ["names_sender"]
        assert reviews(desk) == {}


def test_undo_of_the_case_at_hand_takes_all_of_them_back(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        person = make_account()
        first, second, third, _fourth = together(desk)
        record(first, second, third, actor=person)
        undo_review(third, actor=person)
        assert reviews(desk)[first] == (None, True)
        undo_review(first, actor=person)
        assert {case_id: stands for case_id, (_main, stands) in reviews(desk).items()} == {
            first: False, second: False, third: False,
        }  # fmt: skip
        assert events(desk, second) == ["case.claimed", "case.review_recorded", "case.review_undone"]
        held = {case_id: desk.session.get_one(Case, case_id).claimed_by for case_id in (first, second, third)}
        assert held == {first: person.account_id, second: None, third: person.account_id}
        assert second in listed(desk, first, person)


def test_only_judges_record_and_at_most_twenty_at_once(desk: Desk) -> None:
    first, second, *_rest = together(desk)
    with pytest.raises(NotPermitted):
        record_review(
            first, DECLINE, claim_generation=1, version=1, actor=make_account(Role.LEGAL),
            also=[Ticked(second, 1)],
        )  # fmt: skip
    many = [Ticked(second, 1)] * (MOST_COMPANIONS + 1)
    with pytest.raises(InvalidInput, match="at most 20"):
        record_review(first, DECLINE, claim_generation=1, version=1, actor=make_account(), also=many)
    assert reviews(desk) == {}


def test_two_who_tick_each_others_cases_never_both_record_one(desk: Desk) -> None:
    first, second, third, fourth = together(desk)
    people = [make_account(), make_account()]
    results = at_once(
        desk.app,
        [
            lambda: record(first, third, fourth, actor=people[0]),
            lambda: record(second, fourth, third, actor=people[1]),
        ],
    )
    assert [one for one in results if isinstance(one, ReviewError)] == []
    standing = desk.session.execute(sa.select(Review.case_id, sa.func.count()).group_by(Review.case_id)).all()
    assert all(row[1] == 1 for row in standing)
    assert {first, second} <= {row[0] for row in standing}
