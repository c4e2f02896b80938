"""A question to a sender and its answer in a real browser: every page clean, with and without JavaScript."""

import re
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.factories import referral_body
from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

HOSTILE = "At which minute? <script>alert(1)</script> \u202egnp.exe " + "w" * 300 + "\nأين يظهر ذلك؟"
ANSWER = "At minute 3. <b>bold</b> \u202egnp.exe " + "v" * 300 + "\nفي الدقيقة الثالثة"
PEOPLE = {"asker": "moderator", "next": "moderator", "legal": "legal"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with two moderators, legal, and two senders of the same locations."""
    folder = tmp_path_factory.mktemp("questions")
    desk = Program(folder, f"sqlite:///{folder / 'review.db'}", hosts="video.example")
    with running(desk):
        for name, role in PEOPLE.items():
            desk.add_account(f"{name}@desk.example", role)
        for name in ("Harbour Watch", "Northland"):
            sender_id = desk.command("senders", "create", name, "--kind", "other")["id"]
            key = desk.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
            if name == "Harbour Watch":
                desk.add_account("officer@unit.example", "sender", "--sender", sender_id)
            for number in range(3):
                answer = httpx.post(
                    desk.address + "/api/v1/referrals",
                    content=referral_body(f"{name}-{number}", f"https://video.example/watch/{number}"),
                    headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
                )
                assert answer.status_code == 201, answer.text
        yield desk


def person(program: Program, chromium: Browser, email: str, **look: object) -> Visitor:
    visitor = Visitor(chromium, program.address, **look)  # type: ignore[arg-type]
    visitor.sign_in(email)
    return visitor


def clean(visitor: Visitor, name: str, *, script: bool = True) -> None:
    if script:  # what looks is a script itself
        assert visitor.violations() == [], name
        assert not visitor.scrolls_sideways(), name
    visitor.picture(f"questions-{name}-{visitor.page.viewport_size['width']}")  # type: ignore[index]


@pytest.mark.parametrize(
    ("width", "scheme", "script"),
    [(360, "dark", True), (1440, "light", True), (1440, "light", False)],
    ids=["narrow", "wide", "no script"],
)
def test_a_question_goes_out_and_its_answer_comes_back(
    program: Program,
    one_chromium: Browser,
    width: int,
    scheme: Literal["light", "dark"],
    script: bool,
) -> None:
    look: dict[str, object] = {"width": width, "scheme": scheme, "script": script}
    names = ("asker@desk.example", "next@desk.example", "officer@unit.example", "legal@desk.example")
    asker, following, officer, legal = people = [
        person(program, one_chromium, name, **look) for name in names
    ]
    asker.open("/queue")
    asker.page.locator("form[action='/queue/next'] button").click()
    case_id = asker.page.url.rpartition("/")[2]
    asker.page.check("input[name=outcome][value=ask]")
    asker.page.get_by_role("button", name="Ask and stay").click()
    expect(asker.page.get_by_role("alert")).to_contain_text("Write what the sender should tell us.")
    clean(asker, "form", script=script)
    asker.page.select_option("select[name=question_item]", label="Item 1 of 2 · Referral 1 of 2")
    asker.page.fill("textarea[name=question]", HOSTILE)
    asker.page.get_by_role("button", name="Ask and stay").click()
    expect(asker.page.locator("main")).to_contain_text("The sender was asked; it comes back")
    clean(asker, "apart", script=script)
    asker.open("/my-work")
    expect(asker.page.get_by_role("row", name=re.compile(case_id)).first).to_contain_text(
        "Waits for the answer"
    )
    clean(asker, "my-work", script=script)
    _answer(officer, script=script)
    following.open(f"/cases/{case_id}")
    following.page.get_by_role("button", name="Claim this case").click()
    expect(following.page.locator("main")).to_contain_text("Answer of the sender")
    expect(following.page.locator("main")).to_contain_text("At minute 3. <b>bold</b>")
    clean(following, "held", script=script)
    following.page.get_by_role("button", name="Give back").click()
    legal.open(f"/records/{case_id}")
    expect(legal.page.locator("main")).to_contain_text("Question to the sender")
    clean(legal, "record", script=script)
    for one in people:
        assert one.troubles_besides(422) == []  # refused on purpose
        one.close()
    # so that the next story takes another case
    _decline(program, one_chromium, case_id)


def _answer(officer: Visitor, *, script: bool) -> None:
    """From the counter to the answer, once without words."""
    officer.open("/sender")
    clean(officer, "home", script=script)
    officer.page.get_by_role("link", name=re.compile("Waiting for your answer")).click()
    clean(officer, "list", script=script)
    officer.page.locator("tbody a").first.click()
    expect(officer.page.locator("main")).to_contain_text("A question waits for you")
    clean(officer, "referral", script=script)
    officer.page.get_by_role("button", name="Send the answer").click()
    expect(officer.page.get_by_role("alert")).to_contain_text("Write your answer to our question.")
    clean(officer, "refused", script=script)
    officer.page.fill("textarea[name=answer]", ANSWER)
    officer.page.get_by_role("button", name="Send the answer").click()
    expect(officer.page.get_by_role("status")).to_contain_text("Your answer is stored")
    expect(officer.page.locator("main")).to_contain_text("You answered our question")
    clean(officer, "answered", script=script)


def _decline(program: Program, chromium: Browser, case_id: str) -> None:
    visitor = person(program, chromium, "next@desk.example")
    visitor.open(f"/cases/{case_id}")
    visitor.page.get_by_role("button", name="Claim this case").click()
    visitor.page.check("input[name=outcome][value=declined]")
    visitor.page.check("input[name=decline_reason][value=not_found]")
    visitor.page.fill("textarea[name=rationale]", "Nothing is there any more.")
    visitor.page.get_by_role("button", name="Record and stay").click()
    expect(visitor.page.locator("main")).to_contain_text("Your review, as recorded")
    visitor.close()
