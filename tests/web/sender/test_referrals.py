"""A sender's pages: own referrals in words, answers as frozen, withdrawing; nothing of the house."""

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review.domain.permissions import Role
from review.models import Account, Item
from tests.conftest import Desk
from tests.factories import make_sender, make_sign_in, receive, sender_actor
from tests.trails import decide_all

URLS = ("https://video.example/1", "https://video.example/2")


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.fixture
def officer(desk: Desk) -> tuple[FlaskClient, str]:
    """A signed-in person of a new sender, and the sender's id."""
    client, sender = desk.client(), make_sender()
    make_sign_in(client, Role.SENDER, sender_id=sender)
    return client, sender


def test_the_list_is_empty_then_shows_own_referrals_only(officer: tuple[FlaskClient, str]) -> None:
    client, sender = officer
    assert "No referrals yet" in client.get("/sender").text
    own = receive(sender_actor(sender), URLS[0], reference="REF <b>").referral_id
    foreign = receive(sender_actor(make_sender()), URLS[0]).referral_id
    page = client.get("/sender").text
    assert f"/sender/referrals/{own}" in page
    assert "REF &lt;b&gt;" in page
    assert foreign not in page


def test_a_long_list_has_pages(officer: tuple[FlaskClient, str]) -> None:
    client, sender = officer
    actor = sender_actor(sender)
    received = [receive(actor, URLS[0]).referral_id for _ in range(51)]
    first = client.get("/sender").text
    assert received[-1] in first
    assert received[0] not in first
    address = re.search(r'href="(/sender\?cursor=[^"]+)" rel="next"', first)
    assert address is not None
    second = client.get(address[1]).text
    assert received[0] in second
    assert 'rel="next"' not in second
    assert 'rel="first"' in second
    assert client.get("/sender?cursor=x").status_code == 422


def test_the_page_tells_the_answer_in_words_and_nothing_of_the_house(
    desk: Desk, officer: tuple[FlaskClient, str]
) -> None:
    client, sender = officer
    referral_id = receive(sender_actor(sender), URLS[0], "https://elsewhere.example/").referral_id
    before = client.get(f"/sender/referrals/{referral_id}").text
    assert "In review" in before
    assert "hxxps://video[.]example/1" in before
    assert "Not taken" in before
    assert f'href="{URLS[0]}' not in before
    decide_all(outcome="accepted")
    page = client.get(f"/sender/referrals/{referral_id}").text
    for words in (
        "Accepted",
        "Against our terms",
        "No praise of listed organisations.",
        "Everywhere",
        "Complaint possible until",
        "We have compared the item with our terms.",
    ):
        assert words in page
    assert "nothing praises one" not in page
    assert "Withdraw" not in page
    main = page.partition("<main")[2]
    for pseudonym in desk.session.scalars(sa.select(Account.pseudonym)):
        assert pseudonym not in main


def test_a_declined_item_says_why(officer: tuple[FlaskClient, str]) -> None:
    client, sender = officer
    referral_id = receive(sender_actor(sender), URLS[0]).referral_id
    decide_all()
    page = client.get(f"/sender/referrals/{referral_id}").text
    assert "Declined" in page
    assert "No breach" in page


def test_an_item_then_the_referral_is_withdrawn_by_button(
    desk: Desk, officer: tuple[FlaskClient, str]
) -> None:
    client, sender = officer
    referral_id = receive(sender_actor(sender), *URLS).referral_id
    address = f"/sender/referrals/{referral_id}"
    token = _token(client.get(address).text)
    item = desk.session.scalars(sa.select(Item.id).order_by(Item.position)).first()
    answer = client.post(f"/sender/items/{item}/withdraw", data={"csrf_token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert "The item is withdrawn." in client.get(address).text
    answer = client.post(f"{address}/withdraw", data={"csrf_token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    page = client.get(address).text
    assert "The referral is withdrawn." in page
    assert 'class="button danger"' not in page
    assert set(desk.session.scalars(sa.select(Item.status))) == {"withdrawn"}


def test_what_is_answered_has_no_way_back(desk: Desk, officer: tuple[FlaskClient, str]) -> None:
    client, sender = officer
    referral_id = receive(sender_actor(sender), URLS[0]).referral_id
    token = _token(client.get(f"/sender/referrals/{referral_id}").text)
    decide_all()
    answer = client.post(f"/sender/referrals/{referral_id}/withdraw", data={"csrf_token": token})
    assert answer.status_code == 409
    assert set(desk.session.scalars(sa.select(Item.status))) == {"decided"}


def test_anothers_referral_is_missing_and_other_roles_are_refused(
    desk: Desk, officer: tuple[FlaskClient, str]
) -> None:
    client, sender = officer
    own = receive(sender_actor(sender), URLS[0]).referral_id
    foreign = receive(sender_actor(make_sender()), URLS[0]).referral_id
    token = _token(client.get(f"/sender/referrals/{own}").text)
    item = desk.session.scalars(sa.select(Item.id).where(Item.referral_id == foreign)).one()
    for address in (foreign, "R-0000-0000-0000", "x"):
        assert client.get(f"/sender/referrals/{address}").status_code == 404
        answer = client.post(f"/sender/referrals/{address}/withdraw", data={"csrf_token": token})
        assert answer.status_code == 404
    for address in (item, "I-0000-0000-0000", "x"):
        answer = client.post(f"/sender/items/{address}/withdraw", data={"csrf_token": token})
        assert answer.status_code == 404
    assert client.post(f"/sender/referrals/{own}/withdraw").status_code == 403
    moderator = desk.client()
    make_sign_in(moderator, Role.MODERATOR)
    assert moderator.get("/sender").status_code == 403
    assert set(desk.session.scalars(sa.select(Item.status))) == {"in_review"}
