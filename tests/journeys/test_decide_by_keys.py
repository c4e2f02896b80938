"""Goals 1 to 4 of the console, in a real browser: few keys, no double, undo, no loss."""

import os
import random
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from review.clock import now
from review.models import Account, Case, Decision, Draft, Review
from tests.journeys.desk_of_keys import PEOPLE, TEXTS, furnish, new_desk, stored
from tests.journeys.hands import OWN_SENTENCE, Hands
from tests.journeys.server import Browser as WithoutScript
from tests.journeys.server import Program, running, until
from tests.journeys.slow_line import slow_line
from tests.journeys.visitor import Visitor
from tests.journeys.working import review_next

pytestmark = pytest.mark.browser
RATIONALE = "textarea[name=rationale]"
RUNS = int(os.environ.get("REVIEW_TEST_IMPATIENT_RUNS", "8"))
"""Impatient runs of goal 2, which asks for 200; few where every change waits for them."""
MOST_WAIT_SECONDS = 0.8
DEAD_SECONDS = 0.3
SAVED_WITHIN_MS = 2_000
NOT_FOUND = "3"
SHOWN = """document.addEventListener('readystatechange', () => {
  if (document.readyState !== 'interactive') return;
  const note = () => {
    const {pathname} = location, at = performance.timeOrigin + performance.now();
    if (pathname.startsWith('/cases/') && !localStorage.getItem(pathname)) localStorage.setItem(pathname, at);
  };
  requestAnimationFrame(() => requestAnimationFrame(note));
})"""
"""Notes when a page was drawn: the second frame after it was parsed, before any script of its own runs."""


@pytest.fixture
def program(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Program]:
    """A desk on each database; parametrised by how long an undo is possible and how many cases wait.

    A third word brings evidence with each case, and ready-made texts; a fourth says how many items each has.
    """
    undo_seconds, cases, *more = request.param
    with running(new_desk(tmp_path, database_url, undo_seconds=undo_seconds)) as desk:
        furnish(desk, cases=cases, evidence=bool(more), items=more[1] if len(more) > 1 else 1)
        yield desk


def _at_queue(program: Program, chromium: Browser, **options: Any) -> tuple[Visitor, Hands]:
    visitor = Visitor(chromium, program.address, **options)
    visitor.sign_in(PEOPLE[0])
    visitor.open("/queue")
    return visitor, Hands(visitor.page)


def _decline(hands: Hands) -> None:
    """Outcome, reason, a sentence, record: the sentence field has the focus by then."""
    hands.press("2", NOT_FOUND)
    expect(hands.page.locator(RATIONALE)).to_be_focused()
    hands.write()
    hands.press("Ctrl+Enter")


def _accept(hands: Hands) -> None:
    """Look, outcome, first clause with its texts, a sentence of one's own, record."""
    hands.press("v")
    shown = hands.page.locator("li.piece img.medium")
    shown.wait_for()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    hands.case()
    hands.press("1", "1", "r")
    expect(hands.page.locator(RATIONALE)).to_be_focused()
    hands.write()
    hands.press("Ctrl+Enter")


def _expect_hidden_evidence(hands: Hands) -> None:
    """The case has a picture, which is neither shown nor named by an address."""
    expect(hands.page.locator("li.piece")).to_have_count(1)
    assert hands.page.locator("main img").count() == 0
    assert "/evidence/" not in hands.page.content()


def _rows(program: Program, statement: Any) -> list[Any]:
    engine = stored(program)
    with engine.connect() as connection:
        found = list(connection.execute(statement).all())
    engine.dispose()
    return found


def _count(program: Program, statement: Any) -> int:
    return int(_rows(program, statement)[0][0])


