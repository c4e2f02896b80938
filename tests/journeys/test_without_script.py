"""Set aside, pass on, note, capture and look with JavaScript off; and the card that asks for a break."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from review import clock
from review.models import Draft, Note, Reveal
from tests.hostile_files import picture
from tests.journeys.desk_of_cases import Cases, furnish, shot
from tests.journeys.desk_of_keys import new_desk
from tests.journeys.hands import OWN_SENTENCE, Hands
from tests.journeys.server import running, until
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
PEOPLE = ("plain@desk.example", "tired@desk.example")
WORKED_MINUTES = 9


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cases]:
    """A desk on SQLite whose referrals are all of high severity."""
    folder: Path = tmp_path_factory.mktemp("plain")
    with running(new_desk(folder, f"sqlite:///{folder / 'review.db'}")) as program:
        furnish(program, *PEOPLE)
        yield Cases(program)


def _take(visitor: Visitor, case_id: str) -> None:
    visitor.open(f"/cases/{case_id}")
    visitor.page.get_by_role("button", name="Claim this case").click()
    visitor.page.locator("#review").wait_for()


def test_every_side_way_of_a_case_works_without_a_script(cases: Cases, one_chromium: Browser) -> None:
    aside, passed = (cases.refer(evidence=[shot()])[0] for _number in range(2))
    visitor = Visitor(one_chromium, cases.program.address, script=False)
    visitor.sign_in(PEOPLE[0])
    page = visitor.page
    _take(visitor, aside)
    page.fill("[name=rationale]", OWN_SENTENCE)
    page.fill("[name=note]", "Seen in autumn as well.")
    page.get_by_role("button", name="Write note").click()
    expect(page.get_by_text("Note written.")).to_be_visible()
    expect(page.locator("#notes")).to_contain_text("Seen in autumn as well.")
    page.get_by_text("Add a capture").click()
    file = {"name": "copy.png", "mimeType": "image/png", "buffer": picture(size=(64, 48))}
    page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("The capture was added to the evidence.")).to_be_visible()
    expect(page.locator("li.piece", has_text="copy.png")).to_contain_text("captured here")
    assert page.locator("img.medium").count() == 0
    page.get_by_role("button", name="Decide without looking at the evidence").click()
    expect(page.get_by_text("No earlier decision is like this one.")).to_be_visible()
    expect(page.locator("[name=rationale]")).to_have_value(OWN_SENTENCE)
    page.get_by_text("Pass on or set aside").click()
    page.get_by_role("button", name="1 hour").click()
    page.wait_for_url("**/queue")
    expect(page.get_by_text("Colleagues may take it meanwhile.")).to_be_visible()
    visitor.open("/my-work")
    expect(page.locator("tr", has_text=aside)).to_contain_text("Free")
    _take(visitor, aside)
    expect(page.locator("[name=rationale]")).to_have_value(OWN_SENTENCE)
    _take(visitor, passed)
    page.get_by_text("Pass on or set aside").click()
    page.get_by_role("button", name="Personal impact").click()
    expect(page.get_by_text("Passed on. It waits for your colleagues")).to_be_visible()
    assert cases.rows(sa.select(Note.text)) == [("Seen in autumn as well.",)]
    assert visitor.troubles == []
    visitor.close()


def test_the_break_card_never_comes_into_a_draft_and_the_day_ends(
    cases: Cases, one_chromium: Browser
) -> None:
    """Goal 22, with limits of one's own: five minutes of work, one picture of high severity a day."""
    case_id, waiting = (cases.refer(evidence=[shot()], urgency="threat_to_life")[0] for _number in range(2))
    visitor = Visitor(one_chromium, cases.program.address)
    visitor.sign_in(PEOPLE[1])
    page, hands, card = visitor.page, Hands(visitor.page), visitor.page.locator(".flash.rest")
    visitor.open("/comfort")
    page.fill("[name=break_minutes]", "5")
    page.fill("[name=budget_high]", "1")
    page.locator("form:has([name=budget_high]) button").click()
    expect(page.get_by_text("Kept. It counts from the next picture on.")).to_be_visible()
    _take(visitor, case_id)
    hands.wait()
    hands.press("v")
    expect(page.locator("img.medium")).to_be_visible()
    cases.write(sa.update(Reveal).values(revealed_at=clock.now() - timedelta(minutes=WORKED_MINUTES)))
    hands.wait()
    hands.press("2", "3")
    expect(page.locator("[name=rationale]")).to_be_focused()
    hands.write()
    until(lambda: OWN_SENTENCE in str(cases.rows(sa.select(Draft.fields).where(Draft.case_id == case_id))))
    page.reload()
    hands.wait()
    hands.press("v")
    expect(page.locator("img.medium[alt*=grey]")).to_be_visible()
    expect(card).to_have_count(0)
    expect(page.locator("[name=rationale]")).to_have_value(OWN_SENTENCE)
    hands.wait()
    hands.press("Ctrl+Enter")
    page.wait_for_url("**/queue")
    expect(page.get_by_text("Enough for today")).to_be_visible()
    expect(card).to_contain_text("minutes of work without a break.")
    assert visitor.violations() == []
    visitor.picture("enough-for-today")
    page.reload()
    expect(card).to_have_count(0)
    visitor.open("/queue")
    hands.wait()
    hands.press("n")
    page.get_by_role("button", name="Take one of high severity all the same").click()
    assert hands.case() == waiting
    assert visitor.troubles == []
    visitor.close()
