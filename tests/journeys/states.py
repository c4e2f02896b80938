"""What a person does and sees at a page in a rarer state, and what holds of each such page."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.test_every_page import BROAD, WIDTHS
from tests.journeys.test_rarer_pages import House
from tests.journeys.visitor import LOOKS, Visitor
from tests.journeys.walking import walk

CANARY = "CANARY-OF-STAFF"
MIRRORED = "dark:comfortable:100:ar:Africa/Cairo"


def look(house: House, visitor: Visitor, name: str, *, walked: bool = False, mirrored: bool = False) -> None:
    """Nothing raw, nothing of staff, clean and no wider than the window, with text twice as large too.

    ``walked``: through it with Tab. ``mirrored``: in every look, and opened once more from right to left, for
    pages that may be opened again.
    """
    page = visitor.page
    page.wait_for_load_state("load")
    page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true })")
    assert visitor.drawn_raw() == [], name
    assert CANARY not in page.content(), name
    for text in ("200%", "100%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(BROAD) <= 0, (name, width, text)
    looks = LOOKS if mirrored else LOOKS[:1]
    assert visitor.flaws(looks) == [], name
    visitor.picture(f"sender-{name}-{house.desk.database}")
    for width in {width for width, *_rest in looks} if walked else ():
        page.set_viewport_size({"width": width, "height": 900})
        seen = walk(page)
        assert seen.wrong == (), (name, width)
    if not mirrored:
        return
    visitor.context.add_cookies([{"name": "display", "value": MIRRORED, "url": house.address}])
    page.set_viewport_size({"width": 360, "height": 900})
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert page.evaluate(BROAD) <= 0, name
    assert visitor.violations() == [], name
    visitor.picture(f"rtl-sender-{name}-{house.desk.database}")
    visitor.context.clear_cookies(name="display")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.reload()


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press the first button of that name."""
    page.get_by_role("button", name=name).first.click()


def bring(visitor: Visitor, content: bytes, *, name: str = "action.csv") -> str:
    """Upload a file with the form; its id."""
    page = visitor.page
    visitor.open("/sender/batches/new")
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": content})
    press(page, "Upload")
    says(page, "It is being checked")
    return page.url.rpartition("/")[2]


def says(page: Page, words: str) -> None:
    """The page comes to say so."""
    expect(page.locator("main")).to_contain_text(words)


def flashed(page: Page, words: str) -> None:
    """The page tells what was done."""
    expect(page.locator(".status-line[role=status]")).to_contain_text(words)


def refused(visitor: Visitor) -> None:
    """A form comes back on purpose."""
    visitor.refused()
    visitor.troubles = visitor.troubles_besides(422)


def end(visitor: Visitor) -> None:
    """Nothing went wrong at that window."""
    assert visitor.troubles == []
    visitor.close()