@pytest.mark.parametrize("program", [(60, 5, "evidence")], indirect=True)
def test_goal_1_a_decision_is_a_few_keys_away(program: Program, chromium: Browser) -> None:
    visitor, hands = _at_queue(program, chromium)
    hands.wait()
    hands.press("n")
    case = hands.case()
    _expect_hidden_evidence(hands)
    _decline(hands)
    case = hands.after(case)
    assert hands.count <= 6, "from the queue to the next case"
    hands.count = 0
    _decline(hands)
    case = hands.after(case)
    assert hands.count <= 3, "steady, without evidence"
    for _case in range(2):
        hands.count = 0
        _expect_hidden_evidence(hands)
        _accept(hands)
        case = hands.after(case)
        assert hands.count <= 5, "steady, with the evidence revealed"
    _expect_hidden_evidence(hands)
    reviewed = _rows(program, sa.select(Review).order_by(Review.recorded_at))
    assert [row.outcome for row in reviewed] == ["declined", "declined", "accepted", "accepted"]
    assert OWN_SENTENCE in reviewed[-1].rationale
    assert TEXTS["rationale"] in reviewed[-1].rationale
    assert reviewed[-1].statement == TEXTS["statement"]
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize("program", [(60, 2, "evidence", 3)], indirect=True)
def test_goal_1_each_further_item_is_one_key_away(program: Program, chromium: Browser) -> None:
    visitor, hands = _at_queue(program, chromium)
    page, items = visitor.page, visitor.page.locator(".item-head")
    hands.wait()
    hands.press("n")
    case = hands.case()
    hands.press("v")
    expect(page.locator("img.medium")).to_have_count(1)
    hands.wait()
    hands.press("l")
    expect(items.nth(1)).to_be_focused()
    hands.press("l")
    expect(items.nth(2)).to_be_focused()
    hands.press("2", NOT_FOUND)
    expect(page.locator(RATIONALE)).to_be_focused()
    hands.write("Hello: nothing was found at any of these items, xlh.")
    expect(page.locator(RATIONALE)).to_have_value("Hello: nothing was found at any of these items, xlh.")
    hands.press("Ctrl+Enter")
    hands.after(case)
    assert hands.count <= 5 + 2, "as for one item from the queue on, with one key for each further one"
    assert [row.outcome for row in _rows(program, sa.select(Review.outcome))] == ["declined"]
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize("program", [(60, 3)], indirect=True)
def test_goal_1_without_script_a_decision_is_fourteen_keys_away(program: Program, chromium: Browser) -> None:
    visitor, hands = _at_queue(program, chromium, script=False)
    page = visitor.page
    page.locator("form[action='/queue/next'] button").click()
    expect(page.locator("h1")).to_contain_text("C-")
    case = page.locator("h1").inner_text()
    page.get_by_role("link", name="Go to the form").focus()
    hands.press("Enter", "Tab", "ArrowDown", "Tab")
    expect(page.locator("input[name=decline_reason]:focus")).to_have_count(1)
    hands.press("Space", "Tab")
    expect(page.locator(RATIONALE)).to_be_focused()
    hands.write()
    hands.press("Tab")
    page.keyboard.type("We found nothing there.")
    while page.evaluate("document.activeElement.innerText").strip() != "Record and open next":
        hands.press("Tab")
    hands.press("Enter")
    expect(page.locator("h1")).not_to_have_text(case)
    assert hands.count + 1 <= 14, "the link to the form is one key away from the top"
    assert _count(program, sa.select(sa.func.count()).select_from(Review)) == 1
    visitor.close()


def _ready_drafts(program: Program) -> None:
    """Every case with a draft that only waits to be recorded: what one key too many would do."""
    fields = {"outcome": "declined", "decline_reason": "not_found", "rationale": OWN_SENTENCE}
    engine = stored(program)
    with engine.connect() as connection:  # read before: SQLite lets no reader write once the server wrote
        account_id = connection.scalar(sa.select(Account.id).where(Account.email == PEOPLE[0]))
        rows = [
            {"case_id": case_id, "account_id": account_id, "fields": fields, "saved_at": now()}
            for case_id in connection.scalars(sa.select(Case.id))
        ]
    with engine.begin() as connection:
        connection.execute(sa.insert(Draft), rows)
    engine.dispose()


@pytest.mark.parametrize("program", [(600, RUNS * 4)], indirect=True)
def test_goal_2_impatient_keys_decide_nothing_twice_and_nothing_unseen(
    program: Program, chromium: Browser
) -> None:
    _ready_drafts(program)
    chance = random.Random(2)
    with slow_line(program.port, seconds=(0, MOST_WAIT_SECONDS)) as address:
        visitor = Visitor(chromium, address)
        visitor.context.set_default_timeout(30_000)
        visitor.context.add_init_script(SHOWN)
        visitor.sign_in(PEOPLE[0])
        visitor.open("/queue")
        hands = Hands(visitor.page)
        hands.wait()
        hands.press("n")
        for _run in range(RUNS):
            case = hands.case()
            hands.press("Ctrl+Enter")
            hands.press(*chance.choices(("Ctrl+Enter", "2", "n", "Enter"), weights=(5, 1, 1, 1), k=6))
            hands.after(case)
        shown: dict[str, str] = visitor.page.evaluate("({...localStorage})")
        visitor.close()
    reviews = _rows(program, sa.select(Review.case_id, Review.recorded_at))
    assert len(reviews) >= RUNS
    assert len({row.case_id for row in reviews}) == len(reviews), "one review of a case"
    for row in reviews:
        at = float(shown[f"/cases/{row.case_id}"]) / 1000
        assert _seconds(row.recorded_at) - at >= DEAD_SECONDS, "shown long enough to be seen"


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


