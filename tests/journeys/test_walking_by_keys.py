"""From item to item and from row to row in a real browser: by key on every keyboard, and by plain links."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.desk_of_keys import LEAD, PEOPLE, furnish, new_desk
from tests.journeys.hands import Hands, dispatch
from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
ITEMS = 4
OFF = "system:comfortable:100:en:UTC:off"
HEADING = ".item-head"
BOXES = "input[name=cases]"
NEXT = "form[action='/queue/next'] button"
LOOK = """element => {
  const box = element.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + 4, box.top + box.height / 2);
  return {
    within: box.top >= 0 && box.bottom <= innerHeight, seen: element.contains(top),
    ringed: getComputedStyle(element).outlineStyle !== 'none', top: box.top,
  };
}"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with cases of four items, each with a picture."""
    folder: Path = tmp_path_factory.mktemp("walking")
    with running(new_desk(folder, f"sqlite:///{folder / 'review.db'}")) as desk:
        furnish(desk, cases=7, evidence=True, items=ITEMS)
        yield desk


@pytest.fixture(scope="module")
def cookies(program: Program, one_chromium: Browser) -> dict[str, list[Any]]:
    """A sign-in of each, taken once."""
    found = {}
    for email in (*PEOPLE, LEAD):
        visitor = Visitor(one_chromium, program.address)
        visitor.sign_in(email)
        found[email] = [one for one in visitor.context.cookies() if one["name"] != "display"]
        visitor.close()
    return found


class Desk:
    """The desk of these journeys, where people have signed in already."""

    def __init__(self, program: Program, browser: Browser, cookies: dict[str, list[Any]]) -> None:
        self.program, self.browser, self.cookies = program, browser, cookies

    def visitor(self, email: str = PEOPLE[0], **options: Any) -> Visitor:
        """One of them at a new window, at the queue."""
        found = Visitor(self.browser, self.program.address, **options)
        found.context.add_cookies(self.cookies[email])
        found.open("/queue")
        return found

    def at_case(self, **options: Any) -> tuple[Visitor, Hands]:
        """The first moderator at the one case that they hold."""
        found = self.visitor(**options)
        held = found.page.locator("tr:has-text('Yours') th a")
        if held.count():
            held.first.click()
        else:
            found.page.locator(NEXT).click()
        expect(found.page.locator("#review")).to_be_visible()
        return found, Hands(found.page)


@pytest.fixture
def desk(program: Program, one_chromium: Browser, cookies: dict[str, list[Any]]) -> Desk:
    return Desk(program, one_chromium, cookies)


def _at(page: Page, number: int) -> None:
    expect(page.locator(HEADING).nth(number - 1)).to_be_focused()


def test_l_and_h_go_from_item_to_item_and_stay_at_the_ends(desk: Desk) -> None:
    visitor, hands = desk.at_case()
    page, hands.count = visitor.page, 0
    hands.wait()
    expect(page.locator(HEADING)).to_have_text(
        [f"Item {number} of {ITEMS}" for number in range(1, ITEMS + 1)]
    )
    hands.press("l")
    _at(page, 1)
    hands.press("l")
    _at(page, 2)
    hands.press("h")
    _at(page, 1)
    address = page.url
    hands.press("h", "h")
    _at(page, 1)
    hands.press(*"llllll")
    _at(page, ITEMS)
    assert page.url == address, "nothing of it stays in the way back"
    hands.press("Tab")
    assert page.evaluate(
        "document.activeElement.closest('.item').querySelector('.item-head').innerText"
    ).startswith(f"Item {ITEMS} of"), "the focus goes on from the item"
    assert page.locator("[name=outcome]:checked").count() == 0
    assert visitor.troubles == []
    visitor.close()


