"""What is typed right before a page is loaded again stands there afterwards, and a written note does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from review.models import Draft
from tests.journeys.desk_of_cases import Cases, furnish
from tests.journeys.desk_of_keys import new_desk
from tests.journeys.hands import Hands
from tests.journeys.server import running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
PERSON = "first@desk.example"
EARLIER, NEWER, NOTE = "What was saved", "What was saved, and typed since.", "A note for colleagues."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, one_chromium: Browser) -> Iterator[tuple[Cases, Page]]:
    """One person at one window; what a browser keeps does not hang on the database, so this is SQLite."""
    folder: Path = tmp_path_factory.mktemp("reload")
    program = new_desk(folder, f"sqlite:///{folder / 'review.db'}")
    with running(program):
        furnish(program, PERSON)
        visitor = Visitor(one_chromium, program.address)
        visitor.sign_in(PERSON)
        yield Cases(program), visitor.page
        assert visitor.troubles_besides(409, path="/draft") == []
        visitor.close()


@pytest.fixture
def page(desk: tuple[Cases, Page]) -> Iterator[Page]:
    """A case of its own, held, with a draft that the server has."""
    cases, page = desk
    (case_id,) = cases.refer()
    page.goto(f"{cases.program.address}/cases/{case_id}")
    page.get_by_role("button", name="Claim this case").click()
    page.locator("#review").wait_for()
    page.fill("#rationale", EARLIER)
    expect(page.locator("[data-saved]")).to_contain_text("saved")
    yield page
    page.get_by_role("button", name="Give back").click()
    page.wait_for_url("**/queue")


def _drafts(cases: Cases) -> list[dict[str, str]]:
    return [fields for (fields,) in cases.rows(sa.select(Draft.fields).order_by(Draft.saved_at))]


def test_the_newest_words_stand_after_a_reload_and_are_saved_as_ones_own(
    desk: tuple[Cases, Page], page: Page
) -> None:
    for typed in (NEWER, NEWER + " And again."):
        page.check("[name=outcome][value=declined]")
        page.fill("#rationale", typed)
        page.fill("#note", NOTE)
        page.reload()
        expect(page.locator("#rationale")).to_have_value(typed)
        expect(page.locator("#note")).to_have_value(NOTE)
        expect(page.locator("[name=outcome][value=declined]")).to_be_checked()
        page.locator("#statement").press_sequentially(".")
        with page.expect_response(lambda answer: answer.url.endswith("/draft")) as answered:
            page.locator("#statement").blur()
        assert answered.value.status == 200
        expect(page.get_by_text("Changed in another window", exact=True)).to_be_hidden()
        assert _drafts(desk[0])[-1]["rationale"] == typed
    page.fill("#note", "")


def test_a_note_that_was_written_does_not_come_back_with_a_reload(page: Page) -> None:
    page.fill("#note", NOTE)
    page.get_by_role("button", name="Write note").click()
    expect(page.locator("#notes .foreign")).to_have_text(NOTE)
    for _twice in range(2):
        page.reload()
        Hands(page).wait()
        expect(page.locator("#note")).to_have_value("")
        expect(page.locator("#rationale")).to_have_value(EARLIER)


def test_what_another_window_saved_meanwhile_is_not_overwritten(desk: tuple[Cases, Page], page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    other.fill("#rationale", "From the other window.")
    with other.expect_response(lambda answer: answer.url.endswith("/draft")):
        other.locator("#rationale").blur()
    other.close()
    page.fill("#rationale", NEWER)
    page.reload()
    expect(page.locator("#rationale")).to_have_value(NEWER)
    expect(page.get_by_text("Changed in another window", exact=True)).to_be_visible()
    assert _drafts(desk[0])[-1]["rationale"] == "From the other window."
    page.get_by_role("link", name="Load the other text").click()
    expect(page.locator("#rationale")).to_have_value("From the other window.")


def test_words_come_back_only_by_a_reload_and_once(page: Page) -> None:
    address = page.url
    page.fill("#rationale", NEWER)
    page.goto(address.partition("/cases")[0] + "/queue")
    page.goto(address)
    Hands(page).wait()
    assert page.evaluate("sessionStorage.typed") == ""
    expect(page.locator("#rationale")).to_have_value(NEWER)  # by then the draft that went out at the end
