"""Every page in a real browser: accessible, narrow and wide, light and dark, nothing from outside."""

import re
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.desk_of_pages import HOSTILE, PEOPLE, PUBLIC, TYPED, program
from tests.journeys.server import Program, until
from tests.journeys.visitor import LOOKS, Visitor

pytestmark = pytest.mark.browser

__all__ = ["program"]


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
    page.locator("#review .form-actions .primary").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Recorded")


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


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
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
            visitor.open("/queue")
            visitor.page.locator("form[action='/queue/next'] button").click()
            _check(visitor, f"case-{width}-{scheme}")
            _look_at_own_work(visitor, f"{width}-{scheme}")
            visitor.page.locator("#review .form-actions .primary").click()
            visitor.refused()
            assert visitor.violations() == []
            visitor.picture(f"case-refused-{width}-{scheme}")
            visitor.troubles = visitor.troubles_besides(422)
            visitor.page.get_by_role("button", name="Give back").click()
        if role == "lead":
            _assign(visitor, f"{width}-{scheme}")
            _end_an_email(visitor, f"{width}-{scheme}")
        if role == "legal":
            visitor.open("/records")
            visitor.page.locator("main a[href^='/records/C-']").first.click()
            _check(visitor, f"record-{width}-{scheme}")
            visitor.open("/trail")
            visitor.page.locator("form[action='/trail/verify'] button").click()
            expect(visitor.page.locator("main")).to_contain_text("unbroken")
            _check(visitor, f"verified-{width}-{scheme}")
        if role == "admin":
            _look_after_accounts(visitor, f"{width}-{scheme}")
            _look_at_a_sender(visitor, f"{width}-{scheme}")
        if role == "sender":
            visitor.open("/sender")
            visitor.page.locator("main a[href^='/sender/referrals/R-']").first.click()
            _check(visitor, f"referral-{width}-{scheme}")
            visitor.page.get_by_role("link", name="Withdraw referral").click()
            _check(visitor, f"withdrawing-{width}-{scheme}")
        visitor.open("/sign-in/../nothing-here")
        assert visitor.violations() == []
        assert visitor.troubles_besides(404) == []
        visitor.close()


def _look_at_own_work(visitor: Visitor, name: str) -> None:
    """A case held, with a draft, on the page of one's own work; then on with it."""
    page, case = visitor.page, visitor.page.url.removeprefix(visitor.address)
    page.fill("textarea[name=rationale]", HOSTILE)
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Draft saved")
    visitor.open("/my-work")
    _check(visitor, f"my-work-held-{name}")
    page.get_by_role("button", name="Keep longer").first.click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Kept for you")
    visitor.open(case)


def _assign(visitor: Visitor, name: str) -> None:
    """A refused and a good assignment, from the queue on."""
    page = visitor.page
    visitor.open("/queue")
    page.locator("tr:has-text('Free') th a").last.click()
    _check(visitor, f"assign-{name}")
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".message.error")).to_be_focused()
    _check(visitor, f"assign-refused-{name}")
    visitor.troubles = visitor.troubles_besides(422)
    page.select_option("#reviewer", index=1)
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("holds case")
    _check(visitor, f"assigned-{name}")


def _end_an_email(visitor: Visitor, name: str) -> None:
    """The page of a message, the form refused and then confirmed, the list with what became of it."""
    page = visitor.page
    visitor.open("/emailed")
    page.locator("main a[href^='/emailed/M-']").first.click()
    page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true })")
    _check(visitor, f"email-{name}")
    page.get_by_role("button", name="Confirm as a referral").click()
    visitor.refused()
    _check(visitor, f"email-refused-{name}")
    visitor.troubles = visitor.troubles_besides(422)
    page.select_option("#sender_id", index=1)
    page.check("input[name=identity_way][value=reply]")
    page.get_by_role("button", name="Confirm as a referral").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Received as R-")
    _check(visitor, f"emails-ended-{name}")
    page.get_by_role("table").last.get_by_role("link").first.click()
    _check(visitor, f"email-ended-{name}")


