"""Decided, answered, proven elsewhere; then a row is changed behind the program, and each part says where."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, expect

from review.models import Leaf, Opening
from review.models.schema import expected_triggers
from tests.journeys.desk_of_keys import PEOPLE, furnish, new_desk, stored
from tests.journeys.hands import Hands
from tests.journeys.server import Program, running, until
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
LEGAL, SENDER = "legal@desk.example", "duty@harbour.example"
GENUINE = "Genuine: this service gave this answer."
NOT_AS_TOLD = "The stored rows are not what the trail tells"


@pytest.fixture
def program(database_url: str, tmp_path: Path) -> Iterator[Program]:
    """A desk with one case, its people, and somebody of the sender."""
    with running(new_desk(tmp_path, database_url, undo_seconds=1)) as desk:
        furnish(desk, cases=1)
        (sender,) = desk.command("senders", "list")["senders"]
        desk.add_account(SENDER, "sender", "--sender", sender["id"])
        desk.add_account(LEGAL, "legal")
        yield desk


@dataclass
class People:
    """Whoever looks at the desk here, each at a window of their own, and where their files go."""

    program: Program
    browser: Browser
    folder: Path

    def sit(self, email: str) -> Page:
        """A window of somebody who has signed in."""
        visitor = Visitor(self.browser, self.program.address)
        visitor.sign_in(email)
        return visitor.page

    def taken(self, page: Page, pressed: Locator, name: str) -> Path:
        """The file that the page gives, kept under this name."""
        with page.expect_download() as arriving:
            pressed.click()
        arriving.value.save_as(self.folder / name)
        return self.folder / name

    def receipt_of_answer(self, page: Page, name: str) -> Path:
        """What a sender takes away about the answer, once there is one and a checkpoint over it."""
        page.goto(self.program.address + "/sender")
        page.locator("main a[href^='/sender/referrals/R-']").first.click()
        link = page.get_by_role("link", name="Receipt of this answer")
        until(lambda: link.count() > 0 or (page.reload() and None))
        place = self.program.address + str(link.get_attribute("href"))
        until(lambda: "content-disposition" in page.request.get(place).headers)
        return self.taken(page, link, name)

    def checked_in_public(self, receipt: Path) -> Page:
        """The public page with its verdict, for somebody without an account."""
        visitor = Visitor(self.browser, self.program.address)
        visitor.open("/verify")
        visitor.page.get_by_label("File of the receipt").set_input_files(receipt)
        visitor.page.get_by_role("button", name="Check", exact=True).click()
        return visitor.page

    def bundle_from_the_record(self, legal: Page, case: str, name: str) -> None:
        """What legal takes away about the case, from its record."""
        legal.goto(f"{self.program.address}/records/{case}")
        self.taken(legal, legal.get_by_role("button", name="Download the bundle"), name)

    def proven_elsewhere(self, *files: str) -> tuple[int, str]:
        """What the verifier says of files on another machine: its exit code and its words."""
        command = [sys.executable, "-I", "verifier.py", "--policy", "key", *files]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert ended.stderr == ""
        return ended.returncode, ended.stdout

    def verified_by(self, legal: Page) -> Locator:
        """The verdict on the whole trail that legal asked for."""
        legal.goto(self.program.address + "/trail")
        legal.get_by_role("button", name="Verify").first.click()
        expect(legal.get_by_role("heading", name="Verdict")).to_be_visible(timeout=60_000)
        return legal.locator("main")


def turned_around(program: Program) -> int:
    """Let whoever owns the database turn one stored answer into its opposite; its place in the trail."""
    engine = stored(program)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in expected_triggers("sqlite"):
                if name.startswith("guard_openings"):
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("ALTER TABLE openings DISABLE TRIGGER ALL")
        wanted = sa.select(Opening.eid, Opening.fields, Leaf.position).join(Leaf, Leaf.eid == Opening.eid)
        row = connection.execute(wanted.where(Opening.event_type == "item.answered")).one()
        key, value = row.fields["answer"]
        told = base64.b64decode(value).replace(b'"outcome":"declined"', b'"outcome":"accepted"')
        fields = {"answer": [key, base64.b64encode(told).decode()]}
        assert fields != row.fields
        connection.execute(sa.update(Opening).where(Opening.eid == row.eid).values(fields=fields))
    engine.dispose()
    return int(row.position)


def decline(people: People) -> str:
    """A moderator takes the case and declines it by a few keys; which case it was."""
    page = people.sit(PEOPLE[0])
    page.goto(people.program.address + "/queue")
    hands = Hands(page)
    hands.wait()
    hands.press("n")
    case = hands.case()
    hands.press("2", "3")
    expect(page.locator("textarea[name=rationale]")).to_be_focused()
    hands.write()
    hands.press("Ctrl+Enter")
    expect(page.locator("h1")).not_to_have_text(case)
    return case


def test_from_the_decision_to_a_proof_and_back_to_the_changed_row(
    program: Program, one_chromium: Browser, tmp_path: Path
) -> None:
    people = People(program, one_chromium, tmp_path)
    case = decline(people)
    sender, legal = people.sit(SENDER), people.sit(LEGAL)
    receipt = people.receipt_of_answer(sender, "receipt")
    expect(people.checked_in_public(receipt).locator("main")).to_contain_text(GENUINE)
    people.bundle_from_the_record(legal, case, "bundle")
    expect(legal.locator("main")).not_to_contain_text(NOT_AS_TOLD)
    people.taken(legal, legal.get_by_role("link", name="Download the verifier"), "verifier.py")
    legal.goto(program.address + "/log/key")
    (tmp_path / "key").write_text(legal.locator("pre").inner_text())
    code, said = people.proven_elsewhere("bundle", "receipt")
    assert (code, "PROVEN" in said, "FALSE" in said) == (0, True, False), said
    expect(people.verified_by(legal)).to_contain_text("Intact")

    place = turned_around(program)
    entry = f"Entry {place} (item.answered on item I-"
    index = rf"The field answer of item\.answered on item I-\S+, index {place} is not as committed to"
    expect(people.verified_by(legal)).to_contain_text(entry)
    newer = people.receipt_of_answer(sender, "receipt-of-the-changed-row")
    told = people.checked_in_public(newer).locator("main")
    expect(told).to_contain_text("This proves nothing: A value was changed.")
    expect(told).to_contain_text("is not the one that was recorded: answer")
    people.bundle_from_the_record(legal, case, "bundle-of-the-changed-row")
    expect(legal.locator("main")).to_contain_text(NOT_AS_TOLD)
    expect(legal.locator("main")).to_contain_text(entry)
    for files in (("bundle-of-the-changed-row",), ("bundle", newer.name)):
        code, said = people.proven_elsewhere(*files)
        assert (code, bool(re.search(index, said))) == (1, True), said
    checked = program.invoke("trail", "fsck")
    assert (checked.exit_code, entry in checked.output) == (1, True), checked.output

    expect(people.checked_in_public(receipt).locator("main")).to_contain_text(GENUINE)
    code, said = people.proven_elsewhere("bundle", "receipt")
    assert code == 0, "what was taken away before proves as much as it did"
