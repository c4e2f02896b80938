"""A page that tells anew how far something is leaves everybody where they are, also at its end."""

import re

import pytest
from playwright.sync_api import Page, expect

from review.actions.uploaded_files import note_progress
from review.domain.permissions import SERVICE, Role
from tests.files import good_rows, table, work
from tests.journeys.inside import sit_down
from tests.journeys.states import bring, end, says
from tests.journeys.test_rarer_pages import House, house
from tests.journeys.visitor import Visitor

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.textContent.trim()"
MANY_STOPS = 60


def _tab_to(page: Page, words: str) -> None:
    for _stop in range(MANY_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == words:
            return
    raise AssertionError(f"{words} cannot be reached by keyboard")


def test_a_file_that_is_checked_meanwhile_can_be_dropped_by_keyboard(house: House) -> None:
    visitor, _person = house.sit(Role.SENDER)
    page = visitor.page
    file_id = bring(visitor, table(*good_rows(3)))
    says(page, "0 rows read")
    _tab_to(page, "Drop the file")
    note_progress(file_id, rows=3, done=2, actor=SERVICE)
    says(page, "2 of 3 rows checked")
    assert page.evaluate(FOCUSED) == "Drop the file"
    expect(page.locator("progress")).to_have_attribute("value", "2")
    assert visitor.flaws() == []
    page.keyboard.press("Enter")
    expect(page.locator(".status-line[role=status]")).to_contain_text("The file is dropped")
    end(visitor)


def test_the_end_is_offered_to_whoever_is_elsewhere_in_the_page(house: House) -> None:
    visitor, _person = house.sit(Role.SENDER)
    page = visitor.page
    bring(visitor, table(*good_rows(3)))
    _tab_to(page, "Drop the file")
    work(house.desk.app)
    over = page.locator("[data-over-now]")
    expect(over).to_be_visible()
    expect(page.locator("[data-live]")).to_contain_text("It has gone on")
    assert page.evaluate(FOCUSED) == "Drop the file"
    assert visitor.flaws() == []
    visitor.picture("file-gone-on")
    page.get_by_role("link", name="Show how it stands").click()
    says(page, "3 ready · 0 need fixing")
    end(visitor)


def test_the_end_comes_by_itself_where_nobody_is_anywhere(house: House) -> None:
    visitor, _person = house.sit(Role.SENDER)
    bring(visitor, table(*good_rows(3)))
    work(house.desk.app)
    says(visitor.page, "3 ready · 0 need fixing")
    end(visitor)


def test_it_keeps_nobody_signed_in_and_leads_to_the_sign_in_when_that_has_ended(house: House) -> None:
    visitor, _person = house.sit(Role.SENDER)
    page = visitor.page
    bring(visitor, table(*good_rows(3)))
    with page.expect_request(lambda one: one.headers.get("x-unattended") == "1", timeout=30_000):
        pass
    page.context.clear_cookies()
    expect(page).to_have_url(re.compile("/sign-in"), timeout=30_000)
    visitor.close()


def test_without_a_script_the_browser_asks_again(house: House) -> None:
    visitor = Visitor(house.browser, house.address, script=False)
    sit_down(house.desk, visitor, Role.SENDER)
    bring(visitor, table(*good_rows(3)))
    work(house.desk.app)
    expect(visitor.page.locator("main")).to_contain_text("3 ready · 0 need fixing", timeout=30_000)
    end(visitor)
