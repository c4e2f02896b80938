"""Goal 10 and the rules of keys in a real browser: layouts, fields, dead moments, off switch, help."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.desk_of_keys import PEOPLE, furnish, new_desk
from tests.journeys.hands import Hands, dispatch
from tests.journeys.server import Program, running
from tests.journeys.slow_line import slow_line
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
RATIONALE = "textarea[name=rationale]"
DECLINED = "input[name=outcome][value=declined]"
OFF = "system:comfortable:100:en:UTC:off"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with a queue; what keys do in a page does not hang on the database."""
    folder: Path = tmp_path_factory.mktemp("keys")
    with running(new_desk(folder, f"sqlite:///{folder / 'review.db'}")) as desk:
        furnish(desk, cases=8)
        yield desk


@pytest.fixture(scope="module")
def cookies(program: Program, one_chromium: Browser) -> list[Any]:
    """A sign-in taken once."""
    first = Visitor(one_chromium, program.address)
    first.sign_in(PEOPLE[0])
    found = [one for one in first.context.cookies() if one["name"] != "display"]
    first.close()
    return found


@pytest.fixture
def visitor(program: Program, one_chromium: Browser, cookies: list[Any]) -> Iterator[Visitor]:
    """A moderator who saw no error, outside request or breach of the policy in the end."""
    found = Visitor(one_chromium, program.address)
    found.context.add_cookies(cookies)
    yield found
    assert found.troubles == []
    found.close()


def _open_case(visitor: Visitor) -> Hands:
    """The first held case, or the next one."""
    visitor.open("/queue")
    held = visitor.page.locator("tr:has-text('Yours') th a")
    hands = Hands(visitor.page)
    hands.wait()
    if held.count():
        held.first.click()
    else:
        hands.press("n")
    hands.case()
    return hands


def _focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name || document.activeElement.tagName"))


def _forget(page: Page) -> None:
    page.evaluate(
        """document.activeElement.blur();
        for (const radio of document.querySelectorAll('[name=outcome]')) radio.checked = false"""
    )


@pytest.mark.parametrize(
    ("layout", "key", "code"),
    [
        ("QWERTY", "r", "KeyR"),
        ("capitals locked", "R", "KeyR"),
        ("Dvorak", "r", "KeyO"),
        ("Cyrillic", "к", "KeyR"),
        ("Arabic", "ق", "KeyR"),
        ("Hebrew", "ר", "KeyR"),
        ("Greek", "ρ", "KeyR"),
    ],
)
def test_a_letter_acts_on_every_keyboard(visitor: Visitor, layout: str, key: str, code: str) -> None:
    _open_case(visitor)
    _forget(visitor.page)
    assert dispatch(visitor.page, "body", key=key, code=code), layout
    assert _focus(visitor.page) == "rationale"


@pytest.mark.parametrize(
    ("layout", "init"),
    [
        ("QWERTY", {"key": "2", "code": "Digit2"}),
        ("AZERTY", {"key": "é", "code": "Digit2"}),
        ("AZERTY with shift", {"key": "2", "code": "Digit2", "shiftKey": True}),
        ("Arabic", {"key": "٢", "code": "Digit2"}),
        ("Czech", {"key": "ě", "code": "Digit2"}),
        ("number pad", {"key": "2", "code": "Numpad2"}),
    ],
)
def test_a_digit_acts_by_its_place_too(visitor: Visitor, layout: str, init: dict[str, Any]) -> None:
    _open_case(visitor)
    _forget(visitor.page)
    assert dispatch(visitor.page, "body", **init), layout
    expect(visitor.page.locator(DECLINED)).to_be_checked()
    assert _focus(visitor.page) == "decline_reason", "the focus went on to what comes next"


