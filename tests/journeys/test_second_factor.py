"""Two steps to sign in, in a real browser: an app without script, a passkey with one, clean pages."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from review import clock
from review.domain import totp
from tests.journeys.server import PASSWORD, Program, running
from tests.journeys.visitor import LOOKS, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk that asks everybody for a second factor, legal staff and administrators for a passkey."""
    folder = tmp_path_factory.mktemp("factors")
    desk = Program(folder, f"sqlite:///{folder / 'review.db'}", hosts="video.example")
    desk.environment["REVIEW_SECOND_FACTOR"] = "required"
    with running(desk):
        yield desk


def _address(program: Program, *, name: str = "localhost") -> str:
    return f"http://{name}:{program.port}"


def _type_password(visitor: Visitor, email: str) -> None:
    visitor.open("/sign-in")
    visitor.page.fill("input[name=email]", email)
    visitor.page.fill("input[name=password]", PASSWORD)
    visitor.page.locator("form[action='/sign-in'] button").first.click()


def _secret(visitor: Visitor) -> str:
    return re.sub(r"\s", "", visitor.page.locator("form[action$='app'] .code").inner_text())


def _code(secret: str, *, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_of(clock.now()) + steps)


def _enrol_app(visitor: Visitor) -> tuple[str, list[str]]:
    """Set up an app on the page that asks for it; its secret and the recovery codes."""
    secret = _secret(visitor)
    code = _code(secret)
    visitor.page.fill("input[name=code]", f"{code[:3]} {code[3:]}")
    visitor.page.get_by_role("button", name="Set up", exact=True).click()
    return secret, _keep_codes(visitor)


def _keep_codes(visitor: Visitor) -> list[str]:
    expect(visitor.page.locator("h1")).to_contain_text("recovery codes")
    codes = visitor.page.locator(".codes .code").all_inner_texts()
    assert len(codes) == 10
    visitor.page.get_by_role("button", name="I have kept them").click()
    return codes


