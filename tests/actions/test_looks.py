"""The first look at a case: by whom, in what way, with which earlier decisions, once, and on the trail."""

import json
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from review.actions.cases import claim_case, release_claim
from review.actions.decisions import record_review, undo_review
from review.actions.evidence import Captured, Size, capture_evidence, reveal_evidence, reveal_text
from review.actions.looks import look_without_evidence
from review.domain.media import Stage
from review.domain.permissions import SERVICE, Actor, Role
from review.domain.precedents import Candidate, Why
from review.errors import ClaimLost, NotFound, NotPermitted
from review.models import FirstLook, ShownPrecedent
from review.queries.looks import look_behind
from review.queries.precedents import first_precedents
from tests.actions.races import at_once
from tests.actions.test_cases import NOW
from tests.actions.test_evidence import events, held_case, told
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.judging import DECLINE
from tests.pieces import add_evidence, first_item

SMALL = Size(1_200, 160, 120)


def looks(desk: Desk) -> list[tuple[str, str, int]]:
    rows = desk.session.execute(sa.select(FirstLook.case_id, FirstLook.way, FirstLook.precedents))
    return [(row.case_id, row.way, row.precedents) for row in rows]


def candidates() -> tuple[Candidate, ...]:
    return (
        Candidate(make_case(), Why.FILE, NOW),
        Candidate(make_case(), Why.PICTURE, NOW, 6),
    )


def test_a_look_without_the_evidence_is_on_the_trail_with_what_it_brings(desk: Desk) -> None:
    person = make_account()
    case_id, found = held_case(person), candidates()
    assert look_without_evidence(case_id, precedents=found, actor=person)
    assert looks(desk) == [(case_id, "without", 2)]
    rows = desk.session.execute(
        sa.select(ShownPrecedent.precedent_id, ShownPrecedent.why, ShownPrecedent.measure).order_by(
            ShownPrecedent.place
        )
    )
    shown = [[one.case_id, one.why.value, one.measure] for one in found]
    assert [list(row) for row in rows] == shown
    envelope, fields = told(desk, "case.first_look")
    assert envelope["meta"] == {"way": "without", "generation": 1}
    assert envelope["actor"]["id"] == person.id
    assert json.loads(fields["precedents"]) == shown


@pytest.mark.parametrize("of_text", [False, True])
def test_whatever_is_revealed_first_is_the_first_look(desk: Desk, of_text: bool) -> None:
    person = make_account()
    case_id = held_case(person)
    evidence_id, item_id = add_evidence(case_id), first_item(case_id)
    if of_text:
        reveal_text(case_id, item_id, size=SMALL, actor=person, precedents=())
    else:
        reveal_evidence(
            case_id, evidence_id, stage=Stage.SMALL, size=SMALL, actor=person, precedents=candidates()
        )
    assert looks(desk) == [(case_id, "revealed", 0 if of_text else 2)]
    assert sorted(events(desk, case_id)) == ["case.claimed", "case.first_look", "evidence.revealed"]


def test_there_is_one_first_look_for_each_person_and_case(desk: Desk) -> None:
    person, other = make_account(), make_account()
    case_id = held_case(person)
    assert first_precedents(desk.session, case_id, account_id=person.account_id) == ()
    assert look_without_evidence(case_id, precedents=(), actor=person)
    assert first_precedents(desk.session, case_id, account_id=person.account_id) is None
    assert not look_without_evidence(case_id, precedents=None, actor=person)
    assert not look_without_evidence(case_id, precedents=candidates(), actor=person)
    release_claim(case_id, claim_generation=1, actor=person)
    claim_case(case_id, actor=other)
    assert look_without_evidence(case_id, precedents=(), actor=other)
    assert looks(desk) == [(case_id, "without", 0)] * 2
    assert events(desk, case_id).count("case.first_look") == 2


def _review(desk: Desk, case_id: str, person: Actor) -> tuple[dict[str, Any], dict[str, str]]:
    judged = record_review(case_id, DECLINE, claim_generation=1, version=1, actor=person)
    assert judged.review_id
    return told(desk, "case.review_recorded")


def test_a_review_names_its_look_and_the_earlier_decisions_shown(desk: Desk) -> None:
    person = make_account()
    case_id, found = held_case(person), candidates()
    look_without_evidence(case_id, precedents=found, actor=person)
    envelope, fields = _review(desk, case_id, person)
    assert envelope["meta"]["look"] == "without"
    assert json.loads(fields["precedents"]) == [one.case_id for one in found]


def test_a_review_without_any_look_is_recorded_as_such(desk: Desk) -> None:
    person = make_account()
    envelope, fields = _review(desk, held_case(person), person)
    assert envelope["meta"]["look"] == "none"
    assert "precedents" not in fields