@pytest.mark.parametrize(
    ("why", "init"),
    [
        ("another letter stands there on this keyboard", {"key": "y", "code": "KeyR"}),
        ("AZERTY's comma stands at M's place", {"key": ",", "code": "KeyR"}),
        ("AltGr", {"key": "®", "code": "KeyR", "modifierAltGraph": True}),
        (
            "Ctrl and Alt, which is AltGr elsewhere",
            {"key": "®", "code": "KeyR", "ctrlKey": True, "altKey": True},
        ),
        ("Alt", {"key": "r", "code": "KeyR", "altKey": True}),
        ("reload", {"key": "r", "code": "KeyR", "ctrlKey": True}),
        ("Meta", {"key": "r", "code": "KeyR", "metaKey": True}),
        ("Shift", {"key": "R", "code": "KeyR", "shiftKey": True}),
        ("composing", {"key": "r", "code": "KeyR", "isComposing": True}),
        ("input method", {"key": "Process", "code": "KeyR", "keyCode": 229}),
        ("input method, key told", {"key": "r", "code": "KeyR", "keyCode": 229}),
        ("held down", {"key": "r", "code": "KeyR", "repeat": True}),
        ("a dead key", {"key": "Dead", "code": "KeyR"}),
        ("a sign on a digit's key", {"key": "!", "code": "Digit1", "shiftKey": True}),
        ("the number pad moves", {"key": "End", "code": "Numpad1"}),
        ("a key of no meaning here", {"key": "y", "code": "KeyY"}),
    ],
)
def test_what_is_no_key_of_ours_does_nothing(visitor: Visitor, why: str, init: dict[str, Any]) -> None:
    page = visitor.page
    _open_case(visitor)
    _forget(page)
    assert not dispatch(page, "body", **init), why
    assert _focus(page) == "BODY"
    assert page.locator("[name=outcome]:checked").count() == 0


def test_typing_in_fields_never_acts_and_escape_leaves_them(visitor: Visitor) -> None:
    page, hands = visitor.page, _open_case(visitor)
    _forget(page)
    address = page.url
    hands.press("r")
    page.fill(RATIONALE, "")
    hands.write("nz12?/gqt")
    assert page.input_value(RATIONALE) == "nz12?/gqt"
    for field in ("input[name=territory]", "select[name=account]"):
        page.locator(field).evaluate("field => field.focus()")
        assert not dispatch(page, field, key="r", code="KeyR")
        assert not dispatch(page, field, key="1", code="Digit1")
    assert page.locator("[name=outcome]:checked").count() == 0
    assert page.url == address
    page.focus(RATIONALE)
    hands.press("Esc")
    assert _focus(page) == "BODY"
    hands.press("Tab")
    assert _focus(page) == "statement", "the focus goes on from where it was"
    hands.press("Esc", "2")
    expect(page.locator(DECLINED)).to_be_checked()


def test_enter_in_a_field_records_nothing(visitor: Visitor) -> None:
    page, hands = visitor.page, _open_case(visitor)
    address = page.url
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/review" in request.url else None)
    hands.press("1", "Enter", "Tab", "Enter")
    page.focus("input[name=territory]")
    hands.press("Enter", "Tab")
    assert page.url == address
    assert sent == []


def test_no_key_acts_in_the_first_moment(visitor: Visitor) -> None:
    page = visitor.page
    visitor.context.add_init_script(
        """addEventListener('DOMContentLoaded', () => {
          const act = () => {
            const init = {key: "/", code: "Slash", bubbles: true, cancelable: true};
            const event = new KeyboardEvent("keydown", init);
            document.body.dispatchEvent(event);
            (window.acted ||= []).push(event.defaultPrevented);
          };
          act();
          requestAnimationFrame(() => { act(); setTimeout(act, 250); });
        })"""
    )
    visitor.open("/search")
    Hands(page).wait()
    assert page.evaluate("window.acted") == [False, False, False]
    assert dispatch(page, "body", key="/", code="Slash")
    assert _focus(page) == "q"


def test_no_key_and_no_second_click_acts_while_something_is_sent(
    program: Program, one_chromium: Browser, cookies: list[Any]
) -> None:
    with slow_line(program.port, seconds=(0.5, 0.6)) as address:
        visitor = Visitor(one_chromium, address)
        visitor.context.add_cookies(cookies)
        page, hands, sent = visitor.page, Hands(visitor.page), list[str]()
        visitor.open("/queue")
        hands.wait()
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.evaluate(
            """() => {
              const button = document.querySelector("form[action='/queue/next'] button");
              const press = (key, code) => {
                const event = new KeyboardEvent("keydown", {key, code, bubbles: true, cancelable: true});
                document.body.dispatchEvent(event);
                return event.defaultPrevented;
              };
              const taken = [press("n", "KeyN"), press("n", "KeyN"), press("j", "KeyJ")];
              button.click();
              sessionStorage.setItem("taken", JSON.stringify(taken));
            }"""
        )
        hands.case()
        assert page.evaluate("sessionStorage.getItem('taken')") == "[true,false,false]"
        assert sent == [f"{address}/queue/next"], "one request, however impatient"
        assert visitor.troubles == []
        visitor.close()


