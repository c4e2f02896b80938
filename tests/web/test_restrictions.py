"""Restrictions on pages: overdue first, reported by hand, failed ones, dead letters sent again."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.restrictions import report_failed
from review.domain.permissions import Role
from review.models import Delivery, Opening, Restriction
from tests.conftest import Desk
from tests.endpoints import managing
from tests.factories import make_sender
from tests.platforms import PLATFORM, decide, restriction_of, tell_platform
from tests.web.admin.pages import Person

LIST = "/restrictions"


@pytest.fixture
def asked(desk: Desk) -> Restriction:
    """A restriction that nobody has reported on."""
    return restriction_of(desk, decide(desk, managing(make_sender("Harbour Watch"))))


def test_a_lead_reports_by_hand_what_no_platform_is_told_of(desk: Desk, asked: Restriction) -> None:
    lead = Person(desk, Role.LEAD)
    assert asked.id in lead.get(LIST)
    page = lead.get(f"{LIST}/{asked.id}")
    assert "https://video.example/1" in page
    assert "Harbour Watch" not in page
    assert "In place since" in lead.follow(lead.post(f"{LIST}/{asked.id}/implemented"))
    assert "It is in place now" not in lead.page
    assert "https://video.example/1" not in lead.page, "nothing is left to do there"
    assert asked.id not in lead.get(LIST)
    lead.get(f"{LIST}/{asked.id}")
    assert "was reported as in place" in lead.follow(lead.post(f"{LIST}/{asked.id}/implemented"))
    names = desk.session.scalars(sa.select(Opening.event_type).where(Opening.object_kind == "restriction"))
    assert set(names) == {"restriction.opened", "restriction.implemented"}


def test_a_failure_needs_a_reason_and_can_be_put_right_by_hand(desk: Desk, asked: Restriction) -> None:
    lead = Person(desk, Role.LEAD)
    lead.get(f"{LIST}/{asked.id}")
    assert "Say why" in lead.post(f"{LIST}/{asked.id}/failed", 422, reason=" ").text
    lead.follow(lead.post(f"{LIST}/{asked.id}/failed", reason="<b>The page is gone</b>"))
    assert "&lt;b&gt;The page is gone" in lead.page
    assert "Report the failure" not in lead.page
    assert "The page is gone" in lead.get(LIST)
    assert "1 failed" in Person(desk, Role.LEGAL).get("/records")
    lead.get(f"{LIST}/{asked.id}")
    assert "In place since" in lead.follow(lead.post(f"{LIST}/{asked.id}/implemented"))
    assert "Restrictions need somebody" not in Person(desk, Role.LEGAL).get("/records")


def test_what_the_platform_is_asked_for_is_its_own_to_report_until_it_failed(desk: Desk) -> None:
    tell_platform(desk, "http://127.0.0.1:9/")
    asked = restriction_of(desk, decide(desk, managing(make_sender())))
    lead = Person(desk, Role.LEAD)
    page = lead.get(f"{LIST}/{asked.id}")
    assert "The platform reports this one" in page
    assert "It is in place now" not in page
    report_failed(asked.id, "Unknown page.", actor=PLATFORM)
    assert "It is in place now" in lead.get(f"{LIST}/{asked.id}")


def test_legal_sees_what_is_overdue_and_reports_nothing(desk: Desk, asked: Restriction) -> None:
    assert "Restrictions need somebody" not in Person(desk, Role.LEGAL).get("/records")
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        legal = Person(desk, Role.LEGAL)
        assert "1 is overdue" in legal.get("/records")
        assert "Overdue" in legal.get(LIST)
        page = legal.get(f"{LIST}/{asked.id}")
        assert "It is in place now" not in page
        assert legal.post(f"{LIST}/{asked.id}/implemented", 403).status_code == 403


def test_dead_letters_are_sent_again_one_by_one_and_all_at_once(desk: Desk) -> None:
    tell_platform(desk, "http://127.0.0.1:9/")
    for number in range(3):
        decide(desk, managing(make_sender()), f"https://video.example/{number}")
    dead = {"standing": "dead", "next_at": None, "finished_at": clock.now(), "stopped": "tried_out"}
    with db.transaction() as writer:
        writer.execute(sa.update(Delivery).values(dead))
    legal = Person(desk, Role.LEGAL)
    legal.get(LIST)
    first = desk.session.scalars(sa.select(Delivery.id).order_by(Delivery.id)).first()
    assert "on its way again" in legal.follow(legal.post(f"{LIST}/messages/{first}/send-again"))
    assert "no dead letter any more" in legal.follow(legal.post(f"{LIST}/messages/{first}/send-again"))
    assert "2 messages are on their way" in legal.follow(legal.post(f"{LIST}/messages/send-again"))
    assert "no dead letter any more" in legal.follow(legal.post(f"{LIST}/messages/send-again"))
    legal.post(f"{LIST}/messages/Z-0000-0000-0000/send-again", 404)


def test_a_desk_without_restrictions_says_so(desk: Desk) -> None:
    assert "Every restriction was reported" in Person(desk, Role.LEAD).get(LIST)
    assert Person(desk, Role.LEGAL).get(f"{LIST}/M-0000-0000-0000", 404)