def test_the_item_is_remembered_while_the_form_is_filled_in(desk: Desk) -> None:
    visitor, hands = desk.at_case()
    page = visitor.page
    hands.wait()
    hands.press("l", "l", "r")
    page.fill("textarea[name=rationale]", "")
    hands.write("hello lhx")
    expect(page.locator("textarea[name=rationale]")).to_have_value("hello lhx")
    expect(page.locator("textarea[name=rationale]")).to_be_focused()
    hands.press("Esc", "l")
    _at(page, 3)
    hands.press("2", "l")
    _at(page, 4)
    expect(page.locator("textarea[name=rationale]")).to_have_value("hello lhx")
    visitor.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_the_item_comes_into_view_with_evidence_revealed_and_hidden(
    desk: Desk, width: int, scheme: Literal["light", "dark"]
) -> None:
    visitor, hands = desk.at_case(width=width, scheme=scheme)
    page = visitor.page
    for after in ("hidden", "revealed", "hidden again"):
        hands.wait()
        if after == "revealed":
            page.locator("button[formaction*='stage=small']").nth(1).click()
            expect(page.locator("img.medium")).to_be_visible()
            hands.wait()
            hands.press("l")
            _at(page, 3)  # the piece that was asked for is of the second
        if after == "hidden again":
            hands.press("Esc")
            expect(page.locator("img.medium")).to_have_count(0)
            hands.wait()
        page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0) }")
        for number in range(1, ITEMS + 1):
            page.locator(HEADING).nth(number - 1).focus()
            hands.press("h" if number == ITEMS else "l")
            shown = page.locator(f"{HEADING}:focus").evaluate(LOOK)
            assert shown["within"], (after, number, shown)
            assert shown["seen"], (after, number, "nothing lies over it")
            assert shown["ringed"], (after, number)
        assert visitor.violations() == []
        assert not visitor.scrolls_sideways()
    visitor.picture(f"items-{width}-{scheme}")
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize(
    ("layout", "forth", "back"),
    [
        ("QWERTY", ("l", "KeyL"), ("h", "KeyH")),
        ("capitals locked", ("L", "KeyL"), ("H", "KeyH")),
        ("Dvorak", ("l", "KeyP"), ("h", "KeyJ")),
        ("Cyrillic", ("д", "KeyL"), ("р", "KeyH")),
        ("Arabic", ("م", "KeyL"), ("ا", "KeyH")),
        ("Hebrew", ("ך", "KeyL"), ("י", "KeyH")),
        ("Greek", ("λ", "KeyL"), ("η", "KeyH")),
    ],
)
def test_items_are_walked_on_every_keyboard(
    desk: Desk, layout: str, forth: tuple[str, str], back: tuple[str, str]
) -> None:
    visitor, hands = desk.at_case()
    page = visitor.page
    hands.wait()
    for (key, code), number in ((forth, 1), (forth, 2), (back, 1)):
        assert dispatch(page, "body", key=key, code=code), layout
        _at(page, number)
    for more in ({"ctrlKey": True}, {"altKey": True}, {"metaKey": True}, {"shiftKey": True, "key": "L"}):
        assert not dispatch(page, "body", **({"key": "l", "code": "KeyL"} | more)), more
    _at(page, 1)
    visitor.close()


def test_without_script_the_same_is_done_by_links(desk: Desk) -> None:
    visitor, _hands = desk.at_case(script=False)
    page = visitor.page
    expect(page.locator(f"{HEADING} ~ a kbd").first).to_be_hidden()
    first = page.locator(".item-line").nth(0)
    first.get_by_role("link", name="Item 2").press("Enter")
    expect(page.locator(HEADING).nth(1)).to_be_focused()
    assert page.locator(HEADING).nth(1).evaluate(LOOK)["within"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(HEADING).nth(2)).to_be_focused()
    visitor.close()


def test_no_key_walks_or_ticks_when_single_keys_are_off(desk: Desk) -> None:
    visitor, hands = desk.at_case(display=OFF)
    page = visitor.page
    hands.wait()
    for key, code in (("l", "KeyL"), ("h", "KeyH"), ("д", "KeyL")):
        assert not dispatch(page, "body", key=key, code=code), key
    expect(page.locator(f"{HEADING} ~ a kbd").first).to_be_hidden()
    expect(page.get_by_role("link", name="Item 2").first).to_be_visible()
    visitor.close()
    lead = desk.visitor(LEAD, display=OFF)
    Hands(lead.page).wait()
    lead.page.locator(f"tr:has({BOXES}) th a").first.focus()
    for key, code in (("x", "KeyX"), ("ч", "KeyX"), ("a", "KeyA")):
        assert not dispatch(lead.page, "th a", key=key, code=code), key
    assert lead.page.locator(f"{BOXES}:checked").count() == 0
    lead.close()