def test_single_keys_can_be_switched_off_and_ctrl_enter_stays(
    program: Program, one_chromium: Browser
) -> None:
    visitor = Visitor(one_chromium, program.address, display=OFF)
    visitor.sign_in(PEOPLE[1])
    page = visitor.page
    page.locator("form[action='/queue/next'] button").click()
    hands = Hands(page)
    hands.case()
    for key, code in (
        ("r", "KeyR"),
        ("2", "Digit2"),
        ("z", "KeyZ"),
        ("?", "Slash"),
        ("g", "KeyG"),
        ("к", "KeyR"),
    ):
        assert not dispatch(page, "body", key=key, code=code), key
    assert page.locator("[name=outcome]:checked").count() == 0
    expect(page.locator(f"label:has({DECLINED}) kbd")).to_be_hidden()
    expect(page.get_by_text("Ctrl+Enter", exact=True)).to_be_visible()
    hands.press("Ctrl+Enter")
    expect(page.locator(".message.error")).to_be_visible()
    page.get_by_role("button", name="Give back").click()
    assert visitor.troubles_besides(422) == []
    visitor.close()


def test_rows_are_walked_and_opened(visitor: Visitor) -> None:
    page, hands = visitor.page, Hands(visitor.page)
    visitor.open("/queue")
    hands.wait()
    links = page.locator("main .facts th a")
    hands.press("j")
    expect(links.nth(0)).to_be_focused()
    hands.press("j", "j")
    expect(links.nth(2)).to_be_focused()
    hands.press("k")
    expect(links.nth(1)).to_be_focused()
    hands.press("k", "k", "k")
    expect(links.nth(0)).to_be_focused()
    wanted = links.nth(0).inner_text()
    hands.press("Enter")
    assert hands.case() == wanted


def test_two_keys_lead_to_the_places_and_a_wrong_second_one_nowhere(visitor: Visitor) -> None:
    page, hands = visitor.page, Hands(visitor.page)
    visitor.open("/queue")
    for second, path in (("m", "/my-work"), ("s", "/search"), ("q", "/queue")):
        hands.wait()
        hands.press("g", second)
        page.wait_for_url(f"**{path}")
    hands.wait()
    hands.press("g", "n")
    hands.press("/")
    page.wait_for_url("**/search")
    hands.wait()
    hands.press("/")
    expect(page.locator("#q")).to_be_focused()


def test_the_help_opens_over_the_page_and_gives_the_focus_back(visitor: Visitor) -> None:
    page, hands = visitor.page, _open_case(visitor)
    hands.press("t")
    hands.press("Esc", "?")
    help_window = page.locator("dialog")
    expect(help_window).to_be_visible()
    expect(help_window).to_contain_text("Record and open the next case")
    assert visitor.violations() == []
    assert not dispatch(page, "body", key="2", code="Digit2"), "the page below takes no keys meanwhile"
    hands.press("Esc")
    expect(help_window).to_be_hidden()
    hands.press("2")
    expect(page.locator(DECLINED)).to_be_checked()
    page.get_by_role("link", name="Keys").click()
    expect(help_window).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(help_window).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_the_page_of_keys_is_clean(
    program: Program, one_chromium: Browser, cookies: list[Any], width: int, scheme: Any
) -> None:
    for script in (True, False):
        visitor = Visitor(one_chromium, program.address, width=width, scheme=scheme, script=script)
        visitor.context.add_cookies(cookies)
        visitor.open("/keys")
        expect(visitor.page.locator("main kbd").first).to_be_visible()
        if not script:
            expect(visitor.page.locator("header kbd")).to_be_hidden()
        else:
            assert visitor.violations() == []
        assert not visitor.scrolls_sideways()
        visitor.picture(f"keys-{width}-{scheme}")
        assert visitor.troubles == []
        visitor.close()
