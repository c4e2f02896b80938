"""One referral by form in a real browser: few fields, few stops, nothing lost, with and without script."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from review.domain.permissions import Role
from review.domain.removal_order import ORDER_FIELDS
from review.models import Evidence, Referral
from tests.factories import make_sender, receive, sender_actor
from tests.journeys.desk_of_pages import HOSTILE
from tests.journeys.inside import sit_down
from tests.journeys.test_rarer_pages import House, house
from tests.journeys.visitor import Visitor

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser
MOST_NEEDED, MOST_STOPS = 6, 20
URL = "https://video.example/watch/1"
# fields of the form that a person sees and that do not say that they are optional; one for a group
NEEDED = """() => [...document.querySelectorAll('#refer .field')].filter(field => {
  const chosen = field.querySelector('[type=radio]:checked'), free = chosen && chosen.name === 'urgency';
  return field.checkVisibility() && !field.querySelector('.optional') && !free;
}).map(field => (field.querySelector('label, legend') || field).innerText.trim())"""
STOPS = """() => {
  const names = new Set();
  const parts = document.querySelectorAll('#refer :is(input, select, textarea, button, a, summary)');
  return [...parts].filter(part => {
    if (part.type === 'hidden' || !part.checkVisibility()) return false;
    const again = part.type === 'radio' && names.has(part.name);
    names.add(part.name);
    return !again;
  }).length;
}"""


@contextmanager
def seated(house: House, *, kind: str = "iru", script: bool = True) -> Iterator[Visitor]:
    """Somebody of a new sender at a window; nothing went wrong there but what was refused on purpose."""
    visitor = Visitor(house.browser, house.address, script=script)
    sit_down(house.desk, visitor, Role.SENDER, sender_id=make_sender("Harbour Watch", kind=kind))
    yield visitor
    assert visitor.troubles_besides(422) == []
    visitor.close()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("kind", ["referral", "notice"])
def test_few_fields_few_stops_and_a_receipt(house: House, kind: str, script: bool) -> None:
    with seated(house, script=script) as visitor:
        page = visitor.page
        visitor.open("/sender")
        page.get_by_role("link", name="Refer something", exact=True).click()
        page.locator(f"[name=intake_kind][value={kind}]").check()
        needed = page.evaluate(NEEDED)
        assert len(needed) <= MOST_NEEDED, needed
        assert page.evaluate(STOPS) <= MOST_STOPS
        assert page.locator("[name=good_faith]").is_visible() == (kind == "notice")
        page.fill("[name=urls]", URL)
        page.fill("[name=reason]", "Praise of a listed group.")
        if kind == "notice":
            page.locator("[name=good_faith]").check()
        press(page, "Check what you send")
        expect(page.get_by_text("Nothing is sent yet.")).to_be_visible()
        page.get_by_role("button", name="Send").dblclick()
        expect(page.locator("h1")).to_contain_text("Received: R-")
        page.get_by_role("link", name="Follow this referral").click()
        expect(page.locator("h1")).to_contain_text("Referral R-")
    assert house.desk.session.scalar(sa.select(sa.func.count()).select_from(Referral)) == 1


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_nothing_typed_is_lost(house: House, script: bool, tmp_path: Path) -> None:
    picture = tmp_path / "frame.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    with seated(house, script=script) as visitor:
        page = visitor.page
        visitor.open("/sender/referrals/new")
        page.fill("[name=reason]", HOSTILE)
        page.set_input_files("[name=files]", picture)
        press(page, "Check what you send")
        expect(page).to_have_title(re.compile("^Error:"))
        expect(page.locator(".message.error")).to_be_focused()
        page.locator(".message.error a").first.click()
        assert page.evaluate("document.activeElement.name") == "urls"
        expect(page.get_by_label(re.compile("frame.png"))).to_be_checked()
        page.fill("[name=urls]", URL)
        page.locator(".display-menu summary").click()
        page.select_option("[name=theme]", "dark")
        press(page, "Apply")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert page.input_value("[name=urls]") == URL
        press(page, "Check what you send")
        press(page, "Change something")
        assert page.input_value("[name=reason]").strip() == HOSTILE.strip().replace("\x00", "")
        press(page, "Check what you send")
        press(page, "Send")
        expect(page.get_by_text("frame.png")).to_be_visible()
    assert house.desk.session.scalar(sa.select(sa.func.count()).select_from(Evidence)) == 1


def test_every_page_of_it_is_clean(house: House) -> None:
    with seated(house, kind="competent_authority") as visitor:
        page = visitor.page
        visitor.open("/sender/referrals/new")
        house.check(visitor, "refer", walked=True)
        page.locator("[name=intake_kind][value=removal_order]").check()
        house.check(visitor, "refer-order", walked=True)
        press(page, "Check what you send")
        expect(page).to_have_title(re.compile("^Error:"))
        house.check(visitor, "refer-refused")
        page.fill("[name=urls]", f"{URL}\n{URL}/{'long/' * 60}")
        page.fill("[name=reason]", HOSTILE)
        for line in ORDER_FIELDS:
            name = f"[name=order_{line.member}]"
            if line.form in ("choice", "choices", "tick"):
                page.locator(name).first.check()
            elif line.form == "time":
                page.fill(name, "2026-11-28T10:00:00")
            elif line.form == "text":
                page.fill(name, HOSTILE[: line.most].replace("\x00", ""))
            elif line.form == "line":
                page.fill(name, f"{line.label} <b>"[: line.most])
        earlier = house.desk.session.scalars(sa.text("SELECT id FROM senders")).one()
        receive(sender_actor(earlier), URL, reference="HW-1")
        press(page, "Check what you send")
        expect(page.get_by_text("You sent this")).to_be_visible()
        house.check(visitor, "refer-check", walked=True)
        press(page, "Send")
        expect(page.locator("h1")).to_contain_text("Received: R-")
        house.check(visitor, "acknowledgement", walked=True)
        page.get_by_role("link", name="Follow this referral").click()
        house.check(visitor, "order-followed")
        for address in ("/sender/referrals/new?kind=removal_order", page.url.removeprefix(house.address)):
            visitor.open(address)
            page.set_viewport_size({"width": 320, "height": 800})
            assert not visitor.scrolls_sideways()
            assert visitor.drawn_raw() == []
