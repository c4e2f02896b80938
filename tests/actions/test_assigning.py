"""Assigning: a lead gives a waiting case to a colleague, within the rules that hold for taking one."""

import json
from base64 import b64decode
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.accounts import close_account
from review.actions.assigning import Assigned, assign_case, assign_cases
from review.actions.cases import claim_case, release_claim, renew_claim
from review.actions.claiming import MOST_CLAIMS, Claim
from review.actions.leaving import pass_case
from review.domain.leaving import PASS_REASONS
from review.domain.permissions import OPERATOR, Actor, Role
from review.errors import (
    CaseNotClaimable,
    InvalidInput,
    NotFound,
    NotPermitted,
    ReviewError,
    TooManyClaims,
)
from review.models import Account, Case, Opening, Review
from review.models.rows import insert_rows
from tests.actions.races import at_once
from tests.actions.test_cases import NOW, events
from tests.conftest import Desk
from tests.factories import make_account, make_case


def name_of(desk: Desk, actor: Actor) -> str:
    return str(desk.session.scalar(sa.select(Account.pseudonym).where(Account.id == actor.account_id)))


def test_an_assigned_case_is_held_like_one_taken_and_the_trail_names_both(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        case_id, lead, person = make_case(), make_account(Role.LEAD), make_account()
        claim = assign_case(case_id, to=name_of(desk, person), actor=lead)
        assert claim == Claim(case_id, 1, 1)
        case = desk.session.get_one(Case, case_id)
        assert (case.claimed_by, case.claimed_until) == (person.account_id, NOW + timedelta(minutes=15))
        assert events(desk, case_id) == ["case.assigned"]
        told = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "case.assigned")).one()
        envelope = json.loads(told.envelope)
        assert envelope["actor"] == {"kind": "account", "id": lead.id}
        assert envelope["meta"] == {"generation": 1}
        assert b64decode(told.fields["holder"][1]).decode() == person.id
        renew_claim(case_id, claim_generation=1, actor=person)
        release_claim(case_id, claim_generation=1, actor=person)


def test_a_second_click_changes_nothing(desk: Desk) -> None:
    case_id, lead, person = make_case(), make_account(Role.LEAD), make_account()
    first = assign_case(case_id, to=name_of(desk, person), actor=lead)
    assert assign_case(case_id, to=name_of(desk, person), actor=lead) == first
    assert events(desk, case_id) == ["case.assigned"]


def test_a_claim_that_ended_is_ended_on_the_trail_first(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, lead, person = make_case(), make_account(Role.LEAD), make_account()
        claim_case(case_id, actor=make_account())
        hand.shift(timedelta(minutes=16))
        assert assign_case(case_id, to=name_of(desk, person), actor=lead).claim_generation == 2
        assert events(desk, case_id) == ["case.claimed", "case.claim_expired", "case.assigned"]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEGAL, Role.ADMIN])
def test_only_a_lead_assigns(desk: Desk, role: Role) -> None:
    case_id, person = make_case(), make_account()
    with pytest.raises(NotPermitted):
        assign_case(case_id, to=name_of(desk, person), actor=make_account(role))
    with pytest.raises(NotPermitted):
        assign_case(case_id, to=name_of(desk, person), actor=OPERATOR)
    assert events(desk, case_id) == []


def test_a_case_goes_only_to_a_colleague_who_reviews(desk: Desk) -> None:
    case_id, lead = make_case(), make_account(Role.LEAD)
    closed = make_account()
    close_account(closed.account_id or "", actor=OPERATOR)
    wrong = [name_of(desk, make_account(role)) for role in (Role.LEGAL, Role.ADMIN)]
    for name in (*wrong, name_of(desk, closed), name_of(desk, lead), "Reviewer none", ""):
        with pytest.raises(InvalidInput):
            assign_case(case_id, to=name, actor=lead)
    assert desk.session.get_one(Case, case_id).claimed_by is None
    assign_case(case_id, to=name_of(desk, make_account(Role.LEAD)), actor=lead)


