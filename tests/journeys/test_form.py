"""The review form in a real browser: clauses found, texts inserted, what an outcome does not need away."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import referral_body
from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

TERMS = "# 1. Violence\n\nNo threats.\n\n# 2. Fraud\n\nNo deceit at all.\n\n# 3. Spam\n\nNo bulk.\n"
TERMS += "".join(f"\n# {number}. Rule of that number\n\nNothing of it.\n" for number in range(4, 9))
READY = "The content threatens a person."
TOLD = "It breaks our clause on violence."
OWN = "The caption names the person and the place."


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with eight clauses; each test gives its case back, and its draft stays its own."""
    folder = tmp_path_factory.mktemp("form")
    desk = Program(folder, f"sqlite:///{folder / 'review.db'}", hosts="video.example", undo_seconds=60)
    with running(desk):
        desk.add_account("admin@desk.example", "admin")
        for number in range(7):
            desk.add_account(f"moderator{number}@desk.example", "moderator")
        terms = folder / "terms.md"
        terms.write_text(TERMS)
        desk.command("clauses", "import", str(terms), "--from", "2021-01-01")
        sender_id = desk.command("senders", "create", "Harbour Watch", "--kind", "iru")["id"]
        key = desk.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
        for number in range(8):
            urls = [f"https://video.example/{number}/{place}" for place in range(3)]
            answer = httpx.post(
                desk.address + "/api/v1/referrals",
                content=referral_body(f"FORM-{number}", *urls),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            )
            assert answer.status_code == 201, json.dumps(answer.json())
        yield desk


def write_texts(program: Program, chromium: Browser, *, width: int) -> None:
    """An administrator writes both texts of the first clause, unless they stand there; pages are clean."""
    person = Visitor(chromium, program.address, width=width)
    person.sign_in("admin@desk.example")
    for kind, text in (("rationale", READY), ("statement", TOLD)):
        person.open("/admin/clauses")
        person.page.get_by_role("link", name=re.compile("1 Violence")).first.click()
        person.page.get_by_role("link", name="Ready-made texts").click()
        assert person.violations() == []
        if person.page.locator("main", has_text=text).count():
            continue
        person.page.get_by_role("link", name="Write another text").click()
        assert person.violations() == []
        person.page.check(f"[name=kind][value={kind}]")
        person.page.fill("main [name=language]", "en")
        person.page.fill("main [name=text]", text)
        person.page.get_by_role("button", name="Save as version 1").click()
        expect(person.page.locator("main")).to_contain_text(text)
    assert not person.scrolls_sideways()
    assert person.troubles == []
    person.close()


def moderator(program: Program, chromium: Browser, number: int, **look: object) -> Visitor:
    visitor = Visitor(chromium, program.address, **look)  # type: ignore[arg-type]
    visitor.sign_in(f"moderator{number}@desk.example")
    visitor.open("/queue")
    visitor.page.get_by_role("button", name="Take next case").first.click()
    visitor.page.locator("#review").wait_for()
    visitor.page.wait_for_load_state()
    return visitor


def shown(page: Page, *names: str) -> list[bool]:
    return [page.locator(f"[name={name}]").first.is_visible() for name in names]


def test_a_tick_inserts_both_texts_and_unticking_takes_untouched_ones_out(
    program: Program, chromium: Browser
) -> None:
    write_texts(program, chromium, width=1440)
    visitor = moderator(program, chromium, 0)
    page = visitor.page
    rationale, statement = page.locator("#rationale"), page.locator("#statement")
    first = page.get_by_role("checkbox", name=re.compile("1 Violence"))
    rationale.fill(OWN)
    first.check()
    expect(rationale).to_have_value(f"{OWN}\n\n{READY} ")
    expect(statement).to_have_value(f"{TOLD} ")
    statement.fill(f"{TOLD} Thank you.")
    first.uncheck()
    expect(rationale).to_have_value(OWN)
    expect(statement).to_have_value("Thank you.")
    first.check()
    rationale.fill(READY.replace("threatens", "may threaten"))
    first.uncheck()
    expect(rationale).to_have_value(READY.replace("threatens", "may threaten"))
    expect(page.locator("[name=snippets]")).to_have_count(1)
    expect(page.get_by_role("button", name="Insert texts of ticked clauses")).to_be_hidden()
    assert visitor.violations() == []
    page.get_by_role("button", name="Give back").click()
    assert visitor.troubles == []
    visitor.close()


def test_ready_made_texts_leave_with_the_outcome_and_one_writes_on_behind_what_stands(
    program: Program, chromium: Browser
) -> None:
    write_texts(program, chromium, width=1440)
    visitor = moderator(program, chromium, 5)
    page = visitor.page
    rationale, statement = page.locator("#rationale"), page.locator("#statement")
    page.locator("html[data-awake]").wait_for(state="attached")
    page.keyboard.press("1")
    page.get_by_role("checkbox", name=re.compile("1 Violence")).check()
    expect(statement).to_have_value(f"{TOLD} ")
    page.check("[name=outcome][value=declined]")
    expect(rationale).to_have_value("")
    expect(statement).to_have_value("")
    page.check("[name=outcome][value=accepted]")
    expect(statement).to_have_value(f"{TOLD} ")
    page.get_by_role("checkbox", name=re.compile("1 Violence")).focus()
    page.keyboard.press("t")
    page.keyboard.type("Thank you.")
    expect(statement).to_have_value(f"{TOLD} Thank you.")
    page.get_by_role("button", name="Give back").click()
    assert visitor.troubles == []
    visitor.close()


