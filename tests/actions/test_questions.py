"""Asking a sender: ends the claim, is no review, comes back with the answer, the item, or after a week."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import questions
from review.actions.cases import claim_case
from review.actions.withdrawals import withdraw_item, withdraw_referral
from review.clock import rfc3339
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role, Scope
from review.domain.questions import WAITS
from review.errors import (
    AlreadyClosed,
    ClaimLost,
    InvalidInput,
    InvalidReview,
    NotFound,
    NotPermitted,
    ScopeTooSmall,
    StaleVersion,
)
from review.models import Case, Draft, Item, Opening, Question, Referral, Review
from review.queries.questions import asked_by, questions_on
from review.queries.referrals import own_referral
from tests.conftest import Desk
from tests.factories import join_case, make_account, make_case, make_sender, sender_actor
from tests.threads import together

QUESTION = "At which minute is it?"
ANSWER = "At minute 3."


class Asked:
    """A case of two senders, the first of whom is asked."""

    def __init__(self, desk: Desk, **changes: Any) -> None:
        self.desk = desk
        names = changes.pop("names", ("First of all", "Second to none"))
        self.senders = [make_sender(name) for name in names]
        self.case_id = make_case(sender_id=self.senders[0], due_in=timedelta(days=9))
        self.items = [self.item(), join_case(self.case_id, sender_id=self.senders[1])]
        self.asker = make_account()
        self.actors = [sender_actor(sender_id) for sender_id in self.senders]
        self.before = self.place()
        if changes.pop("ask", True):
            self.ask(**changes)

    def item(self) -> str:
        return self.desk.session.scalars(sa.select(Item.id).where(Item.case_id == self.case_id)).one()

    def ask(self, question: str = QUESTION, **changes: Any) -> Any:
        claim = claim_case(self.case_id, actor=self.asker)
        given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
        return questions.ask_sender(self.case_id, question, actor=self.asker, **given | changes)

    def answer(self, answer: str = ANSWER, **changes: Any) -> None:
        questions.give_answer(self.referral(0), answer, **{"actor": self.actors[0]} | changes)

    def referral(self, place: int) -> str:
        wanted = sa.select(Item.referral_id).where(Item.id == self.items[place])
        return self.desk.session.scalars(wanted).one()

    def seen_by(self, place: int) -> dict[str, Any]:
        own = own_referral(self.desk.session, self.referral(place), sender_id=self.senders[place])
        assert own is not None
        return own.as_dict()

    def position(self, place: int) -> int:
        wanted = sa.select(Referral.change_position).where(Referral.id == self.referral(place))
        return self.desk.session.scalars(wanted).one()

    @property
    def state(self) -> str:
        return str(self.desk.session.scalar(sa.select(Case.state).where(Case.id == self.case_id)))

    def place(self) -> Any:
        """Where it stands in the queue."""
        columns = (Case.rank, Case.due_at, Case.opened_at)
        return self.desk.session.execute(sa.select(*columns).where(Case.id == self.case_id)).one()

    def told(self, object_id: str | None = None) -> list[str]:
        ordered = sa.select(Opening.event_type).where(Opening.object_id == (object_id or self.case_id))
        return list(self.desk.session.scalars(ordered.order_by(Opening.object_version)))


def test_a_question_takes_the_case_out_of_the_queue_and_is_no_review(desk: Desk) -> None:
    asked = Asked(desk)
    case = desk.session.get_one(Case, asked.case_id)
    assert (asked.state, case.claimed_by, case.pending_review_id) == ("waiting_sender", None, None)
    assert asked.told()[-1] == "case.sender_asked"
    assert asked.told(asked.items[0]) == ["item.question_asked"]
    assert desk.session.scalars(sa.select(Review)).all() == []
    (one,) = asked_by(desk.session, account_id=str(asked.asker.account_id), now=clock.now()).rows
    assert (one.case_id, one.state, one.case_state) == (asked.case_id, "waiting", "waiting_sender")
    assert asked_by(desk.session, account_id=str(make_account().account_id), now=clock.now()).rows == ()


def test_its_sender_alone_sees_the_question_and_no_other_sender_sees_any_change(desk: Desk) -> None:
    asked = Asked(desk, ask=False)
    before, places = [asked.seen_by(0), asked.seen_by(1)], [asked.position(0), asked.position(1)]
    asked.ask()
    seen = asked.seen_by(0)
    (item,) = seen["items"]
    assert (seen["status"], item["status"]) == ("waiting_sender", "waiting_sender")
    assert item["question"].keys() == {"text", "asked_at"}
    assert item["question"]["text"] == QUESTION
    assert seen["updated_at"] > before[0]["updated_at"]
    assert asked.position(0) > places[0]
    asked.answer()
    back = asked.seen_by(0)
    assert back["updated_at"] > seen["updated_at"]
    assert back | {"updated_at": ""} == before[0] | {"updated_at": ""}
    assert (asked.seen_by(1), asked.position(1)) == (before[1], places[1])


def test_the_named_item_is_asked_about(desk: Desk) -> None:
    asked = Asked(desk, ask=False)
    asked.ask(item_id=asked.items[1])
    assert [asked.seen_by(place)["status"] for place in (0, 1)] == ["in_review", "waiting_sender"]
    assert asked.told(asked.items[0]) == []


def test_the_next_case_is_claimed_in_the_same_step_and_the_draft_is_what_one_keeps(desk: Desk) -> None:
    asked = Asked(desk, ask=False)
    second = make_case()
    claim = asked.ask(then_next=True, draft={"rationale": "So far."})
    assert claim.case_id == second
    (draft,) = desk.session.scalars(sa.select(Draft)).all()
    assert (draft.case_id, draft.fields) == (asked.case_id, {"rationale": "So far."})
    other = Asked(desk, names=("Third", "Fourth"))
    assert desk.session.scalars(sa.select(Draft).where(Draft.case_id == other.case_id)).all() == []


def test_an_answer_brings_the_case_back_to_its_place_in_the_queue(desk: Desk) -> None:
    asked = Asked(desk)
    asked.answer()
    assert (asked.state, asked.place()) == ("open", asked.before)
    assert asked.told()[-1] == "case.answer_received"
    assert asked.told(asked.items[0]) == ["item.question_asked", "item.answer_given"]
    (ended,) = questions_on(desk.session, asked.case_id)
    assert (ended.question, ended.answer, ended.item_id) == (QUESTION, ANSWER, asked.items[0])
    asked.ask("And in which language?")
    assert asked.state == "waiting_sender"
    assert len(questions_on(desk.session, asked.case_id)) == 1


def test_the_same_answer_again_changes_nothing_and_another_one_is_refused(desk: Desk) -> None:
    asked = Asked(desk)
    asked_at = asked.seen_by(0)["items"][0]["question"]["asked_at"]
    asked.answer()
    told = asked.told()
    asked.answer()
    asked.answer(item_id=asked.items[0], asked_at=asked_at)
    with pytest.raises(AlreadyClosed):
        asked.answer("Something else.")
    assert asked.told() == told


def test_an_answer_to_an_earlier_question_is_not_taken_for_one_to_the_next(desk: Desk) -> None:
    asked = Asked(desk)
    first = asked.seen_by(0)["items"][0]["question"]["asked_at"]
    asked.answer()
    asked.ask("And in which language?")
    with pytest.raises(AlreadyClosed):
        asked.answer("In French.", asked_at=first)
    asked.answer(asked_at=first)  # that very answer again: nothing happens
    assert asked.state == "waiting_sender"
    second = asked.seen_by(0)["items"][0]["question"]["asked_at"]
    asked.answer("In French.", asked_at=second)
    assert asked.state == "open"


def test_without_an_answer_it_comes_back_after_seven_days(desk: Desk) -> None:
    asked = Asked(desk)
    position = asked.position(0)
    with time_machine.travel(clock.now() + WAITS - timedelta(minutes=1), tick=False):
        assert questions.end_questions(actor=SERVICE) == 0
    with time_machine.travel(clock.now() + WAITS + timedelta(minutes=1), tick=False):
        assert questions.end_questions(actor=SERVICE) == 1
        assert questions.end_questions(actor=SERVICE) == 0
        assert asked.seen_by(0)["updated_at"] == rfc3339(clock.now())
    assert (asked.state, asked.place()) == ("open", asked.before)
    assert asked.told()[-1] == "case.question_ended"
    assert asked.position(0) > position
    assert asked.seen_by(0)["items"][0]["question"] is None
    (ended,) = questions_on(desk.session, asked.case_id)
    assert ended.answer is None
    with pytest.raises(AlreadyClosed):
        asked.answer()


def test_with_its_item_a_question_ends_and_the_case_comes_back(desk: Desk) -> None:
    asked = Asked(desk)
    withdraw_item(asked.items[0], actor=asked.actors[0])
    assert (asked.state, asked.told()[-1]) == ("open", "case.question_ended")
    assert asked.seen_by(0)["items"][0]["status"] == "withdrawn"
    with pytest.raises(AlreadyClosed):
        asked.answer()


def test_an_item_beside_it_may_be_withdrawn_while_the_question_waits(desk: Desk) -> None:
    asked = Asked(desk)
    withdraw_item(asked.items[1], actor=asked.actors[1])
    assert asked.state == "waiting_sender"
    withdraw_referral(asked.referral(0), actor=asked.actors[0])
    assert (asked.state, asked.told()[-1]) == ("withdrawn", "case.withdrawn")
    assert desk.session.scalars(sa.select(Question.id).where(Question.ended_at.is_(None))).all() == []
    (one,) = asked_by(desk.session, account_id=str(asked.asker.account_id), now=clock.now()).rows
    assert one.state == "withdrawn"


def test_an_item_may_join_while_the_question_waits(desk: Desk) -> None:
    asked = Asked(desk)
    join_case(asked.case_id)
    asked.answer()
    assert asked.state == "open"
    assert desk.session.get_one(Case, asked.case_id).items_live == 3


def test_only_the_holder_asks_with_the_form_of_this_claim(desk: Desk) -> None:
    asked = Asked(desk, ask=False)
    claim = claim_case(asked.case_id, actor=asked.asker)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}

    def ask(question: str = QUESTION, case_id: str = asked.case_id, **changes: Any) -> Callable[[], object]:
        arguments = {"actor": asked.asker} | given | changes
        return lambda: questions.ask_sender(case_id, question, **arguments)

    refusals: list[tuple[type[Exception], Callable[[], object]]] = [
        (InvalidReview, ask(" ")),
        (InvalidReview, ask("Does Second to none say the same?")),
        (InvalidReview, ask(item_id=join_case(make_case()))),
        (ClaimLost, ask(actor=make_account())),
        (NotFound, ask(case_id="C-1")),
        (ClaimLost, ask(claim_generation=99)),
    ]
    for kind, attempt in refusals:
        with pytest.raises(kind):
            attempt()
    join_case(asked.case_id)
    with pytest.raises(StaleVersion):
        ask()()
    assert asked.state == "open"
    assert desk.session.scalars(sa.select(Question)).all() == []
    asked.ask("In which minute is it?")


def test_who_may_not_ask_answer_or_end_is_refused(desk: Desk) -> None:
    asked = Asked(desk)
    wrong: list[tuple[type[Exception], Actor]] = [
        (NotPermitted, make_account(Role.LEGAL)),
        (NotPermitted, make_account(Role.MODERATOR)),
        (ScopeTooSmall, sender_actor(asked.senders[0], Scope.READ)),
        (NotFound, asked.actors[1]),
    ]
    for kind, actor in wrong:
        with pytest.raises(kind):
            asked.answer(actor=actor)
    for role in (Role.LEGAL, Role.ADMIN):
        with pytest.raises(NotPermitted):
            questions.ask_sender(
                asked.case_id, QUESTION, actor=make_account(role), claim_generation=1, version=1
            )
    for actor in (asked.asker, OPERATOR):
        with pytest.raises(NotPermitted):
            questions.end_questions(actor=actor)
    with pytest.raises(InvalidInput):
        asked.answer(" ")
    with pytest.raises(AlreadyClosed):
        asked.answer(item_id=asked.items[1])
    assert asked.state == "waiting_sender"
    asked.answer(actor=make_account(Role.SENDER, sender_id=asked.senders[0]))
    assert asked.state == "open"


def test_of_two_different_answers_at_once_one_is_refused_and_of_equal_ones_none(desk: Desk) -> None:
    asked = Asked(desk)
    referral_id = asked.referral(0)
    attempts = [
        lambda answer=answer: questions.give_answer(referral_id, answer, actor=asked.actors[0])
        for answer in ("One.", "One.", "Two.", "Two.")
    ]
    results = together(desk.app, attempts)
    assert len([result for result in results if isinstance(result, AlreadyClosed)]) == 2, results
    assert asked.told().count("case.answer_received") == 1


def test_of_two_tabs_that_ask_at_once_one_is_refused(desk: Desk) -> None:
    asked = Asked(desk, ask=False)
    claim = claim_case(asked.case_id, actor=asked.asker)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    attempts = [lambda: questions.ask_sender(asked.case_id, QUESTION, actor=asked.asker, **given)] * 4
    results = together(desk.app, attempts)
    assert len([result for result in results if isinstance(result, ClaimLost)]) == 3, results
    assert asked.told().count("case.sender_asked") == 1


def test_an_answer_and_the_end_of_the_week_never_both_happen(desk: Desk) -> None:
    asked = Asked(desk)
    referral_id = asked.referral(0)
    with time_machine.travel(clock.now() + WAITS + timedelta(minutes=1), tick=False):
        together(
            desk.app,
            [
                lambda: questions.give_answer(referral_id, ANSWER, actor=asked.actors[0]),
                lambda: questions.end_questions(actor=SERVICE),
            ],
        )
    ends = [name for name in asked.told() if name in ("case.answer_received", "case.question_ended")]
    assert len(ends) == 1
