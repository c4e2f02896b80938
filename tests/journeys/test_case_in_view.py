"""Where the parts of a case stand while somebody works on it, in a real browser at several widths."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.desk_of_cases import Cases, furnish, shot
from tests.journeys.desk_of_keys import new_desk
from tests.journeys.hands import Hands
from tests.journeys.server import running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
PERSON = "first@desk.example"
ITEMS = 7
EDGES = """selector => {
  const {top, bottom, left} = document.querySelector(selector).getBoundingClientRect();
  return {top, bottom, left};
}"""
TOPS = """() => [...document.querySelectorAll(
  '.case-main :is(a, button, summary, input), .case-main .item-head, #note, #rationale, #context')]
  .filter(part => part.checkVisibility())
  .map(part => {
    part.focus();
    const {top, bottom} = part.getBoundingClientRect();
    return [part.outerHTML.slice(0, 90), top, bottom];
  })"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, one_chromium: Browser) -> Iterator[Page]:
    """A long case, held; where things stand does not hang on the database, so this is SQLite."""
    folder: Path = tmp_path_factory.mktemp("view")
    program = new_desk(folder, f"sqlite:///{folder / 'review.db'}")
    with running(program):
        furnish(program, PERSON)
        cases = Cases(program)
        place = "https://video.example/watch/long"
        (case_id,) = cases.refer(place, evidence=[shot()])
        for number in range(1, ITEMS):
            cases.refer(f"{place}?utm_source={number}", reason=f"{number} of a long case. " * 20)
        visitor = Visitor(one_chromium, program.address)
        visitor.sign_in(PERSON)
        visitor.open(f"/cases/{case_id}")
        visitor.page.get_by_role("button", name="Claim this case").click()
        visitor.page.locator("#review").wait_for()
        yield visitor.page
        assert visitor.troubles == []
        visitor.close()


@pytest.fixture(autouse=True)
def _afresh(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(page.url.partition("#")[0])
    Hands(page).wait()


def _edges(page: Page, selector: str) -> Any:
    return page.evaluate(EDGES, selector)


def test_whoever_goes_to_the_rationale_sees_the_statement_that_comes_next(page: Page) -> None:
    hands = Hands(page)
    hands.press("v")
    page.locator("img.medium").wait_for()
    hands.wait()
    hands.press("1", "2", "r")
    buttons = _edges(page, ".case-decide .form-actions")
    for field in ("#rationale", "#statement"):
        edges = _edges(page, field)
        assert _edges(page, ".case-strip")["bottom"] < edges["top"], field
        assert edges["bottom"] <= buttons["top"], field
    page.keyboard.press("Tab")
    expect(page.locator("#statement")).to_be_focused()


def test_the_statement_is_in_view_when_its_key_goes_there(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 700})
    Hands(page).press("1", "Esc", "t")
    expect(page.locator("#statement")).to_be_focused()
    edges = _edges(page, "#statement")
    assert 0 < edges["top"] < edges["bottom"] <= _edges(page, ".case-decide .form-actions")["top"]


@pytest.mark.parametrize("width", [1440, 1200])
def test_the_head_of_a_long_case_stays_in_view_and_hides_nothing_that_has_the_focus(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    tops = page.evaluate(TOPS)
    head = _edges(page, ".case-strip")
    assert page.evaluate("scrollY") > 900
    assert head["top"] == 0
    assert _edges(page, ".case-decide")["top"] > head["bottom"]
    assert len(tops) > ITEMS
    assert [one for one in tops if one[1] < head["bottom"] or one[2] > 900] == []
    page.locator(".case-strip .drop-menu > summary").click()
    expect(page.get_by_role("button", name="Personal impact")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(
    ("width", "height", "medium"), [(360, 900, None), (1440, 500, None), (1440, 900, "print")]
)
def test_the_head_goes_with_the_page_where_there_is_no_room_for_it(
    page: Page, width: int, height: int, medium: Any
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(media=medium)
    assert page.locator(".case-strip").evaluate("strip => getComputedStyle(strip).position") != "sticky"
    page.emulate_media(media="screen")


def test_the_form_comes_before_the_notes_to_read_and_by_tab_and_stands_beside_both(page: Page) -> None:
    follows = "([one, other]) => Boolean(document.querySelector(one).compareDocumentPosition("
    follows += "document.querySelector(other)) & Node.DOCUMENT_POSITION_FOLLOWING)"
    assert page.evaluate(follows, [".item", "#decide"])
    assert page.evaluate(follows, ["#decide", "#notes"])
    main, form, notes = (_edges(page, part) for part in (".case-main", "#decide", "#notes"))
    assert main["left"] == notes["left"] < form["left"]
    assert form["top"] == main["top"]
    assert 0 < notes["top"] - main["bottom"] < 20, "no gap between the evidence and the notes"
    page.set_viewport_size({"width": 360, "height": 900})
    main, form, notes = (_edges(page, part) for part in (".case-main", "#decide", "#notes"))
    assert main["bottom"] < form["top"] < form["bottom"] < notes["top"]


def test_the_help_says_its_name(page: Page) -> None:
    Hands(page).press("?")
    dialog = page.get_by_role("dialog", name="Keys", exact=True)
    expect(dialog).to_be_visible()
    heading = dialog.get_by_role("heading", name="Keys", exact=True)
    expect(heading).to_be_in_viewport(ratio=1)
    assert dialog.get_attribute("aria-labelledby") == heading.get_attribute("id")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("density", ["comfortable", "compact"])
def test_item_and_file_of_a_capture_stand_level(page: Page, density: str) -> None:
    page.evaluate("density => { document.documentElement.dataset.density = density; }", density)
    page.get_by_text("Add a capture", exact=True).click()
    parts = [_edges(page, part) for part in ("label[for=item]", "label[for=file]", "#item", "#file")]
    tops = [part["top"] for part in parts]
    assert tops[0] == pytest.approx(tops[1], abs=0.5)
    assert tops[2] == pytest.approx(tops[3], abs=0.5)