@pytest.mark.parametrize(
    ("layout", "key", "code"),
    [("QWERTY", "x", "KeyX"), ("Dvorak", "x", "KeyB"), ("Cyrillic", "ч", "KeyX"), ("Arabic", "ء", "KeyX")],
)
def test_a_row_is_ticked_on_every_keyboard(desk: Desk, layout: str, key: str, code: str) -> None:
    visitor = desk.visitor(LEAD)
    page, hands = visitor.page, Hands(visitor.page)
    hands.wait()
    assert not dispatch(page, "body", key=key, code=code), "no row has the focus"
    hands.press("j", "j")
    assert dispatch(page, "body", key=key, code=code), layout
    assert page.locator(f"{BOXES}:checked").count() == 1
    box = page.locator(f"main tbody tr:nth-child(2) {BOXES}")
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    assert dispatch(page, "body", key=key, code=code)
    expect(box).not_to_be_checked()
    hands.press("j")
    expect(page.locator("main tbody tr:nth-child(3) th a")).to_be_focused()
    visitor.close()


def test_x_does_nothing_for_a_moderator(desk: Desk) -> None:
    visitor = desk.visitor(PEOPLE[1])
    page, hands = visitor.page, Hands(visitor.page)
    hands.wait()
    hands.press("j")
    assert page.locator("main [type=checkbox]").count() == 0
    assert not dispatch(page, "th a", key="x", code="KeyX")
    expect(page.locator("main th a").first).to_be_focused()
    visitor.close()


def test_enter_at_a_box_opens_its_case_and_assigns_nothing(desk: Desk) -> None:
    visitor = desk.visitor(LEAD)
    page, hands, sent = visitor.page, Hands(visitor.page), list[str]()
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    hands.wait()
    page.select_option("#reviewer", index=1)
    hands.press("Esc", "j", "x")
    wanted = page.locator("main tbody th a").first.inner_text()
    hands.press("Enter")
    assert hands.case() == wanted
    assert sent == []
    visitor.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_lead_assigns_ticked_rows_in_one_step(desk: Desk, *, script: bool) -> None:
    visitor = desk.visitor(LEAD, script=script, width=1440 if script else 360)
    page, hands = visitor.page, Hands(visitor.page)
    rows = page.locator(f"tr:has({BOXES}) th a")
    wanted = rows.all_inner_texts()[:2]
    if script:
        hands.wait()
        while page.evaluate("document.activeElement.innerText") != wanted[0]:
            hands.press("j")
        hands.press("x", "j", "x", "a")
        expect(page.locator("#reviewer")).to_be_focused()
        name = page.locator("#reviewer option").nth(1).inner_text()
        page.keyboard.type(name)
        hands.press("Tab", "Enter")
    else:
        for number in range(2):
            page.locator(BOXES).nth(number).press("Space")
        page.select_option("#reviewer", index=2)
        page.get_by_role("button", name="Assign ticked cases").press("Enter")
    told = page.locator(".status-line[role=status] .flash.done")
    expect(told).to_have_count(2)
    for number, case_id in enumerate(wanted):
        expect(told.nth(number)).to_contain_text(f"holds case {case_id} until")
    visitor.picture(f"assigned-several-{'script' if script else 'plain'}")
    assert visitor.violations() == [] if script else True
    assert not visitor.scrolls_sideways() if script else True
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_a_refused_step_and_a_refused_capture_are_clean(
    desk: Desk, width: int, scheme: Literal["light", "dark"]
) -> None:
    visitor = desk.visitor(LEAD, width=width, scheme=scheme)
    page = visitor.page
    visitor.picture(f"ticking-{width}-{scheme}")
    page.get_by_role("button", name="Assign ticked cases").click()
    expect(page.locator(".message.error")).to_be_focused()
    assert visitor.violations() == []
    assert not visitor.scrolls_sideways()
    visitor.picture(f"ticking-refused-{width}-{scheme}")
    page.get_by_role("link", name="Cases: Tick at least one case").click()
    expect(page.locator(BOXES).first).to_be_focused()
    visitor.close()
    visitor, _hands = desk.at_case(width=width, scheme=scheme)
    page = visitor.page
    page.get_by_text("Add a capture").click()
    assert visitor.violations() == []
    visitor.picture(f"capture-{width}-{scheme}")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".message.error")).to_be_focused()
    assert visitor.violations() == []
    assert not visitor.scrolls_sideways()
    visitor.picture(f"capture-refused-{width}-{scheme}")
    visitor.close()
