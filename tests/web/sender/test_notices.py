"""Notices on pages: offered where mail is sent, confirmed by whoever reads the mail, ended by a link."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from review.domain.permissions import Role
from review.models import Delivery, Endpoint
from tests.conftest import Desk
from tests.endpoints import deliver, managing
from tests.factories import make_sender
from tests.platforms import decide
from tests.posts import PUBLIC, Post, mail_through, post
from tests.web.admin.pages import Person

LIST = "/sender/notices"
ADDRESS = "duty@unit.example"


@pytest.fixture
def mailbox(desk: Desk) -> Iterator[Post]:
    """A mail server that this desk uses."""
    with post() as found:
        mail_through(desk, found.port)
        yield found


def _link(mailbox: Post) -> str:
    found = re.search(rf"{PUBLIC}(/notices/\S+)", mailbox.taken[-1].get_content())
    assert found is not None
    return found[1]


def test_without_a_mail_server_the_page_says_so_and_offers_nothing(desk: Desk) -> None:
    officer = Person(desk, Role.SENDER)
    page = officer.get(LIST)
    assert "This desk sends no mail" in page
    assert "Add the address" not in page
    assert "sends no mail" in officer.post(LIST, 503, email=ADDRESS, occasions=["item.decided"]).text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Endpoint)) == 0


def test_an_address_is_added_confirmed_told_and_ended(desk: Desk, mailbox: Post) -> None:
    sender_id = make_sender()
    officer = Person(desk, Role.SENDER, sender_id=sender_id)
    assert "No address yet" in officer.get(LIST)
    assert "Waits for its link" in officer.follow(
        officer.post(LIST, email=ADDRESS, occasions=["item.decided"])
    )
    deliver(desk)
    reader, link = desk.client(), _link(mailbox)
    page = reader.get(link).text
    assert "Confirm this address" in page
    fields = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]}
    assert reader.post(f"{link}/confirm", data=fields).status_code == 303
    assert reader.post(f"{link}/confirm", data=fields).status_code == 303
    assert "Confirmed" in officer.get(LIST)
    decide(desk, managing(sender_id))
    deliver(desk)
    assert "No more mails" in reader.get(_link(mailbox)).text
    message = desk.session.scalars(sa.select(Delivery.id).where(Delivery.topic == "item.decided")).one()
    shown = officer.get(f"/sender/deliveries/{message}")
    assert ADDRESS in shown
    assert "/notices/J" not in shown
    assert "Nothing more is sent" in reader.post(f"{link}/end", data=fields).text
    assert reader.get(link).status_code == 404
    assert "No address yet" in officer.get(LIST)


def test_a_wrong_link_leads_nowhere(desk: Desk, mailbox: Post) -> None:
    officer = Person(desk, Role.SENDER)
    officer.get(LIST)
    officer.post(LIST, email=ADDRESS, occasions=["item.decided"])
    deliver(desk)
    link = _link(mailbox)
    for wrong in (link[:-1], link + "x", link[:-3] + "%C3%A4", link.replace("J-", "J-0000-0000-0000/")):
        assert desk.client().get(wrong).status_code == 404
    assert desk.client().get("/notices/J-0000-0000-0000/x").status_code == 404


def test_what_does_not_do_is_named_at_its_field_and_kept(desk: Desk, mailbox: Post) -> None:
    officer = Person(desk, Role.SENDER)
    officer.get(LIST)
    page = officer.post(LIST, 422, email="<i>nobody", occasions=["item.decided"]).text
    assert 'href="#email"' in page
    assert "&lt;i&gt;nobody" in page
    assert "Choose at least one" in officer.post(LIST, 422, email=ADDRESS).text
    officer.get(LIST)
    officer.post(LIST, email=ADDRESS, occasions=["item.decided"])
    officer.get(LIST)
    assert "in the list already" in officer.post(LIST, 409, email=ADDRESS, occasions=["item.decided"]).text
    endpoint_id = desk.session.scalars(sa.select(Endpoint.id)).one()
    other = Person(desk, Role.SENDER)
    other.get(LIST)
    other.post(f"{LIST}/{endpoint_id}/remove", 404)
    other.post(f"/sender/endpoints/{endpoint_id}/rotate", 404)
    assert ADDRESS not in other.get(LIST)


def test_nobody_floods_a_stranger(desk: Desk, mailbox: Post) -> None:
    officer = Person(desk, Role.SENDER)
    for number in range(20):
        officer.get(LIST)
        officer.post(
            LIST, 303 if number < 10 else 409, email=f"a{number}@unit.example", occasions=["item.decided"]
        )
    officer.get(LIST)
    assert officer.post(LIST, 429, email="b@unit.example", occasions=["item.decided"]).status_code == 429
