"""What a removal order says of Annex I: to whoever judges it, to legal, and never in our own words."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from review.domain.permissions import Role
from review.domain.removal_order import written_order
from review.models import Case
from review.queries.decisions import sender_names
from tests.conftest import Desk
from tests.domain.referral_bodies import order_body
from tests.factories import make_sender, make_sign_in, receive, sender_actor
from tests.web.moderator.test_pages import Moderator

ORDER = order_body(authority_name="CANARY COURT", redress="CANARY REDRESS", file_number="CANARY-77")
ALL = ("CANARY COURT", "CANARY REDRESS", "CANARY-77", "Investigating judge", "(e) threatens")


@pytest.fixture
def case_id(desk: Desk) -> str:
    """The case of one removal order."""
    authority = sender_actor(make_sender(kind="competent_authority"))
    receive(authority, intake_kind="removal_order", order=ORDER, reference="ORDER-1")
    return str(desk.session.scalar(sa.select(Case.id)))


def test_who_judges_an_order_reads_it_and_when_it_is_due(desk: Desk, case_id: str) -> None:
    person = Moderator(desk)
    person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    assert "Removal order" in page
    assert re.search(r'<time class="deadline soon"', page)
    assert [words for words in ALL if words not in page] == []


def test_where_orders_are_folded_nothing_of_it_comes_before_the_look(desk: Desk, case_id: str) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, fold_sender=("removal_order",))
    person = Moderator(desk)
    seen = person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    assert re.search(r'<time class="deadline soon"', page)
    assert [words for words in ALL if words in page] == []
    person.post(f"/cases/{case_id}/look", **seen)
    page = person.get(f"/cases/{case_id}")
    assert [words for words in ALL if words not in page] == []


def test_legal_reads_all_of_it(desk: Desk, case_id: str) -> None:
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{case_id}").text
    assert [words for words in ALL if words not in page] == []
    assert "21 Nov 2026, 08:30:00 UTC" in page


def test_the_names_of_the_authority_are_the_senders() -> None:
    row = SimpleNamespace(
        name="Court", reference="ORDER-1", issuing_authority=None, contact_name=None, contact_email=None,
        removal_order=written_order(ORDER),
    )  # fmt: skip
    names, references = sender_names([row])
    assert {"Court", "CANARY COURT", "A. Peeters"} <= set(names)
    assert {"CANARY-77", "orders@court.example"} <= set(references)
