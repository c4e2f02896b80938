"""One's own work as it is read: the states of each thing, whose it is, and that indexes find it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from review.actions.assigning import assign_case
from review.actions.cases import claim_case, release_claim
from review.actions.claiming import Claim
from review.actions.decisions import record_review, save_draft, undo_review
from review.actions.dispatching import dispatch_review
from review.actions.escalations import advise_case, end_escalations, escalate_case
from review.actions.withdrawals import withdraw_item
from review.domain.escalations import WAITS
from review.domain.permissions import SERVICE, Actor, Role
from review.models import Account, Item, Opening
from review.queries import my_work, notes, own_left, own_unmaskings
from tests.actions.test_cases import DECLINE, NOW
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sender, sender_actor


def _record(case_id: str, actor: Actor) -> str:
    claim = claim_case(case_id, actor=actor)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    return record_review(case_id, DECLINE, actor=actor, **given).review_id


def _escalate(case_id: str, actor: Actor) -> None:
    claim = claim_case(case_id, actor=actor)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    escalate_case(case_id, "Is this satire?", actor=actor, **given)


def _draft(case_id: str, actor: Actor) -> Claim:
    claim = claim_case(case_id, actor=actor)
    save_draft(case_id, {"rationale": "mine"}, claim_generation=claim.claim_generation, actor=actor)
    return claim


def test_held_cases_say_who_gave_them_and_whether_something_is_typed(desk: Desk) -> None:
    lead, person = make_account(Role.LEAD), make_account()
    name = desk.session.get_one(Account, person.account_id).pseudonym
    given, back, own, drafted = (make_case() for _number in range(4))
    for case_id in (given, back):
        assign_case(case_id, to=name, actor=lead)
    release_claim(back, claim_generation=1, actor=person)
    claim_case(back, actor=person)
    claim_case(own, actor=person)
    _draft(drafted, person)
    now = desk_now(desk, drafted)
    held = my_work.held_now(desk.session, account_id=person.account_id or "", now=now)
    told = {one.case.id: (one.assigned, one.drafted_at is not None) for one in held}
    assert told == {
        given: (True, False), back: (False, False), own: (False, False), drafted: (False, True),
    }  # fmt: skip
    assert my_work.held_now(desk.session, account_id=lead.account_id or "", now=now) == ()


def desk_now(desk: Desk, case_id: str) -> Any:
    """The moment of the last event of a case."""
    return desk.session.scalar(
        sa.select(sa.func.max(Opening.recorded_at)).where(Opening.object_id == case_id)
    )


def test_a_changed_envelope_hides_only_the_remark(desk: Desk) -> None:
    lead, person, case_id = make_account(Role.LEAD), make_account(), make_case()
    assign_case(case_id, to=desk.session.get_one(Account, person.account_id).pseudonym, actor=lead)
    assert my_work._generation_in(b"{}") is None
    envelope = desk.session.scalars(sa.select(Opening.envelope).where(Opening.object_id == case_id)).one()
    assert my_work._generation_in(envelope) == 1


def test_reviews_stand_in_their_states_with_what_can_be_undone_first(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person, sender_id = make_account(), make_sender()
        old = make_case(sender_id=sender_id)
        _record(old, person)
        hand.shift(timedelta(hours=25))
        decided, dropped, waiting, undone = (make_case(sender_id=sender_id) for _number in range(4))
        review = _record(decided, person)
        _record(dropped, person)
        item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == dropped)).one()
        withdraw_item(item_id, actor=sender_actor(sender_id))
        _record(undone, person)
        undo_review(undone, actor=person)
        hand.shift(timedelta(seconds=1))
        _record(waiting, person)
        hand.shift(timedelta(seconds=60))
        dispatch_review(review, actor=SERVICE)
        fresh = make_case()
        _record(fresh, person)
        now = NOW + timedelta(hours=25, seconds=61)
        listed = my_work.own_reviews(desk.session, account_id=person.account_id or "", now=now)
        assert [(one.case_id, one.state) for one in listed.rows] == [
            (fresh, "undoable"), (waiting, "recorded"), (decided, "recorded"), (dropped, "withdrawn"),
        ]  # fmt: skip
        assert not listed.more
        other = make_account().account_id or ""
        assert my_work.own_reviews(desk.session, account_id=other, now=now).rows == ()


def test_drafts_are_ones_own_of_live_cases_not_held(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        person, colleague, sender_id = make_account(), make_account(), make_sender()
        free, held, taken, gone = (make_case(sender_id=sender_id) for _number in range(4))
        for case_id in (free, taken, gone):
            claim = _draft(case_id, person)
            release_claim(case_id, claim_generation=claim.claim_generation, actor=person)
        _draft(held, person)
        _draft(taken, colleague)
        item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == gone)).one()
        withdraw_item(item_id, actor=sender_actor(sender_id))
        listed = my_work.left_drafts(desk.session, account_id=person.account_id or "", now=NOW)
        assert {one.case.id: (one.case.claimable, one.case.held) for one in listed.rows} == {
            free: (True, "free"), taken: (False, "held"),
        }  # fmt: skip
        assert my_work.left_drafts(desk.session, account_id=colleague.account_id or "", now=NOW).rows == ()


def test_questions_say_what_became_of_them(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person, sender_id = make_account(), make_sender()
        ended = make_case(due_in=timedelta(days=9))
        _escalate(ended, person)
        hand.shift(WAITS + timedelta(minutes=1))
        end_escalations(actor=SERVICE)
        advised, waiting, gone = (make_case(sender_id=sender_id) for _number in range(3))
        for case_id in (advised, waiting, gone):
            hand.shift(timedelta(seconds=1))
            _escalate(case_id, person)
        advise_case(advised, "It is; see clause 4.2.", actor=make_account(Role.LEGAL))
        item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == gone)).one()
        withdraw_item(item_id, actor=sender_actor(sender_id))
        now = NOW + WAITS + timedelta(minutes=2)
        listed = my_work.own_questions(desk.session, account_id=person.account_id or "", now=now)
        assert [(one.case_id, one.state, one.case_state) for one in listed.rows] == [
            (gone, "withdrawn", "withdrawn"), (waiting, "waiting", "escalated"),
            (advised, "advised", "open"), (ended, "ended", "open"),
        ]  # fmt: skip
        later = now + my_work.QUESTIONS_BACK
        assert my_work.own_questions(desk.session, account_id=person.account_id or "", now=later).rows == ()


def test_a_long_list_ends_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(my_work, "LISTED", 2)
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_account()
        for _number in range(3):
            hand.shift(timedelta(seconds=1))
            case_id = make_case()
            claim = _draft(case_id, person)
            release_claim(case_id, claim_generation=claim.claim_generation, actor=person)
            _record(make_case(), person)
            _escalate(make_case(), person)
        for listed in (my_work.own_reviews, my_work.left_drafts, my_work.own_questions):
            found: Any = listed(
                desk.session, account_id=person.account_id or "", now=NOW + timedelta(seconds=3)
            )
            assert (len(found.rows), found.more) == (2, True)


def _unmaskings(reader: Session, *, account_id: str, now: datetime) -> object:
    """Without a span of time: whoever was away for long is told as well."""
    return own_unmaskings.unmaskings_of(reader, account_id=account_id)


INDEXES: tuple[tuple[Callable[..., object], str], ...] = (
    (my_work.own_reviews, "ix_reviews_account_id"),
    (my_work.left_drafts, "ix_drafts_account_id"),
    (my_work.own_questions, "ix_escalations_asked_by"),
    (own_left.set_aside_by, "ix_set_asides_account_id"),
    (notes.mentions_of, "ix_note_mentions_account_id"),
    (_unmaskings, "ix_openings_unmasking"),
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("listed", "index"), INDEXES, ids=[index for _listed, index in INDEXES])
def test_the_lists_are_found_by_an_index(desk: Desk, listed: Callable[..., object], index: str) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    person = make_account()
    engine = desk.session.get_bind()  # on which a session of its own is heard from its start
    sa.event.listen(engine, "before_cursor_execute", note)
    with Session(engine) as reader:
        listed(reader, account_id=person.account_id, now=NOW)
    sa.event.remove(engine, "before_cursor_execute", note)
    reads = [(text, given) for text, given in asked if text.startswith("SELECT") and "LIMIT" in text]
    connection = desk.session.connection()
    plans = [
        str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given).all()) for text, given in reads
    ]
    assert any(index in plan for plan in plans), plans
    assert not any("TEMP B-TREE" in plan for plan in plans), "found in the order in which they are listed"
