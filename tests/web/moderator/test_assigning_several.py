"""Ticking rows of the queue and giving them to a colleague: offered to leads alone, and told case by case."""

import html
import re

import pytest
import sqlalchemy as sa

from review import db
from review.actions.cases import claim_case
from review.domain.permissions import Role
from review.models import Account, Case
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.web.moderator.test_pages import Moderator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADDRESS = "/queue/assign"


def _name(desk: Desk, person: Moderator) -> str:
    return desk.session.get_one(Account, person.actor.account_id).pseudonym


def _boxes(page: str) -> dict[str, bool]:
    """The boxes of the rows: the case of each, and whether it is ticked."""
    found = re.findall(r'<input [^>]*name="cases" value="([^"]+)" form="several"([^>]*)>', page)
    return {case_id: " checked" in more for case_id, more in found}


def _told(page: str) -> list[str]:
    """The sentences under the navigation."""
    lines = re.findall(r'<p class="flash [^"]*">.*?<span dir="auto">(.*?)</span></p>', page)
    return [html.unescape(line) for line in lines]


def test_a_lead_ticks_rows_and_reads_what_became_of_each(desk: Desk) -> None:
    first, second, third = (make_case() for _one in range(3))
    lead, person = Moderator(desk, Role.LEAD), Moderator(desk)
    name = _name(desk, person)
    page = lead.get("/queue")
    assert _boxes(page) == dict.fromkeys((first, second, third), False)
    assert f'id="several" class="panel" method="post" action="{ADDRESS}"' in page
    assert "The colleague holds each for 15 min" in page
    claim_case(second, actor=make_account())
    answer = lead.post(ADDRESS, cases=[first, second, third], reviewer=name)
    assert (answer.status_code, answer.location) == (303, "/queue")
    page = lead.get("/queue")
    told = _told(page)
    assert len(told) == 3, "one sentence a case"
    assert sorted(one.partition(" until")[0] for one in told[:2]) == sorted(
        f"{name} holds case {case_id}" for case_id in (first, third)
    )
    assert told[2].startswith(f"Case {second} was not assigned. Somebody took this case meanwhile")
    assert _boxes(page) == {}, "nothing is left to tick"
    assert 'id="several"' not in page
    assert "rationale" in person.get(f"/cases/{first}")


def test_moderators_are_offered_no_box(desk: Desk) -> None:
    case_id, person, other = make_case(), Moderator(desk), Moderator(desk)
    page = person.get("/queue")
    assert _boxes(page) == {}
    assert 'type="checkbox"' not in page.partition("<main")[2]
    assert person.post(ADDRESS, cases=[case_id], reviewer=_name(desk, other)).status_code == 403
    assert desk.session.get_one(Case, case_id).claimed_by is None


def test_only_what_can_be_assigned_has_a_box(desk: Desk) -> None:
    lead = Moderator(desk, Role.LEAD)
    free, held, own, again = (make_case() for _one in range(4))
    claim_case(held, actor=make_account())
    claim_case(own, actor=lead.actor)
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == again).values(state="second_review"))
    assert set(_boxes(lead.get("/queue"))) == {free}


def test_without_a_colleague_there_is_nothing_to_tick(desk: Desk) -> None:
    make_case()
    assert _boxes(Moderator(desk, Role.LEAD).get("/queue")) == {}


def test_nothing_ticked_is_an_error_at_the_boxes(desk: Desk) -> None:
    make_case()
    lead, person = Moderator(desk, Role.LEAD), Moderator(desk)
    answer = lead.post(ADDRESS, reviewer=_name(desk, person))
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert '<a href="#cases-0">Cases: Tick at least one case, then assign.</a>' in answer.text
    assert '<p class="field-error" id="cases-error">' in answer.text
    assert re.search(
        r'<input [^>]*id="cases-0"[^>]*aria-invalid="true" aria-describedby="cases-error"', answer.text
    )
    assert f'<option selected value="{_name(desk, person)}">' in answer.text, "the choice is kept"


@pytest.mark.parametrize("name", ["", "Nobody", "\x00", "x" * 5000])
def test_a_wrong_name_is_an_error_at_its_field_and_keeps_what_was_ticked(desk: Desk, name: str) -> None:
    cases = [make_case() for _one in range(3)]
    lead = Moderator(desk, Role.LEAD)
    Moderator(desk)
    answer = lead.post(ADDRESS, cases=cases[:2], reviewer=name)
    assert answer.status_code == 422
    assert 'href="#reviewer"' in answer.text
    assert 'id="reviewer-error"' in answer.text
    assert _boxes(answer.text) == {cases[0]: True, cases[1]: True, cases[2]: False}


def test_more_than_a_person_may_hold_assigns_none_and_says_how_many(desk: Desk) -> None:
    cases = [make_case() for _one in range(6)]
    lead, person = Moderator(desk, Role.LEAD), Moderator(desk)
    answer = lead.post(ADDRESS, cases=cases, reviewer=_name(desk, person))
    assert answer.status_code == 409
    assert "may hold 5 cases at a time and has room for 5; tick no more than that." in answer.text
    assert 'href="#cases-0"' in answer.text
    assert set(_boxes(answer.text).values()) == {True}
    for case_id in cases[:5]:
        claim_case(case_id, actor=person.actor)
    answer = lead.post(ADDRESS, cases=cases[5:], reviewer=_name(desk, person))
    assert answer.status_code == 409
    assert 'id="reviewer-error"' in answer.text
    assert "holds 5 cases already; choose somebody else" in answer.text


def test_a_narrowed_queue_stays_so(desk: Desk) -> None:
    order, other = make_case(intake_kind="removal_order"), make_case()
    lead, person = Moderator(desk, Role.LEAD), Moderator(desk)
    page = lead.get("/queue?kind=removal_order")
    assert set(_boxes(page)) == {order}
    assert f'action="{ADDRESS}?kind=removal_order"' in page
    answer = lead.post(f"{ADDRESS}?kind=removal_order", reviewer=_name(desk, person))
    assert set(_boxes(answer.text)) == {order}
    answer = lead.post(f"{ADDRESS}?kind=removal_order", cases=[order], reviewer=_name(desk, person))
    assert answer.location == "/queue?kind=removal_order"
    assert other not in lead.get(answer.location)


def test_a_later_part_of_the_queue_stays_so(desk: Desk) -> None:
    for _number in range(53):
        make_case()
    lead, person = Moderator(desk, Role.LEAD), Moderator(desk)
    later = html.unescape(re.findall(r'href="(/queue\?after=[^"]+)"', lead.get("/queue"))[0])
    page = lead.get(later)
    assert len(_boxes(page)) == 3
    address = later.replace("/queue", ADDRESS)
    assert f'action="{address}"' in html.unescape(page)
    assert len(_boxes(lead.post(address, reviewer=_name(desk, person)).text)) == 3
    answer = lead.post(address, cases=list(_boxes(page))[:2], reviewer=_name(desk, person))
    assert answer.location == later


def test_what_is_no_case_is_missing(desk: Desk) -> None:
    lead, person = Moderator(desk, Role.LEAD), Moderator(desk)
    assert lead.post(ADDRESS, cases=["nonsense"], reviewer=_name(desk, person)).status_code == 404
    answer = lead.post(ADDRESS, cases=["C-0000-0000-0000"], reviewer=_name(desk, person))
    assert answer.status_code == 303
    assert _told(lead.get("/queue")) == [
        "Case C-0000-0000-0000 was not assigned. This case is none that can be assigned now; "
        "look at the queue again."
    ]
