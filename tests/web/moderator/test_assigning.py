"""Giving a case to a colleague, in the browser: who is offered it, what is said, and what a refusal keeps."""

import pytest

from review.actions.cases import claim_case
from review.domain.permissions import Role
from review.models import Account, Case
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.web.moderator.test_pages import Moderator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _name(desk: Desk, person: Moderator) -> str:
    return desk.session.get_one(Account, person.actor.account_id).pseudonym


def test_a_lead_gives_a_case_and_the_colleague_holds_it(desk: Desk) -> None:
    case_id, lead, person = make_case(), Moderator(desk, Role.LEAD), Moderator(desk)
    name = _name(desk, person)
    page = lead.get(f"/cases/{case_id}")
    assert f'<option value="{name}">' in page
    assert f'<option value="{_name(desk, lead)}">' not in page
    assert "They hold the case for 15 min" in page
    answer = lead.post(f"/cases/{case_id}/assign", reviewer=name)
    assert (answer.status_code, answer.location) == (303, "/queue")
    assert f"{name} holds case {case_id} until" in lead.get("/queue")
    assert desk.session.get_one(Case, case_id).claimed_by == person.actor.account_id
    assert "rationale" in person.get(f"/cases/{case_id}")
    apart = lead.get(f"/cases/{case_id}")
    assert "Held by a colleague until" in apart
    assert 'id="assign"' not in apart


def test_moderators_are_offered_nothing_of_it(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    other = Moderator(desk)
    for address in ("/queue", f"/cases/{case_id}"):
        page = person.get(address)
        assert "assign" not in page.lower()
        assert _name(desk, other) not in page
    assert person.post(f"/cases/{case_id}/assign", reviewer=_name(desk, other)).status_code == 403


def test_nobody_but_reviewers_is_on_the_list(desk: Desk) -> None:
    case_id, lead = make_case(), Moderator(desk, Role.LEAD)
    assert "Nobody else reviews here yet" in lead.get(f"/cases/{case_id}")
    others = [make_account(role) for role in (Role.LEGAL, Role.ADMIN)]
    page = lead.get(f"/cases/{case_id}")
    assert "<option" not in page.partition('id="assign"')[2].partition("</section>")[0]
    assert all(desk.session.get_one(Account, one.account_id).pseudonym not in page for one in others)


@pytest.mark.parametrize("name", ["", "Nobody", "\x00", "x" * 5000])
def test_a_wrong_name_is_refused_at_its_field(desk: Desk, name: str) -> None:
    case_id, lead = make_case(), Moderator(desk, Role.LEAD)
    Moderator(desk)
    answer = lead.post(f"/cases/{case_id}/assign", reviewer=name)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert 'href="#reviewer"' in answer.text
    assert 'id="reviewer-error"' in answer.text


def test_a_full_colleague_is_refused_and_stays_chosen(desk: Desk) -> None:
    case_id, lead, person = make_case(), Moderator(desk, Role.LEAD), Moderator(desk)
    for _number in range(5):
        claim_case(make_case(), actor=person.actor)
    answer = lead.post(f"/cases/{case_id}/assign", reviewer=_name(desk, person))
    assert answer.status_code == 409
    assert "holds 5 cases already; choose somebody else" in answer.text
    assert f'<option selected value="{_name(desk, person)}">' in answer.text


def test_a_case_that_somebody_took_meanwhile_says_so(desk: Desk) -> None:
    case_id, lead, person = make_case(), Moderator(desk, Role.LEAD), Moderator(desk)
    claim_case(case_id, actor=make_account())
    answer = lead.post(f"/cases/{case_id}/assign", reviewer=_name(desk, person))
    assert answer.status_code == 409
    assert "Somebody took this case meanwhile" in answer.text
    own = make_case()
    claim_case(own, actor=lead.actor)
    answer = lead.post(f"/cases/{own}/assign", reviewer=_name(desk, person))
    assert answer.status_code == 409
    assert "You hold this case yourself" in answer.text


def test_a_missing_case_is_missing(desk: Desk) -> None:
    lead, person = Moderator(desk, Role.LEAD), Moderator(desk)
    for case_id in ("C-0000-0000-0000", "nonsense"):
        answer = lead.post(f"/cases/{case_id}/assign", reviewer=_name(desk, person))
        assert answer.status_code == 404
