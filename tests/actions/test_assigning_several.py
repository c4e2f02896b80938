"""Assigning several cases in one step: what becomes of each, how many at most, and nobody overtaken."""

from functools import partial

import pytest
import sqlalchemy as sa

from review import db
from review.actions.assigning import Assigned, assign_cases
from review.actions.cases import claim_case, release_claim
from review.actions.claiming import MOST_CLAIMS, Claim
from review.domain.permissions import OPERATOR, Actor, Role
from review.errors import InvalidInput, NotPermitted, TooManyClaims
from review.models import Case
from tests.actions.races import at_once
from tests.actions.test_assigning import name_of
from tests.actions.test_cases import events
from tests.conftest import Desk
from tests.factories import make_account, make_case


def held_by(desk: Desk, person: Actor) -> set[str]:
    desk.session.rollback()
    return set(desk.session.scalars(sa.select(Case.id).where(Case.claimed_by == person.account_id)))


def test_each_case_has_its_own_claim_and_event(desk: Desk) -> None:
    lead, person = make_account(Role.LEAD), make_account()
    cases = [make_case() for _one in range(3)]
    asked = [cases[2], cases[0], cases[1], cases[0]]
    became = assign_cases(asked, to=name_of(desk, person), actor=lead)
    assert became == tuple(Assigned(one, Claim(one, 1, 1)) for one in (cases[2], cases[0], cases[1]))
    assert held_by(desk, person) == set(cases)
    assert [events(desk, one) for one in cases] == [["case.assigned"]] * 3
    release_claim(cases[0], claim_generation=1, actor=person)


def test_a_case_that_cannot_be_assigned_says_why_and_holds_no_other_up(desk: Desk) -> None:
    lead, person = make_account(Role.LEAD), make_account()
    free, held, own, gone = (make_case() for _one in range(4))
    claim_case(held, actor=make_account())
    claim_case(own, actor=lead)
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == gone).values(state="decided"))
    missing = "C-0000-0000-0000"
    became = assign_cases([held, own, free, gone, missing], to=name_of(desk, person), actor=lead)
    told = {one.case_id: one.refusal for one in became}
    assert told[free] == ""
    assert "Somebody took this case meanwhile" in told[held]
    assert "You hold this case yourself" in told[own]
    assert (
        told[gone] == told[missing] == "This case is none that can be assigned now; look at the queue again."
    )
    assert held_by(desk, person) == {free}
    assert [events(desk, one) for one in (free, held, own, gone)] == [
        ["case.assigned"],
        ["case.claimed"],
        ["case.claimed"],
        [],
    ]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEGAL, Role.ADMIN])
def test_only_a_lead_assigns_several(desk: Desk, role: Role) -> None:
    case_id, name = make_case(), name_of(desk, make_account())
    for actor in (make_account(role), OPERATOR):
        with pytest.raises(NotPermitted):
            assign_cases([case_id], to=name, actor=actor)
    assert events(desk, case_id) == []


def test_without_a_case_or_a_colleague_nothing_happens(desk: Desk) -> None:
    case_id, lead = make_case(), make_account(Role.LEAD)
    with pytest.raises(InvalidInput, match="Tick at least one case") as none:
        assign_cases([], to=name_of(desk, make_account()), actor=lead)
    assert none.value.values == {"field": "cases"}
    for name in ("", "Nobody", name_of(desk, lead), name_of(desk, make_account(Role.LEGAL))):
        with pytest.raises(InvalidInput):
            assign_cases([case_id], to=name, actor=lead)
    assert events(desk, case_id) == []


def test_nobody_is_given_more_than_one_may_hold(desk: Desk) -> None:
    lead, person = make_account(Role.LEAD), make_account()
    name, cases = name_of(desk, person), [make_case() for _one in range(MOST_CLAIMS + 1)]
    with pytest.raises(TooManyClaims, match="has room for 5; tick no more than that") as more:
        assign_cases(cases, to=name, actor=lead)
    assert more.value.values == {"field": "cases"}
    assert held_by(desk, person) == set(), "all or nothing, where it is too many"
    assign_cases(cases[:3], to=name, actor=lead)
    with pytest.raises(TooManyClaims, match="has room for 2"):
        assign_cases(cases[3:], to=name, actor=lead)
    assign_cases(cases[2:5], to=name, actor=lead)  # one of them is that person's already
    assert held_by(desk, person) == set(cases[:5])
    with pytest.raises(TooManyClaims, match="holds 5 cases already; choose somebody else") as full:
        assign_cases(cases[5:], to=name, actor=lead)
    assert full.value.values == {}
    assert len(assign_cases(cases[:5], to=name, actor=lead)) == 5, "a second click changes nothing"
    assert [events(desk, one) for one in cases] == [["case.assigned"]] * 5 + [[]]


def test_two_leads_at_once_give_each_case_once(desk: Desk) -> None:
    leads, people = [make_account(Role.LEAD) for _one in range(2)], [make_account() for _one in range(2)]
    names, cases = [name_of(desk, person) for person in people], [make_case() for _one in range(4)]
    results = at_once(
        desk.app,
        [
            partial(assign_cases, cases, to=names[0], actor=leads[0]),
            partial(assign_cases, cases[::-1], to=names[1], actor=leads[1]),
        ],
    )
    won = [{one.case_id for one in result if one.claim} for result in results]  # type: ignore[union-attr]
    assert won[0] | won[1] == set(cases)
    assert won[0] & won[1] == set()
    assert [held_by(desk, person) for person in people] == won
    assert [events(desk, one) for one in cases] == [["case.assigned"]] * 4


def test_two_leads_at_once_do_not_give_a_person_a_sixth_case_among_several(desk: Desk) -> None:
    leads, person = [make_account(Role.LEAD) for _one in range(2)], make_account()
    name, cases = name_of(desk, person), [make_case() for _one in range(6)]
    parts = [cases[:3], cases[3:]]
    results = at_once(
        desk.app,
        [partial(assign_cases, part, to=name, actor=lead) for part, lead in zip(parts, leads, strict=True)],
    )
    assert sorted(type(result).__name__ for result in results) == ["TooManyClaims", "tuple"]
    assert len(held_by(desk, person)) == 3
