"""The one key of a sender's first page: it leads to the search, and is off where somebody wants it so."""

import pytest
from playwright.sync_api import expect

from review.domain.permissions import Role
from tests.factories import make_sender, receive, sender_actor
from tests.journeys.hands import Hands, dispatch
from tests.journeys.test_rarer_pages import House, house

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser


def test_a_sender_finds_a_referral_without_the_mouse(house: House) -> None:
    unit = make_sender("Harbour Watch")
    received = receive(sender_actor(unit), "https://video.example/1")
    officer, _person = house.sit(Role.SENDER, sender_id=unit)
    officer.open("/sender")
    hands = Hands(officer.page)
    hands.wait()
    hands.press("/")
    field = officer.page.locator("#q")
    expect(field).to_be_focused()
    hands.write(f"/{received.referral_id}")
    expect(field).to_have_value(f"/{received.referral_id}")
    hands.press("Escape")
    expect(field).not_to_be_focused()
    field.fill("")
    field.blur()
    hands.press("/")
    hands.write(received.referral_id)
    hands.press("Enter")
    expect(officer.page.locator("h1")).to_contain_text(received.referral_id)
    officer.page.go_back()
    hands.wait()
    assert not dispatch(officer.page, "body", key="q")
    officer.page.locator(".display-menu summary").click()
    officer.page.select_option("[name=single_keys]", "off")
    officer.page.get_by_role("button", name="Apply").click()
    expect(officer.page.locator("html[data-singles=off]")).to_be_attached()
    hands.wait()
    assert not dispatch(officer.page, "body", key="/")
    expect(field).not_to_be_focused()
    assert officer.troubles == []
    officer.close()
