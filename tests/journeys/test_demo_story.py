"""The demonstration's story, told by a newcomer at a real browser: every role, from a referral to proof."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.demonstration import LABELS, demonstration, sign_in
from tests.journeys.server import until
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

OWN_WORDS = "The picture shows nothing that the second clause means, seen in its context."
STATEMENT = "Thank you. We found no breach of our terms at this address."


class Newcomer:
    """Somebody who tries the roles one after the other, each in a window of its own."""

    def __init__(self, chromium: Browser, address: str, *, script: bool) -> None:
        self._chromium = chromium
        self._address = address
        self._script = script

    @contextmanager
    def role(self, label: str) -> Iterator[Page]:
        """One role's window; nothing in it may come from outside or end in an error."""
        visitor = Visitor(self._chromium, self._address, width=1280, script=self._script)
        sign_in(visitor, label)
        yield visitor.page
        assert visitor.troubles == []
        visitor.close()


def _case_id(page: Page) -> str:
    return page.locator("h1.number").inner_text()


def _decline(page: Page) -> None:
    page.check("input[name=outcome][value=declined]")
    page.check("input[name=decline_reason][value=no_breach]")
    page.fill("textarea[name=rationale]", OWN_WORDS)
    page.fill("textarea[name=statement]", STATEMENT)
    page.get_by_role("button", name="Record and open next").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Recorded.")


def _moderator(page: Page) -> str:
    """Take a case, decide it, take it back, decide it again; its id."""
    expect(page.locator("main")).to_contain_text("overdue")
    page.get_by_role("button", name="Take next case").click()
    case_id = _case_id(page)
    assert "DEMO-" not in page.locator("h1").inner_text()
    _decline(page)
    assert _case_id(page) != case_id, "the next case is open"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Undone.")
    assert _case_id(page) == case_id
    assert page.input_value("textarea[name=rationale]") == OWN_WORDS, "the text is back in the form"
    _decline(page)
    page.goto(page.url.partition("/cases/")[0] + "/my-work")
    expect(page.locator("main")).to_contain_text(case_id)
    return case_id


def _second_moderator(page: Page, case_id: str) -> None:
    """The colleague gets other cases and learns nothing of the first review."""
    page.get_by_role("button", name="Take next case").click()
    assert _case_id(page) != case_id
    assert OWN_WORDS not in page.content()


def _go(page: Page, place: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()
    expect(page.locator("h1")).to_be_visible()


def _lead(page: Page) -> None:
    """A lead sees what the team does, and makes a referral of what came by e-mail."""
    _go(page, "Numbers")
    _go(page, "Team")
    expect(page.get_by_role("table", name="What the team did")).to_contain_text("30 days")
    assert "Too few people" not in page.locator("main").inner_text()
    assert "Not shown because" not in page.locator("main").inner_text()
    _go(page, "E-mail")
    page.get_by_role("link", name="Two addresses for your review").click()
    page.select_option("select[name=sender_id]", label="Northland Online Authority")
    page.check("input[name=identity_way][value=reply]")
    page.get_by_role("button", name="Confirm as a referral").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("2 items, which are in the queue")
    expect(page.get_by_role("table", name="Waiting for somebody")).not_to_contain_text("Two addresses")


def _sender(page: Page) -> None:
    """A sender finds its referrals and an answer with its reasons, and nobody's name."""
    expect(page.locator("main")).to_contain_text("DEMO-")
    page.get_by_role("link", name=re.compile("decided", re.IGNORECASE)).first.click()
    page.locator("main a[href^='/sender/referrals/R-']").first.click()
    expect(page.locator("main")).to_contain_text("DEMO-")
    assert "Reviewer" not in page.locator("main").inner_text()


def _legal(page: Page, case_id: str) -> None:
    """Find by id, read the record, verify; tamper, and verification names the row; put it right."""
    page.fill("input[name=q]", case_id.lower())
    page.get_by_role("button", name="Find").click()
    page.locator(f"a[href='/records/{case_id}']").click()
    expect(page.locator("h1")).to_contain_text(case_id)
    assert _verdict(page).startswith("Intact:")
    page.goto(page.url.partition("/trail")[0] + "/trail")
    page.get_by_role("button", name="Tamper with one row").click()
    warned = page.locator(".status-line[role=status]").inner_text()
    touched = re.search(r"C-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", warned)
    assert touched is not None, warned
    named = _verdict(page)
    assert named.startswith("Broken:")
    assert "rationale" in page.locator("main").inner_text(), named
    page.goto(page.url.partition("/trail")[0] + "/trail")
    expect(page.locator("main")).to_contain_text(touched[0])
    page.get_by_role("button", name="Put the row right").click()
    assert _verdict(page).startswith("Intact:")


def _advise(page: Page) -> None:
    """Give advice on the one case that waits for it, which brings it back to the queue."""
    _go(page, "Escalations")
    page.locator("main a[href^='/records/C-']").click()
    page.fill(
        "textarea[name=advice]", "Clause 3 needs somebody who could be deceived; a parody deceives nobody."
    )
    page.get_by_role("button", name="Give advice").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Advice given.")
    expect(page.locator("main")).to_contain_text("No case waits for advice.")


def _verdict(page: Page) -> str:
    """Press Verify now and wait, by loading the page again, for what it says."""
    page.goto(re.sub(r"(//[^/]+)/.*", r"\1/trail", page.url))
    page.get_by_role("button", name="Verify now").click()
    expect(page).to_have_url(re.compile("/trail/runs/"))
    verdict = page.locator(".verdict")

    def told() -> str | None:
        if not verdict.count():
            page.reload()
        return verdict.inner_text() if verdict.count() else None

    return until(told)


def _administrator(page: Page) -> None:
    """Health in words, the people, the charts."""
    expect(page.locator("main")).to_contain_text("Database")
    for place in ("Accounts", "Senders", "Clauses", "Settings", "Permissions", "Numbers"):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()
        expect(page.locator("h1")).to_be_visible()
    expect(page.locator("main svg").first).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_newcomer_sees_the_whole_story(tmp_path: Path, chromium: Browser, *, script: bool) -> None:
    with demonstration(tmp_path) as address:
        newcomer = Newcomer(chromium, address, script=script)
        with newcomer.role(LABELS[0]) as page:
            case_id = _moderator(page)
        with newcomer.role(LABELS[1]) as page:
            _second_moderator(page, case_id)
        with newcomer.role(LABELS[2]) as page:
            _lead(page)
        with newcomer.role(LABELS[4]) as page:
            _sender(page)
        with newcomer.role(LABELS[3]) as page:
            _legal(page, case_id)
            _advise(page)
        with newcomer.role(LABELS[5]) as page:
            _administrator(page)