def _look_after_accounts(visitor: Visitor, name: str) -> None:
    """A refused and a good invitation, its link, the account, and the question before closing."""
    page = visitor.page
    visitor.open("/admin/accounts/new")
    page.get_by_role("button", name="Invite").click()
    visitor.refused()
    assert visitor.violations() == []
    visitor.troubles = visitor.troubles_besides(422)
    page.fill("input[name=name]", "<b>Jane</b> نص عن الطقس " + "w" * 90)
    page.fill("input[name=email]", f"jane-{name}@desk.example")
    page.check("input[name=role][value=moderator]")
    page.get_by_role("button", name="Invite").click()
    expect(page.locator("#once")).to_have_value(re.compile(r"^http://.+/sign-in/link/[\w-]{43}$"))
    _check(visitor, f"link-{name}")
    page.get_by_role("link", name="Done").click()
    _check(visitor, f"account-{name}")
    page.get_by_role("link", name="Close this account").click()
    _check(visitor, f"closing-{name}")
    visitor.open("/admin/accounts?state=invited")
    _check(visitor, f"accounts-invited-{name}")


def _look_at_a_sender(visitor: Visitor, name: str) -> None:
    """The pages of one sender, those that change it, and a key shown once."""
    visitor.open("/admin/senders")
    visitor.page.get_by_role("link", name="Harbour Watch").click()
    _check(visitor, f"sender-{name}")
    address = visitor.page.url.removeprefix(visitor.address)
    for page in ("change", "limits", "flagger"):
        visitor.open(f"{address}/{page}")
        _check(visitor, f"sender-{page}-{name}")
    visitor.open(address)
    visitor.page.get_by_text("Issue a key", exact=True).first.click()
    visitor.page.get_by_role("button", name="Issue a key").click()
    _check(visitor, f"key-issued-{name}")
    key = visitor.page.input_value("#once").strip()
    visitor.page.get_by_role("link", name="Back to the sender").click()
    visitor.page.fill("#test-key", key)
    visitor.page.get_by_role("button", name="Try it").click()
    expect(visitor.page.locator("#test")).to_contain_text("This key works")
    assert key not in visitor.page.content() + visitor.page.url
    visitor.page.get_by_role("link", name="Revoke").first.click()
    _check(visitor, f"key-revoke-{name}")


@pytest.mark.parametrize("script", [True, False])
def test_a_new_sender_has_its_key_in_seven_interactions(
    program: Program, chromium: Browser, *, script: bool
) -> None:
    visitor = Visitor(chromium, program.address, script=script)
    visitor.sign_in(PEOPLE["admin"][0])
    page = visitor.page
    visitor.open("/admin/senders/new")
    page.fill("#name", f"Lighthouse {script}")  # 1
    page.select_option("#kind", "civil_society")  # 2
    page.get_by_role("button", name="Enter the sender").click()  # 3
    page.get_by_role("button", name="Issue first key").click()  # 4
    key = page.input_value("#once").strip()
    answer = httpx.get(program.address + "/api/v1/referrals", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_a_question_to_legal_is_clean_from_both_sides(
    program: Program, chromium: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    moderator = Visitor(chromium, program.address, width=width, scheme=scheme)
    moderator.sign_in(PEOPLE["moderator"][0])
    moderator.open("/queue")
    moderator.page.locator("form[action='/queue/next'] button").click()
    moderator.page.check("input[name=outcome][value=escalate]")
    moderator.page.fill("textarea[name=rationale]", TYPED)
    moderator.page.get_by_role("button", name="Escalate and stay").click()
    expect(moderator.page.locator(".status-line[role=status]")).to_contain_text("is with legal")
    _check(moderator, f"case-escalated-{width}-{scheme}")
    legal = Visitor(chromium, program.address, width=width, scheme=scheme)
    legal.sign_in(PEOPLE["legal"][0])
    legal.open("/escalations")
    _check(legal, f"escalations-{width}-{scheme}")
    legal.page.locator("main a[href^='/records/C-']").first.click()
    _check(legal, f"record-escalated-{width}-{scheme}")
    legal.page.get_by_role("button", name="Give advice").click()
    legal.refused()
    assert legal.violations() == []
    legal.page.fill("textarea[name=advice]", TYPED)
    legal.page.get_by_role("button", name="Give advice").click()
    expect(legal.page.locator(".status-line[role=status]")).to_contain_text("Advice given")
    moderator.page.reload()
    moderator.page.get_by_role("button", name="Claim this case").click()
    expect(moderator.page.locator("main")).to_contain_text("Advice of legal")
    _check(moderator, f"case-advised-{width}-{scheme}")
    moderator.page.get_by_role("button", name="Give back").click()
    for visitor in (moderator, legal):
        assert visitor.troubles_besides(422) == []
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
        sender.open("/sender/referrals?status=decided")
        return bool(sender.page.locator("main a[href^='/sender/referrals/R-']").count())

    until(answered)
    sender.page.locator("tr:has-text('Decided') a").first.click()
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
