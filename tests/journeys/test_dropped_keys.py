"""Keys that come too soon, keys without effect, and two windows, in a real browser."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import referral_body
from tests.hostile_files import picture
from tests.journeys.desk_of_keys import PEOPLE, furnish, new_desk
from tests.journeys.hands import Hands
from tests.journeys.server import Program, running
from tests.journeys.slow_line import slow_line
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
SENTENCE = "judge it as you see fit, i do"
REMOVED = "[name=visibility][value=removed]"
DISABLED = "[name=visibility][value=disabled]"
ACCEPTED = "[name=outcome][value=accepted]"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with short referrals, of which the most urgent one has a picture."""
    folder: Path = tmp_path_factory.mktemp("dropped")
    desk = new_desk(folder, f"sqlite:///{folder / 'review.db'}", undo_seconds=4)
    with running(desk):
        sender_id = desk.command("senders", "create", "Pictures", "--kind", "other")["id"]
        key = desk.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
        shown = base64.b64encode(picture(size=(800, 600))).decode()
        piece = {"name": "frame.png", "media_type": "image/png", "content": shown}
        item = {"url": "https://video.example/with-picture", "evidence": [piece]}
        answer = httpx.post(
            desk.address + "/api/v1/referrals",
            content=referral_body("PIC-1", items=[item]),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        assert answer.status_code == 201, answer.text
        furnish(desk, cases=6)
        yield desk


def _person(program: Program, browser: Browser, address: str = "") -> tuple[Visitor, Page, Hands]:
    visitor = Visitor(browser, address or program.address)
    visitor.sign_in(PEOPLE[0])
    return visitor, visitor.page, Hands(visitor.page)


def _with_picture(visitor: Visitor, hands: Hands) -> str:
    """The case with the picture, which waits longest."""
    visitor.open("/queue")
    hands.wait()
    if visitor.page.locator("tr:has-text('Yours') th a").count():
        visitor.page.locator("tr:has-text('Yours') th a").first.click()
    else:
        hands.press("n")
    return hands.case()


def test_a_burst_that_begins_too_soon_is_dropped_as_a_whole_and_says_so(
    program: Program, one_chromium: Browser
) -> None:
    with slow_line(program.port, seconds=(0.4, 0.5)) as address:
        visitor, page, hands = _person(program, one_chromium, address)
        _with_picture(visitor, hands)
        before = page.url
        hands.press("v")
        page.keyboard.type("21" + SENTENCE, delay=40)
        expect(page.locator("[data-dropped]")).to_be_visible()
        page.wait_for_url("**#E-*")
        hands.wait()
        assert page.url.startswith(before)
        expect(page.locator("[name=outcome]:checked")).to_have_count(0)
        expect(page.locator(REMOVED)).to_be_checked()
        hands.press("1")
        expect(page.locator(ACCEPTED)).to_be_checked()
        expect(page.locator("[data-dropped]")).to_be_hidden()
        hands.press("Esc", "Esc")
        expect(page.locator("img.medium")).to_have_count(0)
        assert visitor.troubles == []
        visitor.close()


def test_letters_change_the_measure_only_inside_or_right_after_the_outcome(
    program: Program, one_chromium: Browser
) -> None:
    visitor, page, hands = _person(program, one_chromium)
    _with_picture(visitor, hands)
    hands.press("1", "2", "u", "d", "e", "y", "i", "o")
    expect(page.locator(REMOVED)).to_be_checked()
    hands.press("Esc", "1", "d")
    expect(page.locator(DISABLED)).to_be_checked()
    expect(page.locator(DISABLED)).to_be_focused()
    hands.press("e")
    expect(page.locator("[name=visibility][value=demoted]")).to_be_checked()
    hands.press("1")
    expect(page.locator("[name=clauses]").first).to_be_checked()
    expect(page.locator(ACCEPTED)).to_be_checked()
    hands.press("d")
    expect(page.locator("[name=visibility][value=demoted]")).to_be_checked()
    assert visitor.troubles == []
    visitor.close()


def test_a_step_more_each_time_then_a_word_and_one_key_hides(program: Program, one_chromium: Browser) -> None:
    visitor, page, hands = _person(program, one_chromium)
    _with_picture(visitor, hands)
    for stage in ("small", "grey"):
        hands.press("v")
        page.locator(f"img.medium[alt*='{stage}']").wait_for()
        hands.wait()
    hands.press("v")
    expect(page.get_by_role("status")).to_contain_text("Nothing more to show by this key.")
    hands.press("Esc")
    expect(page.locator("img.medium")).to_have_count(0)
    hands.wait()
    hands.press("z")
    expect(page.get_by_role("status")).to_contain_text("Nothing to undo.")
    assert visitor.troubles == []
    visitor.close()


def test_the_undo_line_ends_with_its_time_and_the_key_says_so(
    program: Program, one_chromium: Browser
) -> None:
    visitor, page, hands = _person(program, one_chromium)
    case = _with_picture(visitor, hands)
    hands.press("2", "3")
    hands.write()
    hands.press("Ctrl+Enter")
    hands.after(case)
    line = page.locator(".flash.undo")
    expect(line).to_have_text(f"The time to undo {case} has ended.")
    hands.press("z")
    expect(page.get_by_role("status")).to_contain_text("The time to undo has ended.")
    assert visitor.troubles == []
    visitor.close()


def test_the_filter_key_goes_to_the_first_field(program: Program, one_chromium: Browser) -> None:
    visitor, page, hands = _person(program, one_chromium)
    visitor.open("/queue")
    hands.wait()
    for _again in range(2):
        hands.press("f")
        expect(page.locator("#kind")).to_be_focused()
        page.evaluate("document.activeElement.blur()")
    assert visitor.violations() == []
    visitor.close()


def test_a_typed_note_survives_the_page_and_two_windows_keep_both_texts(
    program: Program, one_chromium: Browser
) -> None:
    visitor, page, hands = _person(program, one_chromium)
    _with_picture(visitor, hands)
    other = visitor.context.new_page()
    other.goto(page.url)
    hands.press("Esc", "m")
    with page.expect_response("**/draft"):
        page.keyboard.type("A note of the first window")
    other.locator("#rationale").fill("A text of the second window")
    expect(other.locator("[data-saved]")).to_contain_text("changed in another window")
    expect(other.locator("[data-changed]")).to_be_visible()
    with page.expect_response("**/draft"):
        page.keyboard.type(" and more")
        page.locator("#note").blur()
    expect(page.locator("[data-changed]")).to_be_hidden()
    other.get_by_role("link", name="Load the other text").click()
    expect(other.locator("#note")).to_have_value("A note of the first window and more")
    expect(other.locator("#rationale")).to_have_value("")
    assert visitor.troubles == [], "the second window's refusals are heard by that window alone"
    visitor.close()
