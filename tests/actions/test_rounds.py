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
from review.actions import assigning, escalations
from review.actions.cases import claim_case, claim_next
from review.domain.permissions import Actor, Role
from review.errors import (
    CaseNotClaimable,
    InvalidReview,
    NotPermitted,
)
from review.models import Account, Answer, Case, Decision, Item, Opening, Referral, Restriction, Review
from review.queries import cases as queue
from review.queries.queue_counts import queue_counts
from review.queries.stored_cases import compare_cases, told_events
from review.queries.stored_rows import OF_CASES, sets
from tests.actions.test_cases import events
from tests.conftest import Desk
from tests.draws import NOT_DRAWN
from tests.factories import make_account, make_case, make_clause
from tests.judging import OTHER_DECLINE, accept, judge, settle_review, to_second_review

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
        counts = queue_counts(desk.session, **given)
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
