"""Acceptance by sender, authority and country: for legal alone, over the days in the address."""

import base64
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import sqlalchemy as sa
import time_machine

from review.actions.cases import claim_next
from review.actions.decisions import record_review
from review.actions.dispatching import dispatch_review
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Role
from review.models import Opening
from tests.actions.test_cases import DECLINE
from tests.conftest import Desk
from tests.factories import make_account, make_clause, make_sender, make_sign_in, receive, sender_actor

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def rows(page: str, panel: str) -> dict[str, list[str]]:
    section = unescape(page).partition(f'id="{panel}"')[2].partition("</section>")[0]
    lines = re.findall(r"<tr.*?</tr>", section, re.DOTALL)
    cells = [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh] .*?</t[dh]>", line)]
        for line in lines
    ]
    return {line[0]: line[1:] for line in cells[1:]}


def page(desk: Desk, role: Role = Role.LEGAL, query: str = "") -> str:
    client = desk.client()
    make_sign_in(client, role)
    answer = client.get(f"/senders/acceptance{query}")
    assert answer.status_code == 200
    return answer.text


def decided(sender_id: str, count: int, hand: Any, *, accepted: bool, **members: Any) -> None:
    person = make_account()
    review = DECLINE
    if accepted:
        clause = make_clause(f"5.{count}")
        review = ReviewInput(
            "accepted", ground="terms", clauses=(clause,), visibility="removed",
            rationale="The video praises a listed organisation.", statement="It breaks clause 5.",
        )  # fmt: skip
    for number in range(count):
        receive(sender_actor(sender_id), f"https://video.example/{sender_id}/{accepted}/{number}", **members)
        claim = claim_next(actor=person)
        assert claim is not None
        given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
        recorded = record_review(claim.case_id, review, actor=person, **given)
        hand.shift(timedelta(seconds=61))
        assert dispatch_review(recorded.review_id, actor=SERVICE)


def test_shares_stand_beside_their_intervals_in_the_order_of_names(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        one, other = make_sender("Zeta unit"), make_sender("Alpha\u202e unit")
        decided(one, 3, hand, accepted=True, issuing_authority="Duty desk")
        decided(one, 1, hand, accepted=False, issuing_authority="duty desk", issuing_country="NL")
        decided(other, 2, hand, accepted=False)
        text = page(desk)
        by_sender = rows(text, "by-sender")
        assert list(by_sender) == ["Alpha⟨202E⟩ unit", "Zeta unit"]
        assert by_sender["Zeta unit"][:4] == ["4", "3", "75%", "30% to 95%"]
        assert by_sender["Alpha⟨202E⟩ unit"][:3] == ["2", "0", "0%"]
        assert rows(text, "by-authority")["Duty desk"][:2] == ["4", "3"]
        assert rows(text, "by-authority")["Not stated"][:2] == ["2", "0"]
        assert rows(text, "by-country") == {
            "BE": ["5", "3", "60%", "23% to 88%", "60%", "23% to 88%"],
            "NL": ["1", "0", "0%", "0% to 79%", "0%", "0% to 79%"],
        }
        earlier = page(desk, query="?since=2026-11-01&until=2026-11-22")
        assert "No item was answered in these days." in earlier


def test_reading_it_is_on_the_trail_with_its_span(desk: Desk) -> None:
    page(desk, query="?since=2026-11-01&until=2026-11-22")
    event = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "records.listed")).one()
    told = base64.b64decode(event.fields["query"][1]).decode()
    assert told == "acceptance since=2026-11-01T00:00:00.000000Z until=2026-11-23T00:00:00.000000Z"


def test_nobody_else_sees_it(desk: Desk) -> None:
    for role in (Role.MODERATOR, Role.LEAD, Role.SENDER, Role.ADMIN):
        client = desk.client()
        make_sign_in(client, role)
        assert client.get("/senders/acceptance").status_code == 403
    admin = desk.client()
    make_sign_in(admin, Role.ADMIN)
    assert "/senders/acceptance" not in admin.get("/senders").text