def test_who_reveals_after_all_did_not_decide_without(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    evidence_id = add_evidence(case_id)
    look_without_evidence(case_id, precedents=(), actor=person)
    reveal_evidence(case_id, evidence_id, stage=Stage.SMALL, size=SMALL, actor=person)
    assert looks(desk) == [(case_id, "without", 0)]
    assert _review(desk, case_id, person)[0]["meta"]["look"] == "revealed"


def test_a_look_of_one_person_says_nothing_of_another(desk: Desk) -> None:
    person, other = make_account(), make_account()
    case_id = held_case(person)
    look_without_evidence(case_id, precedents=candidates(), actor=person)
    behind = look_behind(desk.session, case_id, account_id=other.account_id)
    assert (behind.look, behind.precedents) == ("none", ())


@pytest.mark.parametrize("role", [Role.LEGAL, Role.ADMIN])
def test_only_judges_look(desk: Desk, role: Role) -> None:
    case_id = held_case(make_account())
    for actor in (make_account(role), SERVICE):
        with pytest.raises(NotPermitted):
            look_without_evidence(case_id, precedents=(), actor=actor)
    assert looks(desk) == []


def test_only_the_holder_looks(desk: Desk) -> None:
    holder, other = make_account(), make_account()
    case_id = held_case(holder)
    with pytest.raises(ClaimLost):
        look_without_evidence(case_id, precedents=(), actor=other)
    with pytest.raises(NotFound):
        look_without_evidence("C-0000-0000-0000", precedents=(), actor=holder)
    release_claim(case_id, claim_generation=1, actor=holder)
    with pytest.raises(ClaimLost):
        look_without_evidence(case_id, precedents=(), actor=holder)
    assert looks(desk) == []
    assert "case.first_look" not in events(desk, case_id)


def test_two_tabs_that_look_at_once_leave_one_look(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    evidence_id = add_evidence(case_id)
    calls: list[Any] = [
        partial(look_without_evidence, case_id, precedents=(), actor=person),
        partial(look_without_evidence, case_id, precedents=(), actor=person),
        partial(
            reveal_evidence, case_id, evidence_id, stage=Stage.SMALL, size=SMALL, actor=person, precedents=()
        ),
    ]
    assert not [one for one in at_once(desk.app, calls) if isinstance(one, Exception)]
    assert len(looks(desk)) == 1
    assert events(desk, case_id).count("case.first_look") == 1


def test_no_look_stands_after_a_claim_that_is_given_back_meanwhile(desk: Desk) -> None:
    person = make_account()
    for _round in range(4):
        case_id = held_case(person)
        calls: list[Any] = [
            partial(look_without_evidence, case_id, precedents=(), actor=person),
            partial(release_claim, case_id, claim_generation=1, actor=person),
        ]
        looked, _released = at_once(desk.app, calls)
        assert isinstance(looked, ClaimLost) == ("case.first_look" not in events(desk, case_id))


def test_the_look_lasts_through_an_undo(desk: Desk) -> None:
    person = make_account()
    case_id, found = held_case(person), candidates()
    look_without_evidence(case_id, precedents=found, actor=person)
    record_review(case_id, DECLINE, claim_generation=1, version=1, actor=person)
    undo_review(case_id, actor=person)
    assert first_precedents(desk.session, case_id, account_id=person.account_id) is None
    behind = look_behind(desk.session, case_id, account_id=person.account_id)
    assert (behind.look, behind.precedents) == ("without", tuple(one.case_id for one in found))


def _capture(case_id: str, person: Actor) -> str:
    shot = Captured("shot.txt", "text/plain", "ab" * 32, 99)
    return capture_evidence(case_id, first_item(case_id), shot, actor=person)


def _show(case_id: str, evidence_id: str, person: Actor) -> None:
    given: dict[str, Any] = {"stage": Stage.TEXT, "size": Size(99), "actor": person}
    reveal_evidence(case_id, evidence_id, precedents=candidates(), **given)


def test_beside_evidence_of_the_sender_a_capture_is_no_look(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    sent = add_evidence(case_id)
    _show(case_id, _capture(case_id, person), person)
    assert looks(desk) == []
    assert "case.first_look" not in events(desk, case_id)
    look_without_evidence(case_id, precedents=(), actor=person)
    assert look_behind(desk.session, case_id, account_id=person.account_id).look == "without"
    _show(case_id, sent, person)
    assert look_behind(desk.session, case_id, account_id=person.account_id).look == "revealed"


def test_without_evidence_of_the_sender_a_capture_is_the_content(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    _show(case_id, _capture(case_id, person), person)
    assert looks(desk) == [(case_id, "revealed", 2)]
    assert look_behind(desk.session, case_id, account_id=person.account_id).look == "revealed"
