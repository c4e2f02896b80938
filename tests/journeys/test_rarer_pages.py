"""Pages and states that no other story reaches, clean in every look on SQLite and in one on PostgreSQL."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from playwright.sync_api import Browser, expect

from review import clock
from review.actions.cases import claim_case
from review.actions.dispatching import dispatch_review
from review.actions.quality import draw_quality_sample
from review.actions.sender_changes import add_flagger
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role
from review.domain.sampling import Draw
from review.domain.senders import FlaggerEvidence
from review.models import Account, Case, ClauseVersion, Item, SenderKey
from tests.conftest import Desk
from tests.draws import DRAWN, NOT_DRAWN
from tests.factories import (
    make_account,
    make_case,
    make_clause,
    make_key,
    make_sender,
    receive,
    sender_actor,
)
from tests.journeys.hands import Hands
from tests.journeys.inside import served, sit_down
from tests.journeys.visitor import LOOKS, Visitor
from tests.journeys.walking import walk
from tests.judging import DECLINE, OTHER_DECLINE, accept, judge
from tests.pieces import add_evidence

pytestmark = pytest.mark.browser
PLACE = "https://video.example/watch/again"
FACTS: dict[str, Any] = {
    "issuing_authority": "Duty desk of Ghent", "issuing_country": "BE", "requested_action": "remove",
    "category": "STATEMENT_CATEGORY_VIOLENCE", "legal_basis": "Article 1",
}  # fmt: skip
UNFOLD = "document.querySelectorAll('main details').forEach(part => { part.open = true })"


@dataclass(frozen=True)
class House:
    """The desk, served, and who looks at it."""

    desk: Desk
    browser: Browser
    address: str

    def sit(self, role: Role, *, sender_id: str | None = None) -> tuple[Visitor, Actor]:
        """A new person of that role at a window of their own."""
        visitor = Visitor(self.browser, self.address)
        return visitor, sit_down(self.desk, visitor, role, sender_id=sender_id)

    def check(self, visitor: Visitor, name: str, *, walked: bool = False) -> None:
        """In every look on SQLite, in one on PostgreSQL; ``walked``: through it with Tab, wide and narrow."""
        looks = LOOKS if self.desk.database == "sqlite" else LOOKS[:1]
        assert visitor.flaws(looks) == [], name
        visitor.picture(f"{name}-{self.desk.database}")
        for width in {look[0] for look in looks} if walked else ():
            visitor.page.set_viewport_size({"width": width, "height": 900})
            seen = walk(visitor.page)
            assert seen.wrong == (), (name, width)
            assert len(seen.stops) >= seen.parts, (name, width, seen)
        visitor.page.set_viewport_size({"width": 1440, "height": 900})

    def set(self, **settings: int) -> None:
        """Change settings of the running desk."""
        now = self.desk.app.config["REVIEW_SETTINGS"]
        self.desk.app.config["REVIEW_SETTINGS"] = replace(now, **settings)


@pytest.fixture
def house(desk: Desk, one_chromium: Browser) -> Iterator[House]:
    """A desk whose reviews go on their way at once, and which asks for no break."""
    with served(desk.app) as address:
        found = House(desk, one_chromium, address)
        found.set(undo_seconds=0, break_minutes=0, break_reveals=0)
        yield found


def _end(visitor: Visitor) -> None:
    assert visitor.troubles == []
    visitor.close()


def _settled(case_id: str, actor: Actor, review: Any, *, lot: float = NOT_DRAWN) -> None:
    dispatch_review(judge(case_id, actor, review).review_id, actor=SERVICE, lot=lot)


def _decide_before(count: int) -> None:
    clause = make_clause("4.2", "No praise of listed organisations, in any words. " * 9)
    for number in range(count):
        _settled(make_case(url=PLACE), make_account(), accept(clause) if number % 2 else DECLINE)


def test_a_case_after_the_look_and_what_leads_away_from_it(house: House) -> None:
    _decide_before(5)
    case_id = make_case(url=PLACE, **FACTS)
    add_evidence(case_id)
    visitor, person = house.sit(Role.MODERATOR)
    claim_case(case_id, actor=person)
    page, hands = visitor.page, Hands(visitor.page)
    visitor.open(f"/cases/{case_id}")
    hands.case()
    hands.press("v")
    page.locator("img.medium").wait_for()
    hands.case()
    assert page.locator(".precedent").count() == 5
    house.check(visitor, "case-revealed", walked=True)
    page.evaluate(UNFOLD)
    expect(page.get_by_text("Duty desk of Ghent")).to_be_visible()
    house.check(visitor, "case-looked", walked=True)
    page.get_by_role("button", name="Write note").click()
    expect(page.locator("#note[aria-invalid=true]")).to_be_visible()
    page.evaluate(UNFOLD)
    house.check(visitor, "note-refused")
    visitor.troubles = visitor.troubles_besides(422)  # refused on purpose
    page.locator("#note").fill("Seen.")
    page.get_by_role("button", name="Write note").click()
    expect(page.locator(".status-line[role=status]")).to_contain_text("Note written")
    visitor.open(f"/cases/{case_id}")
    page.get_by_role("link", name="Leave for the live address").click()
    house.check(visitor, "leave", walked=True)
    page.get_by_role("button", name="I want to go there").click()
    page.get_by_role("link", name="Open it in a new tab").wait_for()
    house.check(visitor, "leave-live")
    version = house.desk.session.scalars(sa.select(ClauseVersion.id)).first()
    visitor.open(f"/clauses/{version}")
    house.check(visitor, "clause-version")
    _end(visitor)


def test_a_break_is_asked_for_and_the_day_ends(house: House) -> None:
    visitor, person = house.sit(Role.MODERATOR)
    cases = [make_case(severity="high", due_in=timedelta(hours=hours)) for hours in (1, 2, 3)]
    add_evidence(cases[0])
    claim_case(cases[0], actor=person)
    page, hands = visitor.page, Hands(visitor.page)
    visitor.open(f"/cases/{cases[0]}")
    hands.case()
    hands.press("v")
    page.locator("img.medium").wait_for()
    house.set(break_reveals=1)
    visitor.open("/queue")
    page.get_by_role("button", name="Take next case").click()
    expect(page.locator(".flash.rest")).to_contain_text("without a break")
    house.check(visitor, "break-card", walked=True)
    house.set(budget_high=1)
    visitor.open("/queue")
    page.get_by_role("button", name="Take next case").click()
    expect(page.locator("main")).to_contain_text("Enough for today")
    house.check(visitor, "enough-for-today", walked=True)
    _end(visitor)


def test_the_rounds_of_a_case_from_the_second_review_to_the_comparison(house: House) -> None:
    case_id, clause = make_case(**FACTS), make_clause()
    first, first_person = house.sit(Role.MODERATOR)
    second, second_person = house.sit(Role.MODERATOR)
    lead, lead_person = house.sit(Role.LEAD)
    _settled(case_id, first_person, accept(clause), lot=DRAWN)
    claim_case(case_id, actor=second_person)
    second.open(f"/cases/{case_id}")
    expect(second.page.locator("main")).to_contain_text("Independent review")
    house.check(second, "second-review", walked=True)
    _record(second)
    _dispatch_pending(house.desk, case_id)
    claim_case(case_id, actor=lead_person)
    lead.open(f"/cases/{case_id}")
    expect(lead.page.locator("main")).to_contain_text("Two reviews differ")
    house.check(lead, "two-reviews-differ", walked=True)
    _record(lead)
    _dispatch_pending(house.desk, case_id)
    first.open(f"/cases/{case_id}")
    expect(first.page.locator("main")).to_contain_text("side by side")
    house.check(first, "comparison", walked=True)
    for visitor in (first, second, lead):
        _end(visitor)


def _record(visitor: Visitor) -> None:
    page = visitor.page
    page.check("input[name=outcome][value=declined]")
    page.check("input[name=decline_reason][value=not_found]")
    page.fill("textarea[name=rationale]", OTHER_DECLINE.rationale)
    page.get_by_role("button", name="Record and stay").click()
    expect(page.locator("main")).to_contain_text("Your review, as recorded")


def _dispatch_pending(desk: Desk, case_id: str) -> None:
    pending = desk.session.get_one(Case, case_id).pending_review_id
    desk.session.rollback()
    dispatch_review(pending or "", actor=SERVICE, lot=NOT_DRAWN)


def test_quality_samples_are_clean(house: House) -> None:
    yesterday = clock.now() - timedelta(days=1)
    with time_machine.travel(yesterday, tick=False):
        for _case in range(2):
            _settled(make_case(**FACTS), make_account(), DECLINE)
    visitor, person = house.sit(Role.LEAD)
    day = yesterday.date()
    sample = draw_quality_sample(Draw(since=day, until=day, size=2, seed="7f3a"), actor=person)
    visitor.open(f"/quality/samples/{sample.sample_id}")
    house.check(visitor, "sample", walked=True)
    visitor.page.locator("main a[href*='/D-']").first.click()
    house.check(visitor, "sample-decision", walked=True)
    _end(visitor)


def test_pages_that_end_something_are_clean(house: House) -> None:
    sender_id = make_sender("Harbour Watch", kind="trusted_flagger")
    officer, _person = house.sit(Role.SENDER, sender_id=sender_id)
    receive(sender_actor(sender_id), PLACE, f"{PLACE}/2")
    make_key(sender_id)
    flagger = FlaggerEvidence("Coordinator of Examples", clock.now().date(), None)
    award = add_flagger(sender_id, flagger, version=0, actor=OPERATOR)
    admin, _person = house.sit(Role.ADMIN)
    make_clause()
    reader = house.desk.session
    item, key = reader.scalars(sa.select(Item.id)).first(), reader.scalars(sa.select(SenderKey.id)).one()
    clause = reader.scalars(sa.select(ClauseVersion.clause_id)).one()
    reader.rollback()
    for visitor, address in (
        (officer, f"/sender/items/{item}/withdraw"),
        (officer, f"/sender/keys/{key}/revoke"),
        (admin, f"/admin/clauses/{clause}/end"),
        (admin, f"/admin/senders/{sender_id}/flagger/{award}/end"),
    ):
        visitor.open(address)
        expect(visitor.page.locator("main form").first).to_be_visible()
        house.check(visitor, "ending" + address.rpartition("/")[2] + address.split("/")[2], walked=True)
    for visitor in (officer, admin):
        _end(visitor)


def test_a_reviewer_is_named_to_legal_for_a_reason(house: House) -> None:
    reviewer = make_account()
    case_id = make_case(url=PLACE)
    _settled(case_id, reviewer, DECLINE)
    name = house.desk.session.scalar(sa.select(Account.name).where(Account.trail_id == reviewer.id)) or ""
    visitor, _person = house.sit(Role.LEGAL)
    page = visitor.page
    visitor.open(f"/records/{case_id}")
    page.get_by_role("link", name="Who is this?").click()
    house.check(visitor, "unmask", walked=True)
    page.get_by_role("button", name="Name the reviewer").click()
    expect(page.locator(".message.error")).to_be_focused()
    house.check(visitor, "unmask-refused")
    visitor.troubles = visitor.troubles_besides(422)  # refused on purpose
    page.get_by_label("Reason").fill("A court asks who decided.")
    page.get_by_role("button", name="Name the reviewer").click()
    expect(page.get_by_text(name)).to_be_visible()
    house.check(visitor, "unmasked", walked=True)
    page.get_by_role("link", name="Back to the record").click()
    expect(page.get_by_text("A court asks who decided.")).to_be_visible()
    assert name not in page.content()
    house.check(visitor, "record-unmasked")
    _end(visitor)
