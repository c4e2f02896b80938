"""A sender complains, a lead reverses, both senders are told: in a real browser, to a real receiver."""

import json
import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from review.domain.permissions import Role
from review.models import Review
from tests.complaints import CONTACT, Complained
from tests.endpoints import HERE, deliver, make_endpoint, managing
from tests.journeys.desk_of_pages import TYPED
from tests.journeys.test_rarer_pages import House, house
from tests.receivers import receiving

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser


def test_a_sender_complains_and_both_are_told_that_a_lead_reversed(house: House) -> None:
    house.set(webhook_networks=HERE)  # type: ignore[arg-type]
    story = Complained(house.desk)
    with receiving() as receiver:
        for place, sender_id in enumerate(story.senders):
            make_endpoint(managing(sender_id), receiver.url(f"/{place}"))
        officer, _person = house.sit(Role.SENDER, sender_id=story.senders[0])
        lead, _person = house.sit(Role.LEAD)
        lead.open("/complaints")
        house.check(lead, "complaints-none")
        officer.open(f"/sender/referrals/{story.referrals[0]}")
        officer.page.get_by_role("link", name="Complain of this decision").click()
        house.check(officer, "complaint-form", walked=True)
        officer.page.get_by_role("button", name="Send the complaint").click()
        officer.refused()
        house.check(officer, "complaint-refused")
        officer.page.get_by_label("Why the decision is wrong").fill(TYPED)
        officer.page.get_by_role("button", name="Send the complaint").click()
        expect(officer.page.locator(".status-line[role=status]")).to_contain_text("Your complaint is sent")
        house.check(officer, "complaint-sent")
        lead.open("/complaints")
        house.check(lead, "complaints", walked=True)
        lead.page.get_by_role("button", name="Claim").click()
        expect(lead.page.get_by_role("heading", name="Complaint against the decision")).to_be_visible()
        house.check(lead, "complaint-to-judge")
        lead.page.check("input[name=outcome][value=accepted]")
        lead.page.check("input[name=ground][value=terms]")
        lead.page.locator("#clauses input[type=checkbox], [name=clauses]").first.check()
        lead.page.check("input[name=visibility][value=removed]")
        lead.page.locator("#rationale").fill("Watched once more: the clip praises a listed organisation.")
        lead.page.locator("#statement").fill("Watched once more; it breaks our clause 4.2.")
        lead.page.get_by_role("button", name=re.compile("Record and stay")).click()
        expect(lead.page.locator("main")).to_contain_text("Recorded by you")
        recorded = sa.select(Review.id).where(Review.round == "complaint")
        assert story.dispatch(house.desk.session.scalars(recorded).one()) is not None
        deliver(house.desk)
        for place in (0, 1):
            told = [json.loads(one.body) for one in receiver.heard if one.path == f"/{place}"]
            assert [one["type"] for one in told] == ["item.reversed"]
            assert told[0]["data"]["id"] == story.items[place]
            assert told[0]["data"]["outcome"] == "accepted"
            assert ("complaint" in told[0]["data"]) is (place == 0)
    officer.open(f"/sender/referrals/{story.referrals[0]}")
    expect(officer.page.locator("main")).to_contain_text("Our decision on 1 item was reversed: Accepted")
    house.check(officer, "complaint-reversed", walked=True)
    lead.open("/complaints")
    expect(lead.page.locator("main")).to_contain_text("Nobody complains of a decision.")
    for visitor in (officer, lead):
        assert visitor.troubles_besides(422) == []
        visitor.close()


def test_legal_registers_a_complaint_and_reads_both_decisions(house: House) -> None:
    story = Complained(house.desk, accepted=True)
    legal, _person = house.sit(Role.LEGAL)
    legal.open(f"/records/{story.case_id}")
    legal.page.get_by_text("Register a complaint of the user").click()
    legal.page.get_by_role("button", name="Register the complaint").click()
    legal.refused()
    house.check(legal, "complaint-register", walked=True)
    legal.page.get_by_label("What they say against the decision").fill(TYPED)
    legal.page.get_by_label("Where they are answered").fill(CONTACT)
    legal.page.get_by_role("button", name="Register the complaint").click()
    expect(legal.page.locator(".status-line[role=status]")).to_contain_text("The complaint is registered")
    story.reverse()
    legal.open(f"/records/{story.case_id}")
    expect(legal.page.locator("#complaints")).to_contain_text("The decision was reversed")
    house.check(legal, "complaint-in-record")
    legal.open("/restrictions")
    expect(legal.page.locator("main")).to_contain_text("Lifted after a complaint")
    house.check(legal, "restrictions-lifted")
    legal.open("/numbers")
    house.check(legal, "numbers-reversals")
    assert legal.troubles_besides(422) == []
    legal.close()
