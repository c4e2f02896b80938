"""Every page in a real browser: accessible, narrow and wide, light and dark, nothing from outside."""

import re
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.factories import referral_body
from tests.journeys.server import Program, running, until
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

PEOPLE = {
    "moderator": ("first@desk.example", ["/queue"]),
    "legal": ("legal@desk.example", ["/records", "/trail", "/numbers", "/numbers?days=90"]),
    "admin": ("admin@desk.example", ["/admin", "/numbers"]),
    "sender": ("officer@unit.example", ["/sender"]),
}
PUBLIC = ["/api/v1/docs", "/errors/", "/errors/invalid_referral"]
HOSTILE = "<script>alert(1)</script> \u202egnp.exe " + "w" * 300 + " نص عن الطقس"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with a few referrals, one of them hostile, one decided, one waiting."""
    folder = tmp_path_factory.mktemp("pages")
    desk = Program(folder, f"sqlite:///{folder / 'review.db'}", hosts="video.example", undo_seconds=1)
    with running(desk):
        sender_id = desk.command("senders", "create", "Harbour Watch", "--kind", "trusted_flagger")["id"]
        for role, (email, _pages) in PEOPLE.items():
            more = ("--sender", sender_id) if role == "sender" else ()
            desk.add_account(email, role, *more)
        terms = folder / "terms.md"
        terms.write_text("# 1. Violence\n\nNo threats.\n\n# 2. Fraud\n\nNo deceit.\n")
        desk.command("clauses", "import", str(terms), "--from", "2021-01-01")
        key = desk.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
        for number in range(5):
            urls = [f"https://video.example/watch/{number}"]
            if number == 4:
                urls.append(f"https://video.example/a{'b' * 900}")
            answer = httpx.post(
                desk.address + "/api/v1/referrals",
                content=referral_body(
                    f"HW-{number}",
                    *urls,
                    reason=HOSTILE,
                    urgency="threat_to_life" if number == 1 else "normal",
                ),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            )
            assert answer.status_code == 201, answer.text
        yield desk


def _decide(visitor: Visitor, *, accept: bool) -> None:
    """Take the next case and record a review with mouse and keyboard."""
    page = visitor.page
    visitor.open("/queue")
    page.locator("form[action='/queue/next'] button").click()
    page.check("input[name=outcome][value=accepted]" if accept else "input[name=outcome][value=declined]")
    if accept:
        page.check("input[name=ground][value=terms]")
        page.locator("input[name=clauses]").first.check()
        _choose(visitor, "visibility", "removed")
    else:
        _choose(visitor, "decline_reason", "no_breach")
    page.fill("textarea[name=rationale]", "The page was read and measured against the clause.")
    page.fill("textarea[name=statement]", "Thank you. We decided by our own terms.")
    page.locator("form[action$='/review'] button[type=submit]").first.click()
    expect(page.locator("[role=status]")).to_contain_text("Recorded")


def _choose(visitor: Visitor, name: str, value: str) -> None:
    page = visitor.page
    if page.locator(f"select[name={name}]").count():
        page.select_option(f"select[name={name}]", value)
    else:
        page.check(f"input[name={name}][value={value}]")


def _check(visitor: Visitor, name: str) -> None:
    assert visitor.violations() == [], name
    assert not visitor.scrolls_sideways(), name
    visitor.picture(name)


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1440, "dark")])
def test_public_pages_are_clean_with_everything_opened(
    program: Program, chromium: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    visitor = Visitor(chromium, program.address, width=width, scheme=scheme)
    for address in PUBLIC:
        visitor.open(address)
        visitor.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        _check(visitor, f"public{address.replace('/', '-')}-{width}-{scheme}")
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_clean(
    program: Program, chromium: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    for role, (email, pages) in PEOPLE.items():
        visitor = Visitor(chromium, program.address, width=width, scheme=scheme)
        visitor.open("/sign-in")
        _check(visitor, f"sign-in-{width}-{scheme}")
        visitor.sign_in(email)
        for address in pages:
            visitor.open(address)
            _check(visitor, f"{role}{address.replace('/', '-').replace('?', '-')}-{width}-{scheme}")
        if role == "moderator":
            visitor.page.locator("form[action='/queue/next'] button").click()
            _check(visitor, f"case-{width}-{scheme}")
            visitor.page.locator("form[action$='/review'] button[type=submit]").first.click()
            assert "Error" in visitor.page.title()
            assert visitor.violations() == []
            visitor.picture(f"case-refused-{width}-{scheme}")
            visitor.troubles = [trouble for trouble in visitor.troubles if "422" not in trouble]
            visitor.page.get_by_role("button", name="Give back").click()
        if role == "legal":
            visitor.open("/records")
            visitor.page.locator("main a[href^='/records/C-']").first.click()
            _check(visitor, f"record-{width}-{scheme}")
            visitor.open("/trail")
            visitor.page.locator("form[action='/trail/verify'] button").click()
            expect(visitor.page.locator("main")).to_contain_text("unbroken")
            _check(visitor, f"verified-{width}-{scheme}")
        if role == "sender":
            visitor.page.locator("main a[href^='/sender/referrals/']").first.click()
            _check(visitor, f"referral-{width}-{scheme}")
        visitor.open("/sign-in/../nothing-here")
        assert visitor.violations() == []
        assert [t for t in visitor.troubles if "404" not in t] == []
        visitor.close()


@pytest.mark.parametrize("script", [True, False])
def test_the_main_job_in_a_browser(program: Program, chromium: Browser, *, script: bool) -> None:
    moderator = Visitor(chromium, program.address, script=script)
    moderator.sign_in(PEOPLE["moderator"][0])
    _decide(moderator, accept=script)
    assert "Undo" in moderator.page.content()
    sender = Visitor(chromium, program.address, script=script)
    sender.sign_in(PEOPLE["sender"][0])

    def answered() -> bool:
        sender.open("/sender")
        return bool(re.search(r"Decided", sender.page.locator("main").inner_text()))

    until(answered)
    sender.page.locator("tr:has-text('Decided') a, li:has-text('Decided') a").first.click()
    expect(sender.page.locator("main")).to_contain_text("We decided by our own terms")
    expect(sender.page.locator("main")).not_to_contain_text("measured against")
    legal = Visitor(chromium, program.address, script=script)
    legal.sign_in(PEOPLE["legal"][0])
    legal.open("/records")
    legal.page.locator("main a[href^='/records/C-']").first.click()
    expect(legal.page.locator("h1")).to_contain_text("C-")
    for visitor in (moderator, sender, legal):
        assert visitor.troubles == []
        visitor.close()
