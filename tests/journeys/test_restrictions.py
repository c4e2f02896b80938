"""Restrictions and notices in a real browser: clean in every look, with hostile words and long addresses."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from review.actions.restrictions import report_failed
from review.domain.notices import link_token
from review.domain.permissions import Role
from review.domain.webhooks import MOST_TRIES, Failure
from review.models import Endpoint
from review.webhooks import Outcome
from tests.endpoints import lease, managing, record
from tests.factories import make_sender
from tests.journeys.desk_of_pages import HOSTILE, TYPED
from tests.journeys.test_rarer_pages import House, house
from tests.journeys.visitor import Visitor
from tests.platforms import PLATFORM, decide, restriction_of, tell_platform
from tests.posts import mail_through

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser
LONG = "https://video.example/" + "long/" * 60


def _give_up() -> None:
    """What is on its way was tried for the last time."""
    for leased in lease(room=10):
        last = replace(leased, tries=MOST_TRIES - 1)
        record(last, Outcome(503, Failure.STATUS, 12, HOSTILE[:200]))


def test_restrictions_are_clean_and_a_lead_puts_one_in_place(house: House) -> None:
    sender = managing(make_sender())
    decide(house.desk, sender, LONG)
    tell_platform(house.desk, "http://127.0.0.1:9/")
    failed = restriction_of(house.desk, decide(house.desk, sender, "https://video.example/2"))
    _give_up()
    report_failed(failed.id, TYPED, actor=PLATFORM)
    decide(house.desk, sender, "https://video.example/3")
    legal, _person = house.sit(Role.LEGAL)
    legal.open("/records")
    house.check(legal, "records-late")
    legal.open("/restrictions")
    house.check(legal, "restrictions", walked=True)
    legal.page.get_by_role("button", name="Send again").first.click()
    expect(legal.page.locator(".status-line[role=status]")).to_contain_text("on its way again")
    lead, _person = house.sit(Role.LEAD)
    lead.open(f"/restrictions/{failed.id}")
    house.check(lead, "restriction-failed", walked=True)
    lead.page.get_by_role("button", name="It is in place now").click()
    expect(lead.page.locator(".status-line[role=status]")).to_contain_text("in place")
    house.check(lead, "restriction-in-place")
    for visitor in (legal, lead):
        assert visitor.troubles == []
        visitor.close()


def test_a_lead_reports_a_failure_by_hand(house: House) -> None:
    asked = restriction_of(house.desk, decide(house.desk, managing(make_sender()), LONG))
    lead, _person = house.sit(Role.LEAD)
    lead.open(f"/restrictions/{asked.id}")
    house.check(lead, "restriction", walked=True)
    lead.page.get_by_role("button", name="Report the failure").click()
    lead.refused()
    house.check(lead, "restriction-refused")
    lead.page.get_by_label("Why it cannot be put in place").fill(TYPED)
    lead.page.get_by_role("button", name="Report the failure").click()
    expect(lead.page.locator(".status-line[role=status]")).to_contain_text("noted")
    assert lead.troubles_besides(422) == []
    lead.close()


def test_notices_are_clean_and_confirmed_without_signing_in(house: House) -> None:
    officer, person = house.sit(Role.SENDER)
    officer.open("/sender/notices")
    house.check(officer, "notices-none")
    mail_through(house.desk, 9)
    officer.open("/sender/notices")
    officer.page.get_by_label("E-mail address").fill(f"{'duty' * 15}@{'unit' * 12}.example")
    officer.page.get_by_role("button", name="Add the address").click()
    expect(officer.page.locator(".status-line[role=status]")).to_contain_text("We sent a mail")
    house.check(officer, "notices", walked=True)
    endpoint = house.desk.session.scalars(sa.select(Endpoint)).one()
    token = link_token(endpoint.id, endpoint.url, secret_key=house.desk.settings.secret_key)
    assert person.sender_id == endpoint.sender_id
    reader = Visitor(house.browser, house.address)
    reader.open(f"/notices/{endpoint.id}/{token}")
    house.check(reader, "notice", walked=True)
    reader.page.get_by_role("button", name="Confirm this address").click()
    expect(reader.page.get_by_role("button", name=re.compile("No more mails"))).to_be_visible()
    house.check(reader, "notice-confirmed")
    reader.page.get_by_role("button", name="No more mails").click()
    expect(reader.page.locator("main")).to_contain_text("Nothing more is sent")
    for visitor in (officer, reader):
        assert visitor.troubles == []
        visitor.close()