def _authenticator(visitor: Visitor) -> CDPSession:
    """Chromium's own security key in software (CDP, domain WebAuthn)."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "usb",
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session


def _add_passkey(visitor: Visitor, label: str = "Blue key") -> None:
    visitor.page.fill("input[name=label]", label)
    visitor.page.get_by_role("button", name="Add passkey").click()


def _check(visitor: Visitor, name: str) -> None:
    assert visitor.violations() == [], name
    assert not visitor.scrolls_sideways(), name
    visitor.picture(name)


def test_an_app_and_recovery_codes_do_without_script(program: Program, chromium: Browser) -> None:
    program.add_account("plain@desk.example", "moderator")
    visitor = Visitor(chromium, _address(program), script=False)
    visitor.open("/queue")
    _type_password(visitor, "plain@desk.example")
    expect(visitor.page.locator("h1")).to_have_text("Set up a second factor")
    secret, codes = _enrol_app(visitor)
    expect(visitor.page.locator("h1")).to_have_text("Queue")
    for shown, field in ((_code(secret, steps=1), "code"), (codes[4], "recovery_code")):
        visitor.page.locator("form[action='/sign-out'] button").click()
        _type_password(visitor, "plain@desk.example")
        visitor.open("/queue")
        assert visitor.page.url.endswith("/sign-in"), "half a sign-in opens nothing"
        visitor.open("/sign-in/factor")
        if field == "recovery_code":
            visitor.page.get_by_text("Use a recovery code instead").click()
        visitor.page.fill(f"input[name={field}]", shown)
        visitor.page.locator(f"form:has(input[name={field}]) button").click()
        expect(visitor.page.locator("h1")).to_have_text("Queue")
    assert visitor.troubles == []
    visitor.close()


def test_a_passkey_signs_an_administrator_in(program: Program, chromium: Browser) -> None:
    program.add_account("keys@desk.example", "admin")
    visitor = Visitor(chromium, _address(program))
    _authenticator(visitor)
    _type_password(visitor, "keys@desk.example")
    expect(visitor.page.locator("main")).to_contain_text("Your role also needs a passkey")
    assert visitor.page.locator("input[name=code]").count() == 0
    _add_passkey(visitor)
    _keep_codes(visitor)
    expect(visitor.page.locator("h1")).to_have_text("Health")
    visitor.page.locator("form[action='/sign-out'] button").click()
    _type_password(visitor, "keys@desk.example")
    assert visitor.page.locator("input[name=code]").count() == 0, "an app does not stand in for it"
    visitor.page.get_by_role("button", name="Use passkey").click()
    expect(visitor.page.locator("h1")).to_have_text("Health")
    visitor.open("/account/security")
    expect(visitor.page.locator("main")).to_contain_text("Blue key")
    assert visitor.troubles == []
    visitor.close()


def test_without_the_passkey_nobody_gets_in_and_the_page_says_why(
    program: Program, chromium: Browser
) -> None:
    program.add_account("lost@desk.example", "legal")
    owner = Visitor(chromium, _address(program))
    _authenticator(owner)
    _type_password(owner, "lost@desk.example")
    _add_passkey(owner)
    codes = _keep_codes(owner)
    thief = Visitor(chromium, _address(program))
    session = _authenticator(thief)
    _type_password(thief, "lost@desk.example")
    thief.page.get_by_role("button", name="Use passkey").click()
    expect(thief.page.locator("[role=alert]")).to_contain_text("The passkey was not used")
    assert thief.page.url.endswith("/sign-in/factor")
    session.detach()
    owner.page.locator("form[action='/sign-out'] button").click()
    _type_password(owner, "lost@desk.example")
    owner.page.get_by_text("Use a recovery code instead").click()
    owner.page.fill("input[name=recovery_code]", codes[0].lower())
    owner.page.get_by_role("button", name="Continue with this recovery code").click()
    expect(owner.page.locator("h1")).to_have_text("Records")
    assert owner.troubles == []
    for visitor in (owner, thief):
        visitor.close()


def test_a_fresh_installation_opened_by_a_number_locks_nobody_out(
    program: Program, chromium: Browser
) -> None:
    program.add_account("fresh@desk.example", "admin")
    visitor = Visitor(chromium, _address(program, name="127.0.0.1"))
    _type_password(visitor, "fresh@desk.example")
    _enrol_app(visitor)
    expect(visitor.page.locator("h1")).to_have_text("Health")
    assert visitor.troubles == []
    visitor.close()


def test_a_moderator_adds_and_removes_a_passkey_and_ends_other_sign_ins(
    program: Program, chromium: Browser
) -> None:
    program.add_account("both@desk.example", "moderator")
    visitor, other = Visitor(chromium, _address(program)), Visitor(chromium, _address(program))
    _authenticator(visitor)
    _type_password(visitor, "both@desk.example")
    secret, _codes = _enrol_app(visitor)
    _type_password(other, "both@desk.example")
    other.page.fill("input[name=code]", _code(secret, steps=1))
    other.page.get_by_role("button", name="Continue", exact=True).click()
    expect(other.page.locator("h1")).to_have_text("Queue")
    visitor.open("/account/security")
    visitor.page.get_by_role("link", name="Add a passkey").click()
    _add_passkey(visitor, "Telephone")
    expect(visitor.page.locator(".status-line[role=status]")).to_contain_text("The passkey is added")
    visitor.page.get_by_role("button", name="End all others").click()
    expect(visitor.page.locator(".status-line[role=status]")).to_contain_text("1 other sign-in is ended")
    other.open("/queue")
    assert other.page.url.endswith("/sign-in")
    visitor.page.get_by_role("button", name="Remove Telephone").click()
    expect(visitor.page.locator(".status-line[role=status]")).to_contain_text("The passkey is removed")
    assert visitor.troubles == []
    for one in (visitor, other):
        one.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_of_the_second_factor_is_clean(
    program: Program, chromium: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    look = f"{width}-{scheme}"
    email = f"look-{look}@desk.example"
    program.add_account(email, "moderator")
    program.add_account(f"admin-{look}@desk.example", "admin")
    visitor = Visitor(chromium, _address(program), width=width, scheme=scheme)
    _authenticator(visitor)
    _type_password(visitor, f"admin-{look}@desk.example")
    _check(visitor, f"factor-passkey-first-{look}")
    _add_passkey(visitor)
    _keep_codes(visitor)
    listed = program.command("accounts", "list")["accounts"]
    account_id = next(person["account_id"] for person in listed if person["email"] == email)
    visitor.open(f"/admin/accounts/{account_id}/reset-factor")
    _check(visitor, f"factor-reset-{look}")
    visitor.page.locator("form[action='/sign-out'] button").click()
    _type_password(visitor, email)
    _check(visitor, f"factor-enrol-{look}")
    visitor.page.fill("input[name=code]", "000000")
    secret = _secret(visitor)
    visitor.page.get_by_role("button", name="Set up", exact=True).click()
    visitor.refused()
    assert _secret(visitor) == secret, "a wrong code does not ask to scan again"
    _check(visitor, f"factor-enrol-refused-{look}")
    visitor.page.fill("input[name=code]", _code(secret))
    visitor.page.get_by_role("button", name="Set up", exact=True).click()
    _check(visitor, f"factor-codes-{look}")
    _keep_codes(visitor)
    visitor.open("/account/passkeys/new")
    _check(visitor, f"factor-passkey-{look}")
    _add_passkey(visitor)
    expect(visitor.page.locator(".status-line[role=status]")).to_contain_text("The passkey is added")
    _check(visitor, f"factor-security-{look}")
    visitor.open("/account/app")
    _check(visitor, f"factor-app-{look}")
    visitor.open("/account/confirm")
    _check(visitor, f"factor-confirm-{look}")
    visitor.page.locator("form[action='/sign-out'] button").click()
    _type_password(visitor, email)
    _check(visitor, f"factor-show-{look}")
    visitor.page.fill("input[name=code]", "000000")
    visitor.page.get_by_role("button", name="Continue", exact=True).click()
    visitor.refused()
    _check(visitor, f"factor-refused-{look}")
    assert visitor.troubles_besides(422, 401) == []
    visitor.close()