def test_who_has_reviewed_a_case_does_not_get_it_again(desk: Desk) -> None:
    case_id, lead, person = make_case(), make_account(Role.LEAD), make_account()
    row = {
        "id": "V-1", "case_id": case_id, "round": "first", "account_id": person.account_id,
        "outcome": "declined", "rationale": "", "statement": "", "account_measure": "none",
        "territory": "world", "context": "none", "over_broad": False, "case_version": 1,
        "claim_generation": 0, "recorded_at": clock.now(), "undo_until": clock.now(),
    }  # fmt: skip
    with db.transaction() as writer:
        insert_rows(writer, Review, [row])
    name = name_of(desk, person)
    with pytest.raises(CaseNotClaimable, match=f"^{name} cannot take this case; choose somebody else.$"):
        assign_case(case_id, to=name, actor=lead)
    assign_case(case_id, to=name_of(desk, make_account()), actor=lead)


@pytest.mark.parametrize("reason", PASS_REASONS)
def test_who_passed_a_case_on_does_not_get_it_back_and_nobody_is_told_why(desk: Desk, reason: str) -> None:
    case_id, lead, person = make_case(), make_account(Role.LEAD), make_account()
    claim_case(case_id, actor=person)
    pass_case(case_id, reason, claim_generation=1, actor=person)
    name = name_of(desk, person)
    # in the words for somebody who has reviewed it
    with pytest.raises(CaseNotClaimable, match=f"^{name} cannot take this case; choose somebody else.$"):
        assign_case(case_id, to=name, actor=lead)
    refusal = f"{name} cannot take this case; choose somebody else."
    assert assign_cases([case_id], to=name, actor=lead) == (Assigned(case_id, None, refusal),)
    assert events(desk, case_id) == ["case.claimed", "case.released"]
    claim_case(case_id, actor=person)  # by one's own wish it stays possible


def test_a_case_that_is_held_or_not_waiting_is_not_assigned(desk: Desk) -> None:
    lead, person = make_account(Role.LEAD), make_account()
    held, own, gone = make_case(), make_case(), make_case()
    claim_case(held, actor=make_account())
    claim_case(own, actor=lead)
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == gone).values(state="escalated"))
    for case_id, words in (
        (held, "took this case"),
        (own, "You hold this case"),
        (gone, "none that can be assigned"),
    ):
        with pytest.raises(CaseNotClaimable, match=words):
            assign_case(case_id, to=name_of(desk, person), actor=lead)
    with pytest.raises(NotFound):
        assign_case("C-0000-0000-0000", to=name_of(desk, person), actor=lead)


def test_nobody_is_given_a_sixth_case(desk: Desk) -> None:
    lead, person = make_account(Role.LEAD), make_account()
    for _number in range(MOST_CLAIMS):
        assign_case(make_case(), to=name_of(desk, person), actor=lead)
    with pytest.raises(TooManyClaims, match="holds 5 cases already"):
        assign_case(make_case(), to=name_of(desk, person), actor=lead)


def test_of_two_leads_and_a_person_at_once_one_gets_the_case(desk: Desk) -> None:
    case_id = make_case()
    leads, people = [make_account(Role.LEAD) for _one in range(2)], [make_account() for _one in range(3)]
    names = [name_of(desk, person) for person in people]
    results = at_once(
        desk.app,
        [
            partial(assign_case, case_id, to=names[0], actor=leads[0]),
            partial(assign_case, case_id, to=names[1], actor=leads[1]),
            partial(claim_case, case_id, actor=people[2]),
        ],
    )
    lost = [result for result in results if isinstance(result, ReviewError)]
    assert [type(error) for error in lost] == [CaseNotClaimable] * 2
    assert len(events(desk, case_id)) == 1
    winner = next(place for place, result in enumerate(results) if isinstance(result, Claim))
    assert desk.session.get_one(Case, case_id).claimed_by == people[winner].account_id


def test_two_leads_at_once_do_not_give_a_person_a_sixth_case(desk: Desk) -> None:
    leads, person = [make_account(Role.LEAD) for _one in range(2)], make_account()
    for _number in range(MOST_CLAIMS - 1):
        claim_case(make_case(), actor=person)
    name = name_of(desk, person)
    results = at_once(desk.app, [partial(assign_case, make_case(), to=name, actor=lead) for lead in leads])
    assert sorted(type(result).__name__ for result in results) == ["Claim", "TooManyClaims"]
