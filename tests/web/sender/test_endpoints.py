"""A sender's own endpoints and messages on pages: added, switched, removed; those of others are none."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from standardwebhooks import Webhook

from review import clock, db
from review.actions.endpoints import try_endpoint
from review.clock import rfc3339
from review.domain.endpoints import MOST_ENDPOINTS
from review.domain.ids import new_id
from review.domain.permissions import Role
from review.domain.webhooks import TOPICS, Failure
from review.models import Delivery, Endpoint, Item
from review.queries.deliveries import newest_deliveries
from review.webhooks import Outcome
from tests.conftest import Desk
from tests.endpoints import allow_loopback, deliver, lease, make_endpoint, managing, record
from tests.factories import make_sender, receive
from tests.receivers import Reply, receiving
from tests.web.admin.pages import Person

LIST, LOG = "/sender/endpoints", "/sender/deliveries"
URL = "https://hook.example/in"
GOES_ON = 'data-going-on="2"'
REFUSED = Outcome(500, Failure.STATUS, 5)


def _officer(desk: Desk, sender_id: str) -> Person:
    person = Person(desk, Role.SENDER, sender_id=sender_id)
    person.get(LIST)  # whoever sends a form has seen it
    return person


def _secret_on(page: str) -> str:
    found = re.search(r"whsec_[0-9A-Za-z+/=]+", page)
    assert found is not None
    return found[0]


def test_an_endpoint_is_added_its_secret_shown_once_and_a_test_told(desk: Desk) -> None:
    allow_loopback(desk)
    person = _officer(desk, make_sender())
    assert "No endpoint yet" in person.get(LIST)
    assert "No message yet" in person.get(LOG)
    with receiving() as receiver:
        page = person.post(LIST, 200, url=receiver.url(), topics=["item.decided"]).text
        secret = _secret_on(page)
        assert "whsec_" not in person.get(LIST)
        endpoint_id = desk.session.scalars(sa.select(Endpoint.id)).one()
        answer = person.post(f"{LIST}/{endpoint_id}/test")
        page = person.follow(answer)
        assert "It is on its way" in page
        assert GOES_ON in page
        assert '<noscript><meta http-equiv="refresh" content="10">' in page
        assert "Not tried yet" in page
        deliver(desk)
        Webhook(secret).verify(receiver.heard[0].body, receiver.heard[0].headers)
    page = person.get(answer.location)
    assert "It arrived" in page
    assert not any(word in page for word in (GOES_ON, 'http-equiv="refresh"', "going_on.js"))
    page = person.post(f"{LIST}/{endpoint_id}/rotate", 200).text
    assert _secret_on(page) != secret
    assert "24 hours" in page


def test_no_page_offers_what_nothing_tells_yet_and_messages_belong_to_endpoints(desk: Desk) -> None:
    person = _officer(desk, make_sender())
    offered = re.findall(r'name="topics"[^>]*value="([^"]+)"', person.get(LIST))
    assert sorted(offered) == sorted(TOPICS)
    assert f'href="{LIST}" aria-current="page"' in person.get(LOG)


def test_a_form_sent_twice_adds_one_endpoint(desk: Desk) -> None:
    person = _officer(desk, make_sender())
    person.post(LIST, 200, url=URL, topics=["item.decided"], once="the same")
    assert "sent before" in person.post(LIST, 409, url=URL, topics=["item.decided"], once="the same").text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Endpoint)) == 1


def test_what_does_not_do_is_named_at_its_field_and_kept(desk: Desk) -> None:
    person = _officer(desk, make_sender())
    page = person.post(LIST, 422, url="https://169.254.169.254/latest", topics=["item.decided"]).text
    assert "Error: Our endpoints" in page
    assert 'href="#url"' in page
    assert "https://169.254.169.254/latest" in page
    assert "Choose at least one" in person.post(LIST, 422, url=URL).text
    both = person.post(LIST, 422, url="ftp://hook.example/").text
    assert 'href="#url"' in both
    assert 'href="#topics' in both


def test_too_many_endpoints_are_refused(desk: Desk) -> None:
    own = make_sender()
    for _number in range(MOST_ENDPOINTS):
        make_endpoint(managing(own), URL)
    assert "at most 10" in _officer(desk, own).post(LIST, 409, url=URL, topics=["item.decided"]).text


def test_a_dead_letter_tells_why_and_is_sent_again(desk: Desk) -> None:
    allow_loopback(desk)
    own = make_sender()
    person = _officer(desk, own)
    with receiving() as receiver:
        shown = make_endpoint(managing(own), receiver.url())
        receiver.reply = lambda _heard: Reply(410, b"<b>closed</b>")
        receive(managing(own))
        deliver(desk)
        delivery_id = desk.session.scalars(sa.select(Delivery.id)).one()
        page = person.get(f"{LOG}/{delivery_id}")
        assert "It did not arrive" in page
        assert "&lt;b&gt;closed&lt;/b&gt;" in page
        assert "Send again" not in page
        assert "answered that it is gone" in person.get(f"{LIST}/{shown.endpoint_id}")
        refused = person.follow(person.post(f"{LOG}/{delivery_id}/send-again"))
        assert "switch it on" in refused
        person.post(f"{LIST}/{shown.endpoint_id}/on")
        receiver.reply = lambda _heard: Reply()
        assert "on its way again" in person.follow(person.post(f"{LOG}/{delivery_id}/send-again"))
        deliver(desk)
    assert "It arrived" in person.get(f"{LOG}/{delivery_id}")
    assert receiver.heard[0].headers["webhook-id"] == receiver.heard[1].headers["webhook-id"]


def test_the_page_of_a_message_tells_by_itself_what_comes_of_it_while_a_try_is_near(desk: Desk) -> None:
    own = make_sender()
    person = _officer(desk, own)
    make_endpoint(managing(own), URL)
    receive(managing(own))
    page = f"{LOG}/{desk.session.scalars(sa.select(Delivery.id)).one()}"
    with time_machine.travel(clock.now(), tick=False) as hand:
        assert "It is tried as soon as its turn comes." in person.get(page)
        record(lease()[0], REFUSED)
        found = person.get(page)  # again after five seconds
        assert "is tried again within a minute" in found
        assert GOES_ON in found
        hand.shift(timedelta(seconds=6))
        record(lease()[0], REFUSED)
        found = person.get(page)  # again after five minutes
        assert "Next try" in found
        assert GOES_ON not in found
        hand.shift(timedelta(minutes=5))
        assert GOES_ON in person.get(page)


def test_an_endpoint_is_switched_off_and_removed(desk: Desk) -> None:
    own = make_sender()
    person = _officer(desk, own)
    shown = make_endpoint(managing(own), URL)
    receive(managing(own))
    page = f"{LIST}/{shown.endpoint_id}"
    assert "is switched off" in person.follow(person.post(f"{page}/off"))
    assert "switched this endpoint already" in person.follow(person.post(f"{page}/off"))
    assert "switch it on before" in person.follow(person.post(f"{page}/test"))
    assert "Remove this endpoint?" in person.get(f"{page}/remove")
    assert "is removed" in person.follow(person.post(f"{page}/remove"))
    assert person.client.get(page).status_code == 404
    assert "Removed" in person.get(f"{LOG}/{desk.session.scalars(sa.select(Delivery.id)).one()}")


def test_switching_off_asks_first_and_says_how_many_messages_are_given_up(desk: Desk) -> None:
    own = make_sender()
    person = _officer(desk, own)
    page = f"{LIST}/{make_endpoint(managing(own), URL).endpoint_id}"
    assert f'href="{page}/off"' in person.get(page)
    assert f'action="{page}/off"' not in person.get(page)
    assert "No message is on its way, so none is given up." in person.get(f"{page}/off")
    receive(managing(own))
    asked = person.get(f"{page}/off")
    assert "1 message on its way is given up and becomes a dead letter." in asked
    assert f'action="{page}/off"' in asked
    assert desk.session.scalars(sa.select(Delivery.standing)).all() == ["waiting"]  # asking changes nothing
    person.post(f"{page}/off")
    assert "is switched off already" in person.follow(person.client.get(f"{page}/off"))


def test_a_rotation_that_ends_an_earlier_secret_asks_first(desk: Desk) -> None:
    own = make_sender()
    person = _officer(desk, own)
    page = f"{LIST}/{make_endpoint(managing(own), URL).endpoint_id}"
    assert "No earlier secret signs any more." in person.follow(person.client.get(f"{page}/rotate"))
    assert f'action="{page}/rotate"' in person.get(page)
    first = _secret_on(person.post(f"{page}/rotate", 200).text)
    asked = person.get(page)
    assert f'href="{page}/rotate"' in asked
    assert f'action="{page}/rotate"' not in asked
    until = desk.session.scalars(sa.select(Endpoint.previous_until)).one()
    assert until is not None
    for seen in ("", "2026-01-01T00:00:00.000000Z", "then"):  # by a page from before, too
        told = person.follow(person.post(f"{page}/rotate", ends=seen))
        assert "nothing has changed now" in told
        assert "stops signing at once" in told
        assert f'value="{rfc3339(until)}"' in told
    second = person.post(f"{page}/rotate", 200, ends=rfc3339(until)).text
    assert _secret_on(second) != first
    assert "nothing has changed" in person.follow(person.post(f"{page}/rotate", ends=rfc3339(until)))


def test_the_pages_say_that_tests_are_not_counted(desk: Desk) -> None:
    own = make_sender()
    person = _officer(desk, own)
    shown = make_endpoint(managing(own), URL)
    try_endpoint(shown.endpoint_id, actor=managing(own))
    record(lease()[0], REFUSED)
    page = person.get(f"{LIST}/{shown.endpoint_id}")
    assert re.search(r"Dead letters</dt>\s*<dd[^>]*>\s*0\s*</dd>", page)
    for found in (page, person.get(LIST)):
        assert "Test messages are not counted, neither on their way nor as dead letters." in found


def test_counts_of_messages_end_at_999(desk: Desk) -> None:
    own = make_sender()
    person = _officer(desk, own)
    shown = make_endpoint(managing(own), URL)
    receive(managing(own))
    page = f"{LIST}/{shown.endpoint_id}"
    _copy_message(998)
    for address in (LIST, page, f"{page}/off", f"{page}/remove"):
        assert re.search(r"\b999\b(?!\+)", person.get(address)), address
    _copy_message(1)
    for address in (LIST, page, f"{page}/off", f"{page}/remove"):
        found = person.get(address)
        assert "999+" in found, address
        assert not re.search(r"1,?000 (?!at a time)", found), address


def _copy_message(times: int, **changed: str) -> None:
    """The one message again, so many times, with these changes."""
    with db.transaction() as writer:
        first = writer.execute(sa.select(Delivery.__table__).limit(1)).mappings().one()
        newest = writer.scalar(sa.select(sa.func.max(Delivery.seq))) or 0
        rows = [dict(first) | {"id": new_id("Z"), "seq": newest + number + 1} for number in range(times)]
        writer.execute(sa.insert(Delivery), [row | changed for row in rows])


def test_the_log_is_narrowed_in_the_address_and_goes_on_behind_fifty(desk: Desk) -> None:
    own = make_sender()
    person = _officer(desk, own)
    first, second = (make_endpoint(managing(own), f"{URL}/{number}") for number in range(2))
    for _number in range(30):
        receive(managing(own))
    page = person.get(LOG)
    assert page.count("Z-") >= 100
    following = re.search(r'href="([^"]*cursor=[^"]*)"', page)
    assert following is not None
    rest = person.get(following[1].replace("&amp;", "&"))
    links = [set(re.findall(r"/sender/deliveries/(Z-[0-9A-Z-]+)", text)) for text in (page, rest)]
    assert (len(links[0]), len(links[1]), links[0] & links[1]) == (50, 10, set())
    narrowed = person.get(f"{LOG}?to={first.endpoint_id}&state=waiting")
    assert len(set(re.findall(r"/sender/deliveries/(Z-[0-9A-Z-]+)", narrowed))) == 30
    assert "No message is like that." in person.get(f"{LOG}?to={second.endpoint_id}&state=dead")
    assert person.client.get(f"{LOG}?to=J-0000-0000-0000&state=x").status_code == 200


def test_the_log_leads_to_the_referral_or_item_that_a_message_is_about(desk: Desk) -> None:
    own = make_sender()
    person = _officer(desk, own)
    shown = make_endpoint(managing(own), URL)
    referral_id = receive(managing(own)).referral_id
    item_id = desk.session.scalars(sa.select(Item.id)).one()
    try_endpoint(shown.endpoint_id, actor=managing(own))
    _copy_message(1, topic="item.decided", subject_id=item_id)
    referral, endpoint = f"/sender/referrals/{referral_id}", f"{LIST}/{shown.endpoint_id}"
    for address in (LOG, endpoint):
        page = person.get(address)
        assert page.count(f'href="{referral}"') == 1, address
        assert page.count(f'href="{referral}?item={item_id}#{item_id}"') == 1, address
    decided = desk.session.scalars(sa.select(Delivery.id).where(Delivery.topic == "item.decided")).one()
    assert f'href="{referral}?item={item_id}#{item_id}"' in person.get(f"{LOG}/{decided}")
    assert f'id="{item_id}"' in person.get(f"{referral}?item={item_id}")


def test_the_log_is_read_at_once_however_long_it_is(desk: Desk) -> None:
    own = make_sender()
    make_endpoint(managing(own), URL)
    receive(managing(own))
    counts = []
    for _turn in range(2):
        with _statements() as asked:
            newest_deliveries(desk.session, sender_id=own)
        counts.append(len(asked))
        _copy_message(20)
    assert counts == [1, 1]


@contextmanager
def _statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    sa.event.listen(db.extension.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(db.extension.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", f"{LIST}/{{endpoint}}"),
        ("GET", f"{LIST}/{{endpoint}}/remove"),
        ("GET", f"{LIST}/{{endpoint}}/rotate"),
        *(("POST", f"{LIST}/{{endpoint}}/{act}") for act in ("rotate", "off", "on", "test", "remove")),
        ("GET", f"{LOG}/{{delivery}}"),
        ("POST", f"{LOG}/{{delivery}}/send-again"),
    ],
)
def test_those_of_others_answer_like_missing_ones(desk: Desk, method: str, address: str) -> None:
    foreign = managing(make_sender())
    shown = make_endpoint(foreign, "https://canary.example/")
    receive(foreign)
    delivery_id = desk.session.scalars(sa.select(Delivery.id)).one()
    person = _officer(desk, make_sender())
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', person.get(LIST))
    assert token is not None
    answers = [
        person.client.open(
            address.format(endpoint=endpoint, delivery=delivery),
            method=method,
            data={"csrf_token": token[1]} if method == "POST" else None,
        )
        for endpoint, delivery in (
            (shown.endpoint_id, delivery_id),
            ("J-0000-0000-0000", "Z-0000-0000-0000"),
        )
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "canary" not in answers[0].text
    assert "canary" not in person.get(LIST) + person.get(LOG)