def test_the_search_narrows_the_list_and_enter_goes_to_the_first_clause(
    program: Program, chromium: Browser
) -> None:
    visitor = moderator(program, chromium, 1)
    page = visitor.page
    page.fill("#clause-search", "no deceit")
    expect(page.locator("#clause-list .choice:visible")).to_have_count(1)
    page.locator("#clause-search").press("Enter")
    focused = page.locator("[name=clauses]:focus")
    expect(focused).to_have_attribute("data-key", "1")
    focused.press("Space")
    page.fill("#clause-search", "nothing like it")
    expect(page.locator("#clause-list .choice:visible")).to_have_count(1)
    page.uncheck("[name=clauses]:checked")
    page.fill("#clause-search", "nothing like it at all")
    expect(page.get_by_text("No clause holds all these words.")).to_be_visible()
    page.fill("#clause-search", "")
    expect(page.locator("#clause-list .choice:visible")).to_have_count(page.locator("[name=clauses]").count())
    page.get_by_role("button", name="Give back").click()
    assert visitor.troubles == []
    visitor.close()


def test_what_a_decision_needs_is_in_view_before_anything_is_scrolled(
    program: Program, chromium: Browser
) -> None:
    visitor = moderator(program, chromium, 2)
    page = visitor.page
    assert page.evaluate("scrollY") == 0
    fits = {name: page.locator(name) for name in ("#outcome", "#clauses-0", "#rationale")}
    fits["button"] = page.get_by_role("button", name="Record and open next")
    assert page.locator("input[name=clauses]").count() == 8
    bar = page.locator("#review .form-actions").bounding_box()
    assert bar is not None
    for name, part in fits.items():
        expect(part).to_be_in_viewport(ratio=1)
        box = part.bounding_box()
        assert box is not None
        assert name == "button" or box["y"] + box["height"] <= bar["y"], "not behind the buttons"
    page.get_by_role("button", name="Give back").click()
    assert visitor.troubles == []
    visitor.close()


def test_the_text_of_the_clause_with_the_focus_stands_below_its_name(
    program: Program, chromium: Browser
) -> None:
    visitor = moderator(program, chromium, 2)
    page = visitor.page
    text = page.get_by_text("No deceit at all.")
    expect(text).not_to_be_in_viewport()
    page.locator("#clauses input[type=checkbox]").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name=re.compile("2 Fraud"))).to_be_focused()
    expect(text).to_be_in_viewport(ratio=1)
    name, below = page.get_by_text("2 Fraud", exact=True).bounding_box(), text.bounding_box()
    assert name is not None
    assert below is not None
    assert below["y"] >= name["y"] + name["height"]
    page.locator("#rationale").focus()
    expect(text).not_to_be_in_viewport()
    page.get_by_role("button", name="Give back").click()
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize("script", [True, False])
def test_fields_that_an_outcome_does_not_need_are_not_in_the_way(
    program: Program, chromium: Browser, *, script: bool
) -> None:
    visitor = moderator(program, chromium, 3 if script else 4, script=script)
    page = visitor.page
    asked = ("clauses", "visibility", "law", "decline_reason", "statement")
    assert shown(page, *asked) == [True, False, False, False, True]
    page.check("[name=outcome][value=accepted]")
    assert shown(page, *asked) == [True, True, False, False, True]
    page.check("[name=ground][value=law]")
    assert shown(page, *asked) == [False, True, True, False, True]
    page.check("[name=outcome][value=declined]")
    assert shown(page, *asked) == [False, False, False, True, True]
    page.check("[name=outcome][value=escalate]")
    assert shown(page, *asked) == [False, False, False, False, False]
    page.check("[name=outcome][value=declined]")
    page.check("[name=decline_reason][value=not_found]")
    page.fill("#rationale", OWN)
    page.locator("summary", has_text=re.compile("other cases? of the same referral")).click()
    page.locator("[name=also]").first.check()
    page.get_by_role("button", name="Record and stay").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Recorded for 1 further case")
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator("#rationale")).to_have_value(OWN)
    page.get_by_role("button", name="Give back").click()
    assert visitor.troubles == []
    visitor.close()


def test_without_a_script_the_buttons_find_and_insert(program: Program, chromium: Browser) -> None:
    write_texts(program, chromium, width=360)
    visitor = moderator(program, chromium, 6, script=False, width=360)
    page = visitor.page
    page.fill("#rationale", OWN)
    page.fill("#clause-search", "threats")
    page.locator("#clause-search").press("Enter")
    expect(page.locator("#clause-list .choice:visible")).to_have_count(1)
    expect(page.locator("#rationale")).to_have_value(OWN)
    page.locator("[name=clauses]:visible").first.check()
    page.get_by_role("button", name="Insert texts of ticked clauses").click()
    expect(page.locator("#rationale")).to_have_value(f"{OWN}\n\n{READY}")
    expect(page.locator("#statement")).to_have_value(TOLD)
    assert not visitor.scrolls_sideways()
    page.get_by_role("button", name="Give back").click()
    visitor.close()
