"""Second and third reviews when something comes between: undo, withdrawals, late items, and each other."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import cases, decisions, withdrawals
from review.actions.cases import claim_case, claim_next, release_claim
from review.actions.decisions import record_review, save_draft, undo_review
from review.actions.dispatching import dispatch_review
from review.domain.permissions import SERVICE, Actor, Role
from review.errors import (
    AlreadyRecorded,
    CaseNotClaimable,
    ClaimLost,
    NotDispatchable,
    ReviewError,
    StaleVersion,
    UndoWindowOver,
)
from review.models import Answer, Case, Decision, Item, Opening, Restriction, Review
from review.queries.stored_cases import compare_cases, told_events
from review.queries.stored_rows import OF_CASES, sets
from tests.actions.races import at_once
from tests.conftest import Desk
from tests.draws import DRAWN, NOT_DRAWN
from tests.factories import join_case, make_account, make_case, make_sender, sender_actor
from tests.judging import DECLINE, OTHER_DECLINE, WINDOW, judge, settle_review, to_second_review

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def hand() -> Iterator[Any]:
    """A clock that stands until it is moved."""
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


def _state(desk: Desk, case_id: str) -> str:
    return desk.session.get_one(Case, case_id).state


def _count(desk: Desk, table: type[Decision | Answer | Restriction]) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _last_event(desk: Desk, case_id: str) -> tuple[str, dict[str, Any]]:
    row = desk.session.scalars(
        sa.select(Opening)
        .where(Opening.object_id == case_id)
        .order_by(Opening.object_version.desc())
        .limit(1)
    ).one()
    return row.event_type, json.loads(row.envelope).get("meta", {})


def _differences(desk: Desk) -> list[str]:
    """In what the rows of cases are not as the trail tells; referrals were made without their events here."""
    rows = desk.session.execute(told_events("case", OF_CASES)).all()
    return [one.sentence for chains in sets(rows) for one in compare_cases(desk.session, chains)]


# numbers


def test_numbers_of_a_round_tell_nothing_of_the_one_before(desk: Desk, hand: Any) -> None:
    digits = set()
    for busy in (False, True):
        case_id, first, second, lead = make_case(), make_account(), make_account(), make_account(Role.LEAD)
        for _time in range(9 if busy else 0):
            claim = claim_case(case_id, actor=first)
            release_claim(case_id, claim_generation=claim.claim_generation, actor=first)
        to_second_review(case_id, first, hand)
        claim = claim_case(case_id, actor=second)
        digits |= {len(str(claim.claim_generation)), len(str(claim.version))}
        record_review(
            case_id,
            OTHER_DECLINE,
            claim_generation=claim.claim_generation,
            version=claim.version,
            actor=second,
        )
        hand.shift(WINDOW)
        pending = desk.session.get_one(Case, case_id).pending_review_id or ""
        dispatch_review(pending, actor=SERVICE)
        claim = claim_case(case_id, actor=lead)
        digits |= {len(str(claim.claim_generation)), len(str(claim.version))}
    assert digits == {9}


# undo, expiry, drafts


def test_a_second_review_has_the_same_undo_window(desk: Desk, hand: Any) -> None:
    case_id, first, second = make_case(), make_account(), make_account()
    to_second_review(case_id, first, hand)
    recorded = judge(case_id, second)
    assert recorded.undo_until == clock.now() + WINDOW
    generation = undo_review(case_id, actor=second).generation
    case = desk.session.get_one(Case, case_id)
    assert (case.state, case.claimed_by, case.claim_generation) == (
        "second_review", second.account_id, generation,
    )  # fmt: skip
    again = record_review(case_id, DECLINE, claim_generation=generation, version=case.version, actor=second)
    assert settle_review(again, hand) is not None
    rows = desk.session.execute(sa.select(Review.round, Review.undone_at).order_by(Review.recorded_at))
    assert [(name, at is not None) for name, at in rows] == [
        ("first", False), ("second", True), ("second", False),
    ]  # fmt: skip
    assert _differences(desk) == []


def test_the_first_reviewer_learns_nothing_by_trying(desk: Desk, hand: Any) -> None:
    """Undo, claim, draft and record answer the same whether the case is decided or judged again."""

    def refusals(case_id: str, first: Actor) -> list[tuple[str, str]]:
        given: dict[str, Any] = {"claim_generation": 1, "actor": first}
        found = []
        for act in (
            lambda: undo_review(case_id, actor=first),
            lambda: claim_case(case_id, actor=first),
            lambda: save_draft(case_id, {}, **given),
            lambda: record_review(case_id, DECLINE, version=1, **given),
            lambda: cases.renew_claim(case_id, **given),
            lambda: release_claim(case_id, **given),
        ):
            with pytest.raises(ReviewError) as refused:
                act()
            found.append((refused.value.code, refused.value.detail))
        return found

    plain, author = make_case(), make_account()
    settle_review(judge(plain, author), hand, lot=NOT_DRAWN)
    known = refusals(plain, author)
    assert [code for code, _detail in known][:4] == [
        UndoWindowOver.code, CaseNotClaimable.code, AlreadyRecorded.code, AlreadyRecorded.code,
    ]  # fmt: skip
    case_id, first, second = make_case(), make_account(), make_account()
    to_second_review(case_id, first, hand)
    assert refusals(case_id, first) == known
    claim_case(case_id, actor=second)
    assert refusals(case_id, first) == known
    recorded = judge(case_id, second, OTHER_DECLINE)
    assert refusals(case_id, first) == known, "while the second review can be undone"
    settle_review(recorded, hand)
    assert refusals(case_id, first) == known, "while a lead resolves"


def test_an_expired_claim_on_a_second_review_goes_to_another(desk: Desk, hand: Any) -> None:
    case_id = make_case()
    to_second_review(case_id, make_account(), hand)
    claim_case(case_id, actor=make_account())
    hand.shift(timedelta(minutes=15))
    assert cases.expire_claims(actor=SERVICE) == 1
    assert claim_next(actor=make_account()) is not None


# items that join or leave


def test_what_joins_after_the_first_review_is_not_answered_by_the_decision(desk: Desk, hand: Any) -> None:
    case_id, second = make_case(), make_account()
    recorded = judge(case_id, make_account())
    late = [join_case(case_id)]
    settle_review(recorded, hand)
    claim = claim_case(case_id, actor=second)
    late.append(join_case(case_id))
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "actor": second}
    with pytest.raises(StaleVersion):
        record_review(case_id, DECLINE, version=claim.version, **given)
    version = desk.session.get_one(Case, case_id).version
    again = record_review(case_id, DECLINE, version=version, **given)
    assert settle_review(again, hand) is not None
    moved = {desk.session.get_one(Item, item_id).case_id for item_id in late}
    assert len(moved) == 1
    assert moved != {case_id}
    assert {desk.session.get_one(Item, item_id).status for item_id in late} == {"in_review"}
    assert _count(desk, Answer) == 1
    assert _differences(desk) == []


def test_a_third_review_answers_what_the_first_one_saw(desk: Desk, hand: Any) -> None:
    case_id = make_case()
    to_second_review(case_id, make_account(), hand)
    late = join_case(case_id)
    settle_review(judge(case_id, make_account(), OTHER_DECLINE), hand)
    assert settle_review(judge(case_id, make_account(Role.LEAD)), hand) is not None
    assert desk.session.get_one(Item, late).case_id != case_id
    assert _count(desk, Answer) == 1


@pytest.mark.parametrize("third", [False, True])
def test_when_all_covered_items_are_withdrawn_the_case_begins_again(
    desk: Desk, hand: Any, third: bool
) -> None:
    sender_id = make_sender()
    case_id, first, second = make_case(sender_id=sender_id), make_account(), make_account()
    covered = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
    to_second_review(case_id, first, hand)
    join_case(case_id)
    recorded = judge(case_id, second, OTHER_DECLINE)
    if third:
        settle_review(recorded, hand)
        recorded = judge(case_id, make_account(Role.LEAD))
    withdrawals.withdraw_item(covered, actor=sender_actor(sender_id))
    assert settle_review(recorded, hand) is None
    assert _state(desk, case_id) == "open"
    assert set(desk.session.scalars(sa.select(Review.undone_at))).isdisjoint({None})
    assert _count(desk, Decision) == 0
    assert _differences(desk) == []
    claim = claim_next(actor=first)
    assert claim is not None, "an undone review is none"
    record_review(
        case_id, DECLINE, claim_generation=claim.claim_generation, version=claim.version, actor=first
    )
    hand.shift(WINDOW)
    pending = desk.session.get_one(Case, case_id).pending_review_id or ""
    assert dispatch_review(pending, actor=SERVICE, lot=NOT_DRAWN) is not None
    assert _count(desk, Answer) == 1
    assert _differences(desk) == []


def test_the_last_withdrawal_ends_the_second_review(desk: Desk, hand: Any) -> None:
    sender_id, second = make_sender(), make_account()
    case_id = make_case(sender_id=sender_id)
    to_second_review(case_id, make_account(), hand)
    claim = claim_case(case_id, actor=second)
    item = desk.session.scalars(sa.select(Item.id)).one()
    withdrawals.withdraw_item(item, actor=sender_actor(sender_id))
    assert _state(desk, case_id) == "withdrawn"
    with pytest.raises(ClaimLost):
        record_review(
            case_id, DECLINE, claim_generation=claim.claim_generation, version=claim.version, actor=second
        )


# lost races


def test_two_second_reviewers_are_one(desk: Desk, hand: Any) -> None:
    case_id = make_case()
    to_second_review(case_id, make_account(), hand)
    people = [make_account() for _person in range(4)]
    given = at_once(desk.app, [lambda person=person: claim_case(case_id, actor=person) for person in people])  # type: ignore[misc]
    assert sum(not isinstance(one, ReviewError) for one in given) == 1
    assert {type(one) for one in given if isinstance(one, ReviewError)} == {CaseNotClaimable}


def test_a_second_review_is_dispatched_once(desk: Desk, hand: Any) -> None:
    case_id = make_case()
    to_second_review(case_id, make_account(), hand)
    recorded = judge(case_id, make_account())
    hand.move_to(recorded.undo_until)
    sent = at_once(
        desk.app, [lambda: dispatch_review(recorded.review_id, actor=SERVICE) for _time in range(4)]
    )
    assert sum(isinstance(one, str) for one in sent) == 1
    assert {type(one) for one in sent if isinstance(one, ReviewError)} == {NotDispatchable}
    assert _count(desk, Decision) == _count(desk, Answer) == 1
    with pytest.raises(NotDispatchable):
        dispatch_review(recorded.review_id, actor=SERVICE)


@pytest.mark.parametrize("lot", [DRAWN, NOT_DRAWN])
def test_a_first_review_is_sent_on_once(desk: Desk, hand: Any, lot: float) -> None:
    recorded = judge(make_case(), make_account())
    hand.move_to(recorded.undo_until)
    calls = [lambda: dispatch_review(recorded.review_id, actor=SERVICE, lot=lot) for _time in range(4)]
    sent = at_once(desk.app, calls)
    refused = [one for one in sent if isinstance(one, ReviewError)]
    assert [type(one) for one in refused] == [NotDispatchable] * 3


def test_a_withdrawal_and_a_second_review_come_one_after_the_other(desk: Desk, hand: Any) -> None:
    for _round in range(4):
        sender_id, second = make_sender(), make_account()
        case_id = make_case(sender_id=sender_id)
        to_second_review(case_id, make_account(), hand)
        claim = claim_case(case_id, actor=second)
        item = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()

        def record(case_id: str = case_id, claim: Any = claim, second: Actor = second) -> object:
            return decisions.record_review(
                case_id, DECLINE, claim_generation=claim.claim_generation, version=claim.version, actor=second
            )

        def withdraw(item: str = item, sender_id: str = sender_id) -> object:
            withdrawals.withdraw_item(item, actor=sender_actor(sender_id))
            return None

        both: list[Callable[[], object]] = [record, withdraw]
        recorded, withdrawn = at_once(desk.app, both)
        assert withdrawn is None
        assert _state(desk, case_id) == "withdrawn"
        assert isinstance(recorded, ClaimLost | StaleVersion | decisions.Recorded)
        assert desk.session.get_one(Case, case_id).pending_review_id is None