@pytest.mark.parametrize("program", [(60, 2)], indirect=True)
def test_goal_3_one_key_takes_a_review_back_before_anything_goes_out(
    program: Program, chromium: Browser
) -> None:
    visitor, hands = _at_queue(program, chromium)
    hands.wait()
    hands.press("n")
    case = hands.case()
    _decline(hands)
    hands.after(case)
    hands.press("z")
    expect(visitor.page.locator("h1")).to_have_text(case)
    expect(visitor.page.locator(RATIONALE)).to_have_value(OWN_SENTENCE)
    assert (
        _count(program, sa.select(sa.func.count()).select_from(Review).where(Review.undone_at.is_(None))) == 0
    )
    assert _count(program, sa.select(sa.func.count()).select_from(Decision)) == 0
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize("program", [(2, 2)], indirect=True)
def test_goal_3_after_the_window_undo_is_refused_with_the_reason(program: Program, chromium: Browser) -> None:
    visitor, hands = _at_queue(program, chromium)
    hands.wait()
    hands.press("n")
    case = hands.case()
    _decline(hands)
    hands.after(case)
    expect(visitor.page.locator(".flash.undo")).to_be_visible()
    until(lambda: _count(program, sa.select(sa.func.count()).select_from(Decision)))
    hands.press("z")
    expect(visitor.page.get_by_role("status")).to_contain_text("The time to undo has ended.")
    assert (
        _count(program, sa.select(sa.func.count()).select_from(Review).where(Review.undone_at.is_(None))) == 1
    )
    assert visitor.troubles_besides(409) == []
    visitor.close()


@pytest.mark.parametrize("program", [(10, 3)], indirect=True)
def test_goal_3_a_killed_browser_and_server_dispatch_once(program: Program, chromium: Browser) -> None:
    visitor, hands = _at_queue(program, chromium)
    hands.wait()
    hands.press("n")
    case = hands.case()
    _decline(hands)
    hands.after(case)
    visitor.close()
    program.kill()
    decided = sa.select(Decision.case_id)
    assert _rows(program, decided) == []
    program.start()
    until(lambda: _rows(program, decided))
    # another decision shows that the loop went its round once more, after the first one was there
    colleague = WithoutScript(program)
    colleague.sign_in(PEOPLE[1])
    colleague.get("/queue")
    second = review_next(colleague)
    until(lambda: (second,) in _rows(program, decided))
    assert sorted(_rows(program, decided)) == sorted([(case,), (second,)]), "each was decided once"
    dispatched = sa.select(Review.case_id).where(Review.dispatched_at.is_not(None))
    assert sorted(_rows(program, dispatched)) == sorted([(case,), (second,)])


@pytest.mark.parametrize("program", [(60, 1)], indirect=True)
def test_goal_4_what_is_typed_survives_the_page(program: Program, chromium: Browser) -> None:
    visitor, hands = _at_queue(program, chromium)
    hands.wait()
    hands.press("n")
    case = hands.case()
    hands.press("r")
    clock = visitor.page.clock  # the page's own: how fast this machine is does not count
    clock.install()
    clock.pause_at(visitor.page.evaluate("Date.now() + 1000"))
    hands.write()
    with visitor.page.expect_request("**/draft"):
        clock.run_for(SAVED_WITHIN_MS)
    expect(visitor.page.locator("[data-saved]")).to_contain_text("saved")
    clock.resume()
    assert visitor.page.evaluate("document.activeElement.name") == "rationale", "the focus was not taken"
    visitor.page.keyboard.type(" And more.")
    hands.press("Tab")
    draft = sa.select(Draft.fields)
    until(lambda: [row for row in _rows(program, draft) if row.fields["rationale"].endswith("And more.")])
    assert visitor.troubles == []
    visitor.close()
    visitor, hands = _at_queue(program, chromium)
    visitor.open(f"/cases/{case}")
    expect(visitor.page.locator(RATIONALE)).to_have_value(OWN_SENTENCE + " And more.")
    visitor.close()


@pytest.mark.parametrize("program", [(60, 1)], indirect=True)
def test_a_draft_that_cannot_be_saved_says_so_and_is_tried_again(program: Program, chromium: Browser) -> None:
    visitor, hands = _at_queue(program, chromium)
    hands.wait()
    hands.press("n")
    hands.case()
    visitor.context.set_offline(True)
    hands.press("r")
    hands.write()
    line = visitor.page.locator("[data-saved]")
    expect(line).to_contain_text("not saved: the desk does not answer; it is tried again")
    visitor.context.set_offline(False)
    expect(line).to_contain_text(re.compile(r"^saved \d"))
    assert _rows(program, sa.select(Draft.fields))[0].fields["rationale"] == OWN_SENTENCE
    assert [trouble for trouble in visitor.troubles if "ERR_INTERNET_DISCONNECTED" not in trouble] == []
    visitor.close()
