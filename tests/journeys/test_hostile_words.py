"""Hostile words in every field that somebody fills: no script runs, no page breaks, nothing is drawn raw."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from review.actions.cases import claim_case
from review.actions.dispatching import dispatch_review
from review.actions.notes import write_note
from review.actions.snippets import write_snippet
from review.domain.permissions import SERVICE, Role
from review.models import Case, ClauseVersion
from tests.conftest import Desk
from tests.draws import NOT_DRAWN
from tests.factories import make_account, make_clause, make_sender, receive, sender_actor
from tests.hostile_files import picture
from tests.journeys.hands import OWN_SENTENCE
from tests.journeys.inside import served, sit_down
from tests.journeys.visitor import Visitor
from tests.judging import accept, judge

pytestmark = pytest.mark.browser
SCRIPT = "\"'><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\"></textarea>"
TURNED = "\u202egnp.exe\u2066 \u061c\u180e\u00ad\u200b\ufeff\U000e0041"
FLOOD = "Z" + "\u0335\u0300\u0316" * 40
WIDE = "w" * 300
WORDS = f"{SCRIPT} {TURNED}\x85\x9f {WIDE} {FLOOD} نص عن الطقس. "
TEXT = f"{WORDS} \x07\x1b"
"""With controls, which a review and a ready-made text may not have."""
OPEN = "document.querySelectorAll('main details:not(.drop-menu)').forEach(part => { part.open = true })"


def line(name: str, longest: int) -> str:
    """As much of it as a line of this length takes; no control stands in a line."""
    begun = f'{name}"><img src=x onerror="document.title=\'ran\'"> {TURNED} {FLOOD[:30]} '
    return begun + "w" * (longest - len(begun))


def piece(name: str, media_type: str, content: bytes) -> dict[str, str]:
    return {"name": name, "media_type": media_type, "content": base64.b64encode(content).decode()}


def members() -> dict[str, Any]:
    """Every member of a referral that takes free words, filled with them."""
    shown = piece(line("P", 255), "image/png", picture(size=(64, 48)))
    told = piece(line("T", 255), "text/plain", WORDS.encode())
    item = {"url": f"https://video.example/{WIDE}?q=\u202e{WIDE}", "content_type": "image", "language": "ar"}
    return {
        "reason": TEXT,
        "category": "STATEMENT_CATEGORY_VIOLENCE",
        "issuing_authority": line("A", 500),
        "issuing_country": "BE",
        "legal_basis": TEXT,
        "requested_action": line("R", 200),
        "contact": {"name": line("C", 200), "email": f"{'w' * 60}@{'w' * 60}.example"},
        "items": [item | {"description": TEXT * 2, "evidence": [shown, told]}],
    }


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """The desk, served; a review goes on its way at once."""
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, undo_seconds=0, break_reveals=0)
    with served(desk.app) as found:
        yield found


def check(visitor: Visitor, name: str) -> None:
    """Nothing ran, nothing is raw, and the page stays within the window, wide and narrow."""
    page = visitor.page
    page.evaluate(OPEN)
    assert visitor.drawn_raw() == [], name
    assert visitor.flaws(((1440, "light"), (360, "light"))) == [], name
    assert page.title() != "ran", name
    assert page.locator("main img[src=x]").count() == 0
    visitor.picture(f"hostile-{name}")


def test_hostile_words_in_every_field_stay_words(desk: Desk, address: str, one_chromium: Browser) -> None:
    sender_id = make_sender(line("S", 200), kind="trusted_flagger")
    make_clause("4.2", TEXT)
    version = desk.session.scalars(sa.select(ClauseVersion)).one()
    admin = make_account(Role.ADMIN)
    for kind in ("rationale", "statement"):
        write_snippet(version.clause_id, language="en", kind=kind, text=WORDS, version=0, actor=admin)
    unit = sender_actor(sender_id)
    receive(unit, reference=line("E", 200), **members())
    earlier = desk.session.scalars(sa.select(Case.id)).one()
    hostile = accept(version.id, rationale=WORDS + OWN_SENTENCE, statement=f"It breaks a clause. {WORDS}")
    dispatch_review(judge(earlier, make_account(), hostile).review_id, actor=SERVICE, lot=NOT_DRAWN)
    received = receive(unit, reference=line("L", 200), **members())
    case_id = desk.session.scalars(sa.select(Case.id).where(Case.id != earlier)).one()
    visitor = Visitor(one_chromium, address)
    moderator = sit_down(desk, visitor, Role.MODERATOR)
    claim_case(case_id, actor=moderator)
    generation = desk.session.get_one(Case, case_id).claim_generation
    write_note(case_id, TEXT, claim_generation=generation, actor=moderator)
    visitor.open(f"/cases/{case_id}")
    check(visitor, "case")
    _look_and_record(visitor)
    pending = desk.session.get_one(Case, case_id).pending_review_id or ""
    desk.session.rollback()
    dispatch_review(pending, actor=SERVICE, lot=NOT_DRAWN)
    for path in (f"/cases/{case_id}", "/my-work", f"/search?q={case_id}"):
        visitor.open(path)
        check(visitor, path.split("/")[1].partition("?")[0])
    seen = [visitor]
    for role, path in (
        (Role.LEGAL, f"/records/{case_id}"),
        (Role.SENDER, f"/sender/referrals/{received.referral_id}"),
        (Role.SENDER, "/sender/referrals"),
        (Role.ADMIN, f"/admin/senders/{sender_id}"),
    ):
        seen.append(Visitor(one_chromium, address))
        sit_down(desk, seen[-1], role, sender_id=sender_id if role is Role.SENDER else None)
        seen[-1].open(path)
        check(seen[-1], path.split("/")[1] + path.split("/")[2][:9])
    for one in seen:
        assert one.troubles == []
        one.close()


def _look_and_record(visitor: Visitor) -> None:
    """Reveal both pieces, add one more, insert the ready-made texts, and record."""
    page = visitor.page
    page.locator("li.piece").first.locator("button[formaction*='/reveal']").press("Enter")
    page.locator("li.piece img.medium").wait_for()
    page.locator("li.piece").nth(1).locator("button[formaction*='/reveal']").press("Enter")
    page.locator("li.piece .foreign").first.wait_for()
    page.evaluate(OPEN)
    named = {"name": line("N", 255), "mimeType": "image/png", "buffer": picture(size=(48, 64))}
    page.locator("#file").set_input_files(named)  # type: ignore[arg-type]
    page.locator("button[formaction*='/capture']").press("Enter")
    expect(page.locator("li.piece")).to_have_count(3)
    assert page.locator(".precedent").count() == 1
    check(visitor, "looked")
    page.check("input[name=outcome][value=accepted]")
    page.locator("input[name=clauses]").first.check()
    expect(page.locator("#rationale")).not_to_be_empty()
    check(visitor, "ticked")
    page.fill("#rationale", WORDS + OWN_SENTENCE)
    page.fill("#statement", "It breaks a clause. " + WORDS)
    page.locator("button[data-key='Ctrl+Shift+Enter']").press("Enter")
    expect(page.locator("main")).to_contain_text("Your review, as recorded")
