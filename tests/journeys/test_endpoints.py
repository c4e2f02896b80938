"""The pages of endpoints and messages in a real browser: clean in every look, with hostile answers."""

import re

import pytest
from playwright.sync_api import expect

from review.actions.endpoints import rotate_secret
from review.domain.permissions import Role
from review.domain.webhooks import Failure
from review.webhooks import Outcome
from tests.endpoints import lease, make_endpoint, managing, record
from tests.factories import make_sender, receive
from tests.journeys.desk_of_pages import HOSTILE
from tests.journeys.test_rarer_pages import House, house

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser
LONG = "https://hook.example/" + "long/" * 60
TRIED = Outcome(503, Failure.STATUS, 12, HOSTILE[:200])
GONE = Outcome(410, Failure.GONE, 9, "gone")


def test_endpoints_and_messages_are_clean(house: House) -> None:
    sender_id = make_sender("Harbour Watch", kind="trusted_flagger")
    actor = managing(sender_id)
    shown = make_endpoint(actor, LONG)
    for _number in range(2):
        receive(actor, "https://video.example/watch/1")
    first, second = lease(room=2)
    record(first, TRIED)
    rotate_secret(shown.endpoint_id, secret_key=house.desk.settings.secret_key, actor=actor)
    visitor, _person = house.sit(Role.SENDER, sender_id=sender_id)
    for name, address in (
        ("endpoints", "/sender/endpoints"),
        ("endpoint", f"/sender/endpoints/{shown.endpoint_id}"),
        ("endpoint-off", f"/sender/endpoints/{shown.endpoint_id}/off"),
        ("endpoint-remove", f"/sender/endpoints/{shown.endpoint_id}/remove"),
        ("endpoint-rotate", f"/sender/endpoints/{shown.endpoint_id}/rotate"),
        ("messages", "/sender/deliveries?state=waiting"),
        ("message-waiting", f"/sender/deliveries/{first.id}"),
    ):
        visitor.open(address)
        house.check(visitor, name, walked=True)
    record(second, GONE)
    for name, address in (
        ("endpoint-gone", f"/sender/endpoints/{shown.endpoint_id}"),
        ("message-dead", f"/sender/deliveries/{second.id}"),
    ):
        visitor.open(address)
        house.check(visitor, name)
    page = visitor.page
    visitor.open("/sender/endpoints")
    page.get_by_label("Address").fill("https://hook.example/new")
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.get_by_label("The secret")).to_have_value(re.compile("^whsec_"))
    house.check(visitor, "endpoint-secret", walked=True)
    assert visitor.troubles == []
    visitor.close()
