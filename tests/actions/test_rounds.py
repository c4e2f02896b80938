"""Second and third reviews: who may take them, what they lead to, and what is answered by whose words."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import assigning, cases, decisions, escalations, withdrawals
from review.actions.cases import claim_case, claim_next, release_claim
from review.actions.decisions import record_review, save_draft, undo_review
from review.actions.dispatching import dispatch_review
from review.domain.permissions import SERVICE, Actor, Role
from review.errors import (
    AlreadyRecorded,
    CaseNotClaimable,
    ClaimLost,
    InvalidReview,
    NotDispatchable,
    NotPermitted,
    ReviewError,
    StaleVersion,
    UndoWindowOver,
)
from review.models import Account, Answer, Case, Decision, Item, Opening, Referral, Restriction, Review
from review.queries import cases as queue
from review.queries.stored_cases import compare_cases, told_events
from review.queries.stored_rows import OF_CASES, sets
from tests.actions.races import at_once
from tests.actions.test_cases import events
from tests.conftest import Desk
from tests.draws import DRAWN, NOT_DRAWN
from tests.factories import join_case, make_account, make_case, make_clause, make_sender, sender_actor
from tests.judging import DECLINE, OTHER_DECLINE, WINDOW, accept, judge, settle_review, to_second_review

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


# sent to a second review


def test_a_drawn_review_decides_nothing_and_the_case_waits_again(desk: Desk, hand: Any) -> None:
    case_id, first = make_case(), make_account()
    to_second_review(case_id, first, hand)
    case = desk.session.get_one(Case, case_id)
    assert (case.state, case.pending_review_id, case.claimed_by) == ("second_review", None, None)
    assert _count(desk, Decision) == _count(desk, Answer) == _count(desk, Restriction) == 0
    assert desk.session.scalars(sa.select(Item.status)).one() == "in_review"
    assert _last_event(desk, case_id) == ("case.second_review_due", {"why": "random", "share": "0"})
    assert _differences(desk) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"account": "suspended"}, "account_measure"),
        ({"over_broad": True}, "over_broad"),
        ({"context": "research"}, "context"),
        ({"account": "terminated", "context": "art"}, "account_measure,context"),
    ],
)
def test_a_rule_asks_for_a_second_review_without_a_draw(
    desk: Desk, hand: Any, changes: dict[str, Any], why: str
) -> None:
    case_id = make_case()
    recorded = judge(case_id, make_account(), accept(make_clause(), **changes))
    assert settle_review(recorded, hand, lot=NOT_DRAWN) is None
    assert _last_event(desk, case_id)[1]["why"] == why


@pytest.mark.parametrize(
    ("made", "patterns"),
    [
        ({"content_type": "channel"}, ()),
        ({"url": "https://video.example/"}, ()),
        ({"url": "https://video.example/channel/x"}, ("/channel/*",)),
    ],
)
def test_a_broad_location_asks_for_one(
    desk: Desk, hand: Any, made: dict[str, Any], patterns: tuple[str, ...]
) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, over_broad_paths=patterns)
    case_id = make_case(**{name: value for name, value in made.items() if name == "url"})
    with db.transaction() as writer:
        kind = made.get("content_type", "video")
        writer.execute(sa.update(Item).where(Item.case_id == case_id).values(content_type=kind))
    assert settle_review(judge(case_id, make_account()), hand, lot=NOT_DRAWN) is None
    assert _last_event(desk, case_id)[1]["why"] == "over_broad"


def test_an_ordinary_review_that_is_not_drawn_is_the_decision(desk: Desk, hand: Any) -> None:
    case_id = make_case()
    assert settle_review(judge(case_id, make_account()), hand, lot=NOT_DRAWN) is not None
    assert _state(desk, case_id) == "decided"


def test_the_share_of_the_settings_is_drawn(desk: Desk, hand: Any) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, second_review_share=0.5)
    states = []
    for lot in (0.49, 0.5):
        case_id = make_case()
        settle_review(judge(case_id, make_account()), hand, lot=lot)
        states.append(_state(desk, case_id))
    assert states == ["second_review", "decided"]


def test_the_senders_side_stands_still_until_the_answer(desk: Desk, hand: Any) -> None:
    case_id, first, second = make_case(), make_account(), make_account()

    def told() -> list[Any]:
        columns = (Referral.updated_at, Referral.change_position, Item.status, Item.trail_version)
        joined = sa.select(*columns, Referral.trail_version).join(Item, Item.referral_id == Referral.id)
        return [tuple(row) for row in desk.session.execute(joined)]

    before = told()
    to_second_review(case_id, first, hand)
    recorded = judge(case_id, second, OTHER_DECLINE)
    assert settle_review(recorded, hand) is None
    assert _state(desk, case_id) == "resolving"
    assert told() == before


# who may take it


def test_anybody_but_the_first_reviewer_takes_the_second_review(desk: Desk, hand: Any) -> None:
    case_id, first, second = make_case(), make_account(), make_account()
    to_second_review(case_id, first, hand)
    assert claim_next(actor=first) is None
    with pytest.raises(CaseNotClaimable, match="You have reviewed this case already"):
        claim_case(case_id, actor=first)
    claim = claim_next(actor=second)
    assert claim is not None
    assert claim.case_id == case_id


def test_only_a_lead_who_wrote_neither_resolves(desk: Desk, hand: Any) -> None:
    case_id, author, second, lead = (
        make_case(),
        make_account(Role.LEAD),
        make_account(),
        make_account(Role.LEAD),
    )
    to_second_review(case_id, author, hand)
    settle_review(judge(case_id, second, OTHER_DECLINE), hand)
    assert _last_event(desk, case_id)[0] == "case.reviews_differ"
    for person in (make_account(), author, second):
        assert claim_next(actor=person) is None
        with pytest.raises(CaseNotClaimable):
            claim_case(case_id, actor=person)
    claim = claim_next(actor=lead)
    assert claim is not None
    assert claim.case_id == case_id


def test_a_lead_takes_the_first_of_both_queues(desk: Desk, hand: Any) -> None:
    disputed, waiting = make_case(due_in=timedelta(hours=3)), make_case(due_in=timedelta(hours=1))
    lead = make_account(Role.LEAD)
    to_second_review(disputed, make_account(), hand)
    settle_review(judge(disputed, make_account(), OTHER_DECLINE), hand)
    taken = [claim_next(actor=lead), claim_next(actor=lead)]
    assert [claim and claim.case_id for claim in taken] == [waiting, disputed]


def test_legal_and_admin_take_no_second_review(desk: Desk, hand: Any) -> None:
    case_id = make_case()
    to_second_review(case_id, make_account(), hand)
    for role in (Role.LEGAL, Role.ADMIN):
        with pytest.raises(NotPermitted):
            claim_case(case_id, actor=make_account(role))


def test_nobody_chooses_who_judges_after_a_colleague(desk: Desk, hand: Any) -> None:
    case_id, lead, other = make_case(), make_account(Role.LEAD), make_account()
    to_second_review(case_id, make_account(), hand)
    name = desk.session.get_one(Account, other.account_id).pseudonym
    with pytest.raises(CaseNotClaimable, match="none that can be assigned"):
        assigning.assign_case(case_id, to=name, actor=lead)


def test_a_second_reviewer_cannot_ask_legal(desk: Desk, hand: Any) -> None:
    case_id, second = make_case(), make_account()
    to_second_review(case_id, make_account(), hand)
    claim = claim_case(case_id, actor=second)
    with pytest.raises(InvalidReview):
        escalations.escalate_case(
            case_id, "Is this satire?", claim_generation=claim.claim_generation, version=claim.version,
            actor=second,
        )  # fmt: skip


def test_the_queue_shows_a_second_review_to_all_but_its_first_reviewer(desk: Desk, hand: Any) -> None:
    case_id, first, second, lead = make_case(), make_account(), make_account(), make_account(Role.LEAD)
    to_second_review(case_id, first, hand)

    def seen(person: Actor, *, resolves: bool = False) -> tuple[list[str], int, bool]:
        given: dict[str, Any] = {"account_id": person.account_id, "now": clock.now(), "resolves": resolves}
        counts = queue.queue_counts(desk.session, **given)
        rows = queue.queue_page(desk.session, **given).rows
        return [row.id for row in rows], counts.waiting, counts.oldest_at is not None

    assert seen(first) == ([], 0, False)
    assert seen(second) == ([case_id], 1, True)
    settle_review(judge(case_id, second, OTHER_DECLINE), hand)
    assert seen(first) == seen(second) == seen(make_account()) == ([], 0, False)
    assert seen(lead, resolves=True) == ([case_id], 1, True)


# agree, differ, resolve


def test_an_agreeing_second_review_sends_the_first_ones_statement(desk: Desk, hand: Any) -> None:
    clause = make_clause()
    case_id = make_case()
    first = to_second_review(case_id, make_account(), hand, accept(clause))
    words = {"rationale": "Seen from the other side it is the same.", "statement": "Other words."}
    second = judge(case_id, make_account(), accept(clause, **words))
    decision_id = settle_review(second, hand)
    decision = desk.session.get_one(Decision, decision_id)
    assert (decision.review_id, _state(desk, case_id)) == (first.review_id, "decided")
    answer = json.loads(desk.session.scalars(sa.select(Answer.body)).one())
    assert answer["statement"] == "It breaks clause 4.2."
    assert _count(desk, Restriction) == 1
    assert events(desk, case_id)[-4:] == [
        "case.second_review_due", "case.claimed", "case.review_recorded", "case.decided",
    ]  # fmt: skip
    assert _differences(desk) == []


def test_differing_reviews_wait_for_a_lead_whose_review_is_the_decision(desk: Desk, hand: Any) -> None:
    case_id, lead = make_case(), make_account(Role.LEAD)
    first = to_second_review(case_id, make_account(), hand)
    second = judge(case_id, make_account(), accept(make_clause()))
    assert settle_review(second, hand) is None
    letters = [desk.session.get_one(Review, one.review_id).letter for one in (first, second)]
    assert sorted(map(str, letters)) == ["A", "B"]
    name, meta = _last_event(desk, case_id)
    shown_first = "first" if letters[0] == "A" else "second"
    assert (name, meta) == ("case.reviews_differ", {"shown_first": shown_first})
    third = judge(case_id, lead, OTHER_DECLINE)
    decision = desk.session.get_one(Decision, settle_review(third, hand))
    assert (decision.review_id, decision.outcome) == (third.review_id, "declined")
    rounds = desk.session.execute(sa.select(Review.round, Review.dispatched_at).order_by(Review.recorded_at))
    assert [(name, at is not None) for name, at in rounds] == [
        ("first", True), ("second", True), ("resolving", True),
    ]  # fmt: skip
    assert _differences(desk) == []


def test_the_order_of_a_and_b_is_drawn(desk: Desk, hand: Any) -> None:
    seen = set()
    for _number in range(40):
        case_id = make_case()
        first = to_second_review(case_id, make_account(), hand)
        settle_review(judge(case_id, make_account(), OTHER_DECLINE), hand)
        seen.add(desk.session.get_one(Review, first.review_id).letter)
        if len(seen) == 2:
            return
    raise AssertionError(f"always {seen}")


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
    generation = undo_review(case_id, actor=second)
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
            return withdrawals.withdraw_item(item, actor=sender_actor(sender_id))

        recorded, withdrawn = at_once(desk.app, [record, withdraw])
        assert withdrawn is None
        assert _state(desk, case_id) == "withdrawn"
        assert isinstance(recorded, ClaimLost | StaleVersion | decisions.Recorded)
        assert desk.session.get_one(Case, case_id).pending_review_id is None
