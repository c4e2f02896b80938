"""What the page goes on saying by itself: times, the end of a claim and of a sign-in; and copying."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.desk_of_keys import PEOPLE, furnish, new_desk
from tests.journeys.hands import Hands
from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
NOTE = ".ends [data-of={}]"
ARABIC = "light:comfortable:100:ar:Africa/Cairo"
TICK = 10_000
HOUR = 3_600_000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk where targets are 70 minutes, claims last 100 seconds and sign-ins end after 10 minutes."""
    folder: Path = tmp_path_factory.mktemp("going-on")
    settings: dict[str, Any] = {
        "REVIEW_TARGET_SECONDS": "4200",
        "REVIEW_CLAIM_SECONDS": "100",
        "REVIEW_SESSION_IDLE_SECONDS": "600",
    }
    with running(new_desk(folder, f"sqlite:///{folder / 'review.db'}", **settings)) as desk:
        furnish(desk, cases=3)
        desk.add_account("admin@desk.example", "admin")
        yield desk


def _at(page: Page, milliseconds: int) -> None:
    """Let the page's own clock run on."""
    page.clock.fast_forward(milliseconds)


@pytest.mark.parametrize(
    ("display", "soon", "late"),
    [("", "in 1 h 9 min", "overdue by"), (ARABIC, "خلال 1 س 9 د", "متأخرة")],
)
def test_relative_times_go_on_in_the_servers_words(
    program: Program, one_chromium: Browser, display: str, soon: str, late: str
) -> None:
    visitor = Visitor(one_chromium, program.address, display=display)
    visitor.sign_in(PEOPLE[0])
    page = visitor.page
    page.clock.install()
    visitor.open("/queue")
    due = page.locator("time.deadline").last
    expect(due).to_contain_text(soon)
    written = due.inner_text()
    _at(page, TICK)
    if due.inner_text() == written:
        assert "later" in str(due.get_attribute("class"))
    _at(page, 15 * 60_000)
    assert "soon" in str(due.get_attribute("class"))
    assert due.locator("svg.shape").count() == 1
    _at(page, 75 * 60_000)
    expect(due).to_contain_text(late)
    assert "overdue" in str(due.get_attribute("class"))
    assert visitor.troubles == []
    visitor.close()


def test_only_crossings_of_the_cases_own_deadline_are_said_aloud(
    program: Program, one_chromium: Browser
) -> None:
    visitor = Visitor(one_chromium, program.address)
    visitor.sign_in(PEOPLE[1])
    page = visitor.page
    page.clock.install()
    visitor.open("/queue")
    page.locator("form[action='/queue/next'] button").click()
    expect(page.locator("h1")).to_contain_text("C-")
    live = page.locator("[data-live]")
    expect(live).to_be_empty()
    _at(page, 12 * 60_000)
    expect(live).to_contain_text("Due in ")
    page.evaluate("document.querySelector('[data-live]').textContent = ''")
    _at(page, 2 * 60_000)
    expect(live).to_be_empty()
    _at(page, 45 * 60_000)
    expect(live).to_contain_text("Due in ")
    visitor.close()


def test_a_claim_warns_before_it_ends_and_one_key_keeps_it(program: Program, one_chromium: Browser) -> None:
    visitor = Visitor(one_chromium, program.address, width=360)
    visitor.sign_in(PEOPLE[0])
    page, hands = visitor.page, Hands(visitor.page)
    visitor.open("/queue")
    page.locator("form[action='/queue/next'] button").click()
    hands.case()
    note = page.locator(NOTE.format("claim"))
    expect(note).to_be_visible()
    expect(note).to_contain_text("Your claim on this case ends at")
    assert visitor.violations() == []
    assert not visitor.scrolls_sideways()
    visitor.picture("claim-ends-360")
    address, until = page.url, page.locator(".case-strip [data-until=claim] time")
    before = until.inner_text()
    hands.press("w")
    expect(page.locator("[data-live]")).to_contain_text("Kept for you until")
    expect(until).not_to_have_text(before)
    assert page.url == address
    assert visitor.troubles == []
    visitor.close()


def test_a_sign_in_warns_before_it_ends_and_says_when_it_has(program: Program, one_chromium: Browser) -> None:
    visitor = Visitor(one_chromium, program.address)
    visitor.sign_in("admin@desk.example")
    page = visitor.page
    page.clock.install()
    visitor.open("/admin/settings")
    note = page.locator(NOTE.format("session"))
    expect(note).to_be_hidden()
    _at(page, 8 * 60_000 + 2 * TICK)
    expect(note).to_be_visible()
    expect(note).to_contain_text("you are signed out at")
    visitor.picture("sign-in-ends")
    note.get_by_role("button", name="Stay signed in").click()
    expect(page.locator("[data-live]")).to_contain_text("you are signed out at")
    _at(page, 3 * 60_000)
    expect(note).to_have_text("You are signed out. Copy what you have typed before you leave this page.")
    assert visitor.troubles == []
    visitor.close()


def test_what_is_shown_once_is_copied_by_a_button(program: Program, one_chromium: Browser) -> None:
    visitor = Visitor(one_chromium, program.address)
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.sign_in("admin@desk.example")
    page = visitor.page
    visitor.open("/admin/accounts/new")
    page.fill("input[name=name]", "Jane")
    page.fill("input[name=email]", "jane@desk.example")
    page.check("input[name=role][value=moderator]")
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#once")
    assert visitor.troubles == []
    visitor.close()
