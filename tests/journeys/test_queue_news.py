"""New cases are told in a line of the queue, and no row moves before somebody asks for them."""

import pytest
from playwright.sync_api import expect

from review.domain.permissions import Role
from tests.factories import make_case
from tests.journeys.test_rarer_pages import House, house

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser


def test_a_line_says_how_many_came_and_shows_them_when_asked(house: House) -> None:
    old = make_case()
    lead, _person = house.sit(Role.LEAD)
    lead.page.clock.install()
    lead.open("/queue")
    rows = lead.page.locator("tbody tr")
    expect(rows).to_have_count(1)
    with lead.page.expect_response("**/queue/new?*"):  # the next question waits for this answer
        lead.page.clock.fast_forward(61_000)
    line, link = lead.page.locator("[data-news]"), lead.page.get_by_role("link", name="Show them")
    expect(line).to_have_text("")
    fresh = [make_case(), make_case()]
    lead.page.clock.fast_forward(61_000)
    expect(line).to_have_text("New since this page was opened: 2")
    expect(rows).to_have_count(1)
    house.check(lead, "queue-news", walked=True)
    link.click()
    expect(rows).to_have_count(3)
    expect(link).to_be_hidden()
    for case_id in (old, *fresh):
        expect(lead.page.locator("tbody")).to_contain_text(case_id)
    assert lead.troubles == []
    lead.close()
