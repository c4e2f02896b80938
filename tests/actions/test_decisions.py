"""Judging: recorded once, undone in time, dispatched once, every covered item answered."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review.actions.cases import claim_case, claim_next, expire_claims
from review.actions.claiming import Claim
from review.actions.decisions import (
    LONGEST_DRAFT,
    Recorded,
    record_review,
    save_draft,
    undo_review,
)
from review.actions.dispatching import dispatch_review
from review.actions.withdrawals import withdraw_item
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor, Role
from review.errors import (
    AlreadyRecorded,
    ClaimLost,
    InvalidInput,
    InvalidReview,
    NotDispatchable,
    NotFound,
    NothingToUndo,
    NotPermitted,
    ReviewError,
    StaleVersion,
    UndoWindowOver,
)
from review.models import Answer, Case, Decision, Draft, Item, Opening, Referral, Restriction, Review
from review.queries import decisions as stored
from review.workers import dispatching, expiring
from tests.actions.races import at_once
from tests.actions.test_cases import DECLINE, NOW, events
from tests.conftest import Desk
from tests.factories import join_case, make_account, make_case, make_clause, make_sender, sender_actor

WINDOW = timedelta(seconds=60)


def _record(claim: Claim, actor: Actor, review: ReviewInput = DECLINE) -> Recorded:
    return record_review(
        claim.case_id, review, claim_generation=claim.claim_generation, version=claim.version, actor=actor
    )


def _recorded(actor: Actor, review: ReviewInput = DECLINE, **members: object) -> tuple[str, Recorded]:
    case_id = make_case(**members)  # type: ignore[arg-type]
    return case_id, _record(claim_case(case_id, actor=actor), actor, review)


def _accept(clause: str) -> ReviewInput:
    return ReviewInput(
        "accepted",
        ground="terms",
        clauses=(clause,),
        visibility="removed",
        rationale="The video praises a listed organisation.",
        statement="It breaks clause 4.2.",
    )


def _items(desk: Desk, case_id: str) -> list[str]:
    return list(desk.session.scalars(sa.select(Item.status).where(Item.case_id == case_id)))


def _count(desk: Desk, table: type[Decision | Review | Draft | Answer | Restriction]) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_recorded_review_waits_and_is_on_the_trail(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        person, clause = make_account(), make_clause()
        case_id, recorded = _recorded(person, _accept(clause))
        assert recorded.undo_until == NOW + WINDOW
        case = desk.session.get_one(Case, case_id)
        assert (case.state, case.pending_review_id, case.version) == ("open", recorded.review_id, 2)
        assert (case.claimed_by, case.claimed_until) == (None, None)
        review = desk.session.get_one(Review, recorded.review_id)
        assert (review.case_version, review.claim_generation, review.round) == (1, 1, "first")
        assert events(desk, case_id) == ["case.claimed", "case.review_recorded"]
        assert _items(desk, case_id) == ["in_review"]


def test_a_removal_order_can_be_undone_for_ten_seconds(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        review = ReviewInput("declined", decline_reason="impossible", rationale="The host is gone.")
        _case, recorded = _recorded(make_account(), review, intake_kind="removal_order", rank=1)
        assert recorded.undo_until == NOW + timedelta(seconds=10)


def test_judging_needs_the_role(desk: Desk) -> None:
    case_id, legal = make_case(), make_account(Role.LEGAL)
    for act in (
        lambda: record_review(case_id, DECLINE, claim_generation=1, version=1, actor=legal),
        lambda: save_draft(case_id, {}, claim_generation=1, actor=legal),
        lambda: undo_review(case_id, actor=legal),
        lambda: dispatch_review("V-0000-0000-0000", actor=make_account(Role.LEAD)),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_only_the_holder_of_this_claim_and_version_records(desk: Desk) -> None:
    case_id, person, other = make_case(), make_account(), make_account()
    claim = claim_case(case_id, actor=person)
    for generation, version, actor, refusal in (
        (1, 1, other, ClaimLost),
        (2, 1, person, ClaimLost),
        (1, 2, person, StaleVersion),
    ):
        with pytest.raises(refusal):
            record_review(case_id, DECLINE, claim_generation=generation, version=version, actor=actor)
    with pytest.raises(NotFound):
        record_review("C-0000-0000-0000", DECLINE, claim_generation=1, version=1, actor=person)
    join_case(case_id)
    with pytest.raises(StaleVersion):
        _record(claim, person)
    assert _count(desk, Review) == 0
    _record(Claim(case_id, 1, 2), person)
    with pytest.raises(AlreadyRecorded):
        _record(Claim(case_id, 1, 2), person)
    assert _count(desk, Review) == 1


def test_a_claim_that_comes_during_the_refusal_is_not_taken_for_a_changed_case(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id, person = make_case(), make_account()
    look = stored.standing_review

    def claim_then_look(*arguments: Any, **named: Any) -> object:
        # SQLite's one writer leaves no room for this
        if desk.database == "postgresql":
            assert at_once(desk.app, [lambda: claim_case(case_id, actor=person)]) == [Claim(case_id, 1, 1)]
        return look(*arguments, **named)

    monkeypatch.setattr(stored, "standing_review", claim_then_look)
    with pytest.raises(ClaimLost):
        _record(Claim(case_id, 1, 1), person)


def test_the_rules_hold_in_the_action_too(desk: Desk) -> None:
    person = make_account()
    case_id = make_case(sender_id=make_sender("Harbour Watch"))
    claim = claim_case(case_id, actor=person)
    for review in (
        _accept("W-0000-0000-0000"),
        ReviewInput("declined", decline_reason="no_breach", rationale="x", statement="For Harbour Watch."),
    ):
        with pytest.raises(InvalidReview):
            _record(claim, person, review)
    case = desk.session.get_one(Case, case_id)
    assert (case.claimed_by, case.pending_review_id) == (person.account_id, None)


def test_an_expired_claim_records_nothing(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        person = make_account()
        claim = claim_case(make_case(), actor=person)
        clock.move_to(NOW + timedelta(minutes=15))
        with pytest.raises(ClaimLost):
            _record(claim, person)
        with pytest.raises(ClaimLost):
            save_draft(claim.case_id, {}, claim_generation=1, actor=person)


def test_drafts_belong_to_their_author_and_go_with_the_record(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    claim = claim_case(case_id, actor=person)
    save_draft(case_id, {"rationale": "first"}, claim_generation=1, actor=person)
    save_draft(case_id, {"rationale": "second"}, claim_generation=1, actor=person)
    with pytest.raises(ClaimLost):
        save_draft(case_id, {"rationale": "x"}, claim_generation=1, actor=make_account())
    with pytest.raises(InvalidInput):
        save_draft(case_id, {"rationale": "x" * LONGEST_DRAFT}, claim_generation=1, actor=person)
    assert desk.session.scalars(sa.select(Draft)).one().fields == {"rationale": "second"}
    saved = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "case.draft_saved")).all()
    assert [entry.object_version for entry in saved] == [None, None]
    _record(claim, person)
    assert _count(desk, Draft) == 0


def test_of_eight_tabs_exactly_one_records(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    claim = claim_case(case_id, actor=person)
    results = at_once(desk.app, [lambda: _record(claim, person)] * 8)
    assert sum(isinstance(result, Recorded) for result in results) == 1
    assert sum(isinstance(result, AlreadyRecorded) for result in results) == 7
    assert _count(desk, Review) == 1
    assert events(desk, case_id) == ["case.claimed", "case.review_recorded"]


def test_eight_saves_of_a_draft_at_once_leave_one(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    claim_case(case_id, actor=person)
    calls = [
        lambda text=str(number): save_draft(case_id, {"rationale": text}, claim_generation=1, actor=person)
        for number in range(8)
    ]
    results = at_once(desk.app, calls)
    assert not [result for result in results if isinstance(result, ReviewError)]
    assert _count(desk, Draft) == 1


def test_undo_gives_text_and_case_back_even_at_five_claims(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        person, clause = make_account(), make_clause()
        case_id, recorded = _recorded(person, _accept(clause))
        for _number in range(5):
            make_case()
            assert claim_next(actor=person) is not None
        with pytest.raises(NotPermitted):
            undo_review(case_id, actor=make_account())
        clock.move_to(NOW + WINDOW - timedelta(microseconds=1))
        assert undo_review(case_id, actor=person).generation == 2
        case = desk.session.get_one(Case, case_id)
        assert (case.claimed_by, case.pending_review_id, case.version) == (person.account_id, None, 3)
        draft = desk.session.get_one(Draft, (case_id, person.account_id))
        assert (draft.fields["outcome"], draft.fields["clauses"]) == ("accepted", [clause])
        assert desk.session.get_one(Review, recorded.review_id).undone_at is not None
        assert events(desk, case_id)[2:] == ["case.review_undone", "case.claimed"]
        with pytest.raises(NothingToUndo):
            undo_review(case_id, actor=person)
        assert isinstance(_record(Claim(case_id, 2, 3), person), Recorded)


def test_of_eight_clicks_on_undo_one_undoes_and_no_other_speaks_of_the_window(desk: Desk) -> None:
    person = make_account()
    case_id, _review = _recorded(person)
    results = at_once(desk.app, [lambda: undo_review(case_id, actor=person)] * 8)
    assert sum(getattr(result, "generation", None) == 2 for result in results) == 1, results
    assert sum(isinstance(result, NothingToUndo) for result in results) == 7, results
    assert events(desk, case_id)[2:] == ["case.review_undone", "case.claimed"]


def test_undo_after_the_window_is_refused(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        person = make_account()
        case_id, recorded = _recorded(person)
        clock.move_to(NOW + WINDOW)
        with pytest.raises(UndoWindowOver):
            undo_review(case_id, actor=person)
        assert desk.session.get_one(Case, case_id).pending_review_id == recorded.review_id
        dispatch_review(recorded.review_id, actor=SERVICE)
        with pytest.raises(UndoWindowOver):
            undo_review(case_id, actor=person)
        with pytest.raises(NotFound):
            undo_review("C-0000-0000-0000", actor=person)


def test_dispatch_decides_answers_and_moves_the_referrals(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        clause = make_clause("4.2", "No praise of listed organisations.")
        case_id, recorded = _recorded(make_account(), _accept(clause), items=2)
        clock.move_to(NOW + WINDOW)
        decision_id = dispatch_review(recorded.review_id, actor=SERVICE)
        case = desk.session.get_one(Case, case_id)
        assert (case.state, case.pending_review_id, case.decided_at) == ("decided", None, NOW + WINDOW)
        assert _items(desk, case_id) == ["decided", "decided"]
        answers = desk.session.scalars(sa.select(Answer)).all()
        assert len(answers) == 2
        body = json.loads(answers[0].body)
        assert body["clauses"][0]["text"] == "No praise of listed organisations."
        assert body["decided_at"] == "2026-11-23T10:01:00.000000Z"
        restriction = desk.session.scalars(sa.select(Restriction)).one()
        assert (restriction.decision_id, restriction.visibility) == (decision_id, "removed")
        assert (restriction.starts_at, restriction.ends_at) == (NOW + WINDOW, None)
        assert events(desk, case_id)[-1] == "case.decided"
        answered = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "item.answered")).all()
        assert {entry.object_id for entry in answered} == {answer.item_id for answer in answers}
        for referral in desk.session.scalars(sa.select(Referral)):
            assert referral.updated_at == NOW + WINDOW
            assert referral.change_position > 0


def test_a_decline_asks_for_no_restriction(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        _case, recorded = _recorded(make_account())
        clock.move_to(NOW + WINDOW)
        dispatch_review(recorded.review_id, actor=SERVICE)
        assert _count(desk, Restriction) == 0


def test_dispatch_waits_for_the_window_and_never_takes_what_was_undone(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        person = make_account()
        case_id, recorded = _recorded(person)
        clock.move_to(NOW + WINDOW - timedelta(microseconds=1))
        with pytest.raises(NotDispatchable):
            dispatch_review(recorded.review_id, actor=SERVICE)
        assert dispatching.dispatch_due() == 0
        undo_review(case_id, actor=person)
        clock.move_to(NOW + WINDOW)
        with pytest.raises(NotDispatchable):
            dispatch_review(recorded.review_id, actor=SERVICE)
        with pytest.raises(NotFound):
            dispatch_review("V-0000-0000-0000", actor=SERVICE)
        assert dispatching.dispatch_due() == 0
        assert _count(desk, Decision) == 0


def test_two_dispatchers_and_an_undo_at_once_decide_once(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        person = make_account()
        case_id, recorded = _recorded(person, items=3)
        clock.move_to(NOW + WINDOW)
        calls = [
            *[lambda: dispatch_review(recorded.review_id, actor=SERVICE)] * 6,
            lambda: str(undo_review(case_id, actor=person)),
        ]
        results = at_once(desk.app, calls)
        assert sum(isinstance(result, str) for result in results) == 1
        assert _count(desk, Decision) == 1
        assert _count(desk, Answer) == 3


def test_an_item_that_joins_later_moves_to_a_new_case(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        case_id, recorded = _recorded(make_account(), due_in=timedelta(hours=5))
        late = join_case(case_id)
        clock.move_to(NOW + WINDOW)
        dispatch_review(recorded.review_id, actor=SERVICE)
        item = desk.session.get_one(Item, late)
        assert (item.status, item.joined_version) == ("in_review", 1)
        assert item.case_id != case_id
        case = desk.session.get_one(Case, item.case_id)
        assert (case.state, case.items_live, case.version, case.claim_generation) == ("open", 1, 1, 0)
        assert case.due_at == NOW + timedelta(hours=5)
        assert desk.session.get_one(Case, case_id).items_live == 1
        assert events(desk, item.case_id) == ["case.opened"]
        assert _items(desk, case_id) == ["decided"]


def test_undo_leaves_a_late_item_where_it_is(desk: Desk) -> None:
    person = make_account()
    case_id, _recorded_review = _recorded(person)
    join_case(case_id)
    undo_review(case_id, actor=person)
    assert _items(desk, case_id) == ["in_review", "in_review"]
    assert desk.session.get_one(Case, case_id).version == 4


def test_what_is_withdrawn_in_the_window_is_not_answered(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        sender_id = make_sender()
        case_id, recorded = _recorded(make_account(), items=2, sender_id=sender_id)
        other_id, other = _recorded(make_account(), sender_id=sender_id)
        first, _second = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id))
        only = desk.session.scalars(sa.select(Item.id).where(Item.case_id == other_id)).one()
        withdraw_item(first, actor=sender_actor(sender_id))
        withdraw_item(only, actor=sender_actor(sender_id))
        clock.move_to(NOW + WINDOW)
        assert dispatching.dispatch_due() == 1
        assert dispatching.dispatch_due() == 0
        with pytest.raises(NotDispatchable):
            dispatch_review(other.review_id, actor=SERVICE)
        assert sorted(_items(desk, case_id)) == ["decided", "withdrawn"]
        assert desk.session.get_one(Case, other_id).state == "withdrawn"
        assert desk.session.scalars(sa.select(Decision.review_id)).all() == [recorded.review_id]


def test_withdrawing_the_last_item_ends_the_claim_of_the_holder(desk: Desk) -> None:
    sender_id, person = make_sender(), make_account()
    case_id = make_case(sender_id=sender_id)
    claim = claim_case(case_id, actor=person)
    item = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
    withdraw_item(item, actor=sender_actor(sender_id))
    with pytest.raises(ClaimLost, match="withdrawn"):
        _record(claim, person)


def test_the_loops_say_whether_there_is_more(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        person = make_account()
        _recorded(person)
        claim_case(make_case(), actor=person)
        clock.move_to(datetime(2026, 11, 24, tzinfo=UTC))
        assert dispatching.run_once(desk.app) is False
        assert expiring.run_once(desk.app) is False
        assert expire_claims(actor=SERVICE) == 0
        assert _count(desk, Decision) == 1


def test_many_loops_at_once_dispatch_each_review_once(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _number in range(4):
            _recorded(make_account())
        clock.move_to(NOW + WINDOW)
        results = at_once(desk.app, [dispatching.dispatch_due] * 6)
        assert sum(done for done in results if isinstance(done, int)) == 4
        assert _count(desk, Decision) == 4
