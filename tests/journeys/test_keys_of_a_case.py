"""Each key of a case and of the queue is pressed in a real browser, and what it stands beside is done."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.appearing import appeared, watch_appearing
from tests.journeys.desk_of_cases import Cases, furnish, shot
from tests.journeys.desk_of_keys import new_desk
from tests.journeys.hands import OWN_SENTENCE, Hands
from tests.journeys.server import Browser as Person
from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
FIRST, OTHER, BEFORE = (f"{name}@desk.example" for name in ("first", "other", "before"))
MEASURES = {
    "u": "removed",
    "d": "disabled",
    "e": "demoted",
    "y": "age_restricted",
    "i": "interaction_restricted",
    "o": "labelled",
}
CYRILLIC = "https://video.example/watch/п%E2%80%AEgnp.exe"
MOST_SHIFT = 0.02


@dataclass(frozen=True)
class Work:
    """A desk with cases by what they are for, and two moderators at windows of their own."""

    cases: dict[str, str]
    first: Visitor
    other: Visitor


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, one_chromium: Browser) -> Iterator[Work]:
    """What keys do in a page does not hang on the database, so this is SQLite."""
    folder: Path = tmp_path_factory.mktemp("cases")
    program = new_desk(folder, f"sqlite:///{folder / 'review.db'}", undo_seconds=1)
    with running(program):
        furnish(program, FIRST, OTHER, BEFORE)
        cases = _refer(program)
        windows = []
        for email in (FIRST, OTHER):
            visitor = Visitor(one_chromium, program.address)
            visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
            watch_appearing(visitor.context)
            visitor.sign_in(email)
            windows.append(visitor)
        yield Work(cases, *windows)
        for visitor in windows:
            # a page that came before the last draft of the one before it learns that it began with another
            assert visitor.troubles_besides(409, path="/draft") == []
            visitor.close()


def _refer(program: Program) -> dict[str, str]:
    """Three decided cases with one picture, and cases for the keys; the one with a past has that picture."""
    cases = Cases(program)
    person = Person(program)
    person.sign_in(BEFORE)
    past = [cases.refer(evidence=[shot()])[0] for _number in range(3)]
    cases.decide(person, *past)
    found = {"past": cases.refer(evidence=[shot()])[0]}
    found["shown"] = cases.refer(CYRILLIC, evidence=[shot(side=400), shot("more.png", side=404)])[0]
    found["unseen"] = cases.refer(evidence=[shot(side=408)])[0]
    found["several"] = cases.refer("https://video.example/a", "https://video.example/b")[0]
    for name in ("passed", "rest", "stay"):
        found[name] = cases.refer()[0]
    return found


def _open(visitor: Visitor, case_id: str) -> Hands:
    """The case, claimed by this person unless it is already."""
    visitor.open(f"/cases/{case_id}")
    if (button := visitor.page.get_by_role("button", name="Claim this case")).count():
        button.click()
        visitor.page.locator("#review").wait_for()
    hands = Hands(visitor.page)
    assert hands.case() == case_id
    return hands


def _clear(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")


def test_v_reveals_step_by_step_and_escape_hides(work: Work) -> None:
    page, hands = work.first.page, _open(work.first, work.cases["shown"])
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if "/evidence/" in request.url else None)
    assert page.locator("img.medium").count() == 0
    for stage in ("small", "grey"):
        hands.press("v")
        expect(page.locator(f"img.medium[alt*={stage}]")).to_be_visible()
        hands.wait()
    hands.press("v")
    expect(page.locator("img.medium")).to_have_count(2)
    hands.wait()
    expect(page.locator("img.medium[alt*=small]")).to_have_count(1)
    assert len(set(loaded)) == 3, "two steps of one piece, then the first of the next: an address for each"
    hands.press("s", "Esc")
    expect(page.get_by_role("button", name="Tomorrow morning")).to_be_hidden()
    expect(page.locator("img.medium")).to_have_count(2)  # the menu was left, nothing else
    hands.press("Esc")
    expect(page.locator("img.medium")).to_have_count(0)
    hands.wait()
    assert work.first.violations() == []


def test_q_shows_what_the_sender_said_without_the_evidence(work: Work) -> None:
    page, hands = work.first.page, _open(work.first, work.cases["unseen"])
    expect(page.get_by_text("About the sender")).to_have_count(0)
    hands.press("q")
    expect(page.get_by_text("About the sender")).to_be_visible()
    assert page.locator("img.medium").count() == 0
    expect(page.get_by_role("button", name=re.compile("Decide without looking"))).to_have_count(0)


def test_three_earlier_decisions_come_with_the_look_and_a_digit_unfolds_each(work: Work) -> None:
    """Goal: three precedents, no click."""
    page, hands = work.first.page, _open(work.first, work.cases["past"])
    assert page.locator(".precedent").count() == 0, "not before the look"
    hands.press("v")
    expect(page.locator(".precedent summary")).to_have_count(3)
    for number in range(3):
        summary = page.locator(".precedent summary").nth(number)
        expect(summary).to_be_visible()
        expect(summary).to_contain_text("Declined")
        expect(summary).to_contain_text("One review")
    hands.wait()
    for number in (1, 2, 3):
        folded = page.locator(".precedent").nth(number - 1)
        expect(folded.get_by_text("Context")).to_be_hidden()
        hands.press("p", str(number))
        expect(folded.get_by_text("Context")).to_be_visible()
    assert page.locator("[name=outcome]:checked").count() == 0, "the digit chose no outcome"


def test_a_offers_the_other_cases_of_the_referral_and_c_finds_a_clause(work: Work) -> None:
    page, hands = work.first.page, _open(work.first, work.cases["several"])
    expect(page.locator("[name=also]")).to_be_hidden()
    hands.press("a")
    expect(page.locator("[name=also]")).to_be_visible()
    expect(page.locator("[name=also]")).not_to_be_checked()
    hands.press("1", "c")
    expect(page.locator("#clause-search")).to_be_focused()
    hands.write("deceit")
    expect(page.locator("#clause-list .choice:visible")).to_have_count(1)
    expect(page.locator("[name=clauses]:checked")).to_have_count(0)


@pytest.mark.parametrize("key", MEASURES)
def test_a_letter_right_after_the_outcome_chooses_the_measure(work: Work, key: str) -> None:
    page, hands = work.first.page, _open(work.first, work.cases["several"])
    _clear(page)
    hands.press("1", key)
    expect(page.locator(f"[name=visibility][value={MEASURES[key]}]")).to_be_checked()
    expect(page.locator("[name=visibility]:checked")).to_have_count(1)
    expect(page.locator("[name=outcome][value=accepted]")).to_be_checked()
    _clear(page)
    expect(page.locator("[data-saved]")).to_contain_text("saved")


def test_m_goes_to_the_note_and_s_to_the_ways_out(work: Work) -> None:
    page, hands = work.first.page, _open(work.first, work.cases["several"])
    _clear(page)
    hands.press("m")
    expect(page.locator("#note")).to_be_focused()
    hands.write("s")
    assert page.input_value("#note") == "s", "letters are typed there"
    hands.press("Esc", "s")
    expect(page.get_by_role("button", name="Tomorrow morning")).to_be_visible()
    hands.press("Esc")
    expect(page.get_by_role("button", name="Tomorrow morning")).to_be_hidden()


def test_s_and_one_pass_the_case_on_and_ask_nothing(work: Work) -> None:
    page, hands = work.other.page, _open(work.other, work.cases["passed"])
    hands.press("s", "1")
    page.wait_for_url("**/queue")
    expect(page.locator("main, .flash").first).to_be_visible()
    expect(page.get_by_text("Passed on. It waits for your colleagues")).to_be_visible()
    assert hands.count == 2


def test_b_leads_to_a_break_and_the_draft_is_kept(work: Work) -> None:
    page, hands = work.other.page, _open(work.other, work.cases["rest"])
    hands.press("r")
    hands.write()
    hands.press("Esc", "b")
    page.wait_for_url("**/break")
    hands.wait()
    page.get_by_role("button", name="Back to work").click()
    page.wait_for_url("**/my-work")
    _open(work.other, work.cases["rest"])
    expect(page.locator("[name=rationale]")).to_have_value(OWN_SENTENCE)


def test_ctrl_shift_enter_records_and_stays(work: Work) -> None:
    page, hands = work.other.page, _open(work.other, work.cases["stay"])
    hands.press("2", "3")
    expect(page.locator("[name=rationale]")).to_be_focused()
    hands.write()
    hands.press("Ctrl+Shift+Enter")
    expect(page.locator(".flash.undo")).to_be_visible()
    expect(page.locator("h1")).to_have_text(work.cases["stay"])
    expect(page.locator("#review")).to_have_count(0)


def test_f_opens_the_filter_of_the_queue(work: Work) -> None:
    page, hands = work.first.page, Hands(work.first.page)
    work.first.open("/queue")
    hands.wait()
    expect(page.locator("select[name=severity]")).to_be_hidden()
    hands.press("f")
    expect(page.locator("select[name=severity]")).to_be_visible()


def test_code_points_of_an_address_are_shown_and_the_address_is_copied(work: Work) -> None:
    page = work.first.page
    _open(work.first, work.cases["shown"])
    page.get_by_text("Show code points").click()
    points = page.locator(".characters")
    for name in ("CYRILLIC SMALL LETTER PE", "RIGHT-TO-LEFT OVERRIDE"):
        expect(points.get_by_text(name)).to_be_visible()
    assert "\u202e" not in page.content()
    shown = page.locator("[id^=address-] bdi").first.inner_text()
    page.locator("[data-copy^='#address-']").first.click()
    expect(page.locator("[data-copy^='#address-']").first).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == shown
    assert copied.startswith("hxxps://video[.]example/watch/")
    assert work.first.violations() == []


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_moves_while_a_page_appears(work: Work, width: int) -> None:
    """Goal 14: layout shift of queue and case, which does not hang on speed; the rest is the bench's."""
    page = work.first.page
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/queue", *(f"/cases/{work.cases[name]}" for name in ("shown", "past", "several"))):
        work.first.open(path)
        assert appeared(page).shift <= MOST_SHIFT, path
    page.set_viewport_size({"width": 1440, "height": 900})
